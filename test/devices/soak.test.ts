// Long times in short: thirteen simulated hours with a thousand faults of each class, and hours with many dead
// devices. Polls are asked as often as their schedule says, dead devices have their tenth of the line, alarm and
// meter polls their bounds, and the log its one line a minute.

import { expect, test } from 'vitest';
import { virtualClock } from '../support/clock.ts';
import { answerRtu, type Cells, memoryLinks, rtu } from '../support/modbus/memory.ts';
import { config, line1, rig, type ShortDevice } from './rig.ts';

const counting: Cells = { register: (at) => at, bit: () => true };

test('thirteen hours with a thousand faults of each class: every poll is asked', async () => {
  const clock = virtualClock();
  let asked = 0;
  let faults = 0;
  const counts = { timeout: 0, exception: 0, garbled: 0, foreign: 0 };
  const links = memoryLinks(clock, (frame, far) => {
    asked += 1;
    const good = answerRtu(frame, counting);
    if (asked % 11 !== 0) return far.send(good, 20);
    const kind = (['timeout', 'exception', 'garbled', 'foreign'] as const)[faults % 4]!;
    faults += 1;
    counts[kind] += 1;
    if (kind === 'exception') far.send(rtu(`${frame.toString('hex', 0, 1)} 84 06`), 20);
    if (kind === 'garbled') far.send(Buffer.concat([good.subarray(0, -1), Buffer.from([0])]), 20);
    if (kind === 'foreign') far.send(rtu('09 04 02 0001'), 20);
  });
  const r = rig({ clock, openLink: links.open });
  const device = { everyMs: 2000, timeoutMs: 500, points: { a: 'input:1' } };
  await r.devices.use(
    config(line1([1, 2].map((unit) => ({ ...device, id: `u${unit}`, settings: { unit } })))),
  );
  const hours = 13;
  for (let hour = 0; hour < hours; hour += 1) {
    await clock.advance(3_600_000);
    r.pushed.length = 0;
  }
  const scheduled = (2 * hours * 3600) / 2;
  const { errors, requests } = r.devices.figures()[0]!;
  for (const kind of ['timeout', 'exception', 'garbled', 'foreign'] as const) {
    expect(counts[kind]).toBeGreaterThan(1000);
    expect(errors[kind]).toBe(counts[kind]);
  }
  // what failed for want of an answer is asked again at once, beside the schedule
  const again = counts.timeout + counts.garbled + counts.foreign;
  expect(Math.abs(requests - scheduled - again)).toBeLessThan(20);
  expect(asked).toBe(requests);
  expect(r.logged.length).toBeLessThan(2 * 60 * hours);
  await r.devices.stop();
}, 60_000);

test('many dead devices take a tenth of the line at most, and the living keep their pace', async () => {
  const clock = virtualClock();
  const asked: { unit: number; atMs: number }[] = [];
  const dead = new Set([11, 12, 13, 14, 15, 16, 17, 18]);
  const links = memoryLinks(clock, (frame, far) => {
    asked.push({ unit: frame[0]!, atMs: clock.steadyMs() });
    if (!dead.has(frame[0]!)) far.send(answerRtu(frame, counting), 20);
  });
  const r = rig({ clock, openLink: links.open });
  const device = { everyMs: 1000, timeoutMs: 1000, points: { a: 'input:1' } };
  const units = [1, 2, 3, 4, ...dead];
  await r.devices.use(
    config(line1(units.map((unit) => ({ ...device, id: `u${unit}`, settings: { unit } })))),
  );
  await clock.advance(60_000);
  asked.length = 0;
  await clock.advance(3_600_000);
  const toDead = asked.filter(({ unit }) => dead.has(unit));
  expect((toDead.length * 1000) / 3_600_000).toBeLessThanOrEqual(0.1);
  expect((toDead.length * 1000) / 3_600_000).toBeGreaterThan(0.08);
  for (const unit of dead) expect(toDead.some((each) => each.unit === unit)).toBe(true);
  for (const unit of [1, 2, 3, 4]) {
    const times = asked.filter((each) => each.unit === unit).map(({ atMs }) => atMs);
    expect(times.length).toBeGreaterThan(3500);
    const late = times.map((atMs, at) => (at === 0 ? 0 : atMs - times[at - 1]!));
    expect(Math.max(...late)).toBeLessThan(2200);
  }
  dead.clear();
  await clock.advance(120_000);
  expect(r.devices.figures()[0]!.devices.every(({ up }) => up)).toBe(true);
  await r.devices.stop();
}, 60_000);

test('a full line: alarm polls wait for a round of their own and a quarter, meters for five turns each', async () => {
  const clock = virtualClock();
  const asked = new Map<number, number[]>();
  const links = memoryLinks(clock, (frame, far) => {
    asked.set(frame[0]!, [...(asked.get(frame[0]!) ?? []), clock.steadyMs()]);
    far.send(answerRtu(frame, counting), 20);
  });
  const r = rig({ clock, openLink: links.open });
  const of = (unit: number, lane: 'alarm' | 'meter'): ShortDevice => ({
    id: `u${unit}`,
    settings: { unit },
    everyMs: 10,
    lane,
    points: { a: 'input:1' },
  });
  const [alarms, meters] = [
    [1, 2, 3, 4, 5, 6, 7],
    [21, 22, 23, 24, 25, 26],
  ];
  await r.devices.use(
    config(line1([...alarms!.map((unit) => of(unit, 'alarm')), ...meters!.map((unit) => of(unit, 'meter'))])),
  );
  await clock.advance(60_000);
  const turnMs = 20 + 3.646;
  const longest = (unit: number): number => {
    const times = asked.get(unit)!.filter((atMs) => atMs > 2000);
    return Math.max(...times.map((atMs, at) => (at === 0 ? 0 : atMs - times[at - 1]!)));
  };
  const alarmBound = (alarms!.length + Math.ceil(alarms!.length / 4)) * turnMs;
  for (const unit of alarms!) expect(longest(unit)).toBeLessThanOrEqual(alarmBound + 1);
  for (const unit of meters!) expect(longest(unit)).toBeLessThanOrEqual(5 * meters!.length * turnMs + 1);
  expect(r.devices.figures()[0]!.utilisation).toBeCloseTo(20 / turnMs, 1);
  await r.devices.stop();
});

test('a device that comes and goes: one line a minute in the log', async () => {
  const clock = virtualClock();
  let silent = false;
  const links = memoryLinks(clock, (frame, far) => {
    if (!silent) far.send(answerRtu(frame, counting), 5);
  });
  const r = rig({ clock, openLink: links.open });
  const flapping = { id: 'd', settings: { unit: 1 }, everyMs: 200, timeoutMs: 100, points: { a: 'input:1' } };
  await r.devices.use(config(line1([flapping, { ...flapping, id: 'e', settings: { unit: 2 } }])));
  for (let count = 0; count < 200; count += 1) {
    silent = count % 2 === 0;
    await clock.advance(1500);
  }
  expect(r.links().length).toBeGreaterThan(100);
  for (const text of ['warn device is down', 'info device is up'])
    expect(r.logged.filter((line) => line === text).length).toBeLessThanOrEqual(2 * 7);
  await r.devices.stop();
});

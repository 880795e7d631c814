// Answers that come later than twice the time limit on a line without numbers: none passes for another register's once the
// line has seen how late they can be, the others keep their pace meanwhile, and what was learnt is forgotten again.

import { expect, test } from 'vitest';
import { RtuPort } from '../../drivers/modbus/rtu-port.ts';
import { answered, type Lateness, ranOut, strayed } from '../../src/devices/lateness.ts';
import { virtualClock } from '../support/clock.ts';
import { answerRtu, type Cells, type FarEnd, memoryLinks, rtu } from '../support/modbus/memory.ts';
import { config, line1, rig } from './rig.ts';

const cells: Cells = { register: (at) => at, bit: () => true };
const addressOf = (frame: Buffer): number => frame.readUInt16BE(2);
const timeoutMs = 200;

function lineOf(heard: (frame: Buffer, far: FarEnd, nowMs: number) => void) {
  const clock = virtualClock();
  const asked: { unit: number; address: number; atMs: number }[] = [];
  const links = memoryLinks(clock, (frame, far) => {
    asked.push({ unit: frame[0]!, address: addressOf(frame), atMs: clock.steadyMs() });
    heard(frame, far, clock.steadyMs());
  });
  const r = rig({ clock, openLink: links.open });
  const device = { timeoutMs, limits: { gap: 0 } };
  const slow = {
    ...device,
    id: 'slow',
    settings: { unit: 1 },
    everyMs: 1000,
    points: { a: 'input:5', b: 'input:105', c: 'input:205' },
  };
  const quick = { ...device, id: 'quick', settings: { unit: 2 }, everyMs: 200, points: { x: 'input:7' } };
  const dead = { ...device, id: 'dead', settings: { unit: 9 }, everyMs: 1000, points: { y: 'input:8' } };
  const begin = () => r.devices.use(config(line1([slow, quick, dead])));
  return { clock, asked, r, begin };
}

/** Steady times between questions to a unit. */
const paces = (asked: readonly { unit: number; atMs: number }[], unit: number): number[] =>
  asked
    .filter((one) => one.unit === unit)
    .map(({ atMs }, at, all) => (at === 0 ? 0 : atMs - all[at - 1]!.atMs));

test('a device that is stuck for longer than twice the limit: no answer passes for another register’s', async () => {
  let lateMs = 0;
  let freeAtMs = 0;
  const { clock, asked, r, begin } = lineOf((frame, far, nowMs) => {
    if (frame[0] === 9) return;
    if (frame[0] !== 1) return far.send(answerRtu(frame, cells), 20);
    // busy for a while, and then it answers all that it was asked meanwhile, one after the other
    freeAtMs = Math.max(freeAtMs, nowMs) + (lateMs || 20);
    lateMs = 0;
    far.send(answerRtu(frame, cells), freeAtMs - nowMs);
  });
  await begin();
  await clock.advance(20_000);
  // ever later: each time it is seen when nobody waits for it
  const late = async (ms: number): Promise<void> => {
    lateMs = ms;
    await clock.advance(30_000);
  };
  for (const ms of [390, 460, 560, 680, 830, 1000, 1200]) await late(ms);
  for (const [point, value] of [
    ['a', 5],
    ['b', 105],
    ['c', 205],
  ] as const)
    expect(new Set(r.values(`slow.${point}`))).toEqual(new Set([value]));
  expect(new Set(r.values('quick.x'))).toEqual(new Set([7]));
  expect(r.links().filter((text) => text.startsWith('slow down'))).toEqual([]);
  // the dead one and the late one cost the living one limit, and never more
  expect(Math.max(...paces(asked, 2))).toBeLessThan(200 + 2 * timeoutMs + 60);
  await r.devices.stop();
});

test('what was learnt holds the same registers only, grows, has a bound, and is forgotten', () => {
  const lateness: Lateness = new Map();
  const space = 'unit 1 input';
  expect(ranOut(lateness, space, 0, timeoutMs)).toBe(400);
  expect(strayed(lateness, 'unit 2 input', 500)).toBeUndefined();
  expect(strayed(lateness, space, 300)).toBeUndefined();
  expect(ranOut(lateness, space, 1000, timeoutMs)).toBe(1400);
  // of two questions without an answer between, it may be the first one's
  expect(strayed(lateness, space, 1400)).toBe(1400);
  answered(lateness, space, 1450);
  lateness.clear();
  ranOut(lateness, space, 1000, timeoutMs);
  expect(strayed(lateness, space, 1900)).toBe(900);
  answered(lateness, space, 2000);
  expect(ranOut(lateness, space, 5000, timeoutMs)).toBe(5000 + 900 + 225);
  expect(ranOut(lateness, 'unit 1 holding', 5000, timeoutMs)).toBe(5400);
  // less late is no news
  expect(strayed(lateness, space, 5600)).toBeUndefined();
  answered(lateness, space, 6000);
  expect(ranOut(lateness, space, 10_000, timeoutMs)).toBe(11_125);
  expect(strayed(lateness, space, 14_900)).toBe(4900);
  expect(ranOut(lateness, space, 20_000, timeoutMs)).toBe(25_000);
  // so late that it can't be the answer to that one
  expect(strayed(lateness, space, 40_000)).toBeUndefined();
  expect(ranOut(lateness, space, 50_000, timeoutMs)).toBe(55_000);
  // ten minutes without a late answer forget half, whatever is lost meanwhile
  const good = (fromMs: number, forMs: number): void => {
    for (let now = fromMs; now <= fromMs + forMs; now += 1000) answered(lateness, space, now);
  };
  good(60_000, 550_000);
  expect(ranOut(lateness, space, 611_000, timeoutMs)).toBe(616_000);
  good(612_000, 10_000);
  expect(ranOut(lateness, space, 2_000_000, timeoutMs)).toBe(2_000_000 + 2450 * 1.25);
  good(2_001_000, 3_000_000);
  expect(lateness.has(space)).toBe(false);
});

test('a late answer that comes in pieces is known for one, and noise is not', () => {
  const told: string[] = [];
  let listener: (bytes: Uint8Array) => void = () => {};
  const port = new RtuPort(
    {
      write: () => {},
      onData: (each) => {
        listener = each;
      },
    },
    { echo: false, echoing: () => {}, stray: (space) => void told.push(space) },
  );
  const question = rtu('01 04 0005 0001');
  const answer = answerRtu(question, cells);
  port.write(question);
  listener(answer);
  expect(told).toEqual([]);
  listener(answer.subarray(0, 3));
  listener(answer.subarray(3));
  expect(told).toEqual(['unit 1 input']);
  for (let count = 0; count < 300; count += 1) listener(Buffer.from([count % 251, 0x11, 0xff]));
  expect(told).toHaveLength(1);
  // half of it before the time was up, half of it after
  port.write(question);
  listener(answer.subarray(0, 4));
  port.forget();
  listener(answer.subarray(4));
  expect(told).toEqual(['unit 1 input', 'unit 1 input']);
  // beside a question to somebody else, and a refusal that is late
  port.write(rtu('02 04 0007 0001'));
  listener(answer);
  expect(told).toHaveLength(3);
  port.forget();
  listener(rtu('03 90 04'));
  expect(told.at(-1)).toBe('unit 3 holding');
});

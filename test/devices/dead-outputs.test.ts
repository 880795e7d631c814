// Outputs on a unit that is gone, beside a smoke detector that is there: whatever is tried in vain, a reading of the
// detector is never later than one timeout and its own period, the faults are told, and the outputs are driven when
// the unit is back. Stations in memory, virtual clock.

import { describe, expect, test } from 'vitest';
import { virtualClock } from '../support/clock.ts';
import { answerRtu, answerTcp, memoryLinks } from '../support/modbus/memory.ts';
import { config, lan1, line1, rig, type ShortDevice } from './rig.ts';

const everyMs = 200;
const timeoutMs = 1000;

interface Wish {
  readonly serial: boolean;
  /** unit of each output */
  readonly units: readonly number[];
  readonly more?: readonly ShortDevice[];
}

function site({ serial, units, more = [] }: Wish) {
  const clock = virtualClock();
  const dead = new Set<number>();
  const coils = new Map<string, boolean>();
  const tries: { unit: number; atMs: number }[] = [];
  const links = memoryLinks(clock, (frame, far) => {
    const body = serial ? frame : frame.subarray(6);
    const unit = body[0]!;
    if (body[1] === 1 || body[1] === 5) tries.push({ unit, atMs: clock.steadyMs() });
    if (dead.has(unit)) return;
    const cells = {
      register: (at: number) => at,
      bit: (at: number) => coils.get(`${unit} ${at}`) ?? false,
      write: (at: number, value: number) => coils.set(`${unit} ${at}`, value === 0xff00),
    };
    far.send(serial ? answerRtu(frame, cells) : answerTcp(frame, cells), 5);
  });
  const seen: number[] = [];
  const r = rig({
    clock,
    openLink: links.open,
    onPush: (input) => {
      if (input.type === 'reading' && input.values[0]![0] === 'smoke.a') seen.push(clock.steadyMs());
    },
  });
  const smoke: ShortDevice = {
    id: 'smoke',
    settings: { unit: 6 },
    everyMs,
    timeoutMs,
    lane: 'alarm',
    points: { a: 'discrete:0' },
  };
  const outputs = Object.fromEntries(units.map((unit, at) => [`o${at}`, { unit, write: `coil:${at}` }]));
  const all = [...more, smoke];
  return {
    ...r,
    clock,
    dead,
    coils,
    tries,
    memory: links,
    outputIds: Object.keys(outputs),
    site: config(serial ? line1(all, { outputs }) : lan1(all, { outputs })),
    faults: () => r.outputs().filter((text) => text.endsWith(', 3 times')),
    driveAll: (value: boolean) =>
      r.devices.drive(new Map(Object.keys(outputs).map((id) => [id, value] as const))),
    allAre: (value: boolean) => units.every((unit, at) => (coils.get(`${unit} ${at}`) ?? false) === value),
    /** the longest time between two readings since then */
    longest(sinceMs: number): number {
      const times = [...seen.filter((atMs) => atMs >= sinceMs), clock.steadyMs()];
      return Math.max(...times.map((atMs, at) => atMs - (at === 0 ? sinceMs : times[at - 1]!)));
    },
  };
}

/** a serial line rests after a question that nobody answered; a turn takes a few ms */
const slackMs = 60;
const meter: ShortDevice = { id: 'meter', settings: { unit: 7 }, timeoutMs, points: { m: 'input:0' } };

describe.each([false, true])('serial %s', (serial) => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('%i outputs of a dead unit', async (count) => {
    for (const more of [[], [meter]]) {
      const s = site({ serial, units: Array.from({ length: count }, () => 7), more });
      await s.devices.use(s.site);
      await s.clock.advance(2000);
      s.dead.add(7);
      const goneMs = s.clock.steadyMs();
      s.driveAll(true);
      await s.clock.advance(20_000);
      expect(s.faults().map((text) => text.split(' ', 2).join(' '))).toEqual(
        expect.arrayContaining(s.outputIds.map((id) => `${id} null`)),
      );
      await s.clock.advance(100_000);
      expect(s.longest(goneMs)).toBeLessThanOrEqual(timeoutMs + everyMs + slackMs);
      expect(s.faults()).toHaveLength(count);
      expect(s.memory.opened()).toBe(1);
      // they share one back-off of five seconds
      const late = s.tries.filter(({ atMs }) => atMs > goneMs + 60_000);
      expect(late.length).toBeLessThanOrEqual(60_000 / 4500 + 1);
      s.dead.clear();
      await s.clock.advance(5000 + timeoutMs + 500);
      expect(s.allAre(true)).toBe(true);
      for (const id of s.outputIds)
        expect(
          s
            .outputs()
            .filter((text) => text.startsWith(`${id} `))
            .at(-1),
        ).toBe(`${id} true`);
      expect(s.links().filter((text) => /^(lan1|line1) /.test(text))).toHaveLength(1);
      await s.devices.stop();
      await s.clock.advance(10); // answers on their way
      expect(s.clock.pending()).toBe(0);
    }
  });

  test('dead from the start', async () => {
    const s = site({ serial, units: [7, 7, 7] });
    s.dead.add(7);
    await s.devices.use(s.site);
    s.driveAll(true);
    await s.clock.advance(40_000);
    expect(s.longest(0)).toBeLessThanOrEqual(2 * timeoutMs + slackMs);
    expect(s.longest(3000)).toBeLessThanOrEqual(timeoutMs + everyMs + slackMs);
    expect(s.faults()).toHaveLength(3);
    await s.devices.stop();
  });

  test('eight dead units with an output and a meter each: detector and living meter are read', async () => {
    const units = [11, 12, 13, 14, 15, 16, 17, 18];
    const of = (unit: number): ShortDevice => ({ ...meter, id: `m${unit}`, settings: { unit } });
    const s = site({ serial, units, more: [...units.map(of), { ...meter, settings: { unit: 8 } }] });
    await s.devices.use(s.site);
    await s.clock.advance(2000);
    for (const unit of units) s.dead.add(unit);
    const goneMs = s.clock.steadyMs();
    s.driveAll(true);
    await s.clock.advance(300_000);
    expect(s.longest(goneMs)).toBeLessThanOrEqual(timeoutMs + everyMs + slackMs);
    expect(s.faults()).toHaveLength(8);
    expect(s.values('meter.m').length).toBeGreaterThan(100);
    s.dead.clear();
    await s.clock.advance(15_000);
    expect(s.allAre(true)).toBe(true);
    await s.devices.stop();
  });

  test('a living output goes before dead ones', async () => {
    const s = site({ serial, units: [7, 7, 9] });
    await s.devices.use(s.site);
    await s.clock.advance(2000);
    s.dead.add(7);
    s.driveAll(true);
    await s.clock.advance(30_000);
    for (let at = 0; at < 50; at += 1) {
      const value = at % 2 === 1;
      s.devices.drive(new Map([['o2', value]]));
      await s.clock.advance(timeoutMs + 100);
      expect(s.coils.get('9 2')).toBe(value);
      await s.clock.advance(337);
    }
    await s.devices.stop();
  });
});

test('TCP: a peer that lost its power is connected to anew, and its outputs keep their back-off', async () => {
  const s = site({ serial: false, units: [7, 7, 7] });
  await s.devices.use(s.site);
  await s.clock.advance(2000);
  s.dead.add(6);
  s.dead.add(7);
  s.driveAll(true);
  await s.clock.advance(60_000);
  expect(s.memory.opened()).toBeGreaterThan(1);
  expect(s.faults()).toHaveLength(3);
  s.dead.clear();
  await s.clock.advance(5000 + timeoutMs + everyMs);
  expect(s.allAre(true)).toBe(true);
  expect(s.links().at(-1)).toBe('smoke up: it answers again');
  await s.devices.stop();
});

describe('a TCP peer that closes', () => {
  const closed = '10.0.0.5:502 closed the connection';
  function peer(everyMs = 1000) {
    const clock = virtualClock();
    const links = memoryLinks(clock, (frame, far) => far.send(answerTcp(frame, { register: (at) => at }), 5));
    const r = rig({ clock, openLink: links.open });
    const device = { id: 'd', settings: { unit: 1 }, everyMs, points: { a: 'input:1' } };
    return { clock, memory: links, site: config(lan1([device])), ...r };
  }

  test('is connected to again without a word, each time', async () => {
    const s = peer(60_000);
    await s.devices.use(s.site);
    await s.clock.advance(1000);
    const told = s.links();
    for (let minute = 0; minute < 30; minute += 1) {
      for (const afterMs of [15_000, 15_000, 15_000, 15_000]) {
        await s.clock.advance(afterMs);
        s.memory.cut(closed);
        await s.clock.advance(1);
        expect(s.memory.alive()).toBe(1);
      }
    }
    expect(s.links()).toEqual(told);
    expect(s.values('d.a').length).toBeGreaterThanOrEqual(30);
    await s.devices.stop();
    expect(s.clock.pending()).toBe(0);
  });

  test('and refuses is reported at once', async () => {
    const s = peer();
    await s.devices.use(s.site);
    await s.clock.advance(1500);
    s.memory.refuse('connection to 10.0.0.5:502 refused');
    s.memory.cut(closed);
    await s.clock.advance(1);
    expect(s.links().at(-1)).toBe('lan1 down: connection to 10.0.0.5:502 refused');
    s.memory.refuse(undefined);
    await s.clock.advance(300);
    expect(s.links().at(-1)).toBe('d up: it answers');
    await s.devices.stop();
  });

  test('and does not take the next connection is reported within a second', async () => {
    const s = peer();
    let hold = false;
    const slow = rig({
      clock: s.clock,
      openLink: async (settings, host) => {
        if (hold) await new Promise<void>((resolve) => s.clock.after(4000, resolve));
        return s.memory.open(settings, host);
      },
    });
    await slow.devices.use(s.site);
    await s.clock.advance(1500);
    hold = true;
    s.memory.cut(closed);
    await s.clock.advance(900);
    expect(slow.links().at(-1)).toBe('d up: it answers');
    await s.clock.advance(101);
    expect(slow.links().at(-1)).toBe(`lan1 down: ${closed}`);
    await s.clock.advance(3100);
    expect(slow.links().slice(-2)).toEqual(['lan1 up: connected to 10.0.0.5:502', 'd up: it answers']);
    await slow.devices.stop();
  });

  test('before it ever answered is reported', async () => {
    const clock = virtualClock();
    const links = memoryLinks(clock, (_frame, far) => far.cut(closed));
    const r = rig({ clock, openLink: links.open });
    await r.devices.use(peer().site);
    await clock.advance(60_000);
    expect(r.links().slice(0, 2)).toEqual(['lan1 up: connected to 10.0.0.5:502', `lan1 down: ${closed}`]);
    expect(links.opened()).toBeLessThan(25);
    await r.devices.stop();
  });
});

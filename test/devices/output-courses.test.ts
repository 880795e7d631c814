// How being on is driven: pulses, patterns and refreshes on a virtual clock, what a stop leaves behind, and that
// a trouble opens once for an output that does not follow. Stations in memory, the engine at the other end.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { modbusTcp } from '../../drivers/modbus/driver.ts';
import type { OutputConfig } from '../../src/config/types.ts';
import { moves, phaseOf } from '../../src/devices/output-pattern.ts';
import type { Driver } from '../../src/driver.ts';
import { sleep } from '../../src/lib/clock.ts';
import { virtualClock } from '../support/clock.ts';
import { answerRtu, answerTcp, memoryLinks } from '../support/modbus/memory.ts';
import { scenario } from '../support/scenario.ts';
import { makeSite, output } from '../support/site.ts';
import { config, lan1, line1, rig } from './rig.ts';

type Course = Pick<OutputConfig, 'pulseMs' | 'patternMs' | 'refreshMs' | 'onStop'>;

/** A station with one output, `o`, on coil 0 of a module. */
function station(
  course: Course,
  options: { serial?: boolean; readable?: boolean; activeLow?: boolean } = {},
) {
  const clock = virtualClock();
  const coils = new Map<number, boolean>();
  const writes: string[] = [];
  const state = { dead: false, deaf: false, stuckOn: false, delayMs: 5, reads: 0 };
  const cells = {
    register: (at: number) => at,
    bit: (at: number) => {
      state.reads += 1;
      return options.readable === false ? undefined : state.stuckOn || (coils.get(at) ?? false);
    },
    write: (at: number, value: number) => {
      writes.push(`${Math.round(clock.steadyMs())} ${value === 0xff00 ? 'on' : 'off'}`);
      if (!state.deaf) coils.set(at, value === 0xff00);
    },
  };
  const memory = memoryLinks(clock, (frame, far) => {
    if (!state.dead)
      far.send(options.serial ? answerRtu(frame, cells) : answerTcp(frame, cells), state.delayMs);
  });
  const site = makeSite({ outputs: [output('o', { bus: options.serial ? 'line1' : 'lan1' })] });
  const engine = scenario(site);
  const r = rig({
    clock,
    openLink: memory.open,
    onPush: (input) => {
      if (input.type === 'output') engine.give(input);
    },
  });
  const devices = [{ id: 'd', settings: { unit: 1 }, everyMs: 1000, points: { a: 'input:1' } }];
  const outputs = {
    o: { unit: 1, write: 'coil:0', ...(options.activeLow && { activeLow: true }) },
  };
  const plain = config(options.serial ? line1(devices, { outputs }) : lan1(devices, { outputs }));
  const whole = { ...plain, outputs: plain.outputs.map((each) => ({ ...each, ...course })) };
  const want = (value: boolean | 'keep') => r.devices.drive(new Map([['o', value]]));
  return { clock, coils, writes, state, memory, whole, engine, want, ...r };
}

async function opened(course: Course, options: Parameters<typeof station>[1] = {}) {
  const s = station(course, options);
  s.want(false);
  await s.devices.use(s.whole);
  await s.clock.advance(100);
  s.writes.length = 0;
  return s;
}

/** A stop may have to drive once more, and answers need time. */
async function ended(s: Pick<ReturnType<typeof station>, 'clock' | 'devices'>): Promise<void> {
  const stopping = s.devices.stop();
  await s.clock.advance(2500);
  await stopping;
}

describe('a pulse', () => {
  test('is driven once, and the level stays on', async () => {
    const s = await opened({ pulseMs: 500 });
    s.want(true);
    await s.clock.advance(60_000);
    expect(s.writes).toEqual(['100 on', '605 off']);
    expect(s.outputs()).toEqual(['o false', 'o true']);
    s.want(false);
    await s.clock.advance(10_000);
    expect(s.coils.get(0)).toBe(false);
    expect(s.outputs().at(-1)).toBe('o false');
    s.writes.length = 0;
    s.want(true);
    await s.clock.advance(10_000);
    expect(s.writes.map((text) => text.split(' ')[1])).toEqual(['on', 'off']);
    await ended(s);
  });

  test('is cut short with the demand, also where the rest is `keep`', async () => {
    for (const rest of [false, 'keep'] as const) {
      const s = await opened({ pulseMs: 5000 });
      s.want(true);
      await s.clock.advance(1000);
      expect(s.coils.get(0)).toBe(true);
      s.want(rest);
      await s.clock.advance(50);
      expect(s.coils.get(0)).toBe(false);
      await ended(s);
    }
  });

  test('counts from when the device took it, and is not lost on a dead line', async () => {
    const s = await opened({ pulseMs: 500 }, { serial: true });
    s.state.dead = true;
    s.want(true);
    await s.clock.advance(8000);
    expect(s.writes).toEqual([]);
    s.state.dead = false;
    await s.clock.advance(8000);
    const [on, off] = s.writes.map((text) => Number(text.split(' ')[0]));
    expect(s.writes.map((text) => text.split(' ')[1])).toEqual(['on', 'off']);
    expect(off! - on!).toBeGreaterThanOrEqual(500);
    expect(off! - on!).toBeLessThan(600);
    await ended(s);
  });

  test('is not given again after a reconnect', async () => {
    const s = await opened({ pulseMs: 500 });
    s.want(true);
    await s.clock.advance(2000);
    s.writes.length = 0;
    s.memory.cut('10.0.0.5:502 closed the connection');
    await s.clock.advance(6000);
    expect(s.writes.length).toBeGreaterThan(0);
    expect(s.writes.filter((text) => text.endsWith('on'))).toEqual([]);
    await ended(s);
  });

  test('that the device did not take is given again, and one trouble opens while it is not', async () => {
    const s = await opened({ pulseMs: 500 });
    s.state.deaf = true;
    s.want(true);
    await s.clock.advance(20_000);
    s.engine.expectOpen(['gateway-trouble output:o']);
    expect(s.outputs().at(-1)).toBe('o false wanted on, reads back off');
    s.state.deaf = false;
    s.writes.length = 0;
    await s.clock.advance(20_000);
    expect(s.writes.map((text) => text.split(' ')[1])).toEqual(['on', 'off']);
    s.engine.expectOpen([]);
    expect(s.outputs().at(-1)).toBe('o true');
    await ended(s);
  });
});

describe('a pattern', () => {
  const temporalThree = [500, 500, 500, 500, 500, 1500];

  test('repeats by the clock without drifting', async () => {
    const s = await opened({ patternMs: temporalThree });
    s.want(true);
    await s.clock.advance(40_000);
    const expected = [];
    for (let round = 0; round < 10; round += 1)
      for (const [at, value] of [
        [0, 'on'],
        [500, 'off'],
        [1000, 'on'],
        [1500, 'off'],
        [2000, 'on'],
        [2500, 'off'],
      ] as const)
        expected.push([100 + round * 4000 + at, value] as const);
    const seen = s.writes.map((text) => text.split(' ') as [string, string]);
    expect(seen.slice(0, expected.length).map(([, value]) => value)).toEqual(
      expected.map(([, value]) => value),
    );
    // a drive waits for the poll or read-back that is out on the line, never longer, and never adds up
    for (const [at, [due]] of expected.entries()) {
      expect(Number(seen[at]![0])).toBeGreaterThanOrEqual(due - 1);
      expect(Number(seen[at]![0])).toBeLessThan(due + 20);
    }
    // the level is on all the while: no report but the first
    expect(s.outputs()).toEqual(['o false', 'o true']);
    await ended(s);
  });

  test('runs on a slow line with answers slower than its phases without a false trouble', async () => {
    const s = await opened({ patternMs: [100, 100] }, { serial: true });
    s.state.delayMs = 130;
    s.want(true);
    await s.clock.advance(30_000);
    s.engine.expectOpen([]);
    expect(s.outputs().filter((text) => text.includes('reads back'))).toEqual([]);
    await ended(s);
  });

  test('ends with the demand, whatever its phase', async () => {
    for (const afterMs of [100, 600, 3999, 4001]) {
      const s = await opened({ patternMs: temporalThree });
      s.want(true);
      await s.clock.advance(afterMs);
      s.want(false);
      await s.clock.advance(30);
      expect(s.coils.get(0)).toBe(false);
      s.writes.length = 0;
      await s.clock.advance(20_000);
      expect(s.writes).toEqual([]);
      expect(s.outputs().at(-1)).toBe('o false');
      await ended(s);
    }
  });

  test.each([
    ['deaf', 500, 'wanted on, reads back off'],
    ['deaf', 1000, 'wanted on, reads back off'],
    ['stuckOn', 500, 'wanted off, reads back on'],
    ['stuckOn', 1000, 'wanted off, reads back on'],
  ] as const)(
    'a relay that is %s, with phases of %d ms, is one trouble until it follows',
    async (how, ms, fault) => {
      const s = await opened({ patternMs: [ms, ms] });
      s.want(true);
      await s.clock.advance(1700);
      s.state[how] = true;
      if (how === 'deaf') s.coils.set(0, false);
      await s.clock.advance(40_000);
      s.engine.expectOpen(['gateway-trouble output:o']);
      expect(s.outputs().at(-1)).toContain(fault);
      s.state[how] = false;
      await s.clock.advance(12_000);
      s.engine.expectOpen([]);
      expect(s.outputs().at(-1)).toBe('o true');
      const opens = s.engine.events.filter(({ type }) => type === 'incident.opened');
      expect(opens).toHaveLength(1);
      await ended(s);
    },
  );

  test('reads back seldom: the line is for polls', async () => {
    const s = await opened({ patternMs: [500, 500] });
    s.want(true);
    s.state.reads = 0;
    await s.clock.advance(60_000);
    expect(s.state.reads).toBeGreaterThan(5);
    expect(s.state.reads).toBeLessThan(20);
    await ended(s);
  });

  test('without read-back, inverted, on a serial line: driven all the same', async () => {
    const s = await opened({ patternMs: [500, 500] }, { serial: true, readable: false, activeLow: true });
    s.want(true);
    await s.clock.advance(4000);
    const kinds = s.writes.map((text) => text.split(' ')[1]);
    expect(kinds.filter((kind) => kind === 'on').length).toBeGreaterThanOrEqual(4);
    expect(kinds.filter((kind) => kind === 'off').length).toBeGreaterThanOrEqual(4);
    s.want(false);
    await s.clock.advance(100);
    expect(s.coils.get(0)).toBe(true);
    await ended(s);
  });

  test('any pattern: the phase of a moment is that of the sum of times, and its end is the next edge', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 100, max: 3000 }), fc.integer({ min: 100, max: 3000 })), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.integer({ min: 0, max: 50_000 }),
        (pairs, onSinceMs, offsetMs) => {
          const patternMs = pairs.flat();
          const given = { patternMs } as unknown as OutputConfig;
          expect(moves(given)).toBe(true);
          const phase = phaseOf(given, { onSinceMs, pulseEndMs: undefined }, onSinceMs + offsetMs);
          let left = offsetMs % patternMs.reduce((sum, ms) => sum + ms, 0);
          let at = 0;
          while (left >= patternMs[at]!) {
            left -= patternMs[at]!;
            at += 1;
          }
          expect(phase.value).toBe(at % 2 === 0);
          expect(phase.untilMs - onSinceMs - offsetMs).toBeCloseTo(patternMs[at]! - left, 3);
        },
      ),
    );
  });
});

describe('a chip, whose outputs are driven beside a read-back', () => {
  /** `lateMs`: how long a read-back takes; `stuck`: the line stays low. */
  function chip(course: Course, state: { lateMs: number; stuck: boolean }) {
    const clock = virtualClock();
    let level = false;
    const edges: number[] = [];
    const driver: Driver = {
      ...modbusTcp,
      id: 'chip',
      link: () => undefined,
      output: (_bus, settings) => ({ detail: settings }),
      open: async () => ({
        async drive(_output, value) {
          edges.push(Math.round(clock.steadyMs()));
          level = value && !state.stuck;
        },
        async observe() {
          const seen = level;
          await sleep(clock, state.lateMs);
          return seen;
        },
        async close() {},
      }),
    };
    const engine = scenario(makeSite({ outputs: [output('o', { bus: 'chip' })] }));
    const r = rig({
      clock,
      drivers: [driver],
      onPush: (input) => {
        if (input.type === 'output') engine.give(input);
      },
    });
    const plain = config({ id: 'chip', driver, settings: {}, devices: [], outputs: { o: {} } });
    const whole = { ...plain, outputs: plain.outputs.map((each) => ({ ...each, ...course })) };
    return { clock, edges, engine, whole, state, level: () => level, ...r };
  }

  test('a read-back that a change overtook is not judged', async () => {
    const s = chip({ patternMs: [60_000, 500] }, { lateMs: 130, stuck: false });
    s.devices.drive(new Map([['o', false]]));
    await s.devices.use(s.whole);
    await s.clock.advance(2000);
    s.devices.drive(new Map([['o', true]]));
    await s.clock.advance(50);
    s.edges.length = 0;
    s.devices.drive(new Map([['o', false]]));
    await s.clock.advance(3000);
    expect(s.edges).toEqual([2050]);
    expect(s.outputs()).toEqual(['o false']);
    await ended(s);
  });

  test('slow read-backs make no trouble, and edges late by one at most', async () => {
    const s = chip({ patternMs: [100, 100] }, { lateMs: 130, stuck: false });
    s.devices.drive(new Map([['o', true]]));
    await s.devices.use(s.whole);
    await s.clock.advance(60_000);
    expect(s.outputs()).toEqual(['o true']);
    s.engine.expectOpen([]);
    const gaps = s.edges.slice(1).map((at, index) => at - s.edges[index]!);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(231);
    expect(s.edges.length).toBeGreaterThan(580);
    await ended(s);
    expect(s.level()).toBe(false);
  });

  test('a line that stays low is found by its on phases alone', async () => {
    const s = chip({ patternMs: [500, 500] }, { lateMs: 1, stuck: true });
    s.devices.drive(new Map([['o', true]]));
    await s.devices.use(s.whole);
    await s.clock.advance(10_000);
    s.engine.expectOpen(['gateway-trouble output:o']);
    s.state.stuck = false;
    await s.clock.advance(3000);
    s.engine.expectOpen([]);
    await ended(s);
  });
});

describe('refresh', () => {
  test('the wanted value is written again, on or off, for the watchdog of a module', async () => {
    const s = await opened({ refreshMs: 2000 });
    await s.clock.advance(20_000);
    expect(s.writes.length).toBeGreaterThanOrEqual(9);
    expect(new Set(s.writes.map((text) => text.split(' ')[1]))).toEqual(new Set(['off']));
    s.writes.length = 0;
    s.want(true);
    await s.clock.advance(20_000);
    expect(s.writes.length).toBeGreaterThanOrEqual(10);
    const times = s.writes.map((text) => Number(text.split(' ')[0]));
    for (const [at, time] of times.slice(1).entries()) expect(time - times[at]!).toBeLessThanOrEqual(2020);
    expect(s.outputs()).toEqual(['o false', 'o true']);
    await ended(s);
  });

  test('what must be left alone is not written', async () => {
    const s = await opened({ refreshMs: 2000 });
    s.want('keep');
    s.writes.length = 0;
    await s.clock.advance(20_000);
    expect(s.writes).toEqual([]);
    await ended(s);
  });
});

describe('a stop', () => {
  const cases: readonly (readonly [string, Course, boolean, boolean])[] = [
    ['onStop: off ends what is on', { onStop: false }, true, false],
    ['onStop: on switches on', { onStop: true }, false, true],
    ['onStop: keep leaves it', { onStop: 'keep' }, true, true],
    ['without the key it is left', {}, true, true],
    ['a pattern ends in its on phase', { patternMs: [20_000, 500], onStop: false }, true, false],
    ['a pulse ends', { pulseMs: 20_000, onStop: false }, true, false],
    ['a pulse ends even where the level is kept', { pulseMs: 20_000, onStop: 'keep' }, true, false],
  ];
  test.each(cases)('%s', async (_name, course, before, after) => {
    const s = await opened(course);
    s.want(before);
    await s.clock.advance(1000);
    expect(s.coils.get(0) ?? false).toBe(before);
    const stopping = s.devices.stop();
    // the engine may still speak meanwhile; nothing of it is heard
    s.want(before);
    await s.clock.advance(300);
    await stopping;
    expect(s.coils.get(0) ?? false).toBe(after);
  });

  test('does not wait longer than it may for a line that is dead', async () => {
    const s = await opened({ onStop: false }, { serial: true });
    s.want(true);
    await s.clock.advance(1000);
    s.state.dead = true;
    let ended = false;
    const stopping = s.devices.stop().then(() => {
      ended = true;
    });
    await s.clock.advance(2500);
    expect(ended).toBe(true);
    await stopping;
  });

  test('a reload moves nothing but the output that is gone', async () => {
    const s = await opened({ onStop: false });
    s.want(true);
    await s.clock.advance(1000);
    s.writes.length = 0;
    const changed = { ...s.whole, outputs: s.whole.outputs.map((each) => ({ ...each, refreshMs: 60_000 })) };
    const using = s.devices.use(changed);
    await s.clock.advance(500);
    await using;
    expect(s.writes.filter((text) => text.endsWith('off'))).toEqual([]);
    expect(s.coils.get(0)).toBe(true);
    const leaving = s.devices.use({ ...s.whole, outputs: [] });
    await s.clock.advance(500);
    await leaving;
    expect(s.coils.get(0)).toBe(false);
    await ended(s);
  });
});

describe('read-back and trouble', () => {
  test('a coil changed from outside is corrected, and that is no trouble', async () => {
    const s = await opened({});
    s.want(true);
    await s.clock.advance(1000);
    s.coils.set(0, false);
    await s.clock.advance(5200);
    expect(s.coils.get(0)).toBe(true);
    s.engine.expectOpen([]);
    await ended(s);
  });

  test('one that can not be corrected opens one trouble, which ends when it follows', async () => {
    const s = await opened({});
    s.want(true);
    await s.clock.advance(1000);
    s.state.deaf = true;
    s.coils.set(0, false);
    await s.clock.advance(600_000);
    s.engine
      .expectOpen(['gateway-trouble output:o'])
      .expectEvents(['incident.opened gateway-trouble output:o'])
      .expectIncident('output:o', { category: 'trouble', signalCount: 1 });
    s.state.deaf = false;
    await s.clock.advance(10_000);
    expect(s.coils.get(0)).toBe(true);
    s.engine
      .expectOpen([])
      .expectEvents([
        'incident.returned gateway-trouble output:o',
        'incident.closed gateway-trouble output:o',
      ]);
    await ended(s);
  });
});

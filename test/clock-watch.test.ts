// A wall clock that is set while the house runs: what was written before is re-dated once the clock is known to be
// right, within one boot of the machine and across restarts of the daemon; never guessed. And how it is known at all.

import { describe, expect, test } from 'vitest';
import { watchClock } from '../src/clock-watch.ts';
import { redated } from '../src/core/clock-corrections.ts';
import type { ClockCorrection, ClockState, Event } from '../src/core/types.ts';
import { askKernel, clockSync } from '../src/lib/clock-sync.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const hourMs = 3_600_000;
const truth = Date.UTC(2026, 10, 22);

/** A daemon whose steady time, wall clock and event numbers a test moves by hand. */
function daemon(notes = new Map<string, string>(), boot = 'boot-1') {
  const corrected: (readonly ClockCorrection[])[] = [];
  const house = { seq: 0, steadyMs: 0, offMs: 0, clock: 'unsynced' as ClockState };
  const watch = watchClock({
    boot,
    lastSeq: () => house.seq,
    note(key, value) {
      if (value !== undefined) notes.set(key, value);
      return notes.get(key);
    },
    log: quiet,
    corrected: (corrections) => corrected.push(corrections),
  });
  return Object.assign(house, {
    notes,
    corrected,
    /** so many events, one a second */
    events(count: number) {
      for (let each = 0; each < count; each += 1) {
        house.steadyMs += 1000;
        watch.seen({
          steadyMs: house.steadyMs,
          wallMs: truth + house.steadyMs + house.offMs,
          clock: house.clock,
        });
        house.seq += 1;
      }
    },
  });
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('times written under a wrong clock', () => {
  test('boot in 1970: what came before the synchronisation is moved, what came after is not', async () => {
    const house = daemon();
    house.offMs = -truth;
    house.events(5);
    house.offMs = 0;
    house.events(2);
    house.clock = 'synced';
    house.events(3);
    await settled();
    expect(house.corrected).toEqual([[{ fromSeq: 1, toSeq: 5, byMs: truth }]]);
  });

  test('several settings by hand before it is synchronised are each moved by their own', async () => {
    const house = daemon();
    house.offMs = -14 * 24 * hourMs;
    house.events(2);
    house.offMs = hourMs;
    house.events(3);
    house.offMs = 0;
    house.clock = 'synced';
    house.events(1);
    await settled();
    expect(house.corrected).toEqual([
      [
        { fromSeq: 1, toSeq: 2, byMs: 14 * 24 * hourMs },
        { fromSeq: 3, toSeq: 5, byMs: -hourMs },
      ],
    ]);
  });

  test('a restart of the daemon in the same boot remembers; another boot of the machine does not guess', async () => {
    const notes = new Map<string, string>();
    const first = daemon(notes);
    first.offMs = -hourMs;
    first.events(4);
    const again = daemon(notes);
    Object.assign(again, { seq: 4, steadyMs: first.steadyMs, clock: 'synced' });
    again.events(1);
    await settled();
    expect(again.corrected).toEqual([[{ fromSeq: 1, toSeq: 4, byMs: hourMs }]]);

    const other = new Map<string, string>();
    const before = daemon(other);
    before.offMs = -hourMs;
    before.events(4);
    const rebooted = daemon(other, 'boot-2');
    Object.assign(rebooted, { seq: 4, steadyMs: before.steadyMs, clock: 'synced' });
    rebooted.events(1);
    await settled();
    expect(rebooted.corrected).toEqual([]);
  });

  test('a clock that creeps is corrected piece by piece, and one that was right not at all', async () => {
    const house = daemon();
    house.offMs = -1000;
    for (let each = 0; each < 10; each += 1) {
      house.events(1);
      house.offMs += 100;
    }
    house.clock = 'synced';
    house.events(1);
    await settled();
    expect(house.corrected).toEqual([
      [
        { fromSeq: 1, toSeq: 5, byMs: 1000 },
        { fromSeq: 6, toSeq: 10, byMs: 500 },
      ],
    ]);

    const right = daemon();
    right.events(5);
    right.clock = 'synced';
    right.events(1);
    await settled();
    expect(right.corrected).toEqual([]);
  });

  test('a disk that keeps no notes hinders nothing', async () => {
    const house = daemon();
    house.notes.set = () => {
      throw new Error('no space left');
    };
    house.offMs = -hourMs;
    house.events(2);
    house.offMs = 0;
    house.clock = 'synced';
    house.events(1);
    await settled();
    expect(house.corrected).toEqual([[{ fromSeq: 1, toSeq: 2, byMs: hourMs }]]);
  });
});

test('an event is told again with its true time, and as it was written', () => {
  const corrections = [{ fromSeq: 3, toSeq: 5, byMs: hourMs }];
  const event = { seq: 4, at: '2026-11-22T01:00:00.000Z', clock: 'unsynced' } as Event;
  expect(redated(event, corrections)).toEqual({ ...event, correctedAt: '2026-11-22T02:00:00.000Z' });
  expect(redated({ ...event, seq: 6 }, corrections)).not.toHaveProperty('correctedAt');
  expect(redated({ ...event, clock: 'synced' }, corrections)).not.toHaveProperty('correctedAt');
  expect(redated(event, undefined)).toBe(event);
});

describe('is the clock synchronised', () => {
  test('a mark answers alone; without one the kernel is asked, and no oftener than needed', () => {
    let nowMs = 0;
    let marked = false;
    const asked: ((synced: boolean) => void)[] = [];
    const synced = clockSync(
      () => nowMs,
      (answer) => asked.push(answer),
      () => marked,
    );
    expect(synced()).toBe(false);
    expect(asked).toHaveLength(1);
    nowMs = 200_000;
    // one question at a time, however long it takes
    expect([synced(), asked.length]).toEqual([false, 1]);
    asked[0]?.(true);
    expect(synced()).toBe(true);
    nowMs = 500_000;
    expect([synced(), asked.length]).toEqual([true, 1]);
    nowMs = 900_000;
    expect([synced(), asked.length]).toEqual([true, 2]);
    asked[1]?.(false);
    expect(synced()).toBe(false);
    marked = true;
    nowMs = 1_000_000;
    expect([synced(), asked.length]).toEqual([true, 2]);
  });

  test('a machine that cannot be asked counts as not synchronised', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nonexistent';
    try {
      expect(await new Promise<boolean>((answer) => askKernel(answer))).toBe(false);
    } finally {
      process.env.PATH = path;
    }
  });
});

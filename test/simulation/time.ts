// The clock of simulated days: a heap of timers instead of a list, and "settled" when no `setImmediate` waits any more,
// since a day has a hundred thousand timers. Steady time belongs to the world; each run of the daemon sees its own.

import type { Clock, Timer } from '../../src/lib/clock.ts';

export interface WorldTime {
  /** since the beginning of the world, ms */
  readonly nowMs: number;
  after(ms: number, run: () => void): Timer;
  /** Runs everything that comes due until then. */
  runUntil(untilMs: number): Promise<void>;
  pending(): number;
  /** what the machine's wall clock says */
  wallMs(): number;
  stepWall(byMs: number): void;
  setWall(toMs: number): void;
  synced: boolean;
  /** the clock as one run of the daemon sees it; dead once `alive` says so */
  clockOf(alive: () => boolean, entered: () => void): Clock;
}

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

const isBefore = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

function heap() {
  const entries: Entry[] = [];
  return {
    size: () => entries.length,
    first: (): Entry | undefined => entries[0],
    push(entry: Entry): void {
      let at = entries.push(entry) - 1;
      while (at > 0) {
        const up = (at - 1) >> 1;
        if (!isBefore(entry, entries[up]!)) break;
        entries[at] = entries[up]!;
        at = up;
      }
      entries[at] = entry;
    },
    shift(): void {
      const last = entries.pop()!;
      if (entries.length === 0) return;
      let at = 0;
      for (;;) {
        let down = 2 * at + 1;
        if (down >= entries.length) break;
        if (down + 1 < entries.length && isBefore(entries[down + 1]!, entries[down]!)) down += 1;
        if (!isBefore(entries[down]!, last)) break;
        entries[at] = entries[down]!;
        at = down;
      }
      entries[at] = last;
    },
  };
}

const immediate = globalThis.setImmediate;
let waiting = 0;

/** From now on `setImmediate` is counted; only in a process that simulates. */
export function countImmediates(): void {
  const counted = (run: (...given: unknown[]) => void, ...given: unknown[]): NodeJS.Immediate => {
    waiting += 1;
    return immediate(() => {
      waiting -= 1;
      run(...given);
    });
  };
  globalThis.setImmediate = counted as unknown as typeof setImmediate;
}

/** Microtasks, next ticks and immediates are done, also those that others queued. */
export async function settled(): Promise<void> {
  do await new Promise<void>((resolve) => immediate(resolve));
  while (waiting > 0);
}

export function worldTime(startWallMs: number): WorldTime {
  let nowMs = 0;
  let wallAheadMs = startWallMs;
  let order = 0;
  let live = 0;
  const timers = heap();

  const after = (ms: number, run: () => void): Timer => {
    order += 1;
    const entry: Entry = { atMs: nowMs + Math.max(0, ms), order, run, cancelled: false };
    live += 1;
    timers.push(entry);
    return {
      cancel() {
        if (!entry.cancelled) live -= 1;
        entry.cancelled = true;
      },
    };
  };

  const time: WorldTime = {
    get nowMs() {
      return nowMs;
    },
    synced: true,
    after,
    async runUntil(untilMs) {
      await settled();
      let atOnce = 0;
      for (;;) {
        const next = timers.first();
        if (!next || next.atMs > untilMs) break;
        timers.shift();
        if (next.cancelled) continue;
        atOnce = next.atMs === nowMs ? atOnce + 1 : 0;
        if (atOnce > 100_000) throw new Error('a timer is set again and again without time moving');
        nowMs = next.atMs;
        next.cancelled = true;
        live -= 1;
        next.run();
        await settled();
      }
      nowMs = Math.max(nowMs, untilMs);
    },
    pending: () => live,
    wallMs: () => Math.floor(nowMs + wallAheadMs),
    stepWall(byMs) {
      wallAheadMs += byMs;
    },
    setWall(toMs) {
      wallAheadMs = toMs - nowMs;
    },
    clockOf(alive, entered) {
      // counts from an arbitrary moment, as a real one does
      const zeroMs = nowMs - 1234.5;
      return {
        steadyMs: () => nowMs - zeroMs,
        wallMs: time.wallMs,
        synced: () => time.synced,
        after: (ms, run) => {
          if (!alive()) return { cancel: () => {} };
          // Node waits for no less
          return after(Math.max(1, ms), () => {
            if (!alive()) return;
            entered();
            if (alive()) run();
          });
        },
      };
    },
  };
  return time;
}

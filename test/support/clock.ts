// A clock that stands still until a test moves it: one of the four fakes. Timers run in the order of their time,
// and whatever they set going in microtasks is finished before the next one. Knows nothing of what it drives.

import type { Clock, Timer } from '../../src/lib/clock.ts';

export interface VirtualClock extends Clock {
  /** Moves steady and wall time, running every timer that comes due on the way. */
  advance(ms: number): Promise<void>;
  /** Time passes and no timer runs: something blocks the process. */
  block(ms: number): void;
  /** Moves the wall clock alone, as NTP or a person would. */
  stepWall(ms: number): void;
  setSynced(synced: boolean): void;
  /** timers that wait */
  pending(): number;
}

/** `wallMs`: where the wall clock starts, 2026-11-22T00:00:00Z unless told. */
export function virtualClock(wallMs = Date.UTC(2026, 10, 22)): VirtualClock {
  let nowMs = 0;
  let wallOffsetMs = wallMs;
  let isSynced = true;
  let count = 0;
  const timers = new Map<number, { atMs: number; run: () => void }>();

  const earliest = (): [number, { atMs: number; run: () => void }] | undefined => {
    let best: [number, { atMs: number; run: () => void }] | undefined;
    for (const each of timers) if (!best || each[1].atMs < best[1].atMs) best = each;
    return best;
  };

  return {
    steadyMs: () => nowMs,
    wallMs: () => Math.floor(nowMs + wallOffsetMs),
    synced: () => isSynced,
    after(ms, run): Timer {
      count += 1;
      const id = count;
      timers.set(id, { atMs: nowMs + Math.max(ms, 0), run });
      return { cancel: () => timers.delete(id) };
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      let ranAtMs = Number.NaN;
      let atOnce = 0;
      await settled();
      for (;;) {
        const next = earliest();
        if (!next || next[1].atMs > untilMs) break;
        const [id, timer] = next;
        timers.delete(id);
        nowMs = timer.atMs;
        atOnce = ranAtMs === nowMs ? atOnce + 1 : 0;
        ranAtMs = nowMs;
        if (atOnce > 100_000) throw new Error('a timer is set again and again without time moving');
        timer.run();
        await settled();
      }
      nowMs = untilMs;
    },
    block: (ms) => {
      nowMs += ms;
    },
    stepWall: (ms) => {
      wallOffsetMs += ms;
    },
    setSynced: (synced) => {
      isSynced = synced;
    },
    pending: () => timers.size,
  };
}

/** All microtasks are done, also those that others queued. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

// A clock for targets that run a hundred thousand times a second: it stands still, and its timers run when they are
// told to, all of them in the order of their time. No promises, unlike the virtual clock of the other tests.

import type { Clock } from '../../../src/lib/clock.ts';

export interface StillClock extends Clock {
  waiting(): number;
  /** Runs what waits, and what that sets, up to so many. */
  runAll(most?: number): void;
  move(ms: number): void;
}

export function stillClock(wallMs = Date.UTC(2026, 10, 22)): StillClock {
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  let nowMs = 0;
  return {
    steadyMs: () => nowMs,
    wallMs: () => wallMs + nowMs,
    synced: () => true,
    after(ms, run) {
      const timer = { atMs: nowMs + Math.max(0, ms), run };
      timers.add(timer);
      return { cancel: () => timers.delete(timer) };
    },
    waiting: () => timers.size,
    runAll(most = 1000) {
      for (let each = 0; each < most && timers.size > 0; each += 1) {
        const next = [...timers].reduce((one, other) => (other.atMs < one.atMs ? other : one));
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
      }
    },
    move(ms) {
      nowMs += ms;
    },
  };
}

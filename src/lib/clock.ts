// Time as the house sees it: a steady time that never jumps, a wall time that may lie, and timers. One of
// the four seams with a fake (`test/support/clock.ts`); nothing else in the house reads a clock.

import { clockSync } from './clock-sync.ts';

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds, monotonic, with a fraction; counts from an arbitrary moment. */
  steadyMs(): number;
  /** Milliseconds since 1970 as the system has it. */
  wallMs(): number;
  /** Is the wall clock disciplined by a time server? */
  synced(): boolean;
  after(ms: number, run: () => void): Timer;
}

/** Waits; resolves early (never rejects) when the signal is aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** Waits for it, but not longer than that; rejects as it does. Says whether it came to its end. */
export async function atMost(clock: Clock, ms: number, work: unknown): Promise<boolean> {
  const over = new AbortController();
  try {
    const ended = Promise.resolve(work).then(() => true);
    return await Promise.race([ended, sleep(clock, ms, over.signal).then(() => false)]);
  } finally {
    over.abort();
  }
}

export function systemClock(): Clock {
  const steadyMs = (): number => performance.now();
  return {
    steadyMs,
    wallMs: () => Date.now(),
    synced: clockSync(steadyMs),
    after(ms, run) {
      // setTimeout overflows past 2^31 - 1 ms and would fire at once
      const handle = setTimeout(run, Math.min(Math.max(ms, 0), 2_147_483_647));
      return { cancel: () => clearTimeout(handle) };
    },
  };
}

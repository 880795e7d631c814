// Time as the house sees it: a steady time that never jumps, a wall time that may lie, and timers. One of
// the four seams with a fake (`test/support/clock.ts`); nothing else in the house reads a clock.

import { readFileSync } from 'node:fs';

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

/**
 * systemd-timesyncd touches the first file at every synchronisation. Other time servers leave no mark of their own:
 * with them the clock counts as not synchronised, unless something makes the second. Read every ten seconds at most.
 */
const syncedMarks = ['/run/systemd/timesync/synchronized', '/run/chrony/synchronized'];

export function systemClock(): Clock {
  let checkedAtMs = Number.NEGATIVE_INFINITY;
  let wasSynced = false;
  const steadyMs = (): number => performance.now();
  return {
    steadyMs,
    wallMs: () => Date.now(),
    synced() {
      const now = steadyMs();
      if (now - checkedAtMs > 10_000) {
        checkedAtMs = now;
        wasSynced = syncedMarks.some((mark) => {
          try {
            readFileSync(mark);
            return true;
          } catch {
            return false;
          }
        });
      }
      return wasSynced;
    },
    after(ms, run) {
      // setTimeout overflows past 2^31 - 1 ms and would fire at once
      const handle = setTimeout(run, Math.min(Math.max(ms, 0), 2_147_483_647));
      return { cancel: () => clearTimeout(handle) };
    },
  };
}

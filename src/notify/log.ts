// What the ways out need of a log, and a brake on it: the same complaint is written once in a while, not at
// every attempt. Knows nothing of what is logged.

import type { Clock } from '../lib/clock.ts';

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const mostReasons = 200;

/** Returns true at most once in `everyMs` for each reason. */
export function rarely(clock: Clock, everyMs = 60_000): (reason: string) => boolean {
  const lastMs = new Map<string, number>();
  return (reason) => {
    const nowMs = clock.steadyMs();
    const last = lastMs.get(reason);
    if (last !== undefined && nowMs - last < everyMs) return false;
    // reasons may carry text from outside, so their number has a limit
    if (lastMs.size >= mostReasons) lastMs.clear();
    lastMs.set(reason, nowMs);
    return true;
  };
}

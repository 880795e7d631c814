// Keeps a fault that repeats from filling the log: at most one line a minute for each key, with the number of
// those left out. Knows nothing of what is logged.

import type { Log } from '../driver.ts';
import type { Clock } from '../lib/clock.ts';

const everyMs = 60_000;
/** keys are few (a bus, a device, an output); this bounds a mistake */
const mostKeys = 1000;

/** Returns whether it was written. */
export type LimitedWarn = (key: string, fields: object, message: string) => boolean;

export function limitedWarn(log: Log, clock: Clock): LimitedWarn {
  const said = new Map<string, { atMs: number; left: number }>();
  return (key, fields, message) => {
    const now = clock.steadyMs();
    const before = said.get(key);
    if (before && now - before.atMs < everyMs) {
      before.left += 1;
      return false;
    }
    if (said.size >= mostKeys) said.clear();
    said.set(key, { atMs: now, left: 0 });
    log.warn(before && before.left > 0 ? { ...fields, leftOut: before.left } : fields, message);
    return true;
  };
}

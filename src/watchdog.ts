// Feeds systemd's watchdog: only after a whole turn of the loop has gone round, and only while the supervisor of
// everything else goes on too. A timer alone would feed it for a house that does nothing any more.

import type { Clock, Timer } from './lib/clock.ts';
import { notifySystemd, watchdogMs } from './lib/notify-systemd.ts';
import type { Supervisor } from './lib/supervisor.ts';
import type { Loop } from './loop.ts';

/** Returns what ends it. */
export function feedWatchdog(clock: Clock, loop: Loop, supervisor: Supervisor): () => void {
  const everyMs = watchdogMs();
  if (everyMs === undefined) return () => {};
  let timer: Timer;
  const feed = (): void => {
    timer = clock.after(everyMs, async () => {
      await loop.pulse();
      if (supervisor.alive()) void notifySystemd('watchdog');
      feed();
    });
  };
  feed();
  return () => timer.cancel();
}

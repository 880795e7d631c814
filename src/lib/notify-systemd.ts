// Tells systemd how the daemon is, through `systemd-notify` as a child because Node has no datagram socket
// of that kind: units need `NotifyAccess=all`. Does nothing outside a unit of `Type=notify`, never fails and
// never waits; what to say and when is the caller's.

import { execFile } from 'node:child_process';

export type SystemdState =
  | 'ready'
  | 'stopping'
  | 'reloading'
  /** alive and well: only to be said by something that has seen the house work */
  | 'watchdog'
  | { readonly status: string };

let last: Promise<void> = Promise.resolve();
let watchdogsOut = 0;

/** Whether a unit of `Type=notify` waits to be told. */
export function awaitedBySystemd(): boolean {
  return Boolean(process.env.NOTIFY_SOCKET);
}

/** Resolves when systemd has been told, or could not be. Told in the order of the calls. */
export function notifySystemd(state: SystemdState): Promise<void> {
  if (!awaitedBySystemd()) return Promise.resolve();
  // a machine too busy to start one child is not helped by a queue of them
  if (state === 'watchdog' && watchdogsOut > 0) return last;
  if (state === 'watchdog') watchdogsOut += 1;
  last = last
    .then(() => tell(wordsFor(state)))
    .finally(() => {
      if (state === 'watchdog') watchdogsOut -= 1;
    });
  return last;
}

/** How often `watchdog` is to be said: half of what the unit's WatchdogSec allows, ms. Undefined: never. */
export function watchdogMs(environment: NodeJS.ProcessEnv = process.env): number | undefined {
  const limitUs = Number(environment.WATCHDOG_USEC);
  if (!Number.isFinite(limitUs) || limitUs <= 0) return undefined;
  const pid = environment.WATCHDOG_PID;
  if (pid && Number(pid) !== process.pid) return undefined;
  return limitUs / 1000 / 2;
}

function wordsFor(state: SystemdState): string[] {
  if (typeof state === 'object') return [`STATUS=${state.status.replace(/\s+/g, ' ')}`];
  switch (state) {
    case 'ready':
      return ['--ready'];
    case 'stopping':
      return ['STOPPING=1'];
    case 'watchdog':
      return ['WATCHDOG=1'];
    case 'reloading':
      // Type=notify-reload wants the moment by CLOCK_MONOTONIC, which is what hrtime counts
      return ['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`];
  }
}

function tell(words: string[]): Promise<void> {
  return new Promise((resolve) => {
    execFile('systemd-notify', words, { timeout: 5000 }, () => resolve());
  });
}

// The gateway's own retained status: online with figures, repeated as the heartbeat, offline as the will and
// at a clean stop. Also its guard: a late will or another gateway must not leave us shown as offline. Knows
// no connection.

import type { Clock, Timer } from '../lib/clock.ts';
import type { Message } from './connection.ts';
import { explainReason } from './explain.ts';
import { type Log, rarely } from './log.ts';
import { type Lane, longestRetryMs, refusedForGood, shortestRetryMs } from './sender.ts';
import type { Levels } from './types.ts';

export interface StatusLane extends Lane {
  /** To be published ahead of everything. */
  request(): void;
  /** To be published within a moment; many of these become one. */
  soon(): void;
  /** The next one says offline. */
  offline(): void;
  will(): Message;
  /** What somebody else, or an earlier connection of ours, left on our topic. */
  seen(payload: Buffer): void;
  close(): void;
}

const soonMs = 250;
/** two gateways of one name would else correct each other without end */
const repairEveryMs = 5000;
const largestStatus = 4096;

export function createStatusLane(options: {
  readonly topic: string;
  readonly session: string;
  readonly version: string;
  readonly heartbeatMs: number;
  readonly levels: Levels;
  readonly clock: Clock;
  readonly log: Log;
  connected(): boolean;
  pump(): void;
}): StatusLane {
  const { topic, session, version, levels, clock, log } = options;
  const mayLog = rarely(clock);
  let wanted = false;
  let state: 'online' | 'offline' = 'online';
  let soon: Timer | undefined;
  let repair: Timer | undefined;
  let retry: Timer | undefined;
  let retryMs = shortestRetryMs;
  let heartbeat: Timer | undefined;
  let repairedAtMs = Number.NEGATIVE_INFINITY;

  const message = (as: 'online' | 'offline'): Message => ({
    topic,
    payload: JSON.stringify({
      ...levels.status(),
      state: as,
      session,
      version,
      at: new Date(clock.wallMs()).toISOString(),
    }),
    retain: true,
  });

  const request = (): void => {
    if (!options.connected()) return;
    wanted = true;
    options.pump();
  };

  const beat = (): void => {
    heartbeat = clock.after(options.heartbeatMs, beat);
    request();
  };
  heartbeat = clock.after(options.heartbeatMs, beat);

  const settled = (reason: number): void => {
    if (reason < 0x80) {
      retryMs = shortestRetryMs;
      return;
    }
    const because = explainReason(reason);
    if (mayLog(because)) log.warn({ topic, because }, 'the broker refused the status');
    if (refusedForGood.has(reason) || retry !== undefined || state === 'offline') return;
    retry = clock.after(retryMs, () => {
      retry = undefined;
      request();
    });
    retryMs = Math.min(longestRetryMs, retryMs * 2);
  };

  return {
    polite: false,
    request,
    soon() {
      soon ??= clock.after(soonMs, () => {
        soon = undefined;
        request();
      });
    },
    offline() {
      state = 'offline';
      request();
    },
    will: () => message('offline'),
    seen(payload) {
      if (state === 'offline' || payload.length > largestStatus) return;
      let found: { readonly state?: unknown; readonly session?: unknown } | null;
      try {
        found = JSON.parse(payload.toString('utf8'));
      } catch {
        found = {};
      }
      if (found?.state === 'online' && found.session === session) return;
      if (mayLog('status')) {
        const other = typeof found?.session === 'string' && found.session !== session;
        const why = other
          ? 'another session wrote our status; is its id used twice?'
          : 'an old will arrived late';
        log.warn({ topic }, `${why}; publishing online again`);
      }
      const waitMs = repairedAtMs + repairEveryMs - clock.steadyMs();
      repair ??= clock.after(Math.max(0, waitMs), () => {
        repair = undefined;
        repairedAtMs = clock.steadyMs();
        request();
      });
    },
    next() {
      if (!wanted) return undefined;
      wanted = false;
      return { ...message(state), settled };
    },
    lost() {
      wanted = false;
      retry?.cancel();
      retry = undefined;
      retryMs = shortestRetryMs;
    },
    close() {
      for (const timer of [soon, repair, retry, heartbeat]) timer?.cancel();
    },
  };
}

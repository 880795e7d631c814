// The gateway's own retained status: online with figures, repeated as the heartbeat, offline as the will and
// at a clean stop. Also its guard: a late will or another gateway must not leave us shown as offline. Knows
// no connection.

import type { Clock, Timer } from '../lib/clock.ts';
import type { Message } from './connection.ts';
import { explainReason } from './explain.ts';
import type { IdentityWatch } from './identity.ts';
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
  /** What came on our topic: by somebody else, or by an earlier connection of ours. */
  seen(payload: Buffer): void;
  /** What lay retained on our topic before this connection. */
  found(payload: Buffer): void;
  close(): void;
}

const soonMs = 250;
const repairEveryMs = 5000;
const largestStatus = 4096;

function parsed(payload: Buffer): { readonly [field: string]: unknown } {
  try {
    const found: unknown = JSON.parse(payload.toString('utf8'));
    return found !== null && typeof found === 'object' ? (found as { [field: string]: unknown }) : {};
  } catch {
    return {};
  }
}

export function createStatusLane(options: {
  readonly topic: string;
  readonly session: string;
  readonly version: string;
  readonly heartbeatMs: number;
  readonly levels: Levels;
  readonly clock: Clock;
  readonly log: Log;
  connected(): boolean;
  readonly identity: Pick<IdentityWatch, 'heard' | 'contested'>;
  /** the broker has seen this number, which is above all that the state knows */
  ahead(seq: number): void;
  pump(): void;
}): StatusLane {
  const { topic, session, version, levels, clock, log, identity } = options;
  const mayLog = rarely(clock);
  let wanted = false;
  let state: 'online' | 'offline' = 'online';
  let soon: Timer | undefined;
  let repair: Timer | undefined;
  let retry: Timer | undefined;
  let retryMs = shortestRetryMs;
  let heartbeat: Timer | undefined;
  let repairedAtMs = Number.NEGATIVE_INFINITY;
  /** the broker has taken a status of this session */
  let stated = false;
  /** what lay there at the last connection and was not ours */
  let lastFound: string | undefined;

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
      stated = true;
      retryMs = shortestRetryMs;
      return;
    }
    const because = explainReason(reason);
    if (mayLog(because))
      log.warn({ code: 'STATUS_REFUSED', topic, because }, 'the broker refused the status');
    if (refusedForGood.has(reason) || retry !== undefined || state === 'offline') return;
    retry = clock.after(retryMs, () => {
      retry = undefined;
      request();
    });
    retryMs = Math.min(longestRetryMs, retryMs * 2);
  };

  /** A status that is not of this session; undefined for our own. */
  const foreign = (payload: Buffer): { readonly session?: string; readonly online: boolean } | undefined => {
    const found = parsed(payload);
    const online = found.state === 'online';
    if (found.session === session) return online ? undefined : { online };
    return typeof found.session === 'string' ? { session: found.session, online } : { online };
  };

  /** What the run before left: a disk that lost what it had acknowledged knows fewer events than the broker has seen. */
  const lookBack = (payload: Buffer): void => {
    const { epoch, lastSeq } = levels.status();
    const left = parsed(payload);
    if (left.epoch === epoch && Number.isSafeInteger(left.lastSeq) && (left.lastSeq as number) > lastSeq)
      options.ahead(left.lastSeq as number);
  };

  /** It writes that it is online: a will or a leftover says offline, a second gateway lives. */
  const lives = (other: ReturnType<typeof foreign>): other is { session: string; online: true } =>
    other?.online === true && other.session !== undefined;

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
      const other = foreign(payload);
      if (other === undefined) return;
      if (lives(other)) {
        identity.heard(other.session);
        // two that correct each other say nothing more than two heartbeats do
        if (identity.contested()) return;
      }
      if (mayLog('status')) {
        const why = lives(other) ? 'another session wrote our status' : 'an old will arrived late';
        log.warn({ code: 'STATUS_REPAIRED', topic }, `${why}; publishing online again`);
      }
      const waitMs = repairedAtMs + repairEveryMs - clock.steadyMs();
      repair ??= clock.after(Math.max(0, waitMs), () => {
        repair = undefined;
        repairedAtMs = clock.steadyMs();
        request();
      });
    },
    found(payload) {
      if (payload.length > largestStatus) return;
      // before our first one it may be of the run before this
      if (!stated) {
        lookBack(payload);
        return;
      }
      const text = payload.toString('utf8');
      // a late will of the run before lies there once; whoever pushes us off leaves another each time
      if (text === lastFound) return;
      lastFound = text;
      const other = foreign(payload);
      if (other?.session !== undefined) identity.heard(other.session);
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

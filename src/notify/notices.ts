// The lanes of the notices: what a role is to be told of one incident, published until the broker has acknowledged it
// or it is no longer wanted. Holds ids; the words are found when it is sent, as the incident stands then. Knows no
// connection.

import type { Incident, Message } from '../core/types.ts';
import { tookUnheard } from '../core/vocabulary.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { type HungUp, nobodyListens } from './connection.ts';
import { explainReason } from './explain.ts';
import { type Log, rarely } from './log.ts';
import {
  type Lane,
  longestRetryMs,
  notAuthorised,
  type Outgoing,
  refusedForGood,
  shortestRetryMs,
} from './sender.ts';
import type { Topics } from './topics.ts';
import type { Notices } from './types.ts';
import { wordsFor } from './words.ts';

const windowSize = 20;
/** the connection broke so often in a row with notices unanswered: they are sent one by one to find the cause */
const breaksToSuspect = 2;
/** and so often on one that was alone: it is refused, in the way of a broker without reason codes */
const breaksToBelieve = 3;
/** What the broker took is told to the house together: each telling is a commit, and an alarm's own must not wait for it. */
const reportAfterMs = 250;

export interface NoticeLanes {
  /** of alarms: they go right after the events */
  readonly alarms: Lane;
  readonly others: Lane;
  /** Other messages stand than before. */
  changed(): void;
  /** Begins with all that stand; called on each new connection. */
  begin(): void;
  /** Reports at once what the broker has taken. */
  finish(): void;
  close(): void;
}

export function createNoticeLanes(options: {
  readonly topics: Topics;
  readonly notices: Notices;
  readonly clock: Clock;
  readonly log: Log;
  pump(): void;
}): NoticeLanes {
  const { topics, notices, clock, log } = options;
  const mayLog = rarely(clock);
  const waiting = { alarms: [] as string[], others: [] as string[] };
  const inFlight = new Set<string>();
  /** acknowledged or refused, and still standing when last looked at */
  const done = new Set<string>();
  /** not authorised, each by itself: the topic of another role may be */
  const denied = new Map<string, { readonly pauseMs: number; readonly dueMs: number }>();
  /** why it failed, as the house was last told */
  const told = new Map<string, string>();
  /** taken by the broker, and not told to the house yet: who is known to have listened? */
  const taken: { readonly id: string; readonly unheard: boolean }[] = [];
  let reporting: Timer | undefined;
  let stale = true;
  let offering: { readonly timer: Timer; readonly dueMs: number } | undefined;
  let held: Timer | undefined;
  let retryMs = shortestRetryMs;
  let breaks = 0;
  let suspect: { readonly id: string; count: number } | undefined;

  const refill = (): void => {
    stale = false;
    waiting.alarms = [];
    waiting.others = [];
    const standing = new Set<string>();
    const nowMs = clock.steadyMs();
    for (const message of notices.messages()) {
      if (message.channel !== 'mqtt') continue;
      standing.add(message.id);
      if (inFlight.has(message.id) || done.has(message.id)) continue;
      if ((denied.get(message.id)?.dueMs ?? nowMs) > nowMs) continue;
      waiting[isAlarm(message) ? 'alarms' : 'others'].push(message.id);
    }
    for (const ids of [done, denied, told])
      for (const id of [...ids.keys()]) if (!standing.has(id)) ids.delete(id);
  };

  const isAlarm = ({ about }: Message): boolean =>
    about.some(({ incident }) => notices.incident(incident)?.category === 'alarm');

  const finish = (id: string, outcome: 'delivered' | 'unheard' | 'refused', because?: string): void => {
    done.add(id);
    denied.delete(id);
    told.delete(id);
    if (outcome === 'refused') notices.report(id, outcome, because);
    else {
      taken.push({ id, unheard: outcome === 'unheard' });
      reporting ??= clock.after(reportAfterMs, reportTaken);
    }
  };

  const reportTaken = (): void => {
    reporting?.cancel();
    reporting = undefined;
    for (const { id, unheard } of taken.splice(0))
      notices.report(id, 'delivered', unheard ? tookUnheard : 'the broker took it');
  };

  const failed = (id: string, because: string): void => {
    if (told.get(id) === because) return;
    told.set(id, because);
    notices.report(id, 'failed', because);
  };

  const settled = (id: string, topic: string, reason: number): void => {
    inFlight.delete(id);
    if (reason < 0x80) {
      retryMs = shortestRetryMs;
      breaks = 0;
      if (reason === nobodyListens && mayLog(topic))
        log.warn({ code: 'NOTICE_UNHEARD', topic }, 'nobody listens to a notice');
      finish(id, reason === nobodyListens ? 'unheard' : 'delivered');
      return;
    }
    const because = explainReason(reason);
    if (mayLog(because)) log.warn({ code: 'NOTICE_REFUSED', topic, because }, 'the broker refused a notice');
    // an access list can be mended, and nothing else stands in for the role meanwhile
    if (reason === notAuthorised) {
      failed(id, because);
      offerLater(id);
    } else if (refusedForGood.has(reason)) finish(id, 'refused', because);
    else {
      failed(id, because);
      hold();
    }
  };

  const offerLater = (id: string): void => {
    const pauseMs = Math.min(longestRetryMs, (denied.get(id)?.pauseMs ?? shortestRetryMs / 2) * 2);
    const dueMs = clock.steadyMs() + pauseMs;
    denied.set(id, { pauseMs, dueMs });
    offerAt(dueMs);
  };

  const offerAt = (dueMs: number): void => {
    if (offering !== undefined && offering.dueMs <= dueMs) return;
    offering?.timer.cancel();
    offering = { dueMs, timer: clock.after(dueMs - clock.steadyMs(), offer) };
  };

  /** What is due goes with the others; the timer stands for the next one. */
  const offer = (): void => {
    offering = undefined;
    const nowMs = clock.steadyMs();
    for (const { dueMs } of denied.values()) if (dueMs > nowMs) offerAt(dueMs);
    stale = true;
    options.pump();
  };

  const stop = (): void => {
    held?.cancel();
    held = undefined;
    offering?.timer.cancel();
    offering = undefined;
  };

  const hold = (): void => {
    if (held !== undefined) return;
    held = clock.after(retryMs, () => {
      held = undefined;
      stale = true;
      options.pump();
    });
    retryMs = Math.min(longestRetryMs, retryMs * 2);
  };

  const next = (from: string[]): Outgoing | undefined => {
    for (;;) {
      const id = from.shift();
      if (id === undefined) return undefined;
      const message = notices.message(id);
      const made = message && noticeOf(message, notices);
      if (message?.role === undefined || made === undefined) continue;
      const topic = topics.notify(message.role);
      inFlight.add(id);
      const payload = JSON.stringify(made);
      return { topic, payload, retain: false, settled: (reason) => settled(id, topic, reason) };
    }
  };

  const lane = (which: 'alarms' | 'others'): Lane => ({
    polite: false,
    next(unanswered) {
      if (held !== undefined) return undefined;
      if (stale) refill();
      if (breaks >= breaksToSuspect) {
        // nothing else may be in flight then, so that it is this one which broke the connection
        if (inFlight.size > 0 || (unanswered > 0 && waiting[which].length > 0)) return 'wait';
      } else if (inFlight.size >= windowSize) return undefined;
      return next(waiting[which]);
    },
    // both share what is in flight: told once
    lost: which === 'alarms' ? lost : () => {},
  });

  /** A notice must not keep the gateway from its centre because the broker hangs up at the sight of it. */
  function lost(hungUp: HungUp): void {
    const [id] = inFlight;
    const alone = inFlight.size === 1;
    inFlight.clear();
    stale = true;
    if (hungUp === 'no' || id === undefined) return;
    breaks += 1;
    if (!alone) return;
    if (suspect?.id !== id) suspect = { id, count: 0 };
    suspect.count += 1;
    if (suspect.count < breaksToBelieve) return;
    suspect = undefined;
    breaks = 0;
    log.error(
      { code: 'NOTICE_GIVEN_UP', message: id },
      'the broker hangs up whenever this notice is sent; it is given up',
    );
    finish(id, 'refused', 'the broker hangs up whenever it is sent');
  }

  return {
    alarms: lane('alarms'),
    others: lane('others'),
    changed() {
      stale = true;
    },
    begin() {
      stop();
      // another connection may have other rights
      denied.clear();
      retryMs = shortestRetryMs;
      stale = true;
    },
    finish: reportTaken,
    close() {
      stop();
      reportTaken();
    },
  };
}

/** What is published; undefined where the incident of it no longer stands. */
function noticeOf(message: Message, notices: Notices): object | undefined {
  const { premises } = notices;
  const [about] = message.about;
  const incident: Incident | undefined = about && notices.incident(about.incident);
  const told = incident?.told?.find(({ number }) => number === about?.told);
  const role = message.role ?? '';
  const reader = { language: premises.language, roles: [role], answers: false };
  const words = wordsFor(message, notices.incident, reader, premises);
  if (incident === undefined || told === undefined || words === undefined) return undefined;
  return {
    id: message.id,
    premises: premises.id,
    role,
    incident: incident.id,
    level: incident.level,
    title: words.title,
    text: words.text,
    to: notices.answering(role),
    attempt: about?.attempt ?? 1,
    drill: message.drill,
    kind: told.kind,
    because: told.because,
    at: told.at,
  };
}

// The lane of the events: from the outbox to the broker, in order, until each is acknowledged or refused for
// good. Holds at most a page in memory; what it has not yet acknowledged is in the outbox, not here. Knows
// no connection.

import type { Event } from '../core/types.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Store } from '../store/types.ts';
import type { HungUp } from './connection.ts';
import { explainReason } from './explain.ts';
import type { Log } from './log.ts';
import { type Lane, type Outgoing, packetTooLarge, refusedForGood } from './sender.ts';

const windowSize = 20;
const pageSize = 100;
const mostPending = 500;
/** the connection broke so often in a row with events unanswered: they are sent one by one to find the cause */
const breaksToSuspect = 2;
/** and so often on one that was alone: that one is refused, in the way of a broker without reason codes */
const breaksToBelieve = 4;
/** and so often not taken for now while others behind it were: it is that one, and it is refused */
const roundsToBelieve = 6;
/** a break later than this after the event was written has another cause */
const breakWithinMs = 5000;
const deliveredAfterMs = 50;
const deliveredBatch = 100;
const shortestPauseMs = 500;
const longestPauseMs = 30_000;
const unreadablePauseMs = 2000;

const hints: Readonly<Record<number, string>> = {
  135: "allow this gateway to publish on the topic in the broker's access list, then replay",
  144: 'check mqtt.prefix and the topic rules of the broker',
  149: 'raise the largest message size of the broker, then replay',
  153: 'the broker checks payloads: let it pass JSON in UTF-8',
};

export interface EventLane extends Lane {
  /** Committed events, in order. Ignored when the lane is behind: it reads the outbox then. */
  offer(events: readonly Event[]): void;
  /** Begins again with everything that waits; called on each new connection. */
  begin(): void;
  /** nothing is left to write or to be acknowledged */
  idle(): boolean;
  /** Tells the store what has been delivered, and ends the timers. */
  close(): void;
}

export function createEventLane(options: {
  readonly topic: string;
  readonly store: Pick<Store, 'outbox' | 'delivered' | 'setAside'>;
  readonly clock: Clock;
  readonly log: Log;
  /** 0…1 */
  readonly random: () => number;
  pump(): void;
  acknowledged(): void;
  /** the broker takes events not at all, or not now */
  refused(because: string): void;
}): EventLane {
  const { topic, store, clock, log } = options;
  let pending: Event[] = [];
  /** everything up to this seq was taken from the outbox */
  let readUpTo = 0;
  /** the outbox may hold more after `readUpTo` */
  let more = true;
  const inFlight = new Set<number>();
  let delivered: number[] = [];
  let flushTimer: Timer | undefined;
  /** the broker asked for patience: all is sent again, in order, once what is in flight has been answered */
  let held = false;
  let pause: Timer | undefined;
  let pauses = 0;
  /** the first that is not taken for now, and in how many rounds others behind it were */
  let refused: { readonly seq: number; rounds: number; others: boolean } | undefined;
  let breaks = 0;
  /** the event that was sent alone and broke the connection, and how often */
  let suspect: { readonly seq: number; count: number } | undefined;
  let sentAtMs = 0;

  const flush = (): void => {
    flushTimer?.cancel();
    flushTimer = undefined;
    if (delivered.length === 0) return;
    const seqs = delivered;
    delivered = [];
    try {
      store.delivered(seqs);
    } catch (fault) {
      // they will be sent once more; the centre knows them by their ids
      log.warn(
        { code: 'DELIVERY_NOT_NOTED', fault: String(fault), count: seqs.length },
        'delivered events could not be noted',
      );
    }
  };

  const restart = (): void => {
    pause?.cancel();
    pause = undefined;
    held = false;
    flush();
    pending = [];
    readUpTo = 0;
    more = true;
  };

  const pauseFor = (ms: number): void => {
    pause ??= clock.after(ms, () => {
      restart();
      options.pump();
    });
  };

  const refill = (): void => {
    while (pending.length === 0 && more) {
      let page: readonly Event[];
      try {
        page = store.outbox(readUpTo, pageSize);
      } catch (fault) {
        log.error(
          { code: 'OUTBOX_UNREADABLE', fault: String(fault) },
          'the outbox cannot be read; trying again',
        );
        held = true;
        pauseFor(unreadablePauseMs);
        return;
      }
      more = page.length >= pageSize;
      pending = page.filter((event) => !inFlight.has(event.seq));
      readUpTo = page.at(-1)?.seq ?? readUpTo;
    }
  };

  const setAside = (seq: number, because: string, hint: string | undefined): void => {
    log.error(
      { code: 'EVENT_REFUSED', seq, hint },
      `the broker refused an event for good: ${because}; it is set aside`,
    );
    try {
      store.setAside(seq, because);
    } catch (fault) {
      log.error(
        { code: 'EVENT_NOT_SET_ASIDE', fault: String(fault), seq },
        'a refused event could not be set aside',
      );
    }
    options.refused(`events are refused: ${because}`);
  };

  /** An event must not hold up all others because the broker hangs up at the sight of it. */
  const suspectOne = (hungUp: HungUp): void => {
    if (hungUp === 'no' || inFlight.size === 0 || clock.steadyMs() - sentAtMs > breakWithinMs) return;
    const alone = breaks >= breaksToSuspect;
    breaks += hungUp === 'surely' ? breaksToSuspect : 1;
    const [seq] = inFlight;
    if (!alone || seq === undefined) return;
    if (suspect?.seq !== seq) suspect = { seq, count: 0 };
    suspect.count += hungUp === 'surely' ? breaksToBelieve : 1;
    if (suspect.count < breaksToBelieve) return;
    suspect = undefined;
    setAside(seq, 'the broker hangs up whenever this event is sent', hints[packetTooLarge]);
  };

  const taken = ({ seq }: Event): void => {
    breaks = 0;
    if (held) {
      // behind one that is to come again this one comes again as well, in its order
      if (refused !== undefined && seq > refused.seq) refused.others = true;
      return;
    }
    pauses = 0;
    refused = undefined;
    delivered.push(seq);
    if (delivered.length >= deliveredBatch) flush();
    else flushTimer ??= clock.after(deliveredAfterMs, flush);
    options.acknowledged();
  };

  /** The broker asks for patience; if it is this event alone that it never takes, it must not hold up all others. */
  const notNow = ({ seq }: Event, reason: number): void => {
    const because = explainReason(reason);
    if (refused === undefined || seq < refused.seq) refused = { seq, rounds: 0, others: false };
    if (seq === refused.seq) {
      if (refused.others) refused.rounds += 1;
      refused.others = false;
      if (refused.rounds >= roundsToBelieve) {
        refused = undefined;
        setAside(seq, `${because}, again and again, while others are taken`, undefined);
        // what is under way behind it was sent before it was known that this one does not come
        held ||= inFlight.size > 0;
        pauses = 0;
        return;
      }
    }
    held = true;
    options.refused(`events are not taken now: ${because}`);
  };

  const settled = (event: Event, reason: number): void => {
    inFlight.delete(event.seq);
    if (reason < 0x80) taken(event);
    else if (refusedForGood.has(reason)) setAside(event.seq, explainReason(reason), hints[reason]);
    else notNow(event, reason);
    if (held && inFlight.size === 0 && pause === undefined) {
      const waitMs = Math.min(longestPauseMs, shortestPauseMs * 2 ** Math.min(pauses, 10));
      pauses += 1;
      pauseFor(waitMs * (0.8 + 0.4 * options.random()));
    }
  };

  return {
    polite: false,
    offer(events) {
      if (more || held) return;
      if (pending.length + events.length > mostPending) {
        more = true;
        return;
      }
      for (const event of events) {
        if (event.seq <= readUpTo) continue;
        pending.push(event);
        readUpTo = event.seq;
      }
    },
    begin: restart,
    next(unanswered): Outgoing | 'wait' | undefined {
      // while the broker asks for patience the levels may go: this lane has nothing to send
      if (held) return undefined;
      // of what waits for the broker's patience one is tried, and the next one, to see whether it is that one alone
      const most = breaks >= breaksToSuspect ? 1 : pauses > 0 ? 2 : windowSize;
      // nothing else may be in flight then, so that it is this one which broke the connection
      const waiting = pending.length > 0 || more;
      if (most === 1 && unanswered > 0) return waiting || inFlight.size > 0 ? 'wait' : undefined;
      if (inFlight.size >= most) return waiting ? 'wait' : undefined;
      refill();
      const event = pending.shift();
      if (event === undefined) return undefined;
      inFlight.add(event.seq);
      sentAtMs = clock.steadyMs();
      return {
        topic,
        payload: JSON.stringify(event),
        retain: false,
        settled: (reason) => settled(event, reason),
      };
    },
    lost(hungUp) {
      suspectOne(hungUp);
      inFlight.clear();
      restart();
    },
    idle: () => inFlight.size === 0 && pending.length === 0 && !more && !held,
    close() {
      pause?.cancel();
      flush();
    },
  };
}

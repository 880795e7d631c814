// The lane of the replays: events that the centre asks for again, read from the journal page by page and
// sent after the live ones, marked `replayed`. Knows no connection; a replay survives a lost one.

import type { Event, Reply } from '../core/types.ts';
import type { Store } from '../store/types.ts';
import { explainReason } from './explain.ts';
import type { Lane, Outgoing } from './sender.ts';

const windowSize = 20;
const pageSize = 50;
const mostReplays = 4;
const rememberedReplies = 100;
const mostBreaks = 3;
const mostCounted = 1000;

export interface ReplayLane extends Lane {
  /** Starts a replay; the answer comes when everything has been acknowledged. The same id again starts nothing. */
  request(command: { readonly id: string; readonly [field: string]: unknown }): void;
}

interface Replay {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  nextSeq: number;
  page: Event[];
  exhausted: boolean;
  readonly inFlight: Set<number>;
  /** connections in a row that the broker ended before any of it was acknowledged */
  breaks: number;
  sent: number;
  /** acknowledged while an earlier one was not: not to be counted twice when they are sent again */
  readonly counted: Set<number>;
  /** the first that was still kept */
  first?: number | undefined;
  refused?: number;
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

export function createReplayLane(options: {
  readonly topic: string;
  readonly store: Pick<Store, 'events'>;
  lastSeq(): number;
  answer(reply: Reply): void;
}): ReplayLane {
  const { topic, store } = options;
  const queue: Replay[] = [];
  /** answers of late, so that the same id does nothing twice */
  const answered = new Map<string, Reply>();

  const answer = (reply: Reply): void => {
    if (answered.size >= rememberedReplies) answered.delete(answered.keys().next().value as string);
    answered.set(reply.id, reply);
    options.answer(reply);
  };

  const finish = (replay: Replay): void => {
    queue.splice(queue.indexOf(replay), 1);
    const { id, from, to, first, sent, refused } = replay;
    if (refused !== undefined) {
      const message = `stopped after ${sent} events: ${explainReason(refused)}`;
      answer({ id, ok: false, code: 'refused', message, sent });
      return;
    }
    let message = `sent ${sent} events from ${from} to ${to}`;
    if (first === undefined) message = `nothing is kept from ${from} to ${to}`;
    else if (first > from) message += `; what is before ${first} is no longer kept`;
    answer({ id, ok: true, code: 'ok', message, sent });
  };

  const refill = (replay: Replay): void => {
    if (replay.page.length > 0 || replay.exhausted) return;
    replay.page =
      replay.nextSeq > replay.to
        ? []
        : store.events({ from: replay.nextSeq, to: replay.to, limit: pageSize });
    replay.exhausted = replay.page.length === 0;
    replay.first ??= replay.page[0]?.seq;
    replay.nextSeq = (replay.page.at(-1)?.seq ?? replay.to) + 1;
  };

  const count = (replay: Replay, seq: number): void => {
    replay.breaks = 0;
    if (replay.counted.has(seq)) return;
    replay.counted.add(seq);
    replay.sent += 1;
    if (replay.counted.size < mostCounted) return;
    const oldest = Math.min(...replay.inFlight, replay.nextSeq);
    for (const other of replay.counted) if (other < oldest) replay.counted.delete(other);
  };

  const settled = (replay: Replay, seq: number, reason: number): void => {
    replay.inFlight.delete(seq);
    if (reason < 0x80) count(replay, seq);
    else {
      replay.refused = reason;
      replay.page = [];
      replay.exhausted = true;
    }
    if (replay.exhausted && replay.inFlight.size === 0) finish(replay);
  };

  const outgoing = (replay: Replay, event: Event): Outgoing => {
    replay.inFlight.add(event.seq);
    return {
      topic,
      payload: JSON.stringify({ ...event, replayed: true }),
      retain: false,
      settled: (reason) => settled(replay, event.seq, reason),
    };
  };

  return {
    polite: true,
    request(command) {
      const { id, from, to } = command;
      const before = answered.get(id);
      if (before !== undefined) return options.answer(before);
      if (queue.some((replay) => replay.id === id)) return;
      const refuse = (code: string, message: string): void => answer({ id, ok: false, code, message });
      if (!isSeq(from)) return refuse('badRequest', 'from: a whole number from 1 is needed');
      if (to !== undefined && (!isSeq(to) || to < from)) {
        return refuse('badRequest', 'to: a whole number not below from is needed');
      }
      if (queue.length >= mostReplays) return refuse('tooMany', `${mostReplays} replays are running already`);
      const last = options.lastSeq();
      queue.push({
        id,
        from,
        to: Math.max(from, Math.min(to ?? last, last)),
        nextSeq: from,
        page: [],
        exhausted: from > last,
        inFlight: new Set(),
        breaks: 0,
        sent: 0,
        counted: new Set(),
      });
    },
    next() {
      for (;;) {
        const replay = queue[0];
        if (replay === undefined) return undefined;
        if (replay.inFlight.size >= windowSize) return undefined;
        try {
          refill(replay);
        } catch (fault) {
          queue.shift();
          const message = `the journal cannot be read: ${String(fault)}`;
          answer({ id: replay.id, ok: false, code: 'refused', message, sent: replay.sent });
          continue;
        }
        const event = replay.page.shift();
        if (event !== undefined) return outgoing(replay, event);
        if (replay.inFlight.size > 0) return undefined;
        finish(replay);
      }
    },
    lost(hungUp) {
      for (const replay of queue) {
        if (replay.inFlight.size === 0) continue;
        if (hungUp !== 'no') replay.breaks += 1;
        // an event at which the broker hangs up, long since set aside perhaps
        if (replay.breaks >= mostBreaks) replay.refused ??= 0x80;
        replay.nextSeq = Math.min(...replay.inFlight);
        replay.inFlight.clear();
        replay.page = [];
        replay.exhausted = replay.refused !== undefined;
      }
    },
  };
}

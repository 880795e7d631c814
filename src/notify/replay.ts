// The lane of the replays: events that the centre asks for again, read from the journal page by page and
// sent after the live ones, marked `replayed`. What was answered is kept in the store with the answers to all
// other commands. Knows no connection; a replay survives a lost one.

import { becauseIn } from '../core/because-words.ts';
import type { Event, Language, Reply } from '../core/types.ts';
import { isLanguage } from '../core/vocabulary.ts';
import type { Clock } from '../lib/clock.ts';
import type { Store } from '../store/types.ts';
import { explainReason } from './explain.ts';
import { type Log, rarely } from './log.ts';
import type { Lane, Outgoing } from './sender.ts';

const windowSize = 20;
const pageSize = 50;
const mostReplays = 4;
const rememberedReplies = 100;
const mostBreaks = 3;
const mostCounted = 1000;

export interface ReplayLane extends Lane {
  /**
   * Starts a replay; the answer comes when everything has been acknowledged. An id that was ever answered
   * starts nothing and gets that answer. Throws where the store cannot tell.
   */
  request(command: { readonly id: string; readonly [field: string]: unknown }): void;
  /** What a replay of this id came to, of late. */
  recall(id: string): Reply | 'running' | undefined;
}

interface Replay {
  readonly id: string;
  /** of its answer */
  readonly language: Language;
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

const sayings = {
  en: {
    sent: (count: number, from: number, to: number) => `sent ${count} events from ${from} to ${to}`,
    nothing: (from: number, to: number) => `nothing is kept from ${from} to ${to}`,
    pruned: (first: number) => `; what is before ${first} is no longer kept`,
    stopped: (count: number, why: string) => `stopped after ${count} events: ${why}`,
    badFrom: 'from: a whole number from 1 is needed',
    badTo: 'to: a whole number not below from is needed',
    tooMany: `${mostReplays} replays are running already; send it again later`,
    unreadable: (why: string) => `the journal cannot be read: ${why}`,
  },
  zh: {
    sent: (count: number, from: number, to: number) => `已重发第 ${from} 至 ${to} 条中的 ${count} 条消息`,
    nothing: (from: number, to: number) => `第 ${from} 至 ${to} 条已无保存`,
    pruned: (first: number) => `；第 ${first} 条以前的已不再保存`,
    stopped: (count: number, why: string) => `重发 ${count} 条后停止：${why}`,
    badFrom: 'from 应为不小于 1 的整数',
    badTo: 'to 应为不小于 from 的整数',
    tooMany: `已有 ${mostReplays} 个重发正在进行，请稍后再试`,
    unreadable: (why: string) => `日志无法读取：${why}`,
  },
} as const;

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

export function createReplayLane(options: {
  readonly topic: string;
  readonly store: Pick<Store, 'events' | 'reply' | 'commit'>;
  readonly clock: Clock;
  readonly log: Log;
  /** of the answers, where the command asks for none */
  readonly language: Language;
  lastSeq(): number;
  /** the event with the time that it truly had, where that is known by now */
  redated(event: Event): Event;
  answer(reply: Reply): void;
}): ReplayLane {
  const { topic, store, log } = options;
  const mayLog = rarely(options.clock);
  const queue: Replay[] = [];
  /** answers of late, so that the same id does nothing twice even while the disk fails */
  const answered = new Map<string, Reply>();
  /** ids of those that the store has not yet taken */
  const unkept = new Set<string>();

  const keep = (reply: Reply): void => {
    if (answered.size >= rememberedReplies) {
      const oldest = answered.keys().next().value as string;
      answered.delete(oldest);
      unkept.delete(oldest);
    }
    answered.set(reply.id, reply);
    unkept.add(reply.id);
    try {
      const replies = [...unkept].map((id) => answered.get(id) as Reply);
      store.commit({ facts: [], events: [], incidents: [], replies });
      unkept.clear();
    } catch (fault) {
      if (mayLog('keep'))
        log.warn(
          { code: 'ANSWER_NOT_KEPT', fault: String(fault) },
          'the answer to a replay could not be kept on disk',
        );
    }
  };

  const answer = (reply: Reply): void => {
    keep(reply);
    options.answer(reply);
  };

  const running = (id: string): boolean => queue.some((replay) => replay.id === id);

  const finish = (replay: Replay): void => {
    queue.splice(queue.indexOf(replay), 1);
    const { id, from, to, first, sent, refused, language } = replay;
    const say = sayings[language];
    if (refused !== undefined) {
      const message = say.stopped(sent, becauseIn(explainReason(refused), language));
      answer({ id, ok: false, code: 'refused', message, sent });
      return;
    }
    let message = first === undefined ? say.nothing(from, to) : say.sent(sent, from, to);
    if (first !== undefined && first > from) message += say.pruned(first);
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
      payload: JSON.stringify({ ...options.redated(event), replayed: true }),
      retain: false,
      settled: (reason) => settled(replay, event.seq, reason),
    };
  };

  return {
    polite: true,
    request(command) {
      const { id, from, to } = command;
      const language = isLanguage(command.language) ? command.language : options.language;
      const say = sayings[language];
      if (running(id)) return;
      const before = answered.get(id) ?? store.reply(id);
      if (before !== undefined) return options.answer(before);
      const refuse = (code: string, message: string): void => answer({ id, ok: false, code, message });
      if (!isSeq(from)) return refuse('badRequest', say.badFrom);
      if (to !== undefined && (!isSeq(to) || to < from)) {
        return refuse('badRequest', say.badTo);
      }
      if (queue.length >= mostReplays) {
        // not kept: the same command may be sent again, as with all that are too many
        return options.answer({ id, ok: false, code: 'tooMany', message: say.tooMany });
      }
      const last = options.lastSeq();
      queue.push({
        id,
        language,
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
    recall: (id) => (running(id) ? 'running' : answered.get(id)),
    next() {
      for (;;) {
        const replay = queue[0];
        if (replay === undefined) return undefined;
        if (replay.inFlight.size >= windowSize) return undefined;
        try {
          refill(replay);
        } catch (fault) {
          queue.shift();
          const message = sayings[replay.language].unreadable(String(fault));
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

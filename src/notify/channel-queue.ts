// The letters that wait for one channel: the most urgent first, so many at once, later and later after each failure,
// and none but one now and then while the channel as a whole fails. Holds ids only; what is sent is composed from the
// house at that moment. Knows no kind of channel.

import type { Message } from '../core/types.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { watchChannel } from './channel-health.ts';
import type { Channel, Letter, Outcome } from './channels/channel.ts';
import { explain } from './channels/faults.ts';
import type { Log } from './log.ts';
import type { ChannelState, Messages } from './types.ts';

const retrying = { firstMs: 1000, mostMs: 60_000 };
/** what stands beyond it is taken in as there is room */
const mostWaiting = 1000;
/** so many failures in a row until those that wait are told why they do */
const failuresToTell = 2;

export interface ChannelQueue {
  /** These messages of the channel stand now. */
  changed(messages: Iterable<Message>): void;
  /** The channel's own line came or went. */
  line(up: boolean, because: string): void;
  state(): Omit<ChannelState, 'id' | 'type'>;
  /** when the oldest attempt that is under way began, steady ms; undefined: none is */
  busySinceMs(): number | undefined;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

export interface QueueOptions {
  readonly id: string;
  readonly withinMs: number;
  readonly atOnce: number;
  /** opened now, not at the first letter */
  readonly standing: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly house: Pick<Messages, 'message' | 'report'>;
  /** how urgent it is now; the highest goes first */
  urgency(message: Message): number;
  /** undefined: this person has no address here, or nothing of it stands */
  compose(message: Message): Letter | undefined;
  /** Opens the channel at the first letter; tried again when it rejects. */
  open(): Promise<Channel>;
  /** there is room again for messages that were left out */
  more(): void;
  health(ok: boolean, because: string): void;
}

interface Item {
  readonly id: string;
  readonly sinceMs: number;
  nextAtMs: number;
  tries: number;
  running: boolean;
  /** what the house was last told of it */
  told?: string;
}

/** How it was when an attempt began. */
interface Before {
  /** of the channel, in a row */
  readonly failures: number;
  readonly begunMs: number;
}

export function createQueue(options: QueueOptions): ChannelQueue {
  const { id, clock, log, house, atOnce } = options;
  const items = new Map<string, Item>();
  /** settled here, and still standing in the house when it was last looked at */
  const settled = new Set<string>();
  const ending = new AbortController();
  const underWay = new Map<Promise<void>, number>();
  const health = watchChannel({
    withinMs: options.withinMs,
    clock,
    tell(ok, because) {
      if (ok) log.info({ code: 'CHANNEL_UP', channel: id }, `${because}`);
      else log.error({ code: 'CHANNEL_DOWN', channel: id, because }, 'a way to people does not work');
      options.health(ok, because);
    },
  });
  let channel: Promise<Channel> | undefined;
  let opened: Channel | undefined;
  let failures = 0;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** when the last ones began, as far as the channel's pace goes back */
  let begun: number[] = [];
  let timer: Timer | undefined;
  let left = false;
  let lineUp = false;
  let pumping = false;

  const stopped = (): boolean => ending.signal.aborted;

  const wakeAt = (atMs: number): void => {
    timer?.cancel();
    timer = clock.after(Math.max(0, atMs - clock.steadyMs()), pump);
  };

  /** Until when the pace of the channel lets nothing more begin. */
  const pacedUntilMs = (nowMs: number): number => {
    const pace = opened?.pace;
    if (pace === undefined) return nowMs;
    begun = begun.filter((atMs) => nowMs - atMs < pace.perMs);
    return begun.length < pace.most ? nowMs : begun[begun.length - pace.most]! + pace.perMs;
  };

  /** The next one to be sent, or when to look again. */
  const choose = (nowMs: number): Item | number | undefined => {
    let best: Item | undefined;
    let bestUrgency = 0;
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const item of items.values()) {
      if (item.running) continue;
      if (item.nextAtMs > nowMs) {
        earliestMs = Math.min(earliestMs, item.nextAtMs);
        continue;
      }
      const message = house.message(item.id);
      if (message === undefined) {
        items.delete(item.id);
        continue;
      }
      const urgency = options.urgency(message);
      if (!best || urgency > bestUrgency || (urgency === bestUrgency && item.sinceMs < best.sinceMs)) {
        best = item;
        bestUrgency = urgency;
      }
    }
    return best ?? (Number.isFinite(earliestMs) ? earliestMs : undefined);
  };

  const pump = (): void => {
    if (stopped() || pumping) return;
    pumping = true;
    timer?.cancel();
    timer = undefined;
    try {
      while (underWay.size < (failures > 0 ? 1 : atOnce) && items.size > underWay.size) {
        const nowMs = clock.steadyMs();
        const freeAtMs = Math.max(pausedUntilMs, pacedUntilMs(nowMs));
        const next = freeAtMs > nowMs ? freeAtMs : choose(nowMs);
        if (next === undefined) break;
        if (typeof next === 'number') {
          wakeAt(next);
          break;
        }
        begin(next);
      }
    } finally {
      pumping = false;
    }
    if (left && items.size < mostWaiting / 2) {
      left = false;
      options.more();
    }
  };

  const begin = (item: Item): void => {
    item.running = true;
    const before: Before = { failures, begunMs: clock.steadyMs() };
    begun.push(before.begunMs);
    if (begun.length > mostWaiting) begun.shift();
    const turn = attempt(item)
      .catch((fault: unknown): Outcome => ({ outcome: 'retry', because: explain(fault), whole: true }))
      .then((outcome) => {
        item.running = false;
        underWay.delete(turn);
        if (stopped()) return;
        if (outcome) settle(item, outcome, before);
        pump();
      })
      .catch((fault: unknown) =>
        log.error(
          { code: 'REPORT_NOT_TAKEN', channel: id, because: String(fault) },
          'a report was not taken',
        ),
      );
    underWay.set(turn, before.begunMs);
  };

  const openIt = async (): Promise<Channel> => {
    channel ??= options.open();
    try {
      opened = await channel;
      return opened;
    } catch (fault) {
      channel = undefined;
      throw fault;
    }
  };

  const attempt = async (item: Item): Promise<Outcome | undefined> => {
    const to = await openIt();
    // opening may have taken a while
    const message = house.message(item.id);
    if (message === undefined || stopped()) {
      items.delete(item.id);
      return undefined;
    }
    const letter = options.compose(message);
    if (letter === undefined) return { outcome: 'refused', because: 'no address on this channel' };
    return to.send(letter, ending.signal);
  };

  const settle = (item: Item, outcome: Outcome, before: Before): void => {
    if (outcome.outcome === 'delivered') {
      failures = 0;
      pausedUntilMs = Number.NEGATIVE_INFINITY;
      health.delivered();
      finish(item, 'delivered', outcome.because);
      return;
    }
    const { because } = outcome;
    log.debug({ channel: id, message: item.id, because }, `a message was not delivered: ${outcome.outcome}`);
    if (outcome.outcome === 'refused') {
      if (outcome.whole) health.failed(because, true, before.begunMs);
      else
        log.warn(
          { code: 'MESSAGE_REFUSED', channel: id, message: item.id, because },
          'a message was refused',
        );
      finish(item, 'refused', because);
      return;
    }
    item.tries += 1;
    const waitMs = Math.max(backoffMs(item.tries, retrying), outcome.waitMs ?? 0);
    item.nextAtMs = clock.steadyMs() + waitMs;
    tellWhy(item, because);
    if (outcome.whole) failWhole(because, outcome.waitMs ?? 0, before);
  };

  const failWhole = (because: string, waitMs: number, before: Before): void => {
    health.failed(because, false, before.begunMs);
    // several that were under way when it failed are one failure
    if (failures === before.failures) failures += 1;
    const untilMs = clock.steadyMs() + Math.max(backoffMs(failures, retrying), waitMs);
    pausedUntilMs = Math.max(pausedUntilMs, untilMs);
    if (failures >= failuresToTell) for (const item of [...items.values()]) tellWhy(item, because);
  };

  const tellWhy = (item: Item, because: string): void => {
    if (item.told === because || house.message(item.id) === undefined) return;
    item.told = because;
    house.report(item.id, 'failed', because);
  };

  const finish = (item: Item, outcome: 'delivered' | 'refused', because: string | undefined): void => {
    items.delete(item.id);
    settled.add(item.id);
    house.report(item.id, outcome, because);
  };

  // (said again when a letter needs it)
  if (options.standing) openIt().catch(() => {});

  return {
    changed(messages) {
      if (stopped()) return;
      const standing = new Set<string>();
      left = false;
      for (const message of messages) {
        standing.add(message.id);
        if (items.has(message.id) || settled.has(message.id)) continue;
        if (items.size >= mostWaiting) {
          left = true;
          continue;
        }
        const { id: key, sinceMs } = message;
        const nextAtMs = Number.NEGATIVE_INFINITY;
        items.set(key, { id: key, sinceMs, nextAtMs, tries: 0, running: false });
      }
      for (const item of [...items.values()])
        if (!standing.has(item.id) && !item.running) items.delete(item.id);
      for (const key of [...settled]) if (!standing.has(key)) settled.delete(key);
      pump();
    },
    line(up, because) {
      if (stopped()) return;
      health.line(up, because);
      const back = up && !lineUp;
      lineUp = up;
      if (!back) return;
      failures = 0;
      pausedUntilMs = Number.NEGATIVE_INFINITY;
      for (const item of items.values()) item.nextAtMs = Number.NEGATIVE_INFINITY;
      pump();
    },
    state() {
      const because = health.because();
      return { ok: health.ok(), ...(because !== undefined && { because }), waiting: items.size };
    },
    busySinceMs: () => (underWay.size === 0 ? undefined : Math.min(...underWay.values())),
    async stop() {
      ending.abort();
      timer?.cancel();
      health.stop();
      await channel?.then(
        (each) => each.close(),
        () => {},
      );
      await Promise.allSettled(underWay.keys());
    },
  };
}

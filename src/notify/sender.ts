// One window of unacknowledged messages shared by several lanes, the most urgent first. Knows nothing of
// what the lanes carry, and nothing of the network beyond "write this and tell me the broker's answer".

import type { Clock, Timer } from '../lib/clock.ts';
import type { HungUp, Message } from './connection.ts';

/** The broker's answer: a reason code, 0 (or any below 0x80) where it took the message. */
export type Settled = (reason: number) => void;

export interface Outgoing extends Message {
  readonly settled: Settled;
}

export interface Lane {
  /** slots of the window that this lane leaves free for those before it */
  readonly polite: boolean;
  /**
   * The next message to write; `wait`: there is more, but not now, and nothing may overtake it.
   * `unanswered`: messages in flight, of all lanes.
   */
  next(unanswered: number): Outgoing | 'wait' | undefined;
  /**
   * The connection is gone, and with it every answer still due: what was in flight is to be sent again.
   * `hungUp`: the broker ended a connection on which it had answered; something in flight may be the cause.
   */
  lost(hungUp: HungUp): void;
}

/** What the sender needs of a connection. */
export interface Wire {
  readonly receiveMaximum: number;
  readonly maximumPacketSize: number;
  publish(message: Message, settled: Settled): void;
}

export interface Sender {
  open(wire: Wire): void;
  closed(hungUp: HungUp): void;
  /** Writes what there is to write and room for, at once. */
  pump(): void;
  inFlight(): number;
  /** when the broker last answered a message, steady ms */
  answeredMs(): number;
}

const mostInFlight = 240;
const reservedSlots = 40;
/** fixed header, topic length, packet id and the few properties that are sent */
const packetOverhead = 64;
export const packetTooLarge = 0x95;
export const notAuthorised = 0x87;
/** Refusals of the message itself, which would be the same tomorrow: not authorised, topic, size, format. */
export const refusedForGood: ReadonlySet<number> = new Set([notAuthorised, 0x90, packetTooLarge, 0x99]);
/** what was not taken for now is offered again after the one, growing to the other */
export const shortestRetryMs = 5000;
export const longestRetryMs = 60_000;

export function createSender(options: {
  readonly clock: Clock;
  readonly lanes: readonly Lane[];
  /** a message unanswered for this long means that the connection is dead, ms */
  readonly ackWithinMs: number;
  stalled(): void;
  /** the broker has answered a message for the first time on this connection */
  answered(): void;
}): Sender {
  const { clock, lanes, ackWithinMs } = options;
  let wire: Wire | undefined;
  let timer: Timer | undefined;
  let pumping = false;
  let asked = false;
  let lastId = 0;
  let answered = false;
  let answeredMs = Number.NEGATIVE_INFINITY;
  /** when each was written; a Map keeps the order, so the first is the oldest */
  const sentAtMs = new Map<number, number>();

  const watch = (): void => {
    timer = undefined;
    const oldest = sentAtMs.values().next().value;
    if (oldest === undefined) return;
    const leftMs = oldest + ackWithinMs - clock.steadyMs();
    if (leftMs <= 0) options.stalled();
    else timer = clock.after(leftMs, watch);
  };

  const send = (on: Wire, message: Outgoing): void => {
    const id = ++lastId;
    sentAtMs.set(id, clock.steadyMs());
    timer ??= clock.after(ackWithinMs, watch);
    const settled = (reason: number): void => {
      // an answer to a connection that is gone says nothing to the one after it
      if (wire !== on || !sentAtMs.delete(id)) return;
      answeredMs = clock.steadyMs();
      if (!answered) options.answered();
      answered = true;
      message.settled(reason);
      pump();
    };
    const size =
      Buffer.byteLength(message.payload) +
      Buffer.byteLength(message.topic) +
      (message.correlationData?.length ?? 0);
    // MQTT 5 forbids to send more than the broker announced: it would end the connection
    if (size + packetOverhead > on.maximumPacketSize) queueMicrotask(() => settled(packetTooLarge));
    else on.publish(message, settled);
  };

  const nextMessage = (on: Wire): Outgoing | undefined => {
    const most = Math.min(mostInFlight, on.receiveMaximum);
    const reserved = Math.min(reservedSlots, Math.floor(most / 2));
    for (const lane of lanes) {
      if (sentAtMs.size >= (lane.polite ? most - reserved : most)) return undefined;
      const message = lane.next(sentAtMs.size);
      if (message === 'wait') return undefined;
      if (message !== undefined) return message;
    }
    return undefined;
  };

  const pump = (): void => {
    asked = true;
    if (pumping) return;
    pumping = true;
    try {
      while (wire !== undefined && asked) {
        // a lane may ask again while it is asked: what it then has may belong to a lane before it
        asked = false;
        for (;;) {
          const on: Wire | undefined = wire;
          const message = on === undefined ? undefined : nextMessage(on);
          if (on === undefined || message === undefined) break;
          send(on, message);
        }
      }
    } finally {
      pumping = false;
    }
  };

  return {
    open(to) {
      wire = to;
      answered = false;
    },
    closed(hungUp) {
      wire = undefined;
      timer?.cancel();
      timer = undefined;
      sentAtMs.clear();
      for (const lane of lanes) lane.lost(answered || hungUp === 'surely' ? hungUp : 'no');
    },
    pump,
    inFlight: () => sentAtMs.size,
    answeredMs: () => answeredMs,
  };
}

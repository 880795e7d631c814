// The lane of telemetry, the last of all: blocks of samples, oldest first, when nothing else is on its way, one at a time
// and so many a second, until the broker has them. Knows the blocks only as a backlog, and no connection.

import type { Clock, Timer } from '../lib/clock.ts';
import type { Backlog, StoredBlock } from '../telemetry/types.ts';
import { explainReason } from './explain.ts';
import { type Log, rarely } from './log.ts';
import { type Lane, longestRetryMs, notAuthorised, refusedForGood, shortestRetryMs } from './sender.ts';

/** What is in the socket can't be overtaken: an alarm never waits behind more than this many blocks. */
const mostInFlight = 1;
const mostEachSecond = 20;
/** with more than this unanswered of other lanes the line is busy */
const mostUnanswered = 20;
/** so many connections in a row ended by the broker with telemetry unanswered: alarms come first */
const mostBreaks = 3;
const quietMs = 600_000;

export interface TelemetryLane extends Lane {
  /** There may be more to send: a block was written, or a connection made. */
  grown(): void;
  /** No more telemetry: the daemon stops. */
  close(): void;
}

export interface TelemetryLaneOptions {
  readonly topic: string;
  readonly premises: string;
  readonly backlog: Backlog;
  readonly clock: Clock;
  readonly log: Log;
  /** messages a second; default 20 */
  readonly rate?: number;
  pump(): void;
}

export function createTelemetryLane(options: TelemetryLaneOptions): TelemetryLane {
  const { topic, premises, backlog, clock, log } = options;
  const mayLog = rarely(clock);
  const gapMs = 1000 / (options.rate ?? mostEachSecond);
  /** taken from the backlog and not yet answered, in order; a block that is to be sent again is no longer in here */
  const inFlight: { readonly block: StoredBlock; answered: boolean }[] = [];
  let latest: StoredBlock | undefined;
  let empty = false;
  let closed = false;
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  let pauseMs = 0;
  let breaks = 0;
  let timer: Timer | undefined;

  const wake = (): void => {
    timer ??= clock.after(Math.max(0, notBeforeMs - clock.steadyMs()), () => {
      timer = undefined;
      options.pump();
    });
  };

  const holdFor = (ms: number): void => {
    notBeforeMs = Math.max(notBeforeMs, clock.steadyMs() + ms);
  };

  /** What was sent since the last acknowledged block is sent again. */
  const goBack = (): void => {
    inFlight.length = 0;
    latest = undefined;
    empty = false;
  };

  const settled = (block: StoredBlock, reason: number): void => {
    const entry = inFlight.find((one) => one.block === block);
    if (entry === undefined) return;
    if (reason < 0x80) {
      breaks = 0;
      pauseMs = 0;
      entry.answered = true;
      while (inFlight[0]?.answered) backlog.acknowledge(inFlight.shift()!.block);
      return;
    }
    const because = explainReason(reason);
    if (mayLog(because))
      log.warn({ code: 'TELEMETRY_REFUSED', block: block.number, because }, 'the broker refused telemetry');
    // too large or of the wrong form would be so for ever; forbidden would be every other block as well
    if (refusedForGood.has(reason) && reason !== notAuthorised) {
      inFlight.splice(inFlight.indexOf(entry), 1);
      backlog.refuse(block);
      return;
    }
    pauseMs = Math.min(longestRetryMs, Math.max(shortestRetryMs, pauseMs * 2));
    holdFor(pauseMs);
    goBack();
    wake();
  };

  return {
    polite: true,
    grown() {
      empty = false;
    },
    next(unanswered) {
      if (closed || empty || inFlight.length >= mostInFlight) return undefined;
      if (unanswered - inFlight.length > mostUnanswered) return undefined;
      const nowMs = clock.steadyMs();
      if (nowMs < notBeforeMs) {
        wake();
        return undefined;
      }
      const block = backlog.next(latest);
      if (block === undefined) {
        empty = true;
        return undefined;
      }
      latest = block;
      inFlight.push({ block, answered: false });
      holdFor(gapMs);
      return {
        topic,
        payload: JSON.stringify(messageOf(premises, block)),
        retain: false,
        settled: (reason) => settled(block, reason),
      };
    },
    lost(hungUp) {
      if (hungUp !== 'no' && inFlight.length > 0 && ++breaks >= mostBreaks) {
        breaks = 0;
        holdFor(quietMs);
        log.error(
          { code: 'TELEMETRY_PAUSED', forMs: quietMs },
          'the broker hangs up whenever telemetry is published; it pauses, events go on',
        );
      }
      goBack();
    },
    close() {
      closed = true;
      timer?.cancel();
      timer = undefined;
    },
  };
}

/** The payload: one array a point and figure, an entry for each `everyMs` from `from` on; null while unknown. */
export function messageOf(premises: string, block: StoredBlock): object {
  const { file, number, wallMs, fromMs, clock, everyMs, points, samples } = block;
  return {
    v: 1,
    premises,
    id: `${file}-${number}`,
    from: new Date(wallMs).toISOString(),
    clock,
    engineMs: fromMs,
    everyMs,
    points: Object.fromEntries(
      points.map((point, slot) => [
        point,
        {
          last: samples[slot]!.map(({ last }) => last),
          min: samples[slot]!.map(({ min }) => min),
          max: samples[slot]!.map(({ max }) => max),
        },
      ]),
    ),
  };
}

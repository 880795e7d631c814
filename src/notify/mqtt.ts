// The courier over MQTT: wires the lanes to the line and starts over on each new connection. Knows the house
// only as `CourierHost` and the disk only as the outbox; the broker may come and go without anyone waiting.

import type { MqttConfig } from '../config/types.ts';
import type { Language } from '../core/types.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { Store } from '../store/types.ts';
import { type Connect, type Connection, whereIs } from './connection.ts';
import { createEventLane } from './events.ts';
import { explainReason } from './explain.ts';
import { watchIdentity } from './identity.ts';
import { createInbox } from './inbox.ts';
import { createLevelLane } from './levels.ts';
import { keepLine } from './line.ts';
import { type Log, rarely } from './log.ts';
import { createNoticeLanes } from './notices.ts';
import { createReplayLane, type ReplayLane } from './replay.ts';
import { createReplyLane } from './replies.ts';
import { createSender, type Sender } from './sender.ts';
import { createStatusLane } from './status.ts';
import { createTelemetryLane } from './telemetry.ts';
import { topicsOf } from './topics.ts';
import type { Courier, CourierHost } from './types.ts';

const ackWithinMs = 20_000;
const longestHeartbeatMs = 60_000;
/** a clean stop: time for events, then for the last status */
const stopEventsMs = 1500;
const stopStatusMs = 500;
const stopPollMs = 10;
/** what lies at the broker comes right after the subscription */
const lookBackMs = 5000;
/** fewer than the breaks after which a lane thinks that its own message is the cause */
const mostLooks = 2;

export interface MqttCourierOptions {
  readonly config: MqttConfig;
  readonly premises: string;
  /** identity of this run of the daemon, in `status` */
  readonly session: string;
  readonly version: string;
  readonly clock: Clock;
  /** where the wall clock is known to be wrong: the least that now can truly be, wall ms */
  readonly clockFloorMs?: () => number | undefined;
  readonly log: Log;
  readonly store: Pick<
    Store,
    'outbox' | 'outboxSize' | 'delivered' | 'setAside' | 'retained' | 'retain' | 'events' | 'reply' | 'commit'
  >;
  readonly host: CourierHost;
  /** of the answers to `replay`; default: English */
  readonly language?: Language;
  /** the broker's seam; default: the mqtt package */
  readonly connect?: Connect;
  /** 0…1, for the jitter of waits; default: Math.random */
  readonly random?: () => number;
}

/** Starts at once and never throws: a broker that cannot be reached is a matter for `host.health`. */
export function startMqtt(options: MqttCourierOptions): Courier {
  const { config, session, version, clock, log, store, host } = options;
  const random = options.random ?? Math.random;
  const topics = topicsOf(config.prefix, options.premises);
  const where = whereIs(config.url);
  const mayLog = rarely(clock);
  let stopping: Promise<void> | undefined;
  let looksLeft = mostLooks;
  let sender: Sender | undefined;
  const pump = (): void => sender?.pump();

  let told: string | undefined;
  const health = (ok: boolean, because: string): void => {
    if (told === `${ok} ${because}` || stopping !== undefined) return;
    told = `${ok} ${because}`;
    host.health(ok, because);
  };
  const well = (): void => {
    const protocol = line.connection()?.protocol;
    if (protocol !== undefined)
      health(true, `${where}: connected with MQTT ${protocol === 5 ? '5' : '3.1.1'}`);
  };

  const identity = watchIdentity({
    clock,
    clientId: config.clientId,
    session,
    health: (ok, because) => {
      if (stopping === undefined) host.identity(ok, because);
    },
  });
  const status = createStatusLane({
    topic: topics.status,
    session,
    version,
    heartbeatMs: Math.min(config.heartbeatMs, longestHeartbeatMs),
    levels: host.levels,
    clock,
    log,
    identity,
    ahead: (seq) => host.ahead(seq),
    connected: () => line.connection() !== undefined,
    pump,
  });
  const events = createEventLane({
    topic: topics.event,
    store,
    clock,
    log,
    random,
    pump,
    acknowledged: well,
    refused: (because) => health(false, `${where}: ${because}`),
  });
  const replies = createReplyLane({ topics, clock, log });
  const inbox = createInbox({
    topics,
    host,
    clock,
    log,
    language: options.language ?? 'en',
    replies,
    status,
    found: (topic, payload) => levels.found(topic, payload),
    pump,
    replays: () => replays,
  });
  const replays: ReplayLane = createReplayLane({
    topic: topics.event,
    store,
    clock,
    log,
    language: options.language ?? 'en',
    lastSeq: () => host.levels.status().lastSeq,
    redated: (event) => host.levels.redated(event),
    answer: inbox.answer,
  });
  const levels = createLevelLane({ topics, levels: host.levels, store, clock, log, pump });
  const notices = host.notices && createNoticeLanes({ topics, notices: host.notices, clock, log, pump });
  const telemetry =
    host.telemetry &&
    createTelemetryLane({
      topic: topics.telemetry,
      premises: options.premises,
      backlog: host.telemetry,
      clock,
      log,
      pump,
    });
  sender = createSender({
    clock,
    ackWithinMs,
    lanes: [
      status,
      events,
      ...(notices ? [notices.alarms] : []),
      replies,
      replays,
      ...(notices ? [notices.others] : []),
      levels,
      ...(telemetry ? [telemetry] : []),
    ],
    stalled: () => line.connection()?.drop(`no acknowledgement within ${ackWithinMs / 1000} s`),
    // one that takes the connection and acknowledges nothing is no way out
    answered: well,
  });

  const subscribe = (to: Connection): void => {
    const wanted = [topics.command, topics.receipt, topics.status];
    to.subscribe(wanted, (codes) => {
      wanted.forEach((topic, index) => {
        const code = codes[index] ?? 0x80;
        if (code < 0x80 || !mayLog(topic)) return;
        log.error(
          { code: 'SUBSCRIPTION_REFUSED', topic, because: explainReason(code) },
          'the broker refused a subscription; check its access list',
        );
      });
    });
  };

  /** Once in a run: are there incidents at the broker that this house does not know? */
  const lookBack = (to: Connection): void => {
    if (looksLeft === 0) return;
    // a broker that hangs up at it is not asked for ever
    looksLeft -= 1;
    to.subscribe([topics.incidents], () =>
      clock.after(lookBackMs, () => {
        // (one that was cut short has not seen everything)
        if (line.connection() !== to) return;
        looksLeft = 0;
        to.unsubscribe(topics.incidents);
      }),
    );
  };

  const line = keepLine({
    config,
    clock,
    log,
    random,
    ...(options.connect && { connect: options.connect }),
    clientId: identity.clientId,
    clockFloorMs: options.clockFloorMs,
    will: status.will,
    pushedOff: identity.pushedOff,
    message: (message) => {
      if (stopping === undefined) inbox.take(message);
    },
    connected(to) {
      sender?.open(to);
      // written before anything else, so that no command of the centre falls into a gap
      subscribe(to);
      events.begin();
      notices?.begin();
      levels.begin();
      lookBack(to);
      telemetry?.grown();
      status.request();
    },
    lost(because, hungUp) {
      sender?.closed(hungUp);
      health(false, because);
    },
  });

  const waitFor = async (ms: number, done: () => boolean): Promise<void> => {
    const untilMs = clock.steadyMs() + ms;
    while (line.connection() !== undefined && !done() && clock.steadyMs() < untilMs)
      await sleep(clock, stopPollMs);
  };

  const stop = async (): Promise<void> => {
    levels.halt();
    telemetry?.close();
    await waitFor(stopEventsMs, events.idle);
    status.offline();
    await waitFor(stopStatusMs, () => sender?.inFlight() === 0);
    // with something unanswered the will speaks for us: hanging up is the surest way
    await line.close(sender?.inFlight() === 0);
    sender?.closed('no');
    notices?.close();
    identity.stop();
    status.close();
    events.close();
  };

  return {
    events(committed) {
      if (line.connection() === undefined) return;
      events.offer(committed);
      pump();
    },
    changed(points, incidents) {
      const changedIncidents = [...incidents];
      levels.changed(points, changedIncidents);
      if (changedIncidents.length > 0) status.soon();
      pump();
    },
    recorded() {
      telemetry?.grown();
      pump();
    },
    told() {
      notices?.changed();
      pump();
    },
    state() {
      const connection = line.connection();
      const because = line.because();
      return {
        connected: connection !== undefined,
        ...(connection !== undefined && { protocol: connection.protocol }),
        waiting: store.outboxSize(),
        ...(because !== undefined && { because }),
      };
    },
    finish: () => notices?.finish(),
    wentOnMs: () => Math.max(line.wentOnMs(), sender?.answeredMs() ?? 0),
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

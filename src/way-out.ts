// The way to the monitoring centre, opened for one configuration: the embedded broker where the site wants
// one, the courier, and the two healths that belong to them: connected, and confirmed by the centre.

import type { ClockFloor } from './clock-floor.ts';
import type { MqttConfig } from './config/types.ts';
import { isFailing } from './core/troubles.ts';
import type { Event } from './core/types.ts';
import type { Log } from './driver.ts';
import type { Clock, Timer } from './lib/clock.ts';
import type { Loop } from './loop.ts';
import type { Connect } from './notify/connection.ts';
import { watchReceipts } from './notify/receipts.ts';
import type { Courier, Notices } from './notify/types.ts';
import { levelsOf } from './report.ts';
import { createGate } from './rights/gate.ts';
import type { CommandRights } from './rights/types.ts';
import type { Store } from './store/types.ts';
import type { Backlog } from './telemetry/types.ts';

export interface WayOut {
  /** where the embedded broker listens */
  readonly listening?: { readonly host: string; readonly port: number };
  state(): ReturnType<Courier['state']>;
  events(events: readonly Event[]): void;
  changed(points: ReadonlySet<string>, incidents: ReadonlySet<string>): void;
  /** the messages that stand are others than before */
  told(): void;
  /** there may be more telemetry to publish */
  recorded(): void;
  /** when it last went on, steady ms */
  wentOnMs(): number;
  /** Tells the house what it does not know yet, before it listens no more. */
  finish(): void;
  stop(): Promise<void>;
}

export interface WayOutOptions {
  readonly mqtt: MqttConfig;
  readonly premises: string;
  readonly session: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly loop: Loop;
  /** who may command over the broker, as it is in force now */
  readonly rights: () => CommandRights;
  readonly clockFloor: Pick<ClockFloor, 'wrongUntilMs'>;
  /** messages to roles; absent: none are published */
  readonly notices?: Notices;
  /** what numbers did; absent: not published */
  readonly telemetry?: Backlog;
  /** the broker's seam; default: the mqtt package */
  readonly connect?: Connect;
  /** 0…1, for the jitter of waits */
  readonly random?: () => number;
}

/** A broken line to the broker is an incident only when it lasts. */
const brokerTroubleAfterMs = 30_000;

/** Rejects where the embedded broker can't listen; a broker elsewhere that is down is only waited for. */
export async function openWayOut(options: WayOutOptions): Promise<WayOut> {
  const { clock, log, store, loop, premises, session, version } = options;
  let { mqtt } = options;
  let closeBroker: (() => Promise<void>) | undefined;
  let listening: { host: string; port: number } | undefined;
  if (mqtt.url === 'embedded') {
    const { startEmbeddedBroker } = await import('./notify/embedded-broker.ts');
    const broker = await startEmbeddedBroker(mqtt, log);
    closeBroker = () => broker.close();
    const { hostname, port } = new URL(broker.url);
    listening = { host: hostname, port: Number(port) };
    mqtt = { ...mqtt, url: broker.url };
  }
  const connection = watchConnection(loop, clock);
  const receipts = openReceipts(options);
  const { startMqtt } = await import('./notify/mqtt.ts');
  const courier: Courier = startMqtt({
    config: mqtt,
    ...(options.connect && { connect: options.connect }),
    ...(options.random && { random: options.random }),
    premises,
    session,
    version,
    clock,
    clockFloorMs: options.clockFloor.wrongUntilMs,
    log,
    store,
    language: loop.model.site.language,
    host: {
      levels: levelsOf(loop, { session, version }),
      ...(options.notices && { notices: options.notices }),
      ...(options.telemetry && { telemetry: options.telemetry }),
      command: (command) => loop.command(command),
      answerTo: (id) => loop.answerTo(id),
      gate: createGate({
        rights: options.rights,
        premises,
        language: loop.model.site.language,
        session,
        clock,
        clockFloorMs: options.clockFloor.wrongUntilMs,
        note: (text) => store.note('commandsTaken', text),
        failed: (error) =>
          log.warn(
            { code: 'NONCES_NOT_KEPT', because: String(error) },
            'which commands were taken is not on disk',
          ),
      }),
      receipt: (seq) => receipts?.received(seq),
      health: connection.health,
      ahead(seq) {
        const because = `the disk lost what it had acknowledged: the broker has seen event ${seq}`;
        loop.push({ type: 'health', check: 'state', ok: false, because });
      },
      identity(ok, because) {
        if (!ok || isFailing(loop.state.durable, 'identity'))
          loop.push({ type: 'health', check: 'identity', ok, because });
      },
    },
  });
  return {
    ...(listening && { listening }),
    state: () => courier.state(),
    events(events) {
      courier.events(events);
      receipts?.published(events[events.length - 1]!.seq);
    },
    changed: (points, incidents) => courier.changed(points, incidents),
    told: () => courier.told(),
    recorded: () => courier.recorded(),
    wentOnMs: () => courier.wentOnMs(),
    finish: () => courier.finish(),
    async stop() {
      connection.stop();
      receipts?.stop();
      await courier.stop();
      await closeBroker?.();
    },
  };
}

/** Ends the troubles of checks that this configuration does not have. */
export function endChecksWithout(loop: Loop, mqtt: MqttConfig | undefined): void {
  const because = 'removed from the configuration';
  if (mqtt === undefined) {
    loop.push({ type: 'health', check: 'broker', ok: true, because });
    loop.push({ type: 'health', check: 'identity', ok: true, because });
  }
  if (mqtt?.receiptWithinMs === undefined) loop.push({ type: 'health', check: 'receipt', ok: true, because });
}

function watchConnection(loop: Loop, clock: Clock) {
  let timer: Timer | undefined;
  return {
    health(ok: boolean, because: string): void {
      if (ok) {
        timer?.cancel();
        timer = undefined;
        // also a trouble of before a restart
        if (isFailing(loop.state.durable, 'broker'))
          loop.push({ type: 'health', check: 'broker', ok, because });
      } else {
        timer ??= clock.after(brokerTroubleAfterMs, () =>
          loop.push({ type: 'health', check: 'broker', ok, because }),
        );
      }
    },
    stop: () => timer?.cancel(),
  };
}

/** What the centre has confirmed is remembered: what it had not at a restart is still to be confirmed. */
function openReceipts({ mqtt, clock, store, loop, log }: WayOutOptions) {
  if (mqtt.receiptWithinMs === undefined) return undefined;
  const receipts = watchReceipts(clock, mqtt.receiptWithinMs, {
    confirmed: Number(store.note('receipt') ?? 0),
    late: isFailing(loop.state.durable, 'receipt'),
    overdue: (ok, because) => loop.push({ type: 'health', check: 'receipt', ok, because }),
    keep(seq) {
      try {
        store.note('receipt', String(seq));
      } catch (error) {
        log.warn({ code: 'RECEIPT_NOT_KEPT' }, error instanceof Error ? error.message : String(error));
      }
    },
  });
  receipts.published(loop.storedSeq());
  return receipts;
}

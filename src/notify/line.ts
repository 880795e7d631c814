// Keeps one connection to the broker alive: which MQTT version to try, how long to wait before the next
// attempt, and what to tell people meanwhile. Knows nothing of what is sent over it.

import type { MqttConfig } from '../config/types.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import {
  type Connect,
  type Connection,
  type HungUp,
  type Inbound,
  type Loss,
  type Message,
  openConnection,
  whereIs,
} from './connection.ts';
import { type Log, rarely } from './log.ts';

/** After a broker's restart hundreds of gateways come back: spread over a second, none waits longer than an alarm may. */
const firstRetryMs = 1000;
const shortestRetryMs = 1000;
const longestRetryMs = 30_000;
/** a connection that stood this long was a good one: the next failure counts from the beginning */
const stableMs = 10_000;
/** with a broker that was found to speak 3.1.1 only, MQTT 5 is tried again this often */
const probeEvery = 10;
/** brokers and proxies also hang up for other reasons: believe it after so many in a row */
const suspicionsToBelieve = 2;

/** The wait before attempt number `failures` (from 0), ms; `random` in 0…1. */
export function retryDelayMs(failures: number, random: number): number {
  if (failures === 0) return firstRetryMs * random;
  const mostMs = Math.min(longestRetryMs, shortestRetryMs * 2 ** Math.min(failures - 1, 20));
  return mostMs * (0.5 + random / 2);
}

export interface Line {
  connection(): Connection | undefined;
  /** why there is none */
  because(): string | undefined;
  /** when the last attempt began or ended, steady ms */
  wentOnMs(): number;
  /** No further attempts; says goodbye if `politely`, else the broker publishes the will. */
  close(politely: boolean): Promise<void>;
}

export function keepLine(options: {
  readonly config: MqttConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** default: the mqtt package, loaded late */
  readonly connect?: Connect;
  /** 0…1 */
  readonly random: () => number;
  /** asked for at each attempt */
  clientId(): string;
  /** likewise: the least that now can truly be, where the wall clock is known to be wrong */
  readonly clockFloorMs?: (() => number | undefined) | undefined;
  will(): Message;
  connected(connection: Connection): void;
  lost(because: string, hungUp: HungUp): void;
  /** the broker ended the connection for another client with the same id */
  pushedOff(): void;
  message(message: Inbound): void;
}): Line {
  const { config, clock, log } = options;
  const where = whereIs(config.url);
  const mayLog = rarely(clock);
  let connection: Connection | undefined;
  let attempt: { drop(because: string): void } | undefined;
  let timer: Timer | undefined;
  let closed = false;
  let because: string | undefined;
  let known: 4 | 5 = 5;
  let attempts = 0;
  let failures = 0;
  let suspicions = 0;
  let connectedAtMs = 0;
  let wentOnMs = clock.steadyMs();

  const open = async (protocol: 4 | 5): Promise<void> => {
    // late, so that the first poll does not wait for this library
    const connect = options.connect ?? (await import('./mqtt-package.ts')).connect;
    if (closed) return;
    attempt = openConnection({
      connect,
      config: { ...config, clientId: options.clientId() },
      protocol,
      clock,
      clockFloorMs: options.clockFloorMs?.(),
      will: options.will(),
      connected(to) {
        connection = to;
        known = protocol;
        suspicions = 0;
        because = undefined;
        connectedAtMs = clock.steadyMs();
        wentOnMs = connectedAtMs;
        log.info({ code: 'BROKER_CONNECTED', broker: where, protocol }, 'connected to the broker');
        options.connected(to);
      },
      message: (message) => options.message(message),
      lost: (loss) => lost(loss, protocol),
    });
  };

  const begin = (protocol: 4 | 5): void => {
    open(protocol).catch((fault: unknown) =>
      lost(
        { because: String(fault), established: false, version: 'fine', hungUp: 'no', pushedOff: false },
        protocol,
      ),
    );
  };

  const next = (): void => {
    timer = undefined;
    wentOnMs = clock.steadyMs();
    attempts += 1;
    begin(known === 5 || attempts % probeEvery === 0 ? 5 : 4);
  };

  const lost = (loss: Loss, protocol: 4 | 5): void => {
    attempt = undefined;
    connection = undefined;
    wentOnMs = clock.steadyMs();
    if (closed) return;
    if (protocol === 5 && loss.version !== 'fine') {
      suspicions += 1;
      if (loss.version === 'refused' || suspicions >= suspicionsToBelieve) {
        log.debug({ broker: where, because: loss.because }, 'trying MQTT 3.1.1');
        begin(4);
        return;
      }
    }
    if (loss.pushedOff) options.pushedOff();
    const stood = loss.established && clock.steadyMs() - connectedAtMs >= stableMs;
    if (stood) failures = 0;
    timer = clock.after(retryDelayMs(failures, options.random()), next);
    failures += 1;
    because = `${where}: ${loss.because}`;
    if (mayLog(because))
      log.warn({ code: 'BROKER_LOST', broker: where, because: loss.because }, 'no connection to the broker');
    options.lost(because, loss.hungUp);
  };

  next();

  return {
    connection: () => connection,
    because: () => because,
    wentOnMs: () => wentOnMs,
    async close(politely) {
      closed = true;
      timer?.cancel();
      const last = connection;
      connection = undefined;
      if (last !== undefined && politely) await last.close();
      else attempt?.drop('stopped');
    },
  };
}

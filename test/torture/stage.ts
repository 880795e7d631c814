// What every torture stands on: a folder, a broker that can go down, detectors, a witness with a session of its own at
// the broker, and a daemon that is started again at once when it was killed, as its supervisor would. Knows no fault.

import { pause, type Witness } from '../support/broker.ts';
import {
  base,
  type Daemon,
  type DaemonOptions,
  eventually,
  newPlace,
  type Place,
  type SiteFile,
} from '../support/daemon.ts';
import { type Mosquitto, mosquitto } from './broker.ts';
import { type Detectors, nowMs, startDetectors, type Unrest } from './detectors.ts';
import { figuresOf, judge } from './judge.ts';
import type { Figure, Options } from './scenario.ts';
import { alarmFrom, overTcp, writeSite } from './site.ts';

// biome-ignore lint/suspicious/noExplicitAny: the contract is checked from outside
type Json = any;

export interface Stage {
  readonly place: Place;
  readonly broker: Mosquitto;
  readonly detectors: Detectors;
  readonly seen: Witness;
  /** events at the witness so far */
  told(): readonly Json[];
  readonly daemon: Daemon;
  /** of the daemon that runs now */
  readonly startedAtMs: number;
  /** Starts it without waiting for anything. */
  begin(more?: Partial<DaemonOptions>): void;
  /** Resolves when it has asked the slave; ms since the start. */
  polled(withinMs?: number): Promise<number>;
  /** Resolves when the witness has something that it had not when the daemon began; ms since the start. */
  published(withinMs?: number): Promise<number>;
  /** Resolves when the witness has the newest event that there is. */
  complete(withinMs?: number): Promise<number>;
  /** Brings everything to rest and judges. */
  verdict(unrest: Unrest | undefined, withinMs?: number): Promise<Figure[]>;
}

export interface StageOptions {
  readonly count: number;
  /** one that is there already; otherwise one of its own is started */
  readonly broker?: Mosquitto;
  /** between daemon and broker, if there is something */
  readonly brokerPort?: (broker: Mosquitto) => Promise<number> | number;
  /** on a line of their own; default: over TCP */
  readonly detectors?: (from: number) => Promise<Detectors>;
  readonly bus?: SiteFile;
  readonly busPort?: (detectors: Detectors) => Promise<number> | number;
  readonly more?: SiteFile;
}

export async function setStage({ later, tell }: Options, wanted: StageOptions): Promise<Stage> {
  const place = newPlace();
  later(place, () => place.leave());
  const broker: Mosquitto = wanted.broker ?? later(await mosquitto(), (): unknown => broker.close());
  if (!broker.running()) await broker.start();
  const detectors = await (wanted.detectors?.(alarmFrom) ?? startDetectors(alarmFrom, 'tcp'));
  later(detectors, () => detectors.close());
  const seen = await centre(place, broker);
  const port = (await wanted.brokerPort?.(broker)) ?? broker.port;
  const busPort = (await wanted.busPort?.(detectors)) ?? detectors.port;
  writeSite(place, { port }, wanted.bus ?? overTcp(busPort), wanted.count, wanted.more);

  let daemon: Daemon;
  let startedAtMs = 0;
  let [before, openedBefore] = [0, 0];
  const told = readerOf(seen);
  const waited = async (what: string, withinMs: number, found: () => number | undefined): Promise<number> => {
    const endMs = nowMs() + withinMs;
    for (;;) {
      const atMs = found();
      if (atMs !== undefined) return atMs - startedAtMs;
      if (nowMs() > endMs)
        throw new Error(`not within ${withinMs} ms of the start: ${what}\n${tail(daemon)}`);
      await pause(2);
    }
  };
  const stage: Stage = {
    place,
    broker,
    detectors,
    seen,
    told,
    get daemon() {
      return daemon;
    },
    get startedAtMs() {
      return startedAtMs;
    },
    begin(more) {
      [before, openedBefore] = [seen.seen.length, detectors.connections.length];
      startedAtMs = nowMs();
      daemon = place.spawn(more);
    },
    polled: (withinMs = 60_000) =>
      waited('the first poll', withinMs, () => detectors.connections[openedBefore]?.firstAtMs),
    published: (withinMs = 60_000) =>
      waited('the first event', withinMs, () => (seen.seen.length > before ? nowMs() : undefined)),
    async complete(withinMs = 60_000) {
      const { lastSeq } = await asked(place, 'nothing waits for the broker', delivered, withinMs);
      await eventually(
        'the witness has all',
        () => newestOf(told()),
        (seq) => seq >= lastSeq,
        withinMs,
      );
      return lastSeq;
    },
    async verdict(unrest, withinMs = 60_000) {
      await unrest?.end(withinMs);
      const lastSeq = await stage.complete(withinMs);
      if (!daemon.running()) throw new Error(`the daemon has ended by itself\n${tail(daemon)}`);
      return figuresOf(judge(detectors.trips, seen, lastSeq), tell);
    },
  };
  return stage;
}

/** A witness with a session that the broker keeps for it; on a machine with much to do the first try may be too slow. */
async function centre(place: Place, { port }: Mosquitto): Promise<Witness> {
  const args = ['-t', `${base}/reply`, '-i', 'centre', '-c'];
  for (let tries = 2; ; tries -= 1) {
    try {
      return await place.witness(port, `${base}/event`, args);
    } catch (error) {
      if (tries === 0) throw error;
    }
  }
}

export const delivered = ({ mqtt }: Json): boolean => mqtt.connected && mqtt.waiting === 0;

/** Asks for the status until it is so; now and then, as each question is a process of its own. */
export async function asked(
  place: Place,
  what: string,
  holds: (status: Json) => boolean,
  withinMs = 60_000,
): Promise<Json> {
  return eventually(
    what,
    async () => {
      const status = await place.json('status');
      if (!holds(status)) await pause(250);
      return status;
    },
    holds,
    withinMs,
  );
}

/** The events of a witness, each taken apart once: a long run has thousands, and is asked often. */
export function readerOf(seen: Witness): () => readonly Json[] {
  const all: Json[] = [];
  let at = 0;
  return () => {
    for (; at < seen.seen.length; at += 1) {
      const { topic, payload } = seen.seen[at]!;
      if (topic === `${base}/event`) all.push(JSON.parse(payload));
    }
    return all;
  };
}

export const newestOf = (told: readonly Json[]): number =>
  told.reduce((newest, { seq }) => Math.max(newest, seq), 0);

export function tail(daemon: Daemon): string {
  return `${daemon.stdout().slice(-3000)}\n${daemon.stderr().slice(-1000)}`;
}

// The stage of the disk's faults: contacts on a real Modbus slave, one incident and one lamp for each, a broker and
// a witness; and the judge, who holds what the witness has against what was done to the contacts. Knows no fault.

import { callDaemon } from '../../src/control/client.ts';
import { type Broker, until, type Witness } from '../support/broker.ts';
import {
  type Daemon,
  event,
  events,
  eventually,
  newPlace,
  type Place,
  seqsInOrder,
  siteOf,
} from '../support/daemon.ts';
import { type Slave, startSlave } from '../support/modbus/slave.ts';
import type { Figure } from './scenario.ts';

export function row(figure: string, unit: string, keepwatch: number, limit?: number): Figure {
  return { figure, unit, keepwatch, ...(limit !== undefined && { limit }) };
}

/** Everything is slow in a guest that is emulated; what a figure may be is said by its limit. */
const slow = process.env.KEEPWATCH_SLOW !== undefined;
export const patienceMs = slow ? 240_000 : 60_000;
export const contacts = slow ? 12 : 24;
/** How long an alarm may take to the lamp and to the retained topic while the disk fails, ms: one poll and the way. */
export const shownWithinMs = 2000;
/** From the disk's recovery to the last event at the witness, ms: the daemon tries every two seconds. */
export const recoveredWithinMs = 8000;

// biome-ignore lint/suspicious/noExplicitAny: the contract is checked from outside
type Json = any;

export interface Stage {
  readonly place: Place;
  readonly broker: Broker;
  readonly slave: Slave;
  readonly seen: Witness;
  readonly socket: string;
  daemon: Daemon;
  /** put before the daemon's command at each start, such as `nsenter …` */
  through: readonly string[];
  /** Trips the next contact; resolves with its number when its lamp is lit and its incident stands, ms in `shownMs`. */
  trip(): Promise<number>;
  /** Trips the next contact and waits for nothing. */
  tripBlind(): Promise<number>;
  readonly tripped: readonly number[];
  readonly lampMs: number[];
  readonly shownMs: number[];
  status(): Promise<Json>;
  start(): Promise<void>;
  leave(): Promise<void>;
}

function site(port: number): Record<string, Json> {
  const each = <T>(make: (at: number) => T): Record<string, T> =>
    Object.fromEntries(Array.from({ length: contacts }, (_, at) => [`c${at}`, make(at)]));
  return {
    buses: { lan: { driver: 'modbus-tcp', host: '127.0.0.1', port } },
    zones: each((at) => ({ name: { zh: `第${at}区`, en: `Zone ${at}` } })),
    devices: {
      panel: {
        bus: 'lan',
        unit: 1,
        every: slow ? '500ms' : '50ms',
        timeout: slow ? '5s' : '500ms',
        points: each((at) => ({ read: `discrete:${at}`, kind: 'smoke', zone: `c${at}`, rule: 'none' })),
      },
    },
    outputs: each((at) => ({ bus: 'lan', unit: 1, write: `coil:${at}` })),
    rules: each((at) => ({
      when: `panel.c${at}`,
      plan: 'fire',
      zone: `c${at}`,
      level: 'urgent',
      outputs: { [`c${at}`]: 'on' },
    })),
  };
}

export interface StageOptions {
  /** makes the place's disk before the daemon starts there; gives what is put before its command */
  readonly prepare?: (place: Place, slave: Slave) => Promise<readonly string[]> | readonly string[];
  /** starts the daemon in another way than as a child, such as by systemd */
  readonly launch?: (stage: Stage) => Promise<Daemon>;
  readonly socket?: string;
  /** of mosquitto's configuration, and the way to it from where the daemon is */
  readonly brokerLines?: string[];
  readonly url?: string;
  /** in place of one by TCP */
  readonly slave?: () => Promise<Slave>;
  /** what is otherwise in the site file */
  readonly site?: Record<string, unknown>;
}

export async function setStage(options: StageOptions = {}): Promise<Stage> {
  const { prepare, launch, socket } = options;
  const place = newPlace();
  try {
    const slave = await (options.slave?.() ?? startSlave('tcp'));
    place.later(slave, () => slave.stop());
    const broker = await place.broker(options.brokerLines);
    const seen = await place.witness(broker.port);
    place.write(siteOf(options.url ?? broker, { ...site(slave.port), ...options.site }));
    const stage = assemble(
      { place, broker, slave, seen, socket: socket ?? `${place.folder}/k.sock` },
      launch,
    );
    stage.through = (await prepare?.(place, slave)) ?? [];
    await stage.start();
    return stage;
  } catch (error) {
    await place.leave();
    throw error;
  }
}

function assemble(
  given: Pick<Stage, 'place' | 'broker' | 'slave' | 'seen' | 'socket'>,
  launch: StageOptions['launch'],
): Stage {
  const { place, slave, seen, socket } = given;
  const tripped: number[] = [];
  const lampMs: number[] = [];
  const shownMs: number[] = [];
  let next = 0;
  const stage: Stage = {
    ...given,
    daemon: undefined as never,
    through: [],
    tripped,
    lampMs,
    shownMs,
    async tripBlind() {
      const at = next;
      next += 1;
      tripped.push(at);
      await slave.set('discrete', at, 1);
      return at;
    },
    async trip() {
      const beganMs = performance.now();
      const at = await stage.tripBlind();
      const took = (list: number[]) => list.push(performance.now() - beganMs);
      await Promise.all([
        lit(stage, at).then(() => took(lampMs)),
        until(`the incident of c${at} stands at the broker`, () => stands(stage, at), patienceMs).then(() =>
          took(shownMs),
        ),
      ]);
      return at;
    },
    status: () => callDaemon(socket, 'status', {}, patienceMs),
    async start() {
      const from = seen.seen.length;
      stage.daemon = await (launch?.(stage) ?? asChild(stage));
      await allRead(stage, from);
    },
    leave: () => place.leave(),
  };
  return stage;
}

/** @param from how much had been seen before: what lay retained says nothing of a new start */
export async function allRead({ seen }: Stage, from: number, withinMs = patienceMs): Promise<void> {
  const known = new Set<string>();
  let at = from;
  await until(
    'all contacts are read',
    () => {
      for (; at < seen.seen.length; at += 1) {
        const { topic, payload } = seen.seen[at]!;
        if (topic.includes('/point/panel/') && payload.includes('"quality":"good"')) known.add(topic);
      }
      return known.size >= contacts;
    },
    withinMs,
  );
}

async function asChild({ place, socket, through }: Stage): Promise<Daemon> {
  const daemon = place.spawn({ socket, through });
  await daemon.said('keepwatch runs', ({ code }) => code === 'STARTED', patienceMs);
  return daemon;
}

const lit = ({ slave }: Stage, at: number) =>
  eventually(
    `the lamp of c${at} is lit`,
    () => slave.get('coil', at),
    (value) => value === 1,
    patienceMs,
  );

/** The incidents that lie retained at the broker now. */
export function standing({ seen }: Stage): Json[] {
  const last = new Map<string, string>();
  for (const { topic, payload } of seen.seen) if (topic.includes('/incident/')) last.set(topic, payload);
  return [...last.values()].filter((payload) => payload !== '').map((payload) => JSON.parse(payload));
}

const stands = (stage: Stage, at: number): boolean =>
  standing(stage).some(({ cause }) => cause.point === `panel.c${at}`);

export const troubled = (stage: Stage, check = 'storage'): boolean =>
  standing(stage).some(({ cause }) => cause.rule === `health_${check}`);

/** The daemon says that its disk fails, and so does the broker. */
export async function seesTheFault(stage: Stage): Promise<void> {
  await until('the storage trouble stands at the broker', () => troubled(stage), patienceMs);
}

/** Waits until everything has been told, in order and without a gap; gives the number of the last event. */
export async function allTold(stage: Stage): Promise<number> {
  const { lastSeq, epoch } = (await eventually(
    'the daemon answers and its disk takes writes',
    // the socket is opened last of all at a start
    () => stage.status().catch(() => undefined),
    (status) => status?.store.ok === true,
    patienceMs,
  ))!;
  await event(stage.seen, 'all events', (one) => one.seq === lastSeq && one.epoch === epoch, patienceMs);
  return lastSeq;
}

/**
 * The judge: each tripped contact opened one incident, told once; no other did; numbers without a gap from `from` on;
 * lamps lit. Throws with what is wrong.
 */
export async function judge(stage: Stage, from = 1): Promise<void> {
  const { seen, tripped, slave } = stage;
  const all = events(seen);
  const seqs = seqsInOrder(all);
  if (seqs[0] !== from) throw new Error(`the first event that came is ${seqs[0]}, not ${from}`);
  const opened = new Map<string, Set<string>>();
  for (const { type, incident } of all) {
    if (type !== 'incident.opened' || !incident.cause.point?.startsWith('panel.')) continue;
    const ids = opened.get(incident.cause.point) ?? new Set();
    opened.set(incident.cause.point, ids.add(incident.id));
  }
  const wrong = tripped.flatMap((at) => {
    const ids = opened.get(`panel.c${at}`)?.size ?? 0;
    return ids === 1 ? [] : [`c${at} opened ${ids} incidents`];
  });
  if (opened.size > tripped.length) wrong.push(`${opened.size} contacts told, ${tripped.length} tripped`);
  const shown = standing(stage).map(({ cause }) => cause.point);
  for (const at of tripped) {
    const count = shown.filter((point) => point === `panel.c${at}`).length;
    if (count !== 1) wrong.push(`c${at} stands ${count} times at the broker`);
  }
  for (const at of tripped) if ((await slave.get('coil', at)) !== 1) wrong.push(`lamp c${at} is dark`);
  if (wrong.length > 0) throw new Error(wrong.join('; '));
}

/** kill -9 and a new start: what stood stands, under the same ids, and nothing is told anew. */
export async function sameAfterRestart(stage: Stage): Promise<void> {
  const before = await stateOf(stage);
  await stage.daemon.kill();
  await stage.start();
  await allTold(stage);
  const after = await stateOf(stage);
  if (after !== before) throw new Error(`before the restart: ${before}\nafter it: ${after}`);
  await judge(stage);
}

async function stateOf({ socket, status }: Stage): Promise<string> {
  const open = ((await callDaemon(socket, 'incidents', {}, patienceMs)) as Json[])
    .map(({ id, state, active, openedAt }) => ({ id, state, active, openedAt }))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  const { epoch, outputs, open: counts } = await status();
  return JSON.stringify({
    epoch,
    open,
    counts,
    outputs: outputs.map(({ id, desired }: Json) => [id, desired]),
  });
}

export const longest = (list: readonly number[]): number => Math.round(Math.max(0, ...list));

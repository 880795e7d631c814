// Where the known failures of others are played: the built daemon on a site of real parts, watched from outside, and
// two far ends that no well-behaved part gives: a Modbus station that answers as the test says, and a line to a broker
// whose far side outlives the near one. Knows nothing of the code under test but its commands.

import { connect, createServer, type Server, type Socket } from 'node:net';
import { callDaemon } from '../../src/control/client.ts';
import { type Broker, retainedAt, until, type Witness } from '../support/broker.ts';
import {
  base,
  type Daemon,
  event,
  events,
  eventually,
  firsts,
  newPlace,
  type Place,
  seqsInOrder,
  shown,
} from '../support/daemon.ts';
import { type Slave, startSlave } from '../support/modbus/slave.ts';

// biome-ignore lint/suspicious/noExplicitAny: the contract is checked from outside
export type Json = any;

export interface Scene {
  readonly place: Place;
  readonly slave: Slave;
  readonly broker: Broker;
  readonly seen: Witness;
  ofType(type: string): Json[];
  /** incidents of a plan, each once, as they were when they opened */
  opened(plan: string): Json[];
  /** `device.point` as it stands at the broker */
  point(id: string): Json;
  /** every value and quality that a point was ever shown with */
  everShown(id: string): { readonly value: unknown; readonly quality: string }[];
  known(...points: string[]): Promise<void>;
  unknown(...points: string[]): Promise<void>;
  coil(address: number, value: 0 | 1): Promise<void>;
  /** open troubles by the local command: `rule subject` */
  troubles(): Promise<string[]>;
  /** Waits until these troubles, and no other, are open. */
  troubled(...wanted: RegExp[]): Promise<void>;
  /** All that happened has come, in order, from the first event on; gives the last number. */
  complete(withinMs?: number): Promise<number>;
}

/** The points that the site of most scenes has. */
export const inputs = ['inputs.smoke', 'inputs.flood', 'inputs.heat', 'inputs.ppm'];

const patientMs = 25_000;

/** The first opening of a fire, waited for. */
export function fireOpens({ seen }: Scene): Promise<Json> {
  return event(
    seen,
    'fire',
    ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire',
    20_000,
  );
}

export async function newScene(brokerLines: string[] = []): Promise<Scene> {
  const place = newPlace();
  try {
    const slave = await startSlave('tcp');
    place.later(slave, () => slave.stop());
    const broker = await place.broker(brokerLines);
    return sceneOf(place, slave, broker, await place.witness(broker.port));
  } catch (error) {
    await place.leave();
    throw error;
  }
}

function sceneOf(place: Place, slave: Slave, broker: Broker, seen: Witness): Scene {
  const point = (id: string): Json => shown(seen, `point/${id.replace('.', '/')}`);
  const ofType = (type: string): Json[] => firsts(seen).filter((one) => one.type === type);
  const troubles = async (): Promise<string[]> =>
    (await openIncidents(place))
      .filter(({ category }: Json) => category === 'trouble')
      .map(({ cause }: Json) => `${cause.rule} ${cause.subject ?? ''}`.trim())
      .sort();
  return {
    place,
    slave,
    broker,
    seen,
    ofType,
    opened: (plan) => ofType('incident.opened').filter(({ incident }) => incident.plan === plan),
    point,
    everShown: (id) => seen.json(`${base}/point/${id.replace('.', '/')}`),
    known: (...ids) =>
      until(`known: ${ids}`, () => ids.every((id) => point(id)?.quality === 'good'), patientMs),
    unknown: (...ids) =>
      until(
        `unknown: ${ids}`,
        () => ids.every((id) => point(id)?.value === null && point(id).quality !== 'good'),
        patientMs,
      ),
    async coil(address, value) {
      await eventually(
        `coil ${address} is ${value}`,
        () => slave.get('coil', address),
        (now) => now === value,
        patientMs,
      );
    },
    troubles,
    async troubled(...wanted) {
      await eventually(
        `troubles: ${wanted.join(', ')}`,
        troubles,
        (open) =>
          open.length === wanted.length && wanted.every((rule) => open.some((each) => rule.test(each))),
        patientMs,
      );
    },
    async complete(withinMs = patientMs) {
      const { lastSeq } = await statusOf(place);
      await seen.until(`event ${lastSeq}`, () => events(seen).some(({ seq }) => seq === lastSeq), withinMs);
      const numbers = seqsInOrder(events(seen));
      for (let seq = 1; seq <= lastSeq; seq += 1)
        if (numbers[seq - 1] !== seq) throw new Error(`event ${seq} never came`);
      return lastSeq;
    },
  };
}

/** What `status` and `incidents` print, asked as they ask: a process for each question would keep a machine busy. */
export const statusOf = (place: Place): Promise<Json> => callDaemon(place.data, 'status');
export const openIncidents = (place: Place): Promise<Json[]> =>
  callDaemon(place.data, 'incidents') as Promise<Json>;

/** The broker's part of the status. */
export function mqttOf(place: Place, what: string, holds: (mqtt: Json) => boolean): Promise<Json> {
  const ask = async (): Promise<Json> => (await statusOf(place)).mqtt;
  return eventually(what, ask, holds, 60_000);
}

let commands = 0;

/** Gives many commands over the local socket, some at once; each must be obeyed. */
export async function commandMany(place: Place, all: readonly Record<string, unknown>[]): Promise<void> {
  const left = [...all];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      commands += 1;
      const sent = { id: `many-${process.pid}-${commands}`, by: 'li', ...next };
      const reply: Json = await callDaemon(place.data, 'command', { command: sent });
      if (reply.ok !== true) throw new Error(`${JSON.stringify(sent)}: ${JSON.stringify(reply)}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** SIGHUP, and waits until the new site is in force. */
export async function reload(daemon: Daemon): Promise<void> {
  const reloads = (): number => daemon.log.filter(({ code }) => code === 'RELOADED').length;
  const before = reloads();
  daemon.signal('SIGHUP');
  await until('reloaded', () => reloads() > before || !daemon.running(), patientMs);
}

/** What lies retained under the premises, without what was emptied. */
export async function standing(port: number, under = `${base}/#`): Promise<string[]> {
  const all = await retainedAt(port, under);
  return [...all].filter(([, payload]) => payload !== '').map(([topic]) => topic);
}

export type Answering = (request: Buffer, socket: Socket) => void;

export interface Impostor {
  readonly port: number;
  requests(): number;
  answer: Answering;
  close(): Promise<void>;
}

/** A station on Modbus TCP that says what the test wants. */
export async function startImpostor(answer: Answering): Promise<Impostor> {
  const sockets = new Set<Socket>();
  let requests = 0;
  const impostor = { answer };
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.on('data', (request) => {
      requests += 1;
      impostor.answer(request, socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(impostor, {
    port: (server.address() as { port: number }).port,
    requests: () => requests,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

/** An answer with this exception code, in the framing of the request. */
export function exception(request: Buffer, code: number): Buffer {
  const answer = Buffer.from([...request.subarray(0, 9)]);
  answer.writeUInt16BE(3, 4);
  answer[7] = request[7]! | 0x80;
  answer[8] = code;
  return answer;
}

export interface HeldLine {
  readonly port: number;
  /** far sides whose near side has gone */
  held(): number;
  /** The far sides are torn down at last. */
  release(): void;
  close(): Promise<void>;
}

/** A line to a broker on which the death of a client is not seen: its connection stands until it is released. */
export async function startHeldLine(to: number): Promise<HeldLine> {
  const fars = new Set<Socket>();
  const orphans = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect({ port: to, host: '127.0.0.1', noDelay: true });
    fars.add(far);
    near.setNoDelay(true);
    near.on('error', () => {}).on('data', (bytes) => far.write(bytes));
    far.on('error', () => {}).on('data', (bytes) => near.destroyed || near.write(bytes));
    near.on('close', () => far.destroyed || orphans.add(far));
    far.on('close', () => {
      fars.delete(far);
      orphans.delete(far);
      near.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    held: () => orphans.size,
    release() {
      for (const far of orphans) far.resetAndDestroy();
    },
    async close() {
      for (const far of fars) far.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

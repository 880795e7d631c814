// Brokers that speak MQTT 3.1.1 only: nats-server and our own embedded one. The courier finds out, remembers
// it, and delivers the same. Also the embedded broker's own manners.

import { connect, createServer } from 'node:net';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startEmbeddedBroker } from '../../src/notify/embedded-broker.ts';
import {
  freePort,
  installed,
  pause,
  publish,
  retainedAt,
  startNats,
  until,
  witness,
} from '../support/broker.ts';
import { fastClock, memoryStore, sampleIncident, startHouse } from './house.ts';

const base = 'keepwatch/v1/store_0042';
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
let cleanups: (() => Promise<unknown>)[];

beforeEach(() => {
  cleanups = [];
});
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function embedded(config: Partial<Parameters<typeof startEmbeddedBroker>[0]> = {}) {
  const broker = await startEmbeddedBroker(
    { listen: { host: '127.0.0.1', port: await freePort() }, ...config },
    quiet,
  );
  cleanups.push(broker.close);
  return { ...broker, port: Number(new URL(broker.url).port) };
}

/** What every broker must get and give. */
async function roundTrip(url: string, port: number): Promise<void> {
  const store = memoryStore();
  const watching = await witness(port);
  cleanups.push(watching.close);
  const one = startHouse({
    url,
    store,
    points: [['gas1.ppm', 1]],
    incidents: [sampleIncident('i-1')],
    clock: fastClock(3),
  });
  cleanups.push(() => one.courier.stop());
  one.commit(100);
  await until('delivered', () => store.outboxSize() === 0);
  one.commit(20);
  await watching.until('all', () => watching.json(`${base}/event`).length === 120);
  expect(watching.json(`${base}/event`)).toEqual(store.journal);
  expect(one.courier.state()).toMatchObject({ connected: true, protocol: 4 });
  await publish(port, `${base}/command`, JSON.stringify({ id: 'c1', verb: 'ack', by: 'ann' }));
  await watching.until('reply', () => watching.json(`${base}/reply`).length === 1);
  one.incidents.delete('i-1');
  one.courier.changed([], ['i-1']);
  await until('forgotten', () => !store.topics.has(`${base}/incident/i-1`));
  await pause(200);
  expect([...(await retainedAt(port, 'keepwatch/#')).keys()].sort()).toEqual([
    `${base}/point/gas1/ppm`,
    `${base}/status`,
  ]);
  await one.courier.stop();
  const status = (await retainedAt(port, `${base}/status`)).get(`${base}/status`);
  expect(JSON.parse(status ?? '')).toMatchObject({ state: 'offline', lastSeq: 120 });
}

describe.skipIf(!installed('nats-server', 'mosquitto_sub'))('nats-server', { timeout: 30_000 }, () => {
  test('events, levels, commands', async () => {
    const broker = await startNats();
    cleanups.push(broker.stop);
    await roundTrip(`mqtt://127.0.0.1:${broker.port}`, broker.port);
  });

  test('killed and restarted: the same ids again, in order', async () => {
    const broker = await startNats();
    cleanups.push(broker.stop);
    const one = startHouse({ url: `mqtt://127.0.0.1:${broker.port}`, clock: fastClock(5) });
    cleanups.push(() => one.courier.stop());
    await until('connected', () => one.courier.state().connected);
    one.commit(200);
    await broker.kill();
    await until('lost', () => !one.courier.state().connected);
    one.commit(50);
    await broker.start();
    await until('delivered', () => one.store.outboxSize() === 0, 20_000);
    expect(one.courier.state().protocol).toBe(4);
  });
});

describe.skipIf(!installed('mosquitto_sub'))('the embedded broker', { timeout: 20_000 }, () => {
  test('events, levels, commands; mosquitto_sub is served', async () => {
    const broker = await embedded();
    expect(broker.url).toBe(`mqtt://127.0.0.1:${broker.port}`);
    await roundTrip(broker.url, broker.port);
  });

  test('the will', async () => {
    const broker = await embedded();
    const client = await connectAsync(broker.url, {
      reconnectPeriod: 0,
      will: { topic: 'a/will', payload: Buffer.from('gone'), qos: 1, retain: true },
    });
    client.stream.destroy();
    await pause(100);
    expect((await retainedAt(broker.port)).get('a/will')).toBe('gone');
  });

  test('a password, where the site has one', async () => {
    const broker = await embedded({ username: 'gw', password: 'right' });
    const wrong = startHouse({
      url: broker.url,
      config: { username: 'gw', password: 'wrong' },
      clock: fastClock(10),
    });
    cleanups.push(() => wrong.courier.stop());
    await until('refused', () =>
      wrong.healths.some(({ because }) => because.includes('refuses the user name or password')),
    );
    const right = startHouse({ url: broker.url, config: { username: 'gw', password: 'right' } });
    cleanups.push(() => right.courier.stop());
    await until('connected', () => right.courier.state().connected);
  });

  test('a packet beyond the limit ends the connection, in pieces or whole', async () => {
    const broker = await embedded();
    const client = await connectAsync(broker.url, { reconnectPeriod: 0 });
    await client.publishAsync('a/b', Buffer.alloc(60_000), { qos: 1 });
    client.publish('a/b', Buffer.alloc(200_000), { qos: 1 });
    await until('hung up', () => !client.connected);
    const raw = connect(broker.port, '127.0.0.1');
    let closed = false;
    raw.on('error', () => undefined);
    raw.on('close', () => {
      closed = true;
    });
    for (const byte of [0x30, 0xff, 0xff, 0xff, 0xff]) {
      if (!raw.destroyed) raw.write(Buffer.from([byte]));
      await pause(20);
    }
    await until('hung up', () => closed);
    const other = await connectAsync(broker.url, { reconnectPeriod: 0 });
    await other.publishAsync('a/b', 'still here', { qos: 1 });
    other.end(true);
  });

  test('no sessions are kept for the absent', async () => {
    const broker = await embedded();
    const session = { clientId: 'sleeper', clean: false, reconnectPeriod: 0 };
    const first = await connectAsync(broker.url, session);
    await first.subscribeAsync('a/#', { qos: 1 });
    await first.endAsync(true);
    await publish(broker.port, 'a/b', 'while away');
    const heard: string[] = [];
    const second = await connectAsync(broker.url, session);
    second.on('message', (topic) => heard.push(topic));
    await pause(200);
    expect(heard).toEqual([]);
    second.end(true);
  });

  test('noise and hundreds of connections leave it standing', async () => {
    const broker = await embedded();
    const sockets = Array.from({ length: 150 }, (_, index) => {
      const socket = connect(broker.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(Buffer.alloc(50, index));
      return socket;
    });
    await pause(300);
    for (const socket of sockets) socket.destroy();
    await pause(100);
    const client = await connectAsync(broker.url, { reconnectPeriod: 0 });
    await client.publishAsync('a/b', 'x', { qos: 1 });
    client.end(true);
  });

  test('a taken port: another one for the default, a failure for one that was chosen', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port));
    });
    cleanups.push(async () => taken.close());
    await expect(startEmbeddedBroker({ listen: { host: '127.0.0.1', port } }, quiet)).rejects.toThrow(
      /EADDRINUSE/,
    );
    const holder = createServer();
    const held = await new Promise<boolean>((resolve) => {
      holder.once('error', () => resolve(false));
      holder.listen(1883, '127.0.0.1', () => resolve(true));
    });
    if (held) cleanups.push(async () => holder.close());
    const broker = await embedded({ listen: { host: '127.0.0.1', port: 1883 } });
    expect(broker.port).not.toBe(1883);
  });
});

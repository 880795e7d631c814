// The courier against brokers that are down, deaf, silent, hostile or strict: it keeps trying, says why in
// words, loses nothing and never lets one refused event hold up the next.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { retryDelayMs } from '../../src/notify/line.ts';
import {
  type Broker,
  freePort,
  installed,
  pause,
  startMosquitto,
  startProxy,
  until,
  witness,
} from '../support/broker.ts';
import { fastClock, type House, memoryStore, startHouse } from './house.ts';

const base = 'keepwatch/v1/store_0042';
let cleanups: (() => Promise<unknown>)[];

beforeEach(() => {
  cleanups = [];
});
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

function house(options: Parameters<typeof startHouse>[0]): House {
  const started = startHouse(options);
  cleanups.push(() => started.courier.stop());
  return started;
}

async function mosquitto(lines?: Parameters<typeof startMosquitto>[0]): Promise<Broker> {
  const broker = await startMosquitto(lines);
  cleanups.push(broker.stop);
  return broker;
}

const connected = (one: House): Promise<void> => until('connected', () => one.courier.state().connected);
const because = (one: House, words: string): Promise<void> =>
  until(words, () => one.healths.some((health) => !health.ok && health.because.includes(words)));

/** A listener that is no broker: what it does with a connection is up to the case. */
async function impostor(
  behave: (socket: Socket, index: number) => void,
): Promise<{ port: number; count(): number }> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    behave(socket, count++);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, count: () => count };
}

test('the wait between attempts: quick at first, then doubling, jittered, at most half a minute', () => {
  for (const random of [0, 0.5, 1]) expect(retryDelayMs(0, random)).toBe(1000 * random);
  expect(retryDelayMs(1, 0.5)).toBe(750);
  expect(retryDelayMs(3, 0.5)).toBe(3000);
  for (const random of [0, 0.5, 1]) expect(retryDelayMs(1000, random)).toBeGreaterThanOrEqual(15_000);
  for (const random of [0, 0.5, 1]) expect(retryDelayMs(1000, random)).toBeLessThanOrEqual(30_000);
});

test('nothing listens: it says so, keeps the events, and stops at once when told', async () => {
  const port = await freePort();
  const one = house({ url: `mqtt://user:hidden@127.0.0.1:${port}`, clock: fastClock(20) });
  one.commit(3);
  await because(one, 'nothing listens there');
  await pause(200);
  expect(one.store.outboxSize()).toBe(3);
  expect(one.courier.state()).toMatchObject({ connected: false, waiting: 3 });
  // one line a minute for one reason, and never the password
  expect(one.logged.filter(({ level }) => level === 'warn')).toHaveLength(1);
  expect(one.healths).toHaveLength(1);
  expect(JSON.stringify([one.logged, one.healths])).not.toContain('hidden');
  const startMs = performance.now();
  await one.courier.stop();
  expect(performance.now() - startMs).toBeLessThan(100);
});

test('a broker that takes the connection and never answers', async () => {
  const silent = await impostor(() => undefined);
  const one = house({ url: `mqtt://127.0.0.1:${silent.port}`, clock: fastClock(50) });
  await because(one, 'no answer within 10 s');
  await until('tried again', () => silent.count() >= 2);
});

test.each([
  ['noise', (socket: Socket) => void socket.write(Buffer.alloc(4096, 0xff))],
  [
    'an endless packet',
    (socket: Socket) => {
      socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
      const more = setInterval(() => socket.write(Buffer.alloc(262_144)), 5);
      socket.on('close', () => clearInterval(more));
    },
  ],
  ['an HTTP server', (socket: Socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['a door that shuts', (socket: Socket) => void socket.destroy()],
])('an impostor: %s', async (_name, behave) => {
  const other = await impostor(behave);
  const one = house({ url: `mqtt://127.0.0.1:${other.port}`, clock: fastClock(50) });
  await until('tried again', () => other.count() >= 4);
  expect(one.healths.some(({ ok }) => ok)).toBe(false);
  expect(one.healths.length).toBeGreaterThan(0);
});

test('a broker that hangs up at MQTT 5: found out, remembered, tried again now and then', async () => {
  const levels: number[] = [];
  const old = await impostor((socket) => {
    socket.once('data', (packet) => {
      // fixed header of two bytes, the length and letters of MQTT, then the protocol level
      const level = packet[packet.indexOf('MQTT') + 4] as number;
      levels.push(level);
      if (level !== 4) return socket.destroy();
      socket.write(Buffer.from([0x20, 2, 0, 0]));
      setTimeout(() => socket.destroy(), 5);
    });
  });
  const one = house({ url: `mqtt://127.0.0.1:${old.port}`, clock: fastClock(100) });
  await until('many', () => levels.length >= 25);
  expect(levels.slice(0, 4)).toEqual([5, 5, 4, 4]);
  const fives = levels.slice(3).filter((level) => level === 5).length;
  expect(fives).toBeGreaterThan(0);
  expect(fives).toBeLessThanOrEqual(3);
  expect(one.logged).toContainEqual(
    expect.objectContaining({
      message: 'connected to the broker',
      fields: expect.objectContaining({ protocol: 4 }),
    }),
  );
}, 20_000);

test('a broker that takes every message and acknowledges none is never well, however often it connects', async () => {
  const deaf = await impostor((socket) => {
    socket.once('data', (packet) => {
      const level = packet[packet.indexOf('MQTT') + 4] as number;
      socket.write(Buffer.from(level === 5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]));
    });
  });
  const one = house({ url: `mqtt://127.0.0.1:${deaf.port}`, clock: fastClock(50) });
  one.commit(3);
  await because(one, 'no acknowledgement within 20 s');
  await until('connected again', () => deaf.count() >= 3);
  expect(one.healths.some(({ ok }) => ok)).toBe(false);
  expect(one.store.outboxSize()).toBe(3);
});

test('an unusable url or certificate is a reason, not a crash', async () => {
  const port = await freePort();
  const bad = house({ url: 'mqtt://%zz:1883/', clock: fastClock(50) });
  const pem = house({ url: `mqtts://127.0.0.1:${port}`, config: { ca: 'no pem', cert: 'x', key: 'y' } });
  await until('both', () => bad.healths.length > 0 && pem.healths.length > 0);
  expect(pem.healths[0]?.because).toMatch(/PEM/i);
});

describe.skipIf(!installed('mosquitto', 'mosquitto_sub'))('with mosquitto', { timeout: 20_000 }, () => {
  test('a broker that comes later', async () => {
    const broker = await mosquitto();
    await broker.kill();
    const one = house({ url: `mqtt://127.0.0.1:${broker.port}`, clock: fastClock(5) });
    one.commit(3);
    await because(one, 'nothing listens there');
    await broker.start();
    await until('delivered', () => one.store.outboxSize() === 0);
    await until('well', () => one.healths.at(-1)?.ok === true);
  });

  test('a wrong password', async () => {
    const broker = await mosquitto((folder) => {
      execFileSync('mosquitto_passwd', ['-b', '-c', join(folder, 'passwords'), 'gw42', 'right']);
      return ['allow_anonymous false', `password_file ${join(folder, 'passwords')}`];
    });
    const one = house({
      url: `mqtt://127.0.0.1:${broker.port}`,
      config: { username: 'gw42', password: 'wrong-secret' },
      clock: fastClock(20),
    });
    await until('refused', () => one.healths.length > 0);
    expect(one.healths[0]?.because).toMatch(/does not authorise this|refuses the user name or password/);
    expect(JSON.stringify([one.logged, one.healths])).not.toContain('wrong-secret');
    const right = house({
      url: `mqtt://gw42:right@127.0.0.1:${broker.port}`,
      config: { clientId: 'by-url' },
    });
    await connected(right);
  });

  test('an access list that denies events: set aside with the reason, and the rest goes on', async () => {
    const broker = await mosquitto((folder) => {
      const list = [
        'topic read #',
        `topic write ${base}/status`,
        `topic write ${base}/point/#`,
        `topic write ${base}/reply`,
      ];
      writeFileSync(join(folder, 'acl'), `${list.join('\n')}\n`);
      return [`acl_file ${join(folder, 'acl')}`];
    });
    const one = house({ url: `mqtt://127.0.0.1:${broker.port}`, points: [['gas1.ppm', 1]] });
    one.commit(30);
    await until('set aside', () => one.store.aside.size === 30);
    expect([...one.store.aside.values()][0]).toContain('does not authorise this');
    await because(one, 'events are refused');
    expect(one.logged.some(({ level, fields }) => level === 'error' && 'hint' in fields)).toBe(true);
    expect(one.courier.state()).toMatchObject({ connected: true, waiting: 0 });
    const seen = await witness(broker.port, `${base}/point/#`);
    cleanups.push(seen.close);
    await seen.until('points', (all) => all.length === 1);
  });

  test('an event that is too large does not hold up the next', async () => {
    const broker = await mosquitto(['message_size_limit 2000']);
    const one = house({ url: `mqtt://127.0.0.1:${broker.port}` });
    await connected(one);
    one.commit(1);
    one.commit(1, { note: 'x'.repeat(4000) });
    one.commit(1);
    await until('answered', () => one.store.outboxSize() === 0);
    expect([...one.store.aside.keys()]).toEqual([2]);
    await until('well again', () => one.healths.at(-1)?.ok === true);
    // the same by the size that the broker announces
    const announced = await mosquitto(['max_packet_size 2000']);
    const two = house({ url: `mqtt://127.0.0.1:${announced.port}` });
    await connected(two);
    two.commit(1, { note: 'x'.repeat(4000) });
    two.commit(1);
    await until('answered', () => two.store.outboxSize() === 0);
    expect([...two.store.aside.keys()]).toEqual([1]);
  });

  test('a line that is dead in silence is given up after 20 s, and everything sent again', async () => {
    const broker = await mosquitto();
    const proxy = await startProxy(broker.port);
    cleanups.push(proxy.close);
    const one = house({ url: `mqtt://127.0.0.1:${proxy.port}`, clock: fastClock(20) });
    await connected(one);
    one.commit(5);
    await until('delivered', () => one.store.outboxSize() === 0);
    proxy.stall(true);
    one.commit(5);
    await because(one, 'no acknowledgement within 20 s');
    proxy.stall(false);
    await until('delivered', () => one.store.outboxSize() === 0);
    expect(proxy.connections()).toBeGreaterThan(1);
  });

  test('a stop with a dead line takes about two seconds at most', async () => {
    const broker = await mosquitto();
    const proxy = await startProxy(broker.port);
    cleanups.push(proxy.close);
    const one = house({ url: `mqtt://127.0.0.1:${proxy.port}` });
    await connected(one);
    await pause(100);
    proxy.stall(true);
    one.commit(5);
    const startMs = performance.now();
    await one.courier.stop();
    expect(performance.now() - startMs).toBeLessThan(2600);
    expect(one.store.outboxSize()).toBe(5);
  });

  test('a disk that fails now and then loses nothing', async () => {
    const broker = await mosquitto();
    const store = memoryStore();
    let calls = 0;
    const faulty =
      <A extends unknown[], R>(run: (...args: A) => R) =>
      (...args: A): R => {
        calls += 1;
        if (calls % 3 === 1) throw new Error('EIO');
        return run(...args);
      };
    const { outbox, delivered, retained, retain } = store;
    Object.assign(store, {
      outbox: faulty(outbox),
      delivered: faulty(delivered),
      retained: faulty(retained),
      retain: faulty(retain),
    });
    const one = house({
      url: `mqtt://127.0.0.1:${broker.port}`,
      store,
      clock: fastClock(10),
      points: [['a.b', 1]],
    });
    const seen = await witness(broker.port, `${base}/event`);
    cleanups.push(seen.close);
    await connected(one);
    one.commit(250);
    await seen.until('all', () => new Set(seen.json(`${base}/event`).map(({ seq }) => seq)).size === 250);
  });

  test('events are handed to the store in batches', async () => {
    const broker = await mosquitto();
    const one = house({ url: `mqtt://127.0.0.1:${broker.port}` });
    await connected(one);
    one.commit(500);
    await until('delivered', () => one.store.outboxSize() === 0);
    expect(one.store.calls).toBeLessThan(30);
  });
});

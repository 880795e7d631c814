// What a broker may answer to an event that none of the real ones here does: refusals for now. A few packets
// of MQTT 5 by hand stand for such a broker.

import { createServer, type Socket } from 'node:net';
import mqttPacket from 'mqtt-packet';
import { afterEach, expect, test } from 'vitest';
import { createEventLane } from '../../src/notify/events.ts';
import { until } from '../support/broker.ts';
import { virtualClock } from '../support/clock.ts';
import { fastClock, type House, sampleEvent, sampleIncident, startHouse } from './house.ts';

const base = 'keepwatch/v1/store_0042';
let cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});

interface Taken {
  readonly topic: string;
  readonly payload: string;
  readonly seq: number | undefined;
  readonly connection: number;
}

/** A broker of MQTT 5 that answers publishes as told and remembers them. */
async function strictBroker(options: {
  /** reason code for a publish; undefined: no answer */
  answer(taken: Taken, before: readonly Taken[]): number | undefined;
  readonly connack?: object;
  onPublish?(socket: Socket, taken: Taken): void;
  onSubscribe?(socket: Socket, topics: readonly string[]): void;
  isAway?(): boolean;
}): Promise<{ port: number; taken: Taken[]; mostUnanswered(): number }> {
  const taken: Taken[] = [];
  let connections = 0;
  let unanswered = 0;
  let most = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const connection = ++connections;
    sockets.add(socket);
    socket.on('error', () => undefined);
    const parser = mqttPacket.parser({ protocolVersion: 5 });
    const send = (packet: object): void => {
      if (!socket.destroyed)
        socket.write(mqttPacket.generate(packet as mqttPacket.Packet, { protocolVersion: 5 }));
    };
    socket.on('data', (chunk) => parser.parse(chunk));
    parser.on('packet', (packet) => {
      if (packet.cmd === 'connect') {
        if (options.isAway?.()) socket.destroy();
        send({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: options.connack ?? {} });
      } else if (packet.cmd === 'subscribe') {
        send({ cmd: 'suback', messageId: packet.messageId, granted: packet.subscriptions.map(() => 1) });
        options.onSubscribe?.(
          socket,
          packet.subscriptions.map(({ topic }) => topic),
        );
      } else if (packet.cmd === 'publish') {
        const { topic, payload } = packet;
        const seq = topic === `${base}/event` ? JSON.parse(payload.toString()).seq : undefined;
        const one: Taken = { topic, payload: payload.toString(), seq, connection };
        const reasonCode = options.answer(one, taken);
        taken.push(one);
        options.onPublish?.(socket, one);
        unanswered += 1;
        most = Math.max(most, unanswered);
        if (reasonCode !== undefined) {
          setTimeout(() => {
            unanswered -= 1;
            send({ cmd: 'puback', messageId: packet.messageId, reasonCode });
          }, 2);
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { port, taken, mostUnanswered: () => most };
}

function house(port: number, more: Partial<Parameters<typeof startHouse>[0]> = {}): House {
  const started = startHouse({ url: `mqtt://127.0.0.1:${port}`, clock: fastClock(20), ...more });
  cleanups.push(() => started.courier.stop());
  return started;
}

test('a quota that is used up: sent again after a while, in order, nothing set aside', async () => {
  let full = true;
  const broker = await strictBroker({
    answer: ({ seq }) => (full && seq !== undefined && seq >= 10 && seq <= 40 ? 0x97 : 0),
  });
  const one = house(broker.port, { points: [['gas1.ppm', 1]] });
  one.commit(100);
  await until('said', () => one.healths.some(({ because }) => because.includes('quota')));
  await until('tried again', () => broker.taken.filter(({ seq }) => seq === 10).length >= 2);
  // levels are not kept waiting by it
  await until('points', () => broker.taken.some(({ topic }) => topic.includes('/point/')));
  full = false;
  await until('delivered', () => one.store.outboxSize() === 0);
  expect(one.store.aside.size).toBe(0);
  const last = broker.taken
    .map(({ seq }) => seq)
    .filter((seq) => seq !== undefined)
    .slice(-60);
  expect(last).toEqual([...last].sort((a, b) => a - b));
  await until('well', () => one.healths.at(-1)?.ok === true);
});

test('the receive maximum of the broker is kept, and events are first even then', async () => {
  const broker = await strictBroker({ answer: () => 0, connack: { receiveMaximum: 4 } });
  const points = Array.from({ length: 200 }, (_, index): [string, number] => [`meter.p${index}`, index]);
  const one = house(broker.port, { points });
  one.commit(50);
  await until('all', () => broker.taken.length >= 251);
  expect(broker.mostUnanswered()).toBeLessThanOrEqual(4);
});

test('a broker that hangs up in the middle gets the unacknowledged again, same order', async () => {
  const broker = await strictBroker({
    answer: ({ seq, connection }) => (seq !== undefined && seq > 15 && connection === 1 ? undefined : 0),
    onPublish(socket, { seq, connection }) {
      if (seq === 30 && connection === 1) socket.destroy();
    },
  });
  const one = house(broker.port);
  one.commit(60);
  await until('delivered', () => one.store.outboxSize() === 0);
  const second = broker.taken.filter(({ seq, connection }) => seq !== undefined && connection === 2);
  expect(second[0]?.seq).toBeLessThanOrEqual(16);
  const seqs = second.map(({ seq }) => seq as number);
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  expect(seqs.at(-1)).toBe(60);
});

test('a level that is refused is logged once and holds up nothing', async () => {
  const broker = await strictBroker({ answer: ({ topic }) => (topic.includes('/point/') ? 0x87 : 0) });
  const points = Array.from({ length: 20 }, (_, index): [string, number] => [`meter.p${index}`, index]);
  const one = house(broker.port, { points });
  one.commit(5);
  await until('all', () => broker.taken.filter(({ topic }) => topic.includes('/point/')).length === 20);
  await until('delivered', () => one.store.outboxSize() === 0);
  await until('logged', () => one.logged.some(({ message }) => message.includes('refused a retained level')));
  expect(one.logged.filter(({ message }) => message.includes('refused a retained level'))).toHaveLength(1);
  expect(one.healths.every(({ ok }) => ok)).toBe(true);
});

test('levels that are not taken for now are offered again, in their latest state, and the status too', async () => {
  let full = true;
  const broker = await strictBroker({
    answer: ({ topic }) => (full && !topic.endsWith('/event') ? 0x97 : 0),
  });
  const one = house(broker.port, { points: [['gas1.ppm', 1]], incidents: [sampleIncident('i-1')] });
  one.store.topics.add(`${base}/incident/gone`);
  const count = (end: string): number => broker.taken.filter(({ topic }) => topic.endsWith(end)).length;
  const ends = ['/point/gas1/ppm', '/incident/i-1', '/incident/gone', '/status'];
  await until('offered again', () => ends.every((end) => count(end) >= 2));
  one.set('gas1.ppm', 2);
  expect(one.store.topics).toContain(`${base}/incident/gone`);
  full = false;
  const before = ends.map(count);
  await until('taken', () => ends.every((end, index) => count(end) > (before[index] as number)));
  await until('forgotten', () => !one.store.topics.has(`${base}/incident/gone`));
  expect(one.courier.state().connected).toBe(true);
  const last = broker.taken.filter(({ topic }) => topic.endsWith('/ppm')).at(-1);
  expect(JSON.parse(last?.payload ?? '')).toMatchObject({ value: 2 });
});

test('an event at which the broker hangs up is found out and set aside; the others are delivered', async () => {
  const broker = await strictBroker({
    answer: ({ seq }) => (seq === 7 ? undefined : 0),
    onPublish(socket, { seq }) {
      // after the answers to what came before
      if (seq === 7) setTimeout(() => socket.destroy(), 10);
    },
  });
  const one = house(broker.port, { points: [['gas1.ppm', 1]] });
  one.commit(30);
  await until('all answered', () => one.store.outboxSize() === 0);
  expect([...one.store.aside]).toEqual([[7, 'the broker hangs up whenever this event is sent']]);
  await until('points', () => broker.taken.some(({ topic }) => topic.includes('/point/')));
  await until('well', () => one.healths.at(-1)?.ok === true);
});

test('a broker that goes down again and again, or never answers, has no event set aside', async () => {
  const broker = await strictBroker({
    answer: ({ seq, connection }) => (seq !== undefined && connection <= 8 ? undefined : 0),
    onPublish(socket, { seq, connection }) {
      // longer than an answer takes: a line that breaks for another reason
      if (seq !== undefined && connection <= 8) setTimeout(() => socket.destroy(), 400);
    },
  });
  const one = house(broker.port);
  one.commit(3);
  await until('delivered', () => one.store.outboxSize() === 0, 15_000);
  expect(one.store.aside.size).toBe(0);
}, 20_000);

test('a broker that hangs up at every level still gets the events', async () => {
  const broker = await strictBroker({
    answer: ({ topic }) => (topic.includes('/point/') ? undefined : 0),
    onPublish(socket, { topic }) {
      if (topic.includes('/point/')) setTimeout(() => socket.destroy(), 10);
    },
  });
  const one = house(broker.port, { points: [['gas1.ppm', 1]] });
  await until('levels pause', () => one.logged.some(({ message }) => message.includes('whenever levels')));
  one.commit(5);
  await until('delivered', () => one.store.outboxSize() === 0);
  expect(one.store.aside.size).toBe(0);
});

test.each([0x80, 0x83, 0x97])(
  'an event that is not taken for now for ever is set aside after some rounds, and all others get out: %i',
  async (reason) => {
    const broker = await strictBroker({ answer: ({ seq }) => (seq === 3 ? reason : 0) });
    const one = house(broker.port, { clock: fastClock(100) });
    one.commit(100);
    await until('said', () =>
      one.healths.some(({ ok, because }) => !ok && because.includes('not taken now')),
    );
    await until('the others are out', () => one.store.outboxSize() === 0, 30_000);
    expect([...one.store.aside.keys()]).toEqual([3]);
    const seqs = broker.taken.flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
    expect(new Set(seqs).size).toBe(100);
    // a window or two at first, then a few rounds with one repeat each
    expect(seqs.length).toBeLessThan(200);
  },
);

test('a broker that takes nothing for an hour loses no event by it, and is asked seldom', async () => {
  let full = true;
  const broker = await strictBroker({ answer: ({ seq }) => (full && seq !== undefined ? 0x97 : 0) });
  const one = house(broker.port, { clock: fastClock(600) });
  one.commit(50);
  await until('an hour of it', () => broker.taken.filter(({ seq }) => seq === 1).length > 60, 60_000);
  expect(one.healths.at(-1)?.ok).toBe(false);
  full = false;
  await until('delivered', () => one.store.outboxSize() === 0, 30_000);
  expect(one.store.aside.size).toBe(0);
});

test('a look at the incidents that was cut short is taken again, but not for ever', async () => {
  let looks = 0;
  let cutMs = 0;
  const clock = fastClock(20);
  const broker = await strictBroker({
    answer: () => 0,
    // longer than a look takes
    isAway: () => looks > 0 && clock.steadyMs() - cutMs < 8000,
    onSubscribe(socket, topics) {
      if (!topics.includes(`${base}/incident/+`)) return;
      looks += 1;
      cutMs = clock.steadyMs();
      setTimeout(() => socket.destroy(), 10);
    },
  });
  const one = house(broker.port, { clock });
  await until('looked again', () => looks === 2);
  await until('it stays', () => one.courier.state().connected && clock.steadyMs() - cutMs > 30_000);
  expect(looks).toBe(2);
});

test('an event behind one that is set aside is not forgotten, also where the broker answers it first', async () => {
  const later: (() => void)[] = [];
  let refuseBoth = true;
  const sent: number[] = [];
  const clock = virtualClock();
  const waiting = new Set([1, 2]);
  const lane = createEventLane({
    topic: `${base}/event`,
    store: {
      outbox: (after, limit) =>
        [...waiting]
          .filter((seq) => seq > after)
          .map((seq) => sampleEvent(seq))
          .slice(0, limit),
      delivered(seqs) {
        for (const seq of seqs) waiting.delete(seq);
      },
      setAside: (seq) => void waiting.delete(seq),
    },
    clock,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    random: () => 0.5,
    pump,
    acknowledged() {},
    refused() {},
  });
  function pump(): void {
    for (let next = lane.next(0); next !== undefined && next !== 'wait'; next = lane.next(0)) {
      const { payload, settled } = next;
      const { seq } = JSON.parse(payload) as { seq: number };
      sent.push(seq);
      later.push(() => settled(seq === 1 || (refuseBoth && seq === 2 && rounds > 5) ? 0x97 : 0));
    }
  }
  let rounds = 0;
  pump();
  for (; rounds < 20 && waiting.size > 0; rounds += 1) {
    if (!waiting.has(1)) refuseBoth = false;
    const answers = later.splice(0);
    // the last first, which no broker should
    for (const answer of rounds > 5 ? answers.reverse() : answers) answer();
    await clock.advance(60_000);
  }
  expect([...waiting]).toEqual([]);
  lane.close();
});

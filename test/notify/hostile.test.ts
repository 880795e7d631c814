// Anything that a stranger with access to the broker may publish to a running courier: it answers or drops,
// and the alarm path goes on.

import fc from 'fast-check';
import type { MqttClient } from 'mqtt';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { door, type Fields, holder, signedBy } from '../rights/people.ts';
import { type Broker, installed, pause, startMosquitto, until } from '../support/broker.ts';
import { fastClock, type House, startHouse } from './house.ts';

const base = 'keepwatch/v1/store_0042';

describe.skipIf(!installed('mosquitto'))('a hostile publisher', { timeout: 30_000 }, () => {
  let broker: Broker;
  let one: House;
  let stranger: MqttClient;
  const replies: { id: string; code: string }[] = [];

  beforeAll(async () => {
    broker = await startMosquitto();
    // seconds pass quickly, so that the limit of commands does not end the test's reach
    one = startHouse({ url: `mqtt://127.0.0.1:${broker.port}`, clock: fastClock(50) });
    one.answer = async ({ id, verb }) => ({
      id,
      ok: false,
      code: verb === 'ack' ? 'notFound' : 'unknownVerb',
      message: '',
    });
    await until('connected', () => one.courier.state().connected);
    stranger = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
      protocolVersion: 5,
      reconnectPeriod: 0,
    });
    stranger.on('message', (_topic, payload) => replies.push(JSON.parse(payload.toString())));
    await stranger.subscribeAsync(`${base}/reply`, { qos: 1 });
    await pause(100);
  });
  afterAll(async () => {
    stranger.end(true);
    await one.courier.stop();
    await broker.stop();
  });

  const alive = async (): Promise<void> => {
    const before = one.store.journal.length;
    one.commit();
    expect(one.store.journal.length).toBe(before + 1);
    await until('delivered', () => one.store.outboxSize() === 0);
    const id = `alive-${before}`;
    await stranger.publishAsync(`${base}/command`, JSON.stringify({ id, verb: 'ack', by: 'me' }), { qos: 1 });
    await until('answered', () => replies.some((reply) => reply.id === id));
  };

  test('bytes, JSON and almost-commands of any kind', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('__proto__', 'constructor', '', ' '),
    );
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some)),
      fc.json().map((some) => Buffer.from(some)),
      fc
        .record(
          {
            id: fc.oneof(text, fc.integer()),
            verb: fc.oneof(text, fc.constant('replay')),
            by: text,
            from: fc.anything(),
            to: fc.integer(),
          },
          { requiredKeys: [] },
        )
        .map((some) =>
          Buffer.from(JSON.stringify(some, (_key, value) => (typeof value === 'bigint' ? 0 : value))),
        ),
    );
    const topic = fc.constantFrom('command', 'receipt', 'status');
    const properties = fc.record(
      {
        responseTopic: fc.constantFrom('a', 'a/b', 'keepwatch/v1/store_0042/event', '$SYS/x'),
        correlationData: fc.uint8Array().map((some) => Buffer.from(some)),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(topic, payload, properties, async (where, what, how) => {
        await stranger.publishAsync(`${base}/${where}`, what, { qos: 1, properties: how });
        expect(one.courier.state().connected).toBe(true);
      }),
      { numRuns: 400 },
    );
    await pause(200);
    await alive();
  });

  test('nesting, size and poison', async () => {
    const deep = `{"id":"deep","verb":"ack","by":"x","a":${'['.repeat(8000)}${']'.repeat(8000)}}`;
    const large = JSON.stringify({ id: 'large', verb: 'ack', by: 'x', note: 'y'.repeat(100_000) });
    const poison = '{"id":"poison","verb":"ack","by":"x","__proto__":{"admin":true}}';
    for (const payload of [deep, large, poison]) {
      await stranger.publishAsync(`${base}/command`, payload, { qos: 1 });
    }
    for (const id of ['deep', 'large', 'poison']) {
      await until(id, () => replies.some((reply) => reply.id === id && reply.code === 'badRequest'));
    }
    // larger than we let an MQTT 5 broker send: it never arrives
    await stranger.publishAsync(`${base}/command`, Buffer.alloc(3_000_000, 0x20), { qos: 1 });
    await pause(200);
    expect(one.courier.state().connected).toBe(true);
    await alive();
  });

  test('a reply never goes to our own topics', async () => {
    const before = replies.length;
    const command = JSON.stringify({ id: 'loop', verb: 'ack', by: 'x' });
    await stranger.publishAsync(`${base}/command`, command, {
      qos: 1,
      properties: { responseTopic: `${base}/command` },
    });
    await until('answered', () => replies.some(({ id }) => id === 'loop'));
    await pause(200);
    expect(replies.slice(before).filter(({ id }) => id === 'loop')).toHaveLength(1);
  });
});

describe.skipIf(!installed('mosquitto'))(
  'a hostile publisher where commands are signed',
  { timeout: 30_000 },
  () => {
    const wang = holder('wang', 'operate');
    let broker: Broker;
    let one: House;
    let stranger: MqttClient;

    beforeAll(async () => {
      broker = await startMosquitto();
      one = startHouse({
        url: `mqtt://127.0.0.1:${broker.port}`,
        clock: fastClock(50),
        gate: door([wang]).gate,
      });
      await until('connected', () => one.courier.state().connected);
      stranger = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
    });
    afterAll(async () => {
      stranger.end(true);
      await one.courier.stop();
      await broker.stop();
    });

    test('nothing that was changed in any way is run; what was not, is, once', async () => {
      const change: fc.Arbitrary<Fields> = fc.oneof(
        fc.constantFrom<Fields>(
          { verb: 'silence' },
          { key: 'Wang' },
          { key: undefined },
          { key: ['wang'] },
          { signature: undefined },
          { signature: null },
          { nonce: 'another nonce of some length' },
          { until: '2026-11-22T00:09:00.000Z' },
          { by: 'wang the person' },
          { extra: { a: 1 } },
        ),
        fc.record({
          signature: fc
            .uint8Array({ minLength: 64, maxLength: 64 })
            .map((some) => Buffer.from(some).toString('base64')),
        }),
        fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.jsonValue(), { minKeys: 1, maxKeys: 3 }),
      );
      let count = 0;
      await fc.assert(
        fc.asyncProperty(change, async (after) => {
          count += 1;
          const { origin: _origin, ...signed } = signedBy(wang, { id: `h${count}` });
          const changed = { ...signed, ...after };
          if (JSON.stringify(changed) !== JSON.stringify(signed))
            await stranger.publishAsync(`${base}/command`, JSON.stringify(changed), { qos: 1 });
        }),
        { numRuns: 300 },
      );
      const { origin: _origin, ...honest } = signedBy(wang, { id: 'honest' });
      for (let times = 0; times < 3; times += 1)
        await stranger.publishAsync(`${base}/command`, JSON.stringify({ ...honest, origin: 'cli' }), {
          qos: 1,
        });
      await until('the honest one runs', () => one.commands.some(({ id }) => id === 'honest'));
      expect(one.commands).toEqual([expect.objectContaining({ id: 'honest', key: 'wang', origin: 'mqtt' })]);
      expect(one.courier.state().connected).toBe(true);
    });
  },
);

// Two gateways that run under one name, at brokers of both MQTT versions: both say so, neither stays cut off, and
// a restart, a late will or a lost connection is not taken for a second gateway.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startEmbeddedBroker } from '../../src/notify/embedded-broker.ts';
import { watchIdentity } from '../../src/notify/identity.ts';
import { freePort, installed, publish, startMosquitto, until, witness } from '../support/broker.ts';
import { virtualClock } from '../support/clock.ts';
import { type House, memoryStore, startHouse } from './house.ts';

const base = 'keepwatch/v1/store_0042';
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
let cleanups: (() => Promise<unknown> | undefined)[];

beforeEach(() => {
  cleanups = [];
});
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

function house(url: string, session: string): House {
  const one = startHouse({ url, session, store: memoryStore() });
  cleanups.push(() => one.courier.stop());
  return one;
}

const contested = ({ identities }: House): boolean => identities.at(-1)?.ok === false;

async function bothSay(url: string, port: number): Promise<void> {
  const watching = await witness(port);
  cleanups.push(watching.close);
  const one = house(url, 'session-one');
  await until('the first is connected', () => one.courier.state().connected);
  const other = house(url, 'session-other');
  await until('both say so', () => contested(one) && contested(other), 40_000);
  await until('both stay', () => one.courier.state().connected && other.courier.state().connected, 40_000);
  one.commit(1, { because: 'of the first' });
  other.commit(1, { because: 'of the other' });
  await watching.until('both are heard', () => watching.json(`${base}/event`).length === 2);
  expect(
    watching
      .json(`${base}/event`)
      .map(({ because }) => because)
      .sort(),
  ).toEqual(['of the first', 'of the other']);
}

describe.skipIf(!installed('mosquitto'))('at mosquitto', () => {
  test('both say so and both are heard', async () => {
    const broker = await startMosquitto();
    cleanups.push(broker.stop);
    await bothSay(`mqtt://127.0.0.1:${broker.port}`, broker.port);
  }, 100_000);

  test('a will of the run before, and our own connection lost again and again, are no second gateway', async () => {
    const broker = await startMosquitto();
    cleanups.push(broker.stop);
    const one = house(`mqtt://127.0.0.1:${broker.port}`, 'session-one');
    await until('connected', () => one.courier.state().connected);
    const late = JSON.stringify({ state: 'offline', session: 'the run before' });
    for (const _ of [1, 2, 3]) await publish(broker.port, `${base}/status`, late);
    one.commit(1);
    await until('delivered', () => one.store.outboxSize() === 0);
    await until('repaired', () =>
      one.logged.some(({ message }) => message.startsWith('an old will arrived late')),
    );
    expect(one.identities).toEqual([]);
  });
});

test.skipIf(!installed('mosquitto'))(
  'a broker that has seen more than the state knows is believed',
  async () => {
    const broker = await startMosquitto();
    cleanups.push(broker.stop);
    const left = { state: 'offline', session: 'the run before', epoch: 'abcdefgh', lastSeq: 1287 };
    await publish(broker.port, `${base}/status`, JSON.stringify(left), ['-r']);
    const one = house(`mqtt://127.0.0.1:${broker.port}`, 'session-one');
    await until('told', () => one.aheads.length > 0);
    expect(one.aheads).toEqual([1287]);
    await one.courier.stop();

    await publish(broker.port, `${base}/status`, JSON.stringify({ ...left, epoch: 'another1' }), ['-r']);
    const fresh = house(`mqtt://127.0.0.1:${broker.port}`, 'session-other');
    await until('connected', () => fresh.courier.state().connected);
    fresh.commit(1);
    await until('delivered', () => fresh.store.outboxSize() === 0);
    expect(fresh.aheads).toEqual([]);
  },
);

test('at a broker that speaks MQTT 3.1.1 only, both say so and both are heard', async () => {
  const port = await freePort();
  const broker = await startEmbeddedBroker({ listen: { host: '127.0.0.1', port } }, quiet);
  cleanups.push(broker.close);
  await bothSay(broker.url, port);
}, 100_000);

test('one sign is not believed, two are; ten quiet minutes end it', async () => {
  const clock = virtualClock();
  const told: [boolean, string][] = [];
  const watch = watchIdentity({
    clock,
    clientId: 'keepwatch-store_0042',
    session: '0123456789abcdef',
    health: (ok, because) => told.push([ok, because]),
  });
  watch.pushedOff();
  expect([watch.contested(), watch.clientId(), told]).toEqual([false, 'keepwatch-store_0042', []]);
  await clock.advance(11 * 60_000);
  watch.pushedOff();
  expect(watch.contested()).toBe(false);
  await clock.advance(60_000);
  watch.heard('another');
  expect(watch.contested()).toBe(true);
  expect(watch.clientId()).toBe('keepwatch-store_0042-01234567');
  await clock.advance(9 * 60_000);
  watch.heard('another');
  await clock.advance(9 * 60_000);
  expect(watch.contested()).toBe(true);
  await clock.advance(60_000);
  expect(watch.contested()).toBe(false);
  expect(told.map(([ok]) => ok)).toEqual([true, false, true]);
  watch.stop();
});

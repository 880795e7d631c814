// What roles are told over MQTT, against a real broker: the payload as the contract has it, its place among the other
// lanes, and that it is published until the broker has it, over outages and restarts, and no longer than it is wanted.

import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Message } from '../../src/core/types.ts';
import { tookUnheard } from '../../src/core/vocabulary.ts';
import { createNoticeLanes } from '../../src/notify/notices.ts';
import type { Lane } from '../../src/notify/sender.ts';
import { topicsOf } from '../../src/notify/topics.ts';
import { type Broker, freePort, installed, startMosquitto, until, witness } from '../support/broker.ts';
import { virtualClock } from '../support/clock.ts';
import { fastClock, type House, startHouse } from './house.ts';
import { keptLog, type PeopleHouse, peopleHouse, sampleTold } from './people.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const topic = 'keepwatch/v1/store_0042/notify/store_manager';

function add(people: PeopleHouse, id: string, incident: Parameters<PeopleHouse['add']>[2] = {}): Message {
  const about = [{ incident: `i${id.slice(1)}_kdqv`, told: 1, attempt: 2 }];
  const { person: _none, ...message } = people.add(
    id,
    { channel: 'mqtt', role: 'store_manager', about },
    incident,
  );
  people.standing.set(id, message);
  return message;
}

function courier(people: PeopleHouse, port: number): House {
  const house = startHouse({ url: `mqtt://127.0.0.1:${port}`, notices: people, clock: fastClock(5) });
  ends.push(() => house.courier.stop());
  return house;
}

describe.runIf(installed('mosquitto', 'mosquitto_sub'))('a notice', () => {
  const broker = async (lines: string[] = []): Promise<Broker> => {
    const started = await startMosquitto(lines);
    ends.push(() => started.stop());
    return started;
  };
  const watch = async (port: number, on = 'keepwatch/#') => {
    const made = await witness(port, on);
    ends.push(() => made.close());
    return made;
  };

  it('that nobody listens to is known as such, and one that somebody hears is not', async () => {
    const [people, { port }] = [peopleHouse(), await broker()];
    const house = courier(people, port);
    add(people, 'm1');
    house.courier.told();
    await until('it is reported', () => people.reports.length === 1);
    expect(people.reports[0]).toEqual({ message: 'm1', outcome: 'delivered', because: tookUnheard });
    await watch(port, topic);
    add(people, 'm2');
    house.courier.told();
    await until('the other is reported', () => people.reports.length === 2);
    expect(people.reports[1]).toEqual({ message: 'm2', outcome: 'delivered', because: 'the broker took it' });
  });

  it('is what the contract says, and is reported as delivered', async () => {
    const [people, { port }] = [peopleHouse(), await broker()];
    const seen = await watch(port);
    add(people, 'm1', { steps: [{ id: 'call', text: { zh: '拨打 119', en: 'Call 119' }, required: true }] });
    const house = courier(people, port);
    await until('it is reported', () => people.reports.length === 1);
    expect(people.reports).toEqual([{ message: 'm1', outcome: 'delivered', because: 'the broker took it' }]);
    await seen.until('it is seen', () => seen.json(topic).length === 1);
    expect(seen.seen.find((one) => one.topic === topic)?.retain).toBe(false);
    expect(seen.json(topic)[0]).toEqual({
      id: 'm1',
      premises: 'store_0042',
      role: 'store_manager',
      incident: 'i1_kdqv',
      level: 'urgent',
      title: '【紧急】火灾 · 中庭',
      text: '一号店，i1，11月22日 09:02 起\n请执行：\n1. 拨打 119\n确认：在网关上运行 keepwatch ack i1，或告知中控室',
      to: ['王芳'],
      attempt: 2,
      drill: false,
      kind: 'rung',
      because: 'at once',
      at: '2026-11-22T01:02:04.000Z',
    });
    add(people, 'm2', { told: [sampleTold(1, { kind: 'closed' })], state: 'closed' });
    house.courier.told();
    await until('the second is reported', () => people.reports.length === 2);
    await seen.until('it is seen', () => seen.json(topic).length === 2);
    expect(seen.json(topic)[1]).toMatchObject({
      incident: 'i2_kdqv',
      kind: 'closed',
      title: '【解除】火灾 · 中庭',
    });
    // told again, nothing is published again
    house.courier.told();
    add(people, 'm3');
    house.courier.told();
    await seen.until('the third is seen', () => seen.json(topic).length === 3);
    expect(seen.json(topic).map(({ id }) => id)).toEqual(['m1', 'm2', 'm3']);
  });

  it('waits for a broker that is down, and what is no longer wanted is not published', async () => {
    const people = peopleHouse();
    const server = await broker();
    const house = courier(people, server.port);
    await until('it is connected', () => house.courier.state().connected);
    await server.kill();
    await until('it is lost', () => !house.courier.state().connected);
    for (const id of ['m1', 'm2', 'm3']) add(people, id);
    house.courier.told();
    people.standing.delete('m2');
    await server.start();
    const seen = await watch(server.port);
    await until('they are reported', () => people.standing.size === 0);
    expect(people.reports.map(({ message, outcome }) => `${message} ${outcome}`)).toEqual([
      'm1 delivered',
      'm3 delivered',
    ]);
    expect(seen.json(topic).map(({ id }) => id)).not.toContain('m2');
  });

  it('that stands is published by the next run of the daemon', async () => {
    const people = peopleHouse();
    const dead = await freePort();
    add(people, 'm1');
    const first = startHouse({ url: `mqtt://127.0.0.1:${dead}`, notices: people });
    await first.courier.stop();
    expect(people.reports).toEqual([]);
    const { port } = await broker();
    const seen = await watch(port);
    courier(people, port);
    await seen.until('it is seen', () => seen.json(topic).length === 1);
  });

  it('of an alarm comes after the events, that of a trouble before the levels', async () => {
    const [people, { port }] = [peopleHouse(), await broker()];
    const seen = await watch(port);
    for (let number = 1; number <= 15; number++) add(people, `m${number}`, { category: 'trouble' });
    add(people, 'm16');
    const house = startHouse({
      url: `mqtt://127.0.0.1:${port}`,
      notices: people,
      points: [['meter.power', 5]],
    });
    ends.push(() => house.courier.stop());
    house.commit(5);
    await seen.until('the point is seen', (all) =>
      all.some((one) => one.topic.endsWith('/point/meter/power')),
    );
    const kinds = seen.seen.map((one) => {
      if (one.topic !== topic) return one.topic.split('/')[3];
      return JSON.parse(one.payload).id === 'm16' ? 'alarm' : 'trouble';
    });
    const order = kinds.filter((kind, index) => kind !== kinds[index - 1]);
    expect(order).toEqual(['status', 'event', 'alarm', 'trouble', 'point']);
  });

  it('that the broker does not authorise is published once it does', async () => {
    const people = peopleHouse();
    const allowed = ['event', 'status', 'notify/guard'].map(
      (end) => `topic readwrite keepwatch/v1/store_0042/${end}\n`,
    );
    let file = '';
    const denying = await startMosquitto((folder) => {
      file = `${folder}/acl`;
      writeFileSync(file, allowed.join(''));
      return [`acl_file ${file}`, 'log_type all'];
    });
    ends.push(() => denying.stop());
    add(people, 'm1');
    courier(people, denying.port);
    await until('it is reported', () => people.reports.length === 1);
    expect(people.reports).toEqual([
      { message: 'm1', outcome: 'failed', because: 'the broker does not authorise this' },
    ]);
    // tried again on the same connection, and said no second time
    const denials = () => denying.output().match(/Denied PUBLISH.*\/notify\/store_manager/g) ?? [];
    await until('it is tried again', () => denials().length >= 3);
    expect(people.reports).toHaveLength(1);
    writeFileSync(file, `${allowed.join('')}topic readwrite ${topic}\n`);
    await denying.kill();
    await denying.start();
    await until('it is delivered', () => people.reportsOf('m1').includes('delivered'));
    expect(people.reportsOf('m1')).toEqual(['failed', 'delivered']);
  });
});

describe('the lanes', () => {
  const bench = () => {
    const [people, clock] = [peopleHouse(), virtualClock()];
    const pumped: number[] = [];
    const lanes = createNoticeLanes({
      topics: topicsOf('keepwatch', 'store_0042'),
      notices: people,
      clock,
      log: keptLog(),
      pump: () => void pumped.push(clock.steadyMs()),
    });
    return { people, clock, lanes, pumped };
  };
  const next = (lane: Lane) => {
    const one = lane.next(0);
    return one === undefined || one === 'wait' ? undefined : one;
  };

  it('hold back what is refused for now, longer and longer', async () => {
    const { people, clock, lanes, pumped } = bench();
    add(people, 'm1');
    add(people, 'm2');
    next(lanes.alarms)!.settled(0x97);
    expect(people.reports).toEqual([
      { message: 'm1', outcome: 'failed', because: 'the quota at the broker is used up' },
    ]);
    expect(next(lanes.alarms)).toBeUndefined();
    await clock.advance(5000);
    expect(pumped).toEqual([5000]);
    next(lanes.alarms)!.settled(0x97);
    await clock.advance(9999);
    expect(next(lanes.alarms)).toBeUndefined();
    await clock.advance(1);
    const [one, other] = [next(lanes.alarms)!, next(lanes.alarms)!];
    one.settled(0);
    other.settled(0);
    // what was taken is told together, a moment later
    expect(people.standing.size).toBe(2);
    await clock.advance(250);
    expect(people.standing.size).toBe(0);
    lanes.close();
    expect(clock.pending()).toBe(0);
  });

  it('offer what is not authorised again by itself, later and later, and tell it once', async () => {
    const { people, clock, lanes, pumped } = bench();
    add(people, 'm1');
    add(people, 'm2');
    next(lanes.alarms)!.settled(0x87);
    // another topic may be allowed
    next(lanes.alarms)!.settled(0);
    for (const [atMs, pauseMs] of [
      [0, 5000],
      [5000, 10_000],
      [15_000, 20_000],
      [35_000, 40_000],
      [75_000, 60_000],
      [135_000, 60_000],
    ] as const) {
      lanes.changed();
      await clock.advance(pauseMs - 1);
      expect(next(lanes.alarms)).toBeUndefined();
      await clock.advance(1);
      expect(pumped.at(-1)).toBe(atMs + pauseMs);
      next(lanes.alarms)!.settled(0x87);
    }
    expect(people.reportsOf('m2')).toEqual(['delivered']);
    expect(people.reportsOf('m1')).toEqual(['failed']);
    // a new connection may have other rights
    lanes.alarms.lost('no');
    lanes.others.lost('no');
    lanes.begin();
    next(lanes.alarms)!.settled(0);
    // a stop tells what it still knows
    lanes.close();
    expect(people.reportsOf('m1')).toEqual(['failed', 'delivered']);
    expect(clock.pending()).toBe(0);
  });

  it('forget what is not authorised and no longer wanted', async () => {
    const { people, clock, lanes } = bench();
    add(people, 'm1');
    next(lanes.alarms)!.settled(0x87);
    people.standing.delete('m1');
    lanes.changed();
    await clock.advance(5000);
    expect(next(lanes.alarms)).toBeUndefined();
    expect(clock.pending()).toBe(0);
    expect(people.reportsOf('m1')).toEqual(['failed']);
  });

  it.each([
    [0x90, 'the broker refuses the topic name'],
    [0x95, 'the message is larger than the broker takes'],
    [0x99, 'the broker refuses the payload format'],
  ])('hand over what is refused for good: %i', (reason, because) => {
    const { people, lanes } = bench();
    add(people, 'm1');
    next(lanes.alarms)!.settled(reason);
    expect(people.reports).toEqual([{ message: 'm1', outcome: 'refused', because }]);
    expect(next(lanes.alarms)).toBeUndefined();
  });

  it('give up one at which the broker hangs up, and no other', () => {
    const { people, lanes } = bench();
    for (const id of ['m1', 'm2', 'm3']) add(people, id);
    const lose = (): void => {
      lanes.alarms.lost('perhaps');
      lanes.others.lost('perhaps');
      lanes.begin();
    };
    for (let count = 0; count < 2; count++) {
      while (next(lanes.alarms) !== undefined);
      lose();
    }
    for (let count = 0; count < 3; count++) {
      // one at a time now
      expect(next(lanes.alarms)).toBeDefined();
      expect(next(lanes.alarms)).toBeUndefined();
      lose();
    }
    expect(people.reports).toEqual([
      { message: 'm1', outcome: 'refused', because: 'the broker hangs up whenever it is sent' },
    ]);
    next(lanes.alarms)!.settled(0);
    next(lanes.alarms)!.settled(0);
    lanes.close();
    expect(people.standing.size).toBe(0);
  });

  it('have few in flight, however many stand', () => {
    const { people, lanes } = bench();
    for (let number = 1; number <= 500; number++) add(people, `m${number}`);
    let count = 0;
    while (next(lanes.alarms) !== undefined) count += 1;
    expect(count).toBe(20);
  });
});

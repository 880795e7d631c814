// How long a level waits that the broker did not take for now; the lane alone, with time in hand.

import { expect, test } from 'vitest';
import type { Event, Incident } from '../../src/core/types.ts';
import { createLevelLane } from '../../src/notify/levels.ts';
import { topicsOf } from '../../src/notify/topics.ts';
import type { PointState } from '../../src/notify/types.ts';
import { virtualClock } from '../support/clock.ts';
import { memoryStore, premises, sampleIncident } from './house.ts';

const topics = topicsOf('keepwatch', premises);
const quota = 0x97;

function start() {
  const clock = virtualClock();
  const points = new Map<string, PointState>();
  const incidents = new Map<string, Incident>();
  const sent: { atS: number; topic: string; payload: string }[] = [];
  const broker = { reason: quota };
  const pump = (): void => {
    for (let next = lane.next(0); next !== undefined && next !== 'wait'; next = lane.next(0)) {
      sent.push({ atS: clock.steadyMs() / 1000, topic: next.topic, payload: next.payload });
      next.settled(broker.reason);
    }
  };
  const note = (): void => undefined;
  const lane = createLevelLane({
    topics,
    levels: {
      status: () => ({ epoch: 'abcdefgh' }) as never,
      points: () => points.values(),
      point: (id) => points.get(id),
      openIncidents: () => incidents.values(),
      redated: (event: Event) => event,
    },
    store: memoryStore(),
    clock,
    log: { debug: note, info: note, warn: note, error: note },
    pump,
  });
  const set = (id: string, value: number): void => {
    points.set(id, { id, value, quality: 'good', at: '' });
    lane.changed([id], []);
    pump();
  };
  const begin = (): void => {
    lane.begin();
    pump();
  };
  const times = (topic: string): number[] => sent.filter((one) => one.topic === topic).map(({ atS }) => atS);
  return { clock, points, incidents, sent, broker, pump, lane, set, begin, times };
}

test('the pause grows from 5 to 60 s and begins anew once the level was taken', async () => {
  const one = start();
  const topic = topics.point('gas1.ppm');
  one.begin();
  one.set('gas1.ppm', 1);
  await one.clock.advance(200_000);
  expect(one.times(topic)).toEqual([0, 5, 15, 35, 75, 135, 195]);
  one.broker.reason = 0;
  await one.clock.advance(300_000);
  expect(one.times(topic).at(-1)).toBe(255);
  expect(one.clock.pending()).toBe(0);
  one.broker.reason = quota;
  one.set('gas1.ppm', 2);
  await one.clock.advance(6000);
  expect(one.times(topic).slice(-2)).toEqual([500, 505]);
});

test('a point that changes meanwhile waits, and goes as it stands then; others do not wait for it', async () => {
  const one = start();
  one.begin();
  one.set('gas1.ppm', 1);
  await one.clock.advance(1000);
  one.set('gas1.ppm', 2);
  one.set('gas1.ppm', 3);
  one.broker.reason = 0;
  one.set('gas2.ppm', 7);
  await one.clock.advance(100_000);
  const seen = one.sent.map(({ atS, payload }) => [atS, JSON.parse(payload).value]);
  expect(seen).toEqual([
    [0, 1],
    [1, 7],
    [5, 3],
  ]);
});

test('an incident that changes does not wait; one that was closed is emptied until that is taken', async () => {
  const one = start();
  const topic = topics.incident('i-1');
  one.incidents.set('i-1', sampleIncident('i-1'));
  one.begin();
  await one.clock.advance(1000);
  one.incidents.delete('i-1');
  one.lane.changed([], ['i-1']);
  one.pump();
  await one.clock.advance(2000);
  one.broker.reason = 0;
  await one.clock.advance(100_000);
  expect(one.times(topic)).toEqual([0, 1, 6]);
  expect(one.sent.at(-1)?.payload).toBe('');
});

test('what is refused for good is not offered again, and a lost connection ends the waiting', async () => {
  const one = start();
  one.begin();
  one.broker.reason = 0x87;
  one.set('gas1.ppm', 1);
  expect(one.clock.pending()).toBe(0);
  one.broker.reason = quota;
  one.set('gas1.ppm', 2);
  expect(one.clock.pending()).toBe(1);
  one.lane.lost('no');
  expect(one.clock.pending()).toBe(0);
  one.broker.reason = 0;
  one.begin();
  expect(one.times(topics.point('gas1.ppm'))).toEqual([0, 0, 0]);
});

test('what lies at the broker of an incident of ours that is over is emptied; what is open, or of another, stays', () => {
  const one = start();
  one.broker.reason = 0;
  one.incidents.set('i2_abcd', sampleIncident('i2_abcd'));
  const found = Buffer.from('{}');
  // before the connection's beginning nothing is known of what stands
  one.lane.found(topics.incident('i1_abcd'), found);
  one.begin();
  const before = one.sent.length;
  one.lane.found(topics.incident('i1_abcd'), found);
  one.lane.found(topics.incident('i2_abcd'), found);
  one.lane.found(topics.incident('i1_wxyz'), found);
  one.lane.found(topics.incident('i3_abcd'), Buffer.alloc(0));
  one.lane.found(topics.point('gas1.ppm'), found);
  expect(one.sent.slice(before).map(({ topic, payload }) => [topic, payload])).toEqual([
    [topics.incident('i1_abcd'), ''],
  ]);
});

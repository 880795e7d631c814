// The quick version of each torture, held to its limits; and the judge, who must find every fault that he is there to
// find. Most of a torture is waiting, so that they run beside each other.

import { describe, expect, test } from 'vitest';
import { installed } from '../support/broker.ts';
import { base } from '../support/daemon.ts';
import { haveLibmodbus } from '../support/modbus/slave.ts';
import { haveSocat } from '../support/serial-line.ts';
import * as brokerDown from './broker-down.ts';
import * as brokerKilled from './broker-killed.ts';
import type { Answered, Trip } from './detectors.ts';
import * as halfOpen from './half-open.ts';
import { judge } from './judge.ts';
import * as junk from './junk.ts';
import * as kills from './kills.ts';
import * as neverAcks from './never-acks.ts';
import { isGood, perform, type Scenario } from './scenario.ts';
import { plan } from './site.ts';
import * as stopped from './stopped.ts';

const able = haveLibmodbus() && haveSocat() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');
const scenarios: Readonly<Record<string, Scenario>> = {
  kills,
  'broker-down': brokerDown,
  'broker-killed': brokerKilled,
  stopped,
  'half-open': halfOpen,
  'never-acks': neverAcks,
  junk,
};

describe.skipIf(!able).concurrent('torture', () => {
  test.each(Object.keys(scenarios))('%s', { timeout: 170_000 }, async (name) => {
    const told: string[] = [];
    const figures = await perform(scenarios[name]!, {
      quick: true,
      seed: 1,
      tell: (text) => void told.push(text),
    });
    // how long something takes is the machine's matter here: what must be there is judged, not when
    const judged = figures.filter(({ limit, unit }) => limit !== undefined && unit !== 'ms' && unit !== 's');
    expect(judged.length).toBeGreaterThan(3);
    expect(
      judged.filter((figure) => !isGood(figure)),
      told.join('\n'),
    ).toEqual([]);
  });
});

describe('the judge', () => {
  const trip = (detector: number, value: number, alarm: Answered): Trip => {
    const rest = { atMs: 5, sureAtMs: 6 };
    return { detector, value, trippedAtMs: 0, held: true, alarm: () => alarm, rest: () => rest };
  };
  const sure = { atMs: 1, sureAtMs: 2 };
  type Told = Record<string, unknown> & { readonly seq: number };
  const incident = (type: string, seq: number, id: string, detector: number, value: number): Told => ({
    ...{ seq, id: `e-${seq}`, epoch: 'e', type, replayed: false },
    incident: { id, plan, cause: { point: `panel.d${detector}`, value } },
  });
  const opened = (seq: number, id: string, detector: number, value: number): Told =>
    incident('incident.opened', seq, id, detector, value);
  const closed = (seq: number, id: string, detector: number, value: number): Told =>
    incident('incident.closed', seq, id, detector, value);
  const verdictOf = (trips: readonly Trip[], told: readonly Told[], lastSeq: number) =>
    judge(
      trips,
      {
        seen: [],
        json: (topic) => (topic === `${base}/event` ? [...told] : []),
        until: async () => {},
        close: async () => {},
      },
      lastSeq,
    );
  const trips = [trip(0, 30_001, sure), trip(1, 30_002, sure)];
  const good = [
    opened(1, 'i1', 0, 30_001),
    closed(2, 'i1', 0, 30_001),
    opened(3, 'i2', 1, 30_002),
    closed(4, 'i2', 1, 30_002),
  ];

  test('has nothing to say of a witness who has everything, some of it twice', () => {
    const twice = [good[0]!, good[1]!, good[0]!, good[1]!, good[2]!, good[3]!, good[2]!];
    expect(verdictOf(trips, twice, 4)).toEqual({
      ...{ answered: 2, unsure: 0, unsureTold: 0, lost: [], doubled: [], invented: [], unended: [] },
      ...{ missingSeqs: [], replayedSeqs: 0, disordered: [], lastSeq: 4, repeats: 3 },
    });
  });

  test('finds an alarm that was never received, and its numbers', () => {
    expect(verdictOf(trips, good.slice(0, 2), 4)).toMatchObject({
      lost: ['panel.d1 = 30002'],
      missingSeqs: [3, 4],
    });
  });

  test('finds one that was told as two, also by a number of its own', () => {
    const two = [...good, opened(5, 'i3', 0, 30_001), closed(6, 'i3', 0, 30_001)];
    expect(verdictOf(trips, two, 6).doubled).toEqual(['panel.d0 = 30001']);
    expect(verdictOf(trips, [...good, opened(5, 'i1', 0, 30_001)], 5).doubled).toEqual(['panel.d0 = 30001']);
  });

  test('finds one that nobody gave, or that nobody was told of', () => {
    const made = [...good, opened(5, 'i3', 0, 31_000), closed(6, 'i3', 0, 31_000)];
    expect(verdictOf(trips, made, 6).invented).toEqual(['panel.d0 = 31000']);
    expect(verdictOf([trips[0]!, trip(1, 30_002, {})], good, 4).invented).toEqual(['panel.d1 = 30002']);
  });

  test('counts a trip after a rest that no gateway was there to see as the alarm before, where that was told', () => {
    const unseen = { ...trip(0, 30_001, sure), rest: () => ({}) };
    const again = trip(0, 30_002, sure);
    expect(verdictOf([unseen, again], good.slice(0, 2), 2).lost).toEqual([]);
    expect(verdictOf([trips[0]!, again], good.slice(0, 2), 2).lost).toEqual(['panel.d0 = 30002']);
    expect(verdictOf([unseen, again], [], 0).lost).toEqual(['panel.d0 = 30001', 'panel.d0 = 30002']);
  });

  test('finds one without its end', () => {
    expect(verdictOf(trips, good.slice(0, 3), 3).unended).toEqual(['panel.d1 = 30002']);
  });

  test('finds a turn in the order, a repeat that says something else, and a second epoch', () => {
    const turned = [good[0]!, good[2]!, good[1]!, good[3]!];
    expect(verdictOf(trips, turned, 4).disordered).toEqual(['2 came for the first time after 3']);
    const other = [...good, { ...good[3]!, id: 'e-9' }];
    expect(verdictOf(trips, other, 4).disordered).toHaveLength(1);
    expect(verdictOf(trips, [...good, { ...opened(5, 'i3', 0, 30_001), epoch: 'f' }], 5).disordered).toEqual([
      'more than one epoch: e, f',
    ]);
  });

  test('lets what was asked for again fill a gap, and counts it', () => {
    const filled = [good[0]!, good[3]!, { ...good[1]!, replayed: true }, { ...good[2]!, replayed: true }];
    expect(verdictOf(trips, filled, 4)).toMatchObject({ missingSeqs: [], disordered: [], replayedSeqs: 2 });
  });

  test('asks for no alarm that was gone before the daemon can have dealt with it', () => {
    const brief = [trips[0]!, trip(1, 30_002, { atMs: 1 })];
    expect(verdictOf(brief, good.slice(0, 2), 2)).toMatchObject({ lost: [], unsure: 1, unsureTold: 0 });
    expect(verdictOf(brief, good, 4)).toMatchObject({ invented: [], unsureTold: 1 });
  });
});

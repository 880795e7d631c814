// What counts for the score of a drill and what does not, and what is to be done better.

import { expect, test } from 'vitest';
import type { Delivery, Told } from '../../src/core/types.ts';
import { drillScore } from '../../src/reports/drill-score.ts';
import { after, bare, drill, fire } from './incidents.ts';

test('a drill that went badly', () => {
  const score = drillScore(drill());
  expect(score).toMatchObject({
    // kept: the call, the first telling (by the second channel), the manager; the tellings of overdue steps are no rungs
    score: 50,
    kept: 3,
    judged: 6,
    acknowledge: { ms: 400_000, limitMs: 300_000, good: false },
    steps: [
      { id: 'call_brigade', ms: 90_000, limitMs: 120_000, good: true },
      { id: 'evacuate', ms: 420_000, limitMs: 300_000, good: false },
      { id: 'count_heads', limitMs: 600_000, good: false },
    ],
    allClear: { ms: 1_200_000, limitMs: 600_000, good: false },
  });
  expect(score.improvements.map(({ kind }) => kind)).toEqual([
    'acknowledgedLate',
    'stepLate',
    'stepMissed',
    'nobody',
    'notDelivered',
  ]);
});

test('a drill in which all went well', () => {
  const real = fire();
  const well = drill({
    acknowledgedAt: after(20),
    steps: [real.steps[0]!, { ...real.steps[1]!, doneAt: after(299), overdueAt: undefined as never }],
    told: real.told!.slice(0, 1),
    closedAt: after(300),
  });
  expect(drillScore(well)).toMatchObject({ score: 100, kept: 4, judged: 4, improvements: [] });
  expect(drillScore(well).allClear.good).toBe(true);
});

test('while it runs, what may yet be done counts neither way', () => {
  const running = bare('i5_abcd', {
    drill: true,
    steps: [
      { id: 'a', text: { zh: '甲', en: 'A' }, required: true, dueAt: after(600) },
      { id: 'b', text: { zh: '乙', en: 'B' }, required: true, overdueAt: after(60), dueAt: after(60) },
    ],
  });
  expect(drillScore(running)).toMatchObject({ score: 0, kept: 0, judged: 1 });
  expect(drillScore(running).improvements).toMatchObject([{ kind: 'stepMissed', step: 'b' }]);
});

test('one that ended without anybody acknowledging it, and without anything to judge it by', () => {
  const ended = bare('i5_abcd', { drill: true, state: 'closed', closedAt: after(5) });
  expect(drillScore(ended)).toMatchObject({
    score: 0,
    judged: 1,
    improvements: [{ kind: 'notAcknowledged' }],
  });
});

test('a step that is neither required nor limited is missed by nobody', () => {
  const step = { id: 'a', text: { zh: '甲', en: 'A' }, required: false };
  const ended = drill({ steps: [step] });
  expect(drillScore(ended).steps[0]).not.toHaveProperty('good');
  expect(drillScore(ended).improvements.some(({ kind }) => kind === 'stepMissed')).toBe(false);
});

test.each<[Delivery['state'][], boolean]>([
  [['failed'], true],
  [['failed', 'failed'], true],
  [['failed', 'withdrawn'], true],
  [['failed', 'delivered'], false],
  [['failed', 'waiting'], false],
  [['held'], false],
  [['withdrawn'], false],
])('attempts that ended %j: a failure is %s', (states, failure) => {
  const deliveries = states.map(
    (state, index): Delivery => ({
      message: `m${index}`,
      channel: 'sms',
      person: 'wang',
      state,
      at: after(1),
    }),
  );
  const told: Told = { ...fire().told![0]!, deliveries };
  const { improvements } = drillScore(drill({ told: [told] }));
  expect(improvements.some(({ kind }) => kind === 'notDelivered')).toBe(failure);
});

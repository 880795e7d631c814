// What a card says of who was told, what is next and where it is: nothing is called heard that nobody has answered, and a
// place is told apart from a title whatever it is called.

import { describe, expect, it } from 'vitest';
import { nextStep, titleParts, toldSummary } from '../../../src/console/page/told-summary.ts';
import type { Delivery, StepRecord, Told } from '../../../src/core/types.ts';

const delivery = (more: Partial<Delivery>): Delivery => ({
  message: 'm',
  channel: 'mqtt',
  role: 'shift_lead',
  state: 'delivered',
  at: '2026-11-25T00:00:00.000Z',
  ...more,
});
const told = (deliveries: readonly Delivery[], more: Partial<Told> = {}): Told => ({
  number: 1,
  activation: 1,
  kind: 'rung',
  rung: 'r',
  roles: [],
  at: '2026-11-25T00:00:00.000Z',
  atMs: 0,
  because: 'at once',
  skipped: false,
  to: [],
  deliveries: [...deliveries],
  ...more,
});

describe('who was told', () => {
  it('is heard only where somebody has acknowledged', () => {
    const of = { told: [told([delivery({})])] };
    expect(toldSummary({ ...of, acknowledged: false }).state).toBe('sent');
    expect(toldSummary({ ...of, acknowledged: true }).state).toBe('heard');
  });

  it('is not told by an acknowledgement alone, nor by what failed, was held back or left out', () => {
    const state = (some: readonly Told[]) => toldSummary({ told: [...some], acknowledged: true }).state;
    expect(state([])).toBe('nobody');
    expect(state([told([delivery({ state: 'waiting' })])])).toBe('sending');
    expect(state([told([delivery({ state: 'failed' })])])).toBe('failed');
    expect(state([told([delivery({ state: 'held' })])])).toBe('held');
    expect(state([told([delivery({ state: 'withdrawn' })])])).toBe('nobody');
    expect(state([told([delivery({})], { skipped: true })])).toBe('nobody');
    expect(state([told([delivery({})], { kind: 'closed' })])).toBe('nobody');
  });

  it('names each once, the latest rung first', () => {
    const some = [
      told([delivery({ person: 'wang' }), delivery({ person: 'wang', channel: 'sms' })]),
      told([delivery({ role: 'security_captain' })]),
    ];
    const { to } = toldSummary({ told: some, acknowledged: false });
    expect(to).toEqual([{ role: 'security_captain' }, { person: 'wang', role: 'shift_lead' }]);
  });
});

describe('what is to be done next', () => {
  const step = (id: string, doneAt?: string): StepRecord => ({
    id,
    text: { zh: id, en: id },
    required: false,
    ...(doneAt !== undefined && { doneAt }),
  });
  it('is the first that is not done', () => {
    expect(nextStep({ steps: [step('a', 'x'), step('b'), step('c')] })).toMatchObject({
      step: { id: 'b' },
      number: 2,
      all: 3,
    });
    expect(nextStep({ steps: [step('a', 'x')] })).toBeUndefined();
    expect(nextStep({ steps: [] })).toBeUndefined();
  });
});

describe('a title', () => {
  it('is told apart from its place, also where the place has a dot in its name or is not known yet', () => {
    expect(titleParts('Fire · Atrium', 'Atrium')).toEqual({ what: 'Fire', where: 'Atrium' });
    expect(titleParts('Fire · Hall · West', 'Hall · West')).toEqual({ what: 'Fire', where: 'Hall · West' });
    expect(titleParts('Fire · Atrium', 'atrium')).toEqual({ what: 'Fire', where: 'Atrium' });
    expect(titleParts('Fire', 'atrium')).toEqual({ what: 'Fire' });
    expect(titleParts('A · B', undefined)).toEqual({ what: 'A · B' });
  });
});

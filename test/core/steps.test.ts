// Steps: their limits, what is told when one is overdue, and those that the engine ticks by itself because the
// outputs read back as they should.

import { describe, expect, it } from 'vitest';
import type { Plan, Site } from '../../src/core/types.ts';
import { scenario } from '../support/scenario.ts';
import {
  active,
  calendar,
  contact,
  makeSite,
  output,
  person,
  plan,
  rule,
  rung,
  telling,
} from '../support/site.ts';

const minute = 60_000;
const monday = '2026-11-23T10:00+08:00';

function siteOf(steps: Plan['steps'], parts: Partial<Site> = {}): Site {
  return makeSite({
    points: [contact('io.a')],
    rules: [rule('a', active('io.a'), { outputs: { siren: true, valve: false } })],
    outputs: [output('siren'), output('valve', { normal: true })],
    plans: [plan('fire', { steps })],
    calendar: calendar(),
    telling: telling([person('ann', { roles: ['shift'] })]),
    ...parts,
  });
}

function step(id: string, more: Partial<Plan['steps'][number]> = {}): Plan['steps'][number] {
  return { id, text: id, required: false, ...more };
}

describe('a limit', () => {
  const site = siteOf([
    step('call', { role: 'shift', within: minute }),
    step('search', { role: 'shift', within: { workday: 2 * minute, night: 10 * minute }, after: 'call' }),
  ]);

  it('passes: the step is overdue, its role is told, once', () => {
    const run = scenario(site, { wall: monday })
      .reading({ 'io.a': true })
      .at('59s')
      .expectTold('fire', [])
      .at('60s')
      .expectTold('fire', ['overdue call: ann'])
      .expectEvents(['incident.opened fire', 'incident.escalated fire'])
      .at('61s')
      .expectMessages(['ann@app']);
    expect(run.events.at(-1)).toMatchObject({ step: 'call', because: 'step call is not done in its time' });
    expect(run.incident('fire').steps[0]).toMatchObject({
      dueAt: '2026-11-23T02:01:00.000Z',
      overdueAt: '2026-11-23T02:01:00.000Z',
    });
    run.deliver('ann').at('24h').expectTold('fire', []);
  });

  it('is kept: nothing is told, and the next one begins with the tick', () => {
    const run = scenario(site, { wall: monday })
      .reading({ 'io.a': true })
      .at('30s')
      .command('step', { incident: 'fire', step: 'call' });
    expect(run.incident('fire').steps[1]!.dueAt).toBe('2026-11-23T02:02:30.000Z');
    run.at('149s').expectTold('fire', []).at('150s').expectTold('fire', ['overdue search: ann']);
  });

  it('that counts from another step has not begun before', () => {
    const run = scenario(site, { wall: monday }).reading({ 'io.a': true }).at('1h');
    expect(run.incident('fire').steps[1]).not.toHaveProperty('dueAt');
    run
      .command('step', { incident: 'fire', step: 'call' })
      .after('119s')
      .expectTold('fire', ['overdue call: ann']);
    run.after('1s').expectTold('fire', ['overdue search: ann']);
  });

  it('is that of the hour at which it begins', () => {
    const run = scenario(site, { wall: '2026-11-23T23:00+08:00' })
      .reading({ 'io.a': true })
      .command('step', { incident: 'fire', step: 'call' })
      .at('599s')
      .expectTold('fire', [])
      .at('10m')
      .expectTold('fire', ['overdue search: ann']);
    expect(run.incident('fire').steps[1]!.dueMs).toBe(600_000);
  });

  it('outlives a restart, and is overdue once', () => {
    scenario(site, { wall: monday })
      .reading({ 'io.a': true })
      .restart('10h')
      .expectTold('fire', ['overdue call: ann'])
      .restart('10h')
      .expectTold('fire', []);
  });

  it('of a step done after all takes back the message', () => {
    scenario(site, { wall: monday })
      .reading({ 'io.a': true })
      .at('61s')
      .expectMessages(['ann@app'])
      .command('step', { incident: 'fire', step: 'call' })
      .expectMessages([]);
  });

  it('of the finder is told to nobody: who that is nobody knows', () => {
    scenario(siteOf([step('report', { role: 'finder', within: minute })]), { wall: monday })
      .reading({ 'io.a': true })
      .at('1h')
      .expectTold('fire', [])
      .expectEvents(['incident.opened fire', 'incident.escalated fire']);
  });

  it('leaves no deadline once the incident is closed', () => {
    const run = scenario(site, { wall: monday })
      .reading({ 'io.a': true })
      .command('ack', { incident: 'fire' })
      .reading({ 'io.a': false })
      .command('close', { incident: 'fire', verdict: 'real' });
    expect(run.state.durable.timers).toEqual({});
  });
});

describe('an automatic step', () => {
  const site = siteOf([step('alarm', { automatic: 'on' }), step('shut', { automatic: 'off' })], {
    plans: [
      plan('fire', {
        steps: [step('alarm', { automatic: 'on' }), step('shut', { automatic: 'off' })],
        notify: [rung('shift', { after: minute, unless: { step: 'alarm' } })],
      }),
    ],
  });
  const seen = (run: ReturnType<typeof scenario>, id: string, actual: boolean | null, fault?: string) =>
    run.give({ type: 'output', output: id, actual, ...(fault !== undefined && { fault }) });
  const done = (run: ReturnType<typeof scenario>) => run.incident('fire').steps.map(({ doneBy }) => doneBy);

  it('is ticked when its outputs read back as wanted, with the proof', () => {
    const run = scenario(site).reading({ 'io.a': true });
    expect(done(run)).toEqual([undefined, undefined]);
    seen(run, 'siren', true);
    expect(done(run)).toEqual(['keepwatch', undefined]);
    expect(run.incident('fire').steps[0]!.note).toBe('siren reads back on');
    run.expectEvents(['incident.opened fire', 'incident.step fire']).expectTold('fire', ['shift left out']);
    seen(run, 'valve', false);
    expect(done(run)).toEqual(['keepwatch', 'keepwatch']);
  });

  it('is left to people where the output has a fault, does not follow, or is not wanted so', () => {
    const run = scenario(site).reading({ 'io.a': true });
    seen(run, 'siren', true, 'no current');
    seen(run, 'valve', true);
    expect(done(run)).toEqual([undefined, undefined]);
    run.command('output', { output: 'siren', value: false, for: '1h' });
    seen(run, 'siren', true);
    expect(done(run)).toEqual([undefined, undefined]);
    run.at('1m').expectTold('fire', ['shift: ann']);
  });

  it('is ticked at once where the output is there already', () => {
    const run = scenario(site).command('output', { output: 'siren', value: true, for: '1h' });
    seen(run, 'siren', true);
    expect(done(run.reading({ 'io.a': true }))).toEqual(['keepwatch', undefined]);
  });

  it('is not ticked where the rules of the incident switch nothing so', () => {
    const run = scenario({ ...site, rules: [rule('a', active('io.a'), { outputs: { siren: true } })] });
    run.reading({ 'io.a': true });
    seen(run, 'siren', true);
    seen(run, 'valve', false);
    expect(done(run)).toEqual(['keepwatch', undefined]);
    const byHand = scenario(site).command('raise', { plan: 'fire' });
    seen(byHand, 'siren', true);
    expect(done(byHand)).toEqual([undefined, undefined]);
  });
});

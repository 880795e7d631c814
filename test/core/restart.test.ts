// A restart: all values are unknown until they are read again, what was open stays open, deadlines go on, and
// the journal, with or without a snapshot, replays to the state that was. The scenario restarts from a snapshot
// in the middle of its history and replays the rest.

import { describe, expect, it } from 'vitest';
import { wakeAt } from '../../src/core/engine.ts';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, measure, output, plan, rule } from '../support/site.ts';

const site = makeSite({
  points: [contact('io.a'), contact('io.b'), measure('m.v'), measure('m.w')],
  plans: [plan('p', { closing: 'itself' })],
  outputs: [output('siren', { maxOnMs: 600_000, silenceable: true })],
  rules: [
    rule('a', active('io.a'), { outputs: { siren: true } }),
    rule('latched', 'io.b', { plan: 'robbery', latch: true }),
    rule('slow', 'm.v > 50.0', { plan: 'p', zone: 'x', forMs: 60_000, holdMs: 60_000 }),
    rule('both', 'm.v > 20.0 && m.w > 20.0', { plan: 'p', zone: 'y' }),
  ],
});

describe('a restart', () => {
  it('forgets what the wires said, and says so', () => {
    const run = scenario(site)
      .reading({ 'io.a': false, 'm.v': 7 })
      .restart()
      .expectPoints({ 'io.a': 'stale', 'm.v': 'stale' });
    expect([...run.effects.points].sort()).toEqual(['io.a', 'io.b', 'm.v', 'm.w']);
    expect(run.events.at(-1)!.type).toBe('gateway.started');
  });

  it('does not raise again what did not change, and keeps the output', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('ack', { incident: 'fire' })
      .expectEvents(['incident.opened fire', 'incident.acknowledged fire'])
      .restart()
      .expectOutputs({ siren: true })
      .reading({ 'io.a': true })
      .expectEvents([])
      .expectIncident('fire', { state: 'acknowledged' })
      .expectOutputEvents(['siren true']);
  });

  it('raises what became true meanwhile, and returns what became false', () => {
    scenario(site)
      .reading({ 'io.a': false, 'io.b': false })
      .restart('1h')
      .reading({ 'io.a': true })
      .expectEvents(['incident.opened fire'])
      .restart('1h')
      .reading({ 'io.a': false })
      .expectEvents(['incident.returned fire'])
      .expectOutputs({ siren: false });
  });

  it('leaves latched what is latched', () => {
    scenario(site)
      .reading({ 'io.b': true })
      .reading({ 'io.b': false })
      .restart()
      .expectIncident('robbery', { active: true })
      .command('reset', { incident: 'robbery' })
      .expectReply({ ok: false, code: 'refused' }) // nobody has looked yet
      .reading({ 'io.b': false })
      .command('reset', { incident: 'robbery' })
      .expectReply({ ok: true });
  });

  it('fires overdue deadlines once, at the first tick', () => {
    const run = scenario(site)
      .reading({ 'io.a': true })
      .command('shelve', { incident: 'fire', for: '5m', reason: 'work' })
      .command('disable', { point: 'io.b', for: '5m', reason: 'work' })
      .command('output', { output: 'siren', value: true, for: '2m' })
      .expectEvents(['incident.opened fire', 'incident.shelved fire'])
      .restart('3h')
      .expectEvents(['incident.unshelved fire'])
      .expectOutputs({ siren: false })
      .after('1h')
      .expectEvents([]);
    expect(run.state.durable.disabled).toEqual({});
    expect(run.state.durable.overrides).toEqual({});
    expect(wakeAt(run.state)).toBeUndefined();
  });

  it('`for` goes on while down, but opens only when the condition is seen again', () => {
    scenario(site)
      .reading({ 'm.v': 60 })
      .restart('2m')
      .expectEvents([])
      .reading({ 'm.v': 60 })
      .expectEvents(['incident.opened p x']);
    scenario(site)
      .reading({ 'm.v': 60 })
      .restart('30s')
      .reading({ 'm.v': 60 })
      .after('29s')
      .expectEvents([])
      .after('1s')
      .expectEvents(['incident.opened p x']);
    scenario(site).reading({ 'm.v': 60 }).restart('2m').reading({ 'm.v': 40 }).after('1h').expectEvents([]);
  });

  it('`hold` begins again: what nobody saw clears nothing', () => {
    scenario(site)
      .reading({ 'm.v': 60 })
      .after('1m')
      .reading({ 'm.v': 40 })
      .after('50s')
      .restart('5s')
      .reading({ 'm.v': 40 })
      .after('59s')
      .expectEvents(['incident.opened p x'])
      .after('1s')
      .expectEvents(['incident.returned p x', 'incident.closed p x']);
  });

  it('keeps a trouble of a point until the point is seen good', () => {
    scenario(site)
      .reading({ 'm.v': null })
      .after('3s')
      .expectEvents(['incident.opened gateway-trouble device:m'])
      .restart()
      .expectEvents([])
      .reading({ 'm.v': null })
      .after('10s')
      .expectEvents([])
      .reading({ 'm.v': 5 })
      .expectEvents([
        'incident.returned gateway-trouble device:m',
        'incident.closed gateway-trouble device:m',
      ]);
  });

  it('keeps links that are down, and ends their trouble when they answer', () => {
    scenario(site)
      .lost('bus:line1')
      .expectEvents(['incident.opened gateway-trouble bus:line1'])
      .restart()
      .lost('bus:line1')
      .expectNothing()
      .found('bus:line1')
      .expectEvents([
        'incident.returned gateway-trouble bus:line1',
        'incident.closed gateway-trouble bus:line1',
      ]);
  });

  it('leaves out of service what is out of service', () => {
    scenario(site)
      .command('disable', { point: 'io.a', reason: 'work' })
      .restart()
      .reading({ 'io.a': true })
      .expectEvents([])
      .command('enable', { point: 'io.a' })
      .expectEvents(['incident.opened fire']);
  });

  it('numbers and ids go on', () => {
    const run = scenario(site).reading({ 'io.a': true });
    const before = run.events.length;
    run.restart().reading({ 'io.b': true });
    expect(run.events.at(-1)!.seq).toBeGreaterThan(before + 1);
    expect(run.incident('robbery').id).toBe('i2_abcd');
  });
});

describe('the journal', () => {
  it('carries the changes that it skipped, so that a later rule replays the same', () => {
    const run = scenario(site).reading({ 'm.v': 10 });
    const facts = run.facts.length;
    run.reading({ 'm.v': 15 }).reading({ 'm.v': 30 });
    expect(run.facts.length, 'changes without consequence make no fact').toBe(facts);
    run.reading({ 'm.w': 30 }).expectEvents(['incident.opened p y']);
    expect(run.facts.at(-1)).toMatchObject({ changes: [['m.w', 30, 'good']], live: [['m.v', 30, 'good']] });
  });

  it('a snapshot knows what the journal before it told: a later fact replays the same from it', () => {
    // m.v is told with the first fact and never again; the scenario replays from the snapshot after it.
    const run = scenario(site).reading({ 'm.v': 30, 'io.a': true });
    expect(run.state.durable.known['m.v']).toEqual(['m.v', 30, 'good']);
    run.reading({ 'm.w': 30 }).restart().expectOpen(['fire', 'p y']);
  });

  it('a snapshot knows what is out of service', () => {
    scenario(makeSite({ points: site.points, rules: [rule('r', 'io.a || io.b')] }))
      .command('disable', { point: 'io.a', reason: 'work' })
      .reading({ 'io.a': true })
      .reading({ 'io.b': true })
      .reading({ 'io.b': false })
      .expectEvents(['incident.opened fire']);
  });
});

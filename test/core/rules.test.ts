// Rules over time: how long a condition must hold, what clears it and after what delay, what stays latched
// until a person resets it, and that unknown in the middle of any of these neither opens nor clears.

import { describe, it } from 'vitest';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, measure, plan, rule } from '../support/site.ts';

const points = [contact('io.a'), contact('io.b'), measure('io.t')];
const plans = [plan('p', { closing: 'itself' })];
const withRule = (when: Parameters<typeof rule>[1], more: Parameters<typeof rule>[2] = {}) =>
  makeSite({ points, plans, rules: [rule('r', when, { plan: 'p', ...more })] });
const opened = ['incident.opened p'];
const closed = ['incident.returned p', 'incident.closed p'];

describe('for', () => {
  const site = withRule('io.a', { forMs: 2000 });

  it('opens when the condition has held that long, and not sooner', () => {
    scenario(site)
      .at('1s')
      .reading({ 'io.a': true })
      .at('2999ms')
      .expectEvents([])
      .at('3s')
      .expectEvents(opened);
  });

  it('begins again when the condition was false in between', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .at('1999ms')
      .reading({ 'io.a': false })
      .reading({ 'io.a': true })
      .at('3998ms')
      .expectEvents([])
      .at('3999ms')
      .expectEvents(opened);
  });

  it('does not open while unknown, and opens at once when it is true again after its time', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .at('1s')
      .reading({ 'io.a': null })
      .at('3s')
      .expectEvents([])
      .at('3500ms')
      .reading({ 'io.a': true })
      .expectEvents(opened);
  });

  it('unknown and then false opens nothing', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .at('1s')
      .reading({ 'io.a': null })
      .at('3s')
      .reading({ 'io.a': false })
      .reading({ 'io.a': true })
      .after('1999ms')
      .expectEvents([])
      .after('1ms')
      .expectEvents(opened);
  });

  it('names the point that began it as the cause', () => {
    scenario(withRule('io.a && io.b', { forMs: 1000 }))
      .reading({ 'io.a': true })
      .at('1s')
      .reading({ 'io.b': true })
      .at('2s')
      .expectIncident('p', { cause: { rule: 'r', point: 'io.b', value: true } });
  });
});

describe('until', () => {
  const site = withRule('io.t > 57.0', { until: 'io.t < 45.0' });

  it('alone decides what clears', () => {
    scenario(site)
      .reading({ 'io.t': 58 })
      .expectEvents(opened)
      .reading({ 'io.t': 50 })
      .reading({ 'io.t': 45 })
      .expectEvents([])
      .reading({ 'io.t': 44 })
      .expectEvents(closed);
  });

  it('unknown does not clear', () => {
    scenario(site)
      .reading({ 'io.t': 58 })
      .expectEvents(opened)
      .reading({ 'io.t': null })
      .after('2s')
      .expectEvents([]);
  });

  it('bars the rule while it holds', () => {
    scenario(withRule('io.a', { until: 'io.b' }))
      .reading({ 'io.a': true, 'io.b': true })
      .expectEvents([])
      .reading({ 'io.b': false })
      .expectEvents(opened)
      .reading({ 'io.b': true })
      .expectEvents(closed);
  });

  it('stops a waiting rule', () => {
    scenario(withRule('io.a', { until: 'io.b', forMs: 1000 }))
      .reading({ 'io.a': true, 'io.b': false })
      .at('500ms')
      .reading({ 'io.b': true })
      .at('600ms')
      .reading({ 'io.b': false })
      .at('1599ms')
      .expectEvents([])
      .at('1600ms')
      .expectEvents(opened);
  });
});

describe('hold', () => {
  const site = withRule('io.a', { holdMs: 5000 });

  it('clears when the condition has been gone that long, and not sooner', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .expectEvents(opened)
      .at('1s')
      .reading({ 'io.a': false })
      .at('5999ms')
      .expectEvents([])
      .at('6s')
      .expectEvents(closed);
  });

  it('begins again when the condition came back, without a further signal', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .expectEvents(opened)
      .at('1s')
      .reading({ 'io.a': false })
      .at('5s')
      .reading({ 'io.a': true })
      .at('7s')
      .reading({ 'io.a': false })
      .at('11999ms')
      .expectEvents([])
      .at('12s')
      .expectEvents(closed);
  });

  it('unknown in between begins it again: the alarm stays longer, never shorter', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .reading({ 'io.a': false })
      .expectEvents(opened)
      .at('2s')
      .reading({ 'io.a': null })
      .at('4s')
      .reading({ 'io.a': false })
      .at('8999ms')
      .expectEvents([])
      .at('9s')
      .expectEvents(closed);
  });

  it('with `until` it counts from when that began to hold', () => {
    scenario(withRule('io.t > 57.0', { until: 'io.t < 45.0', holdMs: 1000 }))
      .reading({ 'io.t': 60 })
      .expectEvents(opened)
      .at('1s')
      .reading({ 'io.t': 50 })
      .at('9s')
      .reading({ 'io.t': 40 })
      .at('9999ms')
      .expectEvents([])
      .at('10s')
      .expectEvents(closed);
  });
});

describe('latch', () => {
  const site = withRule('io.a', { latch: true });

  it('stays when the condition is gone, until a person resets it', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .expectEvents(opened)
      .at('1s')
      .reading({ 'io.a': false })
      .at('1h')
      .expectEvents([])
      .expectIncident('p', { active: true })
      .command('reset', { incident: 'p' })
      .expectReply({ ok: true })
      .expectEvents(['incident.note p', ...closed]);
  });

  it('cannot be reset while the condition holds', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('reset', { incident: 'p' })
      .expectReply({ ok: false, code: 'refused', message: 'still active: r' })
      .expectEvents(opened);
  });

  it('cannot be reset while the sensor is unknown', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .reading({ 'io.a': false })
      .reading({ 'io.a': null })
      .command('reset', { incident: 'p' })
      .expectReply({ ok: false, code: 'refused' })
      .reading({ 'io.a': false })
      .command('reset', { incident: 'p' })
      .expectReply({ ok: true })
      .expectEvents([...opened, 'incident.note p', ...closed]);
  });

  it('a condition that comes back while latched is a further signal of it', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .reading({ 'io.a': false })
      .reading({ 'io.a': true })
      .expectEvents([...opened, 'incident.signal p'])
      .command('reset', { incident: 'p' })
      .expectReply({ ok: false, code: 'refused' });
  });

  it('latches only after hold', () => {
    scenario(withRule('io.a', { latch: true, holdMs: 1000 }))
      .reading({ 'io.a': true })
      .reading({ 'io.a': false })
      .command('reset', { incident: 'p' })
      .expectReply({ ok: false, code: 'refused' })
      .at('1s')
      .command('reset', { incident: 'p' })
      .expectReply({ ok: true });
  });

  it('unknown does not even latch it: it stays active', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .reading({ 'io.a': null })
      .command('reset', { incident: 'p' })
      .expectReply({ ok: false, code: 'refused', message: 'still active: r' });
  });
});

describe('default rules', () => {
  it('a contact is active when true, without any expression', () => {
    scenario(withRule(active('io.a')))
      .reading({ 'io.a': false })
      .reading({ 'io.a': true })
      .expectEvents(opened)
      .reading({ 'io.a': false })
      .expectEvents(closed);
  });

  it('a text is active when it is not empty', () => {
    const site = makeSite({
      points: [contact('io.fault', { type: 'string' })],
      plans,
      rules: [rule('r', active('io.fault'), { plan: 'p' })],
    });
    scenario(site)
      .reading({ 'io.fault': '' })
      .expectEvents([])
      .reading({ 'io.fault': 'E07' })
      .expectEvents(opened)
      .reading({ 'io.fault': '' })
      .expectEvents(closed);
  });

  it('unknown neither opens nor clears', () => {
    scenario(withRule(active('io.a')))
      .reading({ 'io.a': null })
      .expectEvents([])
      .reading({ 'io.a': true })
      .expectEvents(opened)
      .reading({ 'io.a': null })
      .expectEvents([])
      .reading({ 'io.a': false })
      .expectEvents(closed);
  });
});

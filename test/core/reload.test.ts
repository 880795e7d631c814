// A reload: what the new site no longer has is let go, with its troubles and deadlines; what it left as it was
// stays known; what is new is looked at at once; and all of it replays.

import { describe, expect, it } from 'vitest';
import type { Site } from '../../src/core/types.ts';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, measure, output, plan, rule } from '../support/site.ts';

const full = {
  buses: [{ id: 'line1' }, { id: 'lan1' }],
  devices: [
    { id: 'io', bus: 'line1' },
    { id: 'm', bus: 'line1' },
  ],
  points: [contact('io.a'), contact('io.b'), measure('m.v')],
  plans: [plan('p', { closing: 'itself' })],
  outputs: [output('siren', { bus: 'lan1' })],
  rules: [rule('a', active('io.a'), { outputs: { siren: true } }), rule('b', active('io.b'), { plan: 'p' })],
} satisfies Partial<Site>;
const site = makeSite(full);
const begun = () => scenario(site).reading({ 'io.a': false, 'io.b': false, 'm.v': 10 });

describe('a reload', () => {
  it('of the same changes nothing', () => {
    begun()
      .reading({ 'io.a': true })
      .expectEvents(['incident.opened fire'])
      .reload(makeSite(full))
      .expectEvents([])
      .expectPoints({ 'io.a': true, 'm.v': 10 })
      .expectOutputs({ siren: true });
  });

  it('a removed rule ends its signal, and its demand', () => {
    begun()
      .reading({ 'io.a': true })
      .reload(makeSite({ ...full, rules: full.rules.slice(1) }))
      .expectEvents(['incident.opened fire', 'incident.returned fire'])
      .expectOutputs({ siren: false });
  });

  it('a new rule over what is already so opens at once', () => {
    begun()
      .reading({ 'm.v': 60 })
      .reload(makeSite({ ...full, rules: [...full.rules, rule('hot', 'm.v > 50.0', { plan: 'hot' })] }))
      .expectEvents(['incident.opened hot']);
  });

  it('and waits out its `for` from then', () => {
    begun()
      .reading({ 'm.v': 60 })
      .after('1h')
      .reload(makeSite({ ...full, rules: [rule('hot', 'm.v > 50.0', { plan: 'hot', forMs: 5000 })] }))
      .after('4999ms')
      .expectEvents([])
      .after('1ms')
      .expectEvents(['incident.opened hot']);
  });

  it('indexes move with what was skipped by the journal before it', () => {
    begun()
      .reading({ 'm.v': 20 })
      .reading({ 'm.v': 60 })
      .reload(
        makeSite({
          ...full,
          points: [contact('io.first'), measure('m.v'), contact('io.a')],
          rules: [rule('hot', 'm.v > 50.0', { plan: 'hot' })],
        }),
      )
      .expectPoints({ 'io.first': 'stale', 'm.v': 60, 'io.a': false })
      .expectEvents(['incident.opened hot']);
  });

  it('a point that is another one now is unknown until it is read', () => {
    begun()
      .reading({ 'm.v': 60 })
      .reload(
        makeSite({
          ...full,
          points: [contact('io.a'), contact('io.b'), measure('m.v', { scale: 0.1 })],
          rules: [rule('hot', 'm.v > 5.0', { plan: 'hot' })],
        }),
      )
      .expectPoints({ 'm.v': 'stale', 'io.a': false })
      .expectEvents([])
      .reading({ 'm.v': 60 })
      .expectPoints({ 'm.v': 6 })
      .expectEvents(['incident.opened hot']);
  });

  it.each<[string, number, number, string]>([
    ['longer', 5000, 9000, '9s'],
    ['shorter', 5000, 3000, '3s'],
  ])('a wait under way takes the new length: %s', (_what, before, after, opensAt) => {
    const waiting = (forMs: number) => makeSite({ ...full, rules: [rule('a', active('io.a'), { forMs })] });
    scenario(waiting(before))
      .reading({ 'io.a': true })
      .at('1s')
      .reload(waiting(after))
      .at(`${after - 1}ms`)
      .expectEvents([])
      .at(opensAt)
      .expectEvents(['incident.opened fire']);
  });

  it('so does a hold under way', () => {
    const holding = (holdMs: number) =>
      makeSite({ ...full, rules: [rule('b', active('io.b'), { plan: 'p', holdMs })] });
    scenario(holding(5000))
      .reading({ 'io.b': true })
      .reading({ 'io.b': false })
      .at('1s')
      .reload(holding(9000))
      .at('8999ms')
      .expectEvents(['incident.opened p'])
      .at('9s')
      .expectEvents(['incident.returned p', 'incident.closed p']);
  });

  it('the trouble of a removed point ends', () => {
    begun()
      .reading({ 'm.v': null })
      .after('3s')
      .expectOpen(['gateway-trouble device:m'])
      .reload(makeSite({ ...full, points: [contact('io.a'), contact('io.b'), measure('m.other')] }))
      .expectOpen([]);
  });

  it('the trouble of a removed device ends', () => {
    begun()
      .lost('device:m')
      .expectOpen(['gateway-trouble device:m'])
      .reload(makeSite({ ...full, devices: [{ id: 'io', bus: 'line1' }], points: full.points.slice(0, 2) }))
      .expectOpen([]);
  });

  it('the trouble of a removed bus ends, lost or silent', () => {
    const moved = makeSite({
      ...full,
      buses: [{ id: 'lan1' }],
      devices: full.devices.map((device) => ({ ...device, bus: 'lan1' })),
    });
    begun().lost('bus:line1').expectOpen(['gateway-trouble bus:line1']).reload(moved).expectOpen([]);
    begun()
      .lost('device:io')
      .lost('device:m')
      .expectOpen(['gateway-trouble bus:line1'])
      .reload(moved)
      .expectOpen(['gateway-trouble bus:lan1']);
  });

  it('a bus that keeps no device is not silent', () => {
    const empty = makeSite({ ...full, devices: full.devices.map((device) => ({ ...device, bus: 'lan1' })) });
    begun()
      .lost('device:io')
      .lost('device:m')
      .found('device:m')
      .lost('device:m')
      .expectOpen(['gateway-trouble bus:line1'])
      .reload(empty)
      .expectOpen(['gateway-trouble bus:lan1']);
  });

  it('a removed output takes its trouble, override and deadline along', () => {
    const run = begun()
      .give({ type: 'output', output: 'siren', actual: null, fault: 'no answer' })
      .command('output', { output: 'siren', value: true, for: '5m' })
      .expectOpen(['gateway-trouble output:siren'])
      .reload(makeSite({ ...full, outputs: [], rules: [rule('a', active('io.a'))] }))
      .expectOpen([]);
    expect(run.state.durable.outputs).toEqual({});
    expect(run.state.durable.overrides).toEqual({});
    expect(Object.keys(run.state.durable.timers)).toEqual([]);
  });

  it('what was out of service and is gone is forgotten; what stays stays out', () => {
    const run = begun()
      .command('disable', { point: 'm.v', reason: 'x' })
      .command('disable', { point: 'io.a', reason: 'x' })
      .reload(makeSite({ ...full, devices: [{ id: 'io', bus: 'line1' }], points: full.points.slice(0, 2) }));
    expect(Object.keys(run.state.durable.disabled)).toEqual(['point:io.a']);
    run.reading({ 'io.a': true }).expectEvents([]);
  });

  it('a waiting debounce goes on', () => {
    const bouncing = makeSite({
      ...full,
      points: [contact('io.a', { debounceMs: 50 }), contact('io.b'), measure('m.v')],
    });
    scenario(bouncing)
      .reading({ 'io.a': true })
      .after('20ms')
      .reload({ ...bouncing, outputs: [], rules: [rule('a', active('io.a'))] })
      .after('29ms')
      .expectEvents([])
      .after('1ms')
      .expectEvents(['incident.opened fire']);
  });

  it('the staleness of what stays goes on', () => {
    const ageing = makeSite({
      ...full,
      points: [contact('io.a', { staleAfterMs: 1000 }), contact('io.b'), measure('m.v')],
    });
    scenario(ageing)
      .reading({ 'io.a': true })
      .after('500ms')
      .reload({ ...ageing, language: 'zh' })
      .after('499ms')
      .expectPoints({ 'io.a': true })
      .after('1ms')
      .expectPoints({ 'io.a': 'stale' });
  });
});

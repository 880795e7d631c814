// Outputs under people's hands: an override has a name and an end, stands over rules, outlives a restart, and
// gives the output back to what the rules say at that moment. With `maxOn` beside it, which bounds both.

import { describe, expect, it } from 'vitest';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, output, plan, rule } from '../support/site.ts';

const site = makeSite({
  points: [contact('io.a'), contact('io.b')],
  plans: [plan('fire')],
  outputs: [output('siren', { silenceable: true }), output('valve', { normal: true })],
  rules: [
    rule('a', active('io.a'), { outputs: { siren: true, valve: false } }),
    rule('b', active('io.b'), { level: 'urgent', outputs: { siren: true } }),
  ],
});
const by = (name: string) => ({ by: name });

describe('an override', () => {
  it('stands over a demand of any weight, in both directions', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('output', { output: 'siren', value: 'off', for: '10m', ...by('wang') })
      .command('output', { output: 'valve', value: 'on', for: '10m', ...by('wang') })
      .expectOutputs({ siren: false, valve: true })
      .reading({ 'io.b': true })
      .expectOutputs({ siren: false })
      .command('silence')
      .expectOutputs({ siren: false });
  });

  it('ends on the millisecond and gives back what the rules want then', () => {
    const run = scenario(site)
      .command('output', { output: 'siren', value: 'off', for: '10m', ...by('wang') })
      .at('5m')
      .reading({ 'io.a': true })
      .expectOutputs({ siren: false, valve: false })
      .at('599999ms')
      .expectOutputs({ siren: false })
      .at('10m')
      .expectOutputs({ siren: true });
    expect(run.events.at(-1)).toMatchObject({
      because: expect.stringMatching(/^a, incident i1_/),
      output: { id: 'siren', value: true },
    });
  });

  it('has a name in the record, and the latest one counts', () => {
    const run = scenario(site)
      .command('output', { output: 'siren', value: 'on', for: '1m', ...by('wang') })
      .command('output', { output: 'siren', value: 'on', for: '5m', ...by('li') });
    expect(run.state.durable.outputs.siren!.because).toBe('set by li');
    run.at('2m').expectOutputs({ siren: true }).at('5m').expectOutputs({ siren: false });
    run.expectOutputEvents(['siren true', 'siren false']);
  });

  it('needs an end and a value', () => {
    scenario(site)
      .command('output', { output: 'siren', value: 'on' })
      .expectReply({ ok: false, code: 'badRequest' })
      .command('output', { output: 'siren', value: 'loud', for: '1m' })
      .expectReply({ ok: false, code: 'badRequest' })
      .command('output', { output: 'horn', value: 'on', for: '1m' })
      .expectReply({ ok: false, code: 'notFound' })
      .expectOutputs({ siren: false });
  });

  it('outlives a restart, and its end does', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('output', { output: 'siren', value: 'off', for: '10m' })
      .command('output', { output: 'valve', value: 'on', for: '1h' })
      .restart('1m')
      .expectOutputs({ siren: false, valve: true })
      .reading({ 'io.a': true, 'io.b': false })
      .expectOutputs({ siren: false, valve: true })
      .at('10m')
      .expectOutputs({ siren: true, valve: true })
      .at('1h')
      .expectOutputs({ siren: true, valve: false });
  });

  it('that ran out while the daemon was down ends at once', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('output', { output: 'siren', value: 'off', for: '10m' })
      .restart('1h')
      .after('0ms')
      .expectOutputs({ siren: true });
  });

  it('is no more after `auto`, also when a restart follows', () => {
    const run = scenario(site)
      .command('output', { output: 'siren', value: 'on', for: '1h' })
      .command('output', { output: 'siren', value: 'auto' })
      .restart()
      .expectOutputs({ siren: false });
    expect(run.state.durable.overrides).toEqual({});
    expect(run.state.durable.timers).toEqual({});
  });

  it('of a demand that is over gives back rest', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('output', { output: 'valve', value: 'off', for: '10m' })
      .reading({ 'io.a': false })
      .expectOutputs({ valve: false })
      .after('10m')
      .expectOutputs({ valve: true });
  });
});

describe('maxOn and people', () => {
  const bounded = makeSite({
    ...site,
    outputs: [output('siren', { maxOnMs: 60_000 }), output('valve', { normal: true })],
  });

  it('an override does not lengthen what a rule began', () => {
    scenario(bounded)
      .reading({ 'io.a': true })
      .at('30s')
      .command('output', { output: 'siren', value: 'on', for: '1h' })
      .at('59999ms')
      .expectOutputs({ siren: true })
      .at('60s')
      .expectOutputs({ siren: false });
  });

  it('goes on across a restart, and off times in between do not count', () => {
    scenario(bounded)
      .reading({ 'io.a': true })
      .restart('59s')
      .expectOutputs({ siren: true })
      .at('60s')
      .expectOutputs({ siren: false })
      .restart('1s')
      .reading({ 'io.a': true })
      .after('1h')
      .expectOutputs({ siren: false });
  });

  it('switched off and on by hand counts anew', () => {
    scenario(bounded)
      .command('output', { output: 'siren', value: 'on', for: '1h' })
      .at('50s')
      .command('output', { output: 'siren', value: 'off', for: '1h' })
      .at('55s')
      .command('output', { output: 'siren', value: 'on', for: '1h' })
      .at('114999ms')
      .expectOutputs({ siren: true })
      .at('115s')
      .expectOutputs({ siren: false });
  });
});

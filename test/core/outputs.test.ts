// Which value an output has: what active rules demand, who wins among them, what silence, shelves, silent plans,
// `maxOn` and a person's override do to it. The level is derived again at each moment, never kept by an edge.

import { describe, expect, it } from 'vitest';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, output, plan, rule } from '../support/site.ts';

const points = [contact('io.a'), contact('io.b')];
const plans = [
  plan('fire', { level: 'major' }),
  plan('notice', { category: 'supervisory' }),
  plan('robbery', { silent: true }),
];

function siteOf(
  first: Parameters<typeof rule>[2],
  second: Parameters<typeof rule>[2],
  ...outputs: ReturnType<typeof output>[]
) {
  return makeSite({
    points,
    plans,
    outputs,
    rules: [rule('a', active('io.a'), first), rule('b', active('io.b'), second)],
  });
}

const siren = output('siren', { silenceable: true });

describe('demands', () => {
  it('an output follows the rule, and rests without it', () => {
    scenario(siteOf({ outputs: { siren: true } }, {}, siren))
      .expectOutputs({ siren: false })
      .reading({ 'io.a': true })
      .expectOutputs({ siren: true })
      .reading({ 'io.a': false })
      .expectOutputs({ siren: false })
      .expectOutputEvents(['siren true', 'siren false']);
  });

  it('unknown leaves it on', () => {
    scenario(siteOf({ outputs: { siren: true } }, {}, siren))
      .reading({ 'io.a': true })
      .lost('bus:line1')
      .after('1h')
      .expectOutputs({ siren: true });
  });

  it('a latched rule goes on demanding until its reset', () => {
    scenario(siteOf({ outputs: { siren: true }, latch: true }, {}, siren))
      .reading({ 'io.a': true })
      .reading({ 'io.a': false })
      .after('1h')
      .expectOutputs({ siren: true })
      .command('reset', { incident: 'fire' })
      .expectOutputs({ siren: false });
  });

  it('a waiting rule demands nothing', () => {
    scenario(siteOf({ outputs: { siren: true }, forMs: 1000 }, {}, siren))
      .reading({ 'io.a': true })
      .expectOutputs({ siren: false })
      .after('1s')
      .expectOutputs({ siren: true });
  });

  it('of two that want different values the higher category wins, whichever came first', () => {
    const site = siteOf(
      { plan: 'notice', level: 'urgent', outputs: { valve: true } },
      { plan: 'fire', level: 'general', outputs: { valve: false } },
      output('valve', { normal: true }),
    );
    scenario(site)
      .reading({ 'io.a': true })
      .reading({ 'io.b': true })
      .expectOutputs({ valve: false })
      .reading({ 'io.b': false })
      .expectOutputs({ valve: true });
    scenario(site).reading({ 'io.b': true }).reading({ 'io.a': true }).expectOutputs({ valve: false });
  });

  it('within a category the higher level wins', () => {
    const site = siteOf(
      { zone: 'x', level: 'urgent', outputs: { fan: false } },
      { zone: 'y', level: 'major', outputs: { fan: true } },
      output('fan'),
    );
    scenario(site)
      .reading({ 'io.b': true })
      .expectOutputs({ fan: true })
      .reading({ 'io.a': true })
      .expectOutputs({ fan: false });
  });

  it('between equals, away from rest wins', () => {
    const normallyOff = siteOf(
      { zone: 'x', outputs: { o: true } },
      { zone: 'y', outputs: { o: false } },
      output('o', { normal: false }),
    );
    scenario(normallyOff).reading({ 'io.a': true }).reading({ 'io.b': true }).expectOutputs({ o: true });
    scenario(normallyOff).reading({ 'io.b': true }).reading({ 'io.a': true }).expectOutputs({ o: true });
    const normallyOn = siteOf(
      { zone: 'x', outputs: { o: true } },
      { zone: 'y', outputs: { o: false } },
      output('o', { normal: true }),
    );
    scenario(normallyOn).reading({ 'io.b': true }).reading({ 'io.a': true }).expectOutputs({ o: false });
  });

  it('`keep` leaves it as it is when nobody demands anything', () => {
    scenario(siteOf({ outputs: { valve: false } }, {}, output('valve', { normal: 'keep' })))
      .expectOutputs({ valve: 'keep' })
      .reading({ 'io.a': true })
      .expectOutputs({ valve: false })
      .reading({ 'io.a': false })
      .expectOutputs({ valve: 'keep' })
      .expectOutputEvents(['valve false', 'valve keep']);
  });
});

describe('silence', () => {
  const site = siteOf(
    { outputs: { siren: true, lamp: true } },
    { outputs: { siren: true } },
    siren,
    output('lamp'),
  );

  it('mutes what can be silenced and nothing else', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('silence')
      .expectOutputs({ siren: false, lamp: true })
      .after('1h')
      .expectOutputs({ siren: false, lamp: true });
  });

  it('a new signal sounds again', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('silence')
      .expectOutputs({ siren: false })
      .reading({ 'io.b': true })
      .expectOutputs({ siren: true });
  });

  it('the same signal coming again sounds again', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('silence')
      .reading({ 'io.a': false })
      .reading({ 'io.a': true })
      .expectOutputs({ siren: true });
  });

  it('a poll that says the same does not', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('silence')
      .reading({ 'io.a': true })
      .expectOutputs({ siren: false });
  });

  it('a shelved incident is mute, and sounds again after', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('shelve', { incident: 'fire', for: '1m', reason: 'work' })
      .expectOutputs({ siren: false, lamp: true })
      .after('1m')
      .expectOutputs({ siren: true });
  });

  it('a silent plan never drives what sounds, only the rest', () => {
    scenario(siteOf({ plan: 'robbery', outputs: { siren: true, lamp: true } }, {}, siren, output('lamp')))
      .reading({ 'io.a': true })
      .expectOutputs({ siren: false, lamp: true })
      .expectOutputEvents(['lamp true']);
  });

  it('a silent plan does not silence another', () => {
    scenario(siteOf({ plan: 'robbery', outputs: { siren: true } }, { outputs: { siren: true } }, siren))
      .reading({ 'io.a': true, 'io.b': true })
      .expectOutputs({ siren: true });
  });
});

describe('maxOn', () => {
  const site = siteOf(
    { outputs: { siren: true } },
    { outputs: { siren: true } },
    output('siren', { maxOnMs: 600_000 }),
  );

  it('ends a demand at its time exactly', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .at('599999ms')
      .expectOutputs({ siren: true })
      .at('10m')
      .expectOutputs({ siren: false })
      .after('1h')
      .expectOutputs({ siren: false });
  });

  it('a new demand after it has its own', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .at('11m')
      .expectOutputs({ siren: false })
      .reading({ 'io.b': true })
      .expectOutputs({ siren: true })
      .after('599s')
      .expectOutputs({ siren: true })
      .after('1s')
      .expectOutputs({ siren: false });
  });

  it('a new demand while it is on counts from then', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .at('9m')
      .reading({ 'io.b': true })
      .at('18m')
      .expectOutputs({ siren: true })
      .at('19m')
      .expectOutputs({ siren: false })
      .expectOutputEvents(['siren true', 'siren false']);
  });

  it('counts for a person as well', () => {
    scenario(site)
      .command('output', { output: 'siren', value: true, for: '1h' })
      .expectReply({ ok: true })
      .at('10m')
      .expectOutputs({ siren: false })
      .command('output', { output: 'siren', value: true, for: '1h' })
      .expectOutputs({ siren: true });
  });

  it('does not bound being off, nor what rests on', () => {
    scenario(siteOf({ outputs: { valve: false } }, {}, output('valve', { normal: true, maxOnMs: 1000 })))
      .after('1h')
      .expectOutputs({ valve: true })
      .reading({ 'io.a': true })
      .after('1h')
      .expectOutputs({ valve: false });
  });
});

describe('override', () => {
  const site = siteOf({ outputs: { siren: true } }, {}, siren);

  it('wins for its time, then the output is automatic again', () => {
    scenario(site)
      .command('output', { output: 'siren', value: 'on', for: '5m' })
      .expectOutputs({ siren: true })
      .after('5m')
      .expectOutputs({ siren: false })
      .reading({ 'io.a': true })
      .command('output', { output: 'siren', value: 'off', for: '5m' })
      .expectOutputs({ siren: false })
      .after('299s')
      .expectOutputs({ siren: false })
      .after('1s')
      .expectOutputs({ siren: true });
  });

  it('`auto` ends it early', () => {
    scenario(site)
      .command('output', { output: 'siren', value: true, for: '5m' })
      .command('output', { output: 'siren', value: 'auto' })
      .expectReply({ ok: true })
      .expectOutputs({ siren: false })
      .reading({ 'io.a': true })
      .after('1h')
      .expectOutputs({ siren: true });
  });

  it('the event says who', () => {
    const run = scenario(site).command('output', { output: 'siren', value: true, for: '5m' });
    expect(run.events.at(-1)).toMatchObject({
      type: 'output.changed',
      because: 'set by li',
      output: { id: 'siren', value: true },
    });
  });
});

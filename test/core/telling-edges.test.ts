// Where tellings could be lost, doubled or silent at the edges: a night with nobody, reloads under way, flapping
// troubles, shelves, large groups, messages that went out as they were withdrawn. Each was a mistake once.

import { expect, it } from 'vitest';
import type { Plan, Rung, Site } from '../../src/core/types.ts';
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
const hour = 60 * minute;
const night = '2026-11-24T01:30+08:00';
const ann = person('ann', { roles: ['shift'] });
const bob = person('bob', { roles: ['control'] });
const cai = person('cai', { roles: ['manager'] });

function siteOf(notify: readonly Rung[], more: Partial<Plan> = {}, parts: Partial<Site> = {}): Site {
  return makeSite({
    points: [contact('io.a'), contact('io.b')],
    rules: [rule('a', active('io.a'))],
    plans: [plan('fire', { level: 'general', notify, ...more })],
    telling: telling([ann, bob, cai]),
    ...parts,
  });
}

it('an alarm at night that reaches nobody keeps its rungs for the morning', () => {
  const notify = [
    rung('nobody'),
    rung('nobody', { after: hour, unless: 'acknowledged', hours: 'outside' }),
    rung('shift', { after: 8 * hour, unless: 'acknowledged', hours: 'working' }),
  ];
  scenario(siteOf(notify, {}, { calendar: calendar() }), { wall: night })
    .reading({ 'io.a': true })
    .at('8h')
    .expectTold('fire', ['nobody: nobody', 'nobody: nobody', 'shift: ann']);
});

it('one vacant role among others that were told at the same time hurries nobody', () => {
  const notify = [
    rung('shift'),
    rung('nobody'),
    rung('manager', { after: 10 * minute, unless: 'acknowledged' }),
  ];
  scenario(siteOf(notify))
    .reading({ 'io.a': true })
    .at('1s')
    .deliver('ann')
    .at('599s')
    .expectTold('fire', ['shift: ann', 'nobody: nobody'])
    .at('10m')
    .expectTold('fire', ['manager: cai']);
});

it('a rung that is brought forward says so', () => {
  const notify = [rung('nobody'), rung('manager', { after: 10 * minute, unless: 'acknowledged' })];
  const run = scenario(siteOf(notify)).reading({ 'io.a': true });
  expect(run.incident('fire').told!.at(-1)).toMatchObject({ early: true, to: ['cai'], roles: ['manager'] });
});

it('a contact that comes and goes unacknowledged holds neither ladder nor level down', () => {
  const notify = [rung('shift'), rung('manager', { after: 10 * minute, unless: 'acknowledged' })];
  const rises = [{ level: 'urgent' as const, after: 10 * minute, unless: 'acknowledged' as const }];
  const run = scenario(siteOf(notify, { rises }));
  for (let time = 0; time < 3; time += 1)
    run.reading({ 'io.a': true }).after('3m').reading({ 'io.a': false }).after('30s');
  run
    .at('10m')
    .expectTold('fire', ['shift: ann', 'manager: cai'])
    .expectIncident('fire', { level: 'urgent', activation: 1 });
});

it('a second fire soon after the first was acknowledged and over is told at once', () => {
  scenario(siteOf([rung('shift')]))
    .reading({ 'io.a': true })
    .at('20s')
    .command('ack', { incident: 'fire' })
    .reading({ 'io.a': false })
    .expectTold('fire', ['shift: ann'])
    .at('60s')
    .reading({ 'io.a': true })
    .expectTold('fire', ['shift: ann']);
});

it('a reload that takes away the one who was told tells whoever has the role now', () => {
  const anna = person('anna', { roles: ['shift'] });
  const other = siteOf([rung('shift')], {}, { telling: telling([anna, bob, cai]) });
  scenario(siteOf([rung('shift')]))
    .reading({ 'io.a': true })
    .at('1s')
    .expectMessages(['ann@app'])
    .reload(other)
    .after('2s')
    .expectMessages(['anna@app']);
  const vacant = siteOf([rung('shift')], {}, { telling: telling([bob, cai]) });
  scenario(vacant)
    .reading({ 'io.a': true })
    .at('1h')
    .expectMessages([])
    .reload(other)
    .after('2s')
    .expectMessages(['anna@app']);
});

it('a plan that a reload removes leaves no message behind', () => {
  const bare = siteOf([rung('shift', { unless: 'acknowledged' })]);
  const run = scenario(bare).reading({ 'io.a': true }).at('1s').expectMessages(['ann@app']);
  const gone = { ...bare, plans: [plan('other')], rules: [] };
  run.reload(gone).command('ack', { incident: 'fire' }).expectMessages([]);
});

it('a trouble that comes and goes again and again is told once in half an hour', () => {
  const site = siteOf([rung('shift', { after: minute, unless: 'returned' })], { closing: 'itself' });
  const run = scenario(site, { replays: 3 });
  let told = 0;
  for (let time = 0; time < 14; time += 1) {
    run.reading({ 'io.a': true }).after('70s');
    if (Object.keys(run.state.durable.messages).length > 0) {
      told += 1;
      run.deliver('ann');
    }
    run.reading({ 'io.a': false }).after('50s');
    // (the word that it is over)
    if (Object.keys(run.state.durable.messages).length > 0) run.deliver('ann');
  }
  expect(told).toBe(1);
});

it('from the shelf nobody is told, neither of a late step nor of what was gathered; off it, at once', () => {
  const steps = [{ id: 'look', text: 'Look', role: 'control', required: false, within: minute }];
  scenario(siteOf([rung('shift')], { steps }))
    .reading({ 'io.a': true })
    .at('500ms')
    .command('shelve', { incident: 'fire', for: '1h', reason: 'welding' })
    .at('10m')
    .expectMessages([])
    .command('unshelve', { incident: 'fire' })
    .after('1s')
    .expectMessages(['ann@app', 'bob@app']);
});

it('a late step whose role has nobody is told to those who were told first', () => {
  const steps = [{ id: 'look', text: 'Look', role: 'nobody', required: false, within: minute }];
  const run = scenario(siteOf([rung('shift')], { steps }))
    .reading({ 'io.a': true })
    .at('1s')
    .deliver('ann');
  run.at('2m').expectMessages(['ann@app']);
});

it('forty people on dead channels are tried later and later, like four', () => {
  const crowd = Array.from({ length: 40 }, (_, at) =>
    person(`p${at}`, { roles: ['shift'], channels: ['app'] }),
  );
  const run = scenario(siteOf([rung('shift')], {}, { telling: telling(crowd) }), { replays: 1 });
  run.reading({ 'io.a': true });
  run.at('2h');
  // one a minute would be 60 for each
  expect(run.state.durable.messageCount / crowd.length).toBeLessThan(12);
});

it('what went out as it was withdrawn counts: its reader learns that it is over', () => {
  const run = scenario(siteOf([rung('shift', { unless: 'acknowledged' })]))
    .reading({ 'io.a': true })
    .at('1s');
  const [id] = Object.keys(run.state.durable.messages);
  run.command('ack', { incident: 'fire' }).expectMessages([]);
  run.give({ type: 'delivery', message: id!, outcome: 'delivered' });
  run
    .reading({ 'io.a': false })
    .command('close', { incident: 'fire', verdict: 'real' })
    .after('20s')
    .expectMessages(['ann@app']);
});

it('a second drill with outputs sounds like the first, though their time had run out', () => {
  const site = siteOf([], {}, { outputs: [output('siren', { maxOnMs: minute })] });
  const sounding = { ...site, rules: [rule('a', active('io.a'), { outputs: { siren: true } })] };
  const drill = { action: 'start', plan: 'fire', outputs: true };
  scenario(sounding)
    .command('drill', drill)
    .expectOutputs({ siren: true })
    .at('5m')
    .expectOutputs({ siren: false })
    .command('drill', { action: 'stop' })
    .command('drill', drill)
    .expectOutputs({ siren: true });
});

it('in a walk test interlocks hear what is tested, and a number speaks by the rules that name it', () => {
  const site: Site = {
    ...makeSite({
      points: [
        contact('io.smoke', { kind: 'smoke' }),
        { ...contact('io.cold', { kind: 'temperature' }), type: 'number' },
        contact('io.panic', { kind: 'panic' }),
      ],
      rules: [rule('smoke', active('io.smoke')), rule('warm', 'io.cold > -10.0')],
      outputs: [output('valve')],
    }),
    interlocks: [{ id: 'no_water', output: 'valve', never: true, while: active('io.smoke') }],
  };
  const run = scenario(site).reading({ 'io.smoke': false, 'io.cold': -14, 'io.panic': false });
  run.command('walktest', { action: 'start' });
  expect(run.state.durable.walkTest!.proven).toEqual({});
  run.reading({ 'io.cold': -14.5 });
  expect(run.state.durable.walkTest!.proven).toEqual({});
  run.reading({ 'io.smoke': true });
  expect(run.state.durable.interlocks.no_water!.standing).toBe('true');
  run.reading({ 'io.smoke': false });
  expect(run.state.durable.interlocks.no_water!.standing).toBe('false');
  run.reading({ 'io.cold': -5 }).reading({ 'io.cold': -14 });
  // the button for help was not asked for, and is not waited for
  expect(run.state.durable.walkTest).toBeUndefined();
  run.expectOpen([]);
});

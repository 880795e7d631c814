// Drills: they run like the real thing, marked wherever they go, and neither move outputs nor reach people outside
// unless somebody allowed it. A real alarm ends them and bars them.

import { describe, expect, it } from 'vitest';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, output, person, plan, rule, rung, telling } from '../support/site.ts';

const minute = 60_000;
const site = makeSite({
  points: [contact('io.a'), contact('io.t')],
  rules: [
    rule('a', active('io.a'), { zone: 'hall', outputs: { siren: true } }),
    rule('t', active('io.t'), { plan: 'trouble' }),
  ],
  outputs: [
    output('siren', { silenceable: true }),
    output('lamp', { tells: { category: 'alarm', level: 'general', until: 'closed' } }),
  ],
  plans: [
    plan('fire', {
      notify: [rung('shift'), rung('control', { after: minute, unless: 'acknowledged' })],
      steps: [{ id: 'out', text: 'Everybody out', required: true }],
    }),
    plan('trouble', { category: 'trouble', closing: 'itself' }),
  ],
  telling: telling([person('ann', { roles: ['shift'] }), person('bob', { roles: ['control'] })], {
    mqtt: true,
  }),
});

const drill = (more: object = {}) =>
  scenario(site).command('drill', { action: 'start', plan: 'fire', zone: 'hall', ...more });
const about = 'drill:fire|hall';

describe('a drill', () => {
  it('climbs its ladder, and tells nobody outside: that is recorded as held back', () => {
    const run = drill()
      .expectReply({ ok: true })
      .expectTold(about, ['shift: ann'])
      .at('1m')
      .expectTold(about, ['control: bob'])
      .expectMessages(['shift@mqtt', 'control@mqtt']);
    expect(run.incident(about).told![0]!.deliveries).toMatchObject([
      { channel: 'mqtt', state: 'waiting' },
      { channel: 'app', person: 'ann', state: 'held' },
    ]);
    run.expectOutputs({ siren: false, lamp: false }).at('24h');
    expect(run.events.filter(({ type }) => type === 'output.changed')).toEqual([]);
  });

  it('is marked everywhere, and begins and ends with an event of its own', () => {
    const run = drill();
    expect(run.incident(about)).toMatchObject({ drill: true, allow: { outputs: false, channels: false } });
    expect(Object.values(run.state.durable.messages).every((message) => message.drill)).toBe(true);
    run.command('ack', { incident: about });
    run.command('drill', { action: 'stop', note: 'well done' }).expectReply({ ok: true }).expectOpen([]);
    const mine = run.events.filter(({ type }) => type !== 'gateway.started');
    expect(mine.map(({ type }) => type)).toEqual([
      'drill.started',
      'incident.opened',
      'incident.acknowledged',
      'incident.closed',
      'drill.ended',
    ]);
    expect(mine.every((event) => event.drill)).toBe(true);
    expect(mine.at(-1)!.incident).toMatchObject({ verdict: 'test', closedBy: 'li' });
    run.expectMessages([]);
    expect(run.state.durable.timers).toEqual({});
    expect(run.state.durable.upkeep.drilled).toEqual({ fire: expect.any(Number) });
  });

  it('moves outputs where that is allowed, and lets them go at its end', () => {
    drill({ outputs: true })
      .expectOutputs({ siren: true, lamp: true })
      .command('silence', {})
      .expectOutputs({ siren: false, lamp: true })
      .command('drill', { action: 'stop' })
      .expectOutputs({ siren: false, lamp: false });
    scenario(site)
      .command('drill', { action: 'start', plan: 'fire', outputs: true })
      .expectOutputs({ siren: true });
  });

  it('moves only the outputs of rules of its zone', () => {
    const other = { ...site, zones: [...site.zones, { id: 'yard', name: 'Yard' }] };
    scenario(other)
      .command('drill', { action: 'start', plan: 'fire', zone: 'yard', outputs: true })
      .expectOutputs({ siren: false, lamp: true });
  });

  it('reaches people where that is allowed, in messages of its own', () => {
    const run = drill({ channels: true }).at('1s').expectMessages(['shift@mqtt', 'ann@app']);
    expect(Object.values(run.state.durable.messages).at(-1)).toMatchObject({ person: 'ann', drill: true });
    run.deliver('ann').command('drill', { action: 'stop' }).at('20s').expectMessages(['ann@app']);
    expect(Object.values(run.state.durable.messages)[0]).toMatchObject({ drill: true });
  });

  it('is closed by a person too, steps and all', () => {
    drill()
      .command('ack', { incident: about })
      .command('close', { incident: about, verdict: 'test' })
      .expectReply({ ok: false })
      .command('step', { incident: about, step: 'out' })
      .command('close', { incident: about, verdict: 'test' })
      .expectReply({ ok: true })
      .expectOpen([]);
  });

  it('outlives a restart, and is still one', () => {
    drill().restart('10s').expectOpen(['fire hall']).at('2m').expectMessages(['shift@mqtt', 'control@mqtt']);
  });
});

describe('a real alarm', () => {
  it('ends drills at once and is told like any other', () => {
    const run = drill({ outputs: true, channels: true })
      .at('1s')
      .deliver('ann')
      .at('30s')
      .reading({ 'io.a': true })
      .expectOpen(['fire hall'])
      .expectOutputs({ siren: true, lamp: true });
    expect(run.incident('fire|hall')).toMatchObject({ drill: false });
    const ended = run.events.find(({ type }) => type === 'drill.ended')!;
    expect(ended.because).toMatch(/drill ended: i2_\w+ is real/);
    run.at('32s');
    const drills = Object.values(run.state.durable.messages).filter(({ person }) => person === 'ann');
    expect(drills.map(({ drill: one }) => one).sort()).toEqual([false, true]);
  });

  it('raised by hand ends them too; a trouble does not', () => {
    drill().reading({ 'io.t': true }).expectOpen(['fire hall', 'trouble']);
    drill()
      .command('raise', { plan: 'fire', zone: 'hall' })
      .expectOpen(['fire hall'])
      .expectIncident('fire|hall', {
        drill: false,
      });
  });

  it('bars drills while it is open', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('drill', { action: 'start', plan: 'fire' })
      .expectReply({ ok: false, code: 'refused' })
      // over, if not closed yet
      .reading({ 'io.a': false })
      .command('drill', { action: 'start', plan: 'fire' })
      .expectReply({ ok: true });
  });
});

describe('a drill is refused', () => {
  it.each([
    ['no plan of that name', { plan: 'flood' }, 'notFound'],
    ['no zone of that name', { zone: 'moon' }, 'notFound'],
    ['no such action', { action: 'begin' }, 'badRequest'],
    ['flags that are none', { zone: undefined, outputs: 'yes' }, 'badRequest'],
    ['one that is running', {}, 'refused'],
  ])('%s', (_name, fields, code) => {
    drill()
      .command('drill', { action: 'start', plan: 'fire', zone: 'hall', ...fields })
      .expectReply({ ok: false, code });
  });

  it('to stop: none, several, one that is none', () => {
    scenario(site).command('drill', { action: 'stop' }).expectReply({ code: 'notFound' });
    drill()
      .command('drill', { action: 'start', plan: 'fire' })
      .command('drill', { action: 'stop' })
      .expectReply({ code: 'badRequest' })
      .command('drill', { action: 'stop', incident: about })
      .expectReply({ ok: true })
      .expectOpen(['fire'])
      .reading({ 'io.t': true })
      .command('drill', { action: 'stop', incident: 'trouble' })
      .expectReply({ code: 'refused' });
  });
});

it('a clock that nobody set does not say when the drill was', () => {
  const run = drill();
  run.command('drill', { action: 'stop' });
  const then = run.state.durable.upkeep.drilled.fire;
  run.wall('1970-01-01T00:00Z').command('drill', { action: 'start', plan: 'fire' });
  run.command('drill', { action: 'stop' });
  expect(run.state.durable.upkeep.drilled.fire).toBe(then);
});

// The walk test: what is in it is confirmed and not alarmed, what is not guards on, and nothing stays out of guard
// for longer than it must.

import { describe, expect, it } from 'vitest';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, output, person, plan, rule, rung, telling } from '../support/site.ts';

const site = makeSite({
  points: [
    contact('hall.smoke', { kind: 'smoke', zone: 'hall', staleAfterMs: 0 }),
    contact('hall.heat', { kind: 'heat', zone: 'hall' }),
    contact('hall.count', { kind: 'measurement', type: 'number', zone: 'hall' }),
    contact('yard.smoke', { kind: 'smoke', zone: 'yard' }),
  ],
  rules: [
    rule('hall_smoke', active('hall.smoke'), { zone: 'hall', outputs: { siren: true } }),
    rule('hall_heat', active('hall.heat'), { zone: 'hall' }),
    rule('yard_smoke', active('yard.smoke'), { zone: 'yard', outputs: { siren: true } }),
    rule('either', 'hall.smoke || yard.smoke', { plan: 'either' }),
  ],
  plans: [
    plan('walk-test', {
      category: 'supervisory',
      level: 'general',
      closing: 'itself',
      notify: [rung('shift')],
    }),
    plan('either', { closing: 'itself' }),
  ],
  outputs: [output('siren'), output('buzzer', { chirp: true })],
  telling: telling([person('ann', { roles: ['shift'] })]),
});

const rest = { 'hall.smoke': false, 'hall.heat': false, 'yard.smoke': false };
const begin = (more: object = { zone: 'hall' }) =>
  scenario(site)
    .reading(rest)
    .command('walktest', { action: 'start', ...more });
type Run = ReturnType<typeof begin>;
const trip = (run: Run, id: string): Run =>
  run
    .reading({ [id]: true })
    .after('2s')
    .reading({ [id]: false });
const notes = (run: Run): (string | undefined)[] =>
  run.events.flatMap(({ type, note }) => (type === 'incident.note' ? [note] : []));

describe('what is in the test', () => {
  it('is confirmed, with what is left to do, and not alarmed', () => {
    const run = begin()
      .expectReply({ ok: true, message: 'walk test of 2 detectors begun' })
      .expectOpen(['walk-test hall']);
    trip(run, 'hall.smoke').expectOpen(['walk-test hall']).expectOutputs({ siren: false });
    trip(run, 'hall.smoke');
    expect(notes(run)).toEqual(['smoke hall.smoke heard, 1 to go']);
    expect(run.events.at(-2)).toMatchObject({ type: 'output.changed' });
  });

  it('chirps for a second each time that it is heard', () => {
    begin()
      .reading({ 'hall.smoke': true })
      .expectOutputs({ buzzer: true, siren: false })
      .after('999ms')
      .expectOutputs({ buzzer: true })
      .after('1ms')
      .expectOutputs({ buzzer: false })
      .reading({ 'hall.smoke': false })
      .expectOutputs({ buzzer: false })
      .reading({ 'hall.smoke': true })
      .expectOutputs({ buzzer: true })
      .reading({ 'yard.smoke': true })
      .expectOutputs({ siren: true, buzzer: true });
  });

  it('of the whole premises is every detector', () => {
    const run = begin({})
      .expectReply({ message: 'walk test of 3 detectors begun' })
      .reading({ 'yard.smoke': true });
    run.expectOpen(['walk-test']);
  });

  it('that has a fault is a trouble still', () => {
    begin().lost('device:hall').expectOpen(['walk-test hall', 'gateway-trouble device:hall']);
    begin()
      .reading({ 'hall.smoke': null })
      .after('4s')
      .expectOpen(['walk-test hall', 'gateway-trouble hall device:hall']);
  });

  it('is not tested while there is a real alarm in its place, but may be while it is elsewhere', () => {
    scenario(site)
      .reading({ ...rest, 'hall.smoke': true })
      .command('walktest', { action: 'start', zone: 'hall' })
      .expectReply({ ok: false, code: 'refused' })
      .expectOpen(['fire hall', 'either'])
      .expectOutputs({ siren: true });
    scenario(site)
      .reading({ ...rest, 'yard.smoke': true })
      .command('walktest', { action: 'start', zone: 'hall' })
      .expectReply({ ok: true });
  });

  it('is an alarm when it speaks for ten minutes, or for one while there is an alarm elsewhere', () => {
    begin()
      .reading({ 'hall.smoke': true })
      .after('599s')
      .expectOpen(['walk-test hall'])
      .after('1s')
      .expectOpen(['fire hall', 'either'])
      .expectOutputs({ siren: true });
    begin()
      .reading({ 'yard.smoke': true })
      .expectOpen(['walk-test hall', 'fire yard', 'either'])
      .reading({ 'hall.smoke': true })
      .after('59s')
      .expectOpen(['walk-test hall', 'fire yard', 'either'])
      .after('1s')
      .expectOpen(['fire yard', 'either', 'fire hall']);
  });
});

it('what is not in the test alarms as ever', () => {
  begin()
    .reading({ 'yard.smoke': true })
    .expectOpen(['walk-test hall', 'fire yard', 'either'])
    .expectOutputs({ siren: true });
});

describe('the end', () => {
  it('comes by itself when all were heard and are at rest', () => {
    const run = begin();
    trip(run, 'hall.smoke');
    trip(run, 'hall.heat').expectOpen([]);
    expect(notes(run).at(-1)).toBe('2/2');
    expect(run.state.durable.walkTest).toBeUndefined();
    expect(run.state.durable.timers['walktest:']).toBeUndefined();
    run.reading({ 'hall.smoke': true }).expectOpen(['fire hall', 'either']);
  });

  it('comes when its time is over, and says what was not heard', () => {
    const run = begin({ zone: 'hall', for: '30m' });
    trip(run, 'hall.heat').at('1799s').expectOpen(['walk-test hall']).at('30m').expectOpen([]);
    expect(notes(run).at(-1)).toBe('1/2; not heard: hall.smoke');
    begin().at('7199s').expectOpen(['walk-test hall']).at('2h').expectOpen([]);
  });

  it('leaves with its incident what was heard and what was not, also where a real alarm ends it', () => {
    const testedOf = (run: Run, end: (run: Run) => Run) => {
      // the object goes on after it has left the state
      const incident = Object.values(run.state.durable.incidents).find(({ plan: of }) => of === 'walk-test')!;
      expect(incident.tested).toBeUndefined();
      end(run);
      return incident.tested!;
    };
    const stopped = testedOf(trip(begin(), 'hall.heat'), (run) =>
      run.command('walktest', { action: 'stop' }),
    );
    const heardAt = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(stopped).toEqual({
      by: 'li',
      detectors: [
        { point: 'hall.smoke', zone: 'hall', kind: 'smoke' },
        { point: 'hall.heat', zone: 'hall', kind: 'heat', heardAt },
      ],
    });
    const overtaken = testedOf(trip(begin({}), 'hall.heat'), (run) =>
      run.command('raise', { plan: 'fire', zone: 'yard' }),
    );
    expect(overtaken.detectors.map(({ point, heardAt: at }) => [point, at !== undefined])).toEqual([
      ['hall.smoke', false],
      ['hall.heat', true],
      ['yard.smoke', false],
    ]);
  });

  it('comes when a person says so', () => {
    begin()
      .command('walktest', { action: 'stop' })
      .expectReply({ ok: true })
      .expectOpen([])
      .reading({ 'hall.smoke': true })
      .expectOpen(['fire hall', 'either']);
  });

  it('leaves what is still active in the test until it rests, and guards the others at once', () => {
    const run = begin()
      .reading({ 'hall.smoke': true })
      .after('5s')
      .command('walktest', { action: 'stop' })
      .expectOpen(['walk-test hall'])
      .after('5m')
      .reading({ 'hall.smoke': false })
      .expectOpen([])
      .reading({ 'hall.heat': true })
      .expectOpen(['fire hall']);
    expect(run.incident('fire|hall').signals.map(({ point }) => point)).toEqual(['hall.heat']);
    // one that was not active is no test any more, and then neither is the other
    const real = begin()
      .reading({ 'hall.smoke': true })
      .after('5s')
      .command('walktest', { action: 'stop' })
      .reading({ 'hall.heat': true })
      .expectOpen(['fire hall', 'either']);
    expect(real.incident('fire|hall').signals.map(({ point }) => point)).toEqual(['hall.heat', 'hall.smoke']);
  });

  it('of one that stays active for ten minutes is an alarm', () => {
    begin()
      .reading({ 'hall.smoke': true })
      .after('5s')
      .command('walktest', { action: 'stop' })
      .after('594s')
      .expectOpen(['walk-test hall'])
      .after('1s')
      .expectOpen(['fire hall', 'either'])
      .expectOutputs({ siren: true });
  });

  it('takes back nothing that is under way elsewhere, and the all-clear goes out', () => {
    const run = begin().after('1s').expectMessages(['ann@app']).deliver('ann').after('20s');
    run.command('walktest', { action: 'stop' }).after('1s').expectMessages(['ann@app']);
  });
});

describe('a restart', () => {
  it('in the middle: the test goes on, with what was heard', () => {
    const run = begin();
    trip(run, 'hall.smoke').restart('10s').reading(rest).expectOpen(['walk-test hall']);
    trip(run, 'hall.heat').expectOpen([]);
    expect(notes(run).at(-1)).toBe('2/2');
  });

  it('beyond its time ends it', () => {
    begin().restart('3h').expectOpen([]).reading({ 'hall.smoke': true }).expectOpen(['fire hall', 'either']);
  });

  it('while one is still active: nobody knows that it rests before it says so', () => {
    const ending = () =>
      begin()
        .reading({ 'hall.smoke': true })
        .after('5s')
        .command('walktest', { action: 'stop' })
        .restart('10s');
    ending()
      .expectOpen(['walk-test hall'])
      .reading({ 'hall.smoke': true })
      .expectOpen(['walk-test hall'])
      .reading({ 'hall.smoke': false })
      .expectOpen([]);
    ending().reading({ 'hall.smoke': true }).after('10m').expectOpen(['fire hall', 'either']);
    ending().reading({ 'hall.smoke': false }).expectOpen([]);
  });
});

describe('it is refused', () => {
  it.each([
    ['a zone that there is not', { action: 'start', zone: 'moon' }, 'notFound'],
    ['longer than a day', { action: 'start', for: '25h' }, 'badRequest'],
    ['no such action', { action: 'pause' }, 'badRequest'],
    ['stopping none', { action: 'stop' }, 'refused'],
  ])('%s', (_name, fields, code) => {
    scenario(site).command('walktest', fields).expectReply({ ok: false, code });
  });

  it('two at once, and one without detectors', () => {
    begin()
      .command('walktest', { action: 'start' })
      .expectReply({ code: 'refused', message: 'a walk test of li is running' });
    scenario({ ...site, zones: [...site.zones, { id: 'roof', name: 'Roof' }] })
      .command('walktest', { action: 'start', zone: 'roof' })
      .expectReply({ code: 'refused', message: 'there are no detectors to test' });
  });
});

it('a reload that takes its detectors away does not keep it for ever', () => {
  const points = site.points.filter(({ zone }) => zone === 'yard');
  const rules = site.rules.filter(({ id }) => id === 'yard_smoke');
  begin()
    .reload({ ...site, points, rules })
    .at('2h')
    .expectOpen([]);
});

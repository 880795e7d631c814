// The ladder of an incident: who is told when, what makes it needless, how it stands still and goes on. Minutes
// and people here are those of the small site below; on Monday 2026-11-23 it is a workday.

import { describe, expect, it } from 'vitest';
import { wakeAt } from '../../src/core/engine.ts';
import type { Plan, Rung, Site } from '../../src/core/types.ts';
import { scenario } from '../support/scenario.ts';
import { active, calendar, contact, makeSite, person, plan, rule, rung, telling } from '../support/site.ts';

const minute = 60_000;
const monday = '2026-11-23T10:00+08:00';

const people = [
  person('ann', { roles: ['shift'] }),
  person('bob', { roles: ['control'] }),
  person('cai', { roles: ['manager'] }),
];

function siteOf(notify: readonly Rung[], more: Partial<Plan> = {}, parts: Partial<Site> = {}): Site {
  return makeSite({
    points: [contact('io.a'), contact('io.b')],
    rules: [rule('a', active('io.a')), rule('b', active('io.b'), { level: 'urgent' })],
    plans: [plan('fire', { level: 'general', notify, ...more })],
    telling: telling(people),
    ...parts,
  });
}

const chain = [
  rung('shift'),
  rung('control', { after: 5 * minute, unless: 'acknowledged' }),
  rung('manager', { after: 15 * minute, unless: 'acknowledged' }),
];

describe('rungs', () => {
  it('are climbed in their time, one after the other, and each once', () => {
    scenario(siteOf(chain), { wall: monday })
      .reading({ 'io.a': true })
      .expectTold('fire', ['shift: ann'])
      .at('2s')
      .deliver('ann')
      .at('299s')
      .expectTold('fire', [])
      .at('300s')
      .expectTold('fire', ['control: bob'])
      .at('302s')
      .deliver('bob')
      .at('15m')
      .expectTold('fire', ['manager: cai'])
      .expectEvents(['incident.opened fire', 'incident.escalated fire', 'incident.escalated fire'])
      .at('902s')
      .deliver('cai')
      .at('24h')
      .expectTold('fire', []);
  });

  it('that differ in one thing only are different rungs', () => {
    const more = [
      {},
      { after: minute },
      { after: { workday: minute, night: 2 * minute } },
      { unless: 'returned' as const },
      { unless: { step: 'call' } },
      { level: 'general' as const },
      { hours: 'outside' as const },
    ];
    scenario(
      siteOf(
        more.map((one) => rung('shift', one)),
        {},
        { calendar: calendar() },
      ),
      {
        wall: '2026-11-23T20:00+08:00',
      },
    )
      .reading({ 'io.a': true })
      .at('1m')
      .expectTold('fire', new Array(7).fill('shift: ann'));
  });

  it('say why, and how long they waited', () => {
    const run = scenario(siteOf(chain), { wall: monday })
      .reading({ 'io.a': true })
      .at('2s')
      .deliver('ann')
      .at('5m');
    expect(run.incident('fire').told).toMatchObject([
      { number: 1, because: 'at once', afterMs: 0, skipped: false },
      { number: 2, because: 'not acknowledged after 5 min', afterMs: 300_000, unless: 'acknowledged' },
    ]);
    expect(run.events.at(-1)!.because).toBe('not acknowledged after 5 min: told control');
  });

  it('are needless once somebody acknowledged: those left are noted at once', () => {
    const run = scenario(siteOf(chain), { wall: monday })
      .reading({ 'io.a': true })
      .at('1m')
      .command('ack', { incident: 'fire' })
      .expectTold('fire', ['shift: ann', 'control left out', 'manager left out'])
      .at('1h')
      .expectTold('fire', []);
    expect(run.incident('fire').told!.at(-1)!.because).toBe('acknowledged by li');
    expect(Object.keys(run.state.durable.timers).filter((name) => name.startsWith('rung:'))).toEqual([]);
  });

  it('that wait for the return are climbed all the same when somebody acknowledged', () => {
    scenario(siteOf([rung('shift', { after: minute, unless: 'returned' })]), { wall: monday })
      .reading({ 'io.a': true })
      .command('ack', { incident: 'fire' })
      .at('1m')
      .expectTold('fire', ['shift: ann']);
    scenario(siteOf([rung('shift', { after: minute, unless: 'returned' })]), { wall: monday })
      .reading({ 'io.a': true })
      .at('30s')
      .reading({ 'io.a': false })
      .at('1h')
      .expectTold('fire', [])
      // nobody acknowledged, and it comes again: its minute counts from now
      .reading({ 'io.a': true })
      .after('59s')
      .expectTold('fire', [])
      .after('1s')
      .expectTold('fire', ['shift: ann'])
      .expectIncident('fire', { activation: 1 });
  });

  it('that wait for a step', () => {
    const steps = [{ id: 'call', text: 'Call 119', required: false }];
    const site = siteOf([rung('shift', { after: minute, unless: { step: 'call' } })], { steps });
    scenario(site, { wall: monday }).reading({ 'io.a': true }).at('1m').expectTold('fire', ['shift: ann']);
    scenario(site, { wall: monday })
      .reading({ 'io.a': true })
      .command('step', { incident: 'fire', step: 'call' })
      .at('1h')
      .expectTold('fire', ['shift left out']);
  });

  it('that wait for nothing are climbed in any case while it is open, and not once it is closed', () => {
    const site = siteOf([rung('shift', { after: minute }), rung('manager', { after: 10 * minute })]);
    const run = scenario(site, { wall: monday })
      .reading({ 'io.a': true })
      .command('ack', { incident: 'fire' })
      .reading({ 'io.a': false })
      .at('1m')
      .expectTold('fire', ['shift: ann'])
      .command('close', { incident: 'fire', verdict: 'real' })
      .at('2h');
    expect(Object.keys(run.state.durable.timers)).toEqual([]);
  });
});

describe('rungs of a level', () => {
  const site = siteOf([rung('shift'), rung('manager', { level: 'urgent', after: 2 * minute })]);

  it('are left alone below it', () => {
    scenario(site, { wall: monday }).reading({ 'io.a': true }).at('1h').expectTold('fire', ['shift: ann']);
  });

  it('wait from the beginning of the activation, and are due at once when the level rises later', () => {
    scenario(site, { wall: monday })
      .reading({ 'io.b': true })
      .at('119s')
      .expectTold('fire', ['shift: ann'])
      .at('120s')
      .expectTold('fire', ['manager: cai']);
    scenario(site, { wall: monday })
      .reading({ 'io.a': true })
      .at('10m')
      .reading({ 'io.b': true })
      .expectTold('fire', ['shift: ann', 'manager: cai']);
    scenario(site, { wall: monday })
      .reading({ 'io.a': true })
      .at('1m')
      .command('level', { incident: 'fire', level: 'urgent' })
      .expectTold('fire', ['shift: ann'])
      .at('2m')
      .expectTold('fire', ['manager: cai']);
  });
});

describe('hours', () => {
  const notify = [rung('shift', { hours: 'working' }), rung('control', { hours: 'outside' })];
  const told = { working: ['shift: ann', 'control left out'], outside: ['shift left out', 'control: bob'] };

  it.each([
    ['on a workday', '2026-11-23T10:00+08:00', told.working],
    ['in the evening', '2026-11-23T20:00+08:00', told.outside],
    ['on a Sunday', '2026-11-22T10:00+08:00', told.outside],
    ['on a day off', '2026-10-01T10:00+08:00', told.outside],
    ['on a Saturday that makes up for it', '2026-10-10T10:00+08:00', told.working],
    ['with a clock that nobody set: both', '1970-01-01T02:00+08:00', ['shift: ann', 'control: bob']],
  ])('%s', (_name, wall, expected) => {
    const cal = calendar({ holidays: ['2026-10-01'], makeUpDays: ['2026-10-10'] });
    scenario(siteOf(notify, {}, { calendar: cal }), { wall })
      .reading({ 'io.a': true })
      .expectTold('fire', expected);
  });

  it('where nobody said what they are, both are told', () => {
    for (const parts of [{}, { calendar: calendar({ working: [] }) }])
      scenario(siteOf(notify, {}, parts), { wall: monday })
        .reading({ 'io.a': true })
        .expectTold('fire', ['shift: ann', 'control: bob']);
  });

  it('count when the rung is climbed, not when it began', () => {
    scenario(
      siteOf([rung('shift', { after: 10 * minute, hours: 'working' })], {}, { calendar: calendar() }),
      {
        wall: '2026-11-23T08:55+08:00',
      },
    )
      .reading({ 'io.a': true })
      .at('10m')
      .expectTold('fire', ['shift: ann']);
  });

  it('that leave a rung out do not pass for somebody told', () => {
    scenario(
      siteOf(
        [
          rung('nobody', { hours: 'working' }),
          rung('control', { hours: 'outside' }),
          rung('manager', { after: 15 * minute, unless: 'acknowledged' }),
        ],
        {},
        { calendar: calendar() },
      ),
      { wall: monday },
    )
      .reading({ 'io.a': true })
      .expectTold('fire', ['nobody: nobody', 'control left out', 'manager: cai']);
  });
});

describe('limits', () => {
  const site = siteOf(
    [rung('shift', { after: { workday: minute, holiday: 3 * minute, night: 5 * minute } })],
    {},
    { calendar: calendar() },
  );

  it.each([
    ['a workday', '2026-11-23T10:00+08:00', '1m'],
    ['a day off', '2026-11-22T10:00+08:00', '3m'],
    ['a night', '2026-11-23T23:00+08:00', '5m'],
    ['a clock that nobody set: the shortest', '1970-01-01T00:00Z', '1m'],
    ['the workday on which it began, though night falls', '2026-11-23T21:59:50+08:00', '1m'],
  ])('of %s', (_name, wall, after) => {
    scenario(site, { wall })
      .reading({ 'io.a': true })
      .after(after.replace(/^(\d+)m$/, (_all, count) => `${Number(count) * 60 - 1}s`))
      .expectTold('fire', [])
      .after('1s')
      .expectTold('fire', ['shift: ann']);
  });

  it('do not care that the clock jumps meanwhile', () => {
    scenario(site, { wall: monday })
      .reading({ 'io.a': true })
      .wall('2026-11-22T23:30+08:00')
      .at('59s')
      .expectTold('fire', [])
      .wall('2036-01-01T00:00Z')
      .at('1m')
      .expectTold('fire', ['shift: ann']);
  });
});

describe('where nobody can be told', () => {
  it('the next rung that waits for an acknowledgement need not wait, and so on until there is somebody', () => {
    const notify = [
      rung('nobody'),
      rung('no_one', { after: 5 * minute, unless: 'acknowledged' }),
      rung('control', { after: 10 * minute, unless: 'returned' }),
      rung('manager', { after: 15 * minute, unless: 'acknowledged' }),
      rung('shift', { after: 20 * minute, unless: 'acknowledged' }),
    ];
    const run = scenario(siteOf(notify), { wall: monday })
      .reading({ 'io.a': true })
      .expectTold('fire', ['nobody: nobody', 'no_one: nobody', 'manager: cai'])
      .at('2s')
      .deliver('cai')
      .at('10m')
      .expectTold('fire', ['control: bob'])
      .at('602s')
      .deliver('bob')
      .at('20m')
      .expectTold('fire', ['shift: ann']);
    expect(run.incident('fire').told![2]!.because).toBe('nobody could be reached before');
    expect(run.incident('fire').told![0]!.nobody).toEqual(['nobody']);
  });

  it('a rung with somebody beside a role that nobody has is enough', () => {
    scenario(siteOf([rung(['nobody', 'shift']), ...chain.slice(1)]), { wall: monday })
      .reading({ 'io.a': true })
      .expectTold('fire', ['nobody shift: ann']);
  });

  it('a site without people tells roles over MQTT, each in its time', () => {
    scenario(siteOf(chain, {}, { telling: { mqtt: true, channels: [], people: [] } }), { wall: monday })
      .reading({ 'io.a': true })
      .expectTold('fire', ['shift: nobody'])
      .expectMessages(['shift@mqtt'])
      .at('5m')
      .expectMessages(['shift@mqtt', 'control@mqtt']);
  });
});

describe('a contact that comes and goes', () => {
  it('begins a ladder anew after an acknowledgement, and goes on with it before one', () => {
    const run = scenario(siteOf(chain), { wall: monday })
      .reading({ 'io.a': true })
      .at('2s')
      .deliver('ann')
      .at('60s')
      .command('ack', { incident: 'fire' })
      .expectTold('fire', ['shift: ann', 'control left out', 'manager left out'])
      .reading({ 'io.a': false })
      .at('70s')
      .reading({ 'io.a': true })
      .expectIncident('fire', { activation: 2, acknowledged: false })
      .expectTold('fire', ['shift: ann'])
      .at('72s')
      .deliver('ann')
      // comes and goes, and holds nothing down
      .at('200s')
      .reading({ 'io.a': false })
      .at('230s')
      .reading({ 'io.a': true })
      .at('369s')
      .expectTold('fire', [])
      .at('370s')
      .expectTold('fire', ['control: bob'])
      .expectIncident('fire', { activation: 2 });
    expect(run.incident('fire').told!.map(({ activation }) => activation)).toEqual([1, 1, 1, 2, 2]);
  });

  it('a further signal of a running activation begins nothing anew', () => {
    scenario(siteOf(chain), { wall: monday })
      .reading({ 'io.a': true })
      .at('2s')
      .deliver('ann')
      .reading({ 'io.b': true })
      .expectIncident('fire', { activation: 1 })
      .at('5m')
      .expectTold('fire', ['shift: ann', 'control: bob']);
  });

  it('for days fills no memory with rungs for other hours', () => {
    const site = siteOf([rung('shift', { hours: 'outside' })], {}, { calendar: calendar() });
    const run = scenario(site, { wall: monday, replays: 2 });
    for (let time = 0; time < 260; time += 1)
      run
        .reading({ 'io.a': true })
        .after('61s')
        .command('ack', { incident: 'fire' })
        .reading({ 'io.a': false })
        .after('61s');
    expect(run.incident('fire').activation).toBe(260);
    expect(run.incident('fire').told!.length).toBeLessThanOrEqual(200);
  });
});

describe('a shelf', () => {
  it('lets the ladder stand still; then what is overdue is climbed at once', () => {
    scenario(siteOf(chain), { wall: monday })
      .reading({ 'io.a': true })
      .at('2s')
      .deliver('ann')
      .at('1m')
      .command('shelve', { incident: 'fire', for: '10m', reason: 'work' })
      .expectTold('fire', ['shift: ann'])
      .at('659s')
      .expectTold('fire', [])
      .at('660s')
      .expectTold('fire', ['control: bob'])
      .at('15m')
      .expectTold('fire', ['manager: cai']);
  });

  it('that a person puts away climbs too, but what is needless by then', () => {
    scenario(siteOf(chain), { wall: monday })
      .reading({ 'io.a': true })
      .command('shelve', { incident: 'fire', for: '24h', reason: 'work' })
      .at('1h')
      .command('unshelve', { incident: 'fire' })
      .expectTold('fire', ['shift: ann', 'control: bob', 'manager: cai']);
    scenario(siteOf(chain), { wall: monday })
      .reading({ 'io.a': true })
      .command('shelve', { incident: 'fire', for: '24h', reason: 'work' })
      .command('ack', { incident: 'fire' })
      .at('1h')
      .command('unshelve', { incident: 'fire' })
      .expectTold('fire', ['shift: ann', 'control left out', 'manager left out']);
  });
});

describe('rises', () => {
  const rises = [
    { level: 'major', after: 10 * minute, unless: 'acknowledged' },
    { level: 'urgent', after: 30 * minute, unless: 'returned' },
  ] as const;
  const site = siteOf([rung('manager', { level: 'urgent' })], { rises });

  it('lift the level by themselves, and what waits for the level', () => {
    const run = scenario(site, { wall: monday })
      .reading({ 'io.a': true })
      .at('599s')
      .expectIncident('fire', { level: 'general' })
      .at('10m')
      .expectIncident('fire', { level: 'major' })
      .expectTold('fire', [])
      .at('30m')
      .expectIncident('fire', { level: 'urgent' })
      .expectTold('fire', ['manager: cai'])
      .expectEvents(['incident.opened fire', 'incident.escalated fire', 'incident.escalated fire']);
    expect(run.events.at(-1)!.because).toBe('level raised to urgent: not back to normal after 30 min');
  });

  it('are needless when somebody acknowledged, and when it returned; a shelf holds them back', () => {
    scenario(site, { wall: monday })
      .reading({ 'io.a': true })
      .command('ack', { incident: 'fire' })
      .at('20m')
      .expectIncident('fire', { level: 'general' })
      .reading({ 'io.a': false })
      .at('2h')
      .expectIncident('fire', { level: 'general' });
    scenario(site, { wall: monday })
      .reading({ 'io.a': true })
      .command('shelve', { incident: 'fire', for: '1h', reason: 'work' })
      .at('59m')
      .expectIncident('fire', { level: 'general' })
      .at('60m')
      .expectIncident('fire', { level: 'urgent' });
  });
});

describe('a restart', () => {
  it('in the middle of a ladder goes on where it was', () => {
    scenario(siteOf(chain), { wall: monday })
      .reading({ 'io.a': true })
      .at('2s')
      .deliver('ann')
      .at('4m')
      .restart('10s')
      .expectTold('fire', ['shift: ann'])
      .at('5m')
      .expectTold('fire', ['control: bob']);
  });

  it('after long hours down climbs what is overdue, once', () => {
    scenario(siteOf(chain), { wall: monday })
      .reading({ 'io.a': true })
      .at('2s')
      .deliver('ann')
      .restart('10h')
      .expectTold('fire', ['shift: ann', 'control: bob', 'manager: cai'])
      .restart('10h')
      .expectTold('fire', []);
  });
});

describe('a reload', () => {
  const begun = () =>
    scenario(siteOf(chain), { wall: monday }).reading({ 'io.a': true }).at('2s').deliver('ann');

  it('keeps what was told, and waits for what is new or another', () => {
    begun()
      .reload(
        siteOf([
          rung('control', { after: 10 * minute, unless: 'acknowledged' }),
          rung('shift'),
          rung('boss', { after: 20 * minute }),
        ]),
      )
      .expectTold('fire', ['shift: ann'])
      .at('599s')
      .expectTold('fire', [])
      .at('10m')
      .expectTold('fire', ['control: bob'])
      .at('602s')
      .deliver('bob')
      .at('20m')
      .expectTold('fire', ['boss: nobody']);
  });

  it('climbs at once what a new plan wanted earlier', () => {
    begun()
      .at('4m')
      .reload(siteOf([...chain, rung('manager', { after: minute })]))
      .expectTold('fire', ['shift: ann', 'manager: cai']);
  });

  it('leaves no deadline of a rung that is gone, also where the incident closes by it', () => {
    const run = begun().reload(siteOf([]));
    expect(Object.keys(run.state.durable.timers)).toEqual([]);
    expect(wakeAt(run.state)).toBeUndefined();
    const closing = { closing: 'itself' } as const;
    const other = scenario(siteOf(chain, closing), { wall: monday })
      .reading({ 'io.a': true })
      .at('2s')
      .deliver('ann')
      .reload({ ...siteOf(chain, closing), rules: [] })
      .expectOpen([]);
    expect(Object.keys(other.state.durable.timers)).toEqual(['tell:ann']);
    other.after('15s').expectMessages(['ann@app']);
  });

  it('that takes away all who were told brings the next rung forward', () => {
    for (const told of ['500ms', '5s'])
      scenario(siteOf(chain), { wall: monday })
        .reading({ 'io.a': true })
        .at(told)
        .reload(siteOf(chain, {}, { telling: telling(people.slice(1)) }))
        .expectTold('fire', ['shift: ann', 'control: bob']);
  });
});

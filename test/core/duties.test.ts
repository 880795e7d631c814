// Duties: drills, stock, contacts and detectors that fall due by the calendar, become incidents, and close when they
// are done. They run on wall time; a clock that is wrong does nothing for good.

import { describe, expect, it } from 'vitest';
import { dutiesOf } from '../../src/core/duties.ts';
import type { Duties, Site } from '../../src/core/types.ts';
import { scenario } from '../support/scenario.ts';
import { active, calendar, contact, makeSite, plan, rule } from '../support/site.ts';

const day = 86_400_000;
const monday = '2026-11-23T10:00+08:00';

function siteOf(duties: Partial<Duties>, parts: Partial<Site> = {}): Site {
  return makeSite({
    calendar: calendar({ working: [] }),
    duties: { remindBeforeMs: 14 * day, articles: [], drillBefore: [], ...duties },
    ...parts,
  });
}

/** Lets days pass, an hour at a time only where the engine asks for it. */
function days(count: number): string {
  return `${count * 24}h`;
}

const begin = (site: Site, wall = monday) => scenario(site, { wall, replays: 3 });
type Run = ReturnType<typeof begin>;

function open(run: Run): string[] {
  return Object.values(run.state.durable.incidents).flatMap(({ plan: of, signals, level }) =>
    of === 'duties'
      ? signals.filter((one) => one.active).map(({ rule: what, subject }) => `${level} ${what} ${subject}`)
      : [],
  );
}

describe('a drill', () => {
  const site = siteOf({}, { plans: [plan('fire', { drillEveryMs: 182 * day })] });

  it('is due half a year after the last one, told two weeks before, and overdue after it', () => {
    const run = begin(site).after(days(167));
    expect(open(run)).toEqual([]);
    run.after('25h');
    expect(open(run)).toEqual(['general duty drill:fire']);
    run.after(days(14));
    expect(open(run)).toEqual(['major duty drill:fire', 'major duty_overdue drill:fire']);
    run
      .command('drill', { action: 'start', plan: 'fire' })
      .command('ack', { incident: 'drill:fire|' })
      .command('drill', { action: 'stop' })
      .after('1h');
    expect(open(run)).toEqual([]);
    const drilledMs = Date.parse(monday) + 182 * day + 3_600_000;
    expect(dutiesOf(run.model, run.state.durable.upkeep)[0]!.dueMs).toBe(drilledMs + 182 * day);
  });

  it('is due before a date, if there was none within the time before it', () => {
    const before = siteOf(
      { drillBefore: [{ date: '2027-02-06', name: 'Spring Festival', withinMs: 30 * day }] },
      { plans: [plan('fire', { drillEveryMs: 366 * day })] },
    );
    const run = begin(before).wall('2027-01-06T23:00+08:00').after('30m');
    expect(open(run)).toEqual([]);
    run.after('1h');
    expect(open(run)).toEqual(['general duty drill:fire:2027-02-06']);
    run.wall('2027-02-06T00:30+08:00').after('1h');
    expect(open(run).length).toBe(2);
    const done = begin(before).wall('2027-01-20T10:00+08:00').after('1h');
    expect(open(done)).toEqual(['general duty drill:fire:2027-02-06']);
    done
      .command('drill', { action: 'start', plan: 'fire' })
      .command('ack', { incident: 'drill:fire|' })
      .command('drill', { action: 'stop' })
      .after('1h');
    expect(open(done)).toEqual([]);
    // missed: shown for a week, then it is of no use any more
    run.wall('2027-02-12T10:00+08:00').after('1h');
    expect(open(run).length).toBe(2);
    run.wall('2027-02-13T10:00+08:00').after('1h');
    expect(open(run)).toEqual([]);
  });
});

describe('an article', () => {
  const torch = { id: 'torch', name: { zh: '手电', en: 'Torch' }, amount: 4 };

  it('expires', () => {
    const run = begin(siteOf({ articles: [{ ...torch, expires: '2026-12-10' }] })).wall(
      '2026-11-25T22:59+08:00',
    );
    run.after('1h');
    expect(open(run)).toEqual([]);
    run.after('1h');
    expect(open(run)).toEqual(['general duty article:torch']);
    expect(run.incident('duty:readiness:2026-12-10')).toMatchObject({
      plan: 'duties',
      signals: [{ because: 'Torch: expires, due by 2026-12-10' }],
    });
    run.command('readiness', { article: 'torch', expires: '2029-01-01' }).expectReply({ ok: true });
    expect(open(run)).toEqual([]);
  });

  it('is to be checked, and the sign-off begins it anew', () => {
    const run = begin(
      siteOf({ remindBeforeMs: day, articles: [{ ...torch, checkEveryMs: 30 * day }] }),
    ).after(days(28));
    expect(open(run)).toEqual([]);
    run.after(days(1)).after('1h');
    expect(open(run)).toEqual(['general duty article:torch']);
    run.command('readiness', { article: 'torch', amount: 4, note: 'all bright' });
    expect(open(run)).toEqual([]);
    expect(run.state.durable.upkeep.signed.torch).toMatchObject({ by: 'li', amount: 4, note: 'all bright' });
    run.after(days(28));
    expect(open(run)).toEqual([]);
    run.after(days(2));
    expect(open(run).length).toBeGreaterThan(0);
  });

  it('checked is one thing, expiring another: each closes for itself', () => {
    const articles = [{ ...torch, checkEveryMs: 10 * day, expires: '2026-12-05' }];
    const run = begin(siteOf({ articles }));
    expect(open(run)).toEqual(['general duty article:torch', 'general duty article:torch']);
    run.command('readiness', { article: 'torch', expires: '2028-01-01' }).after(days(1));
    expect(open(run)).toEqual(['general duty article:torch']);
    expect(run.incident('duty:readiness:2026-12-03').active).toBe(true);
  });

  it('short is overdue at once, until there are enough', () => {
    const run = begin(siteOf({ articles: [torch] })).command('readiness', { article: 'torch', amount: 3 });
    expect(open(run)).toEqual(['major duty article:torch', 'major duty_overdue article:torch']);
    expect(run.incident('duty:readiness:2026-11-23').signals[0]!.because).toBe(
      'Torch: 3 there, 4 wanted, due by 2026-11-23',
    );
    run.command('readiness', { article: 'torch', amount: 4 });
    expect(open(run)).toEqual([]);
  });

  it.each([
    ['one that there is not', { article: 'axe' }, 'notFound'],
    ['a day that there is not', { article: 'torch', expires: '2027-02-30' }, 'badRequest'],
    ['no amount', { article: 'torch', amount: -1 }, 'badRequest'],
  ])('is not signed off: %s', (_name, fields, code) => {
    begin(siteOf({ articles: [torch] }))
      .command('readiness', fields)
      .expectReply({ ok: false, code });
  });
});

describe('contacts', () => {
  const site = siteOf({ contactsEveryMs: 180 * day, contactsCheckedOn: '2026-06-10' });

  it('are looked through so often, by the file or by a person', () => {
    const run = begin(site).after(days(1));
    expect(open(run)).toEqual(['general duty contacts:all']);
    run.command('contacts', { note: 'two new numbers' }).expectReply({ ok: true });
    expect(open(run)).toEqual([]);
    const again = begin(site)
      .after(days(1))
      .reload(siteOf({ contactsEveryMs: 180 * day, contactsCheckedOn: '2026-11-23' }));
    expect(open(again)).toEqual([]);
  });

  it('are not looked through by a clock that nobody set', () => {
    begin(site, '1970-01-01T00:00Z').command('contacts').expectReply({ ok: false, code: 'refused' });
  });
});

describe('a detector', () => {
  const site = siteOf(
    { remindBeforeMs: 14 * day },
    {
      points: [contact('io.a', { exerciseWithinMs: 100 * day }), contact('io.b')],
      rules: [rule('a', active('io.a'))],
    },
  );

  it('must have spoken within its time, in earnest or in a test', () => {
    const run = begin(site).reading({ 'io.a': false }).after(days(87));
    expect(open(run)).toEqual(['general duty point:io.a']);
    run.reading({ 'io.b': true }).after('1h');
    expect(open(run)).toEqual(['general duty point:io.a']);
    run.reading({ 'io.a': true }).after('1h');
    expect(open(run)).toEqual([]);
  });
});

describe('duties of the same day', () => {
  it('are one incident, which closes with the last of them', () => {
    const articles = ['axe', 'torch'].map((id) => ({ id, name: id, expires: '2026-12-01' }));
    const run = begin(siteOf({ articles })).expectOpen(['duties article:axe']);
    const one = run.incident('duty:readiness:2026-12-01');
    expect(one.signals.length).toBe(2);
    run.command('readiness', { article: 'axe', expires: '2028-01-01' }).expectOpen(['duties article:axe']);
    run.command('readiness', { article: 'torch', expires: '2028-01-01' }).expectOpen([]);
  });

  it('that a reload moves to another day are not shown twice', () => {
    const dated = (expires: string) => siteOf({ articles: [{ id: 'axe', name: 'Axe', expires }] });
    const run = begin(dated('2026-12-01')).reload(dated('2026-12-03')).expectOpen(['duties article:axe']);
    expect(run.incident('duty:readiness:2026-12-03').signals.length).toBe(1);
  });

  it('that a reload takes away are not shown for ever', () => {
    begin(siteOf({ articles: [{ id: 'axe', name: 'Axe', expires: '2026-12-01' }] }))
      .expectOpen(['duties article:axe'])
      .reload(makeSite({ calendar: calendar() }))
      .expectOpen([])
      .after('2h')
      .expectOpen([]);
  });
});

describe('working hours', () => {
  it('are when people are told: nobody is woken for an inspection', () => {
    const articles = [{ id: 'axe', name: 'Axe', expires: '2026-12-01' }];
    const run = begin(siteOf({ articles }, { calendar: calendar() }), '2026-11-22T10:00+08:00');
    expect(open(run)).toEqual([]);
    run.wall('2026-11-23T07:30+08:00').after('1h');
    expect(open(run)).toEqual([]);
    run.after('1h');
    expect(open(run)).toEqual(['general duty article:axe']);
    run.wall('2026-11-23T20:00+08:00').after('1h');
    expect(open(run), 'what is open stays').toEqual(['general duty article:axe']);
    run.command('readiness', { article: 'axe', expires: '2028-01-01' });
    expect(open(run), 'and closes at any hour').toEqual([]);
  });
});

describe('the wall clock', () => {
  const site = siteOf({ articles: [{ id: 'axe', name: 'Axe', checkEveryMs: 60 * day }] });

  it('that nobody set does nothing; time counts from the first that can be true', () => {
    const run = begin(site, '1970-01-01T00:00Z').after(days(100));
    expect(open(run)).toEqual([]);
    expect(run.state.durable.upkeep.sinceMs).toBeUndefined();
    run.wall(monday).after('1h');
    expect(run.state.durable.upkeep.sinceMs).toBe(Date.parse(monday) + 3_600_000);
    run.after(days(45)).after('1h');
    expect(open(run).length).toBe(0);
    run.after(days(1));
    expect(open(run).length).toBe(1);
  });

  it('that jumps ahead and back opens and closes, and what was written meanwhile is not believed for years', () => {
    const run = begin(site).wall('2036-01-01T00:00Z').after('1h');
    expect(open(run).length).toBe(2);
    run.command('readiness', { article: 'axe' }).wall('2026-11-24T10:00+08:00').after('1h');
    expect(open(run)).toEqual([]);
    run.after(days(47));
    expect(open(run)).toEqual(['general duty article:axe']);
  });

  it('that is ahead at the very first does not put everything off', () => {
    const run = begin(site, '2036-01-01T00:00Z').wall(monday).after(days(47));
    expect(open(run)).toEqual(['general duty article:axe']);
  });

  it('that falls back to nothing keeps what is open as it is', () => {
    const run = begin(site).after(days(50));
    expect(open(run).length).toBe(1);
    run.wall('1970-01-01T00:00Z').after(days(2));
    expect(open(run).length).toBe(1);
  });
});

it('a restart keeps what was done', () => {
  const articles = [{ id: 'axe', name: 'Axe', checkEveryMs: 20 * day }];
  const run = begin(siteOf({ articles })).after(days(10));
  expect(open(run).length).toBe(1);
  run.command('readiness', { article: 'axe' }).restart('24h');
  expect(open(run)).toEqual([]);
  run.restart('240h');
  expect(open(run).length).toBe(1);
});

// The order of incidents on the wall, and what happens to it while a hand is there: nothing that is pressed moves.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { before, held } from '../../../src/console/page/order.ts';
import { byUse, groups, matches } from '../../../src/console/page/views/raise-groups.ts';

type Ordered = Parameters<typeof before>[0];

const one = (id: string, fields: Partial<Ordered> = {}): Ordered => ({
  id,
  category: 'alarm',
  level: 'urgent',
  openedAt: '2026-11-22T01:00:00.000Z',
  drill: false,
  acknowledged: false,
  active: true,
  ...fields,
});

function sorted(...some: readonly Ordered[]): string[] {
  return [...some].sort(before).map(({ id }) => id);
}

describe('the order of the wall', () => {
  it('puts alarms before supervisory signals before troubles, whatever their level and age', () => {
    const trouble = one('t', { category: 'trouble', openedAt: '2026-11-22T03:00:00.000Z' });
    const supervisory = one('s', { category: 'supervisory', openedAt: '2026-11-22T02:00:00.000Z' });
    const alarm = one('a', { level: 'general' });
    expect(sorted(trouble, supervisory, alarm)).toEqual(['a', 's', 't']);
  });

  it('puts what is real before a drill, and the more urgent first', () => {
    // (by their ids alone they would stand the other way round)
    const drill = one('z', { drill: true });
    const general = one('x', { level: 'general' });
    const major = one('a', { level: 'major' });
    expect(sorted(drill, general, major)).toEqual(['a', 'x', 'z']);
  });

  it('puts what nobody has acknowledged before what somebody has, and what goes on before what is over', () => {
    const over = one('over', { active: false, openedAt: '2026-11-22T04:00:00.000Z' });
    const seen = one('seen', { acknowledged: true, openedAt: '2026-11-22T03:00:00.000Z' });
    const seenAndOver = one('both', {
      acknowledged: true,
      active: false,
      openedAt: '2026-11-22T05:00:00.000Z',
    });
    const fire = one('fire');
    expect(sorted(seenAndOver, over, seen, fire)).toEqual(['fire', 'over', 'seen', 'both']);
    // (the level still goes before)
    expect(sorted(one('lower', { level: 'major' }), seenAndOver)).toEqual(['both', 'lower']);
  });

  it('puts the newest first among equals', () => {
    expect(sorted(one('old'), one('new', { openedAt: '2026-11-22T01:00:01.000Z' }))).toEqual(['new', 'old']);
  });
});

describe('while a hand is there', () => {
  it('keeps every card in its place and puts what is new behind', () => {
    expect(held(['b', 'c'], ['a', 'b', 'c'])).toEqual(['b', 'c', 'a']);
  });

  it('lets go what is over', () => {
    expect(held(['a', 'b', 'c'], ['a', 'c'])).toEqual(['a', 'c']);
  });

  it('loses none, shows none twice and moves none past another', () => {
    const ids = fc.uniqueArray(fc.constantFrom(...'abcdefghij'));
    fc.assert(
      fc.property(ids, ids, (shown, wanted) => {
        const now = held(shown, wanted);
        expect([...now].sort()).toEqual([...wanted].sort());
        const stayed = shown.filter((id) => wanted.includes(id));
        expect(now.slice(0, stayed.length)).toEqual(stayed);
      }),
    );
  });
});

describe('plans to raise by hand', () => {
  const plan = (id: string, zh = id, en = id) => ({
    id,
    title: { zh, en },
    category: 'alarm' as const,
    level: 'urgent' as const,
    closing: 'person' as const,
    closingRequires: [],
    silent: false,
    steps: [],
    drill: false,
  });
  const plans = [plan('our-own'), plan('fire', '火灾', 'Fire'), plan('robbery', '抢劫', 'Robbery')];

  it('offers the most used first, and the usual ones where none was used', () => {
    expect(byUse(plans, {}).map(({ id }) => id)).toEqual(['fire', 'robbery', 'our-own']);
    expect(byUse(plans, { 'our-own': 2 })[0]?.id).toBe('our-own');
  });

  it('has a heading for every plan, each once, a site’s own ones under "other"', () => {
    expect(groups(plans).map(([group, some]) => [group, some.map(({ id }) => id)])).toEqual([
      ['fire', ['fire']],
      ['crime', ['robbery']],
      ['other', ['our-own']],
    ]);
  });

  it('finds a plan in either language and by id', () => {
    const [, fire] = plans as [unknown, (typeof plans)[number]];
    for (const search of ['火', 'fir', 'FIRE', ' fire ']) expect(matches(fire, search)).toBe(true);
    expect(matches(fire, '水')).toBe(false);
  });
});

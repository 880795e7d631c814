// Who answers for a role: those on duty, their deputies, at the last everybody who has it.

import { describe, expect, it } from 'vitest';
import { answering, answeringOnDuty } from '../../src/core/people.ts';
import type { Person, Site } from '../../src/core/types.ts';
import { calendar, hours, makeSite, person, telling } from '../support/site.ts';

const monday = Date.parse('2026-11-23T10:00:00+08:00');
const sunday = Date.parse('2026-11-22T10:00:00+08:00');
const byDay = [hours('09:00', '18:00')];

function siteOf(...people: Person[]): Site {
  return makeSite({ calendar: calendar(), telling: telling(people) });
}

function ids(site: Site, role: string, wallMs = monday): string[] {
  return answering(site, role, wallMs).map(({ id }) => id);
}

describe('for a role answer', () => {
  it('all who have it and are on duty', () => {
    const site = siteOf(
      person('ann', { roles: ['shift'] }),
      person('bob', { roles: ['shift', 'control'], duty: byDay }),
      person('cai', { roles: ['control'] }),
    );
    expect(ids(site, 'shift')).toEqual(['ann', 'bob']);
    expect(ids(site, 'shift', sunday)).toEqual(['ann']);
    expect(ids(site, 'control', sunday)).toEqual(['cai']);
    expect(ids(site, 'boss')).toEqual([]);
  });

  it('the deputy of one off duty, whatever the deputy is, and once', () => {
    const site = siteOf(
      person('ann', { roles: ['shift'], duty: byDay, deputy: 'cai' }),
      person('bob', { roles: ['shift'], duty: byDay, deputy: 'cai' }),
      person('cai', { roles: [] }),
    );
    expect(ids(site, 'shift', sunday)).toEqual(['cai']);
    expect(ids(site, 'shift', monday)).toEqual(['ann', 'bob']);
  });

  it('the deputy of the deputy', () => {
    const site = siteOf(
      person('ann', { roles: ['shift'], duty: byDay, deputy: 'bob' }),
      person('bob', { duty: byDay, deputy: 'cai' }),
      person('cai'),
    );
    expect(ids(site, 'shift', sunday)).toEqual(['cai']);
  });

  it('everybody who has it, where nobody is on duty', () => {
    const site = siteOf(
      person('ann', { roles: ['shift'], duty: byDay, deputy: 'bob' }),
      person('bob', { roles: ['shift'], duty: byDay, deputy: 'ann' }),
    );
    expect(ids(site, 'shift', sunday)).toEqual(['ann', 'bob']);
    expect(answeringOnDuty(site, 'shift', sunday)).toEqual([]);
  });

  it('everybody, where nobody knows the time', () => {
    const site = siteOf(
      person('ann', { roles: ['shift'], duty: byDay }),
      person('bob', { roles: ['shift'] }),
    );
    expect(ids(site, 'shift', 5000)).toEqual(['ann', 'bob']);
    const { calendar: _, ...without } = site;
    expect(ids(without, 'shift', sunday)).toEqual(['ann', 'bob']);
  });

  it('the deputy of one whom no channel reaches, and nobody where there is none', () => {
    const site = siteOf(
      person('ann', { roles: ['shift'], channels: [], deputy: 'bob' }),
      person('bob'),
      person('cai', { roles: ['control'], channels: [] }),
    );
    expect(ids(site, 'shift')).toEqual(['bob']);
    expect(ids(site, 'control')).toEqual([]);
  });
});

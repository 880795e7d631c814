// What a screen that anybody may look at leaves out of silent incidents, and the order of the doctor's lines. Pure parts;
// the page itself is tried in a browser.

import { describe, expect, it } from 'vitest';
import type { DoctorView, Incident, Session, SiteView } from '../../../src/console/api.ts';
import { isOpenToEyes, isSilentPlan, pointsOf, withoutSilent } from '../../../src/console/page/hush.ts';
import { doctorLines } from '../../../src/console/page/views/doctor-lines.ts';

const plans = [
  { id: 'fire', silent: false },
  { id: 'robbery', silent: true },
  { id: 'ransom', silent: true },
  { id: 'loud', silent: false },
];
const site = { plans } as unknown as SiteView;
const incident = (id: string, plan: string, points: readonly string[] = []): Incident =>
  ({ id, plan, cause: {}, signals: points.map((point) => ({ point })) }) as unknown as Incident;
const sessionOf = (role: string | undefined, user: boolean): Session =>
  ({ role, ...(user && { user: { id: 'x', name: 'x', role } }) }) as unknown as Session;

describe('a screen that anybody may look at', () => {
  it.each([
    [undefined, false, true],
    ['view', false, true],
    ['operate', false, true],
    ['configure', false, true],
    ['view', true, true],
    ['acknowledge', true, false],
    ['operate', true, false],
    ['configure', true, false],
  ])('role %s, logged in %s: %s', (role, user, open) => {
    expect(isOpenToEyes(sessionOf(role, user))).toBe(open);
  });

  it('leaves out what is silent, and nothing else', () => {
    const all = new Map(
      ['fire', 'robbery', 'ransom', 'loud', 'gone-plan'].map((plan) => [plan, incident(plan, plan)]),
    );
    expect([...withoutSilent(all, site).keys()]).toEqual(['fire', 'loud', 'gone-plan']);
    const calm = new Map([['fire', incident('fire', 'fire')]]);
    expect(withoutSilent(calm, site)).toBe(calm);
  });

  it('holds back nothing but a robbery before it knows the site', () => {
    const silent = ['fire', 'robbery', 'ransom', 'personal-attack'].filter((plan) =>
      isSilentPlan(plan, undefined),
    );
    expect(silent).toEqual(['robbery']);
    const loud = { plans: [{ id: 'robbery', silent: false }] } as unknown as SiteView;
    expect(isSilentPlan('robbery', loud)).toBe(false);
  });

  it('knows the points that would tell', () => {
    const one = {
      ...incident('a', 'robbery', ['box.b', 'box.c']),
      cause: { rule: 'r', value: true, point: 'box.a' },
    };
    expect([...pointsOf([one, incident('b', 'robbery')])]).toEqual(['box.a', 'box.b', 'box.c']);
  });
});

describe('the doctor’s lines', () => {
  const finding = (state: 'good' | 'note' | 'fault', code: string) => ({ state, code, what: code });
  it('stand by severity, then in the order of the looks', () => {
    const looks: DoctorView['looks'] = [
      { id: 'a', name: 'A', findings: [finding('good', '1'), finding('fault', '2')] },
      { id: 'b', name: 'B', findings: [finding('note', '3'), finding('fault', '4'), finding('good', '5')] },
      { id: 'c', name: 'C', findings: [] },
    ];
    expect(doctorLines(looks).map(({ name, code }) => `${name}${code}`)).toEqual([
      'A2',
      'B4',
      'B3',
      'A1',
      'B5',
    ]);
  });
});

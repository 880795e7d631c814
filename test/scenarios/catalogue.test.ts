// The shipped plans against the facts that the premises' emergency plans give (catalogue.yaml, written by hand):
// who is told at once, the chain, limits, outside numbers, what is kept. How the engine runs them is tried elsewhere.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { kinds } from '../../src/core/kinds.ts';
import type { Level, Limit, Plan, Rung, Step, Text, Unless } from '../../src/core/types.ts';
import { shippedConfig } from '../../src/lib/assets.ts';
import { shippedPlans } from './shipped.ts';

interface RowLimit {
  readonly step?: string;
  readonly told?: string;
  readonly within?: number;
  readonly after?: number | string;
  readonly holiday?: number;
  readonly night?: number;
  readonly unless?: Unless;
}

interface Row {
  readonly zh: string;
  readonly raisedBy?: readonly string[];
  readonly level: Level;
  readonly first?: readonly string[];
  readonly atOnce: readonly string[] | string;
  readonly toldFirst?: string;
  readonly limits?: readonly RowLimit[];
  readonly calls?: readonly string[];
  readonly keepDays?: Readonly<Record<string, number>>;
  readonly sounder?: string;
  readonly valve?: string;
  readonly silent?: boolean;
  readonly drill?: boolean;
  readonly ownLadder?: boolean;
}

interface Catalogue {
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly own: readonly string[];
  readonly rows: Readonly<Record<string, Row>>;
}

const read = (...names: string[]) => readFileSync(path.join(shippedConfig, ...names), 'utf8');
const table = readFileSync(new URL('catalogue.yaml', import.meta.url), 'utf8');
const { groups, own, rows } = parse(table) as Catalogue;
const each = Object.entries(rows);
const chain = groups.chain!;
const files = readdirSync(path.join(shippedConfig, 'plans')).filter((name) => name.endsWith('.yaml'));
const plans = new Map(shippedPlans().map((plan) => [plan.id, plan]));

const planOf = (id: string): Plan => plans.get(id)!;
const rungsOf = (id: string): readonly Rung[] => planOf(id).notify ?? [];
const stepOf = (id: string, step: string): Step => planOf(id).steps.find((one) => one.id === step)!;
const minutes = (ms: number): number => ms / 60_000;

/** A limit as the table writes it: minutes of a workday, of a day off and of a night. */
function inMinutes(limit: Limit): [workday: number, holiday: number, night: number] {
  if (typeof limit === 'number') return [minutes(limit), minutes(limit), minutes(limit)];
  const { workday, holiday = workday, night = workday } = limit;
  return [minutes(workday), minutes(holiday), minutes(night)];
}

const isAtOnce = ({ after }: Rung): boolean => inMinutes(after)[0] === 0;
const ranks: readonly Level[] = ['general', 'major', 'urgent'];

/** The rungs that come into question at a level, in working hours or outside them. */
function rungsAt(id: string, hours: 'working' | 'outside', level = planOf(id).level): readonly Rung[] {
  return rungsOf(id).filter(
    (rung) =>
      (rung.hours ?? hours) === hours && ranks.indexOf(rung.level ?? 'general') <= ranks.indexOf(level),
  );
}

function atOnce(id: string, hours: 'working' | 'outside', level?: Level): ReadonlySet<string> {
  return new Set(
    rungsAt(id, hours, level)
      .filter(isAtOnce)
      .flatMap(({ roles }) => roles),
  );
}

/** When a role is first told in working hours, in minutes, if nobody does anything. */
function firstTold(id: string, role: string): number {
  const after = rungsAt(id, 'working').filter(({ roles }) => roles.includes(role));
  return Math.min(...after.map((rung) => inMinutes(rung.after)[0]));
}

/** Every `{ zh, en }` of a parsed file, with the way to it. */
function textsIn(value: unknown, way = ''): readonly (readonly [way: string, text: Text])[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('zh' in value || 'en' in value) return [[way, value as Text]];
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, `${way}/${key}`));
}

/** Ids that the second column of a README's table explains. */
const rolesExplained = new Set(
  [...read('plans', 'README.md').matchAll(/^\| `([a-z_]+)` \| \p{Script=Han}/gmu)].map(([, id]) => id!),
);
const numbers = Object.keys((parse(read('examples', 'contacts.yaml')) as { numbers: object }).numbers);

test('every row has a plan, and every plan is a row or one of the house', () => {
  expect([...plans.keys()].sort()).toEqual([...Object.keys(rows), ...own].sort());
  expect(each).toHaveLength(38);
});

describe.each(each)('%s', (id, row) => {
  test('is called and ranked as the documents do', () => {
    expect(planOf(id)).toMatchObject({
      title: { zh: row.zh },
      level: row.level,
      silent: row.silent ?? false,
    });
  });

  test('is opened by the kinds of points that stand for it', () => {
    const mine = Object.keys(kinds).filter((kind) => kinds[kind]!.plan === id);
    expect(mine).toEqual(expect.arrayContaining([...(row.raisedBy ?? [])]));
    if (row.raisedBy === undefined) expect(mine).toEqual([]);
  });

  test('its steps come in their order', () => {
    const first = row.first ?? [];
    const steps = planOf(id).steps.map((step) => step.id);
    expect(steps.length).toBeGreaterThanOrEqual(3);
    expect(steps.filter((step) => first.includes(step))).toEqual(first);
  });

  test('these are told at once', () => {
    const wanted = typeof row.atOnce === 'string' ? groups[row.atOnce]! : row.atOnce;
    const told = atOnce(id, 'working');
    expect(wanted.filter((role) => !told.has(role))).toEqual([]);
    if (wanted.length === 0) expect([...told]).toEqual([]);
    if (row.toldFirst !== undefined) expect(rungsAt(id, 'working')[0]!.roles).toEqual([row.toldFirst]);
  });

  test('its limits are kept to the minute', () => {
    for (const limit of row.limits ?? []) {
      const given = limit.step === undefined ? (limit.after as number) : limit.within!;
      const wanted = [given, limit.holiday ?? given, limit.night ?? given];
      if (limit.step !== undefined) {
        const { within, after } = stepOf(id, limit.step);
        expect([limit.step, within === undefined ? undefined : inMinutes(within), after]).toEqual([
          limit.step,
          wanted,
          limit.after,
        ]);
      } else {
        const found = rungsAt(id, 'working')
          .filter(({ roles }) => roles.includes(limit.told!))
          .map(({ after, unless }) => ({ workday: inMinutes(after).slice(0, 2), unless }));
        expect(found).toContainEqual({ workday: wanted.slice(0, 2), unless: limit.unless });
      }
    }
  });

  test('asks for these outside numbers', () => {
    const calls = planOf(id).steps.flatMap(({ call }) => call ?? []);
    expect(calls).toEqual(expect.arrayContaining([...(row.calls ?? [])]));
  });

  test('sounds, shuts, keeps and drills what it must', () => {
    const plan = planOf(id);
    if (row.sounder !== undefined) expect(stepOf(id, row.sounder).automatic).toBe('on');
    if (row.valve !== undefined) expect(stepOf(id, row.valve).automatic).toBe('off');
    if (row.silent) expect(plan.steps.filter(({ automatic }) => automatic === 'on')).toEqual([]);
    for (const [keep, days] of Object.entries(row.keepDays ?? {})) {
      const kept = plan.keeps?.find((one) => one.id === keep);
      expect(minutes(kept?.forMs ?? 0)).toBeGreaterThanOrEqual(days * 24 * 60);
    }
    // at least one each half year
    if (row.drill)
      expect(plan.drillEveryMs ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(183 * 86_400_000);
  });

  if (row.ownLadder !== true)
    test('climbs the chain from its foot, one rung after another', () => {
      const times = chain.map((role) => firstTold(id, role));
      expect(times.every(Number.isFinite), `${times}`).toBe(true);
      expect(times, chain.join(', ')).toEqual(times.toSorted((a, b) => a - b));
      expect(times[0]).toBe(0);
    });

  test('nobody further up is told when it is not needed any more', () => {
    const waiting = rungsOf(id).filter((rung) => !isAtOnce(rung) && rung.unless === undefined);
    expect(waiting).toEqual([]);
  });

  test('each level calls its own, in working hours and outside them', () => {
    const has = (hours: 'working' | 'outside', level: Level, ...roles: string[]) => {
      const told = atOnce(id, hours, level);
      expect(
        roles.filter((role) => !told.has(role)),
        `${level}, ${hours}`,
      ).toEqual([]);
    };
    for (const hours of ['working', 'outside'] as const) {
      if (ranks.indexOf(row.level) <= 1) has(hours, 'major', 'handling_group');
      has(hours, 'urgent', 'handling_group', 'department_heads');
    }
    if (row.level !== 'urgent') has('outside', 'major', 'duty_manager', 'security_captain');
    if (row.ownLadder) return;
    has('outside', row.level, 'control_room');
    has('outside', 'urgent', 'duty_manager', 'security_captain', 'security_manager', 'guard_supervisor');
  });

  if (row.level === 'general')
    test('wakes only the control room, but for what has a limit', () => {
      const limited = (row.limits ?? []).flatMap(({ told, unless }) =>
        told === undefined ? [] : [`${told} ${JSON.stringify(unless)}`],
      );
      const woken = rungsAt(id, 'outside').flatMap(({ roles, unless }) =>
        roles.filter((role) => !limited.includes(`${role} ${JSON.stringify(unless)}`)),
      );
      expect([...new Set(woken)]).toEqual(['control_room']);
    });
});

describe.each([...plans.values()].map((plan) => [plan.id, plan] as const))('%s', (id, plan) => {
  test('every role that has a step is told by some rung, also when somebody else acknowledges', () => {
    const rungs = rungsOf(id).filter(({ unless }) => unless !== 'acknowledged');
    const told = new Set(rungs.flatMap(({ roles }) => roles));
    const silent = plan.steps.flatMap(({ role }) => role ?? []).filter((role) => !told.has(role));
    expect(silent.filter((role) => role !== 'finder')).toEqual([]);
  });

  test('its roles are explained, its numbers known', () => {
    const roles = [
      ...plan.steps.flatMap(({ role }) => role ?? []),
      ...rungsOf(id).flatMap((one) => one.roles),
    ];
    expect(roles.filter((role) => !rolesExplained.has(role))).toEqual([]);
    const known = ['110', '119', '120', '122', ...numbers];
    expect(plan.steps.flatMap(({ call }) => call ?? []).filter((call) => !known.includes(call))).toEqual([]);
  });

  test('names only steps that it has', () => {
    const steps = plan.steps.map((step) => step.id);
    const waitsFor = (unless?: Unless) => (typeof unless === 'object' ? [unless.step] : []);
    const named = [
      ...plan.steps.flatMap(({ after }) => after ?? []),
      ...[...rungsOf(id), ...(plan.rises ?? [])].flatMap(({ unless }) => waitsFor(unless)),
    ];
    expect(named.filter((step) => !steps.includes(step))).toEqual([]);
  });

  test('no two of its rungs say the same', () => {
    const said = rungsOf(id).map((rung) => JSON.stringify(rung));
    expect(said.filter((rung, index) => said.indexOf(rung) !== index)).toEqual([]);
  });

  test('a step that says whom to call carries the number, and a call is one act', () => {
    for (const { id: step, text, call } of plan.steps) {
      const zh = typeof text === 'string' ? text : text.zh;
      const said = [...zh.matchAll(/1(?:10|19|20|22)(?!\d)/g)].map(([number]) => number);
      expect([step, said]).toEqual([step, said.length === 0 ? [] : [call]]);
    }
  });
});

test.each([
  ...files.map((name) => ['plans', name]),
  ['examples', 'contacts.yaml'],
  ['examples', 'readiness.yaml'],
])('%s/%s is written in both languages', (folder, name) => {
  const texts = textsIn(parse(read(folder, name)));
  expect(texts.length).toBeGreaterThan(folder === 'plans' ? 4 : 0);
  for (const [way, text] of texts) {
    const { zh, en } = text as { zh: string; en: string };
    expect(zh, way).toMatch(/\p{Script=Han}/u);
    expect(en, way).toMatch(/[A-Za-z]/);
    expect(en, way).not.toMatch(/\p{Script=Han}/u);
  }
});

test('the plans of the house close by themselves and wait for nobody', () => {
  for (const id of own.filter((one) => one !== 'supervisory')) expect(planOf(id).closing).toBe('itself');
  for (const id of ['out-of-service', 'walk-test', 'duties'])
    expect(planOf(id)).toMatchObject({ category: 'supervisory', level: 'general' });
  expect(planOf('panel-power')).toMatchObject({ category: 'trouble', level: 'general' });
});

test('the example of a stock list has the first-aid box of 26 articles and 9 kinds of tools', () => {
  const { articles } = parse(read('examples', 'readiness.yaml')) as { articles: Record<string, object> };
  const begins = (start: string) => Object.keys(articles).filter((id) => id.startsWith(start)).length;
  expect([begins('aid_'), begins('tool_')]).toEqual([26, 9]);
  for (const [id, article] of Object.entries(articles))
    expect(Object.keys(article), id).toEqual(
      expect.arrayContaining(['name', 'place', 'amount', 'unit', 'check', 'role']),
    );
});

test('the days off of 2026, as the State Council published them', () => {
  const { holidays, makeUpDays } = parse(read('holidays', 'china-2026.yaml')) as {
    holidays: readonly { from: string; to: string }[];
    makeUpDays: readonly string[];
  };
  const dayMs = 86_400_000;
  const lengths = holidays.map(({ from, to }) => (Date.parse(to) - Date.parse(from)) / dayMs + 1);
  expect(lengths).toEqual([3, 9, 3, 5, 3, 3, 7]);
  const weekday = (date: string) => new Date(date).getUTCDay();
  // Saturdays and Sundays, none of them a day off
  expect(makeUpDays.filter((date) => weekday(date) % 6 !== 0)).toEqual([]);
  expect(holidays.filter(({ from, to }) => makeUpDays.some((date) => from <= date && date <= to))).toEqual(
    [],
  );
  expect(makeUpDays).toHaveLength(6);
});

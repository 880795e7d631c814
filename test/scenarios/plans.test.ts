// Every row of the catalogue carried out by the engine, on the virtual clock, with the plans that ship: raised by
// each kind of sensor and by hand, told to the roles that it names and when, its limits run and missed, ticked,
// acknowledged, closed with what it demands, and left with a record. What the plans say is held against the same
// table in catalogue.test.ts.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { wakeAt } from '../../src/core/engine.ts';
import { kinds } from '../../src/core/kinds.ts';
import type { Incident, Person, Plan, Point, Rule, Site, Told } from '../../src/core/types.ts';
import { type Scenario, scenario } from '../support/scenario.ts';
import { active, contact, makeSite, measure, output } from '../support/site.ts';
import { shippedPlans } from './shipped.ts';

interface RowLimit {
  readonly step?: string;
  readonly told?: string;
  readonly within?: number;
  readonly after?: number | string;
  readonly holiday?: number;
  readonly night?: number;
  readonly unless?: 'acknowledged' | 'returned' | { readonly step: string };
}

interface Row {
  readonly raisedBy?: readonly string[];
  readonly level: string;
  readonly atOnce: readonly string[] | string;
  readonly limits?: readonly RowLimit[];
  readonly sounder?: string;
  readonly valve?: string;
  readonly silent?: boolean;
}

const table = parse(readFileSync(new URL('catalogue.yaml', import.meta.url), 'utf8')) as {
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly rows: Readonly<Record<string, Row>>;
};
const plans = new Map(shippedPlans().map((plan) => [plan.id, plan]));
const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Sunday 2026-11-22, 09:00 in Shanghai, is the scenarios' zero; here it may be a workday as well. */
type Day = 'workday' | 'holiday' | 'night';

/** A site with one sensor of this kind, a siren and a valve, and for each role a person who has it. */
function siteFor(plan: Plan, kind: string | undefined, day: Day = 'workday'): Site {
  const measured = kind !== undefined && kinds[kind]!.nature === 'measure';
  const point: Point = measured
    ? measure('io.sensor', { kind: kind!, zone: 'hall', alarmAbove: 100, clearBelow: 90 })
    : contact('io.sensor', { ...(kind !== undefined && { kind }), zone: 'hall' });
  const roles = [...new Set((plan.notify ?? []).flatMap((rung) => rung.roles))];
  const people: Person[] = roles.map((role) => ({
    id: role,
    name: role,
    language: 'zh',
    roles: [role],
    channels: ['sms', 'mail'],
  }));
  const rule: Rule = {
    id: 'sensor',
    when: active('io.sensor'),
    forMs: 0,
    holdMs: 0,
    latch: false,
    plan: plan.id,
    zone: 'hall',
    outputs: { siren: true, valve: false },
  };
  return {
    ...makeSite({
      points: [point],
      rules: [rule],
      plans: [...plans.values()].map((one) => ({ ...one })),
      outputs: [output('siren', { silenceable: true }), output('valve', { normal: true })],
    }),
    calendar: {
      offsets: [[Number.MIN_SAFE_INTEGER, 8 * 60]],
      workdays: ['mon', 'tue', 'wed', 'thu', 'fri'],
      working: [{ days: ['workday', 'holiday'], fromMinute: 0, toMinute: 1440 }],
      night: day === 'night' ? { fromMinute: 0, toMinute: 1439 } : { fromMinute: 1439, toMinute: 1440 },
      holidays: [],
      makeUpDays: day === 'holiday' ? [] : ['2026-11-22', '2026-11-28', '2026-11-29'],
    },
    telling: {
      mqtt: true,
      channels: [
        { id: 'sms', withinMs: 2 * minuteMs },
        { id: 'mail', withinMs: 2 * minuteMs },
      ],
      people,
    },
    numbers: { power_company: '95598' },
  };
}

/** Everything that is carried to people arrives. */
function deliverAll(run: Scenario): Scenario {
  for (const message of Object.keys(run.state.durable.messages))
    run.give({ type: 'delivery', message, outcome: 'delivered' });
  return run;
}

/** Lets time pass, with everything that is carried to people arriving at once. */
function pass(run: Scenario, ms: number): Scenario {
  const untilMs = run.state.durable.steadyMs + ms;
  for (;;) {
    deliverAll(run);
    const due = wakeAt(run.state);
    if (due === undefined || due > untilMs) break;
    run.at(`${due}ms`);
  }
  return run.at(`${untilMs}ms`);
}

function begin(id: string, day: Day = 'workday'): { run: Scenario; incident: () => Incident } {
  const run = scenario(siteFor(plans.get(id)!, table.rows[id]!.raisedBy?.[0], day), { replays: 3 });
  run.reading({ 'io.sensor': table.rows[id]!.raisedBy?.length ? quiet(id) : false });
  run.command('raise', { plan: id, zone: 'hall', finder: '王芳', phone: '13800000001', place: '东门' });
  run.expectReply({ ok: true });
  const incidentId = run.effects.reply!.incident as string;
  return { run, incident: () => run.incident(incidentId) };
}

const quiet = (id: string): number | boolean =>
  kinds[table.rows[id]!.raisedBy![0]!]!.nature === 'measure' ? 20 : false;

function toldRoles(incident: Incident): Set<string> {
  return new Set(incident.told!.filter(({ skipped }) => !skipped).flatMap(({ roles }) => roles));
}

const rolesOf = ({ atOnce }: Row): readonly string[] =>
  typeof atOnce === 'string' ? table.groups[atOnce]! : atOnce;

function afterMs(limit: RowLimit, day: Day): number {
  const workday = limit.within ?? (limit.after as number);
  return (day === 'workday' ? workday : (limit[day] ?? workday)) * minuteMs;
}

const limits = Object.entries(table.rows).flatMap(([id, row]) =>
  (row.limits ?? []).flatMap((limit) =>
    (['workday', 'holiday', 'night'] as const)
      .filter((day) => day === 'workday' || limit[day] !== undefined)
      .map((day) => [id, limit.step ?? limit.told!, day, limit] as const),
  ),
);

const kindsOf = Object.entries(table.rows).flatMap(([id, { raisedBy }]) =>
  (raisedBy ?? []).map((kind) => [id, kind] as const),
);

test.each(kindsOf)('%s is opened by %s, with level and place', (id, kind) => {
  const plan = plans.get(id)!;
  const run = scenario(siteFor(plan, kind));
  const measured = kinds[kind]!.nature === 'measure';
  run
    .reading({ 'io.sensor': measured ? 20 : false })
    .expectEvents([])
    .reading({ 'io.sensor': measured ? 120 : true })
    .expectEvents([`incident.opened ${id} hall`])
    .expectIncident(`${id}|hall`, { plan: id, level: plan.level, zone: 'hall', active: true });
});

describe.each(Object.entries(table.rows))('%s', (id, row) => {
  const plan = plans.get(id)!;

  test('raised by hand: the right roles at once, and each person once', () => {
    const { run, incident } = begin(id);
    run.after('2s');
    expect(incident().finder).toEqual({ name: '王芳', phone: '13800000001' });
    expect(incident().place).toBe('东门');
    for (const role of rolesOf(row)) expect([...toldRoles(incident())]).toContain(role);
    // one message for each person on each channel, however many rungs told them
    const urgent = plan.level === 'urgent';
    for (const role of rolesOf(row)) {
      const mine = Object.values(run.state.durable.messages).filter(({ person }) => person === role);
      expect(mine.map(({ channel }) => channel)).toEqual(urgent ? ['sms', 'mail'] : ['sms']);
    }
    const published = Object.values(run.state.durable.messages).filter(({ channel }) => channel === 'mqtt');
    expect(new Set(published.map(({ role }) => role))).toEqual(toldRoles(incident()));
  });

  test('after an acknowledgement nobody is told of what waited for one', () => {
    const { run, incident } = begin(id);
    run.after('2s');
    deliverAll(run);
    run.command('ack', { incident: incident().id }).expectReply({ ok: true });
    const before = incident().told!.length;
    pass(run, 72 * 60 * minuteMs);
    const later: Told[] = (
      run.state.durable.incidents[incident().id] ?? run.state.durable.leaving[incident().id]!
    ).told!.slice(before);
    for (const told of later) expect(told.skipped || told.unless !== 'acknowledged').toBe(true);
  });

  test('left alone, every rung that waits for an acknowledgement is climbed, lowest first', () => {
    const { run, incident } = begin(id);
    pass(run, 72 * 60 * minuteMs);
    const levels = ['general', 'major', 'urgent'];
    const reached = levels.indexOf(incident().level);
    const waiting = (plan.notify ?? []).filter(
      ({ unless, level = 'general' }) => unless === 'acknowledged' && levels.indexOf(level) <= reached,
    );
    const climbed = incident().told!.filter(({ unless }) => unless === 'acknowledged');
    expect(climbed).toHaveLength(waiting.length);
    const delays = climbed.map((told) => told.atMs - incident().activatedMs!);
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    expect(reached).toBeGreaterThanOrEqual(levels.indexOf(plan.level));
  });

  test('is ticked, refused where something lacks, and closed with its record', () => {
    const { run, incident } = begin(id);
    run.after('2s');
    deliverAll(run);
    const { id: incidentId } = incident();
    const step = plan.steps[0]!;
    run.command('step', { incident: incidentId, step: step.id, note: '已做' }).expectReply({ ok: true });
    expect(incident().steps[0]).toMatchObject({ doneBy: 'li', note: '已做' });
    for (const keep of plan.keeps ?? [])
      run
        .command('evidence', { incident: incidentId, evidence: keep.id, note: '硬盘 3' })
        .expectReply({ ok: true });
    const closing = { verdict: 'real', cause: '原因', remedy: '措施', losses: '无' };
    if (plan.closing === 'person') {
      run.command('close', { incident: incidentId, ...closing }).expectReply({ ok: false, code: 'refused' });
      run.command('ack', { incident: incidentId });
      run.command('close', { incident: incidentId }).expectReply({ ok: false, code: 'badRequest' });
    } else run.command('ack', { incident: incidentId });
    for (const { id: required } of plan.steps.filter((one) => one.required))
      run.command('step', { incident: incidentId, step: required });
    for (const field of plan.closingRequires) {
      const { [field]: _, ...rest } = closing;
      run.command('close', { incident: incidentId, ...rest }).expectReply({ ok: false, code: 'badRequest' });
    }
    const open = incident();
    run.command('close', { incident: incidentId, ...closing }).expectReply({ ok: true });
    expect(open).toMatchObject({ state: 'closed', verdict: 'real', closedBy: 'li' });
    for (const kept of open.evidence!)
      expect(Date.parse(kept.keepUntil!) - Date.parse(open.openedAt)).toBeGreaterThanOrEqual(30 * dayMs);
    // those who know of it learn that it is over, and then nothing of it is left behind
    deliverAll(run.after('20s'));
    expect(Object.values(run.state.durable.messages)).toEqual([]);
    expect(Object.keys(run.state.durable.timers).filter((name) => name.includes(incidentId))).toEqual([]);
    expect(run.state.durable.leaving).toEqual({});
  });

  test('as a drill it tells nobody outside, moves nothing, and is scored by its record', () => {
    const run = scenario(siteFor(plan, undefined), { replays: 3 });
    run.reading({ 'io.sensor': false });
    run.command('drill', { action: 'start', plan: id, zone: 'hall' }).expectReply({ ok: true });
    const drill = run.incident(run.effects.reply!.incident as string);
    run.after('5s').expectOutputs({ siren: false, valve: true });
    expect(drill.drill).toBe(true);
    expect(Object.values(run.state.durable.messages).every(({ person }) => person === undefined)).toBe(true);
    run.command('drill', { action: 'stop' }).expectReply({ ok: true });
    expect(drill).toMatchObject({ state: 'closed', verdict: 'test' });
    expect(
      run.events.filter(({ type }) => type.startsWith('drill.')).map(({ type, drill: of }) => [type, of]),
    ).toEqual([
      ['drill.started', true],
      ['drill.ended', true],
    ]);
  });
});

test.each(limits)('%s, %s on a %s: its limit to the millisecond', (id, _what, day, limit) => {
  const { run, incident } = begin(id, day);
  const due = afterMs(limit, day);
  if (limit.step !== undefined) {
    const steps = () => incident().steps.find((one) => one.id === limit.step)!;
    if (typeof limit.after === 'string') {
      pass(run, 7 * minuteMs);
      expect(steps().dueAt, 'its time has not begun').toBeUndefined();
      run.command('step', { incident: incident().id, step: limit.after });
    }
    pass(run, due - 1);
    expect(steps().overdueAt).toBeUndefined();
    run.after('1ms');
    expect(steps().overdueAt).toBeDefined();
    expect(
      run.events.filter(({ step, type }) => step === limit.step && type === 'incident.escalated'),
    ).toHaveLength(1);
    return;
  }
  const byThen = (): boolean =>
    incident().told!.some(
      ({ skipped, roles, afterMs: waited }) => !skipped && roles.includes(limit.told!) && waited === due,
    );
  pass(run, due - 1);
  expect(byThen()).toBe(false);
  run.after('1ms');
  expect(byThen()).toBe(true);
});

test.each(limits.filter(([, , day, limit]) => limit.told !== undefined && day === 'workday'))(
  '%s: %s is not told (%s) where what it waits for is so',
  (id, _what, _day, limit) => {
    const { run, incident } = begin(id);
    const { unless } = limit;
    const { id: incidentId } = incident();
    if (unless === 'returned') run.command('reset', { incident: incidentId }).expectReply({ ok: true });
    else if (unless === 'acknowledged') run.command('ack', { incident: incidentId });
    else run.command('step', { incident: incidentId, step: unless!.step }).expectReply({ ok: true });
    pass(run, afterMs(limit, 'workday'));
    const told = run.state.durable.incidents[incidentId]?.told ?? [];
    const ofIt = told.filter(
      (one) => one.roles.includes(limit.told!) && JSON.stringify(one.unless) === JSON.stringify(unless),
    );
    expect(ofIt.some(({ skipped }) => !skipped)).toBe(false);
  },
);

const driven = Object.entries(table.rows).filter(([, row]) => row.sounder ?? row.valve ?? row.silent);

test.each(driven)('%s: what its outputs do, and what is ticked by them', (id, row) => {
  const kind = row.raisedBy![0]!;
  const run = scenario(siteFor(plans.get(id)!, kind)).reading({ 'io.sensor': quiet(id) });
  run.reading({ 'io.sensor': kinds[kind]!.nature === 'measure' ? 120 : true });
  const step = row.sounder ?? row.valve;
  const ticked = (): unknown => run.incident(`${id}|hall`).steps.find((one) => one.id === step)?.doneBy;
  if (row.silent) {
    run.expectOutputs({ siren: false });
    return;
  }
  run.expectOutputs({ siren: true, valve: false });
  expect(ticked()).toBeUndefined();
  const [name, value] = row.sounder === undefined ? ['valve', false] : ['siren', true];
  run.give({ type: 'output', output: name as string, actual: null, fault: 'no answer' });
  expect(ticked(), 'an output that does not follow proves nothing').toBeUndefined();
  run.give({ type: 'output', output: name as string, actual: value as boolean });
  expect(ticked()).toBe('keepwatch');
  expect(run.incident(`${id}|hall`).steps.find((one) => one.id === step)!.note).toContain(name);
});

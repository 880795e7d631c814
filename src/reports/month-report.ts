// A month's incidents as one report. Takes them one by one, as they come in pages, and keeps a line of each and not
// the incident, so that a bad month needs no more memory than a good one by much. Pure; writes nothing.

import type { Category, Incident, Level, Text } from '../core/types.ts';
import { drillScore, isLate } from './drill-score.ts';
import { defined, nameIn } from './incident-report.ts';
import { countMessages } from './message-figures.ts';
import { alarmRateOf, spreadOf } from './month-figures.ts';
import { between, type MonthBounds, monthBounds } from './time.ts';
import type {
  Count,
  DrillRow,
  IncidentRow,
  MonthReport,
  Names,
  Premises,
  Repeat,
  SensorFigures,
} from './types.ts';

/** From so many incidents of one sensor and plan in a month it is an offender. */
export const repeatFrom = 3;
const mostSensors = 10;

export interface MonthGathering {
  /** Takes an incident that opened in the month, or before it and is open still; any other is left out. */
  add(incident: Incident): void;
  report(madeAt: string): MonthReport;
}

interface Sensor {
  opened: number;
  signals: number;
  falseAlarms: number;
}

/** Throws RangeError for what is no month (`YYYY-MM`). */
export function gatherMonth(month: string, premises: Premises, names: Names): MonthGathering {
  const bounds = monthBounds(premises.timezone, month);
  if (bounds === undefined) throw new RangeError(`${month} is not a month such as 2026-11`);
  const rows: IncidentRow[] = [];
  const open: IncidentRow[] = [];
  const drills: DrillRow[] = [];
  const sensors = new Map<string, Sensor>();
  const messages = countMessages();
  /** opened, and over or undefined, of what lasts: out of service, troubles */
  const lasting: { plan: string; category: Category; openedMs: number; overMs?: number }[] = [];

  const countSensors = (incident: Incident): void => {
    const of = (id: string): Sensor => {
      const known = sensors.get(id) ?? { opened: 0, signals: 0, falseAlarms: 0 };
      sensors.set(id, known);
      return known;
    };
    const cause = incident.cause.point ?? incident.cause.subject;
    if (cause !== undefined) {
      of(cause).opened += 1;
      if (incident.verdict === 'false') of(cause).falseAlarms += 1;
    }
    for (const { point, subject, count } of incident.signals) {
      const id = point ?? subject;
      if (id !== undefined) of(id).signals += count;
    }
  };

  return {
    add(incident) {
      const openedMs = Date.parse(incident.openedAt);
      const isOpen = incident.state !== 'closed';
      if (!(openedMs < bounds.toMs) || (openedMs < bounds.fromMs && !isOpen)) return;
      const row = rowOf(incident, names);
      if (isOpen) open.push(row);
      if (openedMs < bounds.fromMs) return;
      rows.push(row);
      messages.add(incident);
      if (incident.drill) {
        const { id, plan, openedAt } = incident;
        drills.push({ incident: id, plan, planTitle: row.planTitle, openedAt, score: drillScore(incident) });
        return;
      }
      if (!['duties', 'walk-test', 'out-of-service'].includes(incident.plan)) countSensors(incident);
      const over = incident.closedAt ?? (incident.active ? undefined : incident.returnedAt);
      lasting.push({
        plan: incident.plan,
        category: incident.category,
        openedMs,
        ...(over !== undefined && { overMs: Date.parse(over) }),
      });
    },

    report(madeAt) {
      const byOpening = (a: { openedAt: string }, b: { openedAt: string }): number =>
        a.openedAt < b.openedAt ? -1 : a.openedAt > b.openedAt ? 1 : 0;
      rows.sort(byOpening);
      const real = rows.filter(({ drill }) => !drill);
      const alarms = real.filter(({ category }) => category === 'alarm');
      const untilMs = Math.max(Math.min(bounds.toMs, Date.parse(madeAt)), bounds.fromMs);
      const lasted = ({ openedMs, overMs = untilMs }: (typeof lasting)[number]): number =>
        Math.max(0, Math.min(overMs, untilMs) - openedMs);
      const outOfService = lasting.filter(({ plan }) => plan === 'out-of-service').map(lasted);
      const troubles = lasting.filter(({ category }) => category === 'trouble');
      return {
        v: 1,
        kind: 'month',
        premises,
        madeAt,
        month,
        from: new Date(bounds.fromMs).toISOString(),
        to: new Date(bounds.toMs).toISOString(),
        incidentCount: real.length,
        drillCount: drills.length,
        counts: countsOf(real, names),
        toAcknowledge: spreadOf(timesOf(alarms, 'acknowledgeMs')),
        toClose: spreadOf(timesOf(alarms, 'closeMs')),
        sensors: worstSensors(sensors, names),
        repeats: repeatsOf(real, names),
        falseAlarms: falseAlarmsOf(alarms),
        open: [...open].sort(byOpening),
        drills: [...drills].sort(byOpening),
        walkTests: real.filter(({ plan }) => plan === 'walk-test'),
        duties: real.filter(({ plan }) => plan === 'duties'),
        outOfService: {
          count: outOfService.length,
          totalMs: sum(outOfService),
          longestMs: outOfService.reduce((most, ms) => Math.max(most, ms), 0),
        },
        troubles: {
          count: troubles.length,
          open: troubles.filter(({ overMs }) => overMs === undefined).length,
          totalMs: sum(troubles.map(lasted)),
        },
        channels: messages.figures(),
        alarmRate: alarmRateOf(
          alarms.map(({ openedAt }) => Date.parse(openedAt)),
          bounds.fromMs,
          untilMs,
        ),
        incidents: rows,
      };
    },
  };
}

/** Has this month begun? Nothing can be said of one that has not. */
export function hasBegun({ fromMs }: MonthBounds, nowMs: number): boolean {
  return fromMs <= nowMs;
}

function rowOf(incident: Incident, names: Names): IncidentRow {
  const { zone, openedAt, steps } = incident;
  return {
    id: incident.id,
    openedAt,
    plan: incident.plan,
    planTitle: nameIn(names.plans, incident.plan),
    title: incident.title,
    category: incident.category,
    level: incident.level,
    ...(zone !== undefined && { zone, zoneName: nameIn(names.zones, zone) }),
    state: incident.state,
    drill: incident.drill,
    signals: incident.signalCount,
    ...defined({
      sensor: incident.cause.point ?? incident.cause.subject,
      acknowledgedAt: incident.acknowledgedAt,
      acknowledgedBy: incident.acknowledgedBy,
      acknowledgeMs: between(openedAt, incident.acknowledgedAt),
      returnedAt: incident.returnedAt,
      closedAt: incident.closedAt,
      closeMs: between(openedAt, incident.closedAt),
      verdict: incident.verdict,
      cause: incident.closingCause,
      remedy: incident.remedy,
      losses: incident.losses,
    }),
    stepsDone: steps.filter(({ doneAt }) => doneAt !== undefined).length,
    stepsLate: steps.filter(isLate).length,
    steps: steps.length,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

function timesOf(
  rows: readonly IncidentRow[],
  which: 'acknowledgeMs' | 'closeMs',
): { id: string; ms: number }[] {
  return rows.flatMap((row) => {
    const ms = row[which];
    return ms === undefined ? [] : [{ id: row.id, ms }];
  });
}

function countsOf(rows: readonly IncidentRow[], names: Names): MonthReport['counts'] {
  const category: Record<Category, number> = { alarm: 0, supervisory: 0, trouble: 0 };
  const level: Record<Level, number> = { urgent: 0, major: 0, general: 0 };
  for (const row of rows) {
    category[row.category] += 1;
    level[row.level] += 1;
  }
  const by = (ids: readonly string[], called: Readonly<Record<string, Text>>): Count[] => {
    const counts = new Map<string, number>();
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    return [...counts]
      .map(([id, count]) => ({ id, name: nameIn(called, id), count }))
      .sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1));
  };
  return {
    category,
    level,
    plan: by(
      rows.map(({ plan }) => plan),
      names.plans,
    ),
    zone: by(
      rows.flatMap(({ zone }) => zone ?? []),
      names.zones,
    ),
  };
}

function worstSensors(sensors: ReadonlyMap<string, Sensor>, names: Names): SensorFigures[] {
  return [...sensors]
    .map(([id, figures]) => ({ id, name: nameIn(names.points, id), ...figures }))
    .sort((a, b) => b.opened - a.opened || b.signals - a.signals || (a.id < b.id ? -1 : 1))
    .slice(0, mostSensors);
}

function repeatsOf(rows: readonly IncidentRow[], names: Names): Repeat[] {
  const counts = new Map<string, { sensor: string; row: IncidentRow; count: number }>();
  for (const row of rows) {
    if (row.sensor === undefined || row.plan === 'duties') continue;
    const key = `${row.plan} ${row.sensor}`;
    const known = counts.get(key) ?? { sensor: row.sensor, row, count: 0 };
    known.count += 1;
    counts.set(key, known);
  }
  return [...counts.values()]
    .filter(({ count }) => count >= repeatFrom)
    .sort((a, b) => b.count - a.count || (a.sensor < b.sensor ? -1 : 1))
    .map(({ sensor, row: { plan, planTitle }, count }) => ({
      sensor,
      name: nameIn(names.points, sensor),
      plan,
      planTitle,
      count,
    }));
}

/** Of the alarms on which somebody has given a verdict; tests and maintenance are neither true nor false. */
function falseAlarmsOf(alarms: readonly IncidentRow[]): MonthReport['falseAlarms'] {
  const judged = alarms.filter(({ verdict }) => verdict === 'real' || verdict === 'false').length;
  const wrong = alarms.filter(({ verdict }) => verdict === 'false').length;
  return {
    judged,
    false: wrong,
    ...(judged > 0 && { rate: Math.round((wrong / judged) * 10_000) / 10_000 }),
  };
}

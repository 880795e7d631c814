// One incident and its events as a report: nothing is looked up, nothing is written. What the journal says is kept
// in its order, because clocks may have been set meanwhile.

import { kinds } from '../core/kinds.ts';
import type { Event, Incident, Text } from '../core/types.ts';
import { handedOver } from '../core/vocabulary.ts';
import { drillScore, improvementsOf, isLate } from './drill-score.ts';
import { between } from './time.ts';
import type {
  IncidentFigures,
  IncidentHead,
  IncidentReport,
  Names,
  NotHeard,
  Premises,
  ReportDelivery,
  ReportStep,
  Telling,
  TimelineRow,
  WalkTestResult,
} from './types.ts';

export interface Explained {
  readonly incident: Incident;
  /** by seq */
  readonly events: readonly Event[];
}

/** The report of an incident, closed or not. */
export function incidentReport(
  { incident, events }: Explained,
  of: { readonly premises: Premises; readonly names: Names; readonly madeAt: string },
): IncidentReport {
  const { names } = of;
  return {
    v: 1,
    kind: 'incident',
    premises: of.premises,
    madeAt: of.madeAt,
    incident: headOf(incident, events, names),
    signals: incident.signals.map(({ at, rule, point, subject, value, because, active, count }) => ({
      at,
      rule,
      ...aboutOf(point ?? subject, names),
      value,
      because,
      active,
      count,
    })),
    signalCount: incident.signalCount,
    ...calledIn(incident, events, names),
    timeline: timelineOf(incident, events),
    tellings: tellingsOf(incident, names),
    steps: incident.steps.map((step): ReportStep => {
      const { id, text, role, required, dueAt, doneAt, doneBy, note } = step;
      return { ...defined({ role, dueAt, doneAt, doneBy, note }), id, text, required, late: isLate(step) };
    }),
    calls: incident.steps.flatMap(({ call, text, doneAt, doneBy }) =>
      call === undefined ? [] : [{ number: call, step: text, ...defined({ at: doneAt, by: doneBy }) }],
    ),
    evidence: (incident.evidence ?? []).map(({ id, text, keepMs, keepUntil, by, at, note }) => ({
      id,
      text,
      keepMs,
      ...defined({ keepUntil, by, at, note }),
    })),
    figures: figuresOf(incident),
    closing: defined({
      verdict: incident.verdict,
      cause: incident.closingCause,
      remedy: incident.remedy,
      losses: incident.losses,
    }),
    improvements: [...notHeardOf(incident), ...improvementsOf(incident)],
    ...(incident.tested && { walkTest: walkTestOf(incident.tested, names) }),
    ...(incident.drill && { score: drillScore(incident) }),
  };
}

function notHeardOf({ tested }: Incident): NotHeard[] {
  const count = tested?.detectors.filter(({ heardAt }) => heardAt === undefined).length ?? 0;
  return count === 0 ? [] : [{ kind: 'notHeard', count, of: tested!.detectors.length }];
}

function walkTestOf({ by, detectors }: NonNullable<Incident['tested']>, names: Names): WalkTestResult {
  return {
    by,
    heard: detectors.filter(({ heardAt }) => heardAt !== undefined).length,
    detectors: detectors.map(({ point, zone, kind, heardAt }) => {
      const known = kind === undefined ? undefined : kinds[kind];
      return {
        point,
        name: nameIn(names.points, point),
        ...(zone !== undefined && { zone, zoneName: nameIn(names.zones, zone) }),
        ...(kind !== undefined && { kind }),
        ...(known && { kindName: { zh: known.zh, en: known.en } }),
        ...(heardAt !== undefined && { heardAt }),
      };
    }),
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The fields that are there: `exactOptionalPropertyTypes` tells missing from undefined, and so does JSON. */
export function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** What an id is called; a name from an object's own keys only, as ids come from outside. */
export function nameIn(names: Readonly<Record<string, Text>>, id: string): Text {
  return Object.hasOwn(names, id) ? names[id]! : id;
}

/** Names of all points and outputs that stand in reasons. */
function calledIn(
  { signals, told = [], steps }: Incident,
  events: readonly Event[],
  { points, outputs = {} }: Names,
): { called?: Record<string, Text> } {
  const reasons = [
    ...[...events, ...signals, ...told].map(({ because }) => because),
    ...steps.flatMap(({ note }) => note ?? []),
  ];
  const called: Record<string, Text> = {};
  for (const id of new Set(reasons.flatMap((because) => because.match(/[a-z][\w-]*(?:\.[\w-]+)*/gi) ?? []))) {
    if (Object.hasOwn(points, id)) called[id] = points[id]!;
    else if (Object.hasOwn(outputs, id)) called[id] = outputs[id]!;
  }
  return Object.keys(called).length === 0 ? {} : { called };
}

function aboutOf(about: string | undefined, names: Names): { about?: string; aboutName?: Text } {
  return about === undefined ? {} : { about, aboutName: nameIn(names.points, about) };
}

function headOf(incident: Incident, events: readonly Event[], names: Names): IncidentHead {
  const { cause, zone } = incident;
  const opening = events.find(({ type }) => type === 'incident.opened');
  return {
    id: incident.id,
    plan: incident.plan,
    planTitle: nameIn(names.plans, incident.plan),
    title: incident.title,
    category: incident.category,
    level: incident.level,
    state: incident.state,
    drill: incident.drill,
    openedAt: incident.openedAt,
    ...(zone !== undefined && { zone, zoneName: nameIn(names.zones, zone) }),
    ...defined({
      place: incident.place,
      finder: incident.finder,
      acknowledgedAt: incident.acknowledgedAt,
      acknowledgedBy: incident.acknowledgedBy,
      returnedAt: incident.returnedAt,
      closedAt: incident.closedAt,
      closedBy: incident.closedBy,
    }),
    firstCause: {
      rule: cause.rule,
      ...aboutOf(cause.point ?? cause.subject, names),
      value: cause.value,
      ...defined({ because: opening?.because ?? incident.signals[0]?.because }),
    },
  };
}

function timelineOf(incident: Incident, events: readonly Event[]): TimelineRow[] {
  const texts = new Map(incident.steps.map(({ id, text }) => [id, text]));
  const told = (incident.told ?? [])
    .filter(({ skipped }) => !skipped)
    .map(({ at, roles, because }): TimelineRow => ({ at, what: 'told', roles, because }));
  const rows: TimelineRow[] = [];
  for (const event of events) {
    // (of the same moment: first what happened, then who was told of it)
    while (told.length > 0 && told[0]!.at < event.at) rows.push(told.shift()!);
    const { at, clock, type, because } = event;
    rows.push({
      at,
      clock,
      what: type,
      because,
      ...defined({
        by: event.by,
        step: event.step,
        stepText: event.step === undefined ? undefined : texts.get(event.step),
        note: event.note,
      }),
    });
  }
  return [...rows, ...told];
}

function tellingsOf(incident: Incident, names: Names): Telling[] {
  return (incident.told ?? []).map(({ at, kind, roles, because, skipped, nobody = [], deliveries }) => ({
    at,
    kind,
    roles,
    because,
    skipped,
    nobody,
    deliveries: deliveries.map(
      ({ channel, person, role, state, at: sentAt, endedAt, because: why }): ReportDelivery => ({
        channel,
        ...(person !== undefined && { person, personName: nameIn(names.people, person) }),
        ...defined({ role, endedAt, because: why }),
        state,
        at: sentAt,
      }),
    ),
  }));
}

function figuresOf(incident: Incident): IncidentFigures {
  const { openedAt, told = [] } = incident;
  const first = told.find(({ skipped }) => !skipped);
  const delivered = told
    .flatMap(({ deliveries }) => deliveries)
    // (what nobody listened for has reached nobody)
    .filter((delivery) => handedOver(delivery) !== 'unheard')
    .flatMap(({ state, endedAt }) => (state === 'delivered' ? (between(openedAt, endedAt) ?? []) : []));
  return {
    ...defined({
      acknowledgeMs: between(openedAt, incident.acknowledgedAt),
      firstToldMs: between(openedAt, first?.at),
      firstDeliveredMs: delivered.length > 0 ? Math.min(...delivered) : undefined,
      returnMs: between(openedAt, incident.returnedAt),
      closeMs: between(openedAt, incident.closedAt),
    }),
    steps: incident.steps.map(({ id, doneAt, dueAt }) => ({
      id,
      ...defined({ ms: between(openedAt, doneAt), limitMs: between(openedAt, dueAt) }),
    })),
  };
}

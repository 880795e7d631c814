// Runs the journal through the rules of a site and says which incidents would have opened and ended, beside those that
// did. What the points were believed to be is taken from the facts, with their times; what follows from them is worked
// out anew, on virtual time. Pure: asks no clock, no disk and no daemon.

import { createState, replay } from './core/engine.ts';
import { compile, type Model } from './core/model.ts';
import { incidentKey } from './core/rules.ts';
import type { State } from './core/state.ts';
import { nextDue } from './core/timers.ts';
import type { Change, Command, Effects, Fact, Incident, Input, Site, Stamp } from './core/types.ts';

/** What is replayed of people's doing: all that changes what is watched, and nothing that names an incident. */
const replayedVerbs = ['raise', 'disable', 'enable', 'output', 'walktest'];
/** Opened within this of each other by both rules, it is the same incident though it was over in between. */
const sameWithinMs = 60_000;
/** Incidents of upkeep and not of rules. */
const leftOut = ['duties', 'walk-test'];

/** An incident as it was, or as it would have been. */
export interface Course {
  readonly id: string;
  readonly plan: string;
  readonly zone?: string;
  readonly title: Incident['title'];
  readonly level: Incident['level'];
  /** ISO 8601 */
  readonly openedAt: string;
  /** what was: closed; what would be: its condition gone. Absent: still open at the end */
  readonly closedAt?: string;
  readonly because: string;
  /** what would be: the journal knows the values only at this time; it may have been earlier */
  readonly orEarlier?: boolean;
}

export interface Pair {
  /** `part`: on one side it is part of an incident that has its like on the other side */
  readonly found: 'both' | 'onlyThen' | 'onlyNow' | 'part';
  /** as it was */
  readonly was?: Course;
  /** as it would have been */
  readonly would?: Course;
  /** with `part`: id of the incident on the other side that it is part of */
  readonly partOf?: string;
}

export interface WhatIf {
  /** ISO 8601: of the facts that were run */
  readonly from: string;
  readonly to: string;
  readonly facts: number;
  /** the journal begins later than was asked for */
  readonly cut: boolean;
  readonly pairs: readonly Pair[];
}

/** One that may still end. */
interface Running extends Course {
  closedAt?: string;
}

/** A site in which nobody needs to act: what people close ends by itself, and nobody is told of anything. */
function unattended(site: Site): Site {
  const { telling: _telling, duties: _duties, ...rest } = site;
  return {
    ...rest,
    points: site.points.map(({ exerciseWithinMs: _exerciseWithinMs, ...point }) => point),
    rules: site.rules.map((rule) => ({ ...rule, latch: false })),
    plans: site.plans.map(({ drillEveryMs: _drillEveryMs, rises: _rises, notify: _notify, ...plan }) => ({
      ...plan,
      closing: 'itself' as const,
      closingRequires: [],
      steps: [],
    })),
  };
}

/**
 * `facts` from the journal's beginning, in order; `incidents` as they were. Times are wall time, ms; up to `toMs` the
 * points are taken to have stayed as the last fact says.
 */
export function whatIf(
  site: Site,
  facts: readonly Fact[],
  incidents: readonly Incident[],
  range: { readonly fromMs: number; readonly toMs: number },
): WhatIf {
  const model = compile(unattended(site));
  const first = facts.findIndex(({ input }) => input.at.wallMs >= range.fromMs);
  const before = first < 0 ? facts : facts.slice(0, first);
  const run = first < 0 ? [] : facts.slice(first).filter(({ input }) => input.at.wallMs <= range.toMs);
  const begun = facts[0]?.input.at.wallMs ?? range.fromMs;
  const end = range.toMs;
  const now = courses(model, before, run, incidents, range.fromMs, end);
  const fromIso = iso(range.fromMs);
  const then = incidents
    .filter(({ drill, plan }) => !drill && !leftOut.includes(plan))
    .filter(
      ({ openedAt, closedAt }) => openedAt <= iso(end) && (closedAt === undefined || closedAt >= fromIso),
    )
    .map(courseOf);
  return {
    from: iso(Math.min(range.toMs, Math.max(range.fromMs, begun))),
    to: iso(end),
    facts: run.length,
    cut: begun > range.fromMs && facts.length > 0,
    // whether these rules would have opened what was open before is not in the facts that were run
    pairs: pairsOf(then, now).filter(({ found, was }) => found !== 'onlyThen' || was!.openedAt >= fromIso),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();

function courseOf(incident: Incident): Course {
  const { id, plan, zone, title, level, openedAt, closedAt, signals, cause } = incident;
  const first = signals[0];
  return {
    id,
    plan,
    ...(zone !== undefined && { zone }),
    title,
    level,
    openedAt,
    ...(closedAt !== undefined && { closedAt }),
    because: first?.because ?? cause.rule,
  };
}

/** The engine's state with the values that were believed before the first of the facts that are run. */
function beginning(model: Model, before: readonly Fact[]): State {
  let known = new Map<string, Change>();
  const disabled: Fact[] = [];
  for (const fact of before) {
    // after a start nothing is known until it is read
    if (fact.input.type === 'started') known = new Map();
    for (const change of [...fact.live, ...fact.changes]) known.set(change[0], change);
    const { input } = fact;
    if (input.type === 'command' && ['disable', 'enable'].includes(input.command.verb)) disabled.push(fact);
  }
  const state = createState(model, 'whatif00');
  for (const fact of disabled) replay(state, { ...fact, changes: [], live: [] }, model);
  const last = before.at(-1)?.input.at;
  if (last !== undefined) feed(state, model, { type: 'points', at: last }, [...known.values()]);
  return state;
}

function feed(state: State, model: Model, input: Fact['input'], changes: readonly Change[]): Effects {
  return replay(state, { input, changes, live: [] }, model);
}

/** Every incident that the model would have had, the first to open first. */
function courses(
  model: Model,
  before: readonly Fact[],
  run: readonly Fact[],
  incidents: readonly Incident[],
  fromMs: number,
  endMs: number,
): Course[] {
  const found = new Map<string, Running>();
  const note = (effects: Effects, orEarlier: boolean): void => {
    for (const { type, at, because, incident } of effects.events) {
      if (incident === undefined || leftOut.includes(incident.plan)) continue;
      if (type === 'incident.opened') {
        const { closedAt: _closedAt, ...course } = courseOf(incident as Incident);
        found.set(incident.id, { ...course, because, ...(orEarlier && { orEarlier }) });
      } else if (type === 'incident.closed') {
        const course = found.get(incident.id);
        if (course) course.closedAt = at;
      }
    }
  };
  const state = beginning(model, before);
  for (const incident of Object.values(state.durable.incidents))
    if (!leftOut.includes(incident.plan)) found.set(incident.id, { ...courseOf(incident), orEarlier: true });
  let last: Stamp | undefined = before.at(-1)?.input.at;
  const passTo = (steadyMs: number, wallMs?: number): void => {
    for (;;) {
      const due = nextDue(state.timers);
      if (due === undefined || due > steadyMs || last === undefined) return;
      const at: Stamp = {
        steadyMs: Math.max(due, last.steadyMs),
        wallMs: Math.min(last.wallMs + Math.max(0, due - last.steadyMs), wallMs ?? Number.POSITIVE_INFINITY),
        clock: last.clock,
      };
      last = at;
      note(feed(state, model, { type: 'tick', at }, []), false);
    }
  };
  for (const fact of run) {
    const { at } = fact.input;
    // while nobody watched, no time passed for the rules
    if (fact.input.type !== 'started') passTo(at.steadyMs, at.wallMs);
    last = at;
    // what changed nothing when it happened came to the journal with this fact only
    if (fact.live.length > 0) note(feed(state, model, { type: 'points', at }, fact.live), true);
    const input = replayed(fact.input, state, incidents);
    for (const one of input) note(feed(state, model, one, one === input[0] ? fact.changes : []), false);
  }
  if (last !== undefined) passTo(last.steadyMs + Math.max(0, endMs - last.wallMs));
  const fromIso = iso(fromMs);
  return [...found.values()]
    .filter(({ closedAt }) => closedAt === undefined || closedAt >= fromIso)
    .sort((one, other) => one.openedAt.localeCompare(other.openedAt));
}

/** What of an input is run again; the first takes the changes. */
function replayed(input: Fact['input'], state: State, incidents: readonly Incident[]): Fact['input'][] {
  const points: Fact['input'] = {
    type: 'points',
    at: input.at,
    ...('chatter' in input && input.chatter && { chatter: input.chatter }),
  };
  switch (input.type) {
    case 'link':
    case 'health':
    case 'output':
    case 'started':
      return [input];
    case 'command': {
      const { verb } = input.command;
      if (replayedVerbs.includes(verb)) return [input];
      return verb === 'close' || verb === 'reset'
        ? [points, ...endByHand(input, state, incidents)]
        : [points];
    }
    default:
      return [points];
  }
}

/** A person ended what was raised by hand: the incident of the same plan and zone is ended so as well. */
function endByHand(
  input: Extract<Input, { type: 'command' }>,
  state: State,
  incidents: readonly Incident[],
): Fact['input'][] {
  const given = String(input.command.incident);
  const was = incidents.find(({ id }) => id === given || id.startsWith(`${given}_`));
  const now = was && state.durable.incidents[state.durable.keys[incidentKey(was.plan, was.zone)] ?? ''];
  if (now === undefined || !now.signals.some(({ rule, active }) => rule === 'by_hand' && active)) return [];
  const { id, by, origin } = input.command;
  const command: Command = { id, by, origin, verb: 'reset', incident: now.id };
  return [{ type: 'command', at: input.at, command }];
}

/**
 * Those of the same plan and zone that were open at the same time, or opened together, are one: each with one, those
 * first whose openings are nearest. What is left over and belongs to a paired one is part of that.
 */
function pairsOf(then: readonly Course[], now: readonly Course[]): Pair[] {
  const same = then.flatMap((was) =>
    now.filter((would) => isSame(was, would)).map((would) => ({ was, would })),
  );
  same.sort((one, other) => apartMs(one) - apartMs(other));
  const wasOf = new Map<Course, Course>();
  const paired = new Set<Course>();
  for (const { was, would } of same) {
    if (paired.has(was) || wasOf.has(would)) continue;
    paired.add(was);
    wasOf.set(would, was);
  }
  const pairs = now.map((would): Pair => {
    const was = wasOf.get(would);
    if (was) return { found: 'both', was, would };
    const whole = same.find((one) => one.would === would)?.was;
    return whole ? { found: 'part', would, partOf: whole.id } : { found: 'onlyNow', would };
  });
  for (const was of then) {
    if (paired.has(was)) continue;
    const whole = same.find((one) => one.was === was)?.would;
    pairs.push(whole ? { found: 'part', was, partOf: whole.id } : { found: 'onlyThen', was });
  }
  const openedAt = ({ was, would }: Pair): string => (would ?? was)!.openedAt;
  return pairs.sort((one, other) => openedAt(one).localeCompare(openedAt(other)));
}

function apartMs({ was, would }: { readonly was: Course; readonly would: Course }): number {
  return Math.abs(Date.parse(was.openedAt) - Date.parse(would.openedAt));
}

function isSame(was: Course, would: Course): boolean {
  if (was.plan !== would.plan || was.zone !== would.zone) return false;
  const [wasFrom, wasTo] = [Date.parse(was.openedAt), endOf(was)];
  const [wouldFrom, wouldTo] = [Date.parse(would.openedAt), endOf(would)];
  return wasFrom <= wouldTo + sameWithinMs && wouldFrom <= wasTo + sameWithinMs;
}

function endOf({ closedAt }: Course): number {
  return closedAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(closedAt);
}

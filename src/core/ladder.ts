// The ladder of an incident: which roles are told when, how the level rises while nobody acts, and the limits of
// its steps. Reconciled, not hooked: whatever happened to an incident in a turn, `tend` looks at it afterwards and
// sets what follows. Which rungs were climbed is in the incident; the timers only bring the engine back here.

import { isPlausible, isWorkingHour, limitMs, localOf } from './calendar.ts';
import { change, emit, higher, isoOf, type Turn, touch } from './incidents.ts';
import { addTold, leave, tell, tellFromShelf, withdrawNeedless } from './telling.ts';
import { isNeedless, isPast, rungKey } from './telling-needs.ts';
import { clearTimer, setTimer } from './timers.ts';
import type { Incident, Plan, Rung, Unless } from './types.ts';

/**
 * A trouble that closes by itself and comes again is a new incident each time: of the same thing, the same rung is not
 * climbed again before this.
 */
const retellAfterMs = 30 * 60_000;
/** What waits for the return of something that comes and goes unacknowledged is not told again before this. */
const repeatAfterMs = 5 * 60_000;
/** Tellings that are remembered for that. */
const mostLately = 2000;

/** What this turn touched; with `all`, every open incident as well. */
function touchedBy(turn: Turn, all: boolean): Iterable<Incident> {
  const { incidents } = turn.state.durable;
  // (what a reload closed is not among the open ones)
  return new Set([...(all ? Object.values(incidents) : []), ...turn.effects.incidents.values()]);
}

/** Raises the levels of incidents that nobody has acted on for long enough. */
export function raiseLevels(turn: Turn, all: boolean): void {
  for (const incident of touchedBy(turn, all)) {
    const plan = turn.model.plans.get(incident.plan);
    if (incident.state === 'closed' || plan?.rises === undefined) continue;
    begin(turn, incident);
    tendRises(turn, incident, plan);
  }
}

/** Looks after every incident that this turn touched; with `all`, after every open one as well. */
export function tend(turn: Turn, all: boolean): void {
  const { incidents } = turn.state.durable;
  if (all) stopForgotten(turn);
  for (const incident of touchedBy(turn, all)) {
    if (incident.state === 'closed') end(turn, incident);
    else if (incidents[incident.id] === incident) tendOne(turn, incident);
  }
  for (const { type, incident } of turn.effects.events)
    if (type === 'incident.unshelved' && incident !== undefined) tellFromShelf(turn, incident.id);
}

function tendOne(turn: Turn, incident: Incident): void {
  const plan = turn.model.plans.get(incident.plan);
  begin(turn, incident);
  if (plan !== undefined) {
    tendSteps(turn, incident, plan);
    tendRungs(turn, incident, plan);
  }
  withdrawNeedless(turn, incident);
}

/** An incident of an older version begins its ladder now. */
function begin(turn: Turn, incident: Incident): void {
  incident.activation ??= 1;
  incident.activatedMs ??= turn.at.steadyMs;
  incident.activatedAt ??= isoOf(turn.at);
  incident.activeSinceMs ??= incident.activatedMs;
  incident.activeSinceAt ??= incident.activatedAt;
  incident.told ??= [];
}

/** Deadlines of rungs, rises and steps that plans no longer have: they would outlive their incidents. */
function stopForgotten(turn: Turn): void {
  const { state, model } = turn;
  const known = new Set<string>();
  for (const { id, plan: name } of Object.values(state.durable.incidents)) {
    const plan = model.plans.get(name);
    for (const rung of plan?.notify ?? []) known.add(`rung:${id}:${rungKey(rung)}`);
    for (const { level } of plan?.rises ?? []) known.add(`rise:${id}:${level}`);
    for (const step of plan?.steps ?? []) if (step.within !== undefined) known.add(`step:${id}:${step.id}`);
  }
  for (const name of Object.keys(state.timers.due))
    if (/^(rung|rise|step):/.test(name) && !known.has(name)) stop(turn, name);
}

/** A closed incident: nothing of it is due any more, and who was told of it is told that it is over. */
function end(turn: Turn, incident: Incident): void {
  const { timers } = turn.state;
  const plan = turn.model.plans.get(incident.plan);
  for (const rung of plan?.notify ?? []) clearTimer(timers, `rung:${incident.id}:${rungKey(rung)}`);
  for (const { level } of plan?.rises ?? []) clearTimer(timers, `rise:${incident.id}:${level}`);
  for (const { id } of incident.steps) clearTimer(timers, `step:${incident.id}:${id}`);
  leave(turn, incident);
}

/** From when a delay counts: what waits for the return, from when it last became active. */
function beginOf(
  incident: Incident,
  unless: Unless | undefined,
): { readonly ms: number; readonly wallMs: number } {
  return unless === 'returned'
    ? { ms: incident.activeSinceMs!, wallMs: Date.parse(incident.activeSinceAt!) }
    : { ms: incident.activatedMs!, wallMs: Date.parse(incident.activatedAt!) };
}

/** How long a rung or a rise waits, ms; the kind of day at its beginning counts. */
function delayOf(turn: Turn, incident: Incident, { after, unless }: Pick<Rung, 'after' | 'unless'>): number {
  return limitMs(after, turn.model.site.calendar, beginOf(incident, unless).wallMs);
}

/** Sets a timer, or finds that its time has come. */
function isDue(turn: Turn, name: string, dueMs: number): boolean {
  const { timers } = turn.state;
  if (dueMs > turn.at.steadyMs) {
    if (timers.due[name] === dueMs) return false;
    turn.state.dirty = true;
    setTimer(timers, name, dueMs);
    return false;
  }
  stop(turn, name);
  return true;
}

function stop(turn: Turn, name: string): void {
  const { timers } = turn.state;
  if (timers.due[name] === undefined) return;
  turn.state.dirty = true;
  clearTimer(timers, name);
}

function tendRungs(turn: Turn, incident: Incident, plan: Plan): void {
  let nobody = false;
  let somebody = false;
  for (const rung of plan.notify ?? []) {
    const key = rungKey(rung);
    if (isSettled(incident, key)) continue;
    const timer = `rung:${incident.id}:${key}`;
    if (!mayClimb(incident, rung)) {
      stop(turn, timer);
      continue;
    }
    if (isNeedless(incident, rung.unless)) {
      stop(turn, timer);
      // (what has returned may come back before anybody acknowledges, and then it counts anew)
      if (rung.unless !== 'returned') record(turn, incident, rung, needlessWords(rung.unless!, incident));
      continue;
    }
    const lately = turn.state.durable.lately[latelyKey(incident, key)];
    const before = incident.told!.findLast((told) => told.rung === key && !told.skipped);
    const dueMs = Math.max(
      beginOf(incident, rung.unless).ms + delayOf(turn, incident, rung),
      lately === undefined ? 0 : lately + retellAfterMs,
      before !== undefined && before.activation === incident.activation ? before.atMs + repeatAfterMs : 0,
    );
    if (!isDue(turn, timer, dueMs)) continue;
    const outcome = climb(turn, incident, rung, false);
    if (outcome === 'nobody') nobody = true;
    if (outcome === 'told') somebody = true;
  }
  // Where nobody could be told, the next rung that waits for an acknowledgement need not wait.
  if (nobody && !somebody) hasten(turn, incident);
}

/** Is the incident one that this rung is for just now? */
function mayClimb(incident: Incident, { level }: Rung): boolean {
  // A shelf is for what somebody has looked at: nobody else is called meanwhile.
  if (incident.state === 'shelved') return false;
  return level === undefined || higher(incident.level, level) === incident.level;
}

/** Tells the roles of a rung. `nobody`: that reached nobody at all; `left out`: it is for other hours. */
function climb(turn: Turn, incident: Incident, rung: Rung, early: boolean): 'told' | 'nobody' | 'left out' {
  if (isForOtherHours(turn, rung)) {
    const because = rung.hours === 'working' ? 'for working hours' : 'for other than working hours';
    record(turn, incident, rung, because);
    return 'left out';
  }
  remember(turn, incident, rung);
  const afterMs = delayOf(turn, incident, rung);
  const because = early ? 'nobody could be reached before' : reason(rung, afterMs);
  const told = tell(turn, incident, {
    kind: 'rung',
    rung: rungKey(rung),
    roles: rung.roles,
    because,
    afterMs,
    ...(rung.unless !== undefined && { unless: rung.unless }),
    ...(early && { early }),
  });
  if ((early || afterMs > 0) && rung.unless !== undefined)
    emit(turn, 'incident.escalated', `${because}: told ${rung.roles.join(', ')}`, { incident });
  return told.to.length > 0 || (turn.model.site.telling?.people.length ?? 0) === 0 ? 'told' : 'nobody';
}

/** Where nobody said what the hours are, or the clock can't be right, everybody is told. */
function isForOtherHours(turn: Turn, { hours }: Rung): boolean {
  const { calendar } = turn.model.site;
  if (hours === undefined || !calendar || calendar.working.length === 0 || !isPlausible(turn.at.wallMs))
    return false;
  return isWorkingHour(calendar, localOf(calendar, turn.at.wallMs)) !== (hours === 'working');
}

/** What an incident that closes by itself is about, whichever incident it is. */
function latelyKey({ plan, zone, cause }: Incident, rung: string): string {
  return [plan, zone ?? '', cause.rule, cause.subject ?? '', rung].join('|');
}

function remember(turn: Turn, incident: Incident, rung: Rung): void {
  if (incident.drill || turn.model.plans.get(incident.plan)?.closing !== 'itself') return;
  const { lately } = turn.state.durable;
  lately[latelyKey(incident, rungKey(rung))] = turn.at.steadyMs;
  const names = Object.keys(lately);
  if (names.length <= mostLately) return;
  for (const name of names) if (lately[name]! + retellAfterMs <= turn.at.steadyMs) delete lately[name];
}

/**
 * Brings the next rung forward that waits for an acknowledgement, because a telling reached nobody; and the ones
 * after it, until there is somebody to be told.
 */
export function hasten(turn: Turn, incident: Incident): void {
  for (const rung of turn.model.plans.get(incident.plan)?.notify ?? []) {
    if (rung.unless !== 'acknowledged' || isNeedless(incident, rung.unless)) continue;
    const key = rungKey(rung);
    if (isSettled(incident, key) || !mayClimb(incident, rung)) continue;
    // (one that is for other hours keeps its own time, at which it may be for it)
    if (isForOtherHours(turn, rung)) continue;
    stop(turn, `rung:${incident.id}:${key}`);
    if (climb(turn, incident, rung, true) === 'told') return;
  }
}

/** Was this rung climbed or left out in the present activation? */
export function isSettled(incident: Incident, key: string): boolean {
  return (incident.told ?? []).some(
    (told) => told.kind === 'rung' && told.rung === key && !isPast(incident, told),
  );
}

/** Keeps that a rung was left out, and why. */
function record(turn: Turn, incident: Incident, rung: Rung, because: string): void {
  addTold(turn, incident, {
    kind: 'rung',
    rung: rungKey(rung),
    roles: rung.roles,
    because,
    afterMs: delayOf(turn, incident, rung),
    ...(rung.unless !== undefined && { unless: rung.unless }),
    skipped: true,
    to: [],
  });
}

function tendRises(turn: Turn, incident: Incident, plan: Plan): void {
  for (const rise of plan.rises ?? []) {
    const { level, unless } = rise;
    const timer = `rise:${incident.id}:${level}`;
    const there = higher(incident.level, level) === incident.level;
    if (there || isNeedless(incident, unless) || incident.state === 'shelved') {
      stop(turn, timer);
      continue;
    }
    const delayMs = delayOf(turn, incident, rise);
    if (!isDue(turn, timer, beginOf(incident, unless).ms + delayMs)) continue;
    change(turn, incident, () => {
      incident.level = level;
    });
    const because = `level raised to ${level}: ${waited(unless, delayMs)}`;
    emit(turn, 'incident.escalated', because, { incident });
  }
}

function tendSteps(turn: Turn, incident: Incident, plan: Plan): void {
  for (const step of plan.steps) {
    const standing = incident.steps.find(({ id }) => id === step.id);
    if (step.within === undefined || standing === undefined || standing.overdueAt !== undefined) continue;
    const timer = `step:${incident.id}:${step.id}`;
    if (standing.doneAt !== undefined) {
      stop(turn, timer);
      continue;
    }
    if (standing.dueMs === undefined) {
      const first = incident.steps.find(({ id }) => id === step.after);
      if (first !== undefined && first.doneAt === undefined) continue;
      const within = limitMs(step.within, turn.model.site.calendar, turn.at.wallMs);
      turn.state.dirty = true;
      standing.dueMs = turn.at.steadyMs + within;
      standing.dueAt = new Date(turn.at.wallMs + within).toISOString();
      touch(turn, incident);
    }
    // nobody is called off the shelf; what is late then is told when it is off it
    if (incident.state === 'shelved') {
      stop(turn, timer);
      continue;
    }
    if (!isDue(turn, timer, standing.dueMs)) continue;
    standing.overdueAt = isoOf(turn.at);
    touch(turn, incident);
    const because = `step ${step.id} is not done in its time`;
    if (step.role !== undefined && step.role !== 'finder')
      tellOverdue(turn, incident, step.id, step.role, because);
    emit(turn, 'incident.escalated', because, { incident, step: step.id });
  }
}

/** Tells whose step it is; where that is nobody, those who were told first of all, and the next rung. */
function tellOverdue(turn: Turn, incident: Incident, step: string, role: string, because: string): void {
  const told = tell(turn, incident, { kind: 'overdue', rung: step, roles: [role], because });
  if (told.to.length > 0 || (turn.model.site.telling?.people.length ?? 0) === 0) return;
  hasten(turn, incident);
  const first = incident.told!.find(({ kind, skipped, to }) => kind === 'rung' && !skipped && to.length > 0);
  if (first !== undefined) tell(turn, incident, { kind: 'overdue', rung: step, roles: first.roles, because });
}

function reason({ unless, level }: Rung, afterMs: number): string {
  if (afterMs > 0) return waited(unless, afterMs);
  return level === undefined ? 'at once' : `at once, the level is ${level} or higher`;
}

function waited(unless: Unless | undefined, afterMs: number): string {
  const what =
    unless === undefined
      ? 'still open'
      : unless === 'acknowledged'
        ? 'not acknowledged'
        : unless === 'returned'
          ? 'not back to normal'
          : `step ${unless.step} not done`;
  return `${what} after ${lengthText(afterMs)}`;
}

function needlessWords(unless: Unless, incident: Incident): string {
  if (unless === 'acknowledged')
    return incident.acknowledgedBy === undefined
      ? 'acknowledged'
      : `acknowledged by ${incident.acknowledgedBy}`;
  return unless === 'returned' ? 'back to normal' : `step ${unless.step} is done`;
}

/** A length of time in words, such as `10 min`. */
function lengthText(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}

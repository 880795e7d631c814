// The life of an incident: a signal opens or joins it, signals end, it returns, people acknowledge and close
// it. Every change becomes an event with its reason. Knows no rules, points or links, only signals.

import { isPlausible } from './calendar.ts';
import type { Model } from './model.ts';
import { titled } from './model.ts';
import type { State } from './state.ts';
import { clearTimer } from './timers.ts';
import type {
  Effects,
  Event,
  EventType,
  Incident,
  Level,
  Plan,
  Signal,
  Stamp,
  Text,
  Value,
} from './types.ts';

/** One step at work: where it reads and writes. */
export interface Turn {
  readonly state: State;
  readonly model: Model;
  readonly at: Stamp;
  readonly effects: Effects;
}

const levels: readonly Level[] = ['general', 'major', 'urgent'];
/** Events carry at most this many signals; the retained incident carries all. */
const signalsInEvent = 20;

export function higher(a: Level, b: Level): Level {
  return levels.indexOf(a) >= levels.indexOf(b) ? a : b;
}

export function isoOf(at: Stamp): string {
  return new Date(at.wallMs).toISOString();
}

export interface NewSignal {
  /** what the incident is about: signals with the same key join one open incident */
  readonly key: string;
  readonly plan: Plan;
  readonly zone?: string;
  readonly level?: Level;
  /** second half of the title; default the zone's name */
  readonly about?: Text;
  /** whole title instead of the plan's */
  readonly title?: Text;
  readonly rule: string;
  readonly point?: string;
  readonly subject?: string;
  readonly value: Value | null;
  readonly because: string;
  readonly by?: string;
  readonly finder?: Incident['finder'];
  readonly place?: string;
  /** a drill, and what is let out of the house for it */
  readonly drill?: NonNullable<Incident['allow']>;
}

/** The rule of a signal that no sensor gave. */
export const byHand = 'by_hand';

/** Nothing that is measured says that it is over: a person does, by a reset. */
export const endsByPerson = ({ rule }: { readonly rule: string }): boolean =>
  rule === byHand || rule === 'health_state';

/** Something going on that drills and walk tests must give way to; a complaint that somebody wrote down is not. */
export function isRealAlarm({ category, drill, active, level, cause }: Incident): boolean {
  return category === 'alarm' && !drill && active && (level !== 'general' || cause.rule !== byHand);
}

/** Opens an incident with this signal, or lets it join the open one of the same key. Returns the incident's id. */
export function raiseSignal(turn: Turn, signal: NewSignal): string {
  const { durable } = turn.state;
  const open = durable.incidents[durable.keys[signal.key] ?? ''];
  if (open === undefined) return openIncident(turn, signal);

  const known = open.signals.find((one) => sameSignal(one, signal));
  if (known?.active && !known.latched) return open.id;
  turn.state.dirty = true;
  if (known) {
    known.active = true;
    known.count += 1;
    delete known.latched;
  } else {
    open.signals.push(makeSignal(turn, signal));
    open.signalCount += 1;
  }
  // A shelf is for what somebody has looked at; another detector is news.
  const unshelved = known === undefined && open.shelvedUntilMs !== undefined;
  if (unshelved) {
    delete open.shelvedUntilMs;
    clearTimer(turn.state.timers, `shelve:${open.id}`);
  }
  // A new activation wants a new acknowledgement; a further signal of a running one only sounds again.
  if (!open.active) {
    // A contact that comes and goes while nobody acknowledges must not hold the ladder down.
    if (open.acknowledged) activated(turn, open);
    else activeAgain(turn, open);
    open.acknowledged = false;
  }
  open.silenced = false;
  const level = higher(open.level, signal.level ?? signal.plan.level);
  const rose = level !== open.level;
  open.level = level;
  settleState(open);
  touch(turn, open);
  emit(turn, 'incident.signal', signal.because, { incident: open, ...(signal.by && { by: signal.by }) });
  if (unshelved) emit(turn, 'incident.unshelved', `a further signal: ${signal.because}`, { incident: open });
  if (rose)
    emit(turn, 'incident.escalated', `level raised to ${level} by ${signal.rule}`, { incident: open });
  turn.effects.outputs = true;
  return open.id;
}

function openIncident(turn: Turn, signal: NewSignal): string {
  const { durable } = turn.state;
  const { plan } = signal;
  turn.state.dirty = true;
  durable.incidentCount += 1;
  const id = `i${durable.incidentCount}_${durable.epoch.slice(0, 4)}`;
  const about =
    signal.about ?? (signal.zone === undefined ? undefined : turn.model.zones.get(signal.zone)?.name);
  const incident: Incident = {
    id,
    plan: plan.id,
    category: plan.category,
    level: signal.level ?? plan.level,
    ...(signal.zone !== undefined && { zone: signal.zone }),
    state: 'unacknowledged',
    active: true,
    acknowledged: false,
    silenced: false,
    openedAt: isoOf(turn.at),
    title: titled(signal.title ?? plan.title, about),
    cause: {
      rule: signal.rule,
      ...(signal.point !== undefined && { point: signal.point }),
      ...(signal.subject !== undefined && { subject: signal.subject }),
      value: signal.value,
    },
    signals: [makeSignal(turn, signal)],
    signalCount: 1,
    steps: plan.steps.map((step) => ({
      id: step.id,
      text: titled(step.text),
      ...(step.role !== undefined && { role: step.role }),
      required: step.required,
      ...(step.call !== undefined && { call: turn.model.site.numbers?.[step.call] ?? step.call }),
    })),
    drill: signal.drill !== undefined,
    ...(signal.drill && { allow: signal.drill }),
    ...(signal.finder && { finder: signal.finder }),
    ...(signal.place !== undefined && { place: signal.place }),
    told: [],
    evidence: (plan.keeps ?? []).map(({ id, text, forMs }) => ({ id, text: titled(text), keepMs: forMs })),
  };
  activated(turn, incident);
  durable.incidents[id] = incident;
  durable.keys[signal.key] = id;
  touch(turn, incident);
  emit(turn, 'incident.opened', signal.because, { incident, ...(signal.by && { by: signal.by }) });
  turn.effects.outputs = true;
  return id;
}

/** It became active, for the first time or after an acknowledgement: its ladder begins anew. */
function activated(turn: Turn, incident: Incident): void {
  const { at } = turn;
  incident.activation = (incident.activation ?? 0) + 1;
  incident.activatedMs = at.steadyMs;
  incident.activatedAt = isoOf(at);
  activeAgain(turn, incident);
}

function activeAgain({ at }: Turn, incident: Incident): void {
  incident.activeSinceMs = at.steadyMs;
  incident.activeSinceAt = isoOf(at);
}

/** A person's or the house's own change to an open incident: state and outputs follow from it. */
export function change(turn: Turn, incident: Incident, how: () => void): void {
  how();
  settleState(incident);
  turn.state.dirty = true;
  turn.effects.outputs = true;
  touch(turn, incident);
}

function makeSignal(turn: Turn, signal: NewSignal): Signal {
  return {
    rule: signal.rule,
    ...(signal.point !== undefined && { point: signal.point }),
    ...(signal.subject !== undefined && { subject: signal.subject }),
    value: signal.value,
    because: signal.because,
    at: isoOf(turn.at),
    active: true,
    count: 1,
  };
}

function sameSignal(a: { rule: string; point?: string; subject?: string }, b: typeof a): boolean {
  return a.rule === b.rule && (a.subject === undefined || (a.subject === b.subject && a.point === b.point));
}

/** Ends the signals that match; the incident returns when it was the last, and closes where its plan lets it. */
export function endSignals(
  turn: Turn,
  incidentId: string,
  matches: (signal: Signal) => boolean,
  because: string,
): void {
  const incident = turn.state.durable.incidents[incidentId];
  if (incident === undefined) return;
  let ended = false;
  for (const signal of incident.signals) {
    if (!signal.active || !matches(signal)) continue;
    signal.active = false;
    delete signal.latched;
    ended = true;
  }
  if (!ended) return;
  turn.state.dirty = true;
  turn.effects.outputs = true;
  touch(turn, incident);
  if (incident.signals.some((signal) => signal.active)) return;
  incident.returnedAt = isoOf(turn.at);
  settleState(incident);
  emit(turn, 'incident.returned', because, { incident });
  if (turn.model.plans.get(incident.plan)?.closing === 'itself') closeIncident(turn, incident, because);
}

/** Ends an incident's life. The caller has seen that it may. */
export function closeIncident(turn: Turn, incident: Incident, because: string, by?: string): void {
  const { durable } = turn.state;
  turn.state.dirty = true;
  for (const signal of incident.signals) signal.active = false;
  incident.active = false;
  incident.state = 'closed';
  incident.closedAt = isoOf(turn.at);
  if (by !== undefined) incident.closedBy = by;
  for (const kept of incident.evidence ?? []) {
    const leastMs = Date.parse(incident.openedAt) + kept.keepMs;
    kept.keepUntil = new Date(Math.max(leastMs, turn.at.wallMs)).toISOString();
  }
  delete durable.incidents[incident.id];
  for (const [key, id] of Object.entries(durable.keys)) if (id === incident.id) delete durable.keys[key];
  clearTimer(turn.state.timers, `shelve:${incident.id}`);
  touch(turn, incident);
  turn.effects.outputs = true;
  emit(turn, 'incident.closed', because, { incident, ...(by !== undefined && { by }) });
  if (!incident.drill) return;
  // (a clock that can't be right says nothing about when it was)
  // one that a real alarm broke off, or that nobody took part in, is still to be held
  if (isPlausible(turn.at.wallMs) && by !== undefined && incident.acknowledged)
    durable.upkeep.drilled[incident.plan] = turn.at.wallMs;
  emit(turn, 'drill.ended', because, { incident, ...(by !== undefined && { by }) });
}

/** Derives `active` and `state` from the signals and flags. */
export function settleState(incident: Incident): void {
  incident.active = incident.signals.some((signal) => signal.active);
  if (incident.shelvedUntilMs !== undefined) incident.state = 'shelved';
  else if (!incident.active) incident.state = 'returned';
  else incident.state = incident.acknowledged ? 'acknowledged' : 'unacknowledged';
}

export function touch(turn: Turn, incident: Incident): void {
  turn.effects.incidents.set(incident.id, incident);
}

/** Writes an event: the next number, and the incident as it stands at this moment. */
export function emit(
  turn: Turn,
  type: EventType,
  because: string,
  what: {
    incident?: Incident;
    by?: string;
    output?: NonNullable<Event['output']>;
    note?: string;
    step?: string;
    corrections?: NonNullable<Event['corrections']>;
    /** for an event without an incident */
    drill?: boolean;
  } = {},
): void {
  const { durable } = turn.state;
  turn.state.dirty = true;
  durable.seq += 1;
  const { incident, drill, ...rest } = what;
  turn.effects.events.push({
    v: 1,
    premises: turn.model.site.premises,
    epoch: durable.epoch,
    seq: durable.seq,
    id: [durable.epoch, ...(durable.run === undefined ? [] : [durable.run]), durable.seq].join('-'),
    type,
    at: isoOf(turn.at),
    clock: turn.at.clock,
    replayed: false,
    drill: drill ?? incident?.drill ?? false,
    because,
    ...rest,
    ...(incident && { incident: copied(incident) }),
  });
}

function copied(incident: Incident): NonNullable<Event['incident']> {
  const { steps: _steps, told: _told, evidence: _evidence, tested: _tested, ...rest } = incident;
  const { signals } = rest;
  const shown =
    signals.length <= signalsInEvent ? signals : [signals[0]!, ...signals.slice(1 - signalsInEvent)];
  return { ...rest, signals: shown.map((signal) => ({ ...signal })) };
}

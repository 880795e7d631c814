// Which value each output should have now, derived from the rules that are active, what people said, and the
// interlocks above both. The shell drives what `desiredOutputs` says, again and again: a level can't be lost in
// a crash.

import { emit, type Turn } from './incidents.ts';
import { holdOn, mustBe, onOrOff } from './interlocks.ts';
import type { CompiledRule, Model } from './model.ts';
import type { State } from './state.ts';
import { clearTimer, setTimer } from './timers.ts';
import type { Incident, Level, Output } from './types.ts';

const rank: Readonly<Record<Level, number>> = { general: 0, major: 1, urgent: 2 };
const categoryRank = { alarm: 2, supervisory: 1, trouble: 0 } as const;

interface Demand {
  readonly value: boolean;
  readonly because: string;
  readonly weight: number;
}

export interface Desired {
  readonly value: boolean | 'keep';
  readonly because: string;
  /** the interlock that withholds what would be wanted without it */
  readonly heldBy?: string;
}

/** Wanted values of all outputs. `keep`: leave it as it is. */
export function desiredOutputs(state: State, model: Model): Map<string, Desired> {
  const demands = strongestDemands(state, model);
  const desired = new Map<string, Desired>();
  for (const output of model.outputs.values()) {
    const override = state.durable.overrides[output.id];
    const demand = demands.get(output.id);
    const wanted: Desired = override
      ? { value: override.value, because: `set by ${override.by}` }
      : demand
        ? { value: demand.value, because: demand.because }
        : state.durable.chirps[output.id] !== undefined
          ? { value: true, because: 'chirps: a detector was heard' }
          : { value: output.normal, because: 'at rest' };
    desired.set(output.id, interlocked(state, model, output.id, wanted));
  }
  return desired;
}

function interlocked(state: State, model: Model, id: string, wanted: Desired): Desired {
  const hold = holdOn(state, model, id);
  // `keep` is held too: as it is may be what is forbidden.
  if (hold === undefined || wanted.value === mustBe(hold)) return wanted;
  const against = wanted.value === 'keep' ? '' : `; wanted ${onOrOff(wanted.value)}: ${wanted.because}`;
  return {
    value: mustBe(hold),
    because: `held ${onOrOff(mustBe(hold))} by interlock ${hold.id}: ${hold.because}${against}`,
    heldBy: hold.id,
  };
}

function strongestDemands(state: State, model: Model): Map<string, Demand> {
  const demands = new Map<string, Demand>();
  const demand = (id: string, value: boolean, incident: Incident, by: string): void => {
    const output = model.outputs.get(id);
    if (!output || isMuted(output, incident, model)) return;
    if (state.durable.outputs[id]?.expired && value !== output.normal) return;
    const weight = weightOf(incident);
    const other = demands.get(id);
    // Between equals, away from rest wins: the safe side of a siren is on, of a valve its shut state.
    if (other && (other.weight > weight || (other.weight === weight && value === output.normal))) return;
    demands.set(id, { value, because: `${by}, incident ${incident.id}`, weight });
  };
  for (const [{ rule }, incident] of activeDriving(state, model))
    for (const [id, value] of Object.entries(rule.outputs)) demand(id, value, incident, rule.id);
  for (const incident of drillsThatDrive(state, model)) {
    for (const { rule } of model.driving) {
      if (rule.plan !== incident.plan || (incident.zone !== undefined && rule.zone !== incident.zone))
        continue;
      for (const [id, value] of Object.entries(rule.outputs))
        demand(id, value, incident, `drill of ${rule.id}`);
    }
  }
  for (const output of model.tellers) {
    const incident = loudest(state, model, output);
    if (incident !== undefined) demand(output.id, true, incident, 'tells');
  }
  return demands;
}

/** The rules that want something just now, the latest to become active last: of equals it wins. */
function activeDriving(state: State, model: Model): [CompiledRule, Incident][] {
  const { rules, incidents } = state.durable;
  const active: [CompiledRule, Incident][] = [];
  for (const compiled of model.driving) {
    const standing = rules[compiled.rule.id];
    if (standing === undefined || standing.phase === 'pending') continue;
    const incident = incidents[standing.incident];
    if (incident !== undefined) active.push([compiled, incident]);
  }
  if (active.length < 2) return active;
  const order = new Map(Object.keys(rules).map((id, at) => [id, at]));
  return active.sort(([a], [b]) => order.get(a.rule.id)! - order.get(b.rule.id)!);
}

function drillsThatDrive(state: State, model: Model): Incident[] {
  // (asked at every change of outputs: without a drill it costs a look at the open incidents of a site with outputs)
  if (model.driving.length === 0) return [];
  return Object.values(state.durable.incidents).filter(
    ({ drill, allow }) => drill && allow?.outputs === true,
  );
}

/** The weightiest open incident that a local sound or lamp is to tell of. */
function loudest(state: State, model: Model, output: Output): Incident | undefined {
  let found: Incident | undefined;
  for (const incident of Object.values(state.durable.incidents)) {
    if (!isToldBy(output, incident, model)) continue;
    if (found === undefined || weightOf(incident) > weightOf(found)) found = incident;
  }
  return found;
}

function weightOf({ drill, category, level }: Incident): number {
  // a drill never stands in the way of what is real
  return drill ? -1 : categoryRank[category] * 3 + rank[level];
}

function isToldBy(output: Output, incident: Incident, model: Model): boolean {
  const { tells } = output;
  if (tells === undefined || isMuted(output, incident, model)) return false;
  if (incident.drill && incident.allow?.outputs !== true) return false;
  // a lamp at the scene would give away that somebody called for help
  if (model.plans.get(incident.plan)?.silent) return false;
  if (categoryRank[incident.category] < categoryRank[tells.category]) return false;
  if (incident.category === tells.category && rank[incident.level] < rank[tells.level]) return false;
  return tells.until === 'closed' || !(incident.acknowledged || incident.silenced);
}

/** Something opened, joined or rose: lamps and sounds that tell of it have their `maxOn` anew. */
export function tellAgain(turn: Turn): void {
  const { state, model, effects } = turn;
  if (model.tellers.length === 0) return;
  for (const { type, incident } of effects.events) {
    if (type !== 'incident.opened' && type !== 'incident.signal' && type !== 'incident.escalated') continue;
    const open = state.durable.incidents[incident?.id ?? ''];
    if (open === undefined) continue;
    for (const output of model.tellers)
      if (isToldBy(output, open, model)) demandAnew(turn, { [output.id]: true });
  }
}

function isMuted(output: Output, incident: Incident, model: Model): boolean {
  if (!output.silenceable) return false;
  return (
    incident.silenced || incident.state === 'shelved' || (model.plans.get(incident.plan)?.silent ?? false)
  );
}

/** Compares what is wanted with what was wanted before; writes events and the `maxOn` limits. */
export function outputsChanged(turn: Turn): void {
  const { state, model } = turn;
  for (const [id, { value, because, heldBy }] of desiredOutputs(state, model)) {
    const output = model.outputs.get(id)!;
    const before = state.durable.outputs[id];
    if (before?.desired === value) {
      if (before.because !== because) remember(turn, id, because, heldBy);
      continue;
    }
    state.dirty = true;
    const { heldBy: _, ...rest } = before ?? { actual: null, expired: false };
    state.durable.outputs[id] = { ...rest, desired: value, because, ...(heldBy !== undefined && { heldBy }) };
    const timer = `maxOn:${id}`;
    if (value === true && output.normal !== true && output.maxOnMs !== undefined) {
      setTimer(state.timers, timer, turn.at.steadyMs + output.maxOnMs);
    } else {
      clearTimer(state.timers, timer);
    }
    // The first time that an output is seen it merely rests; that is no event.
    if (before !== undefined || because !== 'at rest')
      emit(turn, 'output.changed', because, { output: { id, value } });
  }
  for (const id of Object.keys(state.durable.outputs)) {
    if (model.outputs.has(id)) continue;
    state.dirty = true;
    delete state.durable.outputs[id];
    delete state.durable.overrides[id];
    clearTimer(state.timers, `maxOn:${id}`);
    clearTimer(state.timers, `override:${id}`);
  }
}

/** The value stays and its reason is another one. That something wanted is withheld is told as an event too. */
function remember(turn: Turn, id: string, because: string, heldBy: string | undefined): void {
  const record = turn.state.durable.outputs[id]!;
  const wasHeld = record.heldBy !== undefined;
  turn.state.dirty = true;
  record.because = because;
  if (heldBy === undefined) {
    delete record.heldBy;
    return;
  }
  record.heldBy = heldBy;
  if (!wasHeld) emit(turn, 'output.changed', because, { output: { id, value: record.desired } });
}

/** A rule became active: a new demand has its own `maxOn`, counted from now, even where the output is on. */
export function demandAnew(turn: Turn, outputs: Readonly<Record<string, boolean>>): void {
  const { state, model, at } = turn;
  for (const [id, value] of Object.entries(outputs)) {
    const record = state.durable.outputs[id];
    const maxOnMs = model.outputs.get(id)?.maxOnMs;
    if (record) record.expired = false;
    const timer = `maxOn:${id}`;
    if (value && maxOnMs !== undefined && state.timers.due[timer] !== undefined)
      setTimer(state.timers, timer, at.steadyMs + maxOnMs);
  }
}

/** `maxOn` has passed: the present demand no longer counts, a new one will. */
export function outputExpired(turn: Turn, id: string): void {
  const record = turn.state.durable.outputs[id];
  if (!record) return;
  turn.state.dirty = true;
  record.expired = true;
  delete turn.state.durable.overrides[id];
  clearTimer(turn.state.timers, `override:${id}`);
  turn.effects.outputs = true;
}

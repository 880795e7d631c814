// Which value each output should have now, derived from the rules that are active, what people said, and the
// interlocks above both. The shell drives what `desiredOutputs` says, again and again: a level can't be lost in
// a crash.

import { emit, type Turn } from './incidents.ts';
import { holdOn, mustBe, onOrOff } from './interlocks.ts';
import type { Model } from './model.ts';
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
  for (const [ruleId, standing] of Object.entries(state.durable.rules)) {
    if (standing.phase === 'pending') continue;
    const compiled = model.rules.get(ruleId);
    const incident = state.durable.incidents[standing.incident];
    if (!compiled || !incident) continue;
    for (const [id, value] of Object.entries(compiled.rule.outputs)) {
      const output = model.outputs.get(id);
      if (!output || isMuted(output, incident, model)) continue;
      if (state.durable.outputs[id]?.expired && value !== output.normal) continue;
      const weight = categoryRank[incident.category] * 3 + rank[incident.level];
      const other = demands.get(id);
      // Between equals, away from rest wins: the safe side of a siren is on, of a valve its shut state.
      if (other && (other.weight > weight || (other.weight === weight && value === output.normal))) continue;
      demands.set(id, { value, because: `${ruleId}, incident ${incident.id}`, weight });
    }
  }
  return demands;
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

// Which value each output should have now, derived from the rules that are active and what people said. The
// shell drives what `desiredOutputs` says, again and again: a level can't be lost in a crash.

import { emit, type Turn } from './incidents.ts';
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

/** Wanted values of all outputs. `keep`: leave it as it is. */
export function desiredOutputs(
  state: State,
  model: Model,
): Map<string, { value: boolean | 'keep'; because: string }> {
  const demands = strongestDemands(state, model);
  const desired = new Map<string, { value: boolean | 'keep'; because: string }>();
  for (const output of model.outputs.values()) {
    const override = state.durable.overrides[output.id];
    const demand = demands.get(output.id);
    if (override) desired.set(output.id, { value: override.value, because: `set by ${override.by}` });
    else if (demand) desired.set(output.id, { value: demand.value, because: demand.because });
    else desired.set(output.id, { value: output.normal, because: 'at rest' });
  }
  return desired;
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
  for (const [id, { value, because }] of desiredOutputs(state, model)) {
    const output = model.outputs.get(id)!;
    const before = state.durable.outputs[id];
    if (before?.desired === value) continue;
    state.dirty = true;
    state.durable.outputs[id] = { ...(before ?? { actual: null, expired: false }), desired: value, because };
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

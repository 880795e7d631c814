// Steps that the engine ticks by itself: "sound the alarm", "shut the valve". The proof is what the outputs read
// back as; an output that does not follow leaves the step to people. Knows no ladder.

import { change, emit, isoOf, type Turn } from './incidents.ts';
import type { Incident } from './types.ts';

/** Ticks every automatic step whose outputs have come to be as its incident's rules want them. */
export function tickAutomatic(turn: Turn): void {
  const { state, model } = turn;
  // by incident, once: a flood changes outputs again and again
  const outputsOf = new Map<string, Map<string, boolean>>();
  for (const { rule } of model.driving) {
    const standing = state.durable.rules[rule.id];
    if (standing === undefined || standing.phase === 'pending') continue;
    const wanted = outputsOf.get(standing.incident) ?? new Map<string, boolean>();
    for (const [output, value] of Object.entries(rule.outputs)) wanted.set(output, value);
    outputsOf.set(standing.incident, wanted);
  }
  for (const [id, wanted] of outputsOf) {
    const incident = state.durable.incidents[id];
    if (incident !== undefined) tick(turn, incident, wanted);
  }
}

function tick(turn: Turn, incident: Incident, wanted: ReadonlyMap<string, boolean>): void {
  const plan = turn.model.plans.get(incident.plan);
  for (const { id, automatic } of plan?.steps ?? []) {
    if (automatic === undefined) continue;
    const standing = incident.steps.find((step) => step.id === id);
    if (standing === undefined || standing.doneAt !== undefined) continue;
    const proof = proven(turn, wanted, automatic === 'on');
    if (proof === undefined) continue;
    change(turn, incident, () => {
      standing.doneBy = 'keepwatch';
      standing.doneAt = isoOf(turn.at);
      standing.note = proof;
    });
    emit(turn, 'incident.step', `step ${id} done by itself: ${proof}`, {
      incident,
      by: 'keepwatch',
      step: id,
      note: proof,
    });
  }
}

/** What shows that all of these outputs that are wanted at this value are there; undefined: they are not. */
function proven({ state }: Turn, wanted: ReadonlyMap<string, boolean>, value: boolean): string | undefined {
  const seen: string[] = [];
  for (const [output, each] of wanted) {
    if (each !== value) continue;
    const record = state.durable.outputs[output];
    if (record?.desired !== value || record.actual !== value || record.fault !== undefined) return undefined;
    seen.push(`${output} reads back ${value ? 'on' : 'off'}`);
  }
  return seen.length === 0 ? undefined : seen.join(', ');
}

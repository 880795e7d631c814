// Rules over time: idle → pending (`for`) → active → (hold) → idle, or latched until a person's reset. Unknown
// neither opens nor clears. Signals go to incidents; this file alone moves a rule from one phase to another.

import { endSignals, raiseSignal, type Turn } from './incidents.ts';
import { becauseOf, type CompiledRule, type Model, truthOf } from './model.ts';
import { demandAnew } from './outputs.ts';
import { clearTimer, setTimer } from './timers.ts';

/** Looks at a rule again, because a point that it names changed or its time has come. `point`: which one changed. */
export function evaluate(turn: Turn, compiled: CompiledRule, point?: string): void {
  const { state, model, at } = turn;
  const { durable } = state;
  const { rule } = compiled;
  const standing = durable.rules[rule.id];
  const when = truthOf(compiled.when, model, durable.alarms);

  if (standing === undefined || standing.phase === 'pending') {
    const barred = isBarred(turn, compiled);
    if (when === true && !barred) {
      const sinceMs = standing?.sinceMs ?? at.steadyMs;
      if (at.steadyMs >= sinceMs + rule.forMs) {
        activate(turn, compiled, standing?.point ?? point);
      } else {
        if (standing === undefined)
          durable.rules[rule.id] = { phase: 'pending', sinceMs, ...(point !== undefined && { point }) };
        wakeBy(turn, `for:${rule.id}`, sinceMs + rule.forMs);
      }
    } else if (standing !== undefined && (when === false || barred)) {
      state.dirty = true;
      delete durable.rules[rule.id];
      clearTimer(state.timers, `for:${rule.id}`);
    }
    return;
  }

  if (standing.phase === 'latched') {
    if (when === true && !isBarred(turn, compiled)) activate(turn, compiled, point);
    return;
  }

  const clear = compiled.until === undefined ? negated(when) : truthOf(compiled.until, model, durable.alarms);
  if (clear !== true) {
    if (standing.clearingSinceMs !== undefined) {
      state.dirty = true;
      durable.rules[rule.id] = { phase: 'active', incident: standing.incident };
      clearTimer(state.timers, `hold:${rule.id}`);
    }
    return;
  }
  const sinceMs = standing.clearingSinceMs ?? at.steadyMs;
  if (at.steadyMs >= sinceMs + rule.holdMs) {
    deactivate(turn, compiled, standing.incident);
  } else {
    if (standing.clearingSinceMs === undefined)
      durable.rules[rule.id] = { ...standing, clearingSinceMs: sinceMs };
    wakeBy(turn, `hold:${rule.id}`, sinceMs + rule.holdMs);
  }
}

/** `until` is reset-dominant: while it holds, the rule does not start again; nor while it is suppressed by design. */
function isBarred({ state, model }: Turn, compiled: CompiledRule): boolean {
  const { alarms } = state.durable;
  if (compiled.until !== undefined && truthOf(compiled.until, model, alarms) === true) return true;
  return isSuppressed(compiled, model, alarms);
}

/** Is a rule suppressed by design just now? What is unknown suppresses nothing. */
export function isSuppressed(
  { suppress }: CompiledRule,
  model: Model,
  alarms: Readonly<Record<string, unknown>>,
): boolean {
  return suppress !== undefined && truthOf(suppress, model, alarms) === true;
}

/** A reload may have made a running wait another length: the deadline is always that of the rule as it is now. */
function wakeBy({ state }: Turn, timer: string, dueMs: number): void {
  if (state.timers.due[timer] === dueMs) return;
  state.dirty = true;
  setTimer(state.timers, timer, dueMs);
}

function activate(turn: Turn, compiled: CompiledRule, point: string | undefined): void {
  const { state, model } = turn;
  const { rule, plan } = compiled;
  const causes = compiled.when.kind === 'point' ? [compiled.when.point.id] : compiled.when.expression.points;
  // (what changed may be what suppressed it)
  const cause = point !== undefined && causes.includes(point) ? point : causes[0];
  const index = cause === undefined ? undefined : model.index.get(cause);
  state.dirty = true;
  clearTimer(state.timers, `for:${rule.id}`);
  demandAnew(turn, rule.outputs);
  const incident = raiseSignal(turn, {
    key: incidentKey(rule.plan, rule.zone),
    plan,
    ...(rule.zone !== undefined && { zone: rule.zone }),
    ...(rule.level !== undefined && { level: rule.level }),
    rule: rule.id,
    ...(cause !== undefined && { point: cause }),
    value: index === undefined ? null : (model.view.values[index] ?? null),
    because: becauseOf(compiled.when, model),
  });
  state.durable.rules[rule.id] = { phase: 'active', incident };
  turn.effects.outputs = true;
}

function deactivate(turn: Turn, compiled: CompiledRule, incident: string): void {
  const { state, model } = turn;
  const { rule } = compiled;
  state.dirty = true;
  turn.effects.outputs = true;
  clearTimer(state.timers, `hold:${rule.id}`);
  if (rule.latch) {
    state.durable.rules[rule.id] = { phase: 'latched', incident };
    const open = state.durable.incidents[incident];
    for (const signal of open?.signals ?? [])
      if (signal.rule === rule.id && signal.active) signal.latched = true;
    if (open) turn.effects.incidents.set(incident, open);
    return;
  }
  delete state.durable.rules[rule.id];
  endSignals(turn, incident, (signal) => signal.rule === rule.id, overBecause(compiled, model));
}

/** Says in words why a rule is over. */
function overBecause({ when, until }: CompiledRule, model: Model): string {
  if (until !== undefined) return becauseOf(until, model);
  if (when.kind === 'expression') return `no longer: ${becauseOf(when, model)}`;
  const value = model.view.values[when.index];
  const { id, unit } = when.point;
  return typeof value === 'number'
    ? `${id} = ${value}${unit ? ` ${unit}` : ''}, back within its limits`
    : `${id} no longer active`;
}

/** Lets a rule go, whatever its condition: it was reset by a person, taken out of service, or removed. */
export function release(turn: Turn, ruleId: string, because: string): void {
  const { durable } = turn.state;
  const standing = durable.rules[ruleId];
  if (standing === undefined) return;
  turn.state.dirty = true;
  delete durable.rules[ruleId];
  clearTimer(turn.state.timers, `for:${ruleId}`);
  clearTimer(turn.state.timers, `hold:${ruleId}`);
  if (standing.phase !== 'pending')
    endSignals(turn, standing.incident, (signal) => signal.rule === ruleId, because);
}

/** What incidents of rules (and of people) are about: the same plan in the same zone is one incident. */
export function incidentKey(plan: string, zone: string | undefined): string {
  return `${plan}|${zone ?? ''}`;
}

function negated(truth: boolean | undefined): boolean | undefined {
  return truth === undefined ? undefined : !truth;
}

// The cause-and-effect table of a site: which rule, of which points, does what to which output. Asked of the same
// model that runs, one rule active at a time; nothing of it is read from the file again. Computes, prints nothing.

import type { Config } from '../config/types.ts';
import { createState } from '../core/engine.ts';
import { raiseSignal } from '../core/incidents.ts';
import { kinds } from '../core/kinds.ts';
import { type CompiledRule, compile, type Model } from '../core/model.ts';
import { desiredOutputs } from '../core/outputs.ts';
import { incidentKey } from '../core/rules.ts';
import type { State } from '../core/state.ts';
import type { Condition, Level, Text } from '../core/types.ts';

export type Rest = 'on' | 'off' | 'keep';

export interface MatrixOutput {
  readonly id: string;
  readonly name?: Text;
  readonly zone?: string;
  readonly rest: Rest;
  readonly silenceable: boolean;
  readonly maxOnMs?: number;
  readonly pulseMs?: number;
  readonly patternMs?: readonly number[];
  readonly refreshMs?: number;
  /** where a stop of the daemon leaves it */
  readonly onStop: Rest;
}

export interface MatrixCell {
  readonly value: 'on' | 'off';
  /** stays until a person resets it */
  readonly latched: boolean;
  /** asked for, and not done: a silent plan makes no sound */
  readonly silenced: boolean;
  /** interlocks that can keep it from being so */
  readonly interlocks: readonly string[];
}

export interface MatrixRow {
  readonly points: readonly { readonly id: string; readonly kind?: string; readonly zone?: string }[];
  /** zone of the incident */
  readonly zone?: string;
  /** none: a point whose kind has a plan, and that no rule names */
  readonly rule?: {
    readonly id: string;
    readonly origin: 'default' | 'written';
    readonly when: string;
    readonly until?: string;
    readonly forMs: number;
    readonly holdMs: number;
    readonly latch: boolean;
  };
  readonly plan?: string;
  readonly level?: Level;
  readonly silent: boolean;
  /** by output; one that the rule leaves alone has none */
  readonly cells: Readonly<Record<string, MatrixCell>>;
}

export interface Matrix {
  readonly premises: Config['premises'];
  readonly outputs: readonly MatrixOutput[];
  readonly rows: readonly MatrixRow[];
  /** in order of precedence */
  readonly interlocks: readonly {
    readonly id: string;
    readonly output: string;
    readonly never: 'on' | 'off';
    readonly while: string;
  }[];
}

export function matrixOf(config: Config): Matrix {
  const model = compile(config.site);
  const driving = new Map(config.outputs.map((output) => [output.id, output]));
  const rows = [...model.rules.values()].map((compiled) => rowOf(model, compiled));
  const named = new Set([...model.rules.values()].flatMap(({ points }) => points));
  model.points.forEach((point, index) => {
    const plan = point.kind === undefined ? undefined : kinds[point.kind]?.plan;
    // A detector that opens nothing is what the one who signs must see.
    if (plan === undefined || named.has(index)) return;
    rows.push({ points: [placeOf(model, index)], silent: false, cells: {} });
  });
  return {
    premises: config.premises,
    outputs: config.site.outputs.map((output) => {
      const { pulseMs, patternMs, refreshMs, onStop = 'keep' } = driving.get(output.id) ?? {};
      return {
        id: output.id,
        ...(output.name !== undefined && { name: output.name }),
        ...(output.zone !== undefined && { zone: output.zone }),
        rest: word(output.normal),
        silenceable: output.silenceable,
        ...(output.maxOnMs !== undefined && { maxOnMs: output.maxOnMs }),
        ...(pulseMs !== undefined && { pulseMs }),
        ...(patternMs !== undefined && { patternMs }),
        ...(refreshMs !== undefined && { refreshMs }),
        onStop: word(onStop),
      };
    }),
    rows,
    interlocks: (config.site.interlocks ?? []).map(({ id, output, never, while: condition }) => ({
      id,
      output,
      never: never ? 'on' : 'off',
      while: textOf(condition),
    })),
  };
}

function rowOf(model: Model, compiled: CompiledRule): MatrixRow {
  const { rule, plan } = compiled;
  const state = withActive(model, compiled);
  const incident = Object.values(state.durable.incidents)[0]!;
  const free = desiredOutputs(state, model);
  const resting = desiredOutputs(released(model), model);
  const cells: Record<string, MatrixCell> = {};
  for (const [id, { value }] of free) {
    const asked = rule.outputs[id];
    // one that is asked to be as it rests is an effect too: it stands against weaker rules
    if (asked === undefined && value === resting.get(id)!.value) continue;
    const silenced = asked !== undefined && value !== asked;
    cells[id] = {
      value: (silenced ? asked : value) ? 'on' : 'off',
      latched: rule.latch,
      silenced,
      interlocks: model.interlocks
        .filter(({ interlock }) => interlock.output === id && !silenced)
        .filter(({ interlock }) => isHeld(state, model, interlock.id))
        .map(({ interlock }) => interlock.id),
    };
  }
  return {
    points: compiled.points.map((index) => placeOf(model, index)),
    ...(rule.zone !== undefined && { zone: rule.zone }),
    rule: {
      id: rule.id,
      origin: 'active' in rule.when ? 'default' : 'written',
      when: textOf(rule.when),
      ...(rule.until !== undefined && { until: textOf(rule.until) }),
      forMs: rule.forMs,
      holdMs: rule.holdMs,
      latch: rule.latch,
    },
    plan: plan.id,
    level: incident.level,
    silent: plan.silent,
    cells,
  };
}

/** A gateway at rest that knows every interlock to be released. */
function released(model: Model): State {
  const state = createState(model, 'matrix');
  for (const { interlock } of model.interlocks)
    state.durable.interlocks[interlock.id] = { standing: 'false', because: '' };
  return state;
}

/** The same with one rule active and its incident just opened. */
function withActive(model: Model, { rule, plan }: CompiledRule): State {
  const state = released(model);
  const at = { steadyMs: 0, wallMs: 0, clock: 'synced' } as const;
  const effects = {
    events: [],
    incidents: new Map(),
    points: new Set<string>(),
    outputs: false,
    messages: false,
  };
  const incident = raiseSignal(
    { state, model, at, effects },
    {
      key: incidentKey(rule.plan, rule.zone),
      plan,
      ...(rule.level !== undefined && { level: rule.level }),
      rule: rule.id,
      value: null,
      because: '',
    },
  );
  state.durable.rules[rule.id] = { phase: 'active', incident };
  return state;
}

/** Would this interlock, in force alone, withhold what its output is to be? */
function isHeld(state: State, model: Model, id: string): boolean {
  const before = state.durable.interlocks[id]!;
  state.durable.interlocks[id] = { standing: 'true', because: '' };
  const held = [...desiredOutputs(state, model).values()].some(({ heldBy }) => heldBy === id);
  state.durable.interlocks[id] = before;
  return held;
}

function placeOf(model: Model, index: number): MatrixRow['points'][number] {
  const point = model.points[index]!;
  const zone = point.zone ?? model.devices.get(point.device)?.zone;
  return {
    id: point.id,
    ...(point.kind !== undefined && { kind: point.kind }),
    ...(zone !== undefined && { zone }),
  };
}

function textOf(condition: Condition): string {
  return 'cel' in condition ? condition.cel : condition.active;
}

function word(value: boolean | 'keep'): Rest {
  return value === 'keep' ? value : value ? 'on' : 'off';
}

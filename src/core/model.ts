// A site made ready for the engine: ids to indexes, which rules name which point, compiled conditions.
// Derived from the site alone and never stored.

import { compileExpressions, type Expression, type Truth, type View } from './expressions.ts';
import { kinds } from './kinds.ts';
import type {
  Category,
  Condition,
  Device,
  Interlock,
  Output,
  Plan,
  Point,
  Rule,
  Site,
  Text,
  Value,
  Zone,
} from './types.ts';

/** A condition with everything looked up. */
export type CompiledCondition =
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'point'; readonly index: number; readonly point: Point };

export interface CompiledRule {
  readonly rule: Rule;
  readonly when: CompiledCondition;
  readonly until: CompiledCondition | undefined;
  readonly suppress: CompiledCondition | undefined;
  readonly plan: Plan;
  /** indexes of the points named by `when`, `until` and `suppress` */
  readonly points: readonly number[];
}

export interface CompiledInterlock {
  readonly interlock: Interlock;
  readonly condition: CompiledCondition;
  /** indexes of the points that it names */
  readonly points: readonly number[];
}

export interface Model {
  readonly site: Site;
  readonly view: View;
  readonly index: ReadonlyMap<string, number>;
  readonly points: readonly Point[];
  /** which have a limit, and so a remembered side of it */
  readonly limited: readonly boolean[];
  readonly rules: ReadonlyMap<string, CompiledRule>;
  /** those that want something of outputs */
  readonly driving: readonly CompiledRule[];
  /** outputs that are on by themselves while there is something to tell */
  readonly tellers: readonly Output[];
  /** rules by the index of a point that they name */
  readonly rulesOf: readonly (readonly CompiledRule[])[];
  readonly devices: ReadonlyMap<string, Device>;
  readonly pointsOf: ReadonlyMap<string, readonly number[]>;
  readonly devicesOn: ReadonlyMap<string, readonly string[]>;
  readonly zones: ReadonlyMap<string, Zone>;
  readonly plans: ReadonlyMap<string, Plan>;
  readonly outputs: ReadonlyMap<string, Output>;
  readonly interlocks: readonly CompiledInterlock[];
  /** interlocks by the index of a point that they name */
  readonly interlocksOf: ReadonlyMap<number, readonly CompiledInterlock[]>;
  /** interlocks by output, the first to be asked first */
  readonly interlocksOn: ReadonlyMap<string, readonly CompiledInterlock[]>;
}

/** Plans that the house opens by itself; a site that has none of that name gets a bare one. */
const housePlans: readonly Plan[] = [
  bare('gateway-trouble', 'trouble', { zh: '网关自身故障', en: 'Gateway trouble' }),
  bare('out-of-service', 'supervisory', { zh: '停用', en: 'Out of service' }),
  bare('walk-test', 'supervisory', { zh: '探测器测试', en: 'Walk test' }),
  bare('duties', 'supervisory', { zh: '到期事项', en: 'Duties due' }),
];

function bare(id: string, category: Category, title: Text): Plan {
  return {
    id,
    title,
    category,
    level: 'general',
    closing: 'itself',
    closingRequires: [],
    silent: false,
    steps: [],
  };
}

/** Compiles a site. Throws where a rule names what isn't there; the config check has said so before. */
export function compile(site: Site): Model {
  const index = new Map(site.points.map((point, at) => [point.id, at]));
  const view: View = { values: [], disabled: new Set() };
  const conditions = [
    ...site.rules.flatMap((rule) => [rule.when, rule.until, rule.suppress]),
    ...(site.interlocks ?? []).map((interlock) => interlock.while),
  ];
  const texts = [...new Set(conditions.flatMap((c) => (c && 'cel' in c ? [c.cel] : [])))];
  const expressions = new Map(
    compileExpressions(texts, site.points, index, view).map((made) => [made.text, made]),
  );
  const plans = new Map([
    ...housePlans.map((plan) => [plan.id, plan] as const),
    ...site.plans.map((plan) => [plan.id, plan] as const),
  ]);

  const condition = (given: Condition): CompiledCondition => {
    if ('cel' in given) return { kind: 'expression', expression: expressions.get(given.cel)! };
    const at = required(index.get(given.active), `point ${given.active}`);
    return { kind: 'point', index: at, point: site.points[at]! };
  };
  const named = (given: CompiledCondition | undefined): number[] =>
    given === undefined
      ? []
      : given.kind === 'point'
        ? [given.index]
        : given.expression.points.map((id) => index.get(id)!);

  const rules = new Map<string, CompiledRule>();
  const rulesOf: CompiledRule[][] = site.points.map(() => []);
  for (const rule of site.rules) {
    const when = condition(rule.when);
    const until = rule.until && condition(rule.until);
    const suppress = rule.suppress && condition(rule.suppress);
    const points = [...new Set([...named(when), ...named(until), ...named(suppress)])];
    const compiled = {
      rule,
      when,
      until,
      suppress,
      plan: required(plans.get(rule.plan), `plan ${rule.plan}`),
      points,
    };
    rules.set(rule.id, compiled);
    for (const at of points) rulesOf[at]!.push(compiled);
  }

  const interlocks = (site.interlocks ?? []).map((interlock): CompiledInterlock => {
    const compiled = condition(interlock.while);
    return { interlock, condition: compiled, points: [...new Set(named(compiled))] };
  });

  return {
    site,
    view,
    index,
    points: site.points,
    limited: site.points.map((point) => point.alarmAbove !== undefined || point.alarmBelow !== undefined),
    rules,
    driving: [...rules.values()].filter(({ rule }) => Object.keys(rule.outputs).length > 0),
    tellers: site.outputs.filter(({ tells }) => tells !== undefined),
    rulesOf,
    devices: new Map(site.devices.map((device) => [device.id, device])),
    pointsOf: grouped(site.points.map((point, at) => [point.device, at])),
    devicesOn: grouped(site.devices.map((device) => [device.bus, device.id])),
    zones: new Map(site.zones.map((zone) => [zone.id, zone])),
    plans,
    outputs: new Map(site.outputs.map((output) => [output.id, output])),
    interlocks,
    interlocksOf: grouped(interlocks.flatMap((each) => each.points.map((at) => [at, each] as const))),
    interlocksOn: grouped(interlocks.map((each) => [each.interlock.output, each])),
  };
}

/** The values that evaluation sees from now on. */
export function look(model: Model, values: readonly (Value | null)[], disabled: ReadonlySet<number>): void {
  model.view.values = values;
  model.view.disabled = disabled;
}

/** Runs with the detectors of a walk test heard, as interlocks always hear them. */
export function withAllHeard<T>(model: Model, disabled: ReadonlySet<number>, run: () => T): T {
  const before = model.view.disabled;
  model.view.disabled = disabled;
  try {
    return run();
  } finally {
    model.view.disabled = before;
  }
}

/** Is this condition true, with the remembered sides of limits in `alarms`? */
export function truthOf(
  condition: CompiledCondition,
  model: Model,
  alarms: Readonly<Record<string, unknown>>,
): Truth {
  if (condition.kind === 'expression') return condition.expression.evaluate();
  const value = model.view.values[condition.index];
  if (value === null || value === undefined || model.view.disabled.has(condition.index)) return undefined;
  return isActive(model, condition.index, value, alarms);
}

/** Is a point with this value active: past its limit, or true, non-zero, not empty? */
export function isActive(
  model: Model,
  index: number,
  value: Value,
  alarms: Readonly<Record<string, unknown>>,
): boolean {
  if (model.limited[index]) return alarms[model.points[index]!.id] !== undefined;
  return typeof value === 'string' ? value !== '' : Boolean(value);
}

/** Says in words why a condition holds, with the values that made it so. */
export function becauseOf(condition: CompiledCondition, model: Model): string {
  if (condition.kind === 'expression') {
    const [only] = condition.expression.points;
    if (only === condition.expression.text.trim()) return `${only} active`;
    const values = condition.expression.points.map(
      (id) => `${id} = ${String(model.view.values[model.index.get(id)!] ?? 'unknown')}`,
    );
    return `${condition.expression.text} (${values.join(', ')})`;
  }
  const { point } = condition;
  const value = model.view.values[condition.index];
  if (typeof value !== 'number') return `${point.id} active`;
  const unit = point.unit ? ` ${point.unit}` : '';
  if (point.alarmAbove !== undefined && value > point.alarmAbove)
    return `${point.id} = ${value}${unit}, above ${point.alarmAbove}${unit}`;
  if (point.alarmBelow !== undefined && value < point.alarmBelow)
    return `${point.id} = ${value}${unit}, below ${point.alarmBelow}${unit}`;
  return `${point.id} = ${value}${unit}`;
}

export function inLanguage(text: Text, language: 'zh' | 'en'): string {
  return typeof text === 'string' ? text : text[language];
}

/** Both languages of a text, joined with others by ` · ` where they are there. */
export function titled(first: Text, second?: Text): { zh: string; en: string } {
  const join = (language: 'zh' | 'en'): string =>
    second === undefined
      ? inLanguage(first, language)
      : `${inLanguage(first, language)} · ${inLanguage(second, language)}`;
  return { zh: join('zh'), en: join('en') };
}

/** What a person would call a point: its name, or its kind and id. */
export function pointName(point: Point): Text {
  if (point.name !== undefined) return point.name;
  const kind = point.kind === undefined ? undefined : kinds[point.kind];
  return kind === undefined ? point.id : { zh: `${kind.zh} ${point.id}`, en: `${kind.en} ${point.id}` };
}

function grouped<K, T>(pairs: readonly (readonly [K, T])[]): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

function required<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new Error(`${what} is named by a rule and is not in the site`);
  return found;
}

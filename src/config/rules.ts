// The `rules:` section, and the rules that kinds bring of themselves. Expressions are checked against the points;
// plans, zones and outputs must exist.

import { kinds } from '../core/kinds.ts';
import type { Point, Rule } from '../core/types.ts';
import { type Context, defined, entries, mapEntries, refers } from './context.ts';
import type { ResolvedDevice } from './devices.ts';
import { type CheckedExpression, expressionChecker, pointsNamed } from './expressions.ts';
import { check, partOf, type Where } from './issues.ts';
import type { Plans } from './plans.ts';
import type { ResolvedPoint } from './points.ts';
import { ruleSchema } from './schema.ts';
import { show } from './words.ts';
import { isMapping } from './yaml.ts';

export interface ResolvedRules {
  readonly rules: readonly Rule[];
  /** ids of points that a rule of the site names */
  readonly named: ReadonlySet<string>;
}

export interface Known {
  readonly devices: readonly ResolvedDevice[];
  readonly plans: Plans;
  readonly zones: ReadonlySet<string>;
  readonly outputs: ReadonlySet<string>;
}

/** The rules of the site, then those of kinds. */
export function resolveRules(context: Context, known: Known): ResolvedRules {
  const brought = known.devices.flatMap((device) =>
    device.points.flatMap((point) => defaultRule(context, device, point, known)),
  );
  const own: Rule[] = [];
  const named = new Set<string>();
  const written = entries(context, 'rules');
  let examine: ((expression: string) => CheckedExpression) | undefined;
  const devicesSound = context.tree.value.devices == null || isMapping(context.tree.value.devices);
  if (written.length > 0 && devicesSound) {
    examine = expressionChecker(new Map(known.devices.map((device) => [device.id, device.types])));
  }
  const defaults = new Set(brought.map((rule) => rule.id));
  for (const { id, raw, where } of written) {
    if (defaults.has(id)) {
      context.faults.fault(
        where.key([]),
        `\`${id}\` is the default rule of a kind`,
        'choose another id, and put `rule: none` on the point',
      );
    }
    const rule = resolveRule(context, id, raw, where, known, examine, named);
    if (rule !== undefined) own.push(rule);
  }
  return { rules: [...own, ...withOwnIds(brought)], named };
}

/** Gives the later of two default rules another id: `a_b.c` and `a.b_c` would have the same. */
function withOwnIds(rules: readonly Rule[]): Rule[] {
  const times = new Map<string, number>();
  return rules.map((rule) => {
    const time = (times.get(rule.id) ?? 0) + 1;
    times.set(rule.id, time);
    return time === 1 ? rule : { ...rule, id: `${rule.id}_${time}` };
  });
}

function resolveRule(
  context: Context,
  id: string,
  raw: unknown,
  where: Where,
  { plans, zones, outputs }: Known,
  examine: ((expression: string) => CheckedExpression) | undefined,
  named: Set<string>,
): Rule | undefined {
  const { faults, tree } = context;
  if (!isMapping(raw)) {
    faults.fault(
      where.value([]),
      `rule \`${id}\`: ${show(raw)} is not a map`,
      'write `{ when: …, plan: … }`',
    );
    return undefined;
  }
  for (const key of ['when', 'until', 'suppress'] as const) {
    const expression = raw[key];
    if (typeof expression !== 'string' || expression.length > 4000) continue;
    const result = examine?.(expression);
    for (const point of result?.points ?? pointsNamed(expression)) named.add(point);
    for (const { offset, what, todo } of result?.problems ?? []) {
      const at = where.overridden([key]) ? where.value([key]) : tree.insideAt(['rules', id, key], offset);
      faults.fault(at, `\`${key}\`: ${what}`, todo);
    }
  }
  if (isMapping(raw.outputs)) {
    for (const { id: output } of mapEntries(
      raw.outputs,
      partOf(tree, ['rules', id, 'outputs']),
      'outputs',
      faults,
    )) {
      refers(faults, 'output', output, outputs, () => where.key(['outputs', output]));
    }
  }
  const checked = check(ruleSchema, raw, where, faults, true);
  if (checked === undefined) return undefined;
  const rule = checked.value;
  refers(faults, 'plan', rule.plan, plans.ids, () => where.value(['plan']));
  refers(faults, 'zone', rule.zone, zones, () => where.value(['zone']));
  const { when, until, suppress, plan, zone, level, latch, outputs: wanted } = rule;
  const { for: forMs = 0, hold: holdMs = 0 } = rule;
  if (suppress !== undefined && (level === 'urgent' || plans.sound.get(plan)?.level === 'urgent'))
    faults.warn(
      where.key(['suppress']),
      `\`suppress\` on a rule of urgent incidents: while it is true nobody is told`,
      'make sure that it can be true only when nothing can happen, or remove it',
    );
  return {
    ...defined({ id, zone, level }),
    when: { cel: when },
    ...(until === undefined ? {} : { until: { cel: until } }),
    ...(suppress === undefined ? {} : { suppress: { cel: suppress } }),
    forMs,
    holdMs,
    latch,
    plan,
    outputs: wanted,
  };
}

/** A clearing limit alone is a fault already. */
const hasLimit = ({ alarmAbove, clearBelow, alarmBelow, clearAbove }: Point): boolean =>
  [alarmAbove, clearBelow, alarmBelow, clearAbove].some((limit) => limit !== undefined);

/** The rule that a point's kind brings: one or none. Warns where a kind or a limit does nothing. */
function defaultRule(
  context: Context,
  device: ResolvedDevice,
  resolved: ResolvedPoint,
  known: Known,
): Rule[] {
  const { faults } = context;
  const { point, where, noRule } = resolved;
  if (noRule || point === undefined) return [];
  const kindName = point.kind;
  const kind = kindName !== undefined && Object.hasOwn(kinds, kindName) ? kinds[kindName] : undefined;
  if (kindName !== undefined && kind === undefined) return [];
  // a person at this site can act on the site's file, not on a profile
  const site = partOf(context.tree, [
    'devices',
    device.id,
    'points',
    resolved.id.slice(device.id.length + 1),
  ]);
  if (kind?.plan === undefined) {
    if (hasLimit(point)) {
      const what =
        kind === undefined ? 'limit without `kind`' : `limit with kind \`${kindName}\`, which opens nothing`;
      faults.warn(
        site.key([]),
        `point \`${point.id}\`: ${what}`,
        'give it a kind that has a plan, or remove the limit',
      );
    }
    return [];
  }
  const none = (what: string, todo: string): Rule[] => {
    faults.warn(
      site.value(['kind']),
      `point \`${point.id}\`: ${what}; it will never alarm`.replace('; ', ', so '),
      todo,
    );
    return [];
  };
  if (point.type === 'string')
    return none(`kind \`${kindName}\` on a text`, 'name it in a rule, and write `rule: none`');
  if (kind.nature === 'measure' && point.type === 'bool') {
    return none(`kind \`${kindName}\` is for numbers`, 'choose a kind of contact, or write `rule: none`');
  }
  if (kind.nature !== 'contact' && point.type === 'number' && !hasLimit(point)) {
    return none(
      `kind \`${kindName}\` on a number has no alarmAbove or alarmBelow`,
      'add a limit, or write `rule: none`',
    );
  }
  if (!known.plans.ids.has(kind.plan)) {
    faults.fault(
      where.value(['kind']),
      `kind \`${kindName}\` opens plan \`${kind.plan}\`, which is missing`,
      'restore the plan file, or write `rule: none`',
    );
    return [];
  }
  return [
    {
      id: `default_${point.id.replace('.', '_')}`,
      when: { active: point.id },
      forMs: 0,
      holdMs: 0,
      latch: false,
      plan: kind.plan,
      ...defined({ zone: point.zone }),
      outputs: {},
    },
  ];
}

// Random sites and timelines for the property tests. The generator makes plain numbers ("genes") that shrink
// well; building turns them into a site for the engine, its twin for the oracle, and a list of inputs.

import fc from 'fast-check';
import type { Device, Level, Output, Plan, Point, Raw, Rule } from '../../src/core/types.ts';
import { celOf, type NaiveCondition, type NaiveRuleSource, type NaiveSite, type Tree } from './expression.ts';
import { contact, makeSite, measure, output, plan, rule, zone } from './site.ts';

type TreeGene =
  | {
      readonly leaf: number;
      readonly sign: '>' | '>=' | '<' | '<=';
      readonly than: number;
      readonly negated: boolean;
    }
  | { readonly op: 'and' | 'or'; readonly left: TreeGene; readonly right: TreeGene }
  | { readonly count: number; readonly members: readonly TreeGene[] };

export type Act =
  | { readonly act: 'reading'; readonly values: readonly (readonly [point: number, raw: number])[] }
  | { readonly act: 'link'; readonly of: 'bus' | 'device'; readonly which: number; readonly up: boolean }
  | {
      readonly act: 'command';
      readonly verb: 'ack' | 'reset' | 'close' | 'silence';
      readonly incident: number;
    }
  | { readonly act: 'silenceAll' }
  | {
      readonly act: 'output';
      readonly which: number;
      readonly value: true | false | 'auto';
      readonly forMs: number;
    }
  | { readonly act: 'tick' }
  | { readonly act: 'restart' };

export interface Genes {
  readonly points: readonly {
    readonly device: number;
    readonly number: boolean;
    readonly debounceMs: number;
    readonly staleAfterMs: number;
    readonly limits: number;
    readonly scaling: number;
  }[];
  readonly rules: readonly {
    readonly when: TreeGene | number;
    readonly until: TreeGene | undefined;
    readonly forMs: number;
    readonly holdMs: number;
    readonly latch: boolean;
    readonly plan: number;
    readonly zone: number;
    readonly level: Level | undefined;
    readonly outputs: readonly (boolean | undefined)[];
  }[];
  readonly buses: readonly number[];
  readonly outputs: readonly {
    readonly silenceable: boolean;
    readonly maxOnMs: number;
    readonly normal: boolean | 'keep';
  }[];
  readonly timeline: readonly { readonly gapMs: number; readonly what: Act }[];
}

export interface Generated extends NaiveSite {
  readonly timeline: Genes['timeline'];
  rawOf(point: number, raw: number): readonly [string, Raw];
}

export const plans: readonly Plan[] = [
  {
    ...plan('gateway-trouble', { category: 'trouble', level: 'general', closing: 'itself' }),
    title: 'Gateway trouble',
  },
  plan('fire', { level: 'major' }),
  plan('robbery', { level: 'urgent', silent: true }),
  plan('supervisory', { category: 'supervisory', level: 'general', closing: 'itself' }),
];
const plansOfRules = ['fire', 'supervisory', 'robbery', 'fire'];
const zonesOfRules = [undefined, 'z0', 'z1'];
const limitsOf: readonly Partial<Point>[] = [
  {},
  { alarmAbove: 10 },
  { alarmAbove: 10, clearBelow: 6 },
  { alarmBelow: 5 },
  { alarmBelow: 5, clearAbove: 9 },
  { alarmAbove: 15, clearBelow: 11, alarmBelow: 5, clearAbove: 6 },
];
const scalings: readonly Partial<Point>[] = [
  {},
  {},
  { scale: 2, offset: -4 },
  { scale: 0.5 },
  { min: 0, max: 100 },
  { invalid: [9] },
];
const numbers: readonly Raw[] = [-5, 0, 4, 5, 6, 9, 10, 11, 15, 16, 30, 300, null, Number.NaN];
const booleans: readonly Raw[] = [true, false, true, false, null, true, false, null];

const durations = fc.constantFrom(0, 0, 50, 100, 500, 1000, 2000);
const gaps = fc.constantFrom(
  0,
  1,
  49,
  50,
  51,
  100,
  450,
  500,
  999,
  1000,
  1500,
  2000,
  2999,
  3000,
  6000,
  20_000,
);

const trees = fc.letrec<{ tree: TreeGene; leaf: TreeGene }>((tie) => ({
  leaf: fc.record({
    leaf: fc.nat(5),
    sign: fc.constantFrom('>', '>=', '<', '<=' as const),
    than: fc.constantFrom(0, 5, 6, 10, -5),
    negated: fc.boolean(),
  }) as fc.Arbitrary<TreeGene>,
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 2, arbitrary: tie('leaf') },
    {
      weight: 4,
      arbitrary: fc.record({
        op: fc.constantFrom('and', 'or' as const),
        left: tie('tree'),
        right: tie('tree'),
      }) as fc.Arbitrary<TreeGene>,
    },
    {
      weight: 1,
      arbitrary: fc.record({
        count: fc.integer({ min: 1, max: 3 }),
        members: fc.array(tie('leaf'), { minLength: 2, maxLength: 3 }),
      }),
    },
  ),
})).tree;

const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      act: fc.constant('reading' as const),
      values: fc.array(fc.tuple(fc.nat(5), fc.nat(20)), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('link' as const),
      of: fc.constantFrom('bus', 'device' as const),
      which: fc.nat(2),
      up: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('command' as const),
      verb: fc.constantFrom('ack', 'reset', 'close', 'silence' as const),
      incident: fc.nat(3),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ act: 'silenceAll' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant('output' as const),
      which: fc.nat(1),
      value: fc.constantFrom(true, false, 'auto' as const),
      forMs: fc.constantFrom(100, 1000, 5000),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ act: 'tick' as const }) },
  { weight: 1, arbitrary: fc.constant({ act: 'restart' as const }) },
);

export const genes: fc.Arbitrary<Genes> = fc.record({
  points: fc.array(
    fc.record({
      device: fc.nat(2),
      number: fc.boolean(),
      debounceMs: fc.constantFrom(0, 0, 50, 500),
      staleAfterMs: fc.constantFrom(0, 0, 1000, 3000),
      limits: fc.nat(5),
      scaling: fc.nat(5),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  rules: fc.array(
    fc.record({
      when: fc.oneof({ weight: 1, arbitrary: fc.nat(5) }, { weight: 2, arbitrary: trees }),
      until: fc.option(trees, { nil: undefined, freq: 3 }),
      forMs: durations,
      holdMs: durations,
      latch: fc.boolean(),
      plan: fc.nat(3),
      zone: fc.nat(2),
      level: fc.constantFrom(undefined, 'general', 'major', 'urgent' as const),
      outputs: fc.tuple(fc.constantFrom(undefined, true, false), fc.constantFrom(undefined, true, false)),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  buses: fc.array(fc.nat(1), { minLength: 1, maxLength: 3 }),
  outputs: fc.array(
    fc.record({
      silenceable: fc.boolean(),
      maxOnMs: fc.constantFrom(0, 500, 3000),
      normal: fc.constantFrom(false, false, true, 'keep' as const),
    }),
    { maxLength: 2 },
  ),
  timeline: fc.array(fc.record({ gapMs: gaps, what: acts }), { minLength: 1, maxLength: 40, size: 'max' }),
});

export function build(given: Genes): Generated {
  const devices: Device[] = given.buses.map((bus, at) => ({
    id: `d${at}`,
    bus: `b${bus}`,
    ...(at === 1 && { zone: 'z1' }),
  }));
  const points = given.points.map((gene, at): Point => {
    const id = `${devices[gene.device % devices.length]!.id}.p${at}`;
    const times = {
      staleAfterMs: gene.staleAfterMs,
      ...(gene.debounceMs > 0 && { debounceMs: gene.debounceMs }),
    };
    if (!gene.number) return contact(id, { ...times, ...(gene.scaling === 1 && { invert: true }) });
    return measure(id, { ...times, ...limitsOf[gene.limits], ...scalings[gene.scaling] });
  });
  const outputs: Output[] = given.outputs.map((gene, at) =>
    output(`o${at}`, {
      normal: gene.normal,
      silenceable: gene.silenceable,
      bus: 'b0',
      ...(gene.maxOnMs > 0 && { maxOnMs: gene.maxOnMs }),
    }),
  );

  const treeOf = (gene: TreeGene): Tree => {
    if ('op' in gene) return { op: gene.op, left: treeOf(gene.left), right: treeOf(gene.right) };
    if ('members' in gene) return { op: 'atLeast', count: gene.count, members: gene.members.map(treeOf) };
    const point = points[gene.leaf % points.length]!;
    const leaf: Tree =
      point.type === 'bool'
        ? { op: 'is', point: point.id }
        : { op: 'compare', point: point.id, sign: gene.sign, than: gene.than };
    return gene.negated ? { op: 'not', of: leaf } : leaf;
  };
  const conditions = new Map<string, NaiveRuleSource>();
  const rules = given.rules.map((gene, at): Rule => {
    const when: NaiveCondition =
      typeof gene.when === 'number' ? { active: points[gene.when % points.length]!.id } : treeOf(gene.when);
    const until = gene.until === undefined ? undefined : treeOf(gene.until);
    conditions.set(`r${at}`, { when, ...(until && { until }) });
    const zoneId = zonesOfRules[gene.zone];
    const wanted = outputs.flatMap(({ id }, which) =>
      gene.outputs[which] === undefined ? [] : [[id, gene.outputs[which]] as const],
    );
    return rule(`r${at}`, 'op' in when ? celOf(when) : when, {
      ...(until && { until: celOf(until) }),
      forMs: gene.forMs,
      holdMs: gene.holdMs,
      latch: gene.latch,
      plan: plansOfRules[gene.plan]!,
      ...(zoneId !== undefined && { zone: zoneId }),
      ...(gene.level && { level: gene.level }),
      outputs: Object.fromEntries(wanted),
    });
  });
  return {
    site: makeSite({ devices, points, rules, outputs, plans, zones: [zone('z0'), zone('z1')] }),
    conditions,
    timeline: given.timeline,
    rawOf(which, raw) {
      const point = points[which % points.length]!;
      const pool = point.type === 'bool' ? booleans : numbers;
      return [point.id, pool[raw % pool.length]!];
    },
  };
}

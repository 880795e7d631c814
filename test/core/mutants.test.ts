// Proof that the comparison with the oracle can fail: each planted mistake, put into what the real engine is
// given while the oracle has the truth, must be found within a few hundred random pairs. And without any
// mistake the very same pairs show no difference.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Input, Point, Raw, Rule, Site } from '../../src/core/types.ts';
import { duel, type Mutation } from '../support/duel.ts';
import { celOf, type Tree } from '../support/expression.ts';
import { build, genes } from '../support/generated.ts';

const seed = 20_261_122;
const mostPairs = 500;
const pairs = fc.sample(genes, { seed, numRuns: mostPairs }).map(build);

function withPoints(change: (point: Point) => Point): Mutation {
  return { site: (site) => ({ ...site, points: site.points.map(change) }) };
}

function withRules(change: (rule: Rule, site: Site) => Rule): Mutation {
  return { site: (site) => ({ ...site, rules: site.rules.map((rule) => change(rule, site)) }) };
}

function withRaws(change: (raw: Raw) => Raw): Mutation {
  return {
    input: (input: Input) =>
      input.type === 'reading'
        ? { ...input, values: input.values.map(([id, raw]) => [id, change(raw)] as const) }
        : input,
  };
}

function withText(change: (cel: string) => string): Mutation {
  return withRules((rule) => ('cel' in rule.when ? { ...rule, when: { cel: change(rule.when.cel) } } : rule));
}

function withTrees(print: (tree: Tree) => string): Mutation {
  return {
    site: (site, { conditions }) => ({
      ...site,
      rules: site.rules.map((rule) => {
        const { when } = conditions.get(rule.id)!;
        return 'op' in when ? { ...rule, when: { cel: print(when) } } : rule;
      }),
    }),
  };
}

/** The condition with one operator written so that it asks its left side first and then stops at an unknown. */
function strict(tree: Tree, op: 'and' | 'or'): string {
  switch (tree.op) {
    case 'not':
      return `!(${strict(tree.of, op)})`;
    case 'and':
    case 'or': {
      const [left, right] = [strict(tree.left, op), strict(tree.right, op)];
      if (tree.op !== op) return `(${left} ${op === 'and' ? '||' : '&&'} ${right})`;
      return op === 'and' ? `(${left} ? ${right} : false)` : `(${left} ? true : ${right})`;
    }
    default:
      return celOf(tree);
  }
}

/** Leaves a key out, as if it had never been written. */
function without<T extends object>(whole: T, ...keys: (keyof T)[]): T {
  return Object.fromEntries(Object.entries(whole).filter(([key]) => !keys.includes(key as keyof T))) as T;
}

const mutants: Readonly<Record<string, Mutation>> = {
  'debounce is ignored': withPoints((point) => without(point, 'debounceMs')),
  'staleness is ignored': withPoints((point) => ({ ...point, staleAfterMs: 0 })),
  'inversion is ignored': withPoints((point) => without(point, 'invert')),
  'scale is ignored': withPoints((point) => without(point, 'scale', 'offset')),
  'limits of the possible are ignored': withPoints((point) => without(point, 'min', 'max')),
  'sentinels are ignored': withPoints((point) => without(point, 'invalid')),
  'hysteresis is ignored': withPoints((point) => without(point, 'clearBelow', 'clearAbove')),
  'a limit counts from the limit on, not past it': withPoints((point) =>
    point.alarmAbove === undefined
      ? point
      : {
          ...point,
          alarmAbove: point.alarmAbove - 0.25,
          clearBelow: point.clearBelow ?? point.alarmAbove - 0.25,
        },
  ),
  'unknown is taken for false': withRaws((raw) => (raw === null || Number.isNaN(raw) ? false : raw)),
  'unknown is taken for true': withRaws((raw) => (raw === null || Number.isNaN(raw) ? true : raw)),
  '`for` is ignored': withRules((rule) => ({ ...rule, forMs: 0 })),
  '`for` is a millisecond short': withRules((rule) => ({ ...rule, forMs: Math.max(0, rule.forMs - 1) })),
  '`hold` is ignored': withRules((rule) => ({ ...rule, holdMs: 0 })),
  '`hold` is a millisecond long': withRules((rule) => ({ ...rule, holdMs: rule.holdMs + 1 })),
  '`until` is ignored': withRules((rule) => without(rule, 'until')),
  '`latch` is ignored': withRules((rule) => ({ ...rule, latch: false })),
  'everything latches': withRules((rule) => ({ ...rule, latch: true })),
  'the level of a rule is ignored': withRules((rule) => without(rule, 'level')),
  'joining ignores the zone': withRules((rule, { zones }) =>
    rule.zone === undefined ? rule : { ...rule, zone: zones[0]!.id },
  ),
  'rules do not join': withRules((rule, { rules }) =>
    rule.id === rules.at(-1)!.id ? { ...rule, zone: 'lonely' } : rule,
  ),
  '> is taken for ≥': withText((cel) => cel.replaceAll(/ > /g, ' >= ')),
  'or is taken for and': withText((cel) => cel.replaceAll('||', '&&')),
  'or does not absorb unknown': withTrees((tree) => strict(tree, 'or')),
  'and does not absorb unknown': withTrees((tree) => strict(tree, 'and')),
  'a vote wants one more': withText((cel) =>
    cel.replaceAll(/atLeast\((\d)/g, (_all, count) => `atLeast(${Number(count) + 1}`),
  ),
  'silenceable is ignored': {
    site: (site) => ({ ...site, outputs: site.outputs.map((one) => ({ ...one, silenceable: false })) }),
  },
  'a silent plan sounds': {
    site: (site) => ({ ...site, plans: site.plans.map((one) => ({ ...one, silent: false })) }),
  },
  'maxOn is ignored': {
    site: (site) => ({ ...site, outputs: site.outputs.map((one) => without(one, 'maxOnMs')) }),
  },
  'alarms close themselves': {
    site: (site) => ({ ...site, plans: site.plans.map((one) => ({ ...one, closing: 'itself' as const })) }),
  },
  'every device has a bus of its own': {
    site: (site) => ({ ...site, devices: site.devices.map((one) => ({ ...one, bus: `of_${one.id}` })) }),
  },
  'nothing happens without an input': { deaf: true },
};

/** How many pairs it took to see the difference; undefined: none showed it. */
function found(mutation: Mutation): { readonly after: number; readonly what: string } | undefined {
  for (const [at, pair] of pairs.entries()) {
    try {
      duel(pair, mutation);
    } catch (error) {
      return { after: at + 1, what: (error as Error).message };
    }
  }
  return undefined;
}

describe('planted mistakes', () => {
  it('without one, all pairs agree', { timeout: 60_000 }, () => {
    expect(found({})).toBeUndefined();
  });

  it.each(Object.entries(mutants))('%s: is found', { timeout: 60_000 }, (_name, mutation) => {
    const difference = found(mutation);
    expect(difference, `no difference in ${mostPairs} pairs`).toBeDefined();
    // found by comparing, not by the engine falling over
    expect(difference!.what).toMatch(/\n {2}engine: .*\n {2}oracle: /s);
  });
});

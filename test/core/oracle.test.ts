// The real engine against the naive one: random sites, random timelines, compared after every input. A failure
// prints its seed and path; KEEPWATCH_SEED runs with that seed again, KEEPWATCH_RUNS with more or fewer pairs.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createState, step } from '../../src/core/engine.ts';
import { compile } from '../../src/core/model.ts';
import { duel, replayed } from '../support/duel.ts';
import { pointsOf } from '../support/expression.ts';
import { build, genes } from '../support/generated.ts';
import { remembered } from '../support/scenario.ts';

const numRuns = Number(process.env.KEEPWATCH_RUNS ?? 3000);
const given = process.env.KEEPWATCH_SEED;
const parameters = { numRuns, ...(given !== undefined && { seed: Number(given) }) };

describe('the engine and the oracle', () => {
  it(`agree on ${numRuns} random sites and timelines`, { timeout: 300_000 }, () => {
    let inputs = 0;
    let events = 0;
    fc.assert(
      fc.property(genes, (made) => {
        const ended = duel(build(made), {}, () => {
          inputs += 1;
        });
        events += ended.events;
      }),
      parameters,
    );
    console.info(`${numRuns} pairs, ${inputs} inputs, ${events} events`);
    expect(events).toBeGreaterThan(numRuns);
  });

  it('replay of the journal, from nothing and from any snapshot, comes to the live state', {
    timeout: 300_000,
  }, () => {
    fc.assert(
      fc.property(genes, fc.nat(), (made, cut) => {
        const ended = duel(build(made));
        const live = remembered(ended.state.durable);
        for (const from of [0, cut % (ended.facts.length + 1)]) {
          expect(remembered(replayed(ended, from).durable), `from fact ${from}`).toEqual(live);
        }
      }),
      { ...parameters, numRuns: Math.ceil(numRuns / 5) },
    );
  });
});

describe('cost follows the change', () => {
  it('a reading evaluates only the rules that name a changed point, an unchanged one evaluates none', () => {
    fc.assert(
      fc.property(genes, (made) => {
        const { site, conditions, timeline, rawOf } = build(made);
        const model = compile(site);
        const state = createState(model, 'abcd1234');
        const evaluated: string[] = [];
        const spied = new Set<object>();
        for (const { when, until } of model.rules.values()) {
          for (const condition of [when, until]) {
            if (condition?.kind !== 'expression' || spied.has(condition.expression)) continue;
            spied.add(condition.expression);
            const { expression } = condition;
            const { evaluate } = expression;
            Object.assign(expression, {
              evaluate() {
                evaluated.push(expression.text);
                return evaluate();
              },
            });
          }
        }
        timeline.forEach(({ what }, order) => {
          if (what.act !== 'reading') return;
          evaluated.length = 0;
          const values = [...new Map(what.values.map(([point, raw]) => rawOf(point, raw)))];
          const at = { steadyMs: order, wallMs: order, clock: 'synced' } as const;
          const { points } = step(state, { type: 'reading', at, values }, model);
          const mayBe = site.rules
            .filter((rule) => {
              const { when, until } = conditions.get(rule.id)!;
              const trees = [when, until].flatMap((one) =>
                one === undefined ? [] : 'op' in one ? pointsOf(one) : [one.active],
              );
              return trees.some((point) => points.has(point));
            })
            .flatMap(({ when, until }) =>
              [when, until].flatMap((one) => (one && 'cel' in one ? [one.cel] : [])),
            );
          for (const text of evaluated) expect(mayBe).toContain(text);
          if (points.size === 0) expect(evaluated).toEqual([]);

          evaluated.length = 0;
          const again = step(state, { type: 'reading', at, values }, model);
          if (values.every(([, raw]) => !Number.isNaN(raw))) expect(again.points.size).toBe(0);
          expect(evaluated).toEqual([]);
        });
      }),
      { ...parameters, numRuns: Math.ceil(numRuns / 5) },
    );
  });
});

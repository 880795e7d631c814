// Random sites with interlocks over random timelines: no output ever has a value that an interlock forbids,
// what is wanted is what a naive look at the state gives, and silent plans make no sound. A failure prints its
// seed; KEEPWATCH_SEED runs with that seed again, KEEPWATCH_RUNS with more or fewer.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createState, replay, step, wakeAt } from '../../src/core/engine.ts';
import { compile, type Model } from '../../src/core/model.ts';
import { desiredOutputs } from '../../src/core/outputs.ts';
import type { State } from '../../src/core/state.ts';
import type { Fact, Input, Interlock, Site } from '../../src/core/types.ts';
import { inputOf } from '../support/duel.ts';
import { celOf, type Tree, truthOfTree } from '../support/expression.ts';
import { build, type Generated, genes } from '../support/generated.ts';
import { remembered } from '../support/scenario.ts';

const numRuns = Number(process.env.KEEPWATCH_RUNS ?? 1000);
const given = process.env.KEEPWATCH_SEED;
const parameters = { numRuns, ...(given !== undefined && { seed: Number(given) }) };

const interlockGenes = fc.array(fc.record({ output: fc.nat(3), never: fc.boolean(), condition: fc.nat(5) }), {
  maxLength: 4,
});

interface Locked {
  readonly interlock: Interlock;
  readonly tree: Tree;
}

/** Interlocks over conditions that the generator made for rules, each on one of the site's outputs. */
function lockedOf(made: Generated, wanted: readonly { output: number; never: boolean; condition: number }[]) {
  const trees = [...made.conditions.values()].flatMap(({ when, until }) =>
    [when, until].flatMap((one) => (one !== undefined && 'op' in one ? [one] : [])),
  );
  if (trees.length === 0 || made.site.outputs.length === 0) return [];
  return wanted.map(({ output, never, condition }, at): Locked => {
    const tree = trees[condition % trees.length]!;
    const on = made.site.outputs[output % made.site.outputs.length]!.id;
    return { tree, interlock: { id: `k${at}`, output: on, never, while: { cel: celOf(tree) } } };
  });
}

function inForce({ tree }: Locked, state: State, model: Model): boolean {
  return truthOfTree(tree, (id) => state.live.values[model.index.get(id)!] ?? null) !== false;
}

/** What an output is to be, said as plainly as it can be. */
function naive(
  id: string,
  state: State,
  model: Model,
  site: Site,
  locked: readonly Locked[],
): boolean | 'keep' {
  const first = locked.find((one) => one.interlock.output === id && inForce(one, state, model));
  if (first) return !first.interlock.never;
  const override = state.durable.overrides[id];
  if (override) return override.value;
  const output = site.outputs.find((one) => one.id === id)!;
  const ranks = { alarm: 20, supervisory: 10, trouble: 0, general: 0, major: 1, urgent: 2 };
  const demands = Object.entries(state.durable.rules).flatMap(([ruleId, standing]) => {
    const value = site.rules.find((rule) => rule.id === ruleId)!.outputs[id];
    if (value === undefined || standing.phase === 'pending') return [];
    const incident = state.durable.incidents[standing.incident];
    if (!incident) return [];
    const silent = site.plans.find((plan) => plan.id === incident.plan)!.silent;
    if (output.silenceable && (silent || incident.silenced || incident.state === 'shelved')) return [];
    if (state.durable.outputs[id]?.expired && value !== output.normal) return [];
    return [{ value, weight: ranks[incident.category] + ranks[incident.level] }];
  });
  const most = Math.max(...demands.map(({ weight }) => weight));
  const strongest = demands.filter(({ weight }) => weight === most).map(({ value }) => value);
  // between equals the one away from rest; where rest is `keep` both are, and the latest to begin wins
  return strongest.filter((value) => value !== output.normal).at(-1) ?? strongest.at(-1) ?? output.normal;
}

/** An output that sounds may be on only for one of these reasons. */
function maySound(id: string, state: State, model: Model, site: Site, locked: readonly Locked[]): boolean {
  const output = site.outputs.find((one) => one.id === id)!;
  if (!output.silenceable || output.normal === true || state.durable.overrides[id]?.value === true)
    return true;
  if (locked.some((one) => one.interlock.output === id && !one.interlock.never && inForce(one, state, model)))
    return true;
  return site.rules.some((rule) => {
    const standing = state.durable.rules[rule.id];
    if (rule.outputs[id] !== true || standing === undefined || standing.phase === 'pending') return false;
    const incident = state.durable.incidents[standing.incident];
    return incident !== undefined && !site.plans.find((plan) => plan.id === incident.plan)!.silent;
  });
}

it('interlocks, silence and the naive view hold after every input', { timeout: 300_000 }, () => {
  let inputs = 0;
  let held = 0;
  let refused = 0;
  fc.assert(
    fc.property(genes, interlockGenes, (gene, wanted) => {
      const made = build(gene);
      const locked = lockedOf(made, wanted);
      const site: Site = { ...made.site, interlocks: locked.map(({ interlock }) => interlock) };
      const model = compile(site);
      const state = createState(model, 'abcd1234');
      const facts: Fact[] = [];
      let nowMs = 1000;

      const take = (what: Input): void => {
        inputs += 1;
        const before = { ...state.durable.overrides };
        const { fact, events, reply } = step(state, what, model);
        if (fact) facts.push(JSON.parse(JSON.stringify(fact)) as Fact);
        const forces = locked.filter((one) => inForce(one, state, model));
        for (const [id, { value, heldBy }] of desiredOutputs(state, model)) {
          expect(value, `${id} is as the naive view has it`).toBe(naive(id, state, model, site, locked));
          if (state.durable.outputs[id]) expect(state.durable.outputs[id].desired).toBe(value);
          if (value === true) expect(maySound(id, state, model, site, locked), `${id} may be on`).toBe(true);
          const mine = forces.filter(({ interlock }) => interlock.output === id);
          const contradict = new Set(mine.map(({ interlock }) => interlock.never)).size > 1;
          if (!contradict)
            for (const { interlock } of mine) {
              expect(value, `${interlock.id} forbids it for ${id}`).toBe(!interlock.never);
            }
          if (heldBy !== undefined) {
            held += 1;
            expect(mine[0]!.interlock.id).toBe(heldBy);
          }
        }
        for (const { output } of events) {
          if (output) expect(output.value).toBe(desiredOutputs(state, model).get(output.id)!.value);
        }
        if (what.type === 'command' && what.command.verb === 'output' && what.command.value !== 'auto') {
          const mine = forces.find(({ interlock }) => interlock.output === what.command.output);
          const wrong = mine !== undefined && mine.interlock.never === what.command.value;
          expect(reply!.ok).toBe(!wrong);
          if (wrong) {
            refused += 1;
            expect(reply!.code).toBe('refused');
            expect(state.durable.overrides).toEqual(before);
          }
        }
      };
      const stamp = () => ({ steadyMs: nowMs, wallMs: 1_795_309_200_000 + nowMs, clock: 'synced' as const });
      const tickTo = (untilMs: number): void => {
        for (;;) {
          const dueMs = wakeAt(state);
          if (dueMs === undefined || dueMs > untilMs) break;
          nowMs = Math.max(nowMs, dueMs);
          take({ type: 'tick', at: stamp() });
        }
        nowMs = untilMs;
      };

      take({ type: 'started', at: stamp(), because: 'first start' });
      made.timeline.forEach(({ gapMs, what }, order) => {
        tickTo(nowMs + gapMs);
        const next = inputOf(what, { ...made, site }, state, stamp(), `c${order}`);
        if (next) take(next);
      });
      tickTo(nowMs + 30_000);

      const fresh = compile(site);
      const again = createState(fresh, 'abcd1234');
      for (const fact of facts) replay(again, fact, fresh);
      expect(remembered(again.durable)).toEqual(remembered(state.durable));
    }),
    parameters,
  );
  console.info(`${inputs} inputs, held ${held} times, ${refused} commands refused`);
  expect(held).toBeGreaterThan(numRuns);
});

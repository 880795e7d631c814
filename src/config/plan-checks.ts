// What the parts of one plan have to do with each other: steps that follow steps, levels that rise, rungs that are
// spared by a step. Knows nothing of other plans, of ladders or of people.

import type { FaultList } from './faults.ts';
import type { Where } from './issues.ts';
import { suggestion } from './nearest.ts';
import type { PlanKeys } from './plan-form.ts';

const ranks = ['general', 'major', 'urgent'] as const;

/** Puts every contradiction of a plan at its place. */
export function checkPlan(plan: PlanKeys, where: Where, faults: FaultList): void {
  twice(plan.steps, 'steps', where, faults);
  twice(plan.keeps, 'keeps', where, faults);
  checkAfter(plan, where, faults);
  const steps = new Set(plan.steps.map(({ id }) => id));
  for (const [index, { level, unless }] of plan.rises.entries()) {
    if (ranks.indexOf(level) <= ranks.indexOf(plan.level))
      faults.fault(
        where.value(['rises', index, 'level']),
        `\`rises\`: ${level} is no rise from the plan's level ${plan.level}`,
        plan.level === 'urgent' ? 'remove it' : 'write a higher level',
      );
    if (typeof unless === 'object' && !steps.has(unless.step))
      faults.fault(
        where.value(['rises', index, 'unless', 'step']),
        `unknown step \`${unless.step}\` in \`unless\``,
        suggestion(unless.step, steps, 'add it under `steps`'),
      );
  }
  const closing = plan.closing ?? (plan.category === 'trouble' ? 'itself' : 'person');
  if (closing === 'itself' && plan.closingRequires.length > 0)
    faults.fault(
      where.key(['closingRequires']),
      '`closingRequires`: the plan closes itself, and nobody is asked',
      'write `closing: person`, or remove it',
    );
}

function twice(
  parts: readonly { readonly id: string }[],
  name: 'steps' | 'keeps',
  where: Where,
  faults: FaultList,
): void {
  const seen = new Set<string>();
  for (const [index, { id }] of parts.entries()) {
    if (seen.has(id)) faults.fault(where.value([name, index, 'id']), `two ${name} \`${id}\``, 'rename one');
    seen.add(id);
  }
}

function checkAfter({ steps }: PlanKeys, where: Where, faults: FaultList): void {
  const before = new Map(steps.map(({ id, after }) => [id, after]));
  const inCircle = new Set<string>();
  for (const [index, { id, after, within }] of steps.entries()) {
    if (after === undefined) continue;
    const place = where.value(['steps', index, 'after']);
    if (!before.has(after)) {
      faults.fault(
        place,
        `unknown step \`${after}\` in \`after\``,
        suggestion(after, before.keys(), 'add it'),
      );
      continue;
    }
    if (within === undefined)
      faults.fault(place, '`after` without `within` does nothing', 'add `within: …`, or remove it');
    const circle = circleFrom(id, before);
    if (circle === undefined || inCircle.has(id)) continue;
    for (const each of circle) inCircle.add(each);
    const shown = [...circle, id].map((each) => `\`${each}\``).join(' after ');
    faults.fault(place, `a circle: ${shown}`, 'remove one `after`');
  }
}

/** The ids from one that lead back to it; undefined where they don't. */
export function circleFrom(
  start: string,
  next: ReadonlyMap<string, string | undefined>,
): readonly string[] | undefined {
  const path = [start];
  for (let at = next.get(start); at !== undefined && path.length <= next.size; at = next.get(at)) {
    if (at === start) return path;
    path.push(at);
  }
  return undefined;
}

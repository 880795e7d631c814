// Ladders: named lists of rungs that plans share, those that are shipped and those of the site, which replace shipped
// ones of the same name. Puts them in their places in a plan; knows nothing of who has a role.

import type { Plan, Rung } from '../core/types.ts';
import type { FaultList, Place } from './faults.ts';
import { check, partOf, type Where } from './issues.ts';
import { suggestion } from './nearest.ts';
import { type PlanDraft, rungOf, rungSchema } from './plan-form.ts';
import { idForm, idHint } from './values.ts';
import { show } from './words.ts';
import { readTree } from './yaml.ts';

export type Ladders = ReadonlyMap<string, readonly Rung[]>;

/** The rungs of one file, by ladder; of a ladder with faults those that are sound. Faults of access are put at `from`. */
export function loadLadders(file: string, faults: FaultList, from?: Place): Ladders {
  const ladders = new Map<string, readonly Rung[]>();
  const tree = readTree(file, faults, from);
  for (const [name, raw] of Object.entries(tree?.value ?? {})) {
    const where = partOf(tree!, [name]);
    if (!idForm.test(name)) faults.fault(where.key([]), `${show(name)} is not an id`, `write ${idHint}`);
    if (!Array.isArray(raw) || raw.length === 0) {
      // (no text is repeated: this may be another file, with secrets)
      const shown = typeof raw === 'string' ? 'a text' : show(raw);
      faults.fault(where.value([]), `ladder \`${name}\`: ${shown} is not a list of rungs`, rungHint);
      continue;
    }
    ladders.set(
      name,
      raw.flatMap((each, index) => readRung(each, partOf(tree!, [name, index]), faults)),
    );
  }
  return ladders;
}

export const rungHint = 'write `{ to: ROLE, … }` for each';

/** One rung, or none where it has faults. */
export function readRung(raw: unknown, where: Where, faults: FaultList): Rung[] {
  const checked = check(rungSchema, raw, where, faults);
  return checked?.sound ? [rungOf(checked.value)] : [];
}

/** What is wrong with an item of `notify` once the ladders are in. */
export interface LadderProblem {
  readonly index: number;
  readonly what: string;
  readonly todo: string;
}

/** The plan with the rungs of its ladders in their places. */
export function withLadders(draft: PlanDraft, ladders: Ladders): { plan: Plan; problems: LadderProblem[] } {
  const problems: LadderProblem[] = [];
  const steps = new Set(draft.plan.steps.map(({ id }) => id));
  const rungs: Rung[] = [];
  const seen = new Set<string>();
  for (const [index, item] of draft.notify.entries()) {
    const wrong = (what: string, todo: string): number => problems.push({ index, what, todo });
    const found = 'ladder' in item ? ladders.get(item.ladder) : [item];
    if (found === undefined) {
      const name = 'ladder' in item ? item.ladder : '';
      wrong(`unknown ladder \`${name}\``, suggestion(name, ladders.keys(), 'add it to the file of ladders'));
      continue;
    }
    for (const rung of found) {
      const { unless } = rung;
      const step = typeof unless === 'object' ? unless.step : undefined;
      if (step !== undefined && !steps.has(step))
        wrong(`unknown step \`${step}\` in \`unless\``, suggestion(step, steps, 'add it under `steps`'));
      const key = keyOf(rung);
      if (seen.has(key)) {
        const to = rung.roles.map((role) => `\`${role}\``).join(', ');
        wrong(`two equal rungs tell ${to}`, 'remove one, or give it another `after`');
      }
      seen.add(key);
      rungs.push(rung);
    }
  }
  return { plan: rungs.length > 0 ? { ...draft.plan, notify: rungs } : draft.plan, problems };
}

/** Two rungs of one key would tell the same people at the same time. */
function keyOf({ roles, after, unless, level, hours }: Rung): string {
  const times = typeof after === 'number' ? after : [after.workday, after.holiday, after.night];
  return JSON.stringify([[...roles].sort(), times, unless, level, hours]);
}

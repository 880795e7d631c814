// What will happen to an open incident if nobody does anything: which roles will be told when, when its level rises
// and when its steps are overdue. Read off the plan and the timers that stand; changes nothing and decides nothing.

import { higher } from './incidents.ts';
import { isSettled } from './ladder.ts';
import type { Model } from './model.ts';
import { isNeedless, rungKey } from './telling-needs.ts';
import type { Incident, Level, Stamp, Step, Unless } from './types.ts';

/** One thing that is still to come. */
export interface Next {
  readonly kind: 'rung' | 'rise' | 'step';
  /** ISO 8601; absent: it waits for the level, or for the end of the shelf */
  readonly at?: string;
  /** who is told then; of a step: whose it is; empty of a rise */
  readonly roles: readonly string[];
  /** what makes it needless before */
  readonly unless?: Unless;
  /** a rise: the level then; a rung: the level from which it is climbed */
  readonly level?: Level;
  /** a rung: only if it falls into them, or outside */
  readonly hours?: 'working' | 'outside';
  /** a step: its id */
  readonly step?: string;
}

/** The earliest first, those without a time last. `timers`: name → due, steady ms; `now`: the same clock. */
export function nextOf(
  incident: Incident,
  model: Model,
  timers: Readonly<Record<string, number>>,
  now: Stamp,
): Next[] {
  const plan = model.plans.get(incident.plan);
  if (plan === undefined || incident.state === 'closed') return [];
  const at = (timer: string): { at?: string } => {
    const dueMs = timers[timer];
    return dueMs === undefined ? {} : { at: new Date(now.wallMs + dueMs - now.steadyMs).toISOString() };
  };
  const next: Next[] = [];
  for (const rung of plan.notify ?? []) {
    if (isSettled(incident, rungKey(rung)) || isNeedless(incident, rung.unless)) continue;
    const { roles, unless, level, hours } = rung;
    next.push({
      kind: 'rung',
      ...at(`rung:${incident.id}:${rungKey(rung)}`),
      roles,
      ...(unless !== undefined && { unless }),
      ...(level !== undefined && { level }),
      ...(hours !== undefined && { hours }),
    });
  }
  for (const { level, unless } of plan.rises ?? []) {
    if (higher(incident.level, level) === incident.level || isNeedless(incident, unless)) continue;
    next.push({
      kind: 'rise',
      ...at(`rise:${incident.id}:${level}`),
      roles: [],
      ...(unless !== undefined && { unless }),
      level,
    });
  }
  for (const step of plan.steps) {
    const due = at(`step:${incident.id}:${step.id}`);
    if (due.at === undefined) continue;
    next.push({ kind: 'step', ...due, roles: toldOf(step), step: step.id });
  }
  const moment = ({ at: iso }: Next): number => (iso === undefined ? Number.MAX_VALUE : Date.parse(iso));
  return next.sort((one, other) => moment(one) - moment(other));
}

function toldOf({ role }: Step): readonly string[] {
  return role === undefined || role === 'finder' ? [] : [role];
}

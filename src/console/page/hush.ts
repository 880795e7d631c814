// What a screen that anybody may look at does not show of an incident whose plan is silent, such as a robbery: who it is for,
// and what is left out. Pure; what is said in its place is the note's business.

import type { Incident, Session, SiteView } from '../api.ts';

/** So long a hushed incident is shown to whoever asked for it by a press. */
export const revealedForMs = 60_000;

/** Nobody has logged in here who could answer an alarm: an open screen, or a display with the role `view`. */
export function isOpenToEyes(session: Session | undefined): boolean {
  const role = session?.user?.role;
  return role === undefined || role === 'view';
}

/** Before the site is known the one plan that is silent everywhere is taken for it: nothing else may be held back. */
export function isSilentPlan(plan: string, site: SiteView | undefined): boolean {
  const known = site?.plans.find((one) => one.id === plan);
  return known ? known.silent : plan === 'robbery';
}

/** The same map where there is nothing to leave out. */
export function withoutSilent(
  incidents: ReadonlyMap<string, Incident>,
  site: SiteView | undefined,
): ReadonlyMap<string, Incident> {
  const left = [...incidents].filter(([, { plan }]) => !isSilentPlan(plan, site));
  return left.length === incidents.size ? incidents : new Map(left);
}

/** Points that would tell of incidents by their state. */
export function pointsOf(incidents: Iterable<Incident>): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { cause, signals } of incidents)
    for (const { point } of [cause, ...signals]) if (point !== undefined) ids.add(point);
  return ids;
}

// Who may do what: four roles, each of which may all that the one before it may, and the least role for each verb.
// Pure; it does not know who has which role, nor how they prove it.

import type { Verb } from '../core/types.ts';

/** In rising order. */
export const roles = ['view', 'acknowledge', 'operate', 'configure'] as const;
export type Role = (typeof roles)[number];

/**
 * Judged by the harm that the verb can do in wrong hands. To acknowledge stops the calling of people and says who took
 * it on; what silences, blinds, moves something or ends an incident asks for more.
 */
const least: Readonly<Record<Verb | 'replay', Role>> = {
  // shows again what was shown already
  replay: 'view',
  raise: 'acknowledge',
  ack: 'acknowledge',
  note: 'acknowledge',
  step: 'acknowledge',
  evidence: 'acknowledge',
  silence: 'operate',
  reset: 'operate',
  close: 'operate',
  level: 'operate',
  shelve: 'operate',
  unshelve: 'operate',
  // blinds a detector, but never unseen: what is out of service is an incident of its own
  disable: 'operate',
  enable: 'operate',
  // moves a valve or a siren, for a while and within the interlocks
  output: 'operate',
  drill: 'operate',
  walktest: 'operate',
  readiness: 'operate',
  contacts: 'operate',
};

/** The least role that may run a verb; a verb that nobody has judged asks for the highest. */
export function leastRole(verb: string): Role {
  return Object.hasOwn(least, verb) ? least[verb as keyof typeof least] : 'configure';
}

export function mayRun(verb: string, role: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(leastRole(verb));
}

/** Every verb that was judged, with its least role, for documents and tests. */
export const leastRoles: Readonly<Record<string, Role>> = least;

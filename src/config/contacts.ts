// The file of people and their roles. For now only checked, and asked which roles have somebody to reach;
// it must not decide who is told what.

import * as z from 'zod';
import type { Plan } from '../core/types.ts';
import type { FaultList, Place } from './faults.ts';
import { check, partOf } from './issues.ts';
import { id, idForm, idHint, text } from './values.ts';
import { isMapping, readTree } from './yaml.ts';

const person = z.strictObject({
  name: text,
  phone: z
    .string()
    .regex(/^[+0-9][0-9 ()-]{2,30}$/, {
      error: 'this is not a phone number; write digits, in quotes, such as "+86 138 0000 0000"',
    })
    .optional(),
  email: z.email({ error: 'this is not an e-mail address; write name@example.com' }).optional(),
  language: z.enum(['zh', 'en']).optional(),
  roles: z.array(id).default([]),
});

/** The form of a contacts file. */
export const contactsSchema = z.strictObject({ people: z.record(z.string(), z.unknown()).default({}) });

export interface Contacts {
  /** roles that have a person */
  readonly roles: ReadonlySet<string>;
  /** roles that have a person with a phone or an e-mail address */
  readonly reachable: ReadonlySet<string>;
}

/** Reads the contacts; undefined where they have faults. Faults of access are put at `from`. */
export function loadContacts(file: string, faults: FaultList, from: Place): Contacts | undefined {
  const tree = readTree(file, faults, from);
  if (tree === undefined) return undefined;
  const top = check(contactsSchema, tree.value, partOf(tree, []), faults);
  if (top === undefined) return undefined;
  const roles = new Set<string>();
  const reachable = new Set<string>();
  let sound = top.sound;
  for (const [who, raw] of Object.entries(top.value.people)) {
    const where = partOf(tree, ['people', who]);
    if (!idForm.test(who)) faults.fault(where.key([]), `\`${who}\` is not an id`, `write ${idHint}`);
    const checked = check(person, isMapping(raw) ? raw : (raw ?? {}), where, faults);
    if (!checked?.sound) sound = false;
    for (const role of checked?.value.roles ?? []) {
      roles.add(role);
      if (checked?.value.phone !== undefined || checked?.value.email !== undefined) reachable.add(role);
    }
  }
  return sound ? { roles, reachable } : undefined;
}

/** Warns of each role in a plan's steps that nobody has, or nobody who can be reached. */
export function warnOfEmptyRoles(
  contacts: Contacts,
  plans: Iterable<Plan>,
  place: Place,
  faults: FaultList,
): void {
  const plansOf = new Map<string, string[]>();
  for (const plan of plans) {
    for (const role of new Set(plan.steps.flatMap((step) => step.role ?? []))) {
      plansOf.set(role, [...(plansOf.get(role) ?? []), plan.id]);
    }
  }
  for (const [role, ids] of plansOf) {
    if (contacts.reachable.has(role)) continue;
    const shown = `${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ', …' : ''}`;
    if (contacts.roles.has(role)) {
      faults.warn(
        place,
        `nobody of role \`${role}\` (${shown}) has a phone or an email`,
        'add one in the contacts',
      );
    } else {
      faults.warn(
        place,
        `role \`${role}\` (${shown}) has nobody`,
        'give the role to a person in the contacts',
      );
    }
  }
}

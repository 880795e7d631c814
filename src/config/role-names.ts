// Roles that the site's own plans, ladders and stock list name, and that nobody knows: most are slips of the pen, told
// where they stand. Knows no more of the forms of those files than under which keys a role stands.

import type { Person, Plan } from '../core/types.ts';
import { type FaultList, faultList, type Place } from './faults.ts';
import { nearest } from './nearest.ts';
import { rolesOf } from './reach.ts';
import { isMapping, type Path, readTree, type Tree } from './yaml.ts';

export interface RoleSources {
  /** plans that are shipped: what they tell is known */
  readonly shipped: readonly Plan[];
  /** the site's own files that name roles */
  readonly files: readonly string[];
  /** undefined: the site has no contacts, and each role is told over MQTT alone */
  readonly people: readonly Person[] | undefined;
}

/** Warns of each unknown role at its first place in each file, and gives them all. */
export function warnOfUnknownRoles(sources: RoleSources, faults: FaultList): ReadonlySet<string> {
  const { shipped, files, people } = sources;
  const told = new Set<string>();
  if (files.length === 0) return told;
  const known = new Set(['finder', ...rolesOf(shipped).keys()]);
  for (const { roles } of people ?? []) for (const role of roles) known.add(role);
  for (const file of files) {
    // its faults have been told when it was loaded
    const tree = readTree(file, faultList(file));
    for (const [role, place] of tree === undefined ? [] : rolesIn(tree)) {
      if (known.has(role)) continue;
      const near = nearest(role, known);
      if (near !== undefined) faults.warn(place, `unknown role \`${role}\``, `did you mean \`${near}\`?`);
      else if (people !== undefined)
        faults.warn(place, `role \`${role}\` has nobody`, 'give the role to a person in the contacts');
      else continue;
      told.add(role);
    }
  }
  return told;
}

const keysOfRoles: readonly (string | number | undefined)[] = ['to', 'role'];

/** Each role that stands under such a key, with its first place. */
function rolesIn(tree: Tree): ReadonlyMap<string, Place> {
  const found = new Map<string, Place>();
  const look = (value: unknown, path: Path): void => {
    if (typeof value === 'string') {
      const key = path.findLast((part) => typeof part === 'string');
      if (keysOfRoles.includes(key) && !found.has(value)) found.set(value, tree.valueAt(path));
    } else if (Array.isArray(value))
      for (const [index, each] of value.entries()) look(each, [...path, index]);
    else if (isMapping(value)) for (const [key, each] of Object.entries(value)) look(each, [...path, key]);
  };
  look(tree.value, []);
  return found;
}

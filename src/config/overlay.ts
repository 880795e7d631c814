// Puts sections of another file in place of those of a site file, as `replay --rules` does: faults in them name that
// other file. Knows no section's meaning.

import path from 'node:path';
import type { FaultList } from './faults.ts';
import type { Path, Tree } from './yaml.ts';

const sections = ['rules', 'plans'];

/** The site's tree with the sections of `over`; all others of the site stay. Faults for any other section. */
export function withSections(site: Tree, over: Tree, faults: FaultList): Tree {
  const given = Object.keys(over.value);
  for (const key of given) {
    if (sections.includes(key)) continue;
    faults.fault(
      over.keyAt([key]),
      `\`${key}\` can't be tried out`,
      `only ${sections.map((one) => `\`${one}\``).join(' and ')} stand here; the rest is the site's`,
    );
  }
  const taken = new Set(given.filter((key) => sections.includes(key)));
  const value = { ...site.value };
  for (const key of taken) value[key] = over.value[key];
  // a folder is named from where it is written
  if (typeof over.value.plans === 'string')
    value.plans = path.resolve(path.dirname(over.file), over.value.plans);
  const of = (at: Path): Tree => (taken.has(String(at[0])) ? over : site);
  const isTaken = (dotted: string): boolean => taken.has(dotted.split('.')[0]!);
  const kept = (mine: ReadonlySet<string>, theirs: ReadonlySet<string>): Set<string> =>
    new Set([...[...mine].filter((one) => !isTaken(one)), ...[...theirs].filter(isTaken)]);
  return {
    file: site.file,
    value,
    secrets: [...site.secrets, ...over.secrets].filter(
      (secret, index) => index >= site.secrets.length === taken.has(String(secret.path[0])),
    ),
    overridden: kept(site.overridden, over.overridden),
    hidden: kept(site.hidden, over.hidden),
    unresolved: kept(site.unresolved, over.unresolved),
    keyAt: (at) => of(at).keyAt(at),
    valueAt: (at) => of(at).valueAt(at),
    insideAt: (at, offset) => of(at).insideAt(at, offset),
  };
}

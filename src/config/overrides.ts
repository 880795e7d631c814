// Values put over a parsed site file from outside (command line, tests), by dotted path, before it is checked.

import type { FaultList } from './faults.ts';
import { isMapping, type Mapping, type Tree } from './yaml.ts';

const pathForm = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** Puts the values in; maps on the way are made where they are missing. */
export function applyOverrides(
  tree: Tree,
  overrides: Readonly<Record<string, unknown>>,
  faults: FaultList,
): void {
  for (const [dotted, value] of Object.entries(overrides)) {
    const path = dotted.split('.');
    if (!pathForm.test(dotted) || path.includes('__proto__')) {
      faults.fault(
        tree.keyAt([]),
        `\`${dotted}\` is not a path to put a value at`,
        'write it like buses.line1.port',
      );
      continue;
    }
    let holder: Mapping = tree.value;
    for (const key of path.slice(0, -1)) {
      if (!Object.hasOwn(holder, key) || !isMapping(holder[key])) holder[key] = {};
      holder = holder[key] as Mapping;
    }
    holder[path.at(-1)!] = value;
    tree.overridden.add(dotted);
  }
}

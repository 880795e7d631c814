// What the loading of one site file shares between its steps, and the few things that each step does: walk a
// section, look up a reference, leave out what is undefined.

import type { Driver } from '../driver.ts';
import type { FaultList, Place } from './faults.ts';
import { partOf, type Where } from './issues.ts';
import { suggestion } from './nearest.ts';
import type { Parts } from './schema.ts';
import { idForm, idTodo } from './values.ts';
import { show } from './words.ts';
import { isMapping, type Mapping, type Tree } from './yaml.ts';

export interface Context {
  readonly tree: Tree;
  readonly faults: FaultList;
  readonly parts: Parts;
  readonly drivers: ReadonlyMap<string, Driver>;
}

export interface Section {
  readonly id: string;
  readonly raw: unknown;
  readonly where: Where;
}

/** The entries of a top-level section, their ids checked. None where the section is missing or no map. */
export function entries(context: Context, name: string): Section[] {
  const { tree, faults } = context;
  return mapEntries(tree.value[name], partOf(tree, [name]), name, faults).map(({ id, raw }) => ({
    id,
    raw,
    where: partOf(tree, [name, id]),
  }));
}

/** The same for a map inside an entry, such as `points`. */
export function mapEntries(
  raw: unknown,
  where: Where,
  name: string,
  faults: FaultList,
): { readonly id: string; readonly raw: unknown }[] {
  if (raw === undefined || raw === null) return [];
  if (!isMapping(raw)) {
    faults.fault(where.value([]), `\`${name}\`: ${show(raw)} is not a map`, 'write `id: { … }` for each');
    return [];
  }
  return Object.entries(raw).map(([id, value]) => {
    if (!idForm.test(id)) faults.fault(where.key([id]), `${show(id)} is not an id`, idTodo(id));
    return { id, raw: value };
  });
}

/** Is this id known? Else a fault at the place, with the nearest. */
export function refers(
  faults: FaultList,
  noun: string,
  id: string | undefined,
  known: ReadonlySet<string> | ReadonlyMap<string, unknown>,
  place: () => Place,
): boolean {
  if (id === undefined || known.has(id)) return true;
  faults.fault(
    place(),
    `unknown ${noun} \`${id}\``,
    suggestion(id, known.keys(), `add it under \`${noun === 'bus' ? 'buses' : `${noun}s`}\``),
  );
  return false;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The same object without the keys that are undefined. */
export function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** The values of these keys alone. */
export function pick(object: Mapping, keys: object): Mapping {
  return Object.fromEntries(
    Object.keys(keys).flatMap((key) => (object[key] === undefined ? [] : [[key, object[key]]])),
  );
}

// Checks a part of a file against its schema and turns what Zod finds into faults at the right places, going on
// with what is sound. Knows nothing of what the parts mean. Messages of schemas read `what; what to do`.

import * as z from 'zod';
import type { FaultList, Place } from './faults.ts';
import { suggestion } from './nearest.ts';
import { show } from './words.ts';
import { isMapping, type Mapping, type Path, type Tree } from './yaml.ts';

/** Where the keys and values of a part stand: paths count from the part's own top. */
export interface Where {
  /** what the part is called in faults, such as `devices.gas1` */
  readonly name: string;
  key(path: Path): Place;
  value(path: Path): Place;
  /** the value is a secret: not to be shown */
  hidden(path: Path): boolean;
  /** the value is a secret that was not found: already a fault */
  unresolved(path: Path): boolean;
  /** the value was put in from outside the file */
  overridden(path: Path): boolean;
}

/** The part of a tree that begins at this path. */
export function partOf(tree: Tree, base: Path): Where {
  const full = (path: Path): string => [...base, ...path].join('.');
  return {
    name: base.join('.'),
    key: (path) => tree.keyAt([...base, ...path]),
    value: (path) => tree.valueAt([...base, ...path]),
    hidden: (path) => tree.hidden.has(full(path)),
    unresolved: (path) => tree.unresolved.has(full(path)),
    overridden: (path) => {
      const whole = [...base, ...path];
      return whole.some((_, index) => tree.overridden.has(whole.slice(0, index + 1).join('.')));
    },
  };
}

/** Warns of a password or a key that stands in the file itself, where a backup and whoever helps would see it. */
export function warnOfPlain(
  value: unknown,
  where: Where,
  key: string,
  name: string,
  faults: FaultList,
): void {
  if (typeof value !== 'string' || where.hidden([key]) || where.overridden([key])) return;
  faults.warn(
    where.value([key]),
    `\`${key}\` stands here for everybody to read`,
    `write \`${key}: !secret ${name}\`, and put it into the secrets file`,
  );
}

/** Keys whose values are never repeated in a fault, whoever wrote them in plain text. */
const neverShown = new Set(['password', 'cert', 'key', 'secret', 'token']);

function valueAt(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const part of path) value = (value as Record<string | number, unknown> | undefined | null)?.[part];
  return value;
}

function unwrap(schema: unknown): unknown {
  let inner = schema;
  for (;;) {
    if (inner instanceof z.ZodPipe) inner = inner.in;
    else if (
      inner instanceof z.ZodOptional ||
      inner instanceof z.ZodNullable ||
      inner instanceof z.ZodDefault ||
      inner instanceof z.ZodPrefault ||
      inner instanceof z.ZodReadonly
    )
      inner = inner.unwrap();
    else return inner;
  }
}

/** The keys that a schema knows at this path. */
function knownKeys(schema: unknown, path: Path): string[] {
  let inner = unwrap(schema);
  for (const part of path) {
    if (inner instanceof z.ZodObject) inner = unwrap(inner.shape[part]);
    else if (inner instanceof z.ZodRecord) inner = unwrap(inner.valueType);
    else if (inner instanceof z.ZodArray) inner = unwrap(inner.element);
    else return [];
  }
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

const expectations: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map of keys and values',
  record: 'a map of keys and values',
  array: 'a list',
};

type Issue = z.core.$ZodIssue;

function hasOwnWords(issue: Issue): boolean {
  return issue.code === 'custom' || !/^(Invalid|Too |Unrecognized)/.test(issue.message);
}

/** The key at the end of a path, for a fault; of a list the item, counted from one. */
function nameOf(path: Path): string {
  const last = path.at(-1);
  if (typeof last !== 'number') return `\`${last}\``;
  const list = path.findLast((part) => typeof part !== 'number');
  return list === undefined ? `item ${last + 1}` : `\`${list}\` item ${last + 1}`;
}

/** The same for the name of a part, such as `devices.gas1` or `notify.0`. */
function nameOfPart(name: string): string {
  const item = /^(.+)\.(\d+)$/.exec(name);
  return item === null ? `\`${name}\`` : `\`${item[1]}\` item ${Number(item[2]) + 1}`;
}

/** What is wrong and what to do, without the key's name; `shown` is the value as it may be shown. */
function wordsOf(issue: Issue, value: unknown, shown: string): readonly [what: string, todo: string] {
  if (hasOwnWords(issue)) {
    const cut = issue.message.indexOf('; ');
    return cut < 0
      ? [issue.message, 'correct the value']
      : [issue.message.slice(0, cut), issue.message.slice(cut + 2)];
  }
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = expectations[issue.expected] ?? issue.expected;
      if (typeof value === 'number' && issue.expected === 'string') {
        return [`${shown} is a number, not a text`, 'put it in quotes'];
      }
      if (typeof value === 'number' && issue.expected === 'int')
        return [`${shown} is not a whole number`, `write ${wanted}`];
      return [`${shown} is not ${wanted}`, `write ${wanted}`];
    }
    case 'invalid_value': {
      const known = issue.values.map(String);
      return [`${shown} is not possible here`, suggestion(shown.replaceAll('`', ''), known, 'remove it')];
    }
    case 'too_small':
      if (issue.origin === 'string') return ['is empty or too short', 'write more'];
      if (issue.origin === 'array')
        return ['the list is empty or too short', `write at least ${issue.minimum} of them`];
      return [
        `${shown} is too small`,
        `write ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`,
      ];
    case 'too_big':
      if (issue.origin === 'string' || issue.origin === 'array')
        return ['is too long', `write at most ${issue.maximum}`];
      return [`${shown} is too large`, `write ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`];
    case 'not_multiple_of':
      return [`${shown} is not a multiple of ${issue.divisor}`, 'correct the number'];
    default:
      return [`${shown} is not possible here`, 'see the documentation of this key'];
  }
}

/** The issues of the branch that was most likely meant, where a union has no words of its own. */
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union' || hasOwnWords(issue)) return [issue];
  const deep = issue.errors.filter((branch) =>
    branch.some((inner) => inner.path.length > 0 || hasOwnWords(inner)),
  );
  const branch = deep.sort((a, b) => a.length - b.length)[0];
  if (branch === undefined) return [issue];
  return branch.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] } as Issue));
}

function report(schema: z.ZodType, raw: unknown, given: Issue, where: Where, faults: FaultList): void {
  for (const issue of flatten(given)) {
    const path = issue.path as (string | number)[];
    const key = path.at(-1);
    const inPart = where.name === '' ? '' : ` of ${nameOfPart(where.name)}`;
    const note = (at: Path): string => (where.overridden(at) ? ' (set from outside the file)' : '');
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeys(schema, path);
      for (const word of issue.keys) {
        const at = [...path, word];
        faults.fault(
          where.key(at),
          `unknown key \`${word}\`${note(at)}`,
          suggestion(word, known, 'remove it'),
        );
      }
      continue;
    }
    if (where.unresolved(path)) continue;
    const value = valueAt(raw, path);
    const named = key === undefined ? nameOfPart(where.name || 'file') : nameOf(path);
    if (value === undefined && key !== undefined) {
      const parent = path.slice(0, -1);
      const owner = parent.length > 0 ? ` of ${nameOf(parent)}` : inPart;
      faults.fault(where.key(parent), `${named}${owner} is missing`, `add \`${key}: …\``);
      continue;
    }
    const secret = where.hidden(path) || neverShown.has(String(key));
    const [what, todo] = wordsOf(issue, value, secret ? 'the value' : show(value));
    faults.fault(where.value(path), `${named}${note(path)}: ${what}`, todo);
  }
}

export interface Checked<T> {
  readonly value: T;
  /** false: some keys were wrong and are left out of the value */
  readonly sound: boolean;
  /** false: keys that must be there are left out as well; only with `lenient` */
  readonly whole: boolean;
}

/**
 * Checks a part. Keys at fault are left out and the rest is tried again, so that other checks can go on;
 * undefined where nothing can be made of it. With `lenient` even keys that must be there may be left out.
 */
export function check<S extends z.ZodType>(
  schema: S,
  raw: unknown,
  where: Where,
  faults: FaultList,
  lenient = false,
): Checked<z.output<S>> | undefined {
  const first = schema.safeParse(raw);
  if (first.success) return { value: first.data, sound: true, whole: true };
  for (const issue of first.error.issues) report(schema, raw, issue, where, faults);
  if (!isMapping(raw)) return undefined;
  const rest: Mapping = { ...raw };
  for (const issue of first.error.issues) {
    if (issue.path.length > 0) delete rest[String(issue.path[0])];
    else if (issue.code === 'unrecognized_keys') for (const key of issue.keys) delete rest[key];
    else return undefined;
  }
  const again = schema.safeParse(rest);
  if (again.success) return { value: again.data, sound: false, whole: true };
  if (!lenient || !(schema instanceof z.ZodObject)) return undefined;
  const some = schema.partial().safeParse(rest);
  return some.success ? { value: some.data as z.output<S>, sound: false, whole: false } : undefined;
}

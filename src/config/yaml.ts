// Turns one YAML file into plain data that still knows its places: where each key and value stands, and
// which values are `!secret`. Knows nothing of what keys mean.

import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { FaultList, Place } from './faults.ts';
import { readText } from './files.ts';
import { syntaxWords } from './syntax.ts';

export type Path = readonly (string | number)[];
export type Mapping = Record<string, unknown>;

/** Stands in the data where a `!secret name` stands in the file, until it is resolved. */
export class SecretMark {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export interface SecretUse {
  readonly path: Path;
  readonly mark: SecretMark;
  readonly holder: Mapping | unknown[];
  readonly key: string | number;
}

export interface Tree {
  readonly file: string;
  readonly value: Mapping;
  readonly secrets: readonly SecretUse[];
  /** dotted paths of values that came from outside the file */
  readonly overridden: Set<string>;
  /** dotted paths of values that are never shown, because they are secrets */
  readonly hidden: Set<string>;
  /** dotted paths of secrets that were not found: already a fault, so their absence is not another one */
  readonly unresolved: Set<string>;
  /** The key at this path, or its nearest ancestor that stands in the file. */
  keyAt(path: Path): Place;
  /** The value at this path, or the nearest that stands in the file. */
  valueAt(path: Path): Place;
  /** The place of the character `offset` inside the string at this path. */
  insideAt(path: Path, offset: number): Place;
}

const mostNodes = 100_000;
const mostAliases = 100;
const mostDepth = 60;

export const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof SecretMark);

class Refused extends Error {}

/** Reads and parses a file whose top is a mapping; undefined after a fault. */
export function readTree(file: string, faults: FaultList, from?: Place, quiet = false): Tree | undefined {
  const text = readText(file, faults, from);
  return text === undefined ? undefined : parseTree(file, text, faults, quiet);
}

/** The same from text. With `quiet` nothing of the text is repeated in faults (a file of secrets). */
export function parseTree(file: string, text: string, faults: FaultList, quiet = false): Tree | undefined {
  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.max(0, offset));
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      prettyErrors: false,
      uniqueKeys: false,
      lineCounter: lines,
      customTags: [{ tag: '!secret', resolve: (name: string) => name }],
    });
  } catch {
    faults.fault(
      { file, line: 1, column: 1 },
      'this is nested too deeply',
      'check that it is the right file',
    );
    return undefined;
  }
  const wrong = document.errors[0] ?? document.warnings[0];
  if (wrong !== undefined) {
    faults.fault(place(wrong.pos[0]), ...syntaxWords(wrong.code));
    return undefined;
  }
  const root = document.contents as Node | null;
  if (root === null || (isScalar(root) && root.value === null)) {
    faults.fault({ file, line: 1, column: 1 }, 'the file is empty', 'write keys and values, such as `id: …`');
    return undefined;
  }
  if (!isMap(root)) {
    faults.fault(
      place(root.range?.[0] ?? 0),
      'the file is not a mapping',
      'begin it with a key, such as `id: …`',
    );
    return undefined;
  }

  let nodes = 0;
  let aliases = 0;
  const secrets: SecretUse[] = [];
  const refuse = (node: Node, what: string, todo: string): never => {
    faults.fault(place(node.range?.[0] ?? 0), what, todo);
    throw new Refused();
  };
  const convert = (given: Node | null, path: Path, holder: Mapping | unknown[]): unknown => {
    nodes += 1;
    if (given === null) return null;
    if (nodes > mostNodes) refuse(given, `more than ${mostNodes} values`, 'check that it is the right file');
    if (path.length > mostDepth)
      refuse(given, 'nested too deeply, or an alias inside itself', 'write it flatter');
    if (isAlias(given)) {
      aliases += 1;
      if (aliases > mostAliases)
        refuse(given, `more than ${mostAliases} aliases, followed to the end`, 'write the values out');
      const target = given.resolve(document);
      if (target === undefined)
        return refuse(given, 'an alias to nothing', 'put text that begins with `*` in quotes');
      return convert(target, path, holder);
    }
    if (isSeq(given)) {
      const list: unknown[] = [];
      for (const [index, item] of given.items.entries())
        list.push(convert(item as Node | null, [...path, index], list));
      return list;
    }
    if (isMap(given)) {
      const mapping: Mapping = {};
      const seen = new Map<string, number>();
      for (const pair of given.items) {
        const key = pair.key as Node | null;
        if (!isScalar(key) || key.value === null || key.tag === '!secret') {
          refuse(key?.range == null ? given : key, 'a key must be a plain word', 'write `key: value`');
          continue;
        }
        const word = String(key.value);
        // lines of a password file and the like, whose end reads as a key; never repeated in a fault
        if (key.type === 'PLAIN' && word.includes(':'))
          refuse(
            key,
            'a key holds a colon',
            'check that it is the right file; put a key that is meant so in quotes',
          );
        const first = seen.get(word);
        const at = place(key.range?.[0] ?? 0);
        if (first !== undefined) {
          const shown = quiet ? 'this key' : `key \`${word}\``;
          faults.fault(at, `${shown} stands here twice, first on line ${first}`, 'keep one of them');
        } else if (word === '__proto__') {
          refuse(key, 'a key can have any name but this one', 'choose another name');
        }
        seen.set(word, at.line);
        mapping[word] = convert(pair.value as Node | null, [...path, word], mapping);
      }
      return mapping;
    }
    if (isScalar(given)) {
      if (given.tag !== '!secret') {
        // bytes, dates and the like, which the parser makes of tags that it knows by itself
        if (typeof given.value === 'object' && given.value !== null)
          refuse(given, ...syntaxWords('TAG_RESOLVE_FAILED'));
        return given.value;
      }
      const mark = new SecretMark(String(given.value));
      secrets.push({ path, mark, holder, key: path.at(-1)! });
      return mark;
    }
    return null;
  };
  let value: Mapping;
  try {
    value = convert(root, [], []) as Mapping;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
  return {
    file,
    value,
    secrets,
    overridden: new Set(),
    hidden: new Set(),
    unresolved: new Set(),
    ...places(),
  };

  function places(): Pick<Tree, 'keyAt' | 'valueAt' | 'insideAt'> {
    const offsetOf = (node: Node | null | undefined): number | undefined => node?.range?.[0];
    /** the key and the value at a path, as far down as it goes */
    const find = (path: Path): { key: Node | null; value: Node | null; whole: boolean } => {
      let key: Node | null = null;
      let value: Node | null = root;
      for (const part of path) {
        let inside: Node | null | undefined = value;
        if (isAlias(inside)) inside = inside.resolve(document);
        if (isMap(inside)) {
          const pair = inside.items.findLast(
            (item) => isScalar(item.key) && String(item.key.value) === String(part),
          );
          if (pair === undefined) return { key, value, whole: false };
          key = pair.key as Node;
          value = pair.value as Node | null;
        } else if (isSeq(inside) && inside.items[Number(part)] != null) {
          key = inside.items[Number(part)] as Node;
          value = key;
        } else return { key, value, whole: false };
      }
      return { key, value, whole: true };
    };
    return {
      keyAt(path) {
        const { key, value } = find(path);
        return place(offsetOf(key) ?? offsetOf(value) ?? 0);
      },
      valueAt(path) {
        const { key, value, whole } = find(path);
        return place((whole ? offsetOf(value) : undefined) ?? offsetOf(key) ?? offsetOf(value) ?? 0);
      },
      insideAt(path, offset) {
        const { value, whole } = find(path);
        if (!whole || !isScalar(value) || !value.range || typeof value.value !== 'string')
          return this.valueAt(path);
        return place(sourceOffset(text, value.range, value.type ?? 'PLAIN', value.value, offset));
      },
    };
  }
}

/** Follows the characters of a string to where they stand in the source; folds and indents are skipped. */
function sourceOffset(
  text: string,
  range: readonly [number, number, number],
  type: string,
  value: string,
  offset: number,
): number {
  let at = range[0];
  if (type.startsWith('QUOTE')) at += 1;
  if (type.startsWith('BLOCK')) at = text.indexOf('\n', at) + 1 || range[1];
  let left = value.slice(0, offset).replace(/\s/g, '').length;
  const end = range[1];
  const skipSpace = (): void => {
    while (at < end && /\s/.test(text[at]!)) at += 1;
  };
  skipSpace();
  while (left > 0 && at < end) {
    const pair =
      (type === 'QUOTE_DOUBLE' && text[at] === '\\') || (type === 'QUOTE_SINGLE' && text[at] === "'");
    at += pair ? 2 : 1;
    left -= 1;
    skipSpace();
  }
  return Math.min(at, Math.max(range[0], end - 1));
}

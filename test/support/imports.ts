// Reads the import graph of the source tree: which file names which, by value or as a type only, and which
// packages it wants. Works on text; a file that is not there is reported by the compiler, not here.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export interface Import {
  /** path from the root of the checkout, such as `src/core/engine.ts` */
  readonly from: string;
  /** the same for a file of ours, otherwise the package's name as written */
  readonly to: string;
  readonly ours: boolean;
  readonly typeOnly: boolean;
  /** `await import(…)`: not a part of loading the file */
  readonly late: boolean;
}

const statement = /(?:^|\n)\s*(import|export)\s+(type\s+)?([^;'"]*?\sfrom\s+)?['"]([^'"]+)['"]/g;
const lateImport = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

export function sourcesUnder(root: string, ...folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => normalize(join(folder, name))),
  );
}

/** The text without comments, so that what is written about imports is none. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/[^\n]*/g, '$1');
}

export function importsIn(from: string, text: string): Import[] {
  const plain = withoutComments(text);
  const resolved = (given: string) => ({
    to: given.startsWith('.') ? normalize(join(dirname(from), given)) : given,
    ours: given.startsWith('.'),
  });
  const found: Import[] = [];
  for (const [, , type, names = '', given] of plain.matchAll(statement)) {
    // `import { type A, type B } from` loads nothing that a type-only import would not.
    const braces = /^\{([^}]*)\}/.exec(names.trim())?.[1];
    const allTypes =
      braces?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) ?? false;
    found.push({ from, ...resolved(given!), typeOnly: type !== undefined || allTypes, late: false });
  }
  for (const [, given] of plain.matchAll(lateImport))
    found.push({ from, ...resolved(given!), typeOnly: false, late: true });
  return found;
}

export function importsOf(root: string, ...folders: readonly string[]): Import[] {
  return sourcesUnder(root, ...folders).flatMap((file) =>
    importsIn(file, readFileSync(join(root, file), 'utf8')),
  );
}

/** A ring of files that need each other to be loaded, or undefined. */
export function ringIn(imports: readonly Import[]): string[] | undefined {
  const next = new Map<string, string[]>();
  for (const { from, to, ours, typeOnly, late } of imports) {
    if (ours && !typeOnly && !late) next.set(from, [...(next.get(from) ?? []), to]);
  }
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const to of next.get(file) ?? []) {
      const ring = walk(to, [...way, file]);
      if (ring) return ring;
    }
    done.add(file);
    return undefined;
  };
  for (const file of next.keys()) {
    const ring = walk(file, []);
    if (ring) return ring;
  }
  return undefined;
}

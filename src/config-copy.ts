// The site's files as they go into a copy and come back out of one. Secrets stay at home: their file and private keys
// are left out, and what is written out in the site file is put down as a name. Knows files, not what runs.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, isScalar, parseDocument, type Scalar } from 'yaml';
import type { Config } from './config/types.ts';
import { shippedConfig } from './lib/assets.ts';
import { fileDate } from './lib/file-date.ts';
import { type ConfigFile, type ConfigFiles, isInside } from './store/config-files.ts';

export interface CollectedConfig extends ConfigFiles {
  /** files that the site needs and that are not in the copy, because they lie outside of its folder */
  readonly outside: readonly string[];
}

/** @param files absolute paths of all that was read for the site, the secrets file among them */
export function collectConfig(siteFile: string, files: readonly string[]): CollectedConfig {
  const folder = path.dirname(siteFile);
  const secrets = path.resolve(folder, secretsName(readFileSync(siteFile, 'utf8')));
  const collected: ConfigFile[] = [];
  const outside: string[] = [];
  for (const file of new Set([siteFile, ...files])) {
    if (file === secrets || file.startsWith(`${shippedConfig}${path.sep}`)) continue;
    const name = path.relative(folder, file);
    if (!isInside(name)) {
      outside.push(file);
      continue;
    }
    const body = file === siteFile ? withoutSecrets(readFileSync(file)) : readFileSync(file);
    if (!body.includes('PRIVATE KEY-----')) collected.push({ name, body });
  }
  return { site: path.basename(siteFile), files: collected, outside };
}

/** The floor plans and their pictures as they are now: the console may have written some since the site was read. */
export function floorFiles({ console }: Pick<Config, 'console'>): string[] {
  if (console === undefined) return [];
  try {
    return readdirSync(console.floors, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^[a-z][a-z0-9_]*\.(?:yaml|svg|png)$/.test(entry.name))
      .map(({ name }) => path.join(console.floors, name));
  } catch {
    return [];
  }
}

function secretsName(text: string): string {
  const found = parseDocument(text, { logLevel: 'silent' }).get('secrets');
  return typeof found === 'string' ? found : 'secrets.yaml';
}

/** Where the schema has secrets; `*` is any key. */
const secretPaths: readonly (readonly string[])[] = [
  ['mqtt', 'password'],
  ['mqtt', 'key'],
  ['console', 'metricsToken'],
  ['buses', '*', 'password'],
  ['channels', '*', 'password'],
  ['channels', '*', 'secret'],
  ['channels', '*', 'url'],
  ['channels', '*', 'headers', '*'],
];

/** The same text with `!secret name` in the place of each secret that is written out. */
function withoutSecrets(body: Buffer): Buffer {
  let text = body.toString('utf8');
  const document = parseDocument(text, { logLevel: 'silent' });
  const found = secretPaths.flatMap((wanted) => scalarsAt(document.contents, wanted, []));
  // from the end, so that the places before it stay where they are
  for (const { node, name } of found.sort((a, b) => b.node.range![0] - a.node.range![0])) {
    const [from, to] = node.range!;
    text = `${text.slice(0, from)}!secret ${name}${text.slice(from, to).endsWith('\n') ? '\n' : ''}${text.slice(to)}`;
  }
  return Buffer.from(text);
}

function scalarsAt(
  node: unknown,
  wanted: readonly string[],
  walked: readonly string[],
): { node: Scalar; name: string }[] {
  const [key, ...rest] = wanted;
  if (key === undefined) {
    const isPath = walked.at(-1) === 'key' && isScalar(node) && !String(node.value).includes('-----BEGIN');
    if (!isScalar(node) || node.tag === '!secret' || !node.range || isPath) return [];
    return [{ node, name: walked.join('_').replaceAll(/[^A-Za-z0-9_.-]/g, '_') }];
  }
  if (!isMap(node)) return [];
  return node.items.flatMap((pair) => {
    const name = String(isScalar(pair.key) ? pair.key.value : pair.key);
    return key === '*' || key === name ? scalarsAt(pair.value, rest, [...walked, name]) : [];
  });
}

/** Undoes what `putConfig` did. */
export interface PutBack {
  /** names that were written */
  readonly written: readonly string[];
  undo(): void;
}

/**
 * Writes the files that differ from those that are there; what was there is kept beside as `….before-restore-DATE`.
 * Errors are the system's, and then nothing is changed.
 *
 * @param siteFile where the site file goes; the others go by its folder
 */
export function putConfig(given: ConfigFiles, siteFile: string, wallMs: number): PutBack {
  const date = fileDate(wallMs);
  const undo: (() => void)[] = [];
  const undoAll = (): void => {
    for (const step of undo.splice(0).reverse()) step();
  };
  const written: string[] = [];
  try {
    for (const { name, body } of given.files) {
      const file = name === given.site ? siteFile : path.join(path.dirname(siteFile), name);
      if (isSame(file, body, name === given.site)) continue;
      put(file, body, date, undo);
      written.push(path.relative(path.dirname(siteFile), file));
    }
  } catch (error) {
    undoAll();
    throw error;
  }
  return { written, undo: undoAll };
}

function isSame(file: string, body: Buffer, isSite: boolean): boolean {
  if (!existsSync(file)) return false;
  const there = readFileSync(file);
  // a site file that differs in nothing but secrets is the same, and has them
  return there.equals(body) || (isSite && withoutSecrets(there).equals(body));
}

function put(file: string, body: Buffer, date: string, undo: (() => void)[]): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const fresh = `${file}.restore`;
  writeFileSync(fresh, body, { mode: 0o640 });
  if (existsSync(file)) {
    const kept = `${file}.before-restore-${date}`;
    renameSync(file, kept);
    undo.push(() => renameSync(kept, file));
  } else {
    undo.push(() => rmSync(file, { force: true }));
  }
  renameSync(fresh, file);
}

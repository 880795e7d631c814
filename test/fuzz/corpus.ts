// The inputs that are kept: corpus/TARGET/, one file each. An input that once broke a parser stays here for ever.
// Knows files, and no parser.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface Kept {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What is kept for a target, in order of name. */
export function keptOf(folder: string, target: string): Kept[] {
  const own = path.join(folder, target);
  if (!existsSync(own)) return [];
  return readdirSync(own)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map((name) => ({ name, bytes: Uint8Array.from(readFileSync(path.join(own, name))) }));
}

/** Writes an input that failed; gives the path of its file. */
export function keep(folder: string, target: string, bytes: Uint8Array): string {
  const own = path.join(folder, target);
  mkdirSync(own, { recursive: true });
  const name = `failed-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.bin`;
  writeFileSync(path.join(own, name), bytes);
  return path.join(own, name);
}

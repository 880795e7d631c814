// How two texts of a site file differ, in the words of its keys: a line for each value that is new, gone or another. Pure;
// knows nothing of what keys mean.

import { parseDocument } from 'yaml';

const most = 200;
const longest = 120;

/** What the second has that the first has not, and the other way round. */
export function differences(before: string, after: string): string[] {
  if (before === after) return [];
  const [one, other] = [plainOf(before), plainOf(after)];
  if (one === undefined || other === undefined) return ['the file is not YAML: a reload changes nothing'];
  const lines: string[] = [];
  compare(one, other, '', lines);
  if (lines.length === 0) return ['only comments, order or spaces differ'];
  if (lines.length > most) return [...lines.slice(0, most), `… and ${lines.length - most} more`];
  return lines;
}

function compare(before: unknown, after: unknown, place: string, lines: string[]): void {
  if (isMap(before) && isMap(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const at = place === '' ? key : `${place}.${key}`;
      if (!Object.hasOwn(after, key)) lines.push(`− ${at}: ${shown(before[key])}`);
      else if (!Object.hasOwn(before, key)) lines.push(`+ ${at}: ${shown(after[key])}`);
      else compare(before[key], after[key], at, lines);
    }
    return;
  }
  const [one, other] = [JSON.stringify(before), JSON.stringify(after)];
  if (one !== other) lines.push(`${place}: ${shown(before)} → ${shown(after)}`);
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function plainOf(text: string): unknown {
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    logLevel: 'silent',
    customTags: [{ tag: '!secret', resolve: (name: string) => `!secret ${name}` }],
  });
  if (document.errors.length > 0) return undefined;
  try {
    const plain: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
    // throws where an alias leads into itself
    JSON.stringify(plain);
    return plain;
  } catch {
    return undefined;
  }
}

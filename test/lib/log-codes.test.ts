// Every line of the log from `info` on has a code, and docs/log-codes.md has every code with its level, and no other: the
// sources are walked for calls of a log, with their brackets counted.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/lib/assets.ts';

type Level = 'info' | 'warn' | 'error' | 'fatal';

interface Call {
  readonly place: string;
  readonly level: Level;
  readonly text: string;
}

/** Calls whose fields are made elsewhere in their file, which is where these codes must stand. */
const elsewhere: Readonly<Record<string, readonly (readonly [Level, string])[]>> = {
  'src/commands/run-signals.ts': [
    ['fatal', 'UNCAUGHT_EXCEPTION'],
    ['fatal', 'UNHANDLED_REJECTION'],
    ['error', 'CONFIG'],
    ['warn', 'CONFIG'],
  ],
  'src/commands/run-teller.ts': [
    ['info', 'EVENT'],
    ['info', 'LINK'],
    ['warn', 'LINK'],
  ],
  'src/devices/session.ts': [['warn', 'LATE_ANSWER']],
  'src/lib/log.ts': [['warn', 'LOG_DROPPED']],
};
/** Hands on what others log. */
const handsOn = ['src/devices/log-limit.ts'];

/** From an opening bracket to its closing one; brackets within quotes are no brackets. */
function bracketed(source: string, from: number): string {
  let depth = 0;
  let quote: string | undefined;
  for (let at = from; at < source.length; at += 1) {
    const sign = source[at]!;
    if (quote !== undefined) {
      if (sign === '\\') at += 1;
      else if (sign === quote) quote = undefined;
    } else if (`'"\``.includes(sign)) quote = sign;
    else if (sign === '(') depth += 1;
    else if (sign === ')') {
      depth -= 1;
      if (depth === 0) return source.slice(from, at + 1);
    }
  }
  throw new Error(`no end of: ${source.slice(from, from + 80)}`);
}

function callsIn(file: string, source: string): Call[] {
  return [...source.matchAll(/\b(?:log|line)\.(info|warn|error|fatal)\(/g)].map((match) => ({
    place: `${file}:${source.slice(0, match.index).split('\n').length}`,
    level: match[1] as Level,
    text: bracketed(source, match.index + match[0].length - 1),
  }));
}

/** `code: 'A'` and `code: which ? 'A' : 'B'` */
function codesIn({ text }: Call): string[] {
  const found = /\bcode: ([^,}]+)/.exec(text)?.[1] ?? '';
  return [...found.matchAll(/'([A-Z][A-Z0-9_]+)'/g)].map((match) => match[1]!);
}

const sources = ['src', 'drivers'].flatMap((folder) =>
  readdirSync(path.join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith(path.join('console', 'page')))
    .map((name) => {
      const file = path.join(folder, name);
      return [file, readFileSync(path.join(packageRoot, file), 'utf8')] as const;
    }),
);
const calls = sources.flatMap(([file, source]) => callsIn(file, source));
const fileOf = ({ place }: Call): string => place.split(':')[0]!;

const logged = new Map<string, Set<Level>>();
function note(code: string, level: Level): void {
  logged.set(code, (logged.get(code) ?? new Set()).add(level));
}
for (const call of calls) for (const code of codesIn(call)) note(code, call.level);
for (const codes of Object.values(elsewhere)) for (const [level, code] of codes) note(code, level);

describe('the sources', () => {
  test('are walked', () => {
    expect(calls.length).toBeGreaterThan(110);
    expect(callsIn('x', `log.warn({ code: 'A_B', f: g(')') }, 'one)')`)).toEqual([
      { place: 'x:1', level: 'warn', text: `({ code: 'A_B', f: g(')') }, 'one)')` },
    ]);
  });

  test('log nothing without a code', () => {
    const bare = calls.filter(
      (call) => codesIn(call).length === 0 && !handsOn.includes(fileOf(call)) && !elsewhere[fileOf(call)],
    );
    expect(bare.map(({ place, text }) => `${place} ${text}`)).toEqual([]);
  });

  test('have in the few other files what is said of them', () => {
    for (const [file, codes] of Object.entries(elsewhere)) {
      const source = sources.find(([name]) => name === file)![1];
      for (const [, code] of codes) expect(source, `${file} ${code}`).toContain(`'${code}'`);
      const bare = calls.filter((call) => fileOf(call) === file && codesIn(call).length === 0);
      expect(bare.length, file).toBeLessThanOrEqual(codes.length);
    }
  });
});

test('docs/log-codes.md has each code with its levels, once, and no other', () => {
  const text = readFileSync(path.join(packageRoot, 'docs/log-codes.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \| ([a-z, ]+) \| (.+) \| (.*)\|$/gm)];
  const documented = rows.map(([, code, levels]) => `${code} ${levels!.split(', ').sort().join(', ')}`);
  expect(new Set(rows.map(([, code]) => code)).size).toBe(rows.length);
  expect(documented.sort()).toEqual(
    [...logged].map(([code, levels]) => `${code} ${[...levels].sort().join(', ')}`).sort(),
  );
});

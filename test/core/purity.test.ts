// The engine must not know the time, chance, the process or the network but by its inputs: its text is searched
// for every door to them, and the same inputs twice must give the very same effects.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duel } from '../support/duel.ts';
import { build, genes } from '../support/generated.ts';
import { importsOf, sourcesUnder, withoutComments } from '../support/imports.ts';

const root = new URL('../..', import.meta.url).pathname;
const doors: Readonly<Record<string, RegExp>> = {
  'Date.now': /\bDate\s*\.\s*now\b/,
  'a date of this moment': /\bnew\s+Date\s*(\(\s*\)|(?!\s*\())|\bDate\(\s*\)/,
  chance: /\bMath\s*\.\s*random\b|\bcrypto\b|\brandomUUID\b/,
  'a clock': /\bperformance\b|\bhrtime\b/,
  'a timer': /\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bnextTick\b/,
  waiting: /\basync\b|\bawait\b|\bPromise\b/,
  'the process': /\bprocess\s*\.|\bglobalThis\b|\bconsole\s*\./,
  'the language of the machine': /\bIntl\b|\btoLocale\w*\b|\blocaleCompare\b/,
};

describe('the engine', () => {
  const files = sourcesUnder(root, 'src/core');

  it('is there to be searched', () => {
    expect(files).toContain('src/core/engine.ts');
    expect(files.length).toBeGreaterThan(10);
  });

  it.each(Object.entries(doors))('has no door to %s', (_name, door) => {
    expect(
      files.filter((file) => door.test(withoutComments(readFileSync(join(root, file), 'utf8')))),
    ).toEqual([]);
  });

  it('imports only itself and the language of conditions', () => {
    const wanted = importsOf(root, 'src/core').map(({ to }) => to);
    expect(wanted.filter((to) => !to.startsWith('src/core/') && to !== '@marcbachmann/cel-js')).toEqual([]);
  });

  it.each([
    ['Date.now', 'const at = Date.now();'],
    ['a date of this moment', 'new Date()'],
    ['a date of this moment', 'const d = new Date;'],
    ['chance', 'Math.random()'],
    ['a clock', 'performance.now()'],
    ['a timer', 'setTimeout(run, 5)'],
    ['waiting', 'async function run() {}'],
    ['the process', 'process.env.HOME'],
    ['the language of the machine', 'value.toLocaleString()'],
  ])('a door to %s would be seen: %s', (name, text) => {
    expect(doors[name]!.test(text)).toBe(true);
    expect(doors[name]!.test('new Date(at.wallMs).toISOString()')).toBe(false);
  });

  it('gives the same effects for the same inputs', () => {
    fc.assert(
      fc.property(genes, (made) => {
        const [first, second] = [0, 1].map(() => {
          const effects: string[] = [];
          duel(build(made), {}, (one) =>
            effects.push(JSON.stringify({ ...one, incidents: [...one.incidents], points: [...one.points] })),
          );
          return effects;
        });
        expect(second).toEqual(first);
      }),
      { numRuns: 100 },
    );
  });
});

// The proof that the simulation can fail: each bug of the list, planted into the sources and bundled, is found in the first
// hours of its day; and with none of them planted the same hours find nothing.

import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { bundle } from './bundle.mjs';
import { mutants } from './mutants.ts';
import { simulateApart } from './process.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const folder = path.join(root, '.cache', 'simulation', `mutants-${process.pid}`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** not quite the first three hours of a day */
const asked = (seed: number): string[] => ['--seed', String(seed), '--days', '0.12', '--first'];
const patienceMs = 600_000;

it.each(mutants)('occurs once in the sources: $what', ({ path: file, find }) => {
  expect(readFileSync(path.join(root, file), 'utf8').split(find).length - 1).toBe(1);
});

let sound: Promise<string> | undefined;
it.concurrent.each([...new Set(mutants.map(({ seed }) => seed))])(
  'finds nothing on the day of seed %i where nothing is planted',
  async (seed) => {
    sound ??= bundle(path.join(folder, 'none'));
    const { status, text } = await simulateApart(await sound, asked(seed));
    expect(status, text).toBe(0);
  },
  patienceMs,
);

it.concurrent.each(mutants.map((mutant, at) => ({ ...mutant, at })))(
  'finds that $what',
  async ({ at, seed, ...mutant }) => {
    const { status, text } = await simulateApart(
      await bundle(path.join(folder, `${at}`), [mutant]),
      asked(seed),
    );
    expect(text).toMatch(/is broken at day/);
    expect(status, text).toBe(1);
  },
  patienceMs,
);

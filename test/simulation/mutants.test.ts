// The proof that the simulation can fail: each bug of the list, planted into the sources and bundled, is found within a few
// seeds; and with none of them planted the same seeds find nothing.

import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { bundle } from './bundle.mjs';
import { mutants } from './mutants.ts';
import { simulateApart } from './process.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const folder = path.join(root, '.cache', 'simulation', `mutants-${process.pid}`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** the first of them is enough for most */
const asked = ['--seed', '1', '--seeds', '4', '--days', '0.5', '--first'];
const askedSlow = ['--seed', '1', '--seeds', '3', '--days', '1', '--first'];
const patienceMs = 600_000;

it.each(mutants)('occurs once in the sources: $what', ({ path: file, find }) => {
  expect(readFileSync(path.join(root, file), 'utf8').split(find).length - 1).toBe(1);
});

it(
  'finds nothing where nothing is planted',
  async () => {
    const { status, text } = await simulateApart(await bundle(path.join(folder, 'none')), asked);
    expect(status, text).toBe(0);
  },
  patienceMs,
);

it.concurrent.each(mutants.map((mutant, at) => ({ ...mutant, at })))(
  'finds that $what',
  async ({ at, ...mutant }) => {
    const bundled = await bundle(path.join(folder, `${at}`), [mutant]);
    const { status, text } = await simulateApart(bundled, mutant.slow ? askedSlow : asked);
    expect(text).toMatch(/is broken at day/);
    expect(status, text).toBe(1);
  },
  patienceMs,
);

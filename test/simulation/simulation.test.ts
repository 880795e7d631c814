// Days of a gateway's life under everything that may happen to it: the seeds that once broke something, some more, and two
// that nobody has seen before. `npm run sim` plays as many days as one likes.

import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundle } from './bundle.mjs';
import { simulateApart } from './process.ts';

const folder = path.join(import.meta.dirname, '..', '..', '.cache', 'simulation', `test-${process.pid}`);
let bundled: string;
beforeAll(async () => {
  bundled = await bundle(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const patienceMs = 600_000;

it.each([1, 3, 8, 9])(
  'nothing is broken on the day of seed %i',
  async (seed) => {
    const { status, text } = await simulateApart(bundled, ['--seed', `${seed}`, '--days', '1']);
    expect(text).toContain('nothing broken');
    expect(status, text).toBe(0);
  },
  patienceMs,
);

it(
  'nothing is broken on days that nobody has seen before',
  async () => {
    const seed = randomInt(1, 1_000_000_000);
    console.log(`fresh seeds: ${seed} and ${seed + 1}`);
    const asked = ['--seed', `${seed}`, '--seeds', '2', '--days', '0.5'];
    const { status, text } = await simulateApart(bundled, asked);
    expect(status, text).toBe(0);
  },
  patienceMs,
);

it(
  'a seed plays the same day again, to the last entrance',
  async () => {
    const asked = ['--seed', '7', '--days', '0.2'];
    const [one, other] = await Promise.all([simulateApart(bundled, asked), simulateApart(bundled, asked)]);
    const figures = (text: string): string => text.replace(/; [\d.]+ days a minute/, '');
    expect(figures(one.text)).toBe(figures(other.text));
    expect(one.status, one.text).toBe(0);
  },
  patienceMs,
);

it('says how it is used where it is used wrongly', async () => {
  const { status, text } = await simulateApart(bundled, ['--days', 'many']);
  expect(text).toContain('npm run sim');
  expect(status).toBe(2);
});

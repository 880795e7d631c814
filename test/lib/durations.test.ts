// Durations as the figures that a histogram has.

import { expect, test } from 'vitest';
import { createDurations } from '../../src/lib/durations.ts';

test('each counts in its class and in all above, the limit itself included', () => {
  const durations = createDurations();
  for (const ms of [0.3, 1, 1.1, 499, 60_000]) durations.took(ms);
  const { count, sumMs, longestMs, within } = durations.figures();
  expect([count, sumMs, longestMs]).toEqual([5, 60_501.4, 60_000]);
  expect(Object.fromEntries(within)).toMatchObject({ 1: 2, 2: 3, 200: 3, 500: 4, 10000: 4 });
  const counts = within.map(([, each]) => each);
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
});

test('nothing yet is nothing', () => {
  const { count, sumMs, longestMs, within } = createDurations().figures();
  expect([count, sumMs, longestMs]).toEqual([0, 0, 0]);
  expect(within.every(([, each]) => each === 0)).toBe(true);
});

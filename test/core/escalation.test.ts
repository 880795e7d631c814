// Ladders and messages under random interleavings of everything that can happen to them. A failure prints its
// seed and path; KEEPWATCH_SEED runs with that seed again, KEEPWATCH_RUNS with more or fewer timelines. With CI=true the
// seed is always the same, everywhere else a fresh one.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timelines } from '../support/ladder-sites.ts';
import { watch } from '../support/ladder-watch.ts';

const numRuns = Number(process.env.KEEPWATCH_RUNS ?? 1200);
const given = process.env.KEEPWATCH_SEED ?? (process.env.CI === 'true' ? '20261124' : undefined);

describe('ladders and messages', () => {
  it(`keep their laws over ${numRuns} random timelines`, { timeout: 300_000 }, () => {
    const sum = { inputs: 0, told: 0, delivered: 0, closed: 0 };
    fc.assert(
      fc.property(timelines, fc.nat(1000), (timeline, cut) => {
        const seen = watch(timeline, cut);
        for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += seen[key];
      }),
      { numRuns, ...(given !== undefined && { seed: Number(given) }) },
    );
    console.info(`${numRuns} timelines`, sum);
    // the laws were tried on something
    expect(sum.told).toBeGreaterThan(numRuns);
    expect(sum.delivered).toBeGreaterThan(numRuns / 4);
    expect(sum.closed).toBeGreaterThan(numRuns / 8);
  });
});

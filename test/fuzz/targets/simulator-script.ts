// The scripts of simulated points: keys from a site file become a point or an AddressFault, and at every moment the
// point shows one of its values.

import { toMs, valueAt } from '../../../drivers/simulator/script.ts';
import { must, outline, type Target, textOf } from '../target.ts';

export const simulatorScript: Target = {
  name: 'simulator-script',
  what: 'durations and cues of simulated points: milliseconds that are a number, or none; always one of the values',
  seeds: ['10ms', '3s 5 true', '1.5h 2m 0', '24h', '99999999999999999999999h', '0s 0 1 2 3'],
  words: ['ms', 's', 'm', 'h', '.', ' '],
  largestBytes: 120,
  executions: 500_000,
  run(bytes) {
    const words = textOf(bytes).split(' ');
    const times = words.map(toMs);
    for (const [at, ms] of times.entries())
      must(ms === undefined || ms >= 0, () => `${words[at]} is ${ms} ms`);
    const cues = times
      .flatMap((atMs, at) => (atMs === undefined ? [] : [{ atMs, value: at }]))
      .sort((one, other) => one.atMs - other.atMs);
    const repeatMs = cues.at(-1)?.atMs;
    const script = { first: -1, cues, repeatMs: repeatMs === 0 ? undefined : repeatMs };
    const shown = [0, 1, 999, 1e6, 1e12].map((elapsedMs) => valueAt(script, elapsedMs));
    for (const value of shown)
      must(value === -1 || words[Number(value)] !== undefined, () => `shows ${value}`);
    return outline([times, shown]);
  },
};

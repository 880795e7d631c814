// What the simulation is asked for on its command line, or what is wrong with that. Pure but for the seed, which is drawn
// where none is given; runs nothing.

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

export const usage = 'npm run sim -- [--seed N] [--days D] [--seeds K] [--first] [--verbose]';
/** a year; more seeds find more than more days */
const mostDays = 366;

export interface Asked {
  readonly seed: number;
  readonly days: number;
  readonly seeds: number;
  /** end at the first that is broken */
  readonly first: boolean;
  readonly verbose: boolean;
}

/** What is asked for, or which option is wrong and what it must be. */
export function asked(argv: readonly string[]): Asked | { readonly wrong: string } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        seed: { type: 'string' },
        days: { type: 'string', default: '1' },
        seeds: { type: 'string', default: '1' },
        first: { type: 'boolean', default: false },
        verbose: { type: 'boolean', default: false },
      },
    });
    const seed = values.seed === undefined ? randomInt(1, 1_000_000_000) : Number(values.seed);
    const [days, seeds] = [Number(values.days), Number(values.seeds)];
    for (const [name, number] of Object.entries({ seed, seeds }))
      if (!Number.isSafeInteger(number) || number < 1)
        return { wrong: `--${name} ${values[name as 'seed' | 'seeds']} is not a whole number from 1 on` };
    if (!(days >= 0.05 && days <= mostDays))
      return { wrong: `--days ${values.days} is not a number from 0.05 to ${mostDays}` };
    return { seed, days, seeds, first: values.first, verbose: values.verbose };
  } catch (error) {
    return { wrong: (error as Error).message.split('. ')[0]! };
  }
}

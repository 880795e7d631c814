// What a torture is: a name, a sentence, and figures that are held against a limit. Knows none of them.

export interface Options {
  /** the same with less of it, for the tests */
  readonly quick: boolean;
  /** of everything that is left to chance */
  readonly seed: number;
  /** Undone when the scenario is over, last first, also after a failure. */
  later<T>(thing: T, undo: () => unknown): T;
  /** a word on how far it is, for whoever waits */
  tell(text: string): void;
}

/** A figure; those with a `limit` (the largest good value; `atLeast`: the smallest) are judged. */
export interface Figure {
  readonly figure: string;
  readonly unit?: string;
  readonly keepwatch?: number;
  readonly peer?: number;
  readonly peerName?: string;
  readonly limit?: number;
  readonly atLeast?: boolean;
  readonly note?: string;
}

export interface Scenario {
  readonly what: string;
  run(options: Options): Promise<readonly Figure[]>;
}

export function isGood({ keepwatch, limit, atLeast }: Figure): boolean {
  if (limit === undefined) return true;
  if (keepwatch === undefined || Number.isNaN(keepwatch)) return false;
  return atLeast ? keepwatch >= limit : keepwatch <= limit;
}

/** Runs it and leaves nothing behind. */
export async function perform(scenario: Scenario, given: Omit<Options, 'later'>): Promise<readonly Figure[]> {
  const undo: (() => unknown)[] = [];
  try {
    return await scenario.run({
      ...given,
      later(thing, how) {
        undo.push(how);
        return thing;
      },
    });
  } finally {
    for (const each of undo.splice(0).reverse()) await each();
  }
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32's mixing of a counter). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

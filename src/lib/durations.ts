// How long something took, again and again, as the figures that a histogram has. Costs a few additions each time and no
// memory; knows not what it counts, nor who looks.

/** Upper ends of the classes, ms: from a fast disk's commit to what nobody should wait for. */
const limitsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] as const;

export interface DurationFigures {
  readonly count: number;
  readonly sumMs: number;
  readonly longestMs: number;
  /** how many took as long as this or less; rises */
  readonly within: readonly (readonly [limitMs: number, count: number])[];
}

export interface Durations {
  took(ms: number): void;
  figures(): DurationFigures;
}

export function createDurations(): Durations {
  const counts: number[] = limitsMs.map(() => 0);
  let count = 0;
  let sumMs = 0;
  let longestMs = 0;
  return {
    took(ms) {
      count += 1;
      sumMs += ms;
      if (ms > longestMs) longestMs = ms;
      const at = limitsMs.findIndex((limit) => ms <= limit);
      if (at >= 0) counts[at] = counts[at]! + 1;
    },
    figures() {
      let sum = 0;
      const within = limitsMs.map((limit, at): [number, number] => {
        sum += counts[at]!;
        return [limit, sum];
      });
      return { count, sumMs, longestMs, within };
    },
  };
}

// One point over hours or days, thinned to so many steps that a person can look at: the extremes of each step are
// kept, so that a peak of one minute is seen in a year. Pure; knows no files.

import type { Block, Trend, TrendRange } from './types.ts';

export interface Thinning {
  /** Takes in what a block has of the point; blocks in their own order, whatever their wall times are. */
  add(block: Block, slot: number): void;
  trend(point: string, unit: string | undefined): Trend;
}

/** A step is at least as long as a sample; the longest that makes no more than `most` of them. */
export function thin({ fromMs, toMs, most }: TrendRange, everyMs: number): Thinning {
  const stepMs = Math.max(everyMs, Math.ceil((toMs - fromMs) / most));
  const steps = Math.max(0, Math.ceil((toMs - fromMs) / stepMs));
  const last: (number | null)[] = new Array(steps).fill(null);
  const min: (number | null)[] = new Array(steps).fill(null);
  const max: (number | null)[] = new Array(steps).fill(null);
  /** filled only from a sample that reaches over from its neighbour: gives way to one of its own */
  const borrowed = new Uint8Array(steps);
  const filled = new Uint8Array(steps);
  const unsynced = new Set<number>();

  const put = (step: number, sample: Block['samples'][number][number], isUnsynced: boolean): void => {
    if (sample.last !== null) last[step] = sample.last;
    if (sample.min === null || sample.max === null) return;
    min[step] = Math.min(min[step] ?? sample.min, sample.min);
    max[step] = Math.max(max[step] ?? sample.max, sample.max);
    if (isUnsynced) unsynced.add(step);
  };
  const empty = (step: number): void => {
    last[step] = null;
    min[step] = null;
    max[step] = null;
    unsynced.delete(step);
  };

  return {
    add(block, slot) {
      block.samples[slot]!.forEach((sample, at) => {
        const beginsMs = block.wallMs + at * block.everyMs - fromMs;
        const own = Math.floor((beginsMs + block.everyMs / 2) / stepMs);
        const first = Math.floor(beginsMs / stepMs);
        const final = Math.ceil((beginsMs + block.everyMs) / stepMs) - 1;
        for (let step = Math.max(0, first); step <= Math.min(final, steps - 1); step += 1) {
          if (step === own) {
            if (borrowed[step]) empty(step);
            borrowed[step] = 0;
            filled[step] = 1;
          } else if (filled[step]) continue;
          else {
            // a minute of the clocks that drift against each other must not look like a hole
            borrowed[step] = 1;
            filled[step] = 1;
          }
          put(step, sample, block.clock === 'unsynced');
        }
      });
    },
    trend: (point, unit) => ({
      point,
      ...(unit !== undefined && { unit }),
      from: new Date(fromMs).toISOString(),
      stepMs,
      last,
      min,
      max,
      unsynced: [...unsynced].sort((a, b) => a - b),
    }),
  };
}

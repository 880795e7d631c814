// Gathers what numbers do within a minute, as it happens, and makes a sample of each point at the minute's end. What
// does not change costs nothing until then. Knows neither clocks nor files: whoever calls it says when a minute is over.

import type { Quality, Value } from '../core/types.ts';
import { rounded } from './pack.ts';
import type { Sample } from './types.ts';

interface Now {
  value: number | null;
  quality: Quality;
  min: number;
  max: number;
  count: number;
}

export interface Minutes {
  readonly points: readonly string[];
  /** A point is believed to be this from now on. Points that were not asked for are passed over. */
  note(point: string, believed: Believed): void;
  /** One sample more of each point; the values are carried over into the next minute. */
  end(): void;
  /** samples of each point since they were last taken */
  ended(): number;
  /** those samples, by point, as they stand */
  samples(): readonly (readonly Sample[])[];
  /** Gives them out and begins anew. */
  take(): readonly (readonly Sample[])[];
}

/** What is believed of a point. */
export interface Believed {
  readonly value: Value | null;
  readonly quality: Quality;
}

/** `believed`: what the points are at the beginning; default: unknown. */
export function gatherMinutes(
  points: readonly string[],
  believed: (point: string) => Believed = () => ({ value: null, quality: 'stale' }),
): Minutes {
  const now = new Map<string, Now>();
  for (const point of points) {
    const begins = numberOf(believed(point));
    now.set(point, { ...begins, ...nothing(begins.value), count: 0 });
  }
  let ended: Sample[][] = points.map(() => []);
  let minutes = 0;

  return {
    points,
    note(point, believed) {
      const at = now.get(point);
      if (at === undefined) return;
      Object.assign(at, numberOf(believed));
      at.count += 1;
      if (at.value === null) return;
      if (at.value < at.min) at.min = at.value;
      if (at.value > at.max) at.max = at.value;
    },
    end() {
      points.forEach((point, slot) => {
        const at = now.get(point)!;
        ended[slot]!.push(sampleOf(at));
        Object.assign(at, nothing(at.value), { count: 0 });
      });
      minutes += 1;
    },
    ended: () => minutes,
    samples: () => ended,
    take() {
      const taken = ended;
      ended = points.map(() => []);
      minutes = 0;
      return taken;
    },
  };
}

/** A good value that is no number would be a fault of ours: taken for none. */
function numberOf({ value, quality }: Believed): Pick<Now, 'value' | 'quality'> {
  if (quality !== 'good') return { value: null, quality };
  return typeof value === 'number' ? { value, quality } : { value: null, quality: 'bad' };
}

/** What a minute begins with: the value that is carried over, and no more. */
function nothing(value: number | null): { min: number; max: number } {
  return { min: value ?? Number.POSITIVE_INFINITY, max: value ?? Number.NEGATIVE_INFINITY };
}

function sampleOf({ value, quality, min, max, count }: Now): Sample {
  if (min > max) return { last: null, min: null, max: null, count, quality };
  const last = value === null ? null : rounded(value);
  // the three are rounded each for itself, and must not change places by it
  const [low, high] = [rounded(min), rounded(max)];
  return {
    last,
    min: Math.min(low, last ?? low),
    max: Math.max(high, low, last ?? high),
    count,
    quality,
  };
}

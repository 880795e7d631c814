// How much one address may ask in a time: a bucket for each that fills again by itself. Knows no HTTP.

import type { Clock } from '../lib/clock.ts';
import { mostRemembered } from './limits.ts';

export interface Rate {
  /** Takes one; false: there is none left. */
  take(address: string): boolean;
}

/** @param atOnce how many at once @param perSecond how many come back in a second */
export function createRate(
  clock: Clock,
  { atOnce, perSecond }: { readonly atOnce: number; readonly perSecond: number },
): Rate {
  const buckets = new Map<string, { left: number; atMs: number }>();
  return {
    take(address) {
      const nowMs = clock.steadyMs();
      const before = buckets.get(address) ?? { left: atOnce, atMs: nowMs };
      const left = Math.min(atOnce, before.left + ((nowMs - before.atMs) / 1000) * perSecond);
      buckets.delete(address);
      buckets.set(address, { left: left >= 1 ? left - 1 : left, atMs: nowMs });
      if (buckets.size > mostRemembered) buckets.delete(buckets.keys().next().value!);
      return left >= 1;
    },
  };
}

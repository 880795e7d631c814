// How long to wait before trying again: doubling from the first wait to the longest, with jitter so that many
// that failed together do not come back together. Pure; knows no timers.

export interface BackoffLimits {
  readonly firstMs: number;
  readonly mostMs: number;
}

/**
 * The wait after the `attempt`-th failure in a row, counted from 1. Jitter only shortens, by up to a quarter, so
 * that `mostMs` is a promise. `random` gives 0…1.
 */
export function backoffMs(
  attempt: number,
  limits: BackoffLimits,
  random: () => number = Math.random,
): number {
  const doubled = limits.firstMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 30);
  return Math.min(doubled, limits.mostMs) * (1 - random() / 4);
}

// What can be said of a trend in figures: its extremes, how long it was unknown, and fewer steps for a table. Pure.

import type { Trend } from '../../../telemetry/types.ts';

export interface TrendSummary {
  /** steps in which something was known */
  readonly known: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly last: number | null;
  /** of all steps, 0…1 */
  readonly unknownShare: number;
}

type Steps = Pick<Trend, 'last' | 'min' | 'max'>;

const least = (values: readonly (number | null)[]): number | null =>
  values.reduce<number | null>(
    (found, value) => (value !== null && (found === null || value < found) ? value : found),
    null,
  );
const most = (values: readonly (number | null)[]): number | null =>
  values.reduce<number | null>(
    (found, value) => (value !== null && (found === null || value > found) ? value : found),
    null,
  );

export function summaryOf(trend: Steps): TrendSummary {
  const known = trend.max.filter((value) => value !== null).length;
  return {
    known,
    min: least(trend.min),
    max: most(trend.max),
    last: trend.last.reduce((found, value) => value ?? found, null),
    unknownShare: trend.last.length === 0 ? 1 : 1 - known / trend.last.length,
  };
}

export interface Step {
  readonly atMs: number;
  readonly min: number | null;
  readonly last: number | null;
  readonly max: number | null;
}

/** At most so many rows, the newest first; a row is unknown where all of its steps were. */
export function stepsOf(trend: Trend, rows: number): Step[] {
  const each = Math.max(1, Math.ceil(trend.last.length / rows));
  const fromMs = Date.parse(trend.from);
  const found: Step[] = [];
  for (let first = 0; first < trend.last.length; first += each) {
    const part = <T>(of: readonly T[]): T[] => of.slice(first, first + each);
    found.push({
      atMs: fromMs + first * trend.stepMs,
      min: least(part(trend.min)),
      last: part(trend.last).reduce((known, value) => value ?? known, null),
      max: most(part(trend.max)),
    });
  }
  return found.reverse();
}

/** Runs of steps in which nothing was known, as [first, behind the last]. */
export function gapsOf({ max }: Pick<Trend, 'max'>): [number, number][] {
  const gaps: [number, number][] = [];
  max.forEach((value, index) => {
    if (value !== null) return;
    const open = gaps.at(-1);
    if (open && open[1] === index) open[1] = index + 1;
    else gaps.push([index, index + 1]);
  });
  return gaps;
}

/** Steps that are known with nothing known beside them. */
export function aloneIn(values: readonly (number | null)[]): number[] {
  return values.flatMap((value, index) =>
    value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null
      ? [index]
      : [],
  );
}

/** A share in whole percent, which is 0 or 100 only where that is so. */
export function percentOf(share: number): string {
  if (share > 0 && share < 0.01) return '< 1 %';
  if (share < 1 && share > 0.99) return '> 99 %';
  return `${Math.round(share * 100)} %`;
}

/** Four digits that count, without the dust of binary fractions. */
export function rounded(value: number): string {
  return String(Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 4)));
}

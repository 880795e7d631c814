// The figures of a month that need more than counting: spreads of times, and how thick alarms came. Pure functions
// over numbers; knows no incidents.

import type { AlarmRate, Spread } from './types.ts';

const hourMs = 3_600_000;
const dayMs = 86_400_000;
export const floodWindowMs = 600_000;
/** More openings than this within ten minutes are more than one person can look at (ISA-18.2, EEMUA 191). */
export const floodAbove = 10;

/** Median, 90th percentile (nearest rank) and longest of some times. */
export function spreadOf(times: readonly { readonly id: string; readonly ms: number }[]): Spread {
  if (times.length === 0) return { count: 0 };
  const sorted = [...times].sort((a, b) => a.ms - b.ms);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!.ms;
  const half = sorted.length / 2;
  const medianMs = Number.isInteger(half) ? (sorted[half - 1]!.ms + sorted[half]!.ms) / 2 : at(0.5);
  const worst = sorted.at(-1)!;
  return { count: sorted.length, medianMs, p90Ms: at(0.9), worstMs: worst.ms, worst: worst.id };
}

/** `openedMs` in any order; the month counts as far as it is past (`untilMs`). */
export function alarmRateOf(openedMs: readonly number[], fromMs: number, untilMs: number): AlarmRate {
  const sorted = [...openedMs].sort((a, b) => a - b);
  const lengthMs = Math.max(untilMs - fromMs, 1);
  const iso = (ms: number): string => new Date(ms).toISOString();
  const hours = new Map<number, number>();
  for (const ms of sorted) {
    const hour = Math.floor((ms - fromMs) / hourMs);
    hours.set(hour, (hours.get(hour) ?? 0) + 1);
  }
  const busiest = [...hours].reduce<[number, number] | undefined>(
    (most, each) => (most === undefined || each[1] > most[1] ? each : most),
    undefined,
  );
  const { floods, peak } = floodsIn(sorted);
  const floodMs = floods.reduce((sum, { from, to }) => sum + to - from, 0);
  return {
    alarms: sorted.length,
    perHour: round((sorted.length * hourMs) / lengthMs),
    perDay: round((sorted.length * dayMs) / lengthMs),
    ...(busiest && { busiestHour: { from: iso(fromMs + busiest[0] * hourMs), count: busiest[1] } }),
    peakIn10Minutes: peak,
    floods: floods.map(({ from, to, count }) => ({ from: iso(from), to: iso(to), count })),
    floodMs,
    floodShare: round(floodMs / lengthMs),
  };
}

function floodsIn(sorted: readonly number[]): {
  floods: { from: number; to: number; count: number }[];
  peak: number;
} {
  const floods: { from: number; to: number; count: number; first: number }[] = [];
  let peak = 0;
  let first = 0;
  sorted.forEach((ms, index) => {
    while (sorted[first]! <= ms - floodWindowMs) first += 1;
    const count = index - first + 1;
    peak = Math.max(peak, count);
    if (count <= floodAbove) return;
    const last = floods.at(-1);
    if (last !== undefined && sorted[first]! <= last.to) {
      last.to = ms;
      last.count = index - last.first + 1;
    } else floods.push({ from: sorted[first]!, to: ms, count, first });
  });
  return { floods, peak };
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

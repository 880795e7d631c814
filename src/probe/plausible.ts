// How likely a value is for what it is said to be: a mains voltage, a frequency, a temperature. A weight above zero
// speaks for the profile that led to it, below zero against it. Knows units of measure and no devices.

import type { Value } from '../core/types.ts';

export interface Judged {
  /** evidence; 0: says nothing */
  readonly weight: number;
  /** fit to be named as a reason */
  readonly telling: boolean;
}

const nothing: Judged = { weight: 0, telling: false };
const absurd: Judged = { weight: -3, telling: false };

interface Range {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
  /** weight of a value outside */
  readonly against: number;
  /** weight of exactly zero, which an unused register has as well */
  readonly zero: number;
  readonly telling?: boolean;
}

/** By unit of measure; several ranges where one unit has several uses. */
const ranges: Readonly<Record<string, readonly Range[]>> = {
  // one phase, and between phases
  V: [
    { from: 180, to: 260, weight: 3, against: -6, zero: -1, telling: true },
    { from: 311, to: 450, weight: 2, against: -6, zero: -1, telling: true },
  ],
  Hz: [{ from: 45, to: 65, weight: 4, against: -6, zero: -1, telling: true }],
  '°C': [{ from: -40, to: 85, weight: 2, against: -6, zero: 0, telling: true }],
  '%': [{ from: 0, to: 100, weight: 1, against: -4, zero: 0, telling: true }],
  A: [{ from: 0.001, to: 5000, weight: 1, against: -3, zero: 0 }],
  W: [{ from: -5e6, to: 5e6, weight: 1, against: -3, zero: 0 }],
  var: [{ from: -5e6, to: 5e6, weight: 1, against: -3, zero: 0 }],
  VA: [{ from: 0.01, to: 5e6, weight: 1, against: -3, zero: 0 }],
  Wh: [{ from: 0, to: 1e12, weight: 0.5, against: -3, zero: 0 }],
  kWh: [{ from: 0, to: 1e9, weight: 0.5, against: -3, zero: 0 }],
  '°': [{ from: -360, to: 360, weight: 1, against: -3, zero: -0.5 }],
};

const powerFactor: readonly Range[] = [{ from: -1.001, to: 1.001, weight: 1, against: -3, zero: 0 }];

/** two unrelated registers read as a float are most often next to zero, or beyond all measure */
const leastFloat = 1e-4;

export function judge(name: string, unit: string | undefined, value: Value | null): Judged {
  if (value === null) return absurd;
  if (typeof value !== 'number') return nothing;
  const known = /(^|_)power_factor/.test(name) ? powerFactor : ranges[unit ?? ''];
  if (!known) return nothing;
  if (value === 0) return { weight: known[0]!.zero, telling: false };
  if (Math.abs(value) < leastFloat) return absurd;
  const fits = known.find(({ from, to }) => value >= from && value <= to);
  if (!fits) return { weight: known[0]!.against, telling: false };
  return { weight: fits.weight, telling: fits.telling === true };
}

/** Sets of points that must agree: power is voltage × current × power factor, of each phase or of the whole. */
const phases = ['', '_l1', '_l2', '_l3'];

/** Do the values agree with each other? */
export function agreement(values: ReadonlyMap<string, Value | null>): Judged {
  let weight = 0;
  for (const phase of phases) {
    const [volts, amperes, watts, factor] = ['voltage', 'current', 'power', 'power_factor'].map((name) =>
      values.get(`${name}${phase}`),
    );
    if (typeof volts !== 'number' || typeof amperes !== 'number' || typeof watts !== 'number') continue;
    const apparent = volts * amperes;
    // a few watts are lost in the last digit of the current
    if (apparent < 5 || watts === 0) continue;
    if (typeof factor === 'number' && factor !== 0) {
      const ratio = Math.abs(watts) / (apparent * Math.abs(factor));
      weight += ratio > 0.85 && ratio < 1.15 ? 5 : -4;
    } else weight += Math.abs(watts) <= apparent * 1.1 ? 2 : -4;
  }
  return { weight, telling: weight > 0 };
}

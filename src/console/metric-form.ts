// What a metric is, what its values are taken from, and how one is written down. Knows none, and no library.

import type { MachineView } from './api.ts';
import type { HouseFigures } from './types.ts';

/** All that is looked at for one answer. */
export interface Seen {
  readonly house: HouseFigures;
  readonly machine: MachineView;
  readonly console: { readonly sessions: number; readonly streams: number };
  readonly process: {
    readonly cpuSeconds: number;
    readonly residentBytes: number;
    readonly openFiles?: number;
    readonly uptimeSeconds: number;
  };
  /** how late timers were since the last answer; absent in the first */
  readonly delay?: { readonly meanMs: number; readonly p99Ms: number; readonly longestMs: number };
}

/** A value and its labels, in the order of their names. */
export type Value = readonly [value: number, ...labels: string[]];

export interface Metric {
  /** without the prefix */
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly labels: readonly string[];
  /** nothing: it can't be said here, and is left out */
  values(seen: Seen): readonly Value[];
}

export const bit = (is: boolean): number => (is ? 1 : 0);
export const seconds = (ms: number): number => ms / 1000;
/** One value without labels, or none. */
export const one = (value: number | undefined): Value[] => (value === undefined ? [] : [[value]]);

export function gauge(name: string, help: string, values: Metric['values'], ...labels: string[]): Metric {
  return { name, help, type: 'gauge', labels, values };
}

export function counter(name: string, help: string, values: Metric['values'], ...labels: string[]): Metric {
  return { name, help, type: 'counter', labels, values };
}

// What a simulated point shows at a moment: a value at first, then the values of its script, once or again
// and again; pure. Knows no clock.

import type { Raw } from '../../src/driver.ts';

export interface Cue {
  readonly atMs: number;
  readonly value: Raw;
}

export interface Script {
  readonly first: Raw;
  /** in the order of their times */
  readonly cues: readonly Cue[];
  /** begins anew after this long, with `first` */
  readonly repeatMs: number | undefined;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `50ms`, `3s`, `10m`, `24h`, or of a number that is milliseconds already. */
export function toMs(duration: string | number): number | undefined {
  if (typeof duration === 'number') return duration;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(duration);
  return match ? Number(match[1]) * unitMs[match[2]!]! : undefined;
}

/** The value `elapsedMs` after the bus was opened. */
export function valueAt(script: Script, elapsedMs: number): Raw {
  const atMs = script.repeatMs === undefined ? elapsedMs : elapsedMs % script.repeatMs;
  let value = script.first;
  for (const cue of script.cues) {
    if (cue.atMs > atMs) break;
    value = cue.value;
  }
  return value;
}

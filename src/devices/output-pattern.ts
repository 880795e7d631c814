// How "on" looks on the wire over time: steadily on, one pulse, or a pattern that repeats. Pure steps over the
// clock; the level that the engine wants stays "on" all the while. Knows no bus and no read-back.

import type { OutputConfig } from '../config/types.ts';

/** What the wire is to carry, and until when by itself. */
export interface Phase {
  readonly value: boolean;
  /** steady ms; infinite where nothing changes without a new wanted value */
  readonly untilMs: number;
}

export interface Course {
  /** since when the level is on */
  readonly onSinceMs: number;
  /** when the pulse ends; undefined until its beginning was driven */
  readonly pulseEndMs: number | undefined;
}

const forever = Number.POSITIVE_INFINITY;

/** Does being on change by itself? */
export function moves(config: OutputConfig): boolean {
  return config.pulseMs !== undefined || config.patternMs !== undefined;
}

/** The phase of this moment of an output that is wanted on. */
export function phaseOf(config: OutputConfig, course: Course, now: number): Phase {
  if (config.pulseMs !== undefined) {
    const { pulseEndMs } = course;
    // A pulse that could not be driven yet is still owed: it counts from when the device took it.
    if (pulseEndMs === undefined) return { value: true, untilMs: forever };
    return now < pulseEndMs ? { value: true, untilMs: pulseEndMs } : { value: false, untilMs: forever };
  }
  const phases = config.patternMs;
  if (phases === undefined) return { value: true, untilMs: forever };
  const roundMs = phases.reduce((sum, ms) => sum + ms, 0);
  // Counted from the beginning, not from the last edge: late drives do not add up. Half a millisecond ahead,
  // because an edge that a rounded timer met a hair too early must not be driven twice.
  const roundsMs = Math.floor((now + 0.5 - course.onSinceMs) / roundMs) * roundMs;
  let edgeMs = course.onSinceMs + roundsMs;
  for (const [at, ms] of phases.entries()) {
    edgeMs += ms;
    if (now + 0.5 < edgeMs) return { value: at % 2 === 0, untilMs: edgeMs };
  }
  return { value: true, untilMs: edgeMs + phases[0]! };
}

// What telemetry is made of: samples of numbers, once a minute, kept in blocks. Types only, so that the way out, the
// socket and the commands need no database.

import type { ClockState, Quality } from '../core/types.ts';

/** A point within one minute (or whatever `everyMs` is). */
export interface Sample {
  /** as believed at the end; null while unknown */
  readonly last: number | null;
  /** of all that was believed meanwhile, the value carried over included; null: it was unknown all the time */
  readonly min: number | null;
  readonly max: number | null;
  /** how often the value or its quality changed; 0: carried over */
  readonly count: number;
  /** at the end */
  readonly quality: Quality;
}

/** Samples of several points over the same minutes, in order of engine time without a gap. */
export interface Block {
  /** engine time at which the first minute begins, ms; rises within a run of the daemon */
  readonly fromMs: number;
  /** what the wall clock said, or would have said, at that moment, ms since 1970 */
  readonly wallMs: number;
  /** was the wall clock disciplined when the block was closed? */
  readonly clock: ClockState;
  readonly everyMs: number;
  readonly points: readonly string[];
  /** by point, as many samples for each as there are minutes; at least one */
  readonly samples: readonly (readonly Sample[])[];
}

/** A block as it lies in the file. */
export interface StoredBlock extends Block {
  /** identity of the file, `[a-z0-9]{8}`; another one where it had to be begun anew */
  readonly file: string;
  /** rises by one for each block of a file: the order of all blocks, whatever the clocks say */
  readonly number: number;
}

/** What one point did in a range of wall time, thinned to equal steps; arrays of the same length. */
export interface Trend {
  readonly point: string;
  readonly unit?: string;
  /** ISO 8601; where the first step begins */
  readonly from: string;
  readonly stepMs: number;
  /** the last value known in each step; null: none */
  readonly last: readonly (number | null)[];
  readonly min: readonly (number | null)[];
  readonly max: readonly (number | null)[];
  /** steps in which some sample was taken while nobody vouched for the wall clock */
  readonly unsynced: readonly number[];
}

export interface TrendRange {
  /** wall time, ms since 1970; `toMs` is not in it */
  readonly fromMs: number;
  readonly toMs: number;
  /** steps at most */
  readonly most: number;
}

/** What `status` says of telemetry. */
export interface TelemetryState {
  readonly ok: boolean;
  readonly because?: string;
  /** of the file, what is in use */
  readonly bytes: number;
  /** ISO 8601; the oldest sample that is kept */
  readonly from?: string;
  /** samples given up before their time, or before the broker had them; since the file was begun */
  readonly dropped: number;
  /** blocks that the broker has not acknowledged; absent: nothing is published */
  readonly waiting?: number;
}

/** The blocks that the broker does not have yet, as the way out sees them. None of these ever throws. */
export interface Backlog {
  /** The block after this one; without one, or with one of another file, the first that is not acknowledged. */
  next(after: StoredBlock | undefined): StoredBlock | undefined;
  /** The broker has this one and all before it. */
  acknowledge(block: StoredBlock): void;
  /** The broker will never take this one: it counts as dropped. */
  refuse(block: StoredBlock): void;
}

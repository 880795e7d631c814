// What a bus and its sessions share, and the silences that a serial line wants. Data and plain functions; knows
// no protocol.

import type { FaultKind, LinkSettings, Log } from '../driver.ts';
import type { Clock } from '../lib/clock.ts';
import { type Lateness, ranOut } from './lateness.ts';
import type { LimitedWarn } from './log-limit.ts';
import type { OutputState } from './outputs.ts';
import type { Pace } from './pacer.ts';
import type { DeviceState, Poll } from './polls.ts';
import { characterMs } from './serial-link.ts';
import type { DeviceInput } from './types.ts';
import type { WireShare } from './wire-share.ts';

/** no line babbles longer than this before it is asked all the same */
const mostQuietMs = 500;
/** silence wanted after a failed request: past the 16 ms in which USB adapters gather bytes */
const leastQuietMs = 25;

export interface Line {
  readonly id: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly warn: LimitedWarn;
  readonly random: () => number;
  readonly push: (input: DeviceInput) => void;
  readonly devices: readonly DeviceState[];
  polls: Poll[];
  readonly outputs: readonly OutputState[];
  readonly kind: 'serial' | 'tcp' | 'none';
  /** answers carry no id: a late one could be taken for another's */
  readonly untagged: boolean;
  /** how late they were */
  readonly lateness: Lateness;
  /** silence between frames, ms */
  readonly gapMs: number;
  /** ends silences on time, where they are real */
  readonly pace?: Pace;
  readonly outputTimeoutMs: number;
  readonly share: WireShare;
  readonly counts: { requests: number; readonly errors: Record<FaultKind, number> };
}

/** 3.5 characters, 1.75 ms above 19200 baud (Modbus over serial line 1.02, 2.5.1.1); 0 for other links. */
export function frameGapMs(link: LinkSettings | undefined): number {
  if (link?.kind !== 'serial') return 0;
  if (link.baudRate > 19_200) return 1.75;
  return 3.5 * characterMs(link);
}

/** How long a serial line must still be silent before the next frame; not positive once it may be used. */
export function silenceMs(
  gapMs: number,
  lastMs: number,
  disturbedMs: number | undefined,
  now: number,
): number {
  if (disturbedMs === undefined) return lastMs + gapMs - now;
  return Math.min(lastMs + Math.max(leastQuietMs, 2 * gapMs), disturbedMs + mostQuietMs) - now;
}

/**
 * A request of `space` ran out of time on a line without transaction ids: its answer may still come, and would
 * pass for the answer to another question of the same space. None is asked until an answer would be twice as late
 * as the limit, or later than any that was seen; the rest of the line goes on.
 */
export function holdSpace(line: Line, space: string | undefined, startedMs: number, timeoutMs: number): void {
  if (!line.untagged || space === undefined) return;
  const untilMs = ranOut(line.lateness, space, startedMs, timeoutMs);
  for (const poll of line.polls) {
    if (poll.request.space !== space) continue;
    poll.heldUntilMs = untilMs;
    poll.dueMs = Math.max(poll.dueMs, untilMs);
  }
  for (const output of line.outputs) {
    if (output.config.address.space === space) output.heldUntilMs = untilMs;
  }
}

/** Runs a driver's function, which may throw where it should reject. */
export function attempt<T>(run: () => Promise<T>): Promise<T> {
  try {
    return run();
  } catch (error) {
    return Promise.reject(error);
  }
}

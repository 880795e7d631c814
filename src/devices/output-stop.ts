// Where a graceful stop leaves the outputs: driven there while the bus is still open, within a time that the stop
// can spare. Without the daemon only the hardware itself can do anything.

import { sleep } from '../lib/clock.ts';
import { moves } from './output-pattern.ts';
import type { Turns } from './output-turns.ts';
import { type OutputState, want } from './outputs.ts';

/** A line that has not taken the last values by then will not: the stop goes on without it. */
export const letGoWithinMs = 2000;

/**
 * Brings the outputs that a stop moves to their last value and takes no more orders for them. `leaves`: which
 * outputs are meant; those of a bus that is only opened anew are not.
 */
export async function letGo(turns: Turns, leaves: (output: string) => boolean): Promise<void> {
  const { line } = turns;
  const now = line.clock.steadyMs();
  const moved: OutputState[] = [];
  for (const output of line.outputs) {
    if (!leaves(output.config.id)) continue;
    const last = moves(output.config) ? false : (output.config.onStop ?? 'keep');
    if (last !== 'keep') {
      want(output, last, now);
      moved.push(output);
    }
    output.released = true;
  }
  const isDone = (): boolean =>
    turns.over ||
    turns.connection.drive === undefined ||
    moved.every((output) => output.driven === output.wanted && !output.driving);
  if (isDone()) return;
  const done = new AbortController();
  for (const output of moved) {
    output.afterDrive = () => {
      if (isDone()) done.abort();
    };
  }
  turns.pump();
  if (!isDone()) await sleep(line.clock, letGoWithinMs, done.signal);
  for (const output of moved) output.afterDrive = undefined;
}

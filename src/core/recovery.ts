// What the wires said, laid under a state that was made again from its facts after a step that threw. A step may throw
// half way: what it may have touched of a point is forgotten, so that the next reading of that point is a change, and
// until then the point is unknown. A debounce that ended in that step is due still. Pure; knows no store.

import { carryChatter, newChattering } from './chatter.ts';
import type { Model } from './model.ts';
import { believe, settled } from './points.ts';
import type { Live, State } from './state.ts';
import type { Change, Raw, Stamp } from './types.ts';

const because = 'an input that was left out may have changed it';

/**
 * Carries `before` over into the state; gives back the points in doubt as changes that are still to be believed.
 * `readings` are those of the step that threw.
 */
export function carryBack(
  state: State,
  before: Live,
  readings: readonly (readonly [string, Raw])[],
  model: Model,
  at: Stamp,
): Change[] {
  const { live } = state;
  // the rules have seen these, and no fact tells of them yet
  believe(live, model.index, [...before.unjournaled.values()], at.wallMs);
  for (const [id, change] of before.unjournaled) if (model.index.has(id)) live.unjournaled.set(id, change);
  live.chatter = newChattering();
  live.staleCheckMs = Number.POSITIVE_INFINITY;
  const told = new Map(readings);
  const places =
    before.points === model.points ? undefined : new Map(before.points.map(({ id }, at) => [id, at]));
  const doubtful: Change[] = [];
  model.points.forEach((point, index) => {
    const from = places ? places.get(point.id) : index;
    if (from === undefined) return;
    const same =
      live.values[index] === before.values[from] &&
      live.qualities[index] === before.qualities[from] &&
      live.becauses[index] === before.becauses[from];
    const raw = before.raws[from];
    // (but for a reading nothing else makes a value stand for something new, and wait no more)
    const ended =
      readings.length === 0 &&
      raw !== undefined &&
      !before.pending.has(from) &&
      !settled(live, index, point, raw);
    const isNews =
      !point.debounceMs && told.has(point.id) && !settled(live, index, point, told.get(point.id)!);
    const isInDoubt = !same || isNews;
    if (isInDoubt && (live.values[index] !== null || live.qualities[index] !== 'stale'))
      doubtful.push([point.id, null, 'stale', because]);
    if (isInDoubt && !ended) return;
    live.raws[index] = raw;
    live.seenAtMs[index] = before.seenAtMs[from]!;
    live.changedAtMs[index] = before.changedAtMs[from]!;
    const pending = ended ? { raw, dueMs: at.steadyMs } : before.pending.get(from);
    if (pending) live.pending.set(index, pending);
    if (!isInDoubt) carryChatter(before, from, live, index);
    if (point.staleAfterMs > 0 && raw !== undefined)
      live.staleCheckMs = Math.min(live.staleCheckMs, live.seenAtMs[index]! + point.staleAfterMs);
  });
  return doubtful;
}

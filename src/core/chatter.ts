// Contacts that chatter: a loose wire or a worn detector that changes again and again. Changes are counted in the
// live part of the state only; that a contact has begun or ceased to chatter travels with the input into the
// journal, so that a replay, which does not see every change, comes to the same troubles. Hides nothing.

import type { Model } from './model.ts';
import type { Live } from './state.ts';
import type { Change, Chatter, Point } from './types.ts';

/** More than this many changes within the window is chatter; a walk test, pressed twice, is not. */
export const chatterChanges = 9;
export const chatterWindowMs = 60_000;

interface Count {
  /** steady ms of the latest changes, `chatterChanges` + 1 of them at most */
  readonly at: number[];
  /** since it began to chatter, or since the count began */
  changes: number;
}

export interface Chattering {
  /** by point index; a point that never changed has none */
  readonly counts: Map<number, Count>;
  /** those that were told to chatter and have not come to rest */
  readonly told: Set<number>;
}

export function newChattering(): Chattering {
  return { counts: new Map(), told: new Set() };
}

/** A contact that stands for something; one without a kind may rightly switch all day. */
function isWatched(point: Point): boolean {
  return point.type === 'bool' && point.kind !== undefined;
}

/** Counts changes that are about to be believed; gives back the contacts that now chatter. */
export function countChanges(
  live: Live,
  model: Model,
  changes: readonly Change[],
  steadyMs: number,
): Chatter[] | undefined {
  let begun: Chatter[] | undefined;
  for (const [id, , quality] of changes) {
    const index = model.index.get(id);
    if (index === undefined || !isWatched(model.points[index]!)) continue;
    // what comes of a link that was lost or found says nothing of the contact
    if (quality === 'stale' || live.qualities[index] === 'stale' || live.disabled.has(index)) {
      // (one that was told to chatter still has to come to rest)
      if (!live.chatter.told.has(index)) live.chatter.counts.delete(index);
      continue;
    }
    const because = count(live.chatter, index, steadyMs);
    if (because === undefined) continue;
    begun ??= [];
    begun.push({ point: id, on: true, because });
  }
  return begun;
}

function count({ counts, told }: Chattering, index: number, steadyMs: number): string | undefined {
  let standing = counts.get(index);
  if (standing === undefined) {
    standing = { at: [], changes: 0 };
    counts.set(index, standing);
  }
  const { at } = standing;
  at.push(steadyMs);
  standing.changes += 1;
  if (at.length > chatterChanges + 1) at.shift();
  if (told.has(index)) return undefined;
  if (at.length <= chatterChanges || steadyMs - at[0]! >= chatterWindowMs) return undefined;
  told.add(index);
  standing.changes = at.length;
  return `contact chatters: ${at.length} changes in ${Math.ceil((steadyMs - at[0]!) / 1000)} s`;
}

// The contacts that have been at rest for long enough. */
function ceasedChatter(live: Live, steadyMs: number): Chatter[] | undefined {
  let ceased: Chatter[] | undefined;
  const { counts, told } = live.chatter;
  for (const index of told) {
    const { at, changes } = counts.get(index)!;
    if (at.at(-1)! + chatterWindowMs > steadyMs) continue;
    forgetChatter(live, index);
    const because = `contact at rest for ${chatterWindowMs / 1000} s, after ${changes} changes`;
    ceased ??= [];
    ceased.push({ point: live.points[index]!.id, on: false, because });
  }
  return ceased;
}

/** What time, and changes that came with it, make of the contacts. */
export function chatterAt(
  live: Live,
  model: Model,
  changes: readonly Change[],
  steadyMs: number,
): Chatter[] | undefined {
  const [begun, ceased] = [countChanges(live, model, changes, steadyMs), ceasedChatter(live, steadyMs)];
  return begun && ceased ? [...begun, ...ceased] : (begun ?? ceased);
}

/** When a contact could have come to rest, steady ms. */
export function chatterWakeAt({ chatter: { counts, told } }: Live): number {
  let next = Number.POSITIVE_INFINITY;
  for (const index of told) next = Math.min(next, counts.get(index)!.at.at(-1)! + chatterWindowMs);
  return next;
}

/** After a restart or a reload: a trouble that stands waits for the contact's rest from now on. */
export function chattersStill(live: Live, index: number, steadyMs: number): void {
  const { counts, told } = live.chatter;
  if (told.has(index)) return;
  told.add(index);
  counts.set(index, { at: [steadyMs], changes: 0 });
}

/** A reload left the point as it was. */
export function carryChatter(from: Live, at: number, to: Live, index: number): void {
  const count = from.chatter.counts.get(at);
  if (count) to.chatter.counts.set(index, count);
  if (from.chatter.told.has(at)) to.chatter.told.add(index);
}

export function forgetChatter({ chatter }: Live, index: number): void {
  chatter.counts.delete(index);
  chatter.told.delete(index);
}

// From raw readings to believed values: scale, invert, sentinels, range, debounce, staleness. Works on the
// live part of the state only and says which points changed; it decides nothing about rules.

import { isSameReason, loopMeaning, placeBefore } from './loops.ts';
import type { Model } from './model.ts';
import type { Live } from './state.ts';
import type { Change, Point, Quality, Raw, Value } from './types.ts';

/** What is believed of a point so far; a loop's hysteresis hangs on it. */
export interface Believed {
  readonly value: Value | null;
  readonly because?: string | undefined;
}

/** What a raw value means at a point. Null with quality `bad` where it means nothing, and why. */
export function scaled(
  point: Point,
  raw: Raw,
  believed?: Believed,
): { value: Value | null; quality: Quality; because?: string } {
  if (raw === null) return bad('no valid value');
  if (point.type === 'bool' && point.loop === undefined) {
    if (typeof raw === 'number' && !Number.isFinite(raw)) return bad('not a number');
    if (typeof raw === 'number' && point.invalid?.includes(raw)) return bad(`${raw} means "no value"`);
    const value = typeof raw === 'boolean' ? raw : Boolean(raw);
    return { value: point.invert ? !value : value, quality: 'good' };
  }
  if (point.type === 'string') return { value: String(raw), quality: 'good' };
  // A field of blanks would count as zero.
  const number = typeof raw === 'string' && raw.trim() === '' ? Number.NaN : Number(raw);
  if (!Number.isFinite(number)) return bad('not a number');
  if (point.invalid?.includes(number)) return bad(`${number} means "no value"`);
  const value = tidy(number * (point.scale ?? 1) + (point.offset ?? 0));
  if (!Number.isFinite(value)) return bad('too large a number');
  if (point.min !== undefined && value < point.min)
    return bad(`${value} is below the least possible, ${point.min}`);
  if (point.max !== undefined && value > point.max)
    return bad(`${value} is above the most possible, ${point.max}`);
  if (point.loop !== undefined) {
    return loopMeaning(point.loop, value, believed && placeBefore(believed.value, believed.because));
  }
  return { value, quality: 'good' };
}

/** Takes readings in; returns the points whose believed value or quality changed. */
export function accept(
  live: Live,
  model: Model,
  values: readonly (readonly [string, Raw])[],
  steadyMs: number,
): Change[] | undefined {
  let changes: Change[] | undefined;
  for (const [id, raw] of values) {
    const at = model.index.get(id);
    if (at === undefined) continue;
    const point = model.points[at]!;
    live.seenAtMs[at] = steadyMs;
    if (point.staleAfterMs > 0 && steadyMs + point.staleAfterMs < live.staleCheckMs) {
      live.staleCheckMs = steadyMs + point.staleAfterMs;
    }
    if (live.raws[at] === raw) continue;
    if (point.debounceMs) {
      live.raws[at] = raw;
      if (settled(live, at, point, raw)) {
        live.pending.delete(at);
      } else {
        const since = live.pending.get(at);
        const dueMs = since && goesOn(live, at, point, since.raw, raw) ? since.dueMs : undefined;
        live.pending.set(at, { raw, dueMs: dueMs ?? steadyMs + point.debounceMs });
      }
      continue;
    }
    live.raws[at] = raw;
    // (one that was put off)
    live.pending.delete(at);
    const change = changed(live, at, point, raw);
    if (change) {
      changes ??= [];
      changes.push(change);
    }
  }
  return changes;
}

/** What time alone changes: debounces that have stood long enough, and points that have gone stale. */
export function settle(live: Live, model: Model, steadyMs: number): Change[] | undefined {
  const changes: Change[] = [];
  for (const [at, pending] of live.pending) {
    if (pending.dueMs > steadyMs) continue;
    live.pending.delete(at);
    const change = changed(live, at, model.points[at]!, pending.raw);
    if (change) changes.push(change);
  }
  if (steadyMs >= live.staleCheckMs) {
    let next = Number.POSITIVE_INFINITY;
    for (let at = 0; at < model.points.length; at += 1) {
      const point = model.points[at]!;
      if (point.staleAfterMs === 0 || live.raws[at] === undefined) continue;
      const due = live.seenAtMs[at]! + point.staleAfterMs;
      if (due > steadyMs) {
        if (due < next) next = due;
        continue;
      }
      forget(live, at);
      changes.push([point.id, null, 'stale', `no reading for ${point.staleAfterMs / 1000} s`]);
    }
    live.staleCheckMs = next;
  }
  return changes.length > 0 ? changes : undefined;
}

/** Turns every known point of a device unknown, at once. */
export function lose(live: Live, model: Model, device: string, because: string): Change[] {
  const changes: Change[] = [];
  for (const at of model.pointsOf.get(device) ?? []) {
    forget(live, at);
    if (live.qualities[at] !== 'stale' || live.values[at] !== null)
      changes.push([model.points[at]!.id, null, 'stale', because]);
  }
  return changes;
}

/** Puts changes in place: from here on the engine sees them. */
export function believe(
  live: Live,
  index: ReadonlyMap<string, number>,
  changes: readonly Change[],
  wallMs: number,
): void {
  for (const [id, value, quality, because] of changes) {
    const at = index.get(id);
    if (at === undefined) continue;
    live.values[at] = value;
    live.qualities[at] = quality;
    live.becauses[at] = because;
    live.changedAtMs[at] = wallMs;
  }
}

/** The next moment at which time alone could change something. */
export function pointsWakeAt(live: Live): number {
  let at = live.staleCheckMs;
  for (const pending of live.pending.values()) if (pending.dueMs < at) at = pending.dueMs;
  return at;
}

function meaning(live: Live, at: number, point: Point, raw: Raw): ReturnType<typeof scaled> {
  if (point.loop === undefined) return scaled(point, raw);
  return scaled(point, raw, { value: live.values[at]!, because: live.becauses[at] });
}

function changed(live: Live, at: number, point: Point, raw: Raw): Change | undefined {
  const { value, quality, because } = meaning(live, at, point, raw);
  if (isBelieved(live, at, point, value, quality, because)) return undefined;
  return because === undefined ? [point.id, value, quality] : [point.id, value, quality, because];
}

/** Does a raw value say no more than what is believed already? */
export function settled(live: Live, at: number, point: Point, raw: Raw): boolean {
  const { value, quality, because } = meaning(live, at, point, raw);
  return isBelieved(live, at, point, value, quality, because);
}

function isBelieved(
  live: Live,
  at: number,
  point: Point,
  value: Value | null,
  quality: Quality,
  because: string | undefined,
): boolean {
  if (live.values[at] !== value || live.qualities[at] !== quality) return false;
  // a loop that goes from short to open is without a value in both, and yet it is news
  return point.loop === undefined || isSameReason(live.becauses[at], because);
}

/**
 * Does a wait go on with this raw value? A contact must stand still; a noisy number need only stay away from the
 * believed one, and a loop's noise must stay within its band.
 */
function goesOn(live: Live, at: number, point: Point, waiting: Raw, raw: Raw): boolean {
  if (point.type === 'number') return true;
  if (point.loop === undefined) return false;
  const [before, now] = [meaning(live, at, point, waiting), meaning(live, at, point, raw)];
  return before.value === now.value && isSameReason(before.because, now.because);
}

function forget(live: Live, at: number): void {
  live.raws[at] = undefined;
  live.pending.delete(at);
}

function bad(because: string): { value: null; quality: Quality; because: string } {
  return { value: null, quality: 'bad', because };
}

// 2301 × 0.1 is 230.10000000000002 in binary; twelve digits are more than any sensor has.
function tidy(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(12));
}

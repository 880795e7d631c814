// What is drawn on a floor plan and how it is moved about: places in shares of the picture, kept within it. Pure; knows
// neither the browser nor who draws.

import type { Floor } from '../../api.ts';

export type Place = readonly [x: number, y: number];
export type Area = readonly [x: number, y: number, width: number, height: number];
export type Placed = { readonly of: 'point' | 'zone'; readonly id: string };
export type Draft = Pick<Floor, 'id' | 'name' | 'points' | 'zones'>;

export const leastSize = 0.02;
const usualSize = 0.2;

/** Places of a file need no more digits than a picture has dots. */
const round = (share: number): number => Math.round(share * 10_000) / 10_000;
const within = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

export function draftOf({ id, name, points, zones }: Floor): Draft {
  return { id, name, points, zones };
}

export function keyOf({ of, id }: Placed): string {
  return `${of}:${id}`;
}

/** Puts something with its middle (of a zone) or itself (of a point) at a place. */
export function placedAt(draft: Draft, item: Placed, x: number, y: number): Draft {
  if (item.of === 'point')
    return {
      ...draft,
      points: { ...draft.points, [item.id]: [round(within(x, 0, 1)), round(within(y, 0, 1))] },
    };
  const [, , width, height] = draft.zones[item.id] ?? [0, 0, usualSize, usualSize];
  return withArea(draft, item.id, [x - width / 2, y - height / 2, width, height]);
}

export function movedBy(draft: Draft, item: Placed, dx: number, dy: number): Draft {
  if (item.of === 'point') {
    const at = draft.points[item.id];
    return at ? placedAt(draft, item, at[0] + dx, at[1] + dy) : draft;
  }
  const area = draft.zones[item.id];
  return area ? withArea(draft, item.id, [area[0] + dx, area[1] + dy, area[2], area[3]]) : draft;
}

export function sizedBy(draft: Draft, zone: string, dx: number, dy: number): Draft {
  const area = draft.zones[zone];
  if (!area) return draft;
  const [x, y, width, height] = area;
  return withArea(draft, zone, [
    x,
    y,
    within(width + dx, leastSize, 1 - x),
    within(height + dy, leastSize, 1 - y),
  ]);
}

export function takenOff(draft: Draft, { of, id }: Placed): Draft {
  if (of === 'point') return { ...draft, points: without(draft.points, id) };
  return { ...draft, zones: without(draft.zones, id) };
}

function withArea(draft: Draft, id: string, [x, y, width, height]: Area): Draft {
  const wide = within(width, leastSize, 1);
  const high = within(height, leastSize, 1);
  const area: Area = [round(within(x, 0, 1 - wide)), round(within(y, 0, 1 - high)), round(wide), round(high)];
  return { ...draft, zones: { ...draft.zones, [id]: area } };
}

function without<T>(of: Readonly<Record<string, T>>, id: string): Record<string, T> {
  return Object.fromEntries(Object.entries(of).filter(([key]) => key !== id));
}

/** Is what is drawn what was last saved? */
export function same(a: Draft, b: Draft): boolean {
  return canonical(a) === canonical(b);
}

function canonical({ name, points, zones }: Draft): string {
  const sorted = <T>(of: Readonly<Record<string, T>>): [string, T][] =>
    Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, sorted(points), sorted(zones)]);
}

/** Is this incident's place, its zone or a point that it names, on the plan? */
export function isOn(
  { points, zones }: Pick<Floor, 'points' | 'zones'>,
  incident: {
    readonly zone?: string;
    readonly signals: readonly { readonly point?: string; readonly active: boolean }[];
    readonly cause: { readonly point?: string };
  },
): boolean {
  const has = (of: object, id: string | undefined): boolean => id !== undefined && Object.hasOwn(of, id);
  return (
    has(zones, incident.zone) ||
    has(points, incident.cause.point) ||
    incident.signals.some(({ point, active }) => active && has(points, point))
  );
}

/** An id that no floor has yet, of a name's Latin letters where it has some. */
export function newId(name: string, taken: ReadonlySet<string>): string {
  const letters = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+|_+$/g, '')
    .slice(0, 40);
  const base = letters === '' || letters === 'constructor' ? 'floor' : letters;
  if (letters !== '' && !taken.has(base)) return base;
  for (let number = 1; ; number += 1) if (!taken.has(`${base}_${number}`)) return `${base}_${number}`;
}

// The order in which incidents stand: alarms before supervisory signals before troubles, what is more urgent first, what
// is real before drills, what nobody has acknowledged before what somebody has, what goes on before what is over, then the
// newest. Pure.

import type { Category, Incident, Level } from '../api.ts';

const categories: Readonly<Record<Category, number>> = { alarm: 0, supervisory: 1, trouble: 2 };
const levels: Readonly<Record<Level, number>> = { urgent: 0, major: 1, general: 2 };

type Ordered = Pick<Incident, 'category' | 'level' | 'openedAt' | 'id' | 'drill' | 'acknowledged' | 'active'>;

export function before(one: Ordered, other: Ordered): number {
  return (
    categories[one.category] - categories[other.category] ||
    Number(one.drill) - Number(other.drill) ||
    levels[one.level] - levels[other.level] ||
    Number(one.acknowledged) - Number(other.acknowledged) ||
    Number(other.active) - Number(one.active) ||
    (one.openedAt < other.openedAt ? 1 : one.openedAt > other.openedAt ? -1 : 0) ||
    (one.id < other.id ? 1 : -1)
  );
}

/**
 * Where things stand while somebody is pressing among them: what is there keeps its place, what is new comes behind, what
 * is gone leaves. Ids in, ids out.
 */
export function held(shown: readonly string[], wanted: readonly string[]): readonly string[] {
  const there = new Set(wanted);
  const known = new Set(shown);
  return [...shown.filter((id) => there.has(id)), ...wanted.filter((id) => !known.has(id))];
}

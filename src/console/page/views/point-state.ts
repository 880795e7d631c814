// What stands out of a point's state, for shapes, words and filters. Pure.

import type { PointView } from '../../api.ts';

export type PointState = 'active' | 'rest' | 'unknown' | 'disabled' | 'plain';

/** What stands out of it first: out of service before unknown before active. `plain`: a number without limits. */
export function stateOf(point: PointView): PointState {
  if (point.disabled) return 'disabled';
  if (point.quality !== 'good' || point.value === null) return 'unknown';
  const hasLimit = point.alarmAbove !== undefined || point.alarmBelow !== undefined;
  // (a contact or text that nobody has said the meaning of is neither an alarm nor at rest)
  if (!hasLimit && (point.type !== 'bool' || point.kind === undefined)) return 'plain';
  return point.active ? 'active' : 'rest';
}

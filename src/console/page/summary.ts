// How the premises stand, counted: what is open, what is not acknowledged, what is not seen. Signals made of signals;
// shows nothing.

import { computed } from '@preact/signals';
import type { Category, Incident } from '../api.ts';
import { before } from './order.ts';
import { incidents, points, status } from './state.ts';

/** open incidents in the order in which they stand on the wall */
export const ordered = computed<readonly Incident[]>(() => [...incidents.value.values()].sort(before));

export interface Summary {
  /** what the premises are called at a glance: the worst that is open; `unsure`: nothing open, but not all is seen */
  readonly tone: Category | 'drill' | 'quiet' | 'unsure';
  readonly counts: Readonly<Record<Category | 'drill', number>>;
  readonly unacknowledged: number;
  /** points that give no value, of those that are in service */
  readonly unknown: number;
  readonly watched: number;
  readonly disabled: number;
}

export const sensors = computed(() => {
  let unknown = 0;
  let disabled = 0;
  for (const point of points.value.values()) {
    if (point.disabled) disabled++;
    else if (point.value === null || point.quality !== 'good') unknown++;
  }
  return { watched: points.value.size - disabled, unknown, disabled };
});

export const summary = computed<Summary>(() => {
  const counts = { alarm: 0, supervisory: 0, trouble: 0, drill: 0 };
  let unacknowledged = 0;
  for (const incident of incidents.value.values()) {
    counts[incident.drill ? 'drill' : incident.category]++;
    if (incident.state === 'unacknowledged' || (incident.state === 'returned' && !incident.acknowledged))
      unacknowledged++;
  }
  const seen = sensors.value;
  const blind = seen.unknown > 0 || (status.value?.buses.some((bus) => !bus.up) ?? false);
  const tone =
    counts.alarm > 0
      ? 'alarm'
      : counts.supervisory > 0
        ? 'supervisory'
        : counts.trouble > 0
          ? 'trouble'
          : counts.drill > 0
            ? 'drill'
            : blind
              ? 'unsure'
              : 'quiet';
  return { tone, counts, unacknowledged, ...seen };
});

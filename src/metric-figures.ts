// What machines watch the house by, read off the engine's state and the store when somebody asks; and the count of
// incidents that opened, which nothing else keeps. Knows no metric by its name.

import type { HouseFigures, Opened } from './console/types.ts';
import type { StatusReport } from './control/types.ts';
import { openChecks } from './core/troubles.ts';
import type { Category, Event, Incident, Quality } from './core/types.ts';
import type { Loop } from './loop.ts';
import type { Store } from './store/types.ts';

export interface OpenedCount {
  events(events: readonly Event[]): void;
  opened(): readonly Opened[];
}

export function countOpened(): OpenedCount {
  const counts = new Map<string, Opened>();
  return {
    events(events) {
      for (const { type, incident, replayed } of events) {
        if (type !== 'incident.opened' || incident === undefined || replayed) continue;
        const { category, level, drill } = incident;
        const key = `${category} ${level} ${drill}`;
        counts.set(key, { category, level, drill, count: (counts.get(key)?.count ?? 0) + 1 });
      }
    },
    opened: () => [...counts.values()],
  };
}

export function figuresFor(of: {
  readonly loop: Loop;
  readonly store: Store;
  readonly status: StatusReport;
  readonly opened: readonly Opened[];
}): HouseFigures {
  const { loop, store, status, opened } = of;
  const { live, durable } = loop.state;
  const incidents = Object.values<Incident>(durable.incidents);
  const oldestWaitingMs = waitingMs(store, loop.stamp().wallMs);
  return {
    status,
    incidents,
    opened,
    unacknowledgedMs: unacknowledged(incidents, loop.stamp().steadyMs),
    points: countQualities(live.qualities, loop.model.points.length),
    outOfService: live.disabled.size,
    failing: openChecks(durable),
    commits: loop.commits(),
    ...(status.mqtt && oldestWaitingMs !== undefined && { oldestWaitingMs }),
  };
}

/** On steady time: a clock that is set makes nobody late. */
function unacknowledged(incidents: readonly Incident[], nowMs: number): HouseFigures['unacknowledgedMs'] {
  const oldest: Partial<Record<Category, number>> = {};
  for (const { category, acknowledged, drill, activatedMs } of incidents) {
    if (acknowledged || drill || activatedMs === undefined) continue;
    oldest[category] = Math.max(oldest[category] ?? 0, nowMs - activatedMs);
  }
  return oldest;
}

function countQualities(qualities: readonly (Quality | undefined)[], points: number): HouseFigures['points'] {
  const counts: Record<Quality, number> = { good: 0, stale: 0, bad: 0 };
  for (let index = 0; index < points; index += 1) counts[qualities[index] ?? 'stale'] += 1;
  return counts;
}

function waitingMs(store: Store, nowMs: number): number | undefined {
  try {
    const [oldest] = store.outbox(0, 1);
    return oldest && Math.max(0, nowMs - Date.parse(oldest.at));
  } catch {
    // a disk that can't be read is told of elsewhere
    return undefined;
  }
}

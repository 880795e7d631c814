// Metrics of the incidents, drills and duties.

import type { Category, IncidentState, Level } from '../core/types.ts';
import { bit, counter, gauge, type Metric, one, seconds, type Value } from './metric-form.ts';

const categories: readonly Category[] = ['alarm', 'supervisory', 'trouble'];
const levels: readonly Level[] = ['general', 'major', 'urgent'];
const openStates: readonly IncidentState[] = ['unacknowledged', 'acknowledged', 'returned', 'shelved'];

export const incidents: readonly Metric[] = [
  gauge(
    'incidents_open',
    'Open incidents; drills are told apart.',
    ({ house }) => {
      const count = (drill: boolean, category: Category, level: Level, state: IncidentState): number =>
        house.incidents.filter(
          (each) =>
            each.drill === drill &&
            each.category === category &&
            each.level === level &&
            each.state === state,
        ).length;
      return grid((category, level) =>
        openStates.flatMap((state): Value[] => [
          [count(false, category, level, state), category, level, state, 'false'],
          [count(true, category, level, state), category, level, state, 'true'],
        ]),
      );
    },
    ...['category', 'level', 'state', 'drill'],
  ),
  counter(
    'incidents_opened_total',
    'Incidents that opened since the daemon began.',
    ({ house }) =>
      grid((category, level) =>
        [false, true].map((drill): Value => {
          const found = house.opened.find(
            (each) => each.category === category && each.level === level && each.drill === drill,
          );
          return [found?.count ?? 0, category, level, String(drill)];
        }),
      ),
    ...['category', 'level', 'drill'],
  ),
  gauge(
    'unacknowledged_seconds',
    'How long the oldest incident that nobody has acknowledged waits, drills left out; 0: none.',
    ({ house }) =>
      categories.map((category): Value => [seconds(house.unacknowledgedMs[category] ?? 0), category]),
    'category',
  ),
  gauge('drills_running', 'Drills that run.', ({ house }) => one(house.status.drills?.length ?? 0)),
  gauge('walk_test_running', '1 while a walk test runs.', ({ house }) =>
    one(bit(house.status.walkTest !== undefined)),
  ),
  gauge('duties_overdue', 'Drills, inspections and other duties that are overdue.', ({ house }) =>
    one((house.status.duties ?? []).filter(({ overdue }) => overdue).length),
  ),
];

function grid(of: (category: Category, level: Level) => readonly Value[]): Value[] {
  return categories.flatMap((category) => levels.flatMap((level) => of(category, level)));
}

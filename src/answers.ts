// What the commands may ask of the running house: its points, its incidents and why they came about, its journal. Reads
// the engine's state and the store; changes nothing but by a command, which the loop judges.

import { type ControlHost, longestPage } from './control/types.ts';
import { redated } from './core/clock-corrections.ts';
import { nextOf } from './core/ladder-view.ts';
import type { Site } from './core/types.ts';
import type { Loop } from './loop.ts';
import { levelsOf, namesOf } from './report.ts';
import type { Store } from './store/types.ts';

const mostIncidents = 1000;

type Answers = Pick<
  ControlHost,
  'points' | 'incidents' | 'command' | 'explain' | 'history' | 'names' | 'journal' | 'verify'
>;

export function answersOf(house: {
  readonly loop: Loop;
  readonly store: Store;
  readonly self: { readonly session: string; readonly version: string };
  readonly site: () => Site;
}): Answers {
  const { loop, store } = house;
  return {
    points: () => [...levelsOf(loop, house.self).points()],
    incidents: (all) =>
      all ? store.incidents({ limit: mostIncidents }) : Object.values(loop.state.durable.incidents).reverse(),
    command: loop.command,
    explain(given) {
      // an open one as it stands now: of what became of messages its row may learn later
      const isMeant = ({ id }: { id: string }): boolean => id === given || id.startsWith(`${given}_`);
      const incident =
        Object.values(loop.state.durable.incidents).find(isMeant) ??
        store.incident(given) ??
        store.incidentLike(given);
      if (incident === undefined) return { events: [] };
      const next = nextOf(incident, loop.model, loop.state.durable.timers, loop.stamp());
      const { corrections } = loop.state.durable;
      const events = store.eventsOf(incident.id).map((event) => redated(event, corrections));
      return { incident, events, next };
    },
    history: (range) => store.history(range),
    names: () => namesOf(house.site()),
    journal: (afterId) => store.journal(afterId, longestPage),
    verify: (head) => store.verify(head),
  };
}

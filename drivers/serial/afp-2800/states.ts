// What stands on an AFP-2800 panel, by the events that it has printed: a state of a point is true while any place
// that the point is about has said so and not taken it back. Pure; knows nothing of lines and links.

import { meanings, type PanelEvent, type StateName } from './codec.ts';

/** What a gateway point is about. */
export interface Filter {
  readonly state: StateName;
  /** undefined: any zone, any point of the panel */
  readonly zone: number | undefined;
  readonly point: string | undefined;
}

export interface PanelState {
  /** Takes an event; gives the new value, or undefined where the event says nothing of it. */
  take(event: PanelEvent): boolean | undefined;
}

function about(filter: Filter, { zone, point }: PanelEvent): boolean {
  return (
    (filter.zone === undefined || filter.zone === zone) &&
    (filter.point === undefined || filter.point === point)
  );
}

export function createPanelState(filter: Filter): PanelState {
  /** places where it stands: zone, and within it the panel's points */
  const standing = new Map<number, Set<string>>();

  function end({ zone, point }: PanelEvent, reset: boolean): void {
    const places = standing.get(zone);
    if (places?.delete(point)) {
      if (places.size === 0) standing.delete(zone);
      return;
    }
    if (!reset) return;
    // a reset of a place that never spoke up is that of its whole zone, or of the panel
    if (zone === 0) standing.clear();
    else standing.delete(zone);
  }

  return {
    take(event) {
      const { sets, clears, reset } = meanings[event.word]!;
      const ofPanel = reset && event.zone === 0;
      if (sets.includes(filter.state)) {
        if (!about(filter, event)) return undefined;
        const places = standing.get(event.zone) ?? new Set<string>();
        standing.set(event.zone, places.add(event.point));
        return true;
      }
      if (!clears.includes(filter.state)) return undefined;
      const ofZone = reset && (filter.zone === undefined || filter.zone === event.zone);
      if (!ofPanel && !ofZone && !about(filter, event)) return undefined;
      end(event, reset);
      return standing.size > 0;
    },
  };
}

// What drills, walk test, readiness and contacts share: what a zone, or none, is called, and whether a real alarm is
// open. Reads signals only.

import type { Incident } from '../../api.ts';
import { zoneName } from '../names.ts';
import { incidents, site } from '../state.ts';
import { nameOf } from '../words/index.ts';
import { say } from './care-words.ts';

export function placeName(zone: string | undefined): string {
  return zone === undefined || zone === '' ? say('everywhere') : zoneName(zone);
}

/** A real alarm, as the engine counts them for drills; it judges again, so this only says why it will refuse. */
export function realAlarm(): Incident | undefined {
  return [...incidents.value.values()].find(
    ({ category, drill, level, cause }) =>
      category === 'alarm' && !drill && !(level === 'general' && cause.point === undefined),
  );
}

export function zoneChoices(): (readonly [string, string])[] {
  return [
    ['', say('everywhere')],
    ...(site.value?.zones ?? []).map(({ id, name }) => [id, nameOf(name)] as const),
  ];
}

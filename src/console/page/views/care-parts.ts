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
  return realAlarms()[0];
}

function realAlarms(): Incident[] {
  return [...incidents.value.values()].filter(
    ({ category, drill, level, cause }) =>
      category === 'alarm' && !drill && !(level === 'general' && cause.point === undefined),
  );
}

/** One that a walk test of this zone, or of everything, would be refused for. */
export function realAlarmIn(zone: string): Incident | undefined {
  const found = realAlarms();
  return zone === '' ? found[0] : found.find((one) => one.zone === undefined || one.zone === zone);
}

export function zoneChoices(): (readonly [string, string])[] {
  return [
    ['', say('everywhere')],
    ...(site.value?.zones ?? []).map(({ id, name }) => [id, nameOf(name)] as const),
  ];
}

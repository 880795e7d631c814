// What ids are called on site, from the site as the daemon tells it; an id that nobody knows stands for itself.

import type { Delivery, Incident } from '../../core/types.ts';
import { points, site } from './state.ts';
import { ladder, nameOf, reason, t } from './words/index.ts';

/** Of a point, or of an output. */
export function pointName(id: string): string | undefined {
  const name = points.value.get(id)?.name ?? site.value?.outputs.find((one) => one.id === id)?.name;
  return name === undefined ? undefined : nameOf(name);
}

export function zoneName(id: string): string {
  const zone = site.value?.zones.find((one) => one.id === id);
  return zone ? nameOf(zone.name) : id;
}

export function roleName(id: string): string {
  const given = site.value?.roles[id];
  return given === undefined ? ladder.roles([id]) : nameOf(given);
}

export function personName(id: string): string {
  const person = site.value?.people.find((one) => one.id === id);
  return person ? nameOf(person.name) : id;
}

export function planName(id: string): string {
  const plan = site.value?.plans.find((one) => one.id === id);
  return plan ? nameOf(plan.title) : id;
}

/** To whom a message went. */
export function receiver({ person, role }: Delivery): string {
  return person !== undefined ? personName(person) : role !== undefined ? roleName(role) : t('unknown');
}

/** Why it opened, in a sentence. */
export function firstCause(incident: Incident): string {
  const first = incident.signals[0];
  return first
    ? reason(first.because, pointName)
    : (incident.cause.point ?? incident.cause.subject ?? incident.cause.rule);
}

/** `i3` of `i3_kdqv`: as people say it */
export function shortId(id: string): string {
  return id.split('_')[0]!;
}

/** Open, and waits for somebody to acknowledge it. */
export function isUnacknowledged(incident: Incident): boolean {
  return incident.state !== 'closed' && !incident.acknowledged;
}

/** What a command is told as `incident`'s place, in words. */
export function whereOf({ zone, place }: Pick<Incident, 'zone' | 'place'>): string | undefined {
  const parts = [...(zone === undefined ? [] : [zoneName(zone)]), ...(place === undefined ? [] : [place])];
  return parts.length === 0 ? undefined : parts.join(' · ');
}

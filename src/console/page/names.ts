// What ids are called on site, from the site as the daemon tells it; an id that nobody knows stands for itself.

import type { Delivery, Incident } from '../../core/types.ts';
import { incidents, points, site } from './state.ts';
import { ladder, nameOf, reason, t } from './words/index.ts';

/** Of a point, of an output, or of a device. */
export function pointName(id: string): string | undefined {
  const name =
    points.value.get(id)?.name ??
    site.value?.outputs.find((one) => one.id === id)?.name ??
    site.value?.devices.find((one) => one.id === id)?.name;
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

/** Names of those who have this role and are on duty. */
export function peopleOf(role: string): readonly string[] {
  return (site.value?.people ?? [])
    .filter(({ roles, onDuty }) => onDuty && roles.includes(role))
    .map(({ name }) => nameOf(name));
}

export function planName(id: string): string {
  const plan = site.value?.plans.find((one) => one.id === id);
  return plan ? nameOf(plan.title) : id;
}

/** Those who have the role and are on duty, by name. */
export function roleHolders(role: string): string[] {
  const people = site.value?.people ?? [];
  return people.filter(({ roles, onDuty }) => onDuty && roles.includes(role)).map(({ name }) => nameOf(name));
}

/** Of a way to people by its id or its type. A site's own ids are as people there call them. */
export function channelName(id: string): string {
  return isIn(channels, id) ? t(`channel.${id}`) : id;
}

/** Of an outside number; those that the shipped plans call have words. */
export function numberName(id: string): string {
  return isIn(numbers, id) ? t(`number.${id}`) : id.replaceAll('_', ' ');
}

const channels = ['mqtt', 'sms', 'email', 'webhook'] as const;
const numbers = ['power_company', 'gas_company', 'water_company', 'lift_company', 'property'] as const;

function isIn<T extends string>(known: readonly T[], id: string): id is T {
  return (known as readonly string[]).includes(id);
}

/** To whom a message went. */
export function receiver({ person, role }: Delivery): string {
  return person !== undefined ? personName(person) : role !== undefined ? roleName(role) : t('unknown');
}

/** For reasons that tell of no incident's steps. */
export const namesNow = { point: pointName, incident: incidentTitle };

/** For reasons that tell of an incident: its steps by what they say. */
export function namesIn(incident: Incident) {
  return {
    point: pointName,
    step: (id: string): string | undefined => stepText(incident, id),
    incident: incidentTitle,
  };
}

export function stepText({ steps }: Pick<Incident, 'steps'>, id: string): string | undefined {
  const step = steps.find((one) => one.id === id);
  return step && nameOf(step.text);
}

export function incidentTitle(id: string): string | undefined {
  const incident = incidents.value.get(id);
  return incident && nameOf(incident.title);
}

/** Why it opened, in a sentence. */
export function firstCause(incident: Incident): string {
  const first = incident.signals[0];
  return first
    ? reason(first.because, namesIn(incident))
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

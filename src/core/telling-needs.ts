// What makes a telling needless, and how a rung is known again. Asked by the ladder before it climbs, and by the
// messages before they go out and while they wait. Reads only.

import type { Durable } from './state.ts';
import type { Incident, MessageAbout, Rung, Told, Unless } from './types.ts';

/** Identifies a rung by what it says, so that a reload that moves it does not tell it again. */
export function rungKey({ roles, after, unless, level, hours }: Rung): string {
  const parts = [roles.join('+'), typeof after === 'number' ? after : JSON.stringify(after)];
  if (unless !== undefined) parts.push(typeof unless === 'string' ? unless : `step ${unless.step}`);
  if (level !== undefined) parts.push(level);
  if (hours !== undefined) parts.push(hours);
  return parts.join('/');
}

export function isNeedless(incident: Incident, unless: Unless | undefined): boolean {
  if (unless === undefined) return false;
  if (unless === 'acknowledged') return incident.acknowledged;
  if (unless === 'returned') return !incident.active;
  return incident.steps.some(({ id, doneAt }) => id === unless.step && doneAt !== undefined);
}

/** An incident that people are told of: open, or closed and still being told as over. */
export function incidentOf({ incidents, leaving }: Durable, id: string): Incident | undefined {
  return incidents[id] ?? leaving[id];
}

export function toldOf(incident: Incident | undefined, number: number): Told | undefined {
  return incident?.told?.find((told) => told.number === number);
}

/** Is this still to be told? */
export function isWanted(durable: Durable, about: MessageAbout): boolean {
  const incident = incidentOf(durable, about.incident);
  const told = toldOf(incident, about.told);
  if (incident === undefined || told === undefined) return false;
  if (told.kind === 'closed') return incident.state === 'closed';
  if (incident.state === 'closed') return false;
  if (told.kind === 'overdue')
    return incident.steps.some(({ id, doneAt }) => id === told.rung && doneAt === undefined);
  return !isPast(incident, told) && !isNeedless(incident, told.unless);
}

/** Is this from before it last came back? What waits for the return is then told anew, in its time. */
export function isPast({ activation, activeSinceMs = 0 }: Incident, told: Told): boolean {
  return told.activation !== activation || (told.unless === 'returned' && told.atMs < activeSinceMs);
}

// Who answers for a role at this moment: those of the role who are on duty, their deputies, and if it comes to
// that everybody who has the role at all, because waking somebody is better than telling nobody. Pure.

import { isPlausible, isWithin, localOf } from './calendar.ts';
import type { Calendar, Person, Site } from './site-types.ts';

/** Is this person on duty? Where nobody knows the time, everybody is. */
export function isOnDuty(person: Person, calendar: Calendar | undefined, wallMs: number): boolean {
  if (person.duty === undefined || calendar === undefined || !isPlausible(wallMs)) return true;
  return isWithin(calendar, person.duty, localOf(calendar, wallMs));
}

/** The people to be told for a role now; empty: nobody has it, or nobody who has it can be reached. */
export function answering(site: Site, role: string, wallMs: number): readonly Person[] {
  const { onDuty, all } = lookUp(site, role, wallMs);
  return onDuty.length > 0 ? onDuty : all;
}

/** Only those on duty and their deputies: what `check` asks of every hour of a week. */
export function answeringOnDuty(site: Site, role: string, wallMs: number): readonly Person[] {
  return lookUp(site, role, wallMs).onDuty;
}

function lookUp(site: Site, role: string, wallMs: number): { onDuty: Person[]; all: Person[] } {
  const people = site.telling?.people ?? [];
  // where there are channels, somebody without an address is nobody to be reached
  const byChannel = (site.telling?.channels.length ?? 0) > 0;
  const isReachable = ({ channels }: Person): boolean => !byChannel || channels.length > 0;
  const holders = people.filter((person) => person.roles.includes(role));
  const onDuty = new Map<string, Person>();
  for (const holder of holders) {
    const seen = new Set<string>();
    let person: Person | undefined = holder;
    // (a circle of deputies is refused when the contacts are loaded)
    while (person !== undefined && !seen.has(person.id)) {
      seen.add(person.id);
      if (isReachable(person) && isOnDuty(person, site.calendar, wallMs)) {
        onDuty.set(person.id, person);
        break;
      }
      const { deputy }: Person = person;
      person = deputy === undefined ? undefined : people.find(({ id }) => id === deputy);
    }
  }
  return { onDuty: [...onDuty.values()], all: holders.filter(isReachable) };
}

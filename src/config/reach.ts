// Is anybody told at all, and is there somebody for every role, at every hour? Warns of a site that tells nobody, of
// roles that nobody has, that nobody can be reached in, or for which nobody is on duty at some hour; and of roles and
// numbers that nothing uses or that are missing.

import { isPlausible, isWorkday, isWorkingHour, localOf, startOfDate } from '../core/calendar.ts';
import { answeringOnDuty } from '../core/people.ts';
import type { Plan, Rung, Site } from '../core/types.ts';
import type { Contacts } from './contacts.ts';
import type { FaultList, Place } from './faults.ts';
import { nearest } from './nearest.ts';
import { isNumber } from './plan-form.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const coming = 14;
const year = 366;
/** Everybody knows these: police, fire, ambulance, traffic accidents. */
const knownNumbers: ReadonlySet<string> = new Set(['110', '119', '120', '122']);

export interface ReachOptions {
  readonly site: Pick<Site, 'plans' | 'calendar' | 'telling'>;
  readonly contacts: Contacts;
  /** roles that duties tell, beside those of plans */
  readonly dutyRoles: ReadonlySet<string>;
  /** roles that are told of elsewhere, as unknown */
  readonly misspelt: ReadonlySet<string>;
  /** the place that names the contacts */
  readonly place: Place;
  readonly nowMs: number;
}

/** Warns of everybody who would be told and nobody who would hear it. */
export function warnOfReach(options: ReachOptions, faults: FaultList): void {
  warnOfEmptyRoles(options, faults);
  warnOfUnusedRoles(options, faults);
  warnOfNumbers(options, faults);
  warnOfChannels(options, faults);
}

/** Who hears what the broker is given: nobody without one, this machine's programs alone, or a centre. */
export type Hearers = 'none' | 'here' | 'beyond';

/**
 * Warns once of a site whose alarms leave the machine by no way at all. One whose broker is elsewhere, or bridged on
 * this machine, has a centre that listens: who is told there is not for this file to say.
 */
export function warnOfNobody(
  site: { readonly hearers: Hearers; readonly channels: boolean; readonly contacts: boolean },
  places: { readonly mqtt: Place; readonly contacts: Place },
  faults: FaultList,
): void {
  const { hearers, channels, contacts } = site;
  // channels without contacts tell nobody either, which is said of them
  if (hearers === 'beyond' || channels) return;
  const todo = `add ${contacts ? '`channels`' : '`contacts` and `channels`'}, or let \`mqtt\` lead to the broker of a monitoring centre`;
  if (hearers === 'none') {
    const missing = contacts ? 'no `channels`' : 'no `contacts`, no `channels`';
    faults.warn(places.contacts, `nobody is told of an alarm: there are ${missing} and no \`mqtt\``, todo);
    return;
  }
  const missing = contacts ? 'no `channels`' : 'no `contacts` and no `channels`';
  const what = 'nobody is told of an alarm beyond this machine: the broker inside is reached from here alone';
  faults.warn(places.mqtt, `${what}, and there are ${missing}`, todo);
}

/** Role → plans that tell it: by rungs, and by steps when those are overdue. The finder is on the spot. */
export function rolesOf(plans: readonly Plan[]): Map<string, string[]> {
  const plansOf = new Map<string, string[]>();
  for (const plan of plans) {
    const roles = [
      ...plan.steps.flatMap(({ role }) => role ?? []),
      ...(plan.notify ?? []).flatMap((rung) => rung.roles),
    ];
    for (const role of new Set(roles)) {
      if (role !== 'finder') plansOf.set(role, [...(plansOf.get(role) ?? []), plan.id]);
    }
  }
  return plansOf;
}

function warnOfEmptyRoles(options: ReachOptions, faults: FaultList): void {
  const { site, contacts, place, dutyRoles, misspelt } = options;
  const channels = site.telling?.channels ?? [];
  const rungs = site.plans.flatMap((plan) => plan.notify ?? []);
  const told = new Set(rungs.flatMap(({ roles }) => roles));
  const plansOf = rolesOf(site.plans);
  for (const role of dutyRoles) if (!plansOf.has(role)) plansOf.set(role, ['duties']);
  const looked = isPlausible(options.nowMs) ? hoursToLookAt(options) : [];
  const empty: [role: string, plan: string][] = [];
  for (const [role, ids] of plansOf) {
    const shown = `${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ', …' : ''}`;
    const holders = contacts.people.filter(({ roles }) => roles.includes(role));
    if (holders.length === 0) {
      if (!misspelt.has(role)) empty.push([role, ids[0]!]);
      continue;
    }
    const reachable = holders.some((person) => isReachable(person.id, options));
    if (reachable) {
      if (told.has(role)) warnOfGaps(role, rungs, looked, options, faults);
    } else if (channels.length > 0)
      faults.warn(
        place,
        `nobody of role \`${role}\` (${shown}) can be reached by any channel`,
        'add an address in the contacts',
      );
    // where every role is told over MQTT, people need no phones
    else if (site.telling?.mqtt !== true)
      faults.warn(
        place,
        `nobody of role \`${role}\` (${shown}) has a phone or an email`,
        'add one in the contacts',
      );
  }
  if (empty.length > 0) warnOfEmpty(empty, place, faults);
}

/** So many roles that nobody has are shown with a plan that tells them. */
const shownWithPlan = 6;

/** All in one line: a new site has none of them yet. */
function warnOfEmpty(
  empty: readonly (readonly [role: string, plan: string])[],
  place: Place,
  faults: FaultList,
): void {
  const [first] = empty;
  if (empty.length === 1) {
    const what = `role \`${first![0]}\` (${first![1]}) has nobody`;
    faults.warn(place, what, 'give the role to a person in the contacts');
    return;
  }
  const shown = empty.map(([role, plan]) => (empty.length > shownWithPlan ? role : `${role} (${plan})`));
  faults.warn(
    place,
    `${empty.length} roles have nobody: ${shown.join(', ')}`,
    'give each to a person in the contacts',
  );
}

/** Without channels, whoever has a phone or an e-mail address: a site may add its channels later. */
function isReachable(who: string, { site, contacts }: ReachOptions): boolean {
  if ((site.telling?.channels ?? []).length > 0)
    return contacts.people.find(({ id }) => id === who)!.channels.length > 0;
  const config = contacts.configs.find(({ id }) => id === who)!;
  return config.phone !== undefined || config.email !== undefined;
}

interface Hour {
  readonly wallMs: number;
  /** hours of one kind have the same answer */
  readonly kind: string;
  readonly working: boolean;
  /** among the first seven days */
  readonly inWeek: boolean;
}

/** Every hour of the coming two weeks, and of the holidays within a year. */
function hoursToLookAt({ site, nowMs }: ReachOptions): Hour[] {
  const calendar = site.calendar!;
  const firstMs = Math.ceil(nowMs / hourMs) * hourMs;
  const times: number[] = [];
  for (let hour = 0; hour < coming * 24; hour += 1) times.push(firstMs + hour * hourMs);
  const today = localOf(calendar, nowMs).date;
  const last = localOf(calendar, nowMs + year * dayMs).date;
  for (const date of calendar.holidays) {
    if (date < today || date > last) continue;
    const beginsMs = startOfDate(calendar, date);
    for (let hour = 0; hour < 24; hour += 1) {
      const atMs = beginsMs + hour * hourMs;
      if (atMs >= firstMs + coming * dayMs) times.push(atMs);
    }
  }
  return times.map((wallMs) => {
    const local = localOf(calendar, wallMs);
    const before = localOf(calendar, wallMs - dayMs);
    return {
      wallMs,
      kind: [local.weekday, local.minute, isWorkday(calendar, local), isWorkday(calendar, before)].join(),
      working: isWorkingHour(calendar, local),
      inWeek: wallMs < firstMs + 7 * dayMs,
    };
  });
}

/** One warning for a role: the first hour that has nobody, and how many there are. */
function warnOfGaps(
  role: string,
  rungs: readonly Rung[],
  hours: readonly Hour[],
  options: ReachOptions,
  faults: FaultList,
): void {
  const site = withReachable(options);
  const people = site.telling!.people;
  const holders = people.filter(({ roles }) => roles.includes(role));
  if (holders.some(({ duty, channels }) => duty === undefined && channels.length > 0)) return;
  const calendar = site.calendar!;
  const spans = new Set(rungs.filter(({ roles }) => roles.includes(role)).map((rung) => rung.hours));
  const always = spans.has(undefined) || calendar.working.length === 0;
  const answered = new Map<string, boolean>();
  const gaps = hours.filter(({ wallMs, kind, working }) => {
    if (!always && !spans.has(working ? 'working' : 'outside')) return false;
    let somebody = answered.get(kind);
    if (somebody === undefined) {
      somebody = answeringOnDuty(site, role, wallMs).length > 0;
      answered.set(kind, somebody);
    }
    return !somebody;
  });
  const first = gaps[0];
  if (first === undefined) return;
  const { date, minute, weekday } = localOf(calendar, first.wallMs);
  const clock = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const day = `${weekday[0]!.toUpperCase()}${weekday.slice(1)}`;
  const weekly = gaps.filter(({ inWeek }) => inWeek).length;
  const often = weekly > 0 ? `${weekly} hours of the coming week` : `${gaps.length} hours within a year`;
  faults.warn(
    options.place,
    `role \`${role}\` has nobody on duty on ${day} ${date} ${clock}, and in ${often}`,
    'give somebody duty then, or a deputy',
  );
}

/** The site as it would be with a channel for everybody who has a phone or an e-mail address. */
function withReachable(options: ReachOptions): Site {
  const { site } = options;
  if ((site.telling?.channels ?? []).length > 0) return site as Site;
  const people = options.contacts.people.map((person) => ({
    ...person,
    channels: isReachable(person.id, options) ? ['any'] : [],
  }));
  const reachable: ReachOptions['site'] = {
    ...site,
    telling: { mqtt: false, channels: [{ id: 'any', withinMs: 0 }], people },
  };
  return reachable as Site;
}

function warnOfUnusedRoles({ site, contacts, dutyRoles }: ReachOptions, faults: FaultList): void {
  const used = new Set([...rolesOf(site.plans).keys(), ...dutyRoles, 'finder']);
  for (const { id, roles } of contacts.people) {
    for (const [index, role] of roles.entries()) {
      if (used.has(role)) continue;
      const near = nearest(role, used);
      faults.warn(
        contacts.rolePlace(id, index),
        `no plan uses role \`${role}\``,
        near === undefined ? 'remove it, or name it in a plan' : `did you mean \`${near}\`?`,
      );
    }
  }
}

function warnOfNumbers({ site, contacts, place }: ReachOptions, faults: FaultList): void {
  const asked = new Map<string, string>();
  for (const plan of site.plans)
    for (const { call } of plan.steps) if (call !== undefined && !asked.has(call)) asked.set(call, plan.id);
  const unasked = Object.keys(contacts.numbers).filter((id) => !asked.has(id));
  for (const [call, plan] of asked) {
    if (isNumber(call) || knownNumbers.has(call) || Object.hasOwn(contacts.numbers, call)) continue;
    // a number that another step calls is meant for that one
    const near = nearest(call, unasked);
    faults.warn(
      place,
      `the contacts give no number \`${call}\`, which plan \`${plan}\` calls`,
      near === undefined
        ? `add \`${call}: "…"\` under \`numbers\` in the contacts`
        : `did you mean \`${near}\` there?`,
    );
  }
}

function warnOfChannels({ site, contacts, place }: ReachOptions, faults: FaultList): void {
  for (const { id } of site.telling?.channels ?? []) {
    if (contacts.people.some(({ channels }) => channels.includes(id))) continue;
    faults.warn(
      place,
      `nobody in the contacts can be reached by channel \`${id}\``,
      "name it in a person's `channels`, give addresses in the contacts, or remove the channel",
    );
  }
}

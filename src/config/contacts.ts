// The file of people: who they are, their roles, when they are on duty, who stands in, and how each is reached. It
// must not decide who is told what, and addresses stay apart from what the engine gets.

import path from 'node:path';
import * as z from 'zod';
import type { Calendar, Language, Person } from '../core/types.ts';
import { samePhone } from '../lib/phones.ts';
import { calendarOf, nightSchema, weekSchema, windowsOf, windowsSchema } from './calendar.ts';
import { defined, mapEntries, refers } from './context.ts';
import type { FaultList, Place } from './faults.ts';
import { type Holidays, loadHolidays } from './holidays.ts';
import { check, partOf, type Where } from './issues.ts';
import { suggestion } from './nearest.ts';
import { circleFrom } from './plan-checks.ts';
import type { ChannelConfig, PersonConfig } from './types.ts';
import { date, id, text } from './values.ts';
import { readTree } from './yaml.ts';

const phoneForm = /^[+0-9][0-9 ()-]{2,30}$/;
const phone = z.string().regex(phoneForm, {
  error: 'this is not a phone number; write digits, in quotes, such as "+86 138 0000 0000"',
});

export const personSchema = z.strictObject({
  name: text.describe('name for people'),
  phone: phone.optional().describe('phone number, in quotes'),
  email: z
    .email({ error: 'this is not an e-mail address; write name@example.com' })
    .optional()
    .describe('e-mail address'),
  language: z.enum(['zh', 'en']).optional().describe('default that of the premises'),
  roles: z.array(id).default([]).describe('roles that plans tell'),
  duty: windowsSchema.optional().describe('when on duty; default always'),
  deputy: id.optional().describe('who stands in off duty'),
  channels: z.array(id).min(1).optional().describe('ways to reach this person, in order of trying'),
  addresses: z
    .record(z.string(), z.string().min(1).max(500))
    .default({})
    .describe('by channel, where it is not the phone or the e-mail address'),
});

/** The form of a contacts file; people are checked one by one. */
export const contactsSchema = z.strictObject({
  checkedOn: date.optional().describe('when somebody last made sure that it is right'),
  hours: windowsSchema.optional().describe('working hours'),
  week: weekSchema.optional().describe('days of the week that are workdays'),
  night: nightSchema.optional().describe('from when to when it is night'),
  holidays: z
    .union([
      z
        .string()
        .min(1)
        .transform((name) => [name]),
      z.array(z.string().min(1)).min(1),
    ])
    .optional()
    .describe('files of days off'),
  numbers: z.record(id, phone).default({}).describe('outside numbers, by id'),
  people: z.unknown().optional(),
});

export interface Contacts {
  /** false: some of it had faults and is left out */
  readonly sound: boolean;
  readonly calendar: Calendar;
  readonly people: readonly Person[];
  /** the same people, as the shell knows them */
  readonly configs: readonly PersonConfig[];
  readonly numbers: Readonly<Record<string, string>>;
  readonly checkedOn?: { readonly date: string; readonly place: Place };
  readonly holidays?: { readonly found: Holidays; readonly place: Place };
  /** the contacts, and what they name */
  readonly files: readonly string[];
  /** where a role of a person stands */
  readonly rolePlace: (person: string, index: number) => Place;
}

export interface ContactsSource {
  readonly file: string;
  /** the place that names the file, where faults of access are put */
  readonly from: Place;
  readonly premises: { readonly timezone: string; readonly language: Language };
  readonly channels: readonly ChannelConfig[];
  /** ids of channels that have a place in the site file, sound or not */
  readonly channelIds: ReadonlySet<string>;
  /** folder of the holidays that are shipped */
  readonly holidays: string;
}

/** Reads the contacts; undefined where nothing can be made of them. What has faults is left out. */
export function loadContacts(source: ContactsSource, all: FaultList): Contacts | undefined {
  const { file, from, premises } = source;
  let sound = true;
  const faults: FaultList = {
    ...all,
    fault(...words) {
      sound = false;
      all.fault(...words);
    },
  };
  const tree = readTree(file, faults, from);
  if (tree === undefined) return undefined;
  const where = partOf(tree, []);
  const top = check(contactsSchema, tree.value, where, faults);
  if (top === undefined) return undefined;
  const { checkedOn, hours, week, night, holidays: names, numbers } = top.value;
  const listed = Array.isArray(tree.value.holidays);
  const found =
    names === undefined
      ? undefined
      : loadHolidays(
          {
            names,
            place: (index) => where.value(listed ? ['holidays', index] : ['holidays']),
            folder: path.dirname(file),
            shipped: source.holidays,
          },
          faults,
        );
  const { people, configs } = readPeople(source, partOf(tree, ['people']), tree.value.people, faults);
  return {
    sound,
    calendar: calendarOf(premises.timezone, { hours, week, night, holidays: found }),
    people,
    configs,
    numbers,
    ...(checkedOn !== undefined && { checkedOn: { date: checkedOn, place: where.value(['checkedOn']) } }),
    ...(found && { holidays: { found, place: where.value(['holidays']) } }),
    files: [file, ...(found?.files ?? [])],
    rolePlace: (person, index) => tree.valueAt(['people', person, 'roles', index]),
  };
}

type Keys = z.output<typeof personSchema>;

function readPeople(
  source: ContactsSource,
  where: Where,
  raw: unknown,
  faults: FaultList,
): { people: Person[]; configs: PersonConfig[] } {
  const people: Person[] = [];
  const configs: PersonConfig[] = [];
  const written = mapEntries(raw, where, 'people', faults);
  const ids = new Set(written.map((each) => each.id));
  const deputies = new Map<string, string | undefined>();
  for (const { id: who, raw: entry } of written) {
    const at: Where = partAt(where, who);
    const checked = check(personSchema, entry ?? {}, at, faults);
    if (checked === undefined) continue;
    const keys = checked.value;
    deputies.set(who, keys.deputy);
    refers(faults, 'person', keys.deputy, ids, () => at.value(['deputy']));
    warnOfSamePhone(who, keys, configs, at, faults);
    const { name, phone, email, addresses, roles, deputy, duty, language } = keys;
    people.push({
      ...defined({ id: who, name, language: language ?? source.premises.language, roles, deputy }),
      ...(duty && { duty: windowsOf(duty) }),
      channels: channelsOf(who, keys, source, at, faults),
    });
    configs.push(defined({ id: who, name, phone, email, addresses }));
  }
  refuseCircles(deputies, where, faults);
  return { people, configs };
}

function partAt(where: Where, key: string): Where {
  return {
    ...where,
    name: `${where.name}.${key}`,
    key: (at) => where.key([key, ...at]),
    value: (at) => where.value([key, ...at]),
    hidden: (at) => where.hidden([key, ...at]),
    unresolved: (at) => where.unresolved([key, ...at]),
    overridden: (at) => where.overridden([key, ...at]),
  };
}

/** Is this person reached on this channel? A robot writes to its group, and an address is only who is mentioned. */
function isReached(channel: ChannelConfig, { phone, email, addresses }: Keys): boolean {
  if (Object.hasOwn(addresses, channel.id)) return true;
  if (channel.type === 'webhook') return (phone ?? email) !== undefined;
  return (channel.type === 'sms' ? phone : email) !== undefined;
}

const needed = { sms: 'phone', email: 'email' } as const;

/** The channels that a person is tried on: those that are named, or all on which the person is reached. */
function channelsOf(
  who: string,
  keys: Keys,
  { channels, channelIds }: ContactsSource,
  where: Where,
  faults: FaultList,
): string[] {
  const unknown = (channel: string, place: Place): void => {
    const todo = suggestion(channel, channelIds, 'add it under `channels` in the site file');
    faults.fault(place, `unknown channel \`${channel}\``, todo);
  };
  for (const channel of Object.keys(keys.addresses))
    if (!channelIds.has(channel)) unknown(channel, where.key(['addresses', channel]));
  if (keys.channels === undefined)
    return channels.filter((channel) => isReached(channel, keys)).map((channel) => channel.id);
  const tried: string[] = [];
  for (const [index, name] of keys.channels.entries()) {
    const place = where.value(['channels', index]);
    const channel = channels.find((each) => each.id === name);
    if (!channelIds.has(name)) unknown(name, place);
    else if (tried.includes(name)) faults.fault(place, `channel \`${name}\` stands here twice`, 'remove one');
    else if (channel !== undefined && channel.type !== 'webhook' && !isReached(channel, keys)) {
      const key = needed[channel.type];
      faults.fault(place, `\`${who}\` has no ${key} for channel \`${name}\``, `add \`${key}: …\``);
    } else tried.push(name);
  }
  return tried;
}

function warnOfSamePhone(
  who: string,
  { phone }: Keys,
  before: readonly PersonConfig[],
  where: Where,
  faults: FaultList,
): void {
  if (phone === undefined) return;
  const other = before.find((each) => each.phone !== undefined && samePhone(each.phone, phone));
  if (other === undefined) return;
  faults.warn(
    where.value(['phone']),
    `\`${who}\` has the phone of \`${other.id}\`, and answers by text message can't tell them apart`,
    'give each a phone of their own, or one person both roles',
  );
}

function refuseCircles(
  deputies: ReadonlyMap<string, string | undefined>,
  where: Where,
  faults: FaultList,
): void {
  const told = new Set<string>();
  for (const who of deputies.keys()) {
    const circle = told.has(who) ? undefined : circleFrom(who, deputies);
    if (circle === undefined) continue;
    for (const each of circle) told.add(each);
    const shown = [...circle, who].map((each) => `\`${each}\``).join(' → ');
    faults.fault(where.value([who, 'deputy']), `the deputies go round in a circle: ${shown}`, 'remove one');
  }
}

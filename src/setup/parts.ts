// The answers from which a site file is made, and how each is written on a command line. One form serves the options
// and the questions alike. Pure: what is said here is not yet known to be there.

import { nearest } from '../config/nearest.ts';
import { kinds } from '../core/kinds.ts';
import type { Language } from '../core/types.ts';

export interface BusAnswer {
  readonly id: string;
  readonly at:
    | { readonly kind: 'serial'; readonly path: string; readonly baudRate: number; readonly parity: Parity }
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number };
}

export type Parity = 'none' | 'even' | 'odd';

export interface DeviceAnswer {
  readonly id: string;
  readonly bus: string;
  readonly unit: number;
  /** undefined: its points are to be written by hand */
  readonly profile?: string;
  readonly zone?: string;
  /** other profiles that fit as well */
  readonly otherwise?: readonly string[];
}

export interface ContactAnswer {
  readonly id: string;
  readonly line: string;
  readonly kind: string;
  readonly zone?: string;
  /** closes on alarm; else it opens, as it should */
  readonly normallyOpen: boolean;
}

export interface OutputAnswer {
  readonly id: string;
  readonly line: string;
}

export interface ZoneAnswer {
  readonly id: string;
  readonly zh?: string;
  readonly en?: string;
}

export interface PersonAnswer {
  readonly id: string;
  readonly phone: string;
  readonly roles: readonly string[];
}

export interface Answers {
  readonly premises: {
    readonly id: string;
    readonly zh?: string;
    readonly en?: string;
    readonly timezone: string;
    readonly language: Language;
  };
  readonly data: string;
  /** `embedded`, a URL, or undefined: publish nowhere */
  readonly mqtt?: { readonly url: string; readonly username?: string; readonly ca?: string };
  readonly zones: readonly ZoneAnswer[];
  readonly buses: readonly BusAnswer[];
  readonly devices: readonly DeviceAnswer[];
  readonly contacts: readonly ContactAnswer[];
  readonly outputs: readonly OutputAnswer[];
  /** with at least one a contacts.yaml is written */
  readonly people: readonly PersonAnswer[];
}

/** What was written can't be meant; says what to write. */
export class AnswerFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AnswerFault';
  }
}

const idForm = /^[a-z][a-z0-9_]{0,63}$/;
const busWords = /^(none|even|odd)$/;
const usualBaud = 9600;
const usualPort = 502;
const usualRoles = ['control_room', 'store_manager'];

export function idOf(text: string, of: string): string {
  if (idForm.test(text)) return text;
  throw new AnswerFault(
    `"${text}" is no id of ${of}: small letters, digits and _, a letter first, such as store_0042`,
  );
}

/** `hall`, `hall=大厅`, `hall=大厅/Hall` */
export function zoneOf(text: string): ZoneAnswer {
  const [id = '', names = ''] = parted(text, '=');
  const [zh, en] = parted(names, '/');
  return { id: idOf(id, 'a zone'), ...(zh && { zh }), ...(en && { en }) };
}

/** `line1=/dev/ttyUSB0,9600,none` or `lan1=10.0.0.5:502` */
export function busOf(text: string): BusAnswer {
  const [id = '', where = ''] = parted(text, '=');
  idOf(id, 'a bus');
  if (where.startsWith('/')) {
    const [path = '', baud = String(usualBaud), parity = 'none', ...more] = where.split(',');
    if (!/^\d+$/.test(baud) || Number(baud) < 300 || !busWords.test(parity) || more.length > 0)
      throw new AnswerFault(
        `"${text}": write a line as line1=/dev/…,9600,none with a baud rate and none, even or odd`,
      );
    return { id, at: { kind: 'serial', path, baudRate: Number(baud), parity: parity as Parity } };
  }
  const match = /^\[?([^\][\s,]+?)\]?(?::(\d{1,5}))?$/.exec(where);
  const port = Number(match?.[2] ?? usualPort);
  if (!match || port < 1 || port > 65_535)
    throw new AnswerFault(
      `"${text}": write line1=/dev/…,9600,none for a serial line, lan1=10.0.0.5:502 for the network`,
    );
  return { id, at: { kind: 'tcp', host: match[1]!, port } };
}

/** `board=line1:2:generic-modbus-smoke:hall`; profile and zone may be left out */
export function deviceOf(text: string, profiles: readonly string[]): DeviceAnswer {
  const [id = '', where = ''] = parted(text, '=');
  const [bus = '', unit = '', profile = '', zone = '', ...more] = where.split(':');
  idOf(id, 'a device');
  if (!/^\d{1,3}$/.test(unit) || Number(unit) > 255 || more.length > 0)
    throw new AnswerFault(`"${text}": write a device as board=line1:2:PROFILE:ZONE, the unit from 0 to 255`);
  return {
    id,
    bus: idOf(bus, 'a bus'),
    unit: Number(unit),
    ...(profile !== '' && {
      profile: known(profile, profiles, 'profile', '`keepwatch profiles` lists them'),
    }),
    ...(zone !== '' && { zone: idOf(zone, 'a zone') }),
  };
}

/** `smoke_hall=GPIO17:smoke:hall`, with `:no` at the end for one that closes on alarm */
export function contactOf(text: string): ContactAnswer {
  const [id = '', where = ''] = parted(text, '=');
  const words = where.split(':');
  const normallyOpen = words.at(-1) === 'no' || words.at(-1) === 'nc' ? words.pop() === 'no' : false;
  const [line = '', kind = '', zone = '', ...more] = words;
  idOf(id, 'a contact');
  if (line === '' || kind === '' || more.length > 0)
    throw new AnswerFault(
      `"${text}": write a contact as smoke_hall=GPIO17:smoke:hall, with :no at the end where it closes on alarm`,
    );
  return {
    id,
    line: lineOf(line),
    kind: known(kind, contactKinds, 'kind of contact', 'docs/behaviour.md lists the kinds'),
    ...(zone !== '' && { zone: idOf(zone, 'a zone') }),
    normallyOpen,
  };
}

/** `siren=GPIO22` */
export function outputOf(text: string): OutputAnswer {
  const [id = '', line = ''] = parted(text, '=');
  return { id: idOf(id, 'an output'), line: lineOf(line) };
}

/** `wang_fang=+8613800000001:control_room,store_manager` */
export function personOf(text: string): PersonAnswer {
  const [id = '', rest = ''] = parted(text, '=');
  const [phone = '', roles = ''] = parted(rest, ':');
  idOf(id, 'a person');
  if (!/^\+?[\d ()-]{3,30}$/.test(phone))
    throw new AnswerFault(
      `"${text}": write a person as wang_fang=+8613800000001:control_room, with a telephone number`,
    );
  return {
    id,
    phone,
    roles: roles === '' ? usualRoles : roles.split(',').map((role) => idOf(role, 'a role')),
  };
}

export const contactKinds: readonly string[] = Object.entries(kinds)
  .filter(([, { nature }]) => nature !== 'measure')
  .map(([kind]) => kind);

export function mqttUrlOf(text: string): string {
  if (text === 'embedded' || text === 'none') return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(mqtts?|wss?):$/.test(url.protocol) || url.hostname === '')
    throw new AnswerFault(`"${withoutLogin(text)}": write mqtts://broker.example:8883, embedded, or none`);
  if (url.username !== '' || url.password !== '')
    throw new AnswerFault(
      'the URL holds a user or password; give the user apart, and the password as a secret',
    );
  return text;
}

function withoutLogin(text: string): string {
  return text.replace(/\/\/.*@/, '//…@');
}

function lineOf(text: string): string {
  if (/^[A-Za-z0-9_.@-]+(:\d+)?$/.test(text)) return text;
  throw new AnswerFault(`"${text}" is no line: write its name, such as GPIO17`);
}

function known(word: string, words: readonly string[], of: string, hint: string): string {
  if (words.includes(word)) return word;
  const near = nearest(word, words);
  throw new AnswerFault(
    `there is no ${of} "${word}"; ${near === undefined ? hint : `did you mean ${near}?`}`,
  );
}

/** Split at the first one only. */
function parted(text: string, at: string): string[] {
  const index = text.indexOf(at);
  return index < 0 ? [text.trim()] : [text.slice(0, index).trim(), text.slice(index + at.length).trim()];
}

/** What fits between the answers: each zone and bus that is named is there, no id twice. */
export function checkTogether(answers: Answers): void {
  const twice = (ids: readonly string[], of: string): void => {
    const found = ids.find((id, index) => ids.indexOf(id) !== index);
    if (found !== undefined) throw new AnswerFault(`${of} ${found} is there twice`);
  };
  const ids = (list: readonly { readonly id: string }[]): string[] => list.map(({ id }) => id);
  twice(ids(answers.zones), 'the zone');
  twice(ids(answers.buses), 'the bus');
  twice(ids(answers.devices), 'the device');
  twice(ids(answers.contacts), 'the contact');
  twice(ids(answers.people), 'the person');
  twice(
    [...answers.contacts, ...answers.outputs].map(({ line }) => line),
    'the line',
  );
  for (const { id, bus } of answers.devices) {
    if (ids(answers.buses).includes(bus)) continue;
    throw new AnswerFault(`the device ${id} is on ${bus}, and there is no such bus; add --bus ${bus}=…`);
  }
}

/** Zones that are named and nowhere explained get their id for a name. */
export function withNamedZones(answers: Answers): Answers {
  const named = [...answers.devices, ...answers.contacts].flatMap(({ zone }) =>
    zone === undefined ? [] : [zone],
  );
  const missing = [...new Set(named)].filter((zone) => !answers.zones.some(({ id }) => id === zone));
  return { ...answers, zones: [...answers.zones, ...missing.map((id) => ({ id }))] };
}

/** A name that is not taken yet: `line`, `line2`, … */
export function freeId(wanted: string, taken: readonly string[]): string {
  const base =
    wanted
      .toLowerCase()
      .replaceAll(/[^a-z0-9_]+/g, '_')
      .replace(/^[^a-z]+/, '')
      .slice(0, 60) || 'x';
  if (!taken.includes(base)) return base;
  for (let count = 2; ; count += 1) if (!taken.includes(`${base}${count}`)) return `${base}${count}`;
}

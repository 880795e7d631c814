// A house with people in it, for tests of the ways to them: incidents, messages that stand until they are reported, and
// a record of what was said of them. Plays the engine's part in the plainest way; knows no channel.

import type { PersonConfig } from '../../src/config/types.ts';
import type { Command, Incident, Message, Person, Told } from '../../src/core/types.ts';
import type { Letter } from '../../src/notify/channels/channel.ts';
import type { Notices, Premises, TellerHost } from '../../src/notify/types.ts';
import { sampleIncident } from './house.ts';

export const premises: Premises = {
  id: 'store_0042',
  name: { zh: '一号店', en: 'Store One' },
  language: 'zh',
  // UTC+8, as in China
  localTime: (wallMs) => new Date(wallMs + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' '),
};

export const wang: PersonConfig = {
  id: 'wang_fang',
  name: { zh: '王芳', en: 'Wang Fang' },
  phone: '+86 138 0000 0001',
  email: 'wang@example.com',
  addresses: {},
};

export const li: PersonConfig = { id: 'li_qiang', name: '李强', phone: '13900000002', addresses: {} };

export function sampleTold(number: number, more: Partial<Told> = {}): Told {
  return {
    number,
    activation: 1,
    kind: 'rung',
    rung: 'store_manager/0',
    roles: ['store_manager'],
    at: '2026-11-22T01:02:04.000Z',
    atMs: 0,
    because: 'at once',
    skipped: false,
    to: ['wang_fang'],
    deliveries: [],
    ...more,
  };
}

export function toldIncident(id: string, more: Partial<Incident> = {}): Incident {
  return sampleIncident(id, {
    title: { zh: '火灾 · 中庭', en: 'Fire · Atrium' },
    told: [sampleTold(1)],
    ...more,
  });
}

export function sampleLetter(more: Partial<Letter> = {}): Letter {
  return {
    id: 'm7',
    key: 'store_0042.m7.kdqv',
    premises: 'store_0042',
    to: { id: 'wang_fang', name: '王芳', language: 'zh' },
    title: '【紧急】火灾 · 中庭',
    text: '一号店，i12，11月22日 09:02 起\n请执行：\n1. 拨打 119',
    short: '【紧急】火灾 · 中庭，一号店。回复 i12 确认',
    kind: 'rung',
    level: 'urgent',
    category: 'alarm',
    drill: false,
    incidents: [
      {
        id: 'i12_kdqv',
        number: 'i12',
        plan: 'fire',
        level: 'urgent',
        state: 'unacknowledged',
        title: '火灾 · 中庭',
        openedAt: '2026-11-22T01:02:03.456Z',
      },
    ],
    ...more,
  };
}

export interface Report {
  readonly message: string;
  readonly outcome: string;
  readonly because: string | undefined;
}

export interface PeopleHouse extends TellerHost, Notices {
  readonly standing: Map<string, Message>;
  readonly incidents: Map<string, Incident>;
  readonly reports: Report[];
  readonly healths: { check: string; ok: boolean; because: string }[];
  readonly commands: Command[];
  readonly persons: Map<string, Person>;
  /** A message about one incident, which is made for it. */
  add(id: string, more?: Partial<Message>, incident?: Partial<Incident>): Message;
  reportsOf(message: string): string[];
}

export function peopleHouse(): PeopleHouse {
  const standing = new Map<string, Message>();
  const incidents = new Map<string, Incident>();
  const house: PeopleHouse = {
    standing,
    incidents,
    reports: [],
    healths: [],
    commands: [],
    persons: new Map([wang, li].map((one) => [one.id, personOf(one)])),
    premises,
    answering: () => ['王芳'],
    messages: () => standing.values(),
    message: (id) => standing.get(id),
    incident: (id) => incidents.get(id),
    openIncidents: () => [...incidents.values()].filter(({ state }) => state !== 'closed'),
    person: (id) => house.persons.get(id),
    report(message, outcome, because) {
      house.reports.push({ message, outcome, because });
      if (outcome !== 'failed') standing.delete(message);
    },
    health: (check, ok, because) => void house.healths.push({ check, ok, because }),
    async command(command) {
      house.commands.push(command);
      const incident = incidents.get(String(command.incident));
      if (incident) incident.acknowledged = true;
      return { id: command.id, ok: true, code: 'ok', message: '已确认' };
    },
    add(id, more = {}, incident = {}) {
      const about = `i${id.slice(1)}_kdqv`;
      incidents.set(about, toldIncident(about, incident));
      const message: Message = {
        id,
        channel: 'hook',
        person: 'wang_fang',
        drill: false,
        about: [{ incident: about, told: 1 }],
        sinceMs: standing.size,
        ...more,
      };
      standing.set(id, message);
      return message;
    },
    reportsOf: (message) =>
      house.reports.filter((one) => one.message === message).map(({ outcome }) => outcome),
  };
  return house;
}

function personOf({ id, name }: PersonConfig): Person {
  return { id, name, language: 'zh', roles: ['store_manager'], channels: [] };
}

export interface KeptLog {
  readonly lines: string[];
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A log that is kept as the text it would be. */
export function keptLog(): KeptLog {
  const lines: string[] = [];
  const keep = (fields: object, message: string): void =>
    void lines.push(JSON.stringify({ ...fields, message }));
  return { lines, debug: keep, info: keep, warn: keep, error: keep };
}

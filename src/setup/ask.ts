// The questions of `keepwatch init`: what the options have not said already is asked, each with a default that Enter
// takes, and asked again where the answer can't be meant. Knows the terminal and no files.

import { createInterface, type Interface } from 'node:readline';
import type { Language } from '../core/types.ts';
import type { Said } from '../doctor/types.ts';
import {
  AnswerFault,
  type Answers,
  type BusAnswer,
  busOf,
  type ContactAnswer,
  contactOf,
  type DeviceAnswer,
  deviceOf,
  freeId,
  idOf,
  mqttUrlOf,
  type OutputAnswer,
  outputOf,
  type PersonAnswer,
  personOf,
  type ZoneAnswer,
  zoneOf,
} from './parts.ts';
import type { FoundUnit, Survey } from './survey.ts';

/** Ctrl-C, or no more input. */
export class Stopped extends Error {}

export interface Asker {
  /** An answer that `read` takes; it is asked again for what that refuses. */
  ask<T>(question: Said, usual: string, read: (text: string) => T): Promise<T>;
  yes(question: Said, usual: boolean): Promise<boolean>;
  tell(text: Said): void;
  close(): void;
}

export function askerOn(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  language: Language,
  stop: AbortController,
): Asker {
  const lines: Interface = createInterface({
    input,
    output,
    terminal: (input as NodeJS.ReadStream).isTTY === true,
  });
  const waiting: string[] = [];
  let wanted: ((line: string | undefined) => void) | undefined;
  let ended = false;
  const give = (line: string | undefined): void => {
    const take = wanted;
    wanted = undefined;
    if (take) take(line);
    else if (line !== undefined) waiting.push(line);
  };
  lines.on('line', give);
  lines.on('SIGINT', () => stop.abort());
  lines.on('close', () => {
    ended = true;
    give(undefined);
  });
  stop.signal.addEventListener('abort', () => lines.close(), { once: true });
  const next = (prompt: string): Promise<string> =>
    new Promise((resolve, reject) => {
      output.write(prompt);
      const heard = (line: string | undefined): void =>
        line === undefined ? reject(new Stopped('stopped')) : resolve(line);
      const line = waiting.shift();
      if (line !== undefined) heard(line);
      else if (ended || stop.signal.aborted) heard(undefined);
      else wanted = heard;
    });
  const asker: Asker = {
    async ask(question, usual, read) {
      for (;;) {
        const text = (await next(`${question[language]}${usual === '' ? '' : ` [${usual}]`}: `)).trim();
        try {
          return read(text === '' ? usual : text);
        } catch (error) {
          if (!(error instanceof AnswerFault)) throw error;
          output.write(`  ✗ ${error.message}\n`);
        }
      }
    },
    yes: (question, usual) =>
      asker.ask(question, usual ? 'y' : 'n', (text) => {
        if (/^(y|yes|是|j)$/i.test(text)) return true;
        if (/^(n|no|否)$/i.test(text)) return false;
        throw new AnswerFault('y / n');
      }),
    tell: (text) => void output.write(`${text[language]}\n`),
    close: () => lines.close(),
  };
  return asker;
}

/** What the options have said: absent parts are asked for. */
export type Given = {
  readonly id?: string | undefined;
  readonly zh?: string | undefined;
  readonly en?: string | undefined;
  readonly timezone?: string | undefined;
  readonly language?: Language | undefined;
  readonly data: string;
  readonly mqtt?: string | undefined;
  readonly username?: string | undefined;
  readonly ca?: string | undefined;
  readonly zones: readonly ZoneAnswer[];
  readonly buses: readonly BusAnswer[];
  readonly devices: readonly DeviceAnswer[];
  readonly contacts: readonly ContactAnswer[];
  readonly outputs: readonly OutputAnswer[];
  readonly people: readonly PersonAnswer[];
};

export interface Around {
  readonly survey: Survey;
  readonly language: Language;
  readonly timezone: string;
  scan(path: string): Promise<readonly FoundUnit[]>;
}

/** Asks for all that was not given. Rejects with Stopped. */
export async function askAll(asker: Asker, given: Given, around: Around): Promise<Answers> {
  const { survey } = around;
  if (survey.model !== undefined)
    asker.tell({ zh: `机器：${survey.model}`, en: `This is a ${survey.model}` });
  const optional = (text: string): string | undefined => (text === '' ? undefined : text);
  const id =
    given.id ??
    (await asker.ask(
      { zh: '站点编号（小写字母、数字、_）', en: 'Id of the premises (small letters, digits, _)' },
      'store_0001',
      (text) => idOf(text, 'premises'),
    ));
  const zh =
    given.zh ??
    (await asker.ask({ zh: '中文名称（可空）', en: 'Name in Chinese (may be empty)' }, '', optional));
  const en =
    given.en ??
    (await asker.ask({ zh: '英文名称（可空）', en: 'Name in English (may be empty)' }, '', optional));
  const timezone =
    given.timezone ?? (await asker.ask({ zh: '时区', en: 'Time zone' }, around.timezone, timezoneOf));
  const language =
    given.language ??
    (await asker.ask(
      { zh: '给人看的文字：zh 或 en', en: 'Language of texts for people: zh or en' },
      around.language,
      languageIn,
    ));
  const url =
    given.mqtt ??
    (await asker.ask(
      {
        zh: '消息服务器：embedded（内置）、none，或 mqtts://主机:8883',
        en: 'Broker: embedded, none, or mqtts://host:8883',
      },
      'embedded',
      mqttUrlOf,
    ));
  const afar = url !== 'embedded' && url !== 'none';
  const username =
    given.username ??
    (afar
      ? await asker.ask(
          { zh: '消息服务器的用户名（可空）', en: 'User at the broker (may be empty)' },
          '',
          optional,
        )
      : undefined);
  const zones =
    given.zones.length > 0
      ? given.zones
      : await list(asker, { zh: '区域，如 hall=大厅/Hall', en: 'A zone, such as hall=大厅/Hall' }, zoneOf);
  const lines =
    given.buses.length > 0
      ? { buses: given.buses, devices: given.devices }
      : await askLines(asker, given, around);
  const header = given.contacts.length + given.outputs.length > 0 ? given : await askHeader(asker, survey);
  const people =
    given.people.length > 0
      ? given.people
      : await list(
          asker,
          {
            zh: '被通知的人，如 wang_fang=+8613800000001',
            en: 'Somebody to be told, such as wang_fang=+8613800000001',
          },
          personOf,
        );
  return {
    premises: { id, ...(zh && { zh }), ...(en && { en }), timezone, language },
    data: given.data,
    ...(url !== 'none' && {
      mqtt: { url, ...(username && { username }), ...(given.ca && { ca: given.ca }) },
    }),
    zones,
    ...lines,
    contacts: header.contacts,
    outputs: header.outputs,
    people,
  };
}

async function list<T>(asker: Asker, question: Said, read: (text: string) => T): Promise<T[]> {
  const found: T[] = [];
  for (;;) {
    const one = await asker.ask(
      { zh: `${question.zh}（回车结束）`, en: `${question.en} (Enter: no more)` },
      '',
      (text) => (text === '' ? undefined : read(text)),
    );
    if (one === undefined) return found;
    found.push(one);
  }
}

async function askLines(
  asker: Asker,
  given: Given,
  around: Around,
): Promise<Pick<Answers, 'buses' | 'devices'>> {
  const { survey } = around;
  const buses: BusAnswer[] = [];
  const devices: DeviceAnswer[] = [...given.devices];
  if (survey.ports.length === 0) asker.tell({ zh: '没有串口。', en: 'There is no serial port.' });
  for (const { path, heldBy } of survey.ports) {
    if (heldBy !== '') {
      asker.tell({
        zh: `${path} 被 ${heldBy} 占用，略过`,
        en: `${path} is held by ${heldBy}, and passed by`,
      });
      continue;
    }
    if (!(await asker.yes({ zh: `使用 ${path}（Modbus）？`, en: `Use ${path} for Modbus?` }, true))) continue;
    const found = (await asker.yes({ zh: '现在找出线上的设备？', en: 'Look for the units on it now?' }, true))
      ? await around.scan(path)
      : [];
    const setting = found[0]?.setting;
    const id = freeId(
      'line1',
      buses.map((bus) => bus.id),
    );
    const usual = `${setting?.baudRate ?? 9600},${setting?.parity ?? 'none'}`;
    buses.push(
      await asker.ask({ zh: '波特率和校验', en: 'Baud rate and parity' }, usual, (text) =>
        busOf(`${id}=${path},${text}`),
      ),
    );
    if (found.length === 0) asker.tell({ zh: '没有找到设备', en: 'No unit was found' });
    for (const unit of found) devices.push(await askDevice(asker, id, unit, survey, devices));
  }
  buses.push(
    ...(await list(
      asker,
      { zh: '网络上的 Modbus，如 lan1=10.0.0.5:502', en: 'Modbus on the network, such as lan1=10.0.0.5:502' },
      busOf,
    )),
  );
  if (buses.length > 0) {
    const question = {
      zh: '其他设备，如 board=line1:2:generic-modbus-smoke:hall',
      en: 'Another device, such as board=line1:2:generic-modbus-smoke:hall',
    };
    devices.push(...(await list(asker, question, (text) => deviceOf(text, survey.profiles))));
  }
  return { buses, devices };
}

async function askDevice(
  asker: Asker,
  bus: string,
  { unit, profiles }: FoundUnit,
  survey: Survey,
  before: readonly DeviceAnswer[],
): Promise<DeviceAnswer> {
  const usual = freeId(
    profiles[0] ?? `unit_${unit}`,
    before.map(({ id }) => id),
  );
  const named = await asker.ask(
    {
      zh: `站号 ${unit}${profiles[0] ? `，可能是 ${profiles.slice(0, 3).join('、')}` : '，产品未知'}。名称[:产品文件[:区域]]`,
      en: `Unit ${unit}${profiles[0] ? `, probably ${profiles.slice(0, 3).join(', ')}` : ', not known'}. Name[:profile[:zone]]`,
    },
    profiles[0] ? `${usual}:${profiles[0]}` : usual,
    (text) => {
      const [id = '', ...rest] = text.split(':');
      return deviceOf(`${id}=${[bus, unit, ...rest].join(':')}`, survey.profiles);
    },
  );
  const others = profiles.filter((profile) => profile !== named.profile).slice(0, 2);
  return { ...named, ...(named.profile !== undefined && others.length > 0 && { otherwise: others }) };
}

async function askHeader(asker: Asker, { lines }: Survey): Promise<Pick<Answers, 'contacts' | 'outputs'>> {
  if (lines.length === 0) {
    asker.tell({ zh: '这台机器没有 GPIO。', en: 'This machine has no GPIO.' });
    return { contacts: [], outputs: [] };
  }
  const isThere = (line: string): void => {
    if (!lines.includes(line) && /^GPIO/i.test(line))
      throw new AnswerFault(`there is no line ${line} here: ${lines[0]} to ${lines.at(-1)}`);
  };
  const contacts = await list(
    asker,
    {
      zh: '触点，如 smoke_hall=GPIO17:smoke:hall（报警时闭合的加 :no）',
      en: 'A contact, such as smoke_hall=GPIO17:smoke:hall (with :no if it closes on alarm)',
    },
    (text) => {
      const contact = contactOf(text);
      isThere(contact.line);
      return contact;
    },
  );
  const outputs = await list(
    asker,
    { zh: '警号，如 siren=GPIO22', en: 'A siren, such as siren=GPIO22' },
    (text) => {
      const output = outputOf(text);
      isThere(output.line);
      return output;
    },
  );
  return { contacts, outputs };
}

export function timezoneOf(text: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return text;
  } catch {
    throw new AnswerFault(`"${text}" is no time zone; write a name such as Asia/Shanghai`);
  }
}

export function languageIn(text: string): Language {
  if (text === 'zh' || text === 'en') return text;
  throw new AnswerFault('write zh or en');
}

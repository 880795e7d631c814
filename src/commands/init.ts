// `keepwatch init`: a first site file for this machine, from questions or from options alone. Options only, and the
// order of things; what is asked, looked for and written is in src/setup/. Never overwrites, and starts the daemon only
// where that is asked for.

import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Fault } from '../config/types.ts';
import { thisMachine } from '../doctor/machine.ts';
import type { AskGpio } from '../doctor/types.ts';
import { askAll, askerOn, type Given, languageIn, Stopped, timezoneOf } from '../setup/ask.ts';
import { composeContacts, composeSite } from '../setup/compose.ts';
import {
  AnswerFault,
  type Answers,
  busOf,
  checkTogether,
  contactOf,
  deviceOf,
  freeId,
  idOf,
  mqttUrlOf,
  outputOf,
  personOf,
  withNamedZones,
  zoneOf,
} from '../setup/parts.ts';
import { type Draft, draftOf } from '../setup/place.ts';
import { mustBeStartable, service, startService } from '../setup/service.ts';
import { type FoundUnit, linesAmiss, scanLine, surveyOf } from '../setup/survey.ts';
import { languageOf } from '../terminal/words.ts';
import { type Define, print, say, UsageFault, withExample, withLanguage } from './verb.ts';

const siteName = 'keepwatch.yaml';
const contactsName = 'contacts.yaml';

export const define: Define = (command, act) => {
  const example = [
    'sudo keepwatch init --start',
    'sudo keepwatch init --start --yes --premises store_0042 --name-zh 人民路店 \\',
    '    --mqtt mqtts://broker.example:8883 --mqtt-user gw42 --zone hall=大厅/Hall \\',
    '    --bus line1=/dev/serial/by-id/usb-FTDI_A1-if00-port0,9600,none --device board=line1:2:waveshare-io-8ch \\',
    '    --contact smoke_hall=GPIO17:smoke:hall --output siren=GPIO22',
  ].join('\n  ');
  const many = (text: string, before: readonly string[] = []): string[] => [...before, text];
  withExample(withLanguage(command), example)
    .option(
      '--start',
      'for the installed service: into /etc/keepwatch, state in /var/lib/keepwatch, then start the daemon',
    )
    .option('--dir <folder>', 'where the files go; default: here')
    .option('--yes', 'ask nothing: what is not given takes its default')
    .option('--premises <id>', 'id of the premises, a word in every topic')
    .option('--name-zh <name>', 'name in Chinese')
    .option('--name-en <name>', 'name in English')
    .option('--timezone <zone>', "such as Asia/Shanghai; default: the machine's")
    .option('--language <language>', 'of texts for people: zh or en')
    .option('--data <folder>', 'state; default ./data beside the site file')
    .option('--mqtt <url>', 'embedded, none, or mqtts://host:8883')
    .option('--mqtt-user <name>', 'user at the broker; its password is the secret mqtt_password')
    .option('--mqtt-ca <file>', 'PEM file of the authority that signed the broker')
    .option('--zone <zone>', 'hall, or hall=大厅/Hall; several times', many)
    .option('--bus <bus>', 'line1=/dev/…,9600,none or lan1=10.0.0.5:502; several times', many)
    .option('--device <device>', 'board=line1:2:PROFILE:ZONE; several times', many)
    .option(
      '--contact <contact>',
      'smoke_hall=GPIO17:smoke:hall, :no if it closes on alarm; several times',
      many,
    )
    .option('--output <output>', 'siren=GPIO22, on while an alarm is not acknowledged; several times', many)
    .option(
      '--person <person>',
      'wang_fang=+8613800000001:control_room, for contacts.yaml; several times',
      many,
    )
    .option('--scan', 'with --yes: look for units on each serial --bus that has no --device')
    .action(act(init));
};

interface Options {
  readonly lang?: string;
  readonly start?: boolean;
  readonly dir?: string;
  readonly yes?: boolean;
  readonly premises?: string;
  readonly nameZh?: string;
  readonly nameEn?: string;
  readonly timezone?: string;
  readonly language?: string;
  readonly data?: string;
  readonly mqtt?: string;
  readonly mqttUser?: string;
  readonly mqttCa?: string;
  readonly zone?: readonly string[];
  readonly bus?: readonly string[];
  readonly device?: readonly string[];
  readonly contact?: readonly string[];
  readonly output?: readonly string[];
  readonly person?: readonly string[];
  readonly scan?: boolean;
}

async function init(options: Options): Promise<number> {
  if (options.start) {
    if (options.dir !== undefined || options.data !== undefined)
      throw new UsageFault(
        `--start writes into ${service.folder}, with the state in ${service.data}; leave --dir and --data away`,
      );
    mustBeStartable();
  }
  const folder = path.resolve(options.start ? service.folder : (options.dir ?? '.'));
  mustBeNew(path.join(folder, siteName));
  if (options.scan && !options.yes) throw new UsageFault('--scan goes with --yes; without it you are asked');
  const { drivers, lookAtGpio } = await import('../app.ts');
  const askGpio: AskGpio = (lines, bus) => lookAtGpio(lines, bus);
  const survey = await surveyOf(thisMachine(), askGpio);
  const given = inUsage(() => givenBy(options, survey.profiles));
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const progress = (text: string): void => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r\u001b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
  };
  const scan = async (port: string): Promise<readonly FoundUnit[]> => {
    try {
      return await scanLine(port, { drivers, signal: stop.signal, progress });
    } catch (error) {
      say(`keepwatch: ${(error as Error).message}`);
      return [];
    } finally {
      if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
    }
  };
  try {
    const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const language = languageOf(options.lang, given.language);
    let answers: Answers;
    if (options.yes)
      answers = await taken(given, { timezone, language, scan: options.scan ? scan : undefined });
    else {
      const asker = askerOn(process.stdin, process.stderr, language, stop);
      try {
        answers = await askAll(asker, given, { survey, language, timezone, scan });
      } finally {
        asker.close();
      }
    }
    if (stop.signal.aborted) throw new Stopped('stopped');
    const whole = withNamedZones(answers);
    inUsage(() => checkTogether(whole));
    return await write(folder, whole, askGpio, options.start === true);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    say('\nkeepwatch: stopped; nothing was written');
    return 1;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

function mustBeNew(file: string): void {
  if (!existsSync(file)) return;
  const hint = 'it is left as it is; name another folder with --dir, or move it away';
  throw Object.assign(new Error(`${file} is there already`), { hint });
}

/** What an option says and can't mean is wrong usage. */
function inUsage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof AnswerFault ? new UsageFault(error.message) : error;
  }
}

function givenBy(options: Options, profiles: readonly string[]): Given {
  const each = <T>(texts: readonly string[] | undefined, read: (text: string) => T): T[] =>
    (texts ?? []).map((text) => read(text));
  return {
    id: options.premises === undefined ? undefined : idOf(options.premises, 'premises'),
    zh: options.nameZh,
    en: options.nameEn,
    timezone: options.timezone === undefined ? undefined : timezoneOf(options.timezone),
    language: options.language === undefined ? undefined : languageIn(options.language),
    data: options.start ? service.data : options.data === undefined ? './data' : path.resolve(options.data),
    mqtt: options.mqtt === undefined ? undefined : mqttUrlOf(options.mqtt),
    username: options.mqttUser,
    ca: options.mqttCa === undefined ? undefined : path.resolve(options.mqttCa),
    zones: each(options.zone, zoneOf),
    buses: each(options.bus, busOf),
    devices: each(options.device, (text) => deviceOf(text, profiles)),
    contacts: each(options.contact, contactOf),
    outputs: each(options.output, outputOf),
    people: each(options.person, personOf),
  };
}

interface Defaults {
  readonly timezone: string;
  readonly language: 'zh' | 'en';
  readonly scan: ((path: string) => Promise<readonly FoundUnit[]>) | undefined;
}

async function taken(given: Given, { timezone, language, scan }: Defaults): Promise<Answers> {
  if (given.id === undefined)
    throw new UsageFault('--yes needs --premises: the id is a word in every topic, and nobody can guess it');
  const url = given.mqtt ?? 'embedded';
  let { buses } = given;
  const devices = [...given.devices];
  if (scan) {
    for (const bus of buses) {
      if (bus.at.kind !== 'serial' || devices.some((device) => device.bus === bus.id)) continue;
      const found = await scan(bus.at.path);
      const setting = found[0]?.setting;
      if (setting)
        buses = buses.map((each) =>
          each === bus && each.at.kind === 'serial' ? { ...each, at: { ...each.at, ...setting } } : each,
        );
      for (const { unit, profiles } of found) {
        const id = freeId(
          profiles[0] ?? `unit_${unit}`,
          devices.map((device) => device.id),
        );
        const [profile, ...otherwise] = profiles;
        devices.push({
          id,
          bus: bus.id,
          unit,
          ...(profile !== undefined && { profile, otherwise: otherwise.slice(0, 2) }),
        });
      }
    }
  }
  return {
    premises: {
      id: given.id,
      ...(given.zh !== undefined && { zh: given.zh }),
      ...(given.en !== undefined && { en: given.en }),
      timezone: given.timezone ?? timezone,
      language: given.language ?? language,
    },
    data: given.data,
    ...(url !== 'none' && {
      mqtt: { url, ...(given.username && { username: given.username }), ...(given.ca && { ca: given.ca }) },
    }),
    zones: given.zones,
    buses,
    devices,
    contacts: given.contacts,
    outputs: given.outputs,
    people: given.people,
  };
}

/** Checks what would be written, and writes it only if it is good. */
async function write(folder: string, answers: Answers, askGpio: AskGpio, start: boolean): Promise<number> {
  const [{ drivers }, { loadConfig, formatFault }] = await Promise.all([
    import('../app.ts'),
    import('../config/load.ts'),
  ]);
  const withPeople = answers.people.length > 0;
  if (withPeople) mustBeNew(path.join(folder, contactsName));
  const files = [
    ...(withPeople ? [{ name: contactsName, text: composeContacts(answers) }] : []),
    // the last: where it is, the others are
    { name: siteName, text: composeSite(answers) },
  ];
  let draft: Draft | undefined;
  try {
    draft = draftOf(folder, files);
    const { faults } = loadConfig(path.join(draft.folder, siteName), { drivers });
    const wrong = faults.filter((fault) => fault.severity === 'fault' && !isSecret(fault));
    if (wrong.length > 0) {
      for (const fault of wrong) say(formatFault(fault).replaceAll(`${draft.folder}${path.sep}`, ''));
      say('keepwatch: nothing was written');
      return 1;
    }
    draft.put();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const hint = 'nothing was written; name a folder that can be written with --dir';
    throw Object.assign(
      new Error(code === 'EEXIST' ? `a file of that name came in between in ${folder}` : message),
      { hint },
    );
  } finally {
    draft?.drop();
  }
  const file = path.join(folder, siteName);
  const { faults } = loadConfig(file, { drivers });
  for (const { name } of files) print(path.join(folder, name));
  const amiss = await linesAmiss(answers, askGpio, answers.premises.language === 'zh');
  const isMissing = faults.some(({ severity }) => severity === 'fault');
  const started = start && !isMissing;
  if (started) say(await startService(answers.premises.language));
  for (const line of left(answers, file, [...faults.map(formatFault), ...amiss], started)) say(line);
  return start && isMissing ? 1 : 0;
}

/** It is to be put in its place by a person, and nowhere else. */
function isSecret({ what }: Fault): boolean {
  return /^secret `/.test(what);
}

function left(answers: Answers, file: string, faults: readonly string[], started: boolean): string[] {
  const zh = answers.premises.language === 'zh';
  const lines: string[] = [];
  if (faults.length > 0)
    lines.push('', zh ? '还要处理：' : 'Left to do:', ...faults.map((fault) => `  ${fault}`));
  if (started)
    return [
      ...lines,
      '',
      zh ? '接下来：' : 'Next:',
      '  sudo keepwatch doctor',
      `  sudo keepwatch walktest start --by ${zh ? '名字' : 'NAME'}${zh ? '   逐个触发探测器，看是否都听到；keepwatch walktest stop 结束' : '   trip each detector, see that all are heard; keepwatch walktest stop ends it'}`,
    ];
  const option =
    file === path.resolve(siteName) || file === '/etc/keepwatch/keepwatch.yaml' ? '' : ` -c ${file}`;
  return [
    ...lines,
    '',
    zh ? '接下来：' : 'Next:',
    `  keepwatch doctor${option}`,
    `  keepwatch run${option}${zh ? '          （或 sudo systemctl restart keepwatch）' : '          (or sudo systemctl restart keepwatch)'}`,
    `  keepwatch walktest start${option}${zh ? '   逐个触发探测器，看是否都听到；keepwatch walktest stop 结束' : '   trip each detector, see that all are heard; keepwatch walktest stop ends it'}`,
  ];
}

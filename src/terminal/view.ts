// What `keepwatch run` shows at a terminal instead of JSON lines: events, links that come and go, warnings of
// the log, and for the demo how to take part. Only shows; decides nothing and keeps nothing but what was last said.

import path from 'node:path';
import type { Reach } from '../control/types.ts';
import type { Event, Text } from '../core/types.ts';
import type { LogDestination } from '../lib/log.ts';
import { plain } from '../lib/width.ts';
import { eventLines, type Reading } from './lines.ts';
import { type Colour, paint, type Screen } from './paint.ts';
import { inBoth, languageOf, timeIn } from './words.ts';

export interface View {
  /** takes the log's JSON lines and shows what a person should see of them */
  readonly log: LogDestination;
  event(event: Event): void;
  link(of: 'bus' | 'device', id: string, up: boolean, because: string): void;
  /** what the demo does next */
  tell(text: Text): void;
  /** `told`: what commands must be told to find this daemon, such as `-c FILE`; may be empty */
  banner(reach: Reach, told: string): void;
  /** shows what has waited for a banner that does not come */
  release(): void;
}

export function startView(screen: Screen): View {
  let reading: Reading = { language: languageOf(undefined), timezone: localZone() };
  const lineOf = eventLines(screen);
  // What comes before the banner waits for it: only then the language and the clocks of the premises are known.
  let held: (() => string)[] | undefined = [];
  const show = (line: () => string): void => {
    if (held) held.push(line);
    else screen.write(`${line()}\n`);
  };
  const showLater = (at: Date, words: () => string): void =>
    show(() => `${paint(screen, 'dim', timeIn(reading.timezone, at.toISOString()))}  ${words()}`);
  const release = (): void => {
    const waiting = held ?? [];
    held = undefined;
    for (const line of waiting) show(line);
  };
  return {
    log: { write: (line) => showLater(new Date(), () => logLine(screen, line)) },
    event: (event) => show(() => lineOf(event, reading)),
    link(of, id, up, because) {
      const sign = paint(screen, up ? 'green' : 'yellow', `${up ? '⇡ up' : '⇣ down'} ${of} ${plain(id)}`);
      showLater(new Date(), () => `${sign} — ${plain(because)}`);
    },
    tell: (text) =>
      showLater(new Date(), () => paint(screen, 'cyan', `» ${plain(inBoth(text, reading.language))}`)),
    banner(reach, told) {
      reading = { language: reach.premises.language, timezone: reach.premises.timezone };
      for (const line of bannerLines(screen, reach, told)) screen.write(`${line}\n`);
      release();
    },
    release,
  };
}

/** What to type to reach this very program: installed by its name, in a checkout by its file. */
function programName(): string {
  const file = process.argv[1] ?? '';
  return file.endsWith('.js') ? `node ${path.relative('', file)}` : 'keepwatch';
}

/** The first words of a run: what runs here, and for the demo how to watch it and take part. */
export function bannerLines(
  screen: Pick<Screen, 'colours'>,
  reach: Reach,
  told: string,
  program = programName(),
): string[] {
  const bold = (text: string): string => paint(screen, 'bold', text);
  const name = plain(inBoth(reach.premises.name, reach.premises.language));
  const demo = reach.scenarios !== undefined;
  const more = told === '' ? '' : ` ${told}`;
  const lines = [bold(demo ? `Keepwatch demo · ${name}` : `Keepwatch · ${name}`)];
  if (reach.console) lines.push(`  page     ${bold(reach.console)}`);
  const { broker } = reach;
  if (broker) {
    lines.push(`  broker   mqtt://${broker.host}:${broker.port}`);
    const port = broker.port === 1883 ? '' : ` -p ${broker.port}`;
    const host = broker.host === '127.0.0.1' ? '' : ` -h ${broker.host}`;
    lines.push(`  watch    ${bold(`mosquitto_sub${host}${port} -t '${reach.prefix ?? 'keepwatch'}/#' -v`)}`);
  }
  lines.push(`  state    ${bold(`${program} status${more}`)}   ${bold(`${program} incidents${more}`)}`);
  lines.push(`  act      ${bold(`${program} ack INCIDENT${more}`)}   (an id may be shortened)`);
  if (reach.scenarios) {
    const { scenarios } = reach;
    const choice = scenarios.length > 0 ? `   (${scenarios.join(', ')})` : '';
    lines.push(`  again    ${bold(`${program} demo ${scenarios[0] ?? 'smoke'}${more}`)}${choice}`);
  }
  lines.push(paint(screen, 'dim', `  data in ${reach.data}; Ctrl-C stops`), '');
  return lines;
}

const levels: Readonly<Record<string, { readonly sign: string; readonly colour: Colour }>> = {
  debug: { sign: '·', colour: 'dim' },
  info: { sign: '·', colour: 'dim' },
  warn: { sign: '!', colour: 'yellow' },
  error: { sign: '!!', colour: 'red' },
  fatal: { sign: '!!', colour: 'red' },
};

function logLine(screen: Screen, line: string): string {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return plain(line.trimEnd());
  }
  const { level, time: _time, message, ...rest } = fields;
  const { sign, colour } = levels[String(level)] ?? { sign: '·', colour: 'dim' as const };
  const more = Object.entries(rest)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  const words = paint(screen, colour, `${sign} ${plain(String(message))}`);
  return more === '' ? words : `${words} ${paint(screen, 'dim', plain(more))}`;
}

function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

// One event as one line for people: when, a symbol and a word for what it is (colour is never the only
// sign), what in the language of the premises and in English, why and who. Pure: event in, text out.

import { becauseIn } from '../core/because-words.ts';
import type { Category, Event, Language } from '../core/types.ts';
import { plain } from '../lib/width.ts';
import { type Colour, paint, type Screen } from './paint.ts';
import { inBoth, timeIn, words } from './words.ts';

export interface Reading {
  readonly language: Language;
  readonly timezone: string;
}

export const symbols: Readonly<Record<Category, { readonly symbol: string; readonly colour: Colour }>> = {
  alarm: { symbol: '▲', colour: 'red' },
  supervisory: { symbol: '◆', colour: 'yellow' },
  trouble: { symbol: '■', colour: 'yellow' },
};

export function eventLine(screen: Pick<Screen, 'colours'>, event: Event, reading: Reading): string {
  const { language, timezone } = reading;
  const said = words[language];
  // a tilde: the clock was not synced, the moment may be wrong
  const time = `${timeIn(timezone, event.at)}${event.clock === 'synced' ? ' ' : '~'}`;
  const happened = said.event[event.type] ?? event.type;
  const parts: string[] = [paint(screen, 'dim', time)];
  if (event.incident) {
    const { symbol, colour } = signOf(event);
    const category = said.category[event.incident.category];
    parts.push(paint(screen, colour, `${symbol} ${category} ${happened}`));
    parts.push(paint(screen, 'bold', plain(inBoth(event.incident.title, language))));
    parts.push(`[${said.level[event.incident.level]}]`);
  } else if (event.output) {
    const value = event.output.value === 'keep' ? 'keep' : event.output.value ? 'on' : 'off';
    parts.push(paint(screen, 'cyan', `● ${happened} ${plain(event.output.id)} ${said.title[value]}`));
  } else {
    parts.push(paint(screen, 'blue', `○ ${happened}`));
  }
  if (event.drill) parts.push(paint(screen, 'cyan', `(${said.title.drill})`));
  if (event.because) parts.push(`— ${plain(becauseIn(event.because, language))}`);
  if (event.note && !isSaid(event)) parts.push(`“${plain(event.note)}”`);
  const by = byWhom(event, language);
  if (by !== '') parts.push(plain(by));
  if (event.incident) parts.push(paint(screen, 'dim', event.incident.id));
  return parts.join(' ');
}

/** The reason has the note already. */
export function isSaid({ because, note }: Pick<Event, 'because' | 'note'>): boolean {
  return note !== undefined && because.includes(note);
}

/** Who did it, where the cause has not named them already. */
export function byWhom({ by, because }: Event, language: Language): string {
  return by === undefined || because.endsWith(`by ${by}`) || because.includes(`by ${by}:`)
    ? ''
    : `· ${words[language].title.by} ${by}`;
}

/** Lines for a course of events; under the first with a tilde stands what that means. */
export function eventLines(screen: Pick<Screen, 'colours'>): (event: Event, reading: Reading) => string {
  let explained = false;
  return (event, reading) => {
    const line = eventLine(screen, event, reading);
    if (explained || event.clock === 'synced') return line;
    explained = true;
    return `${line}\n${paint(screen, 'dim', `          ${words[reading.language].title.tilde}`)}`;
  };
}

function signOf(event: Event): { symbol: string; colour: Colour } {
  if (event.type === 'incident.closed') return { symbol: '✓', colour: 'green' };
  if (event.type === 'incident.returned') return { symbol: '▽', colour: 'green' };
  return symbols[event.incident!.category];
}

// The parts of an explanation that come from the incident's own record: who was told rung by rung, the steps with
// their limits, what is kept, and what is still to come. Lines for people; asks nothing.

import { becauseIn } from '../core/because-words.ts';
import type { Next } from '../core/ladder-view.ts';
import type { Delivery, Incident, Language, StepRecord, Told } from '../core/types.ts';
import { callBeside, handedOver } from '../core/vocabulary.ts';
import { plain } from '../lib/width.ts';
import {
  deliveryText,
  laterText,
  nextText,
  nobodyText,
  rolesText,
  toldBecause,
} from '../terminal/ladder-words.ts';
import type { Reading } from '../terminal/lines.ts';
import { type Cell, type Colour, type Column, paint, type Screen, table } from '../terminal/paint.ts';
import { inLanguage, momentIn, span, words } from '../terminal/words.ts';

type Face = Pick<Screen, 'colours' | 'columns'>;

const columns: readonly Column[] = [
  { title: '' },
  { title: '' },
  { title: '', flexible: true },
  { title: '', flexible: true },
];

/** The time alone on the day on which the incident opened, else with its date. */
function clockOf({ timezone }: Reading, { openedAt }: Incident): (iso: string) => string {
  const day = momentIn(timezone, openedAt).slice(0, 10);
  return (iso) => {
    const moment = momentIn(timezone, iso);
    return moment.startsWith(day) ? moment.slice(-8) : moment;
  };
}

/** A table under a title; its columns speak for themselves. */
function part(screen: Face, title: string, rows: readonly (readonly (string | Cell)[])[]): string[] {
  return rows.length === 0 ? [] : [`${title}:`, ...table(screen, columns, rows).slice(1)];
}

export function toldLines(screen: Face, incident: Incident, reading: Reading): string[] {
  const { title } = words[reading.language];
  return part(
    screen,
    title.told,
    (incident.told ?? []).flatMap((told) => tellingRows(told, reading.language, clockOf(reading, incident))),
  );
}

type Clock = (iso: string) => string;

function tellingRows(told: Told, language: Language, clock: Clock): (string | Cell)[][] {
  const { title } = words[language];
  const time = clock(told.at);
  const roles = rolesText(told.roles, language);
  const because = toldBecause(told, language);
  if (told.skipped) return [[time, { text: `– ${title.notTold}`, colour: 'dim' }, roles, because]];
  const missing = rolesText(told.nobody ?? [], language);
  const nobody: (string | Cell)[][] =
    missing === '' ? [] : [['', '', { text: `✗ ${missing}`, colour: 'yellow' }, nobodyText(language)]];
  const deliveries = told.deliveries.map((delivery) => deliveryRow(delivery, language, clock));
  return [[time, `▸ ${title.toldRow}`, roles, because], ...nobody, ...deliveries];
}

const signs: Readonly<Record<Delivery['state'], readonly [sign: string, colour?: Colour]>> = {
  waiting: ['…', 'yellow'],
  delivered: ['✓', 'green'],
  failed: ['✗', 'red'],
  withdrawn: ['–', 'dim'],
  held: ['–', 'dim'],
};

/** (no tick: whether a person has it, nobody knows) */
const handovers: Readonly<Record<'unheard' | 'unknown', readonly [sign: string, colour?: Colour]>> = {
  unheard: ['→', 'yellow'],
  unknown: ['→'],
};

function deliveryRow(delivery: Delivery, language: Language, clock: Clock): (string | Cell)[] {
  const handed = handedOver(delivery);
  const [sign, colour] = handed === undefined ? signs[delivery.state] : handovers[handed];
  const who = delivery.person ?? rolesText(delivery.role === undefined ? [] : [delivery.role], language);
  const text = `${sign} ${deliveryText(delivery, language)}`;
  return [
    clock(delivery.endedAt ?? delivery.at),
    '',
    `  ${who} · ${delivery.channel}`,
    colour === undefined ? text : { text, colour },
  ];
}

export function stepLines(screen: Face, incident: Incident, reading: Reading): string[] {
  const { language } = reading;
  const clock = clockOf(reading, incident);
  const { title } = words[language];
  const rows = incident.steps.map((step): (string | Cell)[] => {
    const done = step.doneAt !== undefined;
    const late = step.overdueAt !== undefined;
    const state = done
      ? `${title.done} ${clock(step.doneAt!)} · ${step.doneBy ?? ''}`
      : step.dueAt === undefined
        ? ''
        : `${title.dueBy} ${clock(step.dueAt)}`;
    const facts = [
      ...(state === '' ? [] : [state]),
      ...(late ? [title.late] : []),
      ...(step.required && !done ? [title.required] : []),
      ...(step.role === undefined ? [] : [rolesText([step.role], language)]),
      ...callFacts(step, language),
      ...noteFacts(step, language),
    ];
    const sign: Cell = done
      ? { text: '✓', colour: 'green' }
      : late
        ? { text: '▲', colour: 'red' }
        : { text: '○' };
    return [sign, step.id, inLanguage(step.text, language), facts.join(' · ')];
  });
  return part(screen, title.steps, rows);
}

function callFacts({ call, text }: StepRecord, language: Language): string[] {
  const { title } = words[language];
  if (call === undefined) return [];
  const beside = callBeside(call, inLanguage(text, language));
  if (beside === 'missing') return [title.noNumber];
  return beside === 'said' ? [] : [`${title.call} ${call}`];
}

/** (what the engine ticks it proves in its own words) */
function noteFacts({ note, doneBy }: StepRecord, language: Language): string[] {
  if (note === undefined) return [];
  return [doneBy === 'keepwatch' ? becauseIn(note, language) : `“${note}”`];
}

export function evidenceLines(screen: Face, incident: Incident, { language, timezone }: Reading): string[] {
  const { title } = words[language];
  const rows = (incident.evidence ?? []).map((one): (string | Cell)[] => {
    const secured = one.by !== undefined;
    const facts = [
      secured
        ? `${title.secured} ${one.at === undefined ? '' : momentIn(timezone, one.at)} · ${one.by}`
        : title.notSecured,
      one.keepUntil === undefined
        ? `${title.kept} ${span(one.keepMs)}`
        : `${title.kept} → ${momentIn(timezone, one.keepUntil)}`,
      ...(one.note === undefined ? [] : [`“${one.note}”`]),
    ];
    const sign: Cell = secured ? { text: '✓', colour: 'green' } : { text: '○', colour: 'yellow' };
    return [sign, one.id, inLanguage(one.text, language), facts.join(' · ')];
  });
  return part(screen, title.evidence, rows);
}

export function nextLines(
  screen: Face,
  incident: Incident,
  next: readonly Next[],
  reading: Reading,
): string[] {
  if (next.length === 0) return [];
  const { language } = reading;
  const clock = clockOf(reading, incident);
  return [
    `${words[language].title.next}:`,
    ...next.map((one) => {
      const at = one.at === undefined ? laterText(language) : clock(one.at);
      return `  ${paint(screen, 'dim', at)}  ${plain(nextText(one, language))}`;
    }),
  ];
}

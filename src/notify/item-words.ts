// What is said of one incident in a message: its title, the facts, the steps that are this reader's. Pure; words.ts
// puts one of them or many into a message.

import { becauseIn } from '../core/because-words.ts';
import type { Incident, Language, StepRecord, Told } from '../core/types.ts';
import { callBeside } from '../core/vocabulary.ts';
import type { Phrases } from './phrases.ts';
import { cut, numberOf, plain, textIn } from './text.ts';
import type { Premises } from './types.ts';

export interface Reader {
  readonly language: Language;
  readonly roles: readonly string[];
  /** an answer by text message acknowledges */
  readonly answers: boolean;
}

const mostSteps = 6;
const mostDuties = 6;
const mostDutiesInTitle = 3;
const longestStep = 200;
const longestCause = 300;

/** One incident of a message, with all that is told of it. */
export interface Item {
  readonly incident: Incident;
  readonly tellings: Told[];
}

export function kindOf({ incident, tellings }: Item): Told['kind'] {
  if (incident.state === 'closed') return 'closed';
  return tellings.some(({ kind }) => kind === 'rung') ? 'rung' : (tellings[0]?.kind ?? 'rung');
}

/** A drill that nobody ended was ended by a real alarm: to say that it is over would be to say that nothing is. */
export function isBrokenOff({ incident }: Item): boolean {
  return incident.drill && incident.state === 'closed' && incident.closedBy === undefined;
}

export function endOf(item: Item, say: Phrases): string {
  const { incident, tellings } = item;
  if (!isBrokenOff(item)) return say.closedBy(nameOf(incident.closedBy), incident.verdict);
  const [real] = tellings.flatMap(({ because }) => /^drill ended: (\S+) is real/.exec(because)?.[1] ?? []);
  return say.brokenOffFor(real === undefined ? undefined : numberOf(real));
}

export function titleOf(item: Item, language: Language, say: Phrases): string {
  const { incident } = item;
  const what = textIn(incident.title, language);
  const kind = kindOf(item);
  if (isBrokenOff(item)) return say.brokenOff;
  if (kind === 'closed') return `${say.over}${what}`;
  const due = dutiesIn(incident, language).map((duty) => duty.split(/[:：]/)[0]!);
  const shown = due.slice(0, mostDutiesInTitle).map((name) => cut(name, 16));
  const duties = due.length === 0 ? '' : say.bundleOfDuties(shown, due.length - shown.length);
  return `${say.level(incident.level)}${kind === 'overdue' ? say.overdue : ''}${what}${duties}`;
}

/** What is due, each once, as it stands now: overdue rather than due. */
function dutiesIn({ plan, signals }: Incident, language: Language): string[] {
  if (plan !== 'duties') return [];
  const due = new Map<string, string>();
  for (const { active, subject, rule, because } of signals)
    if (active) due.set(subject ?? rule, plain(becauseIn(because, language)));
  return [...due.values()];
}

/** What began it, by the name that people have for it, and as the rule saw it. */
function causeOf({ signals }: Incident, language: Language, premises: Premises): string {
  const [first] = signals;
  if (first === undefined) return '';
  const nameOfPoint = (id: string): string | undefined => {
    const name = premises.pointName?.(id);
    return name === undefined ? undefined : textIn(name, language);
  };
  const because = becauseIn(first.because, language, { point: nameOfPoint });
  const name = first.point === undefined ? undefined : nameOfPoint(first.point);
  if (name === undefined || because.includes(name)) return because;
  return language === 'zh' ? `${name}（${because}）` : `${name} (${because})`;
}

export function factsOf(
  { incident, tellings }: Item,
  language: Language,
  say: Phrases,
  premises: Premises,
): string[] {
  const lines: string[] = [];
  const add = (label: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') lines.push(`${label}${say.colon}${value}`);
  };
  const due = dutiesIn(incident, language);
  if (due.length === 0) add(say.because, cut(plain(causeOf(incident, language, premises)), longestCause));
  else {
    lines.push(
      ...due.slice(0, mostDuties).map((duty) => `${say.duties}${say.colon}${cut(duty, longestStep)}`),
    );
    if (due.length > mostDuties) lines.push(say.moreDuties(due.length - mostDuties));
  }
  add(say.place, incident.place === undefined ? undefined : plain(incident.place));
  const { finder } = incident;
  add(say.finder, finder && [plain(finder.name), plain(finder.phone ?? '')].filter(Boolean).join(' '));
  for (const told of tellings) {
    if (told.early) lines.push(say.early);
    else if (told.kind === 'rung' && (told.afterMs ?? 0) > 0)
      lines.push(say.waited(told.unless, lengthOf(told.afterMs!, say)));
    const late = told.kind === 'overdue' && incident.steps.find(({ id }) => id === told.rung);
    if (late) lines.push(say.overdueStep(stepText(late, language)));
  }
  if (incident.acknowledged && incident.acknowledgedBy !== undefined)
    lines.push(say.acknowledgedBy(plain(incident.acknowledgedBy)));
  if (!incident.active) lines.push(say.returned);
  return lines;
}

/** Open steps that are this reader's; where there are none, those of everybody. The overdue one first. */
export function openSteps({ incident, tellings }: Item, { roles }: Reader): StepRecord[] {
  const late = new Set(tellings.filter(({ kind }) => kind === 'overdue').map(({ rung }) => rung));
  const open = incident.steps.filter(({ doneAt }) => doneAt === undefined);
  const asked = tellings.flatMap((told) => told.roles);
  // who has none of the roles that are told stands in for somebody
  const acting = asked.some((role) => roles.includes(role)) ? roles : [...roles, ...asked];
  const mine = open.filter(({ role }) => role === undefined || acting.includes(role));
  const steps = mine.length > 0 ? mine : open;
  return [...steps.filter(({ id }) => late.has(id)), ...steps.filter(({ id }) => !late.has(id))];
}

export function stepsOf(item: Item, reader: Reader, premises: Premises, say: Phrases): string[] {
  const steps = openSteps(item, reader);
  if (steps.length === 0) return [];
  const today = todayOf(item, premises);
  const lines = steps.slice(0, mostSteps).map((step, index) => {
    const text = callText(step, stepText(step, reader.language), say);
    const due = step.dueAt === undefined ? '' : say.dueBy(dueOf(step.dueAt, today, premises, say));
    return `${index + 1}. ${text}${due}`;
  });
  const left = steps.length - lines.length;
  return [say.todo, ...lines, ...(left > 0 ? [say.more(left)] : [])];
}

export function stepText({ text }: StepRecord, language: Language): string {
  return cut(textIn(text, language), longestStep).replace(/[。.]$/, '');
}

/** A step with the number to call, where the text does not have it already. */
export function callText({ call }: StepRecord, text: string, say: Phrases): string {
  if (call === undefined) return text;
  const beside = callBeside(call, text);
  if (beside === 'said') return text;
  return `${text}${beside === 'added' ? say.call(plain(call)) : say.noNumber}`;
}

function nameOf(name: string | undefined): string | undefined {
  return name === undefined ? undefined : plain(name);
}

export function whenOf(iso: string, premises: Premises, say: Phrases): string {
  const local = premises.localTime(Date.parse(iso));
  const match = /^\d{4}-(\d\d)-(\d\d) (\d\d:\d\d)/.exec(local);
  return match ? say.when(Number(match[1]), Number(match[2]), match[3]!) : local;
}

/** The day of the latest telling at the premises: messages go out when they are told. */
function todayOf({ tellings }: Item, premises: Premises): string {
  const at = Math.max(...tellings.map((told) => Date.parse(told.at)));
  return Number.isFinite(at) ? dayOf(premises.localTime(at)) : '';
}

const dayOf = (local: string): string => local.slice(0, -6);

function dueOf(iso: string, today: string, premises: Premises, say: Phrases): string {
  const local = premises.localTime(Date.parse(iso));
  return dayOf(local) === today ? local.slice(-5) : whenOf(iso, premises, say);
}

function lengthOf(ms: number, say: Phrases): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}${say.hour}`;
  return ms % 60_000 === 0 ? `${ms / 60_000}${say.minute}` : `${Math.round(ms / 1000)}${say.second}`;
}

// Finds the words for a message: title, text and one short paragraph, about one incident or many, for one reader. Takes
// the incidents as they stand at this moment. Pure; knows no channel beyond "can it be answered by a text message".

import type { Category, Incident, Language, Level, Message, Told } from '../core/types.ts';
import {
  callText,
  endOf,
  factsOf,
  type Item,
  isBrokenOff,
  kindOf,
  openSteps,
  type Reader,
  stepsOf,
  stepText,
  titleOf,
  whenOf,
} from './item-words.ts';
import { type Phrases, phrases } from './phrases.ts';
import { cut, numberOf, textIn } from './text.ts';
import type { Premises } from './types.ts';

export type { Reader } from './item-words.ts';
export { cut, numberOf, plain, textIn } from './text.ts';

export interface Words {
  readonly title: string;
  readonly text: string;
  /** at most 200 characters */
  readonly short: string;
  readonly kind: Told['kind'];
  readonly level: Level;
  readonly category: Category;
  /** those that are spoken of, the most urgent first */
  readonly incidents: readonly Incident[];
}

export const mostShort = 200;
const mostListed = 10;
const mostPlansCounted = 8;
const mostInShort = 3;
const longestTitle = 80;
export const ranks: Readonly<Record<Level, number>> = { general: 1, major: 2, urgent: 3 };

/** undefined where nothing of it stands any more. */
export function wordsFor(
  message: Message,
  incidentOf: (id: string) => Incident | undefined,
  reader: Reader,
  premises: Premises,
): Words | undefined {
  const items = itemsOf(message, incidentOf);
  const [first] = items;
  if (first === undefined) return undefined;
  const say = phrases[reader.language];
  const drill = message.drill ? say.drill : '';
  const made =
    items.length === 1 ? oneItem(first, reader, premises, say) : manyItems(items, reader, premises, say);
  return {
    title: cut(`${drill}${made.title}`, longestTitle + drill.length),
    text: `${drill}${made.text}`,
    short: shorten(`${drill}${made.short}`, made.ifRoom, made.tail),
    kind: kindOf(first),
    level: first.incident.level,
    category: first.incident.category,
    incidents: items.map(({ incident }) => incident),
  };
}

/** The head gives way: how to acknowledge must be there in full. */
function shorten(head: string, ifRoom: string, tail: string): string {
  const whole = `${head}${ifRoom}${tail}`;
  return whole.length <= mostShort ? whole : `${cut(head, mostShort - tail.length)}${tail}`;
}

function itemsOf(message: Message, incidentOf: (id: string) => Incident | undefined): Item[] {
  const items = new Map<string, Item>();
  for (const about of message.about) {
    const incident = incidentOf(about.incident);
    const told = incident?.told?.find(({ number }) => number === about.told);
    if (incident === undefined || told === undefined) continue;
    const item = items.get(incident.id) ?? { incident, tellings: [] };
    items.set(incident.id, item);
    item.tellings.push(told);
  }
  // (sort keeps the order of those of one rank: the first to happen first)
  return [...items.values()].sort((one, other) => rank(other) - rank(one));
}

function rank(item: Item): number {
  const { category, level } = item.incident;
  return (kindOf(item) === 'closed' ? 0 : 10) + ranks[level] * 2 + (category === 'alarm' ? 1 : 0);
}

interface Made {
  readonly title: string;
  readonly text: string;
  readonly short: string;
  /** stands behind `short` where all of it fits */
  readonly ifRoom: string;
  /** end of the short text, never cut */
  readonly tail: string;
}

function oneItem(item: Item, reader: Reader, premises: Premises, say: Phrases): Made {
  const { incident } = item;
  const { language } = reader;
  const name = textIn(premises.name, language);
  const title = titleOf(item, language, say);
  const since = say.since(whenOf(incident.openedAt, premises, say));
  const number = numberOf(incident.id);
  const lines = [[name, number, since].join(say.comma)];
  const kind = kindOf(item);
  if (kind === 'closed') {
    const how = endOf(item, say);
    lines.push(`${how}${say.full.trim()}`);
    const short = `${[title, name, how].join(say.comma)}${say.full.trim()}`;
    return { title, text: lines.join('\n'), short, ifRoom: '', tail: '' };
  }
  lines.push(...factsOf(item, language, say, premises), ...stepsOf(item, reader, premises, say));
  const how = reader.answers ? say.acknowledgeBySms(number, false) : say.acknowledgeThere(number);
  lines.push(how);
  const todo = openSteps(item, reader)[0];
  const parts = [title, name, since, ...(todo ? [cut(stepText(todo, language), 60)] : [])];
  const tail = `${say.full}${incident.acknowledged ? number : how}`;
  return { title, text: lines.join('\n'), short: parts.join(say.comma), ifRoom: '', tail };
}

function manyItems(items: readonly Item[], reader: Reader, premises: Premises, say: Phrases): Made {
  const { language } = reader;
  const name = textIn(premises.name, language);
  const { open } = apart(items);
  const listed = items.slice(0, mostListed);
  // the number comes first and nothing counts the lines: "1. Fire" beside "reply 1" would read as a menu
  const lines = [
    name,
    ...listed.map(
      (item) =>
        `${numberOf(item.incident.id)} ${titleOf(item, language, say)}${say.comma}${whenOf(item.incident.openedAt, premises, say)}`,
    ),
    ...leftOut(items.slice(mostListed), language, say),
  ];
  const [mostUrgent] = open;
  const todo = mostUrgent && openSteps(mostUrgent, reader)[0];
  const first =
    todo && say.first(numberOf(mostUrgent.incident.id), callText(todo, stepText(todo, language), say));
  if (first !== undefined) lines.push(first);
  const asked = open.filter(({ incident }) => !incident.acknowledged);
  const id = asked[0] && numberOf(asked[0].incident.id);
  const how = id && (reader.answers ? say.acknowledgeBySms(id, true) : say.acknowledgeThere(id));
  if (how !== undefined) lines.push(how);
  const spoken = open.length > 0 ? open : items;
  const leading = cut(titleOf(spoken[0]!, language, say), longestTitle - 20);
  return {
    title: spoken.length === 1 ? leading : say.bundle(leading, spoken.length),
    text: lines.join('\n'),
    short: shortOfMany(items, name, language, say),
    ifRoom: first === undefined ? '' : `${say.semicolon}${first}`,
    tail: how === undefined ? '' : `${say.semicolon}${how}`,
  };
}

/** `[URGENT] Store One: i1 Fire·Atrium, i2 Water·Cellar; Over: i3 Gas`. */
function shortOfMany(items: readonly Item[], name: string, language: Language, say: Phrases): string {
  const tight = ({ incident }: Item): string =>
    `${numberOf(incident.id)} ${cut(textIn(incident.title, language).replace(/ · /g, '·'), language === 'zh' ? 24 : 40)}`;
  const brief = (of: readonly Item[]): string => {
    // (one left over is better named than counted)
    const shown = of.length === mostInShort + 1 ? of : of.slice(0, mostInShort);
    const left = of.slice(shown.length);
    const more = left.length > 0 ? [say.others(left.length, countsOf(left, language, say))] : [];
    return [...shown.map(tight), ...more].join(say.comma);
  };
  const { open } = apart(items);
  const level = open[0] === undefined ? '' : say.level(open[0].incident.level);
  return `${level}${cut(name, 40)}${say.colon}${ofEach(items, brief, brief, say).join(say.semicolon)}`;
}

/** Those that are not listed, by their plans. */
function leftOut(items: readonly Item[], language: Language, say: Phrases): string[] {
  const counts = (of: readonly Item[]): string => countsOf(of, language, say);
  return ofEach(items, (open) => say.others(open.length, counts(open)), counts, say);
}

interface Apart {
  readonly open: readonly Item[];
  readonly over: readonly Item[];
  readonly brokenOff: readonly Item[];
}

function apart(items: readonly Item[]): Apart {
  const closed = items.filter((item) => kindOf(item) === 'closed');
  return {
    open: items.filter((item) => kindOf(item) !== 'closed'),
    over: closed.filter((item) => !isBrokenOff(item)),
    brokenOff: closed.filter(isBrokenOff),
  };
}

/** One text for the open ones, and one for those that are over: nobody must take these for open. */
function ofEach(
  items: readonly Item[],
  ofOpen: (items: readonly Item[]) => string,
  ofEnded: (items: readonly Item[]) => string,
  say: Phrases,
): string[] {
  const { open, over, brokenOff } = apart(items);
  return [
    ...(open.length > 0 ? [ofOpen(open)] : []),
    ...(over.length > 0 ? [say.ended(ofEnded(over))] : []),
    ...(brokenOff.length > 0 ? [`${say.brokenOff}${say.colon}${ofEnded(brokenOff)}`] : []),
  ];
}

/** `3 × Fire, 300 × Water leak`, the most urgent first. */
function countsOf(items: readonly Item[], language: Language, say: Phrases): string {
  const counts = new Map<string, number>();
  for (const { incident } of items) {
    // what it is about stands behind the plan's title, or the fault's
    const title = textIn(incident.title, language).split(' · ')[0]!;
    counts.set(title, (counts.get(title) ?? 0) + 1);
  }
  const all = [...counts].map(([title, count]) => say.countOf(cut(title, 20), count));
  const shown = all.slice(0, mostPlansCounted);
  return `${shown.join(say.comma)}${all.length > shown.length ? '…' : ''}`;
}

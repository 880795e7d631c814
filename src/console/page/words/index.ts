// What the page says, in the language of whoever looks at it, and how it writes moments, spans and names. The field's
// own words come from where the terminal and the reports have them, so that all say the same.

import { type BecauseNames, becauseIn } from '../../../core/because-words.ts';
import type { Text } from '../../../core/types.ts';
import { deliveryText, nextText, rolesText, toldBecause } from '../../../terminal/ladder-words.ts';
import { words as field, inLanguage, momentIn } from '../../../terminal/words.ts';
import { localTime } from '../local-time.ts';
import { language } from '../preferences.ts';
import { session } from '../session.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';

export type Key = keyof typeof en;
export type Values = Readonly<Record<string, string | number>>;

const all = { zh, en } as const;

/** The page's sentence of this name, with `{places}` filled in. */
export function t(key: Key, values?: Values): string {
  const text: string = all[language.value][key];
  return values === undefined
    ? text
    : text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

/** `{count}` and, in English, the form for one or for many: `{count} alarm|{count} alarms`. */
export function plural(key: Key, count: number, values: Values = {}): string {
  const [one = '', many = one] = t(key, { ...values, count }).split('|');
  return count === 1 ? one : many;
}

export function nameOf(text: Text): string {
  return inLanguage(text, language.value);
}

/** The field's words: categories, levels, states, verdicts, kinds of events, qualities. */
export const word = {
  category: (id: keyof (typeof field)['zh']['category']) => field[language.value].category[id],
  level: (id: keyof (typeof field)['zh']['level']) => field[language.value].level[id],
  state: (id: keyof (typeof field)['zh']['state']) => field[language.value].state[id],
  quality: (id: keyof (typeof field)['zh']['quality']) => field[language.value].quality[id],
  verdict: (id: keyof (typeof field)['zh']['verdict']) => field[language.value].verdict[id],
  event: (id: keyof (typeof field)['zh']['event']) => field[language.value].event[id],
  /** heads of columns and single words of the terminal */
  title: (id: keyof (typeof field)['zh']['title']) => field[language.value].title[id],
};

/** The engine's reason as a sentence; with names no id is left in it that has one. */
export function reason(
  because: string,
  names?: BecauseNames['point'] | Omit<BecauseNames, 'inWords'>,
): string {
  if (names === undefined) return becauseIn(because, language.value);
  const given = typeof names === 'function' ? { point: names } : names;
  const text = becauseIn(because, language.value, { ...given, inWords: true });
  // (what nobody has put into words may still have the ids of points)
  return text.replace(/[a-z][\w-]*\.[\w.-]*\w/gi, (id) => given.point?.(id) ?? id);
}

type StepName = (id: string) => string | undefined;

export const ladder = {
  told: (told: Parameters<typeof toldBecause>[0], stepName?: StepName) =>
    toldBecause(told, language.value, stepName),
  delivery: (delivery: Parameters<typeof deliveryText>[0]) => deliveryText(delivery, language.value),
  next: (next: Parameters<typeof nextText>[0], stepName?: StepName) =>
    nextText(next, language.value, stepName),
  roles: (roles: readonly string[]) => rolesText(roles, language.value),
};

/** `09:02:03` on the premises' clocks, not on the browser's */
export function clock(at: string | number): string {
  return moment(at).slice(-8);
}

/** `2026-11-22 09:02:03` */
export function moment(at: string | number): string {
  const { premises, clocks } = session.value ?? {};
  const atMs = typeof at === 'number' ? at : Date.parse(at);
  if (clocks === undefined || Number.isNaN(atMs)) return momentIn(premises?.timezone ?? 'UTC', iso(at));
  return localTime(clocks, atMs);
}

/** `2026-11-22` */
export function day(at: string | number): string {
  return moment(at).slice(0, 10);
}

/** `09:02:03` if that was today, else `11-21 09:02` */
export function when(at: string | number, nowMs: number): string {
  const text = moment(at);
  return text.slice(0, 10) === day(nowMs) ? text.slice(-8) : text.slice(5, 16);
}

function iso(at: string | number): string {
  return typeof at === 'number' ? new Date(at).toISOString() : at;
}

const units = {
  zh: { d: ' 天', h: ' 小时', min: ' 分', s: ' 秒' },
  en: { d: ' d', h: ' h', min: ' min', s: ' s' },
} as const;

/** `3 天 4 小时`, `12 min`, `8 s`: two units at most, whole seconds. */
export function span(ms: number): string {
  const unit = units[language.value];
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}${unit.s}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60)
    return minutes < 5 && seconds % 60
      ? `${minutes}${unit.min} ${seconds % 60}${unit.s}`
      : `${minutes}${unit.min}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours}${unit.h} ${minutes % 60}${unit.min}` : `${hours}${unit.h}`;
  return hours % 24 ? `${Math.floor(hours / 24)}${unit.d} ${hours % 24}${unit.h}` : `${hours / 24}${unit.d}`;
}

/** `12 min ago`, or `just now`; `nowMs` is the gateway's clock (`now.value`). */
export function ago(at: string, nowMs: number): string {
  const ms = nowMs - Date.parse(at);
  return ms < 3000 ? t('time.now') : t('time.ago', { span: span(ms) });
}

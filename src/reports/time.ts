// Time as the premises have it: moments in their zone, the bounds of their months, lengths in words. Knows no
// reports; a zone that nobody knows is taken for UTC.

import type { Language } from '../core/types.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  // Sweden writes dates as ISO 8601 does.
  const style = { dateStyle: 'short', timeStyle: 'medium' } as const;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('sv-SE', { ...style, timeZone });
  } catch {
    format = new Intl.DateTimeFormat('sv-SE', { ...style, timeZone: 'UTC' });
  }
  formats.set(timeZone, format);
  return format;
}

/** No zone changes its offset but on a quarter of an hour. */
const quarterMs = 900_000;
const mostOffsets = 10_000;
const offsets = new Map<string, number>();

/** How far the clocks of a zone are ahead of UTC, ms; kept, because a month asks thousands of times. */
function offsetMs(timeZone: string, atMs: number): number {
  const quarter = Math.floor(atMs / quarterMs);
  const key = `${timeZone} ${quarter}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const shown = formatOf(timeZone).format(quarter * quarterMs);
  const offset = Date.parse(`${shown.replace(' ', 'T')}Z`) - quarter * quarterMs;
  if (offsets.size >= mostOffsets) offsets.clear();
  offsets.set(key, offset);
  return offset;
}

/** `2026-11-22 09:02:03` at the premises; what is no moment of our time is given back as it is. */
export function momentAt(timeZone: string, moment: string | number): string {
  const atMs = new Date(moment).getTime();
  if (!(Math.abs(atMs) < 100_000 * 86_400_000)) return String(moment);
  const shown = new Date(atMs + offsetMs(timeZone, atMs)).toISOString();
  return `${shown.slice(0, 10)} ${shown.slice(11, 19)}`;
}

/** First moment of a month (from 0, may be 12) at the premises, wall ms. */
function startOfMonth(timeZone: string, year: number, month: number): number {
  const wantedMs = Date.UTC(year, month, 1);
  let atMs = wantedMs;
  // the second round is for a zone that changes its offset between the two
  for (let round = 0; round < 2; round += 1) {
    const shownMs = Date.parse(`${momentAt(timeZone, atMs).replace(' ', 'T')}Z`);
    atMs += wantedMs - shownMs;
  }
  return atMs;
}

export interface MonthBounds {
  readonly fromMs: number;
  /** first moment of the next month */
  readonly toMs: number;
}

/** The bounds of `YYYY-MM` at the premises; undefined for anything else. */
export function monthBounds(timeZone: string, month: string): MonthBounds | undefined {
  const [, year, number] = /^(20\d{2})-(0[1-9]|1[0-2])$/.exec(month) ?? [];
  if (year === undefined || number === undefined) return undefined;
  const [y, m] = [Number(year), Number(number)];
  return { fromMs: startOfMonth(timeZone, y, m - 1), toMs: startOfMonth(timeZone, y, m) };
}

/** Milliseconds from one moment to another; undefined where one is missing or the clock was turned back. */
export function between(from: string | undefined, to: string | undefined): number | undefined {
  if (from === undefined || to === undefined) return undefined;
  const ms = Date.parse(to) - Date.parse(from);
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}

const units = {
  zh: { second: ' 秒', minute: ' 分', hour: ' 小时', day: ' 天' },
  en: { second: ' s', minute: ' min', hour: ' h', day: ' d' },
} as const;

/** `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`: two units at most. */
export function lengthIn(language: Language, ms: number): string {
  const unit = units[language];
  const two = (first: number, of: string, second: number, then: string): string =>
    second === 0 ? `${first}${of}` : `${first}${of} ${second}${then}`;
  if (ms > 0 && ms < 950) return `${(ms / 1000).toFixed(1)}${unit.second}`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}${unit.second}`;
  if (seconds < 3600) return two(Math.floor(seconds / 60), unit.minute, seconds % 60, unit.second);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return two(Math.floor(minutes / 60), unit.hour, minutes % 60, unit.minute);
  const hours = Math.floor(minutes / 60);
  return two(Math.floor(hours / 24), unit.day, hours % 24, unit.hour);
}

// What day and hour it is at the premises, from wall time and the site's calendar alone: workdays with their
// make-up days, days off, working hours, nights. Pure; a wall time that can't be true gives no answer.

import type { Calendar, Day, Limit, Weekday, Window } from './site-types.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;
export const weekdays: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** Before this (2024-01-01) a wall clock has not been set since it lost its battery. */
const plausibleFromMs = Date.UTC(2024, 0, 1);

/** A moment as the clock on the wall of the premises shows it. */
export interface Local {
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** since midnight */
  readonly minute: number;
  readonly weekday: Weekday;
  /** whole days since 1970-01-01, local */
  readonly day: number;
}

export function isPlausible(wallMs: number): boolean {
  return wallMs >= plausibleFromMs;
}

export function localOf(calendar: Calendar, wallMs: number): Local {
  let minutes = calendar.offsets[0]?.[1] ?? 0;
  for (const [fromMs, each] of calendar.offsets) if (wallMs >= fromMs) minutes = each;
  const localMs = wallMs + minutes * minuteMs;
  return localDay(Math.floor(localMs / dayMs), Math.floor((localMs % dayMs) / minuteMs));
}

function localDay(day: number, minute: number): Local {
  return {
    date: new Date(day * dayMs).toISOString().slice(0, 10),
    minute,
    // 1970-01-01 was a Thursday
    weekday: weekdays[(day + 3) % 7]!,
    day,
  };
}

/** Is this local day one on which people work? */
export function isWorkday(calendar: Calendar, { date, weekday }: Local): boolean {
  if (calendar.makeUpDays.includes(date)) return true;
  return calendar.workdays.includes(weekday) && !calendar.holidays.includes(date);
}

function isDay(calendar: Calendar, local: Local, days: readonly Day[]): boolean {
  const kind = isWorkday(calendar, local) ? 'workday' : 'holiday';
  return days.includes(kind) || days.includes(local.weekday);
}

/** Is it within one of these windows? One that goes past midnight belongs to the day on which it began. */
export function isWithin(calendar: Calendar, windows: readonly Window[], local: Local): boolean {
  const before = localDay(local.day - 1, local.minute);
  return windows.some(({ days, fromMinute, toMinute }) => {
    if (fromMinute < toMinute)
      return local.minute >= fromMinute && local.minute < toMinute && isDay(calendar, local, days);
    return local.minute >= fromMinute
      ? isDay(calendar, local, days)
      : local.minute < toMinute && isDay(calendar, before, days);
  });
}

export function isWorkingHour(calendar: Calendar, local: Local): boolean {
  return isWithin(calendar, calendar.working, local);
}

export function isNight({ night }: Calendar, { minute }: Local): boolean {
  const { fromMinute, toMinute } = night;
  return fromMinute < toMinute
    ? minute >= fromMinute && minute < toMinute
    : minute >= fromMinute || minute < toMinute;
}

/** How long a limit is at this wall time, ms. Where nobody knows the day, the shortest. */
export function limitMs(limit: Limit, calendar: Calendar | undefined, wallMs: number): number {
  if (typeof limit === 'number') return limit;
  const { workday, holiday = workday, night = undefined } = limit;
  if (calendar === undefined || !isPlausible(wallMs))
    return Math.min(workday, holiday, night ?? Number.POSITIVE_INFINITY);
  const local = localOf(calendar, wallMs);
  if (night !== undefined && isNight(calendar, local)) return night;
  return isWorkday(calendar, local) ? workday : holiday;
}

/** Wall time at which a local date (`YYYY-MM-DD`) begins at the premises. */
export function startOfDate(calendar: Calendar | undefined, date: string): number {
  const utcMs = Date.parse(`${date}T00:00:00Z`);
  let minutes = calendar?.offsets[0]?.[1] ?? 0;
  for (const [fromMs, each] of calendar?.offsets ?? []) if (utcMs - each * minuteMs >= fromMs) minutes = each;
  return utcMs - minutes * minuteMs;
}

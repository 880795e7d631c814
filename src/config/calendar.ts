// The calendar of the premises: the clock of its zone, and the hours, nights and days off that the contacts give.
// Where there are no contacts it is the usual week; it must not depend on when it is asked.

import * as z from 'zod';
import { weekdays } from '../core/calendar.ts';
import type { Calendar, Window } from '../core/types.ts';
import type { Holidays } from './holidays.ts';
import { offsetsOf } from './offsets.ts';
import { show } from './words.ts';

const weekday = z.enum(weekdays as ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);
const day = z.enum(['workday', 'holiday', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);
const lastMinute = 24 * 60;

/** Minutes since midnight of `09:30`; undefined where it is none. */
function minuteOf(text: string): number | undefined {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text);
  if (match === null || Number(match[2]) > 59) return undefined;
  const minute = Number(match[1]) * 60 + Number(match[2]);
  return minute <= lastMinute ? minute : undefined;
}

const timeWords = (issue: { readonly input?: unknown }): string =>
  `${show(issue.input)} is not a time of day; write one in quotes, such as "09:00"`;

const time = z
  .string({ error: timeWords })
  .refine((text) => minuteOf(text) !== undefined, { error: timeWords })
  .transform((text) => minuteOf(text)!);
const beginning = time.refine((minute) => minute < lastMinute, {
  error: 'nothing begins at 24:00; write "00:00" and the day after',
});

const windowSchema = z.strictObject({
  days: z
    .array(day, {
      error: (issue) => `${show(issue.input)} is not a list of days; write [workday] or [mon, tue]`,
    })
    .min(1),
  from: beginning,
  to: time,
});

export const windowsSchema = z.array(windowSchema).min(1, {
  error: 'an empty list is no time at all; write a window, or remove it',
});

export const nightSchema = z
  .strictObject({ from: beginning, to: time })
  .refine(({ from, to }) => from !== to, {
    error: '`from` and `to` are the same; write when the night begins and when it ends',
  });

export const weekSchema = z.array(weekday).max(7);

export type Windows = z.output<typeof windowsSchema>;

export function windowsOf(windows: Windows): Window[] {
  return windows.map(({ days, from, to }) => ({ days, fromMinute: from, toMinute: to }));
}

/** What the contacts say of time; undefined: nothing. */
export interface Hours {
  readonly hours?: Windows | undefined;
  readonly week?: Calendar['workdays'] | undefined;
  readonly night?: z.output<typeof nightSchema> | undefined;
  readonly holidays?: Holidays | undefined;
}

export function calendarOf(timezone: string, given: Hours = {}): Calendar {
  const { from, to } = given.night ?? { from: 22 * 60, to: 7 * 60 };
  return {
    offsets: offsetsOf(timezone),
    workdays: given.week ?? ['mon', 'tue', 'wed', 'thu', 'fri'],
    working: windowsOf(given.hours ?? []),
    night: { fromMinute: from, toMinute: to },
    holidays: given.holidays?.holidays ?? [],
    makeUpDays: given.holidays?.makeUpDays ?? [],
  };
}

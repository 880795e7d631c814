// Files of public holidays and of the workdays that make up for them, by year. A list that has run out would call
// people at work on days off, so the present year must be in it.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import type { FaultList, Place } from './faults.ts';
import { check, partOf } from './issues.ts';
import { suggestion } from './nearest.ts';
import { date, text } from './values.ts';
import { readTree } from './yaml.ts';

const holidaysSchema = z.strictObject({
  source: text,
  years: z.array(z.int().min(2000).max(2100)).min(1),
  holidays: z.array(z.strictObject({ from: date, to: date, name: text })).default([]),
  makeUpDays: z.array(date).default([]),
});

const dayMs = 86_400_000;
/** Longer is a slip of the pen. */
const longestDays = 31;

export interface Holidays {
  readonly years: readonly number[];
  /** `YYYY-MM-DD`, in order, each once */
  readonly holidays: readonly string[];
  readonly makeUpDays: readonly string[];
  readonly files: readonly string[];
}

export interface HolidayNames {
  /** as the contacts have them */
  readonly names: readonly string[];
  /** the place of each */
  readonly place: (index: number) => Place;
  /** folder of the contacts */
  readonly folder: string;
  /** folder of the holidays that are shipped */
  readonly shipped: string;
}

/** Reads the files that are named, all of them together. */
export function loadHolidays(named: HolidayNames, faults: FaultList): Holidays {
  const years = new Set<number>();
  const days = new Set<string>();
  const makeUps = new Set<string>();
  const files: string[] = [];
  for (const [index, name] of named.names.entries()) {
    const file = fileOf(name, named, () => named.place(index), faults);
    if (file === undefined) continue;
    files.push(file);
    readHolidays(file, named.place(index), faults, { years, days, makeUps });
  }
  return {
    years: [...years].sort((a, b) => a - b),
    holidays: [...days].sort(),
    makeUpDays: [...makeUps].sort(),
    files,
  };
}

/** A name that is no path is that of a shipped file. */
function fileOf(
  name: string,
  { folder, shipped }: HolidayNames,
  place: () => Place,
  faults: FaultList,
): string | undefined {
  if (/[/\\]|\.ya?ml$/.test(name)) return path.resolve(folder, name);
  const known = namesIn(shipped);
  if (known.includes(name)) return path.join(shipped, `${name}.yaml`);
  const todo = suggestion(
    name,
    known,
    'write the path of a file beside the contacts, such as ./holidays.yaml',
  );
  faults.fault(place(), `unknown holidays \`${name}\``, todo);
  return undefined;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .flatMap((name) => (name.endsWith('.yaml') ? [name.slice(0, -5)] : []))
      .sort();
  } catch {
    return [];
  }
}

interface Found {
  readonly years: Set<number>;
  readonly days: Set<string>;
  readonly makeUps: Set<string>;
}

function readHolidays(file: string, from: Place, faults: FaultList, found: Found): void {
  const tree = readTree(file, faults, from);
  if (tree === undefined) return;
  const where = partOf(tree, []);
  const checked = check(holidaysSchema, tree.value, where, faults);
  if (checked === undefined) return;
  const { years, holidays, makeUpDays } = checked.value;
  for (const year of years) found.years.add(year);
  const days = new Set<string>();
  const isIn = (day: string): boolean => years.includes(Number(day.slice(0, 4)));
  for (const [index, { from: first, to: last }] of holidays.entries()) {
    const place = where.value(['holidays', index, 'to']);
    const length = (Date.parse(last) - Date.parse(first)) / dayMs + 1;
    if (length < 1) faults.fault(place, `\`to\`: ${last} is before ${first}`, 'exchange the two');
    else if (length > longestDays)
      faults.fault(place, `\`to\`: ${length} days off are too many`, `write at most ${longestDays} days`);
    else if (!isIn(first) && !isIn(last))
      faults.fault(where.value(['holidays', index, 'from']), `${first} is in none of \`years\``, yearTodo);
    else
      for (let day = 0; day < length; day += 1)
        days.add(new Date(Date.parse(first) + day * dayMs).toISOString().slice(0, 10));
  }
  for (const [index, day] of makeUpDays.entries()) {
    const place = where.value(['makeUpDays', index]);
    if (days.has(day))
      faults.fault(place, `${day} is a holiday and a make-up day`, 'remove it from one of the two');
    else if (!isIn(day)) faults.fault(place, `${day} is in none of \`years\``, yearTodo);
    found.makeUps.add(day);
  }
  for (const day of days) found.days.add(day);
}

const yearTodo = 'correct the date, or add its year to `years`';

/** A list runs out so long before somebody is told. */
const warnDays = 45;

/** Warns where the years do not hold the present one, or soon end without the next. */
export function checkYears({ years }: Holidays, today: string, place: Place, faults: FaultList): void {
  const year = Number(today.slice(0, 4));
  if (years.length === 0) return;
  if (!years.includes(year)) {
    // no fault: a gateway that starts on New Year's Day must guard, and takes its days by their weekdays
    faults.warn(
      place,
      `\`holidays\` are those of ${years.join(', ')}, and this is ${year}: its days off count as workdays`,
      `name a file with the days off of ${year}, or remove \`holidays\``,
    );
    return;
  }
  const left = (Date.UTC(year + 1, 0, 1) - Date.parse(today)) / dayMs;
  if (left <= warnDays && !years.includes(year + 1))
    faults.warn(
      place,
      `\`holidays\` end with ${year}, in ${left} ${left === 1 ? 'day' : 'days'}`,
      `name a file with the days off of ${year + 1} as well`,
    );
}

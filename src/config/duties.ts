// The `duties:` section and the stock list that it names: what must be done between incidents. It must not decide
// whether something is due.

import type { Article, Duties } from '../core/types.ts';
import { type Context, defined, mapEntries } from './context.ts';
import { articleSchema, dutiesSchema } from './duty-form.ts';
import type { FaultList, Place } from './faults.ts';
import { check, partOf } from './issues.ts';
import { suggestion } from './nearest.ts';
import { readTree } from './yaml.ts';

export interface ResolvedDuties {
  readonly duties: Duties;
  readonly exerciseWithinMs?: number;
  /** the stock list, where one is named */
  readonly file?: string;
}

export interface DutiesOptions {
  /** the path of a file that the site file names */
  readonly beside: (name: string) => string;
  /** does the site name a file of contacts? */
  readonly contacts: boolean;
  /** is all of it sound? */
  readonly contactsSound: boolean;
  /** what it says of itself */
  readonly checkedOn: string | undefined;
  /** `YYYY-MM-DD` at the premises; undefined where the clock is not set yet */
  readonly today: string | undefined;
}

/** Undefined where the site has no duties. */
export function resolveDuties(context: Context, options: DutiesOptions): ResolvedDuties | undefined {
  const { tree, faults } = context;
  if (tree.value.duties === undefined) return undefined;
  const where = partOf(tree, ['duties']);
  const checked = check(dutiesSchema, tree.value.duties ?? {}, where, faults);
  if (checked === undefined) return undefined;
  const { readiness, remindBefore, exerciseWithin, drillBefore, contactsCheckedEvery } = checked.value;
  if (contactsCheckedEvery !== undefined && options.checkedOn === undefined) {
    const place = where.key(['contactsCheckedEvery']);
    // of those that have faults nothing is known
    if (options.contacts && options.contactsSound)
      faults.warn(
        place,
        'the contacts do not say when they were last looked through',
        'add `checkedOn: 2026-11-01` to them, with the day on which somebody did',
      );
    if (!options.contacts)
      faults.warn(place, '`contactsCheckedEvery` without `contacts`', 'add `contacts: …`, or remove it');
  }
  for (const [index, { date }] of drillBefore.entries())
    if (options.today !== undefined && date < options.today)
      faults.warn(
        where.value(['drillBefore', index, 'date']),
        `${date} has passed: no drill is due before it`,
        'write the next date, or remove it',
      );
  const file = readiness === undefined ? undefined : options.beside(readiness);
  return {
    duties: {
      remindBeforeMs: remindBefore,
      articles: file === undefined ? [] : loadArticles(file, where.value(['readiness']), faults),
      drillBefore: drillBefore.map(({ date, name, within: withinMs }) => ({ date, name, withinMs })),
      ...defined({ contactsEveryMs: contactsCheckedEvery, contactsCheckedOn: options.checkedOn }),
    },
    ...defined({ exerciseWithinMs: exerciseWithin, file }),
  };
}

function loadArticles(file: string, from: Place, faults: FaultList): Article[] {
  const tree = readTree(file, faults, from);
  if (tree === undefined) return [];
  const known = ['articles'];
  for (const key of Object.keys(tree.value)) {
    if (!known.includes(key))
      faults.fault(tree.keyAt([key]), `unknown key \`${key}\``, suggestion(key, known, 'remove it'));
  }
  return mapEntries(tree.value.articles, partOf(tree, ['articles']), 'articles', faults).flatMap(
    ({ id, raw }): Article[] => {
      const checked = check(articleSchema, raw ?? {}, partOf(tree, ['articles', id]), faults);
      if (checked === undefined) return [];
      const { check: checkEveryMs, ...article } = checked.value;
      return [defined({ id, ...article, checkEveryMs }) as Article];
    },
  );
}

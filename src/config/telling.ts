// Everything of a site file that is about people and time: channels, contacts, duties, the calendar. Loads them in the
// order in which they need each other, and says what comes of it to the engine and to the shell.

import path from 'node:path';
import { isPlausible, localOf } from '../core/calendar.ts';
import type { Language, Site } from '../core/types.ts';
import type { Claims } from './buses.ts';
import { calendarOf } from './calendar.ts';
import { resolveChannels } from './channels.ts';
import { type Contacts, loadContacts } from './contacts.ts';
import type { Context } from './context.ts';
import { resolveDuties } from './duties.ts';
import { checkYears } from './holidays.ts';
import { partOf } from './issues.ts';
import type { Plans } from './plans.ts';
import { type Hearers, warnOfNobody, warnOfReach } from './reach.ts';
import { warnOfUnknownRoles } from './role-names.ts';
import type { ChannelConfig, PersonConfig } from './types.ts';
import { isMapping } from './yaml.ts';

export interface TellingOptions {
  readonly owned: Claims;
  /** the path of a file that the site file names */
  readonly beside: (name: string) => string;
  /** folder of what is shipped */
  readonly shipped: string;
  /** as the site file names it */
  readonly contacts: string | undefined;
  readonly premises: { readonly timezone: string; readonly language: Language } | undefined;
  readonly mqtt: boolean;
  /** who hears the broker, as far as the site file tells; undefined: not asked for */
  readonly hearers: Hearers | undefined;
  readonly plans: Plans;
  /** files that were read are added, as absolute paths */
  readonly files: Set<string>;
  readonly nowMs: number;
}

export interface ResolvedTelling {
  /** for the engine */
  readonly site: Pick<Site, 'calendar' | 'telling' | 'numbers' | 'duties'>;
  /** for the shell */
  readonly channels: readonly ChannelConfig[];
  readonly people: readonly PersonConfig[];
  readonly exerciseWithinMs: number | undefined;
}

export function resolveTelling(context: Context, options: TellingOptions): ResolvedTelling {
  const { faults, tree } = context;
  const { beside, files, nowMs } = options;
  // whatever else is wrong with the premises, the people are checked all the same
  const premises = options.premises ?? { timezone: 'UTC', language: 'zh' };
  const place = partOf(tree, []).value(['contacts']);
  const channels = resolveChannels(context, { owned: options.owned, folder: beside('.'), files });
  const contacts =
    options.contacts === undefined
      ? undefined
      : loadContacts(
          {
            file: beside(options.contacts),
            from: place,
            premises,
            channels: channels.channels,
            channelIds: channels.ids,
            holidays: path.join(options.shipped, 'holidays'),
          },
          faults,
        );
  const named = options.contacts !== undefined;
  const calendar = contacts?.calendar ?? calendarOf(premises.timezone);
  const today = isPlausible(nowMs) ? localOf(calendar, nowMs).date : undefined;
  const duties = resolveDuties(context, {
    beside,
    contacts: named,
    contactsSound: contacts?.sound === true,
    checkedOn: contacts?.checkedOn?.date,
    today,
  });
  for (const file of [...(contacts?.files ?? []), duties?.file ?? []].flat()) files.add(path.resolve(file));
  if (contacts !== undefined && today !== undefined) {
    const { holidays, checkedOn } = contacts;
    if (holidays !== undefined) checkYears(holidays.found, today, holidays.place, faults);
    if (checkedOn !== undefined && checkedOn.date > today)
      faults.warn(
        checkedOn.place,
        `\`checkedOn\`: ${checkedOn.date} is still to come`,
        'write the day on which somebody looked through the contacts',
      );
  }
  const tells = options.mqtt || channels.channels.length > 0 || contacts !== undefined;
  const site: ResolvedTelling['site'] = {
    calendar,
    ...(tells && {
      telling: {
        mqtt: options.mqtt,
        channels: channels.channels.map(({ id, withinMs }) => ({ id, withinMs })),
        people: contacts?.people ?? [],
      },
    }),
    ...(contacts && Object.keys(contacts.numbers).length > 0 && { numbers: contacts.numbers }),
    ...(duties && { duties: duties.duties }),
  };
  if (channels.ids.size > 0 && !named)
    faults.warn(
      tree.keyAt(['channels']),
      '`channels` without `contacts`: nobody is told by them',
      'add `contacts: …`, a file of people and their addresses',
    );
  const { devices } = tree.value;
  // (a site that reads nothing has nothing to tell)
  if (options.hearers !== undefined && isMapping(devices) && Object.keys(devices).length > 0)
    warnOfNobody(
      { hearers: options.hearers, channels: channels.ids.size > 0, contacts: named },
      { mqtt: tree.keyAt(['mqtt']), contacts: named ? place : tree.keyAt([]) },
      faults,
    );
  if (!named || contacts?.sound) warn(context, options, site, contacts, duties?.file);
  return {
    site,
    channels: channels.channels,
    people: contacts?.configs ?? [],
    exerciseWithinMs: duties?.exerciseWithinMs,
  };
}

function warn(
  { faults, tree }: Context,
  { plans, nowMs }: TellingOptions,
  site: ResolvedTelling['site'],
  contacts: Contacts | undefined,
  readiness: string | undefined,
): void {
  const all = [...plans.sound.values()];
  const misspelt = warnOfUnknownRoles(
    {
      shipped: all.filter(({ id }) => !plans.own.has(id)),
      files: [...plans.ownFiles, ...(readiness === undefined ? [] : [readiness])],
      people: contacts?.people,
    },
    faults,
  );
  if (contacts === undefined) return;
  const dutyRoles = new Set((site.duties?.articles ?? []).flatMap(({ role }) => role ?? []));
  const place = partOf(tree, []).value(['contacts']);
  warnOfReach({ site: { ...site, plans: all }, contacts, dutyRoles, misspelt, place, nowMs }, faults);
}

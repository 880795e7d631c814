// The file of people: whoever is in it comes out with a name, a language and channels that there are, and hours that lie
// inside a day; faults have a place and words; never an error.

import path from 'node:path';
import { loadContacts } from '../../../src/config/contacts.ts';
import { faultList } from '../../../src/config/faults.ts';
import type { ChannelConfig } from '../../../src/config/types.ts';
import type { Window } from '../../../src/core/types.ts';
import { shippedConfig } from '../../../src/lib/assets.ts';
import { must, outline, type Target, textOf } from '../target.ts';
import { soundFaults } from './faults.ts';
import { scratch } from './scratch.ts';
import { shippedFile } from './shipped.ts';

const place = scratch();
const channels = [
  { id: 'mail', type: 'email' },
  { id: 'text', type: 'sms' },
  { id: 'robot', type: 'webhook' },
] as unknown as readonly ChannelConfig[];
const ids = new Set(channels.map(({ id }) => id));

function checkWindows(windows: readonly Window[]): void {
  for (const { days, fromMinute, toMinute } of windows) {
    must(days.length > 0, 'hours on no day');
    for (const minute of [fromMinute, toMinute])
      must(Number.isInteger(minute) && minute >= 0 && minute <= 1440, () => `minute ${minute}`);
  }
}

export const contacts: Target = {
  name: 'contacts',
  what: 'contacts files: people with a name and channels that there are, hours inside a day; faults with a place and words',
  seeds: [
    shippedFile('examples', 'contacts.yaml').slice(1400, 3000),
    shippedFile('demo', 'contacts.yaml'),
    'people:\n  a: { name: A, phone: "110", roles: [guard], deputy: b, channels: [text] }\n  b: { name: { zh: 乙, en: B }, email: b@x.example, addresses: { robot: B } }\n',
    'holidays: [china-2026, ./own.yaml]\nhours: [{ days: [mon], from: "22:00", to: "06:00" }]\nnight: { from: "22:00", to: "07:00" }\npeople: {}\n',
  ],
  words: [
    'people:\n',
    'deputy: ',
    'roles: [',
    'channels: [text]',
    'addresses: { mail: ',
    'duty:\n',
    'from: "22:00"',
    'to: "24:00"',
    'days: [workday]',
    'holidays: china-2026',
    'numbers: { ',
    'checkedOn: 2026-11-01',
    'week: [mon]',
    'zh: ',
  ],
  largestBytes: 1600,
  slowestMs: 400,
  executions: 50_000,
  open: place.open,
  run(bytes) {
    const text = textOf(bytes);
    const file = place.write('contacts.yaml', bytes);
    const faults = faultList(file);
    const found = loadContacts(
      {
        file,
        from: { file, line: 1, column: 1 },
        premises: { timezone: 'Asia/Shanghai', language: 'zh' },
        channels,
        channelIds: ids,
        holidays: path.join(shippedConfig, 'holidays'),
      },
      faults,
    );
    const kinds = soundFaults(faults.sorted(), file, text);
    must(found !== undefined || faults.broken(), 'nothing, and no fault');
    if (found === undefined) return kinds;
    must(found.sound || faults.broken(), 'not sound, and no fault');
    for (const { id, name, language, duty, channels: own } of found.people) {
      must(id !== '' && name !== undefined && ['zh', 'en'].includes(language), () => `${id} is nobody`);
      for (const each of own) must(ids.has(each), () => `${id} on channel ${each}`);
      checkWindows(duty ?? []);
    }
    checkWindows(found.calendar.working);
    for (const day of [...found.calendar.holidays, ...found.calendar.makeUpDays])
      must(/^20\d\d-\d\d-\d\d$/.test(day), () => `${day} is no day`);
    return `${kinds} ${outline([found.people, found.calendar, found.sound], 2)}`;
  },
};

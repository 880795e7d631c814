// Files of days off: every day is a date that there is, none is a holiday and a make-up day at once, and no file gives
// more days than its years have.

import { faultList } from '../../../src/config/faults.ts';
import { checkYears, loadHolidays } from '../../../src/config/holidays.ts';
import { must, outline, type Target, textOf } from '../target.ts';
import { soundFaults } from './faults.ts';
import { scratch } from './scratch.ts';
import { shippedFile } from './shipped.ts';

const place = scratch();

export const holidays: Target = {
  name: 'holidays',
  what: 'files of days off: dates that there are, in order, none twice; faults with a place and words',
  seeds: [
    shippedFile('holidays', 'china-2026.yaml'),
    'source: own\nyears: [2028]\nholidays: [{ from: 2028-02-28, to: 2028-03-01, name: X }]\nmakeUpDays: [2028-03-02]\n',
    'source: own\nyears: [2026, 2027]\nholidays: [{ from: 2026-12-31, to: 2027-01-02, name: { zh: 元旦, en: New Year } }]\n',
  ],
  words: [
    'years: [2026]',
    'holidays:\n',
    'makeUpDays: [',
    '2026-02-28',
    '2026-12-31',
    '{ from: ',
    ', to: ',
    ', name: X }',
    'source: x',
  ],
  largestBytes: 1000,
  slowestMs: 400,
  executions: 60_000,
  open: place.open,
  run(bytes) {
    const file = place.write('own.yaml', bytes);
    const faults = faultList(file);
    const at = { file, line: 1, column: 1 };
    const found = loadHolidays(
      { names: [file], place: () => at, folder: place.path(), shipped: place.path() },
      faults,
    );
    for (const days of [found.holidays, found.makeUpDays]) {
      must(
        new Set(days).size === days.length && [...days].sort().join() === days.join(),
        'out of order, or twice',
      );
      for (const day of days)
        must(new Date(`${day}T00:00:00Z`).toISOString().startsWith(day), () => `${day} is no date`);
    }
    must(
      faults.broken() || !found.holidays.some((day) => found.makeUpDays.includes(day)),
      'off, and not off',
    );
    checkYears(found, '2026-11-22', at, faults);
    return `${soundFaults(faults.sorted(), file, textOf(bytes))} ${outline(found)}`;
  },
};

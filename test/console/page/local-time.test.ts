// Moments on the premises' clocks as the page writes them, against a runtime that has tables of time zones of its own.

import { describe, expect, it } from 'vitest';
import { offsetsOf } from '../../../src/config/offsets.ts';
import { localTime } from '../../../src/console/page/local-time.ts';

describe('a moment', () => {
  it.each(['Asia/Shanghai', 'UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe'])(
    'is written as the clocks in %s stand, around each change of them',
    (timeZone) => {
      const clocks = offsetsOf(timeZone);
      const format = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone });
      const moments = [Date.UTC(2026, 10, 25, 3, 4, 5), Date.UTC(2028, 1, 29, 23, 59, 59)];
      for (const [fromMs] of clocks.slice(1, 20)) moments.push(fromMs - 60_000, fromMs + 60_000);
      for (const atMs of moments) expect(localTime(clocks, atMs)).toBe(format.format(atMs));
    },
  );
});

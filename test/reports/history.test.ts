// The pages in which the store gives a month's incidents: all of them, each once, however they are cut; and that
// nothing loads the packages for PDF but the command that makes one.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Incident } from '../../src/core/types.ts';
import { openStore } from '../../src/store/store.ts';
import type { Store } from '../../src/store/types.ts';
import { quiet } from '../control/host.ts';
import { importsOf } from '../support/imports.ts';
import { bare, many } from './incidents.ts';

let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-history-'));
  store = openStore(folder, { now: () => Date.now(), log: quiet });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const november = { from: '2026-10-31T16:00:00.000Z', to: '2026-11-30T16:00:00.000Z' };

function keep(incidents: Iterable<Incident>): void {
  store.commit({ facts: [], events: [], incidents: [...incidents], replies: [] });
}

/** All pages, as ids. */
function read(range = november): string[][] {
  const pages: string[][] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const { incidents, next }: ReturnType<Store['history']> = store.history({ ...range, after });
    pages.push(incidents.map(({ id }) => id));
    after = next;
  }
  return pages;
}

test('an empty store has one empty page', () => {
  expect(read()).toEqual([[]]);
});

test('within the range, its end left out; and what is open from before it', () => {
  const at = (id: string, openedAt: string, state: Incident['state'] = 'closed') =>
    bare(id, { openedAt, state });
  keep([
    at('before', '2026-10-31T15:59:59.999Z'),
    at('open', '2026-05-01T00:00:00.000Z', 'acknowledged'),
    at('first', '2026-10-31T16:00:00.000Z'),
    at('last', '2026-11-30T15:59:59.999Z'),
    at('next', '2026-11-30T16:00:00.000Z', 'unacknowledged'),
  ]);
  expect(read()).toEqual([['open', 'first', 'last']]);
});

test('a thousand come in pages, each once and in order', () => {
  const all = [...many(1000)];
  keep(all);
  const pages = read();
  expect(pages.flat()).toEqual(all.map(({ id }) => id));
  expect(pages.length).toBeGreaterThan(4);
  for (const page of pages) expect(page.length).toBeLessThanOrEqual(200);
});

test('pages that hold nothing of the range are passed over', () => {
  keep(many(450));
  keep([bare('late', { openedAt: '2026-12-24T00:00:00.000Z', state: 'closed' })]);
  expect(read({ from: '2026-12-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' }).flat()).toEqual(['late']);
});

test('long incidents make short pages', () => {
  const long = (id: string) =>
    bare(id, { openedAt: '2026-11-02T00:00:00.000Z', losses: 'x'.repeat(600_000) });
  keep(['i1', 'i2', 'i3', 'i4', 'i5'].map(long));
  expect(read()).toEqual([['i1', 'i2'], ['i3', 'i4'], ['i5']]);
});

const root = new URL('../..', import.meta.url).pathname;
const imports = importsOf(root, 'src', 'drivers');

test('reports know core types and words, lib and themselves; the daemon does not know them', () => {
  const strange = imports.filter(
    ({ from, to, ours, typeOnly }) =>
      from.startsWith('src/reports/') &&
      ours &&
      !to.startsWith('src/reports/') &&
      !to.startsWith('src/lib/') &&
      to !== 'src/core/vocabulary.ts' &&
      to !== 'src/core/because-words.ts' &&
      // (what a kind is called)
      to !== 'src/core/kinds.ts' &&
      !(typeOnly && to === 'src/core/types.ts'),
  );
  expect(strange).toEqual([]);
  const users = imports.filter(
    ({ from, to }) => to.startsWith('src/reports/') && !from.startsWith('src/reports/'),
  );
  expect([...new Set(users.map(({ from }) => from))]).toEqual(['src/commands/report.ts']);
  // the PDF, and with it the font packages, only when one is made
  const pdf = imports.filter(({ to }) => to === 'src/reports/pdf.ts');
  expect(pdf).toMatchObject([{ from: 'src/commands/report.ts', late: true }]);
});

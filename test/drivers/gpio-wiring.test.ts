// The table of contacts in docs/wiring.md says which level means what with which key: each row is reckoned again.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scaled } from '../../src/core/points.ts';
import { contact } from '../support/site.ts';

const text = readFileSync(new URL('../../docs/wiring.md', import.meta.url), 'utf8');
const rows = text
  .split('\n')
  .filter((line) => /^\| N[CO] /.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test('every way of wiring is there', () => {
  expect(rows).toHaveLength(6);
});

test.each(rows)('%s', (way, rest, active, cut, short, key) => {
  const point = contact('inputs.x', { invert: key === '`activeLow: true`' });
  const means = (cell: string): boolean => scaled(point, Number(cell[0]) === 1).value === true;
  expect(means(rest!)).toBe(false);
  for (const cell of [active!, cut!, short!]) expect(means(cell), cell).toBe(cell.endsWith('active'));
  expect(active).toMatch(/active$/);
  // what makes normally closed contacts worth their name
  if (way!.startsWith('NC')) expect(cut).toMatch(/active$/);
});

// Where lines may break, in Chinese and in English, and what happens to what fits on none.

import { expect, test } from 'vitest';
import { linesOf } from '../../src/reports/lines.ts';

const width = (text: string): number =>
  [...text].reduce((sum, each) => sum + (each.charCodeAt(0) > 0x2e80 ? 2 : 1), 0);

test.each<[string, number, string[]]>([
  ['', 10, ['']],
  ['fits', 10, ['fits']],
  ['one two three', 8, ['one two', 'three']],
  ['exactly ten', 7, ['exactly', 'ten']],
  ['疏散顾客并清点人数', 8, ['疏散顾客', '并清点人', '数']],
  // no line begins with a mark that closes
  ['疏散顾客，清点', 8, ['疏散顾', '客，清点']],
  // nor ends with one that opens
  ['疏散顾（客）', 8, ['疏散顾', '（客）']],
  ['拨打 119 报警', 8, ['拨打 119', '报警']],
  ['averyveryverylongword', 8, ['averyver', 'yverylon', 'gword']],
  ['a averyveryverylongword', 8, ['a', 'averyver', 'yverylon', 'gword']],
])('%j in %d', (text, room, lines) => {
  expect(linesOf(text, room, width)).toEqual(lines);
});

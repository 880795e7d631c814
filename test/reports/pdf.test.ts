// The PDF as another program reads it: its text comes out whole in both languages, its fonts are inside, every page
// has its number and a drill's mark, and no character is a blank box.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Incident, Language } from '../../src/core/types.ts';
import { fontsFor } from '../../src/reports/fonts.ts';
import { incidentDocument } from '../../src/reports/incident-document.ts';
import { incidentReport } from '../../src/reports/incident-report.ts';
import { monthDocument } from '../../src/reports/month-document.ts';
import { gatherMonth } from '../../src/reports/month-report.ts';
import { pdfOf } from '../../src/reports/pdf.ts';
import { haveTools } from '../support/need.ts';
import { drill, fire, fireEvents, hostile, madeAt, many, names, premises } from './incidents.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-pdf-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pdf = (incident: Incident, language: Language) =>
  pdfOf(
    incidentDocument(incidentReport({ incident, events: fireEvents }, { premises, names, madeAt }), language),
  );

/** What a tool of poppler says of a file. */
function ask(tool: string, file: Buffer, ...more: string[]): string {
  const at = path.join(folder, 'report.pdf');
  writeFileSync(at, file);
  return execFileSync(tool, [...more, at, ...(tool === 'pdftotext' ? ['-'] : [])], { encoding: 'utf8' });
}

/** The text in the order in which it was written, without blanks, which extraction may set otherwise. */
const textOf = (file: Buffer): string => ask('pdftotext', file, '-raw').replace(/\s+/g, '');

describe.skipIf(!haveTools(['pdftotext', '-v'], ['pdffonts', '-v']))('as poppler reads it', () => {
  test.each<[Language, string[]]>([
    [
      'zh',
      [
        '演练报告·火灾·中庭',
        '人民路店',
        '确认用时',
        '拨打119报警',
        '疏散顾客（必做）',
        '赵敏·138',
        '插座过热',
      ],
    ],
    [
      'en',
      ['Drillreport·Fire·Atrium', 'RenminRoad', 'Callthefirebrigade', 'LATE', '100', '赵敏', '“马上到”'],
    ],
  ])('a drill in %s', async (language, facts) => {
    const file = await pdf(drill(), language);
    const text = textOf(file);
    for (const fact of facts) expect(text).toContain(fact.replace('（', '(').replace('）', ')'));
    const pages = Number(/Pages:\s+(\d+)/.exec(ask('pdfinfo', file))![1]);
    const each = ask('pdftotext', file, '-raw').split('\f').slice(0, pages);
    expect(pages).toBeGreaterThan(1);
    each.forEach((page, index) => {
      const bare = page.replace(/\s+/g, '');
      expect(bare).toContain(language === 'zh' ? `第${index + 1}/${pages}页` : `Page${index + 1}/${pages}`);
      expect(bare).toContain(language === 'zh' ? '演练' : 'DRILL');
    });
    const info = ask('pdfinfo', file);
    expect(info).toMatch(/Page size: .*A4/);
    expect(info).toContain(language === 'zh' ? '演练报告' : 'Drill report');
    const fonts = ask('pdffonts', file).trim().split('\n').slice(2);
    expect(fonts).toHaveLength(2);
    // embedded, in part, with their characters
    for (const font of fonts) expect(font).toMatch(/ReportSans-(Bold|Regular) .* yes yes yes /);
  });

  test('a real incident has no mark', async () => {
    expect(textOf(await pdf(fire(), 'en'))).not.toContain('DRILL');
  });

  test('texts longer than a page go on over pages, and none is lost', async () => {
    const numbers = Array.from({ length: 1500 }, (_, index) => `第${index}项`);
    const file = await pdf(fire({ closingCause: numbers.join('，') }), 'zh');
    const pages = ask('pdftotext', file, '-raw')
      .replace(/\s*\f$/, '')
      .split('\f');
    // without the foot of each page
    const whole = pages
      .map((page) => page.replace(/\s+/g, '').replace(/i3_abcd·生成时间[^第]*第\d+\/\d+页$/, ''))
      .join('');
    for (const number of numbers) expect(whole).toContain(number);
  });

  test('what is in no font is spelt out, and controls change nothing', async () => {
    const file = await pdf(fire({ place: `${hostile} 龘 𠮷野家 🔥 العربية №` }), 'zh');
    const text = textOf(file);
    for (const spelt of ['龘', '[U+20BB7]野家', '[U+1F525]', '[U+0627]', '<script>', '[U+FFFD]txt.exe'])
      expect(text).toContain(spelt);
  });

  test('a month of three thousand incidents is a few pages', async () => {
    const gathering = gatherMonth('2026-11', premises, names);
    for (const incident of many(3000)) gathering.add(incident);
    const file = await pdfOf(monthDocument(gathering.report(madeAt), 'zh'));
    expect(textOf(file)).toContain('月度报告·2026-11');
    expect(Number(/Pages:\s+(\d+)/.exec(ask('pdfinfo', file))![1])).toBeLessThan(12);
    expect(file.length).toBeLessThan(400_000);
  });
});

test('every sign that the reports use of their own is in the font', async () => {
  const signs = '·—–…“”‘’【】（）：，。、；/%~-…0123456789ISA-18.2';
  const fonts = await fontsFor([signs, '演练'], [signs]);
  expect(fonts.spelt(signs)).toBe(signs);
  // as wide as they are drawn: Chinese is square, figures are narrower
  expect(fonts.regular.widthOf('演练')).toBeCloseTo(2, 5);
  expect(fonts.regular.widthOf('00')).toBeGreaterThan(0.9);
  expect(fonts.regular.widthOf('00')).toBeLessThan(1.3);
  expect(fonts.bold.widthOf('00')).toBeGreaterThan(fonts.regular.widthOf('00'));
});

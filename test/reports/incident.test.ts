// The report of one incident: what it says, in every form but PDF, of an incident with all parts, one still open,
// one whose plan nobody knows, and one made of texts that try to be something else.

import { expect, test } from 'vitest';
import type { Incident, Language } from '../../src/core/types.ts';
import { csvOf, incidentCsv } from '../../src/reports/csv.ts';
import { incidentDocument } from '../../src/reports/incident-document.ts';
import { incidentReport } from '../../src/reports/incident-report.ts';
import { markdownOf } from '../../src/reports/markdown.ts';
import {
  after,
  bare,
  drill,
  event,
  fire,
  fireEvents,
  hostile,
  madeAt,
  names,
  premises,
} from './incidents.ts';

const reportOf = (incident: Incident, events = fireEvents) =>
  incidentReport({ incident, events }, { premises, names, madeAt });
const markdown = (incident: Incident, language: Language) =>
  markdownOf(incidentDocument(reportOf(incident), language));

test('the data: head, time line, tellings, steps, calls, evidence, figures, outcome', () => {
  const report = reportOf(fire());
  expect(report).toMatchObject({
    v: 1,
    kind: 'incident',
    premises,
    madeAt,
    incident: {
      id: 'i3_abcd',
      planTitle: { zh: '火灾', en: 'Fire' },
      zoneName: { zh: '中庭', en: 'Atrium' },
      place: '中庭二层扶梯口',
      finder: { name: '赵敏' },
      acknowledgedBy: 'lina',
      closedBy: 'zhao',
      firstCause: {
        rule: 'atrium',
        about: 'inputs.smoke_atrium',
        aboutName: { zh: '中庭烟感' },
        value: true,
        because: 'inputs.smoke_atrium active',
      },
    },
    calls: [{ number: '119', at: after(90), by: 'lina' }],
    closing: { verdict: 'real', cause: '插座过热', remedy: '切断电源，更换插座', losses: '地毯 2 平方米' },
    figures: {
      acknowledgeMs: 60_000,
      firstToldMs: 0,
      firstDeliveredMs: 12_000,
      returnMs: 1_800_000,
      closeMs: 7_200_000,
    },
  });
  expect(report.figures.steps).toEqual([
    { id: 'call_brigade', ms: 90_000, limitMs: 120_000 },
    { id: 'evacuate', ms: 420_000, limitMs: 300_000 },
    { id: 'count_heads' },
  ]);
  expect(report.signals.map(({ value, count }) => [value, count])).toEqual([
    [true, 2],
    [61.5, 1],
  ]);
  expect(report.steps.map(({ id, late }) => [id, late])).toEqual([
    ['call_brigade', false],
    ['evacuate', true],
    ['count_heads', false],
  ]);
  expect(report.evidence.map(({ id, by, keepUntil }) => [id, by, keepUntil])).toEqual([
    ['video', 'lina', after(33 * 86_400)],
    ['logs', undefined, undefined],
  ]);
  expect(report.score).toBeUndefined();
  // a rung that was left out is among the tellings, and nobody is said to have been told
  expect(report.tellings.map(({ skipped }) => skipped)).toEqual([false, true, false]);
  expect(report.timeline.map(({ what }) => what)).toEqual([
    'incident.opened',
    'told',
    'incident.signal',
    'incident.acknowledged',
    'incident.step',
    'told',
    'incident.returned',
    'incident.closed',
  ]);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test('the time line keeps the order of the journal, whatever a clock did', () => {
  const events = [
    event(1, 'incident.opened', 0),
    event(2, 'incident.acknowledged', -86_400, { by: 'lina' }),
    event(3, 'incident.closed', 10),
  ];
  const report = reportOf(bare('i1_abcd', { acknowledgedAt: after(-86_400) }), events);
  expect(report.timeline.map(({ what }) => what)).toEqual([
    'incident.opened',
    'incident.acknowledged',
    'incident.closed',
  ]);
  // no length of time is less than nothing
  expect(report.figures.acknowledgeMs).toBeUndefined();
});

test.each<[Language, string[]]>([
  [
    'zh',
    [
      '# 事件报告 · 火灾 · 中庭',
      '| 发生时间 | 2026-11-22 09:02:03 |',
      '| 确认时间 | 2026-11-22 09:03:03 · 操作人 lina |',
      '| 发现人 | 赵敏 · 138 0000 0002 |',
      '| 测点 | 中庭烟感 (inputs.smoke_atrium) |',
      '| 2026-11-22 09:02:03 \\~ | 发生 |',
      '王芳 (wang_fang) | wecom | 失败 09:02:06 · HTTP 500 |',
      '| 中庭烟感动作 |',
      '| 通知 | 步骤“疏散顾客”超时未完成 | 保安队长 |',
      '| 物资保障 | — | — | 无人可通知 |',
      '| 疏散顾客 (必做) | 保安队长 | 2026-11-22 09:07:03 | 2026-11-22 09:09:03 · wang · 超时 |',
      '| 119 | 拨打 119 报警 | 2026-11-22 09:03:33 | lina |',
      '| 监控录像 | 2026-12-25 09:02:03 |',
      '| 确认用时 | 1 分 |',
      '| 定性 | 真实 |',
      '- 超时 2 分：疏散顾客（保安队长）',
      '- 消息未送达 李强 (li_qiang)（短信）：no network',
    ],
  ],
  [
    'en',
    [
      '# Incident report · Fire · Atrium',
      '| Opened | 2026-11-22 09:02:03 |',
      '| Plan | Fire (fire) |',
      '| Sensor | Smoke detector, atrium (inputs.smoke_atrium) |',
      'Wang Fang (wang_fang) | sms | delivered 09:02:15 |',
      '· wang · LATE |',
      '| Panel log | at least 1 d · until closed | not secured |',
      '| To acknowledging | 1 min |',
      '| Verdict | real |',
      '- Late by 2 min: Evacuate customers (security captain)',
    ],
  ],
])('as Markdown in %s', (language, facts) => {
  const text = markdown(fire(), language);
  for (const fact of facts) expect(text).toContain(fact);
  expect(text).not.toContain('【');
  // what is only in the other language is not there
  expect(text).not.toContain(language === 'zh' ? 'Evacuate' : '疏散');
});

test('a drill is marked, and scored', () => {
  const zh = markdown(drill(), 'zh');
  expect(zh).toContain('# 演练报告');
  expect(zh).toContain('**【演练】**');
  expect(zh).toContain('| 评分 | 50 / 100 |');
  expect(zh).toContain('- 未完成：清点人数（当班主管）');
  expect(markdown(drill(), 'en')).toContain('**【DRILL】**');
});

test('an incident that is open still says so, and judges nothing that may yet come', () => {
  const open = bare('i1_abcd', {
    steps: [{ id: 'a', text: { zh: '甲', en: 'A' }, required: true, dueAt: after(600) }],
  });
  const report = reportOf(open, fireEvents.slice(0, 1));
  expect(report.improvements).toEqual([]);
  expect(report.figures).toEqual({ steps: [{ id: 'a', limitMs: 600_000 }] });
  const text = markdownOf(incidentDocument(report, 'en'));
  expect(text).toContain('| Closed | still open |');
  expect(text).toContain('Nothing so far; the incident is still open.');
  expect(text).not.toContain('NOT DONE');
});

test('a plan, a zone and people that nobody knows any more stand under their ids', () => {
  const incident = fire({ plan: 'constructor', zone: 'gone' });
  const { names: none } = { names: { plans: {}, zones: {}, people: {}, points: {} } };
  const report = incidentReport({ incident, events: [] }, { premises, names: none, madeAt });
  expect(report.incident).toMatchObject({ planTitle: 'constructor', zoneName: 'gone' });
  const text = markdownOf(incidentDocument(report, 'en'));
  expect(text).toContain('| Plan | constructor |');
  expect(text).toContain('| Zone | gone |');
  expect(text).toContain('| wang_fang | sms | delivered');
});

test('a time zone that nobody knows is UTC', () => {
  const elsewhere = { ...premises, timezone: 'Mars/Olympus' };
  const report = incidentReport({ incident: fire(), events: [] }, { premises: elsewhere, names, madeAt });
  expect(markdownOf(incidentDocument(report, 'en'))).toContain('| Opened | 2026-11-22 01:02:03 |');
});

test('texts from outside stay text in Markdown', () => {
  const incident = fire({ place: hostile, closingCause: hostile, title: { zh: hostile, en: hostile } });
  const text = markdownOf(incidentDocument(reportOf(incident), 'en'));
  const line = text.split('\n').find((each) => each.startsWith('| Place |'))!;
  // two cells, however many bars are in them
  expect(line.match(/(?<!\\)\|/g)).toHaveLength(3);
  expect(line).toContain('\\<script\\>');
  expect(line).toContain('http\\://');
  expect(line).toContain('\\*\\*b\\*\\*');
  expect(text.split('\n').filter((each) => each.startsWith('# '))).toHaveLength(1);
  expect(text).not.toMatch(/[\u202e\u0007]/);
  expect(text).not.toContain('\n\\# \\*\\*b');
});

test('as CSV: the time line and every delivery, as RFC 4180 has it, with the mark that Excel needs', () => {
  const text = incidentCsv(reportOf(fire()), 'zh');
  expect(text.startsWith('\ufeff编号,时间,时钟,经过,人员,岗位,备注,渠道,送达\r\n')).toBe(true);
  const rows = text.slice(1).trimEnd().split('\r\n');
  expect(rows).toHaveLength(1 + 8 + 4);
  for (const row of rows) expect(row.split(',')).toHaveLength(9);
  expect(rows).toContain('i3_abcd,2026-11-22 09:02:15,,送达,王芳,,,sms,已送达');
  expect(rows[1]).toBe('i3_abcd,2026-11-22 09:02:03,未同步,发生,,,中庭烟感动作,,');
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '＝1+1'])(
  'the cell %j is no formula',
  (cell) => {
    const [, shown] = /^\ufeff"?(.*?)"?\r\n$/s.exec(csvOf([[cell]]))!;
    expect(shown).toBe(`'${cell}`);
  },
);

test('quotes, commas and lines in a cell', () => {
  expect(csvOf([['a "b", c', 'd\ne', 'f', -1, undefined]])).toBe('\ufeff"a ""b"", c","d\ne",f,-1,\r\n');
});

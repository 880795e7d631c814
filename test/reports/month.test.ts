// A month's report: which incidents belong to it, its figures against figures worked out by hand, and how much it can
// take.

import { expect, test } from 'vitest';
import type { Delivery, Incident } from '../../src/core/types.ts';
import { monthCsv } from '../../src/reports/csv.ts';
import { markdownOf } from '../../src/reports/markdown.ts';
import { countMessages } from '../../src/reports/message-figures.ts';
import { monthDocument } from '../../src/reports/month-document.ts';
import { alarmRateOf, spreadOf } from '../../src/reports/month-figures.ts';
import { gatherMonth, hasBegun } from '../../src/reports/month-report.ts';
import { monthBounds } from '../../src/reports/time.ts';
import { after, bare, drill, fire, hostile, madeAt, many, names, premises } from './incidents.ts';

function monthOf(incidents: Iterable<Incident>, month = '2026-11') {
  const gathering = gatherMonth(month, premises, names);
  for (const incident of incidents) gathering.add(incident);
  return gathering.report(madeAt);
}

test.each([
  ['Asia/Shanghai', '2026-11', '2026-10-31T16:00:00.000Z', '2026-11-30T16:00:00.000Z'],
  ['UTC', '2026-12', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  // its clocks go back within this month
  ['Europe/Berlin', '2026-10', '2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z'],
  ['America/New_York', '2026-03', '2026-03-01T05:00:00.000Z', '2026-04-01T04:00:00.000Z'],
  ['Mars/Olympus', '2026-02', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
])('in %s %s begins and ends as its clocks show', (zone, month, from, to) => {
  const bounds = monthBounds(zone, month)!;
  expect([bounds.fromMs, bounds.toMs].map((ms) => new Date(ms).toISOString())).toEqual([from, to]);
});

test.each(['2026-13', '2026-00', '2026-1', '2026', '2026-11-01', '1926-11', 'now', ''])(
  '%j is no month',
  (month) => {
    expect(monthBounds('UTC', month)).toBeUndefined();
    expect(() => gatherMonth(month, premises, names)).toThrow(RangeError);
  },
);

test('a month has begun from its first moment on', () => {
  const bounds = monthBounds('Asia/Shanghai', '2026-11')!;
  expect([bounds.fromMs - 1, bounds.fromMs].map((ms) => hasBegun(bounds, ms))).toEqual([false, true]);
});

test('what belongs to it: opened within it on site, or open still from before', () => {
  const at = (id: string, openedAt: string, state: Incident['state']) => bare(id, { openedAt, state });
  const report = monthOf([
    at('before', '2026-10-31T15:59:59.999Z', 'closed'),
    at('first', '2026-10-31T16:00:00.000Z', 'closed'),
    at('last', '2026-11-30T15:59:59.999Z', 'acknowledged'),
    at('next', '2026-11-30T16:00:00.000Z', 'unacknowledged'),
    at('old', '2026-05-01T00:00:00.000Z', 'shelved'),
  ]);
  expect(report.incidents.map(({ id }) => id)).toEqual(['first', 'last']);
  expect(report.open.map(({ id }) => id)).toEqual(['old', 'last']);
  expect(report.incidentCount).toBe(2);
});

test('its figures', () => {
  const opened = (day: number) => `2026-11-${String(day).padStart(2, '0')}T00:00:00.000Z`;
  const later = (day: number, seconds: number) =>
    new Date(Date.parse(opened(day)) + seconds * 1000).toISOString();
  const alarm = (id: string, day: number, ack: number, verdict: Incident['verdict']) =>
    fire({
      id,
      openedAt: opened(day),
      acknowledgedAt: later(day, ack),
      closedAt: later(day, ack * 10),
      ...(verdict && { verdict }),
    });
  const report = monthOf([
    alarm('i1_abcd', 1, 10, 'real'),
    alarm('i2_abcd', 2, 20, 'false'),
    alarm('i3_abcd', 3, 60, 'test'),
    drill({ openedAt: opened(4) }),
    bare('i5', {
      plan: 'out-of-service',
      category: 'supervisory',
      level: 'general',
      openedAt: opened(5),
      state: 'closed',
      closedAt: later(5, 7200),
      cause: { rule: 'disabled', subject: 'inputs', value: null },
    }),
    bare('i6', { plan: 'walk-test', category: 'supervisory', openedAt: opened(6), state: 'closed' }),
    bare('i7', { plan: 'duties', category: 'supervisory', openedAt: opened(7) }),
    // a trouble that lasts to the moment at which the report is made
    bare('i8', { plan: 'gateway-trouble', category: 'trouble', openedAt: '2026-11-30T11:00:00.000Z' }),
  ]);
  expect(report).toMatchObject({
    incidentCount: 7,
    drillCount: 1,
    counts: { category: { alarm: 3, supervisory: 3, trouble: 1 }, zone: [{ id: 'atrium', count: 3 }] },
    toAcknowledge: { count: 3, medianMs: 20_000, p90Ms: 60_000, worstMs: 60_000, worst: 'i3_abcd' },
    toClose: { medianMs: 200_000 },
    falseAlarms: { judged: 2, false: 1, rate: 0.5 },
    repeats: [{ sensor: 'inputs.smoke_atrium', plan: 'fire', count: 3, name: { zh: '中庭烟感' } }],
    drills: [{ incident: 'i4_abcd', score: { score: 50 } }],
    walkTests: [{ id: 'i6' }],
    duties: [{ id: 'i7' }],
    outOfService: { count: 1, totalMs: 7_200_000, longestMs: 7_200_000 },
    troubles: { count: 1, open: 1, totalMs: 3_600_000 },
    alarmRate: { alarms: 3, floods: [] },
  });
  // the drill's and the real ones' messages alike; the four incidents tell of the same four messages
  expect(report.channels).toEqual([
    { channel: 'mqtt', sent: 1, delivered: 0, handed: 1, failed: 0, waiting: 0, withdrawn: 0, held: 0 },
    { channel: 'sms', sent: 2, delivered: 1, handed: 0, failed: 1, waiting: 0, withdrawn: 0, held: 0 },
    { channel: 'wecom', sent: 1, delivered: 0, handed: 0, failed: 1, waiting: 0, withdrawn: 0, held: 0 },
  ]);
  // opened three, and each time two signals, one of which came twice
  expect(report.sensors[0]).toMatchObject({
    id: 'inputs.smoke_atrium',
    opened: 4,
    signals: 3 * 2,
    falseAlarms: 1,
  });
  const zh = markdownOf(monthDocument(report, 'zh'));
  expect(zh).toContain('# 月度报告 · 2026-11');
  expect(zh).toContain('| 误报占已定性报警 | 1 / 2 (50.0 %) |');
  const en = markdownOf(monthDocument(report, 'en'));
  expect(en).toContain('| To acknowledging | 3 | 20 s | 1 min | 1 min | i3_abcd |');
});

test('a message that tells of several incidents counts once, and as delivered if it was', () => {
  const messages = countMessages();
  const told = (id: string, message: string, state: Delivery['state']) => {
    const delivery: Delivery = { message, channel: 'sms', person: 'wang', state, at: after(0) };
    messages.add(fire({ id, told: [{ ...fire().told![0]!, deliveries: [delivery] }] }));
  };
  told('i1_aaaa', 'm1', 'withdrawn');
  told('i2_aaaa', 'm1', 'delivered');
  told('i3_aaaa', 'm1', 'withdrawn');
  told('i1_bbbb', 'm1', 'failed');
  told('i2_bbbb', '', 'held');
  told('i3_bbbb', '', 'held');
  expect(messages.figures()).toEqual([
    { channel: 'sms', sent: 2, delivered: 1, handed: 0, failed: 1, waiting: 0, withdrawn: 0, held: 2 },
  ]);
});

test('spreads: an even count, one, none', () => {
  const times = (...ms: number[]) => ms.map((each) => ({ id: `i${each}`, ms: each }));
  expect(spreadOf(times(40, 10, 20, 30))).toEqual({
    count: 4,
    medianMs: 25,
    p90Ms: 40,
    worstMs: 40,
    worst: 'i40',
  });
  expect(spreadOf(times(7))).toEqual({ count: 1, medianMs: 7, p90Ms: 7, worstMs: 7, worst: 'i7' });
  expect(spreadOf(times(...Array.from({ length: 10 }, (_, index) => index + 1))).p90Ms).toBe(9);
  expect(spreadOf([])).toEqual({ count: 0 });
});

test('a flood is more than ten within ten minutes, and one flood however long it goes on', () => {
  const minute = 60_000;
  const burst = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => from + index * (minute / 2));
  const rate = alarmRateOf([...burst(100 * minute, 40), ...burst(0, 10), 500 * minute], 0, 1000 * minute);
  expect(rate.floods).toEqual([
    { from: new Date(100 * minute).toISOString(), to: new Date(119.5 * minute).toISOString(), count: 40 },
  ]);
  expect(rate).toMatchObject({ alarms: 51, peakIn10Minutes: 20, floodShare: 0.0195, perHour: 3.06 });
  expect(rate.busiestHour).toEqual({ from: new Date(60 * minute).toISOString(), count: 40 });
  expect(alarmRateOf(burst(0, 11), 0, 1000 * minute).floods).toHaveLength(1);
  // the eleventh comes when the first is ten minutes gone
  expect(alarmRateOf([...burst(0, 10), 10 * minute], 0, 1000 * minute).floods).toEqual([]);
});

test('an empty month', () => {
  const report = monthOf([]);
  expect(report).toMatchObject({
    incidentCount: 0,
    toAcknowledge: { count: 0 },
    falseAlarms: { judged: 0, false: 0 },
    alarmRate: { alarms: 0, perHour: 0, floods: [] },
  });
  expect(report.falseAlarms.rate).toBeUndefined();
  expect(markdownOf(monthDocument(report, 'en'))).toContain('No incidents in this month.');
  expect(monthCsv(report, 'en').split('\r\n')).toHaveLength(2);
});

test('three thousand incidents, one row each in CSV, in well under a second', () => {
  const incidents = [...many(3000)];
  const before = process.cpuUsage();
  const report = monthOf(incidents);
  const document = monthDocument(report, 'zh');
  const [text, csv] = [markdownOf(document), monthCsv(report, 'zh')];
  const { user, system } = process.cpuUsage(before);
  expect(report.incidentCount).toBe(3000);
  expect(report.counts.category).toEqual({ alarm: 2700, supervisory: 0, trouble: 300 });
  expect(csv.trimEnd().split('\r\n')).toHaveLength(3001);
  // paper has the first hundred
  expect(text.match(/\| i\d+_abcd \| 火灾/g)).toHaveLength(100);
  expect(text).toContain(': 2700');
  // its own time, which other programs on the machine do not lengthen
  expect((user + system) / 1000).toBeLessThan(1000);
});

test('a hostile name makes no new cell, line or formula', () => {
  const report = monthOf([
    fire({ title: { zh: hostile, en: hostile }, closingCause: '@x', remedy: 'a\r\nb' }),
  ]);
  const csv = monthCsv(report, 'en');
  expect(csv).toContain(`"'=HYPERLINK(""http://x.example"",""a"")`);
  expect(csv).toContain(`,'@x,"a\r\nb",`);
  const row = markdownOf(monthDocument(report, 'en'))
    .split('\n')
    .find((each) => each.includes('HYPERLINK'))!;
  expect(row.match(/(?<!\\)\|/g)).toHaveLength(8);
});

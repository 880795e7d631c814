// A month's report laid out for people, in one language. Decides no figures; knows neither Markdown nor PDF.

import type { Language } from '../core/types.ts';
import { plain } from '../lib/width.ts';
import { type Block, type Column, type Document, facts, named, section, textIn } from './document.ts';
import { lengthIn, momentAt } from './time.ts';
import type { Count, IncidentRow, MonthReport, Spread } from './types.ts';
import { valueIn, words } from './words.ts';

/** Most alarms in the list on paper; JSON and CSV have all. */
const mostListed = 100;
const mostCounted = 40;

interface Writing {
  readonly language: Language;
  readonly at: (moment: string) => string;
  readonly length: (ms: number) => string;
}

export function monthDocument(report: MonthReport, language: Language): Document {
  const said = words[language];
  const { premises } = report;
  const writing: Writing = {
    language,
    at: (moment) => momentAt(premises.timezone, moment),
    length: (ms) => lengthIn(language, ms),
  };
  return {
    language,
    title: `${said.monthReport} · ${report.month}`,
    subtitle: named(premises.name, premises.id, language),
    footer: `${report.month} · ${said.madeAt} ${writing.at(report.madeAt)} (${plain(premises.timezone)})`,
    blocks: [
      ...overviewOf(report, writing),
      ...timesOf(report, writing),
      ...rateOf(report, writing),
      ...sensorsOf(report, writing),
      ...rowsSection(said.openOnes, report.open, writing),
      ...drillsOf(report, writing),
      ...rowsSection(said.walkTests, report.walkTests, writing),
      ...rowsSection(said.duties, report.duties, writing),
      ...serviceOf(report, writing),
      ...messagesOf(report, writing),
      ...listOf(report, writing),
    ],
  };
}

function overviewOf(report: MonthReport, { language, at }: Writing): Block[] {
  const said = words[language];
  const { counts } = report;
  const listed = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([id, count]) => `${valueIn(language, id)} ${count}`)
      .join(' · ');
  const table = (title: string, first: string, rows: readonly Count[]): Block[] =>
    rows.length === 0
      ? []
      : section(
          title,
          [
            { title: first, width: 80 },
            { title: said.count, width: 20, right: true },
          ],
          rows.slice(0, mostCounted).map(({ id, name, count }) => [named(name, id, language), String(count)]),
          said.none,
        );
  return [
    { type: 'heading', text: said.overview },
    facts([
      [said.month, `${report.month} (${at(report.from)} – ${at(report.to)})`],
      [said.incidents, report.incidentCount === 0 ? said.noMonthIncidents : String(report.incidentCount)],
      [said.byCategory, listed(counts.category)],
      [said.byLevel, listed(counts.level)],
      [said.drills, String(report.drillCount)],
      [said.openOnes, String(report.open.length)],
    ]),
    ...table(said.byPlan, said.plan, counts.plan),
    ...table(said.byZone, said.zone, counts.zone),
  ];
}

function timesOf(
  { toAcknowledge, toClose, falseAlarms }: MonthReport,
  { language, length }: Writing,
): Block[] {
  const said = words[language];
  const row = (name: string, spread: Spread): string[] => [
    name,
    String(spread.count),
    ...[spread.medianMs, spread.p90Ms, spread.worstMs].map((ms) => (ms === undefined ? '—' : length(ms))),
    spread.worst ?? '—',
  ];
  const { rate, judged, false: wrong } = falseAlarms;
  return [
    ...section(
      said.alarmTimes,
      [
        { title: '', width: 24 },
        { title: said.count, width: 12, right: true },
        { title: said.median, width: 18, right: true },
        { title: said.p90, width: 20, right: true },
        { title: said.worst, width: 18, right: true },
        { title: said.incident, width: 16 },
      ],
      [row(said.toAcknowledge, toAcknowledge), row(said.toClose, toClose)],
      said.none,
    ),
    facts([
      [said.falseRate, rate === undefined ? '—' : `${wrong} / ${judged} (${(rate * 100).toFixed(1)} %)`],
    ]),
  ];
}

function rateOf({ alarmRate }: MonthReport, { language, at, length }: Writing): Block[] {
  const said = words[language];
  const { busiestHour, floods } = alarmRate;
  return [
    { type: 'heading', text: said.alarmRate },
    facts([
      [said.alarms, String(alarmRate.alarms)],
      [said.perHour, alarmRate.perHour.toFixed(2)],
      [said.perDay, alarmRate.perDay.toFixed(1)],
      [said.busiestHour, busiestHour && `${at(busiestHour.from)}: ${busiestHour.count}`],
      [said.peak, String(alarmRate.peakIn10Minutes)],
      [said.floods, String(floods.length)],
      [said.floodTime, `${length(alarmRate.floodMs)} (${(alarmRate.floodShare * 100).toFixed(2)} %)`],
    ]),
  ];
}

function sensorsOf({ sensors, repeats }: MonthReport, { language }: Writing): Block[] {
  const said = words[language];
  return [
    ...section(
      said.sensors,
      [
        { title: said.sensor, width: 58 },
        { title: said.openedIncidents, width: 15, right: true },
        { title: said.signalsOf, width: 12, right: true },
        { title: said.falseAlarms, width: 15, right: true },
      ],
      sensors.map(({ id, name, opened, signals, falseAlarms }) => [
        named(name, id, language),
        String(opened),
        String(signals),
        String(falseAlarms),
      ]),
      said.none,
    ),
    ...section(
      said.repeats,
      [
        { title: said.sensor, width: 50 },
        { title: said.plan, width: 35 },
        { title: said.count, width: 15, right: true },
      ],
      repeats
        .slice(0, mostCounted)
        .map(({ sensor, name, plan, planTitle, count }) => [
          named(name, sensor, language),
          named(planTitle, plan, language),
          String(count),
        ]),
      said.none,
    ),
    { type: 'text', text: said.repeatsWhat },
  ];
}

function rowColumns(language: Language): Column[] {
  const said = words[language];
  return [
    { title: said.opened, width: 20 },
    { title: said.incident, width: 13 },
    { title: said.what, width: 31 },
    { title: said.level, width: 10 },
    { title: said.state, width: 12 },
    { title: said.toAcknowledge, width: 13, right: true },
    { title: said.verdict, width: 11 },
  ];
}

function cellsOf(row: IncidentRow, { language, at, length }: Writing): string[] {
  return [
    at(row.openedAt),
    row.id,
    (row.drill ? `【${words[language].drillMark}】` : '') + textIn(row.title, language),
    valueIn(language, row.level),
    valueIn(language, row.state),
    row.acknowledgeMs === undefined ? '—' : length(row.acknowledgeMs),
    row.verdict === undefined ? '—' : valueIn(language, row.verdict, 'verdict.'),
  ];
}

function rowsSection(title: string, rows: readonly IncidentRow[], writing: Writing): Block[] {
  const said = words[writing.language];
  const blocks = section(
    title,
    rowColumns(writing.language),
    rows.slice(0, mostListed).map((row) => cellsOf(row, writing)),
    said.none,
  );
  if (rows.length > mostListed) blocks.push({ type: 'text', text: `${said.listCut}: ${rows.length}` });
  return blocks;
}

function listOf({ incidents }: MonthReport, writing: Writing): Block[] {
  const alarms = incidents.filter(({ category, drill }) => category === 'alarm' && !drill);
  return rowsSection(words[writing.language].alarmList, alarms, writing);
}

function drillsOf({ drills }: MonthReport, { language, at, length }: Writing): Block[] {
  const said = words[language];
  const time = (ms: number | undefined): string => (ms === undefined ? '—' : length(ms));
  return section(
    said.drills,
    [
      { title: said.opened, width: 20 },
      { title: said.incident, width: 14 },
      { title: said.plan, width: 30 },
      { title: said.score, width: 12, right: true },
      { title: said.toAcknowledge, width: 14, right: true },
      { title: said.allClear, width: 14, right: true },
      { title: said.improvements, width: 14, right: true },
    ],
    drills
      .slice(0, mostListed)
      .map(({ openedAt, incident, plan, planTitle, score }) => [
        at(openedAt),
        incident,
        named(planTitle, plan, language),
        String(score.score),
        time(score.acknowledge.ms),
        time(score.allClear.ms),
        String(score.improvements.length),
      ]),
    said.none,
  );
}

function serviceOf({ outOfService, troubles }: MonthReport, { language, length }: Writing): Block[] {
  const said = words[language];
  return [
    { type: 'heading', text: said.service },
    facts([
      [
        said.outOfService,
        `${outOfService.count} · ${said.total} ${length(outOfService.totalMs)} · ${said.longest} ${length(outOfService.longestMs)}`,
      ],
      [
        said.troubles,
        `${troubles.count} · ${said.total} ${length(troubles.totalMs)} · ${said.stillOpen} ${troubles.open}`,
      ],
    ]),
  ];
}

function messagesOf({ channels }: MonthReport, { language }: Writing): Block[] {
  const said = words[language];
  return section(
    said.messages,
    [
      { title: said.channel, width: 28 },
      ...[
        said.sent,
        said.delivered,
        said.onlyHanded,
        said.failed,
        said.waiting,
        said.withdrawn,
        said.held,
      ].map((title) => ({
        title,
        width: 12,
        right: true,
      })),
    ],
    channels.map(({ channel, sent, delivered, handed, failed, waiting, withdrawn, held }) => [
      valueIn(language, channel),
      ...[sent, delivered, handed, failed, waiting, withdrawn, held].map(String),
    ]),
    said.none,
  );
}

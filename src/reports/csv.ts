// Reports as one flat table for spreadsheets: RFC 4180, with the byte order mark by which Excel knows UTF-8. A cell
// that a spreadsheet would take for a formula is defused by an apostrophe.

import type { Language, Text } from '../core/types.ts';
import { reasonsIn, rolesIn, whatHappened } from './row-words.ts';
import { momentAt } from './time.ts';
import type { IncidentReport, IncidentRow, MonthReport } from './types.ts';
import { checklistColumns, checklistRows } from './walk-test-checklist.ts';
import { valueIn, words } from './words.ts';

type Value = string | number | undefined;

const byteOrderMark = '\ufeff';

export function csvOf(rows: readonly (readonly Value[])[]): string {
  return byteOrderMark + rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: Value): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  // (spreadsheets look past blanks, and take full-width marks for the others)
  const safe = /^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const inLanguage = (text: Text, language: Language): string =>
  typeof text === 'string' ? text : text[language];

/** The time line, with every delivery as a row of its own; at the end of a walk test's, its detectors. */
export function incidentCsv(report: IncidentReport, language: Language): string {
  const said = words[language];
  const at = (moment: string): string => momentAt(report.premises.timezone, moment);
  const reason = reasonsIn(report, language);
  const { id } = report.incident;
  const rows: { readonly order: string; readonly cells: Value[] }[] = report.timeline.map((row) => ({
    order: row.at,
    cells: [
      id,
      at(row.at),
      row.clock === undefined ? undefined : valueIn(language, row.clock),
      valueIn(language, row.what),
      row.by,
      row.roles && rolesIn(row.roles, language),
      whatHappened(row, language, reason),
    ],
  }));
  const deliveries = report.tellings
    .flatMap((telling) => telling.deliveries)
    .map((each) => ({
      order: each.endedAt ?? each.at,
      cells: [
        id,
        at(each.endedAt ?? each.at),
        undefined,
        said.delivery,
        each.person === undefined ? undefined : inLanguage(each.personName ?? each.person, language),
        each.role && valueIn(language, each.role),
        each.because && reason(each.because),
        each.channel,
        valueIn(language, each.state),
      ],
    }))
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  // what the journal has keeps its order, whatever the clock did meanwhile
  const merged: (readonly Value[])[] = [];
  for (const row of rows) {
    while (deliveries.length > 0 && deliveries[0]!.order < row.order) merged.push(deliveries.shift()!.cells);
    merged.push(row.cells);
  }
  const head = [
    said.incident,
    said.time,
    said.clock,
    said.event,
    said.who,
    said.role,
    said.note,
    said.channel,
    said.delivery,
  ];
  const { walkTest } = report;
  const titles = walkTest === undefined ? head : [...head, ...checklistColumns(language)];
  const detectors = walkTest === undefined ? [] : checklistRows(walkTest, language, at);
  return csvOf(
    [
      titles,
      ...merged,
      ...deliveries.map(({ cells }) => cells),
      ...detectors.map((each) => [
        ...[id, each.at, undefined, each.what, each.by, undefined, undefined, undefined, undefined],
        ...each.cells,
      ]),
    ].map((row) => titles.map((_, index) => row[index])),
  );
}

/** One row for each incident. */
export function monthCsv(report: MonthReport, language: Language): string {
  const said = words[language];
  const at = (moment: string | undefined): Value =>
    moment === undefined ? undefined : momentAt(report.premises.timezone, moment);
  const seconds = (ms: number | undefined): Value =>
    ms === undefined ? undefined : Math.round(ms / 100) / 10;
  const columns: readonly (readonly [title: string, of: (row: IncidentRow) => Value])[] = [
    [said.incident, (row) => row.id],
    [said.opened, (row) => at(row.openedAt)],
    [said.plan, (row) => row.plan],
    [said.what, (row) => inLanguage(row.title, language)],
    [said.category, (row) => valueIn(language, row.category)],
    [said.level, (row) => valueIn(language, row.level)],
    [said.zone, (row) => row.zoneName && inLanguage(row.zoneName, language)],
    [said.state, (row) => valueIn(language, row.state)],
    [said.drill, (row) => (row.drill ? said.yes : said.no)],
    [said.sensorId, (row) => row.sensor],
    [said.signalsOf, (row) => row.signals],
    [said.acknowledged, (row) => at(row.acknowledgedAt)],
    [said.acknowledgedBy, (row) => row.acknowledgedBy],
    [said.ackSeconds, (row) => seconds(row.acknowledgeMs)],
    [said.returned, (row) => at(row.returnedAt)],
    [said.closed, (row) => at(row.closedAt)],
    [said.closeSeconds, (row) => seconds(row.closeMs)],
    [said.verdict, (row) => row.verdict && valueIn(language, row.verdict, 'verdict.')],
    [said.cause, (row) => row.cause],
    [said.remedy, (row) => row.remedy],
    [said.losses, (row) => row.losses],
    [said.steps, (row) => row.steps],
    [said.stepsDone, (row) => row.stepsDone],
    [said.stepsLate, (row) => row.stepsLate],
  ];
  return csvOf([
    columns.map(([title]) => title),
    ...report.incidents.map((row) => columns.map(([, of]) => of(row))),
  ]);
}

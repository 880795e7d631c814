// A month as pictures and tables, and what can be carried away: the month and each incident as PDF, CSV or Markdown.
// The daemon makes a report anew each time it is asked, so nothing is fetched before somebody looks at a month.

import { useState } from 'preact/hooks';
import type { IncidentRow, MonthReport } from '../../../reports/types.ts';
import {
  Badge,
  Button,
  CategoryBadge,
  type Column,
  Empty,
  Failed,
  Field,
  LevelBadge,
  Page,
  Section,
  Table,
  toast,
  useLoaded,
} from '../parts/index.ts';
import { link } from '../router.ts';
import { language, now } from '../state.ts';
import { download, made } from '../transfer.ts';
import { day, moment, nameOf, span, word } from '../words/index.ts';
import { MonthPictures } from './month-pictures.tsx';
import { incidentReportPath, monthPath, type ReportFormat } from './paths.ts';
import { say } from './reports-words.ts';
import './equipment.css';
import './reports.css';

const monthsBack = 36;
const formats: readonly (readonly [format: ReportFormat, name: string])[] = [
  ['pdf', 'PDF'],
  ['csv', 'CSV'],
  ['md', 'Markdown'],
];
const firstRows = 50;

/** `2026-11` so many months before this one, by the calendar of the premises */
function monthBefore(month: string, by: number): string {
  const [year = 1970, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 - by, 1)).toISOString().slice(0, 7);
}

export function ReportsPage() {
  const latest = day(now.value).slice(0, 7);
  const [month, choose] = useState(latest);
  const months = Array.from({ length: monthsBack }, (_, index) => monthBefore(latest, index));
  return (
    <Page title={say('reports')} class="reports-page">
      <div class="month-picker">
        <Button disabled={month === months.at(-1)} onPress={() => choose(monthBefore(month, 1))}>
          <span aria-hidden="true">◀</span> {say('previous')}
        </Button>
        <Field
          key={month}
          name="month"
          label={say('month')}
          value={month}
          choices={months.map((each) => [each, each] as const)}
          onInput={choose}
        />
        <Button disabled={month === latest} onPress={() => choose(monthBefore(month, -1))}>
          {say('next')} <span aria-hidden="true">▶</span>
        </Button>
      </div>
      <Section title={say('downloads')}>
        <div class="actions">
          {formats.map(([format, name]) => (
            <DownloadButton
              key={format}
              label={say('downloadOf', { name: month, format: name })}
              path={() => monthPath(month, format)}
              file={`keepwatch-${month}.${format}`}
              format={name}
            />
          ))}
        </div>
      </Section>
      <Month month={month} />
    </Page>
  );
}

/** Fetched rather than linked to, so that a report that can't be made says why. */
function DownloadButton(props: {
  readonly label: string;
  readonly path: () => string;
  readonly file: string;
  readonly format: string;
}) {
  const [making, make] = useState(false);
  return (
    <Button
      label={props.label}
      onPress={async () => {
        make(true);
        try {
          toast(say('made', { name: await download(props.path(), props.file) }));
        } finally {
          make(false);
        }
      }}
    >
      <span aria-hidden="true">⤓</span> {making ? say('making') : props.format}
    </Button>
  );
}

function Month({ month }: { readonly month: string }) {
  const { data, failure, again } = useLoaded(
    async () => ({ month, report: await made<MonthReport>(monthPath(month, 'json')) }),
    month,
  );
  if (data?.month === month) return <MonthFound key={month} report={data.report} />;
  return failure !== undefined ? (
    <Failed message={say('failed', { why: failure })} onRetry={again} />
  ) : (
    <Empty>
      <span role="status">{say('loading')}</span>
    </Empty>
  );
}

function MonthFound({ report }: { readonly report: MonthReport }) {
  return (
    <>
      <MonthPictures report={report} />
      {report.incidents.length > 0 && <List report={report} />}
    </>
  );
}

function List({ report }: { readonly report: MonthReport }) {
  const [rows, show] = useState(firstRows);
  const columns: Column<IncidentRow>[] = [
    {
      id: 'what',
      title: say('what'),
      head: true,
      cell: ({ id, title }) => (
        <a class="point-link" href={link('incident', id)} dir="auto">
          {nameOf(title)}
        </a>
      ),
    },
    { id: 'when', title: say('when'), cell: ({ openedAt }) => moment(openedAt).slice(5, 16) },
    {
      id: 'category',
      title: say('category'),
      cell: ({ category, level, drill }) => (
        <span class="badges">
          {drill ? (
            <Badge tone="drill" shape="◎">
              {say('drills')}
            </Badge>
          ) : (
            <CategoryBadge category={category} />
          )}{' '}
          <LevelBadge level={level} />
        </span>
      ),
    },
    {
      id: 'took',
      title: say('took'),
      cell: ({ acknowledgeMs }) => (acknowledgeMs === undefined ? say('notYet') : span(acknowledgeMs)),
    },
    {
      id: 'closed',
      title: say('closedAfter'),
      cell: ({ closeMs }) => (closeMs === undefined ? say('notYet') : span(closeMs)),
    },
    { id: 'verdict', title: say('verdict'), cell: ({ verdict }) => (verdict ? word.verdict(verdict) : '–') },
    {
      id: 'report',
      title: say('report'),
      cell: (row) => (
        <div class="actions">
          {formats.slice(0, 2).map(([format, name]) => (
            <DownloadButton
              key={`${format} ${language.value}`}
              label={say('downloadOf', { name: nameOf(row.title), format: name })}
              path={() => incidentReportPath(row.id, format)}
              file={`keepwatch-${row.id}.${format}`}
              format={name}
            />
          ))}
        </div>
      ),
    },
  ];
  const more = report.incidents.length - rows;
  return (
    <Section title={say('list')}>
      <Table
        caption={say('list')}
        columns={columns}
        rows={report.incidents.slice(0, rows)}
        keyOf={({ id }) => id}
      />
      {more > 0 && (
        <Button onPress={() => show(rows + firstRows)}>
          {say('more', { count: Math.min(more, firstRows) })}
        </Button>
      )}
    </Section>
  );
}

// `keepwatch report`: an incident, or a month of them, on paper: Markdown, JSON, CSV or PDF. Asks the daemon for
// what it has and makes the report here, so that the daemon guards on meanwhile.

import { callDaemon } from '../control/client.ts';
import type { StatusReport } from '../control/types.ts';
import type { Language } from '../core/types.ts';
import type { Document } from '../reports/document.ts';
import { monthBounds } from '../reports/time.ts';
import type { IncidentReport, MonthReport } from '../reports/types.ts';
import { languageOf } from '../terminal/words.ts';
import { writeOut } from './report-file.ts';
import {
  type DaemonOptions,
  type Define,
  say,
  UsageFault,
  withDaemon,
  withExample,
  withLanguage,
} from './verb.ts';
import { daemonSocket } from './where.ts';

const formats = ['md', 'json', 'csv', 'pdf'] as const;
type Format = (typeof formats)[number];

interface ReportOptions extends DaemonOptions {
  readonly month?: string;
  readonly format?: Format;
  readonly out?: string;
}

export const define: Define = (command, act) => {
  const format = command.createOption('--format <format>', 'md, json, csv or pdf; default: md');
  withExample(
    withLanguage(withDaemon(command)),
    'keepwatch report i3 --format pdf --out i3.pdf\n  keepwatch report --month 2026-11',
  )
    .argument('[incident]', 'its id, such as i3; or give --month')
    .option('--month <month>', 'all incidents of a month, such as 2026-11')
    .addOption(format.choices([...formats]))
    .option('--out <file>', 'write to this file instead of standard output')
    .action(act(report));
};

async function report(incident: string | undefined, options: ReportOptions): Promise<number> {
  const { month, out } = options;
  if ((incident === undefined) === (month === undefined))
    throw new UsageFault('give either an incident, such as i3, or --month, such as --month 2026-11');
  if (month !== undefined && monthBounds('UTC', month) === undefined)
    throw new UsageFault(`--month must be a year and a month, such as 2026-11, not ${month}`);
  if (options.json && options.format !== undefined && options.format !== 'json')
    throw new UsageFault(`--json and --format ${options.format} contradict each other`);
  const format = options.json ? 'json' : (options.format ?? 'md');
  if (format === 'pdf' && (out === undefined || out === '-') && process.stdout.isTTY)
    throw new UsageFault('a PDF is not for a terminal: give --out FILE, or send it into a pipe');

  const socket = await daemonSocket(options);
  const { premises } = await callDaemon(socket, 'status');
  const made =
    incident === undefined
      ? await ofMonth(socket, month!, premises)
      : await ofIncident(socket, incident, premises);
  if (made === undefined) {
    say(`keepwatch: there is no incident "${incident}"; \`keepwatch incidents --all\` lists them`);
    return 1;
  }
  await writeOut(await written(made, format, languageOf(options.lang, premises.language)), out);
  return 0;
}

type Premises = StatusReport['premises'];

async function ofIncident(
  socket: string,
  id: string,
  premises: Premises,
): Promise<IncidentReport | undefined> {
  const { incident, events } = await callDaemon(socket, 'explain', { incident: id });
  if (incident === undefined) return undefined;
  const [{ incidentReport }, names] = await Promise.all([
    import('../reports/incident-report.ts'),
    callDaemon(socket, 'names'),
  ]);
  return incidentReport(
    { incident, events },
    { premises: placeOf(premises), names, madeAt: new Date().toISOString() },
  );
}

async function ofMonth(socket: string, month: string, premises: Premises): Promise<MonthReport> {
  const { gatherMonth, hasBegun } = await import('../reports/month-report.ts');
  const bounds = monthBounds(premises.timezone, month)!;
  if (!hasBegun(bounds, Date.now())) throw new UsageFault(`${month} has not begun yet`);
  const gathering = gatherMonth(month, placeOf(premises), await callDaemon(socket, 'names'));
  const range = { from: new Date(bounds.fromMs).toISOString(), to: new Date(bounds.toMs).toISOString() };
  for (let after: number | undefined = 0; after !== undefined; ) {
    const { incidents, next }: { incidents: readonly Parameters<typeof gathering.add>[0][]; next?: number } =
      await callDaemon(socket, 'history', { ...range, after });
    for (const incident of incidents) gathering.add(incident);
    after = next;
  }
  return gathering.report(new Date().toISOString());
}

function placeOf({ id, name, timezone }: Premises): IncidentReport['premises'] {
  return { id, name, timezone };
}

async function written(
  made: IncidentReport | MonthReport,
  format: Format,
  language: Language,
): Promise<string | Buffer> {
  if (format === 'json') return `${JSON.stringify(made, null, 2)}\n`;
  if (format === 'csv') {
    const { incidentCsv, monthCsv } = await import('../reports/csv.ts');
    return made.kind === 'month' ? monthCsv(made, language) : incidentCsv(made, language);
  }
  const document = await laidOut(made, language);
  if (format === 'md') return (await import('../reports/markdown.ts')).markdownOf(document);
  return (await import('../reports/pdf.ts')).pdfOf(document);
}

async function laidOut(made: IncidentReport | MonthReport, language: Language): Promise<Document> {
  if (made.kind === 'month')
    return (await import('../reports/month-document.ts')).monthDocument(made, language);
  return (await import('../reports/incident-document.ts')).incidentDocument(made, language);
}

// `keepwatch replay`: runs the journal through the rules of the site, or through others, and prints what would have
// happened beside what did. Asks the running daemon for its journal; where none runs, reads the file and changes
// nothing in it.

import { callDaemon, NoDaemon } from '../control/client.ts';
import type { Incident } from '../core/types.ts';
import { unpackFact } from '../store/journal.ts';
import type { JournalRow } from '../store/types.ts';
import { languageOf, momentIn } from '../terminal/words.ts';
import { whatIf } from '../what-if.ts';
import { replayLines } from './replay-lines.ts';
import {
  type DaemonOptions,
  type Define,
  output,
  print,
  printJson,
  say,
  UsageFault,
  withDaemon,
  withExample,
  withLanguage,
} from './verb.ts';
import { daemonSocket, siteFile } from './where.ts';

interface Options extends DaemonOptions {
  readonly from: string;
  readonly to?: string;
  readonly rules?: string;
}

export const define: Define = (command, act) => {
  withExample(
    withLanguage(withDaemon(command)),
    'keepwatch replay --from 2026-11-01 --rules new-rules.yaml\n  keepwatch replay --from 24h',
  )
    .requiredOption('--from <time>', 'such as 2026-11-01, "2026-11-01 08:00", or 24h: so long ago')
    .option('--to <time>', 'in the same form; default: now')
    .option('--rules <file>', "a file with `rules:` (and `plans:`) in place of the site's")
    .action(act(runAgain));
};

async function runAgain(options: Options): Promise<number> {
  const file = siteFile(options.config);
  if (file === undefined)
    throw new UsageFault(
      'no ./keepwatch.yaml and no /etc/keepwatch/keepwatch.yaml here; name a site file with -c FILE',
    );
  // before anything is loaded, so that wrong usage is told as such
  const [fromText, toText] = [shapeOf(options.from, '--from'), options.to && shapeOf(options.to, '--to')];
  const [{ drivers }, { faultsFirst, loadConfig, formatFault }] = await Promise.all([
    import('../app.ts'),
    import('../config/load.ts'),
  ]);
  const { config, faults } = loadConfig(file, { drivers, rules: options.rules });
  // what else there is to say of the site is `check`'s
  for (const fault of faultsFirst(faults))
    if (fault.severity === 'fault' || fault.file === options.rules) say(formatFault(fault));
  if (config === undefined) return 1;
  const { timezone, language } = config.premises;
  const nowMs = Date.now();
  const range = {
    fromMs: momentOf(fromText, timezone, nowMs),
    toMs: toText ? Math.min(nowMs, momentOf(toText, timezone, nowMs)) : nowMs,
  };
  if (range.fromMs >= range.toMs) throw new UsageFault('--from is not before --to');
  const stored = await readDaemon(options).catch((error: unknown) => {
    if (error instanceof NoDaemon && options.socket === undefined) return readFolder(config.data);
    throw error;
  });
  if (stored === undefined) {
    say(`keepwatch: there is no journal in ${config.data}; keepwatch has not run with it yet`);
    return 1;
  }
  const toMs = Math.min(range.toMs, stored.endMs ?? range.toMs);
  const found = whatIf(config.site, stored.journal.map(factOf), stored.incidents, { ...range, toMs });
  if (options.json) printJson(found);
  else {
    const reading = { language: languageOf(options.lang, language), timezone };
    for (const line of replayLines(output(), found, reading)) print(line);
  }
  return 0;
}

function factOf([, ...row]: JournalRow): ReturnType<typeof unpackFact> {
  return unpackFact(row);
}

interface Stored {
  readonly journal: readonly JournalRow[];
  readonly incidents: readonly Incident[];
  /** when whoever wrote it ended, wall ms; undefined: it runs */
  readonly endMs?: number;
}

/** In pages, so that the daemon is never held up. */
async function readDaemon(options: Options): Promise<Stored> {
  const socket = await daemonSocket(options);
  const journal: JournalRow[] = [];
  for (;;) {
    const page = await callDaemon(socket, 'journal', { after: journal.at(-1)?.[0] ?? 0 });
    if (page.length === 0) break;
    journal.push(...page);
  }
  const incidents: Incident[] = [];
  const range = { from: new Date(0).toISOString(), to: new Date(Date.UTC(9999, 0)).toISOString() };
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: { incidents: readonly Incident[]; next?: number } = await callDaemon(socket, 'history', {
      ...range,
      after,
    });
    incidents.push(...page.incidents);
    after = page.next;
  }
  return { journal, incidents };
}

async function readFolder(folder: string): Promise<Stored | undefined> {
  const { readStore } = await import('../store/read.ts');
  const stored = readStore(folder);
  const last = stored?.journal.at(-1);
  return stored && { ...stored, ...(last && { endMs: last[2] }) };
}

const dateShape = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:\d{2})?$/;
const agoShape = /^(\d{1,6})(m|h|d)$/;
const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The text itself, if it can be a time. Throws UsageFault. */
function shapeOf(text: string, option: string): string {
  const isTime = dateShape.test(text) && !Number.isNaN(Date.parse(text.replace(' ', 'T')));
  if (!isTime && !agoShape.test(text))
    throw new UsageFault(`${option} "${text}" is not a time; write 2026-11-01, "2026-11-01 08:00" or 24h`);
  return text;
}

/** Wall time, ms. Without an offset it is the time of the premises. */
function momentOf(text: string, timezone: string, nowMs: number): number {
  const ago = agoShape.exec(text);
  if (ago) return nowMs - Number(ago[1]) * unitsMs[ago[2]!]!;
  const written = text.replace(' ', 'T');
  if (/(Z|[+-]\d{2}:\d{2})$/.test(written.slice(10))) return Date.parse(written);
  const wantedMs = Date.parse(written.length === 10 ? `${written}T00:00Z` : `${written}Z`);
  let atMs = wantedMs;
  // the second round is for a zone that changes its offset between the two
  for (let round = 0; round < 2; round += 1) {
    const shown = momentIn(timezone, new Date(atMs).toISOString()).replace(' ', 'T');
    atMs += Math.floor(wantedMs / 1000) * 1000 - Date.parse(`${shown}Z`);
  }
  return atMs;
}

// `keepwatch trend`: what a point that is a number did over hours or days, as a line that a person sees at a glance, as
// JSON, or as CSV for a spreadsheet. Asks the running daemon.

import { callDaemon } from '../control/client.ts';
import { mostSteps } from '../control/types.ts';
import type { Language } from '../core/types.ts';
import { plain } from '../lib/width.ts';
import type { Trend } from '../telemetry/types.ts';
import { paint, type Screen } from '../terminal/paint.ts';
import { languageOf, momentIn, span } from '../terminal/words.ts';
import {
  type DaemonOptions,
  type Define,
  output,
  print,
  printJson,
  UsageFault,
  withDaemon,
  withExample,
  withLanguage,
} from './verb.ts';
import { daemonSocket } from './where.ts';

interface TrendOptions extends DaemonOptions {
  readonly from: string;
  readonly to?: string;
  readonly most?: string;
  readonly csv?: boolean;
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
/** as wide as the line of a trend is where nobody says how wide the screen is, and at most */
const usualWidth = 60;
const mostWidth = 120;
const usualRows = 1440;

const words = {
  zh: {
    now: '最新',
    least: '最低',
    most: '最高',
    nothing: '这段时间没有记录',
    a: '每格',
    unsynced: '其中有时钟未同步时的记录',
  },
  en: {
    now: 'last',
    least: 'least',
    most: 'most',
    nothing: 'nothing was recorded in this time',
    a: 'a step is',
    unsynced: 'some of it was recorded while the clock was not synchronised',
  },
} as const;

export const define: Define = (command, act) => {
  withExample(
    withLanguage(withDaemon(command)),
    'keepwatch trend meter.voltage --from 7d\n  keepwatch trend meter.voltage --from 2026-11-21T00:00:00Z --csv > voltage.csv',
  )
    .argument('<point>', 'a point that is a number, such as meter.voltage')
    .option('--from <moment>', 'so long ago (90m, 24h, 7d), or a moment such as 2026-11-21T00:00:00Z', '24h')
    .option('--to <moment>', 'the same; default: now')
    .option('--most <steps>', `steps at most, 1 to ${mostSteps}`)
    .option('--csv', 'print CSV for a spreadsheet')
    .action(act(trend));
};

async function trend(point: string, options: TrendOptions): Promise<number> {
  const { json, csv } = options;
  if (json && csv) throw new UsageFault('--json and --csv contradict each other');
  const nowMs = Date.now();
  const fromMs = momentOf('--from', options.from, nowMs);
  const toMs = options.to === undefined ? nowMs : momentOf('--to', options.to, nowMs);
  if (fromMs >= toMs) throw new UsageFault('--from must be before --to');
  const screen = output();
  const most = stepsOf(options, screen);

  const socket = await daemonSocket(options);
  const range = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), most };
  const found = await callDaemon(socket, 'trend', { point, ...range });
  if (json) {
    printJson(found);
    return 0;
  }
  if (csv) {
    for (const line of trendCsv(found)) print(line);
    return 0;
  }
  const { premises } = await callDaemon(socket, 'status');
  const language = languageOf(options.lang, premises.language);
  for (const line of trendLines(screen, found, language, premises.timezone)) print(line);
  return 0;
}

/** A moment, or so long before now; ms since 1970. */
function momentOf(option: string, given: string, nowMs: number): number {
  const ago = /^(\d+)([mhd])$/.exec(given);
  const atMs = ago ? nowMs - Number(ago[1]) * unitMs[ago[2]!]! : Date.parse(given);
  if (!Number.isFinite(atMs) || Math.abs(atMs) > 8.64e15)
    throw new UsageFault(
      `${option} must be 90m, 24h, 7d or a moment such as 2026-11-21T00:00:00Z, not ${given}`,
    );
  return atMs;
}

function stepsOf({ most, json, csv }: TrendOptions, screen: Screen): number {
  if (most === undefined) {
    if (json || csv) return usualRows;
    return Math.min(mostWidth, screen.columns ?? usualWidth);
  }
  const steps = Number(most);
  if (!Number.isInteger(steps) || steps < 1 || steps > mostSteps)
    throw new UsageFault(`--most must be a whole number from 1 to ${mostSteps}, not ${most}`);
  return steps;
}

/** A row for each step in which something was recorded; moments in UTC. */
export function trendCsv({ from, stepMs, last, min, max, unsynced }: Trend): string[] {
  const fromMs = Date.parse(from);
  const doubtful = new Set(unsynced);
  const rows = min.flatMap((least, step) => {
    if (least === null) return [];
    const clock = doubtful.has(step) ? 'unsynced' : 'synced';
    return [
      [new Date(fromMs + step * stepMs).toISOString(), last[step] ?? '', least, max[step], clock].join(','),
    ];
  });
  return ['at,last,min,max,clock', ...rows];
}

export function trendLines(
  screen: Pick<Screen, 'colours'>,
  trend: Trend,
  language: Language,
  timezone: string,
): string[] {
  const say = words[language];
  const unit = trend.unit === undefined ? '' : ` ${plain(trend.unit)}`;
  const fromMs = Date.parse(trend.from);
  const to = new Date(fromMs + trend.stepMs * trend.last.length).toISOString();
  const head = `${paint(screen, 'bold', plain(trend.point))}  ${momentIn(timezone, trend.from)} – ${momentIn(timezone, to)}`;
  const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);
  const [lows, highs] = [known(trend.min), known(trend.max)];
  if (lows.length === 0) return [head, say.nothing];
  const [least, most] = [lows.reduce((a, b) => Math.min(a, b)), highs.reduce((a, b) => Math.max(a, b))];
  const now = known(trend.last).at(-1);
  const figures = [
    ...(now === undefined ? [] : [`${say.now} ${now}${unit}`]),
    `${say.least} ${least}${unit}`,
    `${say.most} ${most}${unit}`,
    `${say.a} ${span(trend.stepMs)}`,
  ];
  return [
    head,
    spark(trend, least, most),
    figures.join('  '),
    ...(trend.unsynced.length > 0 ? [paint(screen, 'yellow', `! ${say.unsynced}`)] : []),
  ];
}

const bars = '▁▂▃▄▅▆▇█';

/** A bar a step: its largest value where that stands out more from the middle than its least; a gap where nothing is known. */
function spark({ min, max }: Trend, least: number, most: number): string {
  const middle = (least + most) / 2;
  return min
    .map((low, step) => {
      const high = max[step];
      if (low === null || high === null || high === undefined) return ' ';
      const shown = high - middle >= middle - low ? high : low;
      const part = most === least ? 0 : (shown - least) / (most - least);
      return bars[Math.min(bars.length - 1, Math.floor(part * bars.length))]!;
    })
    .join('');
}

// `keepwatch points`: every point of a running daemon as it is believed now.

import { callDaemon } from '../control/client.ts';
import type { Language, Value } from '../core/types.ts';
import type { PointState } from '../notify/types.ts';
import { type Cell, type Screen, table } from '../terminal/paint.ts';
import { languageOf, timeIn, words } from '../terminal/words.ts';
import {
  type DaemonOptions,
  type Define,
  output,
  print,
  printJson,
  withDaemon,
  withExample,
  withLanguage,
} from './verb.ts';
import { daemonSocket } from './where.ts';

export const define: Define = (command, act) => {
  withExample(withLanguage(withDaemon(command)), 'keepwatch points --json').action(
    act(async (options: DaemonOptions) => {
      const socket = await daemonSocket(options);
      const points = await callDaemon(socket, 'points');
      if (options.json) {
        printJson(points);
        return 0;
      }
      const { premises } = await callDaemon(socket, 'status');
      const language = languageOf(options.lang, premises.language);
      for (const line of pointLines(output(), points, language, premises.timezone)) print(line);
      return 0;
    }),
  );
};

export function pointLines(
  screen: Pick<Screen, 'colours' | 'columns'>,
  points: readonly PointState[],
  language: Language,
  timezone: string,
): string[] {
  const { title, quality } = words[language];
  if (points.length === 0) return [title.noPoints];
  const rows = points.map((point): (string | Cell)[] => [
    point.id,
    valueText(point.value, language),
    point.unit ?? '',
    point.quality === 'good' ? quality.good : { text: quality[point.quality], colour: 'yellow' },
    timeIn(timezone, point.at),
  ]);
  const columns = [
    { title: title.point, flexible: true },
    { title: title.value, side: 'left' as const, flexible: true },
    { title: '' },
    { title: title.quality },
    { title: title.at },
  ];
  return table(screen, columns, rows);
}

export function valueText(value: Value | null, language: Language): string {
  const { title } = words[language];
  if (value === null) return '—';
  if (typeof value === 'boolean') return value ? title.true : title.false;
  return String(value);
}

// `keepwatch points`: every point of a running daemon as it is believed now.

import type { Language, Value } from '../core/types.ts';
import type { PointState } from '../notify/types.ts';
import { type Cell, type Screen, table } from '../terminal/paint.ts';
import { timeIn, words } from '../terminal/words.ts';
import {
  askAndShow,
  type DaemonOptions,
  type Define,
  output,
  withDaemon,
  withExample,
  withLanguage,
} from './verb.ts';

export const define: Define = (command, act) => {
  withExample(withLanguage(withDaemon(command)), 'keepwatch points --json').action(
    act((options: DaemonOptions) =>
      askAndShow(options, {
        method: 'points',
        json: (points) => points.map(asPublished),
        lines: (points, { language, timezone }) => pointLines(output(), points, language, timezone),
      }),
    ),
  );
};

/** The payload of the point's topic, with its id. */
function asPublished({ id, value, quality, unit, at }: PointState): object {
  return { id, value: quality === 'good' ? value : null, quality, unit: unit ?? null, at };
}

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

// `keepwatch incidents`: the open incidents of a running daemon, or all that its journal has.

import type { Incident, Language } from '../core/types.ts';
import { symbols } from '../terminal/lines.ts';
import { type Cell, type Screen, table } from '../terminal/paint.ts';
import { inLanguage, momentIn, stateText, words } from '../terminal/words.ts';
import {
  askAndShow,
  type DaemonOptions,
  type Define,
  output,
  withDaemon,
  withExample,
  withLanguage,
} from './verb.ts';

interface Options extends DaemonOptions {
  readonly all?: boolean;
}

export const define: Define = (command, act) => {
  withExample(withLanguage(withDaemon(command)), 'keepwatch incidents --all')
    .option('--all', 'the closed ones too')
    .action(
      act((options: Options) =>
        askAndShow(options, {
          method: 'incidents',
          params: { all: options.all === true },
          lines: (incidents, { language, timezone }) =>
            incidentLines(output(), incidents, language, timezone, options.all),
        }),
      ),
    );
};

export function incidentLines(
  screen: Pick<Screen, 'colours' | 'columns'>,
  incidents: readonly Incident[],
  language: Language,
  timezone: string,
  all = false,
): string[] {
  const { title, category, level } = words[language];
  if (incidents.length === 0) return [all ? title.noIncidents : title.nothingOpen];
  const rows = incidents.map((incident): (string | Cell)[] => {
    const { symbol, colour } = symbols[incident.category];
    const closed = incident.state === 'closed';
    const kind = `${symbol} ${category[incident.category]}`;
    return [
      closed ? kind : { text: kind, colour },
      level[incident.level],
      inLanguage(incident.title, language),
      `${stateText(incident, language)}${incident.drill ? ` (${title.drill})` : ''}`,
      incident.active ? title.active : '',
      momentIn(timezone, incident.openedAt),
      incident.id,
    ];
  });
  const columns = [
    { title: title.category },
    { title: title.level },
    { title: title.title, flexible: true },
    { title: title.state },
    { title: title.active },
    { title: title.opened },
    { title: title.incident },
  ];
  return table(screen, columns, rows);
}

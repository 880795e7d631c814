// What must be done between incidents, as a table: what, until when, and whether that has passed. Shared by the
// verbs that show duties; asks nothing.

import type { DutyReport } from '../control/types.ts';
import type { Language } from '../core/types.ts';
import { type Cell, type Screen, table } from '../terminal/paint.ts';
import { inLanguage, momentIn, words } from '../terminal/words.ts';

/** The earliest first, as they come; no lines where there are none. */
export function dutyLines(
  screen: Pick<Screen, 'colours' | 'columns'>,
  duties: readonly DutyReport[],
  timezone: string,
  language: Language,
): string[] {
  if (duties.length === 0) return [];
  const { title } = words[language];
  const columns = [
    { title: title.due },
    { title: '' },
    { title: title.duty, flexible: true },
    { title: title.todo, flexible: true },
    { title: title.id },
  ];
  const rows = duties.map(({ subject, name, what, due, reminded, overdue }): (string | Cell)[] => [
    momentIn(timezone, due).slice(0, 10),
    overdue
      ? { text: `▲ ${title.overdue}`, colour: 'red' }
      : reminded
        ? { text: `◆ ${title.soon}`, colour: 'yellow' }
        : '',
    inLanguage(name, language),
    inLanguage(what, language),
    // as `readiness sign` and `drill start` take it
    subject.split(':')[1] ?? subject,
  ]);
  return table(screen, columns, rows);
}

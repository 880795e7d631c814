// `keepwatch explain`: why an incident opened, what happened then, who was told, and what comes next, as the journal
// has it.

import { callDaemon } from '../control/client.ts';
import type { Explanation, NamesReport } from '../control/types.ts';
import { becauseIn } from '../core/because-words.ts';
import type { Event, Incident, Language } from '../core/types.ts';
import { plain } from '../lib/width.ts';
import { byWhom, isSaid, type Reading, symbols } from '../terminal/lines.ts';
import { type Cell, paint, type Screen, table } from '../terminal/paint.ts';
import { troubleHint } from '../terminal/trouble-hints.ts';
import {
  inBoth,
  inLanguage,
  languageOf,
  momentIn,
  span,
  stateText,
  timeIn,
  words,
} from '../terminal/words.ts';
import { evidenceLines, nextLines, stepLines, toldLines } from './explain-ladder.ts';
import { valueText } from './points.ts';
import {
  type DaemonOptions,
  type Define,
  output,
  print,
  printJson,
  say,
  withDaemon,
  withExample,
  withLanguage,
} from './verb.ts';
import { daemonSocket } from './where.ts';

export const define: Define = (command, act) => {
  withExample(withLanguage(withDaemon(command)), 'keepwatch explain i3')
    .argument('<incident>', 'its id, such as i3')
    .action(
      act(async (id: string, options: DaemonOptions) => {
        const socket = await daemonSocket(options);
        const explanation = await callDaemon(socket, 'explain', { incident: id });
        const { incident } = explanation;
        if (!incident) {
          say(`keepwatch: there is no incident "${id}"; \`keepwatch incidents --all\` lists them`);
          return 1;
        }
        if (options.json) {
          printJson(explanation);
          return 0;
        }
        const { premises } = await callDaemon(socket, 'status');
        const language = languageOf(options.lang, premises.language);
        const reading = { language, timezone: premises.timezone };
        const names = (await callDaemon(socket, 'names')).points;
        for (const line of explanationLines(output(), { ...explanation, incident, names }, reading))
          print(line);
        return 0;
      }),
    );
};

type Explained = Explanation & {
  readonly incident: Incident;
  /** what points are called, by id */
  readonly names?: NamesReport['points'];
};

export function explanationLines(
  screen: Pick<Screen, 'colours' | 'columns'>,
  explained: Explained,
  reading: Reading,
): string[] {
  const { incident, events } = explained;
  const { language, timezone } = reading;
  const said = words[language];
  const { symbol, colour } = symbols[incident.category];
  const { cause } = incident;
  const opening = events.find((event) => event.type === 'incident.opened');
  const why = opening?.because || cause.rule;
  const pointName = (id: string): string | undefined => {
    const name = explained.names?.[id];
    return name === undefined ? undefined : inLanguage(name, language);
  };
  const say = (because: string): string => becauseIn(because, language, { point: pointName });
  // a reason that names the point has its value; a trouble's cause has none
  const value =
    cause.point !== undefined && cause.value !== null && !why.includes(cause.point)
      ? ` (${pointName(cause.point) ?? cause.point}: ${valueText(cause.value, language)})`
      : '';
  const facts = [incident.id, incident.plan, said.level[incident.level], stateText(incident, language)];
  const hint = incident.state === 'closed' ? undefined : troubleHint(cause.rule);
  const head = `${symbol} ${said.category[incident.category]} ${plain(inBoth(incident.title, language))}`;
  const lines = [
    paint(screen, colour, head),
    `  ${said.title.incident}: ${facts.join(' · ')}`,
    `  ${said.title.opened}: ${momentIn(timezone, incident.openedAt)}`,
    `  ${said.title.because}: ${plain(say(why) + value)}`,
    ...(hint === undefined ? [] : [`  ${said.title.hint}: ${inLanguage(hint, language)}`]),
  ];
  const { finder } = incident;
  if (finder)
    lines.push(`  ${said.title.finder}: ${plain([finder.name, finder.phone ?? ''].join(' ').trim())}`);
  if (incident.place !== undefined) lines.push(`  ${said.title.place}: ${plain(incident.place)}`);
  const endings = [
    [said.title.verdict, incident.verdict && said.verdict[incident.verdict]],
    [said.title.closingCause, incident.closingCause],
    [said.title.remedy, incident.remedy],
    [said.title.losses, incident.losses],
  ] as const;
  for (const [title, text] of endings) if (text) lines.push(`  ${title}: ${plain(text)}`);
  lines.push('', `${said.title.happened}:`);
  const columns = [
    { title: '' },
    { title: '', side: 'left' as const },
    { title: '' },
    { title: '', flexible: true },
  ];
  const rows = events.map((event): (string | Cell)[] => [
    `${timeIn(timezone, event.correctedAt ?? event.at)}${isSure(event) ? '' : '~'}`,
    `+${span(Math.max(0, Date.parse(event.at) - Date.parse(incident.openedAt)))}`,
    said.event[event.type] ?? event.type,
    happening(event, language, say),
  ]);
  // the titles are empty: the head of the table says nothing
  lines.push(...table(screen, columns, rows).slice(1));
  if (!events.every(isSure)) lines.push(`  ${said.title.tilde}`);
  if (incident.state !== 'closed') lines.push(`  ${said.title.stillOpen}`);
  const parts = [
    toldLines(screen, incident, reading),
    stepLines(screen, incident, reading),
    evidenceLines(screen, incident, reading),
    nextLines(screen, incident, explained.next ?? [], reading),
  ];
  for (const part of parts) if (part.length > 0) lines.push('', ...part);
  return lines;
}

/** Was the time right when it was written, or is it known by now? */
function isSure({ clock, correctedAt }: Event): boolean {
  return clock === 'synced' || correctedAt !== undefined;
}

function happening(event: Event, language: Language, say: (because: string) => string): string {
  const parts: string[] = [];
  if (event.step) parts.push(event.step);
  if (event.because) parts.push(say(event.because));
  if (event.note && !isSaid(event)) parts.push(`“${event.note}”`);
  const by = byWhom(event, language);
  if (by !== '') parts.push(by);
  return parts.join(' ');
}

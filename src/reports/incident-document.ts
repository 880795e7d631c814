// An incident's report laid out for people: which parts in which order, in one language. Decides no figures; knows
// neither Markdown nor PDF.

import type { Language } from '../core/types.ts';
import { callBeside, handedOver } from '../core/vocabulary.ts';
import { plain } from '../lib/width.ts';
import { type Block, type Document, facts, named, section, textIn } from './document.ts';
import { improvementIn } from './improvement-words.ts';
import { type Reason, reasonsIn, rolesIn, whatHappened } from './row-words.ts';
import { lengthIn, momentAt } from './time.ts';
import type { IncidentReport, Judged, ReportDelivery, Telling, TimelineRow } from './types.ts';
import { checklistOf } from './walk-test-checklist.ts';
import { valueIn, words } from './words.ts';

/** Most rows of a table on paper; JSON and CSV have all. */
const mostRows = 500;

interface Writing {
  readonly language: Language;
  readonly at: (moment: string) => string;
  readonly reason: Reason;
}

export function incidentDocument(report: IncidentReport, language: Language): Document {
  const said = words[language];
  const { incident, premises } = report;
  const writing: Writing = {
    language,
    at: (moment) => momentAt(premises.timezone, moment),
    reason: reasonsIn(report, language),
  };
  const place = named(premises.name, premises.id, language);
  return {
    language,
    title: `${incident.drill ? said.drillReport : said.incidentReport} · ${textIn(incident.title, language)}`,
    subtitle: `${place} · ${plain(incident.id)}`,
    ...(incident.drill && { watermark: said.drillMark }),
    footer: `${plain(incident.id)} · ${said.madeAt} ${writing.at(report.madeAt)} (${plain(premises.timezone)})`,
    blocks: [
      headOf(report, writing),
      ...checklistOf(report, language, writing.at),
      ...causeOf(report, writing),
      ...timelineOf(report.timeline, writing),
      ...tellingsOf(report.tellings, writing),
      ...stepsOf(report, writing),
      ...callsOf(report, writing),
      ...evidenceOf(report, writing),
      ...figuresOf(report, writing),
      ...outcomeOf(report, writing),
      ...scoreOf(report, writing),
      ...improvementsOf(report, writing),
    ],
  };
}

function headOf({ incident, premises }: IncidentReport, { language, at }: Writing): Block {
  const said = words[language];
  const { finder } = incident;
  const done = (moment: string | undefined, by?: string): string | undefined =>
    moment === undefined ? undefined : at(moment) + (by === undefined ? '' : ` · ${said.by} ${plain(by)}`);
  return facts([
    [said.premises, named(premises.name, premises.id, language)],
    [said.incident, incident.id],
    [said.what, textIn(incident.title, language)],
    [said.plan, named(incident.planTitle, incident.plan, language)],
    [said.category, valueIn(language, incident.category)],
    [said.level, valueIn(language, incident.level)],
    [said.zone, incident.zone && named(incident.zoneName, incident.zone, language)],
    [said.place, incident.place],
    [said.finder, finder && [finder.name, finder.phone].filter(Boolean).join(' · ')],
    [said.drill, incident.drill ? said.drillYes : undefined],
    [said.state, valueIn(language, incident.state)],
    [said.opened, at(incident.openedAt)],
    [said.acknowledged, done(incident.acknowledgedAt, incident.acknowledgedBy)],
    [said.returned, done(incident.returnedAt)],
    [said.closed, done(incident.closedAt, incident.closedBy) ?? said.stillOpen],
  ]);
}

function shown(value: boolean | number | string | null, language: Language): string {
  const said = words[language];
  if (value === null) return '—';
  return typeof value === 'boolean' ? (value ? said.yes : said.no) : String(value);
}

function causeOf(
  { incident, signals, signalCount }: IncidentReport,
  { language, at, reason }: Writing,
): Block[] {
  const said = words[language];
  const { about, aboutName, value, because } = incident.firstCause;
  const blocks: Block[] = [
    { type: 'heading', text: said.firstCause },
    facts([
      [said.sensor, about && named(aboutName, about, language)],
      [said.value, value === null ? undefined : shown(value, language)],
      [said.why, because && reason(because)],
    ]),
    ...section(
      said.signals,
      [
        { title: said.time, width: 20 },
        { title: said.sensor, width: 28 },
        { title: said.value, width: 10 },
        { title: said.why, width: 36 },
        { title: said.active, width: 9 },
        { title: said.timesItCame, width: 9, right: true },
      ],
      signals.map((signal) => [
        at(signal.at),
        signal.about === undefined ? signal.rule : named(signal.aboutName, signal.about, language),
        shown(signal.value, language),
        reason(signal.because),
        signal.active ? said.yes : said.no,
        String(signal.count),
      ]),
      said.none,
    ),
  ];
  if (signalCount > signals.length)
    blocks.push({ type: 'text', text: `${said.signalsLeftOut}: ${signalCount}` });
  return blocks;
}

function timelineOf(rows: readonly TimelineRow[], { language, at, reason }: Writing): Block[] {
  const said = words[language];
  const blocks = section(
    said.timeline,
    [
      { title: said.time, width: 21 },
      { title: said.event, width: 15 },
      { title: said.why, width: 46 },
      { title: said.who, width: 18 },
    ],
    rows
      .slice(0, mostRows)
      .map((row) => [
        at(row.at) + (row.clock === 'unsynced' ? ' ~' : ''),
        valueIn(language, row.what),
        whatHappened(row, language, reason),
        row.by ?? rolesIn(row.roles ?? [], language),
      ]),
    said.none,
  );
  if (rows.some(({ clock }) => clock === 'unsynced')) blocks.push({ type: 'text', text: said.clockMark });
  if (rows.length > mostRows) blocks.push({ type: 'text', text: `${said.listCut}: ${rows.length}` });
  return blocks;
}

function tellingsOf(tellings: readonly Telling[], writing: Writing): Block[] {
  const { language, at, reason } = writing;
  const said = words[language];
  const rows = tellings.flatMap((telling) => {
    if (telling.skipped) return [];
    const head = [at(telling.at), rolesIn(telling.roles, language)];
    const nobody = telling.nobody.map((role) => [
      at(telling.at),
      valueIn(language, role),
      '—',
      '—',
      language === 'zh' ? '无人可通知' : 'nobody could be reached',
    ]);
    const deliveries = telling.deliveries.map((delivery) => [
      at(delivery.at),
      head[1]!,
      delivery.person === undefined
        ? valueIn(language, delivery.role ?? '')
        : named(delivery.personName, delivery.person, language),
      valueIn(language, delivery.channel),
      deliveryIn(delivery, writing),
    ]);
    const all = [...nobody, ...deliveries];
    return all.length > 0 ? all : [[...head, '—', '—', reason(telling.because)]];
  });
  const blocks = section(
    said.tellings,
    [
      { title: said.time, width: 20 },
      { title: said.role, width: 20 },
      { title: said.to, width: 22 },
      { title: said.channel, width: 12 },
      { title: said.delivery, width: 32 },
    ],
    rows.slice(0, mostRows),
    said.none,
  );
  if (rows.length > mostRows) blocks.push({ type: 'text', text: `${said.listCut}: ${rows.length}` });
  return blocks;
}

function deliveryIn(delivery: ReportDelivery, { language, at, reason }: Writing): string {
  const { state, endedAt, because } = delivery;
  const ended = endedAt === undefined ? '' : ` ${at(endedAt).slice(-8)}`;
  const handed = handedOver(delivery);
  if (handed !== undefined)
    return `${valueIn(language, handed === 'unheard' ? 'unheard' : 'handed')}${ended}`;
  return `${valueIn(language, state)}${ended}${because === undefined ? '' : ` · ${reason(because)}`}`;
}

function stepsOf({ steps, incident }: IncidentReport, { language, at, reason }: Writing): Block[] {
  const said = words[language];
  return section(
    said.steps,
    [
      { title: said.step, width: 38 },
      { title: said.role, width: 18 },
      { title: said.limit, width: 20 },
      { title: said.done, width: 24 },
      { title: said.note, width: 20 },
    ],
    steps.map((step) => {
      const by = step.doneBy === undefined ? '' : ` · ${step.doneBy}`;
      const mark = step.late ? ` · ${said.late}` : '';
      const open = step.required && incident.state === 'closed' ? said.missed : '—';
      return [
        textIn(step.text, language) + (step.required ? ` (${said.required})` : ''),
        step.role === undefined ? '' : valueIn(language, step.role),
        step.dueAt === undefined ? '' : at(step.dueAt),
        step.doneAt === undefined ? open + mark : at(step.doneAt) + by + mark,
        // (what the engine ticks it proves in its own words)
        step.doneBy === 'keepwatch' ? reason(step.note ?? '') : (step.note ?? ''),
      ];
    }),
    said.none,
  );
}

function callsOf({ calls }: IncidentReport, { language, at }: Writing): Block[] {
  const said = words[language];
  if (calls.length === 0) return [];
  return section(
    said.calls,
    [
      { title: said.number, width: 16 },
      { title: said.step, width: 50 },
      { title: said.called, width: 22 },
      { title: said.who, width: 16 },
    ],
    calls.map(({ number, step, at: calledAt, by = '' }) => [
      callBeside(number, '') === 'missing' ? said.noNumber : number,
      textIn(step, language),
      calledAt === undefined ? said.notCalled : at(calledAt),
      by,
    ]),
    said.none,
  );
}

function evidenceOf({ evidence }: IncidentReport, { language, at }: Writing): Block[] {
  const said = words[language];
  if (evidence.length === 0) return [];
  return section(
    said.evidence,
    [
      { title: said.evidence, width: 32 },
      { title: said.keep, width: 30 },
      { title: said.heldBy, width: 24 },
      { title: said.note, width: 20 },
    ],
    evidence.map(({ text, keepMs, keepUntil, by, at: securedAt, note = '' }) => [
      textIn(text, language),
      keepUntil === undefined
        ? `${said.keepAtLeast} ${lengthIn(language, keepMs)} · ${said.afterClosing}`
        : at(keepUntil),
      by === undefined ? said.notSecured : `${by}${securedAt === undefined ? '' : ` · ${at(securedAt)}`}`,
      note,
    ]),
    said.none,
  );
}

function figuresOf({ figures, steps }: IncidentReport, { language }: Writing): Block[] {
  const said = words[language];
  const length = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : lengthIn(language, ms);
  const texts = new Map(steps.map(({ id, text }) => [id, text]));
  return [
    { type: 'heading', text: said.figures },
    facts([
      [said.toAcknowledge, length(figures.acknowledgeMs)],
      [said.toFirstTold, length(figures.firstToldMs)],
      [said.toFirstDelivered, length(figures.firstDeliveredMs)],
      [said.toReturn, length(figures.returnMs)],
      [said.toClose, length(figures.closeMs)],
      ...figures.steps.map(({ id, ms, limitMs }): [string, string | undefined] => [
        `${said.step}: ${textIn(texts.get(id) ?? id, language)}`,
        ms === undefined ? undefined : ofLimit(ms, limitMs, language),
      ]),
    ]),
  ];
}

function ofLimit(ms: number, limitMs: number | undefined, language: Language): string {
  const limit = limitMs === undefined ? '' : ` / ${words[language].limit} ${lengthIn(language, limitMs)}`;
  return lengthIn(language, ms) + limit;
}

function outcomeOf({ closing, incident }: IncidentReport, { language }: Writing): Block[] {
  const said = words[language];
  const rows = facts([
    [said.verdict, closing.verdict && valueIn(language, closing.verdict, 'verdict.')],
    [said.cause, closing.cause],
    [said.remedy, closing.remedy],
    [said.losses, closing.losses],
  ]);
  const empty = rows.type === 'facts' && rows.rows.length === 0;
  const nothing = incident.state === 'closed' ? said.none : said.stillOpen;
  return [{ type: 'heading', text: said.outcome }, empty ? { type: 'text', text: nothing } : rows];
}

function scoreOf({ score }: IncidentReport, { language }: Writing): Block[] {
  if (score === undefined) return [];
  const said = words[language];
  const row = (what: string, { ms, limitMs, good }: Judged): string[] => [
    what,
    ms === undefined ? '—' : lengthIn(language, ms),
    limitMs === undefined ? '—' : lengthIn(language, limitMs),
    good === undefined ? '—' : good ? said.yes : said.no,
  ];
  return [
    { type: 'heading', text: said.score },
    facts([
      [said.score, `${score.score} / 100`],
      [said.judgedItems, `${score.kept} / ${score.judged}`],
    ]),
    {
      type: 'table',
      columns: [
        { title: said.what, width: 50 },
        { title: said.took, width: 18, right: true },
        { title: said.limit, width: 18, right: true },
        { title: said.good, width: 12 },
      ],
      rows: [
        row(said.toAcknowledge, score.acknowledge),
        ...score.steps.map((step) => row(textIn(step.text, language), step)),
        row(said.allClear, score.allClear),
      ],
    },
  ];
}

function improvementsOf(report: IncidentReport, { language, reason }: Writing): Block[] {
  const { improvements, incident } = report;
  const said = words[language];
  const people = new Map(
    report.tellings.flatMap(({ deliveries }) =>
      deliveries.flatMap(({ person, personName }) => (person === undefined ? [] : [[person, personName]])),
    ),
  );
  const who = (to: string): string =>
    people.has(to) ? named(people.get(to), to, language) : valueIn(language, to);
  const nothing = incident.state === 'closed' ? said.nothingToChange : said.notJudgedYet;
  return [
    { type: 'heading', text: said.improvements },
    improvements.length === 0
      ? { type: 'text', text: nothing }
      : {
          type: 'list',
          items: improvements.map((each) => plain(improvementIn(each, language, who, reason))),
        },
  ];
}

// The cause-and-effect table as people and spreadsheets take it: lines for a terminal or a printer in either
// language, with what must be known beside it and a place to sign, or CSV. Knows no engine.

import { kinds } from '../core/kinds.ts';
import { inLanguage } from '../core/model.ts';
import type { Language, Text } from '../core/types.ts';
import { levelsZh } from '../core/vocabulary.ts';
import { table } from '../terminal/paint.ts';
import type { Matrix, MatrixCell, MatrixOutput, MatrixRow, Rest } from './matrix.ts';

const english = {
  heading: 'Cause and effect',
  site: 'site',
  zone: 'zone',
  points: 'points',
  kind: 'kind',
  rule: 'rule',
  plan: 'plan',
  level: 'level',
  delay: 'delay',
  rest: 'at rest',
  defaultRule: 'by kind',
  noRule: 'NO RULE',
  on: 'on',
  off: 'off',
  keep: 'as it is',
  latched: 'latched',
  silenced: 'silenced',
  silentPlan: 'silent',
  for: 'for',
  hold: 'hold',
  until: 'until',
  when: 'when',
  rules: 'Rules',
  outputs: 'Outputs',
  interlocks: 'Interlocks (win over rules and people; unknown counts as true)',
  never: 'never',
  while: 'while',
  silenceable: 'can be silenced',
  maxOn: 'on for at most',
  pulse: 'pulse of',
  pattern: 'pattern',
  refresh: 'written again every',
  onStop: 'after a stop',
  checkedBy: 'Checked by',
  date: 'Date',
  signature: 'Signature',
  list: ', ',
  semicolon: '; ',
};
const chinese: typeof english = {
  heading: '因果矩阵表',
  site: '配置',
  zone: '区域',
  points: '点位',
  kind: '类型',
  rule: '规则',
  plan: '预案',
  level: '级别',
  delay: '延时',
  rest: '平时',
  defaultRule: '类型自带',
  noRule: '无规则',
  on: '开',
  off: '关',
  keep: '保持',
  latched: '锁存',
  silenced: '静默',
  silentPlan: '静默预案',
  for: '持续',
  hold: '断开延时',
  until: '直到',
  when: '条件',
  rules: '规则',
  outputs: '输出',
  interlocks: '联锁（优先于规则和人工；状态未知按成立处理）',
  never: '禁止',
  while: '当',
  silenceable: '可消音',
  maxOn: '最长开启',
  pulse: '脉冲',
  pattern: '节拍',
  refresh: '重写间隔',
  onStop: '停止后',
  checkedBy: '核对人',
  date: '日期',
  signature: '签字',
  list: '，',
  semicolon: '；',
};

/** What ids are called on site. */
export interface MatrixNames {
  readonly plans: Readonly<Record<string, Text>>;
  readonly zones: Readonly<Record<string, Text>>;
  readonly points: Readonly<Record<string, Text>>;
}

const noNames: MatrixNames = { plans: {}, zones: {}, points: {} };

/**
 * Lines for people. `hash` says which configuration it was that is signed for. In English the ids are words; in Chinese
 * each is called by its name, and a point by both, because conditions name it by its id.
 */
export function matrixLines(
  matrix: Matrix,
  language: Language,
  hash: string,
  names: MatrixNames = noNames,
): string[] {
  const said = language === 'zh' ? chinese : english;
  const nameIn = (of: Readonly<Record<string, Text>>, id: string): string | undefined =>
    language === 'zh' && of[id] !== undefined ? inLanguage(of[id], language) : undefined;
  const called = (of: Readonly<Record<string, Text>>, id: string | undefined): string =>
    id === undefined ? '' : (nameIn(of, id) ?? id);
  const pointText = (id: string): string => {
    const named = nameIn(names.points, id);
    return named === undefined ? id : `${named} ${id}`;
  };
  const kindText = (kind: string | undefined): string | undefined =>
    language === 'zh' && kind !== undefined ? (kinds[kind]?.zh ?? kind) : kind;
  const lengthText = (ms: number): string => lengthIn(ms, language);
  const numbers = new Map(matrix.interlocks.map(({ id }, at) => [id, at + 1]));
  const name = (text: Text): string => inLanguage(text, language);
  const cellText = (cell: MatrixCell | undefined): string => {
    if (cell === undefined) return '';
    if (cell.silenced) return said.silenced;
    const marks = cell.interlocks.map((id) => ` [${numbers.get(id)}]`).join('');
    return `${said[cell.value]}${cell.latched ? ` ${said.latched}` : ''}${marks}`;
  };
  const titles = ['zone', 'points', 'kind', 'rule', 'plan', 'level', 'delay'] as const;
  const columns = [
    ...titles.map((title) => ({ title: said[title] })),
    ...matrix.outputs.map(({ id, name: text }) => ({
      title: language === 'zh' && text !== undefined ? name(text) : id,
    })),
  ];
  const rest = ['', said.rest, '', '', '', '', '', ...matrix.outputs.map((output) => said[output.rest])];
  const rows = matrix.rows.map((row) => [
    zonesOf(row)
      .split(', ')
      .map((id) => called(names.zones, id))
      .join(said.list),
    row.points.map(({ id }) => pointText(id)).join(said.list),
    unique(row.points.map(({ kind }) => kindText(kind))).join(said.list),
    row.rule === undefined ? said.noRule : row.rule.origin === 'default' ? said.defaultRule : row.rule.id,
    `${called(names.plans, row.plan)}${row.silent ? ` (${said.silentPlan})` : ''}`,
    language === 'zh' && row.level !== undefined ? levelsZh[row.level] : (row.level ?? ''),
    delaysOf(row, said, lengthText),
    ...matrix.outputs.map(({ id }) => cellText(row.cells[id])),
  ]);
  const written = matrix.rows.flatMap(({ rule }) => (rule?.origin === 'written' ? [rule] : []));
  const { premises } = matrix;
  return [
    `${said.heading} · ${name(premises.name)} (${premises.id}) · ${said.site} ${hash}`,
    '',
    ...table({ colours: false }, columns, [rest, ...rows]),
    ...section(
      said.rules,
      written.map(
        ({ id, when, until }) =>
          `${id}: ${said.when} ${when}${until === undefined ? '' : `${said.semicolon}${said.until} ${until}`}`,
      ),
    ),
    ...section(
      said.outputs,
      matrix.outputs.map((output) => {
        const called = output.name === undefined ? output.id : `${output.id} (${name(output.name)})`;
        return `${called}: ${notesOf(output, said, lengthText).join(said.semicolon)}`;
      }),
    ),
    ...section(
      said.interlocks,
      matrix.interlocks.map(
        (one) =>
          `[${numbers.get(one.id)}] ${one.id}: ${said.never} ${one.output} ${said[one.never]}${said.list}${said.while} ${one.while}`,
      ),
    ),
    '',
    `${said.checkedBy}: ____________________   ${said.signature}: ____________________   ${said.date}: ______________`,
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line.replace(/\s+/g, ' ')}`)];
}

function zonesOf(row: MatrixRow): string {
  return row.zone ?? unique(row.points.map(({ zone }) => zone)).join(', ');
}

type LengthText = (ms: number) => string;

function delaysOf({ rule }: MatrixRow, said: typeof english, length: LengthText): string {
  if (rule === undefined) return '';
  const parts = [
    rule.forMs > 0 ? `${said.for} ${length(rule.forMs)}` : '',
    rule.holdMs > 0 ? `${said.hold} ${length(rule.holdMs)}` : '',
  ];
  return parts.filter(Boolean).join(said.list);
}

function notesOf(output: MatrixOutput, said: typeof english, length: LengthText): string[] {
  const after: Rest = output.onStop;
  return [
    `${said.rest} ${said[output.rest]}`,
    output.silenceable ? said.silenceable : '',
    output.maxOnMs === undefined ? '' : `${said.maxOn} ${length(output.maxOnMs)}`,
    output.pulseMs === undefined ? '' : `${said.pulse} ${length(output.pulseMs)}`,
    output.patternMs === undefined ? '' : `${said.pattern} ${output.patternMs.map(length).join(' ')}`,
    output.refreshMs === undefined ? '' : `${said.refresh} ${length(output.refreshMs)}`,
    `${said.onStop} ${said[after]}`,
  ].filter(Boolean);
}

const csvTitles = 'zone points kinds rule origin when until plan level silent latch for hold'.split(' ');

/** One line for each row, a column for each output; ids and words of the contract, whatever the language. */
export function matrixCsv(matrix: Matrix): string[] {
  const rows = matrix.rows.map((row) => [
    zonesOf(row),
    row.points.map(({ id }) => id).join(' '),
    unique(row.points.map(({ kind }) => kind)).join(' '),
    row.rule?.id ?? '',
    row.rule?.origin ?? 'none',
    row.rule?.when ?? '',
    row.rule?.until ?? '',
    row.plan ?? '',
    row.level ?? '',
    String(row.silent),
    String(row.rule?.latch ?? false),
    durationText(row.rule?.forMs ?? 0),
    durationText(row.rule?.holdMs ?? 0),
    ...matrix.outputs.map(({ id }) => {
      const cell = row.cells[id];
      if (cell === undefined) return '';
      if (cell.silenced) return 'silenced';
      const held = cell.interlocks.length > 0 ? ` unless ${cell.interlocks.join(' ')}` : '';
      return `${cell.value}${cell.latched ? ' latched' : ''}${held}`;
    }),
  ]);
  const rest = ['', 'at rest', ...csvTitles.slice(2).map(() => ''), ...matrix.outputs.map((one) => one.rest)];
  return [[...csvTitles, ...matrix.outputs.map(({ id }) => id)], rest, ...rows].map((row) =>
    row.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(','),
  );
}

function unique(given: readonly (string | undefined)[]): string[] {
  return [...new Set(given.filter((one) => one !== undefined))];
}

/** As the site file has it; in Chinese with words. */
function lengthIn(ms: number, language: Language): string {
  const text = durationText(ms);
  if (language === 'en') return text;
  const unit = { ms: '毫秒', s: '秒', m: '分钟', h: '小时' }[
    text.replace(/^\d+/, '') as 'ms' | 's' | 'm' | 'h'
  ];
  return `${Number.parseInt(text, 10)} ${unit}`;
}

/** As the site file has it: `10m`, `1500ms`. */
export function durationText(ms: number): string {
  for (const [unit, size] of [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const)
    if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`;
  return `${ms}ms`;
}

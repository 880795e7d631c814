// The doctor's findings as lines for people: what is well in short, what must be mended with its mend. Asks nothing.

import type { Language } from '../core/types.ts';
import { plain } from '../lib/width.ts';
import { paint, type Screen } from '../terminal/paint.ts';
import type { Looked } from './index.ts';
import type { Finding, FindingState } from './types.ts';

const signs: Readonly<
  Record<FindingState, { readonly sign: string; readonly colour: 'green' | 'yellow' | 'red' }>
> = {
  good: { sign: '✓', colour: 'green' },
  note: { sign: '!', colour: 'yellow' },
  fault: { sign: '✗', colour: 'red' },
};

export function doctorLines(
  screen: Pick<Screen, 'colours'>,
  looked: readonly Looked[],
  language: Language,
): string[] {
  const lines = looked.flatMap(({ name, findings }) =>
    findings.map((finding) => lineOf(screen, name[language], finding, language)),
  );
  const all = looked.flatMap(({ findings }) => findings);
  const count = (state: FindingState): number => all.filter((finding) => finding.state === state).length;
  const [faults, notes] = [count('fault'), count('note')];
  const summary =
    language === 'zh'
      ? faults > 0
        ? `${faults} 项需要处理，${notes} 项提示`
        : `没有需要处理的问题，${notes} 项提示`
      : faults > 0
        ? `${faults} to be mended, ${notes} to be noted`
        : `nothing to be mended, ${notes} to be noted`;
  return [...lines, '', paint(screen, faults > 0 ? 'red' : 'green', summary)];
}

function lineOf(
  screen: Pick<Screen, 'colours'>,
  name: string,
  { state, what, mend }: Finding,
  language: Language,
): string {
  const { sign, colour } = signs[state];
  const arrow = mend === undefined ? '' : ` → ${plain(mend[language])}`;
  return `${paint(screen, colour, sign)} ${name}${language === 'zh' ? '：' : ': '}${plain(what[language])}${arrow}`;
}

export function isWell(looked: readonly Looked[]): boolean {
  return looked.every(({ findings }) => findings.every(({ state }) => state !== 'fault'));
}

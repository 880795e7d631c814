// What would have happened beside what did, as a table for people, with what was left out said under it. Pure.

import { becauseIn } from '../core/because-words.ts';
import type { Language } from '../core/types.ts';
import { plain } from '../lib/width.ts';
import type { Reading } from '../terminal/lines.ts';
import { type Cell, type Screen, table } from '../terminal/paint.ts';
import { inLanguage, momentIn, span } from '../terminal/words.ts';
import type { Course, Pair, WhatIf } from '../what-if.ts';

interface Words {
  readonly head: (from: string, to: string, facts: number) => string;
  readonly cut: string;
  readonly nothing: string;
  readonly what: string;
  readonly was: string;
  readonly would: string;
  readonly because: string;
  readonly found: Readonly<Record<Pair['found'], string>>;
  readonly open: string;
  readonly counts: (both: number, then: number, now: number) => string;
  readonly parts: (count: number) => string;
  readonly earlier: string;
  readonly notes: readonly string[];
}

const words: Readonly<Record<Language, Words>> = {
  en: {
    head: (from, to, facts) => `${from} to ${to}, ${facts} facts of the journal`,
    cut: 'The journal does not go back further: what happened before is not in this table.',
    nothing: 'no incidents, neither then nor with these rules',
    what: 'what',
    was: 'as it was',
    would: 'with these rules',
    because: 'because',
    found: { both: '= both', onlyThen: '− only then', onlyNow: '+ only now', part: '· part of one' },
    open: 'open',
    counts: (both, then, now) => `both ${both}, only then ${then}, only now ${now}`,
    parts: (count) => `${count} more ${count === 1 ? 'is' : 'are'} part of one that is on both sides`,
    earlier: '≤: the journal has these values only at this time; it may have been earlier.',
    notes: [
      'Acts on incidents (acknowledge, close, shelve, drills) are not replayed; raising, disabling, outputs and walk tests are.',
      'So an incident with these rules lasts as long as its condition, also where people close it or it latches.',
      'Changes that meant nothing to the rules of then are known only as they stood at the next fact.',
    ],
  },
  zh: {
    head: (from, to, facts) => `${from} 至 ${to}，日志记录 ${facts} 条`,
    cut: '日志只保存到此时，更早的情况不在表中。',
    nothing: '当时与按此规则均无事件',
    what: '事件',
    was: '当时',
    would: '按此规则',
    because: '原因',
    found: { both: '= 都有', onlyThen: '− 仅当时', onlyNow: '+ 仅此规则', part: '· 属同一事件' },
    open: '未结束',
    counts: (both, then, now) => `都有 ${both}，仅当时 ${then}，仅此规则 ${now}`,
    parts: (count) => `另有 ${count} 件属于两边都有的同一事件`,
    earlier: '≤：日志只在此时记下这些值，实际可能更早。',
    notes: [
      '不重演人员对事件的操作（确认、关闭、搁置、演练）；手动启动、停用、输出和探测器测试照常重演。',
      '因此按此规则的事件持续到条件消失为止，即使应由人员关闭或已锁存。',
      '对当时规则没有意义的变化，只知道下一条记录时的值。',
    ],
  },
};

const colours = { both: undefined, onlyThen: 'yellow', onlyNow: 'cyan', part: 'dim' } as const;

export function replayLines(
  screen: Pick<Screen, 'colours' | 'columns'>,
  found: WhatIf,
  { language, timezone }: Reading,
): string[] {
  const say = words[language];
  const { pairs } = found;
  const lines = [say.head(momentIn(timezone, found.from), momentIn(timezone, found.to), found.facts)];
  if (found.cut) lines.push(say.cut);
  lines.push('');
  if (pairs.length === 0) lines.push(say.nothing);
  else {
    const columns = [
      { title: '' },
      { title: say.what, flexible: true },
      { title: say.was },
      { title: say.would },
      { title: say.because, flexible: true },
    ];
    const rows = pairs.map((pair): (string | Cell)[] => {
      const course = (pair.would ?? pair.was)!;
      const colour = colours[pair.found];
      const sign = say.found[pair.found];
      return [
        colour === undefined ? sign : { text: sign, colour },
        inLanguage(course.title, language),
        lasted(pair.was, timezone, say),
        lasted(pair.would, timezone, say),
        plain(becauseIn(course.because, language)),
      ];
    });
    const count = (of: Pair['found']): number => pairs.filter((pair) => pair.found === of).length;
    lines.push(
      ...table(screen, columns, rows),
      '',
      say.counts(count('both'), count('onlyThen'), count('onlyNow')),
    );
    if (count('part') > 0) lines.push(say.parts(count('part')));
    if (pairs.some(({ would }) => would?.orEarlier)) lines.push(say.earlier);
  }
  return [...lines, ...say.notes];
}

/** `2026-11-22 09:02:03 12 min`: when it opened, and for how long. */
function lasted(course: Course | undefined, timezone: string, say: Words): string {
  if (course === undefined) return '';
  const opened = `${course.orEarlier ? '≤ ' : ''}${momentIn(timezone, course.openedAt)}`;
  const long =
    course.closedAt === undefined
      ? say.open
      : span(Math.max(0, Date.parse(course.closedAt) - Date.parse(course.openedAt)));
  return `${opened} ${long}`;
}

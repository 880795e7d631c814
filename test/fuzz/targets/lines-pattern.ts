// Regular expressions from a site file: a pattern is compiled or refused with a hint, and a search of a line ends, with
// a match, without one, or with SearchTimeout.

import { compile, SearchTimeout, search } from '../../../drivers/serial/lines/pattern.ts';
import { lines } from '../../../drivers/serial/lines/protocol.ts';
import { AddressFault } from '../../../src/driver.ts';
import { must, outline, type Target, textOf, wordsOf } from '../target.ts';

const mayThrow = (error: unknown): error is AddressFault =>
  error instanceof AddressFault && error.hint !== '';

function point(match: string, choice: number): string {
  const settings = {
    match,
    ...(choice & 1 && { capture: choice & 2 ? 1 : 'loop' }),
    ...(choice & 4 && { clear: match }),
  };
  try {
    return lines.point({}, {}, settings).type;
  } catch (error) {
    if (!mayThrow(error)) throw error;
    return wordsOf(error);
  }
}

export const linesPattern: Target = {
  name: 'lines-pattern',
  what: 'patterns of a site file: compiled, or refused with a hint; a search ends within its limit',
  seeds: [
    '^:ALARM (Z\\d+)\n:ALARM Z001 1.1',
    '(?<loop>\\d+)-\\d+\n12-3',
    'a+b*c?[a-z]{2,3}\naaaabbbbcxyz',
    '(a|b)+$\nabababab',
    '(?:x+)+y\nxxxxxxxxxxxxxxxxxxxxx',
    '首次火警|火警后续\n首次火警',
    '\\p{L}+(?=x)\nabcx',
  ],
  words: [
    '(',
    ')',
    '[',
    ']',
    '*',
    '+',
    '?',
    '{1,9}',
    '{2}',
    '|',
    '\\',
    '\\1',
    '\\k<a>',
    '(?<a>',
    '(?:',
    '(?=',
    '(?!',
    '\\d',
    '\\s',
    '.',
    '^',
    '$',
    '[^',
    '\n',
    '\\p{L}',
    '\\u{1F600}',
  ],
  largestBytes: 120,
  // by its own limit a search may take 250 ms, and the time of an idle wait is not the machine's
  slowestMs: 3000,
  executions: 50_000,
  run(bytes) {
    const text = textOf(bytes);
    const at = text.indexOf('\n');
    const [source, line] = at < 0 ? [text, text] : [text.slice(0, at), text.slice(at + 1)];
    const kind = point(source, bytes.length % 8);
    let pattern: RegExp;
    try {
      pattern = compile('match', source);
    } catch (error) {
      if (!mayThrow(error)) throw error;
      return `${kind} ${wordsOf(error)}`;
    }
    try {
      const found = search(pattern, line);
      must(found === null || line.includes(found[0]), 'a match that is not in the line');
      return `${kind} ${outline(found === null ? null : [...found])}`;
    } catch (error) {
      if (!(error instanceof SearchTimeout)) throw error;
      return 'timeout';
    }
  },
};

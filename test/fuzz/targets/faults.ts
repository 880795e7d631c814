// What must hold for the faults of any file: each has a place inside the file and says what is wrong and what to do, in
// one line, in words for people.

import type { Fault } from '../../../src/config/types.ts';
import { must, wordsOf } from '../target.ts';

/** Throws Broken; gives a few words on which faults there were. */
export function soundFaults(faults: readonly Fault[], file: string, text: string): string {
  // the YAML parser counts lines by line feeds
  const lines = text.split('\n').length;
  for (const { file: where, line, column, what, todo } of faults) {
    const shown = `${where}:${line}:${column}: ${what}; ${todo}`;
    must(Number.isInteger(line) && line >= 1 && Number.isInteger(column) && column >= 1, () => shown);
    must(where !== file || line <= lines, () => `beyond the file's ${lines} lines: ${shown}`);
    must(what !== '' && todo !== '' && !/\n/.test(what + todo), () => `a fault without words: ${shown}`);
    must(what.length + todo.length < 20_000, () => `a fault without end: ${shown.slice(0, 300)}`);
    for (const leak of ['[object ', 'undefined', 'NaN', 'function '])
      must(
        !`${what} ${todo}`.includes(leak) || text.includes(leak.trim()),
        () => `words of the program: ${shown}`,
      );
  }
  const kinds = new Set(faults.map(({ severity, what }) => `${severity} ${wordsOf(what)}`));
  return [...kinds].slice(0, 4).join('|');
}

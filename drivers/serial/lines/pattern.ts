// Regular expressions from a site file, made safe to run on what a serial line brings: nested repetition is
// refused when the file is read, and every search has a time limit. Knows nothing of points or panels.

import { createContext, Script } from 'node:vm';
import { AddressFault } from '../../../src/driver.ts';

/** For the first try; a search of an ordinary line takes microseconds. */
const searchLimitMs = 50;
/** Each further try may take this much longer: 50, 200, 800, 3200 ms. */
const patience = 4;
const mostTries = 4;

/**
 * Why a pattern may take exponential time, or undefined. Refused are a repeated group that holds a
 * repetition or an alternation, and back-references: what is left takes polynomial time at worst.
 */
export function danger(source: string): string | undefined {
  /** for each open group: does it hold a repetition, an alternation? */
  const groups: { repetition: boolean; alternation: boolean }[] = [{ repetition: false, alternation: false }];
  let closed: { repetition: boolean; alternation: boolean } | undefined;
  for (let at = 0; at < source.length; at++) {
    const rest = source.slice(at);
    const group = groups[groups.length - 1]!;
    const repetition = /^(?:[*+]|\{\d+(?:,\d*)?\})/.exec(rest)?.[0];
    if (repetition !== undefined) {
      if (closed?.repetition) return 'a repetition inside a repeated group';
      const fixed = /^\{\d+\}$/.test(repetition);
      if (closed?.alternation && !fixed) return 'an alternation inside a repeated group';
      if (!fixed) group.repetition = true;
      at += repetition.length - 1;
      closed = undefined;
      continue;
    }
    closed = undefined;
    const character = source[at];
    if (character === '\\') {
      if (/^\\(?:[1-9]|k<)/.test(rest)) return 'a back-reference';
      at++;
    } else if (character === '[') {
      at += (/^\[(?:\\.|[^\]\\])*\]/s.exec(rest)?.[0].length ?? 1) - 1;
    } else if (character === '(') {
      groups.push({ repetition: false, alternation: false });
    } else if (character === ')' && groups.length > 1) {
      closed = groups.pop()!;
      const outer = groups[groups.length - 1]!;
      outer.repetition ||= closed.repetition;
      outer.alternation ||= closed.alternation;
    } else if (character === '|') {
      group.alternation = true;
    }
  }
  return undefined;
}

/** Compiles the pattern of the key `key`, with `.` for line feeds as well; throws AddressFault. */
export function compile(key: string, source: string): RegExp {
  const why = danger(source);
  if (why) {
    throw new AddressFault(
      key,
      `the pattern ${JSON.stringify(source)} may run for ever: ${why}`,
      'write it flat: one repetition at a time, alternatives outside of it',
    );
  }
  if (source === '')
    throw new AddressFault(key, 'an empty pattern matches every line', 'write the text to look for');
  try {
    return new RegExp(source, 'su');
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new AddressFault(
      key,
      message,
      'mend the pattern; a character such as ( . * is meant literally after a \\',
    );
  }
}

export class SearchTimeout extends Error {}

/** What a try gives that was stopped at its limit. */
export const stopped = Symbol('stopped');

/**
 * Tries until there is a result. V8 measures a limit by the clock on the wall, and a machine that is busy or was
 * suspended lets it pass while the search itself has had no time at all: then a good match, perhaps an alarm, would
 * be lost. So one try is never enough, and work counts as too slow only when it has really had the processor.
 *
 * @param attempt gives `stopped` when the milliseconds have passed
 * @param processorMs processor time of this program so far
 * @returns `stopped` where it is too slow
 */
export function patiently<T>(
  attempt: (limitMs: number) => T | typeof stopped,
  processorMs: () => number,
): T | typeof stopped {
  let limitMs = searchLimitMs;
  for (let tries = 1; ; tries++) {
    const before = processorMs();
    const result = attempt(limitMs);
    if (result !== stopped) return result;
    const worked = processorMs() - before >= limitMs / 2;
    if ((tries > 1 && worked) || tries === mostTries) return stopped;
    limitMs *= patience;
  }
}

// A regular expression can be stopped only from outside its own turn, which the `vm` module does; 0.06 ms a call.
const context = createContext({ pattern: undefined as RegExp | undefined, text: '' });
const script = new Script('pattern.exec(text)');

function attempt(limitMs: number): RegExpExecArray | null | typeof stopped {
  try {
    return script.runInContext(context, { timeout: limitMs }) as RegExpExecArray | null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    return stopped;
  }
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Searches. Throws SearchTimeout where the pattern is too slow for the text: after 250 ms, on a starved machine later. */
export function search(pattern: RegExp, text: string): RegExpExecArray | null {
  context.pattern = pattern;
  context.text = text;
  const found = patiently(attempt, processorMs);
  if (found === stopped) throw new SearchTimeout(`the pattern ${pattern.source} took too long on one line`);
  return found;
}

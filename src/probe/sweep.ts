// Looks for units on a line: one small read of each unit number, with one setting of the line after another until
// units answer. An exception is an answer as well. Never writes to a device; says nothing to people by itself.

import type { Answer, Line } from './ask.ts';
import { singleRead } from './ask.ts';

/** Settings of a serial line that are tried; undefined: as they are, or a network. */
export interface LineSetting {
  readonly baudRate: number;
  readonly parity: 'none' | 'even' | 'odd';
}

export interface FoundUnit {
  readonly unit: number;
  /** undefined on a network */
  readonly setting: LineSetting | undefined;
  /** what it answered: `holding:0 = 230`, or the words of its exception */
  readonly answered: string;
  /** it answered to a second question, for which it was given five times as long */
  readonly slow: boolean;
}

export interface Noise {
  readonly unit: number;
  readonly setting: LineSetting | undefined;
  readonly message: string;
}

export interface SweepResult {
  readonly found: readonly FoundUnit[];
  /** bytes came that were no answer: a wrong baud rate, or two units of one number */
  readonly noise: readonly Noise[];
  /** settings that were gone through, in order */
  readonly tried: readonly (LineSetting | undefined)[];
  /** the peer answers whatever the unit: one device, not a gateway */
  readonly anyUnit: boolean;
  /** why it ended before its time: the line went, or a person stopped it */
  readonly stopped?: string;
}

export interface SweepOptions {
  readonly settings: readonly (LineSetting | undefined)[];
  readonly units: readonly number[];
  readonly timeoutMs: number;
  /** go through all settings, also after one that found units */
  readonly exhaustive: boolean;
  readonly signal: AbortSignal;
  open(setting: LineSetting | undefined): Promise<Line>;
  /** called before a line is closed */
  closing?(line: Line): void;
  /** called with each line while it is open and its units are known */
  look?(line: Line, found: readonly FoundUnit[]): Promise<void>;
  progress?(at: {
    setting: LineSetting | undefined;
    unit: number;
    done: number;
    of: number;
    found: number;
  }): void;
  onFound?(found: FoundUnit): void;
}

/** the small reads, in the order in which devices most often know them */
const reads = ['holding:0', 'input:0', 'discrete:0'];
const slowFactor = 5;
/** numbers that nobody gives to units; a peer that answers to all of them answers to any */
const unlikely = [213, 227, 241];

/** Rejects where a line can't be opened at all. */
export async function sweep(options: SweepOptions): Promise<SweepResult> {
  const found: FoundUnit[] = [];
  const noise: Noise[] = [];
  const tried: (LineSetting | undefined)[] = [];
  let anyUnit = false;
  let stopped: string | undefined;
  for (const setting of options.settings) {
    if (options.signal.aborted) break;
    const line = await options.open(setting);
    tried.push(setting);
    try {
      anyUnit = setting === undefined && (await answersAnyUnit(line, options));
      const units = anyUnit ? options.units.slice(0, 1) : options.units;
      const before = found.length;
      stopped = await sweepLine(line, setting, units, options, found, noise);
      if (found.length > before) await options.look?.(line, found.slice(before));
    } finally {
      options.closing?.(line);
      await line.close();
    }
    if (stopped !== undefined || (found.length > 0 && !options.exhaustive)) break;
  }
  if (options.signal.aborted) stopped = 'stopped';
  return { found, noise, tried, anyUnit, ...(stopped === undefined ? {} : { stopped }) };
}

async function answersAnyUnit(line: Line, options: SweepOptions): Promise<boolean> {
  for (const unit of unlikely) {
    const answer = await line.ask(singleRead(line, unit, reads[0]!), options.timeoutMs);
    if (!isThere(answer)) return false;
  }
  return true;
}

/** Asks each unit; returns why it ended early. */
async function sweepLine(
  line: Line,
  setting: LineSetting | undefined,
  units: readonly number[],
  options: SweepOptions,
  found: FoundUnit[],
  noise: Noise[],
): Promise<string | undefined> {
  const take = (unit: number, answered: string, slow: boolean): void => {
    if (found.some((each) => each.unit === unit && each.setting === setting)) return;
    const each = { unit, setting, answered, slow };
    found.push(each);
    options.onFound?.(each);
  };
  let previous: number | undefined;
  for (const [index, unit] of units.entries()) {
    options.progress?.({ setting, unit, done: index, of: units.length, found: found.length });
    let odd: string | undefined;
    let here = false;
    for (const read of reads) {
      const answer = await line.ask(singleRead(line, unit, read), options.timeoutMs);
      if (answer.kind === 'link') return answer.message;
      if (isThere(answer)) {
        take(unit, answerText(read, answer), false);
        here = true;
        break;
      }
      if (answer.kind !== 'timeout') odd = answer.message;
    }
    // Bytes that fit nothing: a slow answer to an earlier question, of this unit or of the one before, or noise.
    if (odd !== undefined) {
      for (const again of [...(previous === undefined ? [] : [previous]), ...(here ? [] : [unit])]) {
        const heard = await askSlowly(line, again, options.timeoutMs);
        if (heard.kind === 'link') return heard.message;
        if (isThere(heard)) {
          take(again, answerText(reads[0]!, heard), true);
          if (again === unit) here = true;
        }
      }
      if (!here) noise.push({ unit, setting, message: odd });
    }
    previous = unit;
  }
  return undefined;
}

/** With time enough for the slowest; the first read that brings anything. */
async function askSlowly(line: Line, unit: number, timeoutMs: number): Promise<Answer> {
  let last: Answer = { kind: 'timeout', message: 'no answer' };
  for (const read of reads) {
    last = await line.ask(singleRead(line, unit, read), slowFactor * timeoutMs);
    if (last.kind === 'link' || isThere(last)) return last;
  }
  return last;
}

type There = Extract<Answer, { readonly kind: 'values' | 'exception' }>;

/** An exception is an answer, too: somebody is there to refuse. */
function isThere(answer: Answer): answer is There {
  return answer.kind === 'values' || answer.kind === 'exception';
}

function answerText(read: string, answer: There): string {
  if (answer.kind === 'values') return `${read} = ${Number(answer.raws[0])}`;
  // who refused what is in the columns beside it
  return `${read}: ${answer.message.replace(/ from unit .*$/, '')}`;
}

// What the fuzzer throws bytes at, and the few tools that targets share. A target knows one parser and what must
// hold for whatever it is given; it must not know how inputs are made.

import { randomOf, seedOf } from './random.ts';

export interface Target {
  readonly name: string;
  /** for people: what is parsed, and what must hold */
  readonly what: string;
  /** inputs to begin with; those in corpus/NAME/ are added */
  readonly seeds: readonly (string | Uint8Array)[];
  /** pieces of the language that chance alone would not find */
  readonly words?: readonly (string | Uint8Array)[];
  /** default 512 */
  readonly largestBytes?: number;
  /** processor time that one input may take; default 100 ms */
  readonly slowestMs?: number;
  /** how many `npm run fuzz` makes unless told; default 100,000 */
  readonly executions?: number;
  /** A folder, a server: whatever `run` needs. Gives back how to take it down. */
  open?(): Promise<() => Promise<void>>;
  /**
   * Runs the parser and throws where anything does not hold that must. The same bytes must do the same. Gives a few
   * words on what became of them: an input that brings new words is worth changing further.
   */
  run(bytes: Uint8Array): string | Promise<string>;
  /** A reader that is given every input, one after the other, and must not keep growing. */
  endless?(): (bytes: Uint8Array) => void;
}

/** What must hold does not. */
export class Broken extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'Broken';
  }
}

/** Throws Broken unless it holds; `what` is made only then. */
export function must(holds: boolean, what: string | (() => string)): asserts holds {
  if (!holds) throw new Broken(typeof what === 'string' ? what : what());
}

/** Both must be the same as JSON. */
export function mustEqual(got: unknown, wanted: unknown, what: string): void {
  const [one, other] = [JSON.stringify(got), JSON.stringify(wanted)];
  must(one === other, () => `${what}: ${one?.slice(0, 300)} is not ${other?.slice(0, 300)}`);
}

/** The bytes cut at random, the same each time: now and then single bytes all through. */
export function piecesOf(bytes: Uint8Array): Uint8Array[] {
  const random = randomOf(seedOf(bytes));
  const most = random.once(3) ? 1 : 1 + random.below(24);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.below(most);
    pieces.push(bytes.slice(at, at + length));
    at += length;
  }
  return pieces;
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

/** A short outline of a value: its kind and rough size, three levels deep. New outlines are what the fuzzer looks for. */
export function outline(value: unknown, depth = 3): string {
  switch (typeof value) {
    case 'number':
      return sizeOf(value);
    case 'string':
      return `s${value.length === 0 ? 0 : 32 - Math.clz32(value.length)}`;
    case 'boolean':
      return value ? 't' : 'f';
    case 'object':
      break;
    default:
      return typeof value;
  }
  if (value === null) return '-';
  if (depth === 0) return '…';
  if (value instanceof Map || value instanceof Set) return outline([...value], depth);
  if (value instanceof Uint8Array) return `b${32 - Math.clz32(value.length)}`;
  if (Array.isArray(value)) {
    const kinds = new Set(value.slice(0, 20).map((each) => outline(each, depth - 1)));
    return `[${32 - Math.clz32(value.length)} ${[...kinds].slice(0, 6).join(' ')}]`;
  }
  const parts = Object.entries(value).map(([key, each]) => `${key}:${outline(each, depth - 1)}`);
  return `{${parts.slice(0, 24).join(' ')}}`;
}

function sizeOf(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const sign = value < 0 ? '-' : '';
  const size = Math.abs(value);
  const whole = Number.isInteger(value) ? '' : '.';
  return `${sign}n${whole}${size < 1 ? 0 : Math.ceil(Math.log2(size + 1))}`;
}

/** The outline of what `parse` gives, or the words of an error that it may throw. Anything else goes on. */
export function outcome(parse: () => unknown, mayThrow: (error: unknown) => boolean): string {
  try {
    return outline(parse());
  } catch (error) {
    if (!mayThrow(error)) throw error;
    return wordsOf(error);
  }
}

/** A message without what it quotes of the input. */
export function wordsOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name} ${error.message}` : String(error);
  return text
    .replaceAll(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, '"')
    .replaceAll(/\d+/g, '#')
    .slice(0, 120);
}

// Makes new inputs of old ones: flips, cuts, doubles, joins, and puts in words and numbers that parsers trip over.
// Knows nothing of what is parsed.

import type { Random } from './random.ts';

type Change = (bytes: Uint8Array, random: Random, bank: Bank) => Uint8Array;

/** What new inputs are made of. */
export interface Bank {
  readonly inputs: readonly Uint8Array[];
  readonly words: readonly Uint8Array[];
  readonly largestBytes: number;
}

const numbers = [
  ...['0', '1', '-1', '9', '10', '99', '127', '128', '255', '256', '999', '1000', '32767', '32768', '65535'],
  ...['65536', '2147483647', '2147483648', '4294967295', '4294967296', '9007199254740992', '1e309', '-0'],
  ...['0.1', '1e-7', '00', '007', '0x10', '١٢', '99999999999999999999', 'NaN', 'Infinity', ''],
].map((text) => Buffer.from(text));

/** characters with a meaning somewhere: ends, quotes, brackets, escapes, halves and look-alikes */
const marks = [
  ...['\0', '\n', '\r', '\r\n', '\t', '\x1b', '\x1a', ' ', '"', "'", '\\', '`', '{', '}', '[', ']', '(', ')'],
  ...[
    ':',
    ';',
    ',',
    '.',
    '-',
    '_',
    '/',
    '|',
    '&',
    '*',
    '#',
    '!',
    '?',
    '%',
    '@',
    '<',
    '>',
    '=',
    '~',
    '^',
    '$',
  ],
  ...[
    '\ufeff',
    '\u2028',
    '\u00a0',
    'é',
    '火',
    '😀',
    '１',
    'null',
    'true',
    'false',
    '__proto__',
    'constructor',
  ],
].map((text) => Buffer.from(text));

const bytes = [0, 1, 9, 10, 13, 27, 32, 0x30, 0x39, 0x41, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xfe, 0xff];

function splice(from: Uint8Array, at: number, drop: number, put: Uint8Array): Uint8Array {
  const made = new Uint8Array(from.length - drop + put.length);
  made.set(from.subarray(0, at));
  made.set(put, at);
  made.set(from.subarray(at + drop), at + put.length);
  return made;
}

/** A place and a length inside, short ones more often. */
function span(from: Uint8Array, random: Random): readonly [at: number, length: number] {
  const at = random.below(from.length + 1);
  const most = random.once(4) ? from.length - at : Math.min(8, from.length - at);
  return [at, most === 0 ? 0 : 1 + random.below(most)];
}

const changes: readonly Change[] = [
  function flip(from, random) {
    const made = Uint8Array.from(from);
    const at = random.below(made.length);
    if (at < made.length) made[at]! ^= 1 << random.below(8);
    return made;
  },
  function set(from, random) {
    const made = Uint8Array.from(from);
    const at = random.below(made.length);
    if (at < made.length) made[at] = random.once(2) ? random.pick(bytes) : random.below(256);
    return made;
  },
  function step(from, random) {
    const made = Uint8Array.from(from);
    const at = random.below(made.length);
    if (at < made.length) made[at]! += random.once(2) ? 1 : -1;
    return made;
  },
  (from, random) => splice(from, ...span(from, random), new Uint8Array(0)),
  (from, random) => splice(from, random.below(from.length + 1), 0, Uint8Array.of(random.below(256))),
  (from, random) => splice(from, random.below(from.length + 1), 0, random.pick(marks)),
  (from, random, { words }) =>
    words.length === 0 ? from : splice(from, random.below(from.length + 1), 0, random.pick(words)),
  (from, random, { words }) =>
    words.length === 0 ? from : splice(from, ...span(from, random), random.pick(words)),
  function double(from, random) {
    const [at, length] = span(from, random);
    return splice(from, random.below(from.length + 1), 0, from.slice(at, at + length));
  },
  function move(from, random) {
    const [at, length] = span(from, random);
    const without = splice(from, at, length, new Uint8Array(0));
    return splice(without, random.below(without.length + 1), 0, from.slice(at, at + length));
  },
  function number(from, random) {
    const at = digitAt(from, random.below(from.length + 1));
    if (at < 0) return from;
    let length = 1;
    while (isDigit(from[at + length])) length += 1;
    return splice(from, at, length, random.pick(numbers));
  },
  function join(from, random, { inputs }) {
    const other = random.pick(inputs);
    const [at, length] = span(other, random);
    return splice(from, ...span(from, random), other.slice(at, at + length));
  },
  (from, random) => from.slice(0, random.below(from.length + 1)),
];

/** Rare, and dear: something again and again, up to the largest input. */
function repeat(from: Uint8Array, random: Random, { largestBytes, words }: Bank): Uint8Array {
  const [at, length] = span(from, random);
  const piece = words.length > 0 && random.once(3) ? random.pick(words) : from.slice(at, at + length);
  const room = largestBytes - from.length;
  if (piece.length === 0 || room < piece.length) return from;
  const times = 1 + random.below(Math.floor(room / piece.length));
  const all = new Uint8Array(times * piece.length);
  for (let each = 0; each < times; each += 1) all.set(piece, each * piece.length);
  return splice(from, at, 0, all);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** The first digit of the number at or after a place, else of the first number; -1 where there is none. */
function digitAt(from: Uint8Array, start: number): number {
  for (let each = 0; each < from.length; each += 1) {
    const at = (start + each) % from.length;
    if (isDigit(from[at]) && (at === 0 || !isDigit(from[at - 1]))) return at;
  }
  return -1;
}

/** A new input of one that is there. */
export function mutate(random: Random, bank: Bank): Uint8Array {
  let made: Uint8Array = random.pick(bank.inputs);
  const times = 1 + random.below(random.once(4) ? 12 : 3);
  for (let each = 0; each < times; each += 1) made = random.pick(changes)(made, random, bank);
  if (random.once(100)) made = repeat(made, random, bank);
  return made.length > bank.largestBytes ? made.slice(0, bank.largestBytes) : made;
}

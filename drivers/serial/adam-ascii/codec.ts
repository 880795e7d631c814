// The bytes of `$AA6`, Digital Data In, of Advantech's ADAM-4000 modules in their ASCII protocol; pure. Layouts and
// examples: ADAM-4000 manual 7.1.2, checksum: its appendix F. Knows no port and no time.

import { type AnswerReader, createAnswerReader } from '../answers.ts';

/** Where a reply of six hexadecimal digits has its channels; the digits are counted from 0. */
interface Field {
  readonly at: number;
  readonly digits: number;
  readonly channels: number;
}

interface Layout {
  readonly in?: Field;
  readonly out?: Field;
  /** zeros that the reply ends in: their absence shows another module than the site file says */
  readonly zeros: number;
}

export type Direction = 'in' | 'out';

const inputsFirst = (digits: number, channels: number): Layout => ({
  in: { at: 0, digits, channels },
  zeros: 6 - digits,
});
const outputsFirst = (digits: number, channels: number): Layout => ({
  out: { at: 0, digits, channels },
  zeros: 6 - digits,
});
const both = (outputs: number, inputs: number): Layout => ({
  out: { at: 0, digits: 2, channels: outputs },
  in: { at: 2, digits: 2, channels: inputs },
  zeros: 2,
});

export const layouts: Readonly<Record<string, Layout>> = {
  '4050': both(8, 7),
  '4051': inputsFirst(4, 16),
  '4052': inputsFirst(2, 8),
  '4053': inputsFirst(4, 16),
  '4055': both(8, 8),
  '4056S': outputsFirst(4, 12),
  '4060': outputsFirst(2, 4),
  '4068': outputsFirst(2, 8),
};

/** Sum of the characters, modulo 256, as two hexadecimal digits. */
export function checksum(text: string): string {
  let sum = 0;
  for (const character of text) sum += character.charCodeAt(0);
  return (sum & 0xff).toString(16).toUpperCase().padStart(2, '0');
}

/** `$AA6`, with the checksum where the modules are set to it. `address`: two hexadecimal digits. */
export function request(address: string, withChecksum: boolean): Uint8Array {
  const text = `$${address.toUpperCase()}6`;
  return Buffer.from(`${text}${withChecksum ? checksum(text) : ''}\r`, 'latin1');
}

export interface Channels {
  /** bit n is channel n */
  readonly in: number;
  readonly out: number;
}

/** The channels in the six digits of a reply; undefined where a module of this model can't have sent them. */
export function decode(digits: string, model: string): Channels | undefined {
  const layout = layouts[model];
  if (!layout || !/^[0-9A-Fa-f]{6}$/.test(digits) || !digits.endsWith('0'.repeat(layout.zeros)))
    return undefined;
  const bits = (field: Field | undefined): number =>
    field ? Number.parseInt(digits.slice(field.at, field.at + field.digits), 16) : 0;
  return { in: bits(layout.in), out: bits(layout.out) };
}

export type Reply =
  | { readonly digits: string }
  /** `?AA`: the module knows no such command */
  | { readonly refused: string }
  | { readonly garbled: string };

/** Far longer than any reply. */
const mostPendingCharacters = 64;

function reply(line: string, withChecksum: boolean): Reply {
  const text = withChecksum ? line.slice(0, -2) : line;
  if (withChecksum && checksum(text) !== line.slice(-2).toUpperCase()) return { garbled: line };
  const digits = /^!([0-9A-Fa-f]{6})$/.exec(text)?.[1];
  if (digits !== undefined) return { digits };
  const refused = /^\?([0-9A-Fa-f]{2})$/.exec(text)?.[1];
  return refused === undefined ? { garbled: line } : { refused };
}

/** Finds the reply in a stream that may echo the request and carry noise before it. */
export function createReplyReader(withChecksum: boolean): AnswerReader<Reply> {
  return createAnswerReader('!?', mostPendingCharacters, (line) => reply(line, withChecksum));
}

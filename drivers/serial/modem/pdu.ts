// Text messages as the octets that a modem takes and gives in PDU mode: SMS-SUBMIT out, SMS-DELIVER in (3GPP TS
// 23.040, 9.2), long ones in parts. Pure; knows no AT command and no modem.

import { pack, septetsOf, textOf, unpack } from './gsm7.ts';

export interface Part {
  /** hexadecimal, with an empty service centre: the modem takes the one of its SIM */
  readonly pdu: string;
  /** octets without the service centre, as AT+CMGS wants it */
  readonly length: number;
}

export interface SubmitOptions {
  /** how long the network keeps trying; undefined: as it likes */
  readonly validityMs?: number;
  /** joins the parts of one message, 0…255; a new one for each message */
  readonly reference?: number;
}

const mostOctets = 140;
const headerOctets = 6;
/** longer texts end in an ellipsis: an alarm is not a novel, and each part is paid for */
export const mostParts = 10;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Relative validity period (9.2.3.12.1), rounded up. */
export function validityOctet(ms: number): number {
  if (ms <= 12 * hourMs) return Math.max(0, Math.ceil(ms / (5 * minuteMs)) - 1);
  if (ms <= dayMs) return 143 + Math.ceil((ms - 12 * hourMs) / (30 * minuteMs));
  if (ms <= 30 * dayMs) return 166 + Math.ceil(ms / dayMs);
  return Math.min(255, 192 + Math.ceil(ms / (7 * dayMs)));
}

/** The digits of a number as people write it, with its `+`; undefined where it is none. */
export function plainNumber(number: string): string | undefined {
  const plain = number.replaceAll(/[\s().-]/g, '');
  return /^\+?\d{3,20}$/.test(plain) ? plain : undefined;
}

function swapped(digits: string): Buffer {
  const even = digits.length % 2 === 0 ? digits : `${digits}F`;
  return Buffer.from(even.replaceAll(/(.)(.)/g, '$2$1'), 'hex');
}

function address(number: string): Uint8Array {
  const digits = number.replace('+', '');
  // international, or of a kind that the network is to find out
  return Buffer.concat([Uint8Array.of(digits.length, number.startsWith('+') ? 0x91 : 0x81), swapped(digits)]);
}

/** What fits into one part, in units that are never torn: characters of one or two septets, or of UTF-16. */
function fill<T extends { readonly length: number }>(units: readonly T[], most: number): T[][] {
  const parts: T[][] = [[]];
  let used = 0;
  for (const unit of units) {
    if (used + unit.length > most) {
      parts.push([]);
      used = 0;
    }
    parts.at(-1)!.push(unit);
    used += unit.length;
  }
  return parts;
}

/** The parts of a text, cut where it is too long for `mostParts`. */
function split<T extends { readonly length: number }>(
  units: readonly T[],
  whole: number,
  part: number,
  ellipsis: readonly T[],
): T[][] {
  if (units.reduce((sum, unit) => sum + unit.length, 0) <= whole) return [[...units]];
  const parts = fill(units, part);
  if (parts.length <= mostParts) return parts;
  const kept = parts.slice(0, mostParts);
  const last = kept.at(-1)!;
  const room = (): number => part - last.reduce((sum, unit) => sum + unit.length, 0);
  while (room() < ellipsis.length) last.pop();
  last.push(...ellipsis);
  return kept;
}

interface Body {
  readonly coding: number;
  /** characters of the seven-bit alphabet, or octets, with the header */
  readonly length: number;
  readonly octets: Uint8Array;
}

function bodies(text: string, header: (total: number, number: number) => Uint8Array): Body[] {
  const septets = septetsOf(text);
  if (septets) {
    const dots = septetsOf('...')!;
    const perPart = Math.floor(((mostOctets - headerOctets) * 8) / 7);
    const parts = split(septets, Math.floor((mostOctets * 8) / 7), perPart, dots);
    return parts.map((part, index) => {
      const codes = part.flat();
      if (parts.length === 1) return { coding: 0x00, length: codes.length, octets: pack(codes) };
      // the text begins on a septet of its own: one bit after the six octets of the header
      const packed = pack(codes, 1);
      const octets = Buffer.concat([header(parts.length, index + 1), packed]);
      return { coding: 0x00, length: 7 + codes.length, octets };
    });
  }
  const parts = split([...text], mostOctets / 2, (mostOctets - headerOctets) / 2, ['…']);
  return parts.map((part, index) => {
    const octets = Buffer.from(part.join(''), 'utf16le').swap16();
    const all = parts.length === 1 ? octets : Buffer.concat([header(parts.length, index + 1), octets]);
    return { coding: 0x08, length: all.length, octets: all };
  });
}

/** The parts of a message. `number` as `plainNumber` gives it. */
export function encodeSubmit(number: string, text: string, options: SubmitOptions = {}): Part[] {
  const reference = (options.reference ?? 0) & 0xff;
  const header = (total: number, index: number): Uint8Array =>
    Uint8Array.of(5, 0x00, 3, reference, total, index);
  const all = bodies(text, header);
  return all.map((body) => {
    // SMS-SUBMIT, validity relative where given, user data header where in parts
    const first = 0x01 | (options.validityMs === undefined ? 0 : 0x10) | (all.length > 1 ? 0x40 : 0);
    const validity = options.validityMs === undefined ? [] : Uint8Array.of(validityOctet(options.validityMs));
    const octets = Buffer.concat([
      Uint8Array.of(first, 0x00),
      address(number),
      Uint8Array.of(0x00, body.coding),
      Uint8Array.from(validity),
      Uint8Array.of(body.length),
      body.octets,
    ]);
    return { pdu: `00${octets.toString('hex').toUpperCase()}`, length: octets.length };
  });
}

export interface Delivered {
  /** with `+` where the network gave an international number; a name where it is one */
  readonly number: string;
  readonly text: string;
  /** when the service centre took it, ms since 1970; null where its time makes no sense */
  readonly sentAtMs: number | null;
  /** of a message in parts */
  readonly part: { readonly reference: number; readonly total: number; readonly number: number } | undefined;
}

function senderOf(digits: number, type: number, octets: Uint8Array): string {
  if ((type & 0x70) === 0x50) return textOf(unpack(octets, Math.floor((digits * 4) / 7)));
  const text = Buffer.from(octets)
    .toString('hex')
    .replaceAll(/(.)(.)/g, '$2$1')
    .slice(0, digits)
    .replaceAll(/[a-f]/g, '');
  return (type & 0x70) === 0x10 ? `+${text}` : text;
}

/** Time stamp of the service centre (9.2.3.11): swapped digits, the zone in quarters of an hour, its sign in bit 3. */
function timeOf(octets: Uint8Array): number | null {
  const numbers = [...octets].map((octet) => (octet & 0x0f) * 10 + (octet >> 4));
  const [year, month, day, hour, minute, secondOfMinute] = numbers as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const zone = octets[6]!;
  const quarters = ((zone & 0x07) * 10 + (zone >> 4)) * (zone & 0x08 ? -1 : 1);
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59) return null;
  return Date.UTC(2000 + year, month - 1, day, hour, minute, secondOfMinute) - quarters * 15 * minuteMs;
}

/** The alphabet of a data coding scheme (3GPP TS 23.038, 4). */
function alphabetOf(coding: number): 'septets' | 'octets' | 'utf16' {
  const group = coding >> 4;
  if (group < 0x8) return coding & 0x08 ? 'utf16' : coding & 0x04 ? 'octets' : 'septets';
  if (group === 0xe) return 'utf16';
  return group === 0xf && coding & 0x04 ? 'octets' : 'septets';
}

function partOf(header: Uint8Array): Delivered['part'] {
  for (let at = 0; at + 1 < header.length; at += 2 + header[at + 1]!) {
    const [id, length] = [header[at]!, header[at + 1]!];
    const data = header.subarray(at + 2, at + 2 + length);
    if (id === 0x00 && data.length === 3) return { reference: data[0]!, total: data[1]!, number: data[2]! };
    if (id === 0x08 && data.length === 4)
      return { reference: data[0]! * 256 + data[1]!, total: data[2]!, number: data[3]! };
  }
  return undefined;
}

/** An SMS-DELIVER in hexadecimal, with its service centre; undefined where it is none. */
export function decodeDeliver(pdu: string): Delivered | undefined {
  if (!/^(?:[0-9A-Fa-f]{2})+$/.test(pdu)) return undefined;
  const octets = new Uint8Array(Buffer.from(pdu, 'hex'));
  let at = 1 + octets[0]!;
  const first = octets[at++];
  if (first === undefined || (first & 0x03) !== 0) return undefined;
  const digits = octets[at++];
  const type = octets[at++];
  if (digits === undefined || type === undefined) return undefined;
  const sender = octets.subarray(at, at + Math.ceil(digits / 2));
  at += sender.length + 1; // and the protocol identifier
  const coding = octets[at++];
  const time = octets.subarray(at, at + 7);
  at += 7;
  const length = octets[at++];
  if (coding === undefined || length === undefined) return undefined;
  const data = octets.subarray(at);
  const headed = (first & 0x40) !== 0;
  const headerLength = headed ? 1 + (data[0] ?? 0) : 0;
  const header = data.subarray(headed ? 1 : 0, headerLength);
  const alphabet = alphabetOf(coding);
  let text: string;
  if (alphabet === 'septets') {
    const skipped = Math.ceil((headerLength * 8) / 7);
    text = textOf(unpack(data, Math.max(0, length)).slice(skipped));
  } else {
    const body = Buffer.from(data.subarray(headerLength, length));
    text =
      alphabet === 'octets'
        ? body.toString('latin1')
        : body
            .subarray(0, body.length - (body.length % 2))
            .swap16()
            .toString('utf16le');
  }
  return {
    number: senderOf(digits, type, sender),
    text,
    sentAtMs: timeOf(time),
    part: partOf(header),
  };
}

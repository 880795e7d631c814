// The bytes of the Voltronic `QGS` status line of UPSs sold under many names, to values; pure. The layout is that
// of networkupstools.org/protocols/voltronic.html and NUT's drivers/nutdrv_qx_voltronic.c. Knows no port and no
// time, and nothing of the Megatec line that looks much the same.

import { type AnswerReader, createAnswerReader } from '../answers.ts';

/** Asks for the general status: `QGS` and a carriage return. */
export const statusRequest: Uint8Array = Uint8Array.of(0x51, 0x47, 0x53, 0x0d);

/** The line with its `(` and its carriage return. */
export const statusLength = 76;

export const numberNames = [
  'inputVoltage',
  'inputFrequency',
  'outputVoltage',
  'outputFrequency',
  'outputCurrent',
  'load',
  'batteryVoltage',
  'temperature',
] as const;

export const flagNames = [
  'utilityFail',
  'batteryLow',
  'bypass',
  'upsFailed',
  'testInProgress',
  'shutdownActive',
  'beeperOn',
] as const;

export type NumberName = (typeof numberNames)[number];
export type FlagName = (typeof flagNames)[number];
export type UpsType = 'standby' | 'lineInteractive' | 'online';

/**
 * Volts, hertz, amperes, percent of the rated load, degrees Celsius; null where the UPS sent dashes. `type` is
 * null for the one code that no document explains.
 */
export type UpsStatus = Readonly<Record<NumberName, number | null>> &
  Readonly<Record<FlagName, boolean | null>> & { readonly type: UpsType | null };

// Fixed columns, held to: the line has no checksum, and a lost byte would turn 226.0 V into a believable 26.0 V.
// Field 7 and 8 are thought to be the voltages of the inner bus, 10 that of a negative battery; no document says.
const layout =
  /^\(([\d.-]{5}) ([\d.-]{4}) ([\d.-]{5}) ([\d.-]{4}) ([\d.-]{5}) ([\d-]{3}) [\d.-]{5} [\d.-]{5} ([\d.-]{5}) [\d.-]{5} ([\d.-]{5}) ([01-]{12})$/;
const dashes = /^[-.]+$/;
const decimal = /^\d+\.\d+$|^\d+$/;

const types: Readonly<Record<string, UpsType>> = { '00': 'standby', '01': 'lineInteractive', '10': 'online' };

function field(text: string): number | null | undefined {
  if (dashes.test(text)) return null;
  return decimal.test(text) ? Number(text) : undefined;
}

function flag(bit: string): boolean | null {
  return bit === '-' ? null : bit === '1';
}

/** Decodes a status line from its `(` up to, without, its carriage return; undefined if it is not one. */
export function parseStatus(line: string): UpsStatus | undefined {
  const match = layout.exec(line);
  if (!match) return undefined;
  const numbers = match.slice(1, 9).map(field);
  if (numbers.some((value) => value === undefined)) return undefined;
  const bits = match[9]!;
  const beeperOff = flag(bits[9]!);
  const values = Object.fromEntries(numberNames.map((name, index) => [name, numbers[index]!]));
  return {
    ...(values as Record<NumberName, number | null>),
    type: types[bits.slice(0, 2)] ?? null,
    utilityFail: flag(bits[2]!),
    batteryLow: flag(bits[3]!),
    bypass: flag(bits[4]!),
    upsFailed: flag(bits[5]!),
    testInProgress: flag(bits[7]!),
    shutdownActive: flag(bits[8]!),
    // b2 says that the beeper is off, the reverse of Megatec's b0
    beeperOn: beeperOff === null ? null : !beeperOff,
  };
}

export type Heard =
  | { readonly status: UpsStatus }
  /** `(NAK`: the UPS understood nothing, or does not know QGS */
  | { readonly refused: true }
  | { readonly garbled: string };

/** Far longer than any line. */
const mostPendingCharacters = 256;

/** Finds the answer in a stream that may echo the request and carry noise before it. */
export function createStatusReader(): AnswerReader<Heard> {
  return createAnswerReader('(', mostPendingCharacters, (line): Heard => {
    if (line === '(NAK') return { refused: true };
    const status = parseStatus(line);
    return status ? { status } : { garbled: line };
  });
}

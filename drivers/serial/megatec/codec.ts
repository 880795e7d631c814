// The bytes of the Megatec "Q1" protocol of small UPSs, to and from values; pure. The layout is that of the
// Best Power 510 manual p. 43 and of NUT's drivers/nutdrv_qx_megatec.c. Knows no port and no time.

import { type AnswerReader, createAnswerReader } from '../answers.ts';

/** Asks for the status line: `Q1` and a carriage return. */
export const statusRequest: Uint8Array = Uint8Array.of(0x51, 0x31, 0x0d);

/**
 * One status line. Null where the UPS sent dashes. Units: volts, percent of the rated load, hertz, degrees
 * Celsius. `faultVoltage` is the voltage of the last glitch and falls back at the next request.
 */
export interface UpsStatus {
  readonly inputVoltage: number | null;
  readonly faultVoltage: number | null;
  readonly outputVoltage: number | null;
  readonly load: number | null;
  readonly frequency: number | null;
  /** volts as sent: of the whole battery, or of one cell where `perCell` */
  readonly batteryVoltage: number | null;
  /** an on-line UPS (b3 = 0) that sends `S.SS` means volts per cell; `SS.S` is always the whole battery */
  readonly perCell: boolean;
  readonly temperature: number | null;
  readonly utilityFail: boolean | null;
  readonly batteryLow: boolean | null;
  readonly bypass: boolean | null;
  readonly upsFailed: boolean | null;
  /** b3: a standby or line-interactive UPS, not an on-line one */
  readonly standby: boolean | null;
  readonly testInProgress: boolean | null;
  readonly shutdownActive: boolean | null;
  readonly beeperOn: boolean | null;
}

export const numberNames = [
  'inputVoltage',
  'faultVoltage',
  'outputVoltage',
  'load',
  'frequency',
  'batteryVoltage',
  'temperature',
] as const;

/** in the order of the line's bits, b7 first */
export const flagNames = [
  'utilityFail',
  'batteryLow',
  'bypass',
  'upsFailed',
  'standby',
  'testInProgress',
  'shutdownActive',
  'beeperOn',
] as const;

export type NumberName = (typeof numberNames)[number];
export type FlagName = (typeof flagNames)[number];
export type StatusName = NumberName | FlagName;

// The columns are fixed, and are held to: the line has no checksum, and without this a lost byte would turn
// 226.0 V into a believable 26.0 V.
const layout =
  /^\(([\d.-]{5}) ([\d.-]{5}) ([\d.-]{5}) ([\d-]{3}) ([\d.-]{4}) ([\d.-]{4}) ([\d.-]{4}) ([01-]{8})$/;
const dashes = /^[-.]+$/;
const decimal = /^\d+\.\d+$|^\d+$/;

/** A field's number, null for dashes, undefined for anything else. */
function field(text: string): number | null | undefined {
  if (dashes.test(text)) return null;
  return decimal.test(text) ? Number(text) : undefined;
}

/** Decodes a status line from its `(` up to, without, its carriage return; undefined if it is not one. */
export function parseStatus(line: string): UpsStatus | undefined {
  const match = layout.exec(line);
  if (!match) return undefined;
  const numbers = match.slice(1, 8).map(field);
  if (numbers.some((value) => value === undefined)) return undefined;
  const [inputVoltage, faultVoltage, outputVoltage, load, frequency, batteryVoltage, temperature] =
    numbers as (number | null)[];
  const flags = [...match[8]!].map((bit) => (bit === '-' ? null : bit === '1'));
  const [utilityFail, batteryLow, bypass, upsFailed, standby, testInProgress, shutdownActive, beeperOn] =
    flags;
  return {
    inputVoltage: inputVoltage!,
    faultVoltage: faultVoltage!,
    outputVoltage: outputVoltage!,
    load: load!,
    frequency: frequency!,
    batteryVoltage: batteryVoltage!,
    perCell: standby === false && /^\d\.\d\d$/.test(match[6]!),
    temperature: temperature!,
    utilityFail: utilityFail!,
    batteryLow: batteryLow!,
    bypass: bypass!,
    upsFailed: upsFailed!,
    standby: standby!,
    testInProgress: testInProgress!,
    shutdownActive: shutdownActive!,
    beeperOn: beeperOn!,
  };
}

/** What the bytes so far hold: a status, a line that began like one and is none, or nothing whole yet. */
export type Heard = { readonly status: UpsStatus } | { readonly garbled: string };

/** Far longer than any status line. */
const mostPendingCharacters = 256;

/** Finds the status line in a stream that may echo the request and carry noise before it. */
export function createStatusReader(): AnswerReader<Heard> {
  return createAnswerReader('(', mostPendingCharacters, (line): Heard => {
    const status = parseStatus(line);
    return status ? { status } : { garbled: line };
  });
}

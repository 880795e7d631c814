// Reconciliation of one output, as data and pure steps: what is wanted, what was last driven, what was read back,
// what to do next and when. The bus does the driving and tells the result. Knows no engine, link or protocol.

import type { OutputConfig } from '../config/types.ts';
import type { FaultKind } from '../driver.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { DeviceInput } from './types.ts';

const checkMs = 5000;
const retry = { firstMs: 200, mostMs: 5000 };
/** so many failures in a row, or read-backs that differ, are a fault; a refusal by the device is one at once */
const failuresToFault = 3;

export type Wanted = boolean | 'keep';
export type OutputReport = Extract<DeviceInput, { type: 'output' }>;

export interface OutputState {
  readonly config: OutputConfig;
  wanted: Wanted;
  /** to be driven as soon as the line is free and `notBeforeMs` has come */
  pending: boolean;
  notBeforeMs: number;
  /** when to read back next */
  checkAtMs: number;
  /** not read back before: a late answer to another question could be taken for this one's */
  heldUntilMs: number;
  /** the next read-back follows a drive */
  verifying: boolean;
  /** a drive is out */
  driving: boolean;
  failures: number;
  mismatches: number;
  /** the last report: undefined before the first */
  actual: boolean | null | undefined;
  fault: string | undefined;
}

export function outputState(config: OutputConfig, wanted: Wanted, now: number): OutputState {
  return {
    config,
    wanted,
    pending: false,
    notBeforeMs: now,
    checkAtMs: now,
    heldUntilMs: now,
    verifying: false,
    driving: false,
    failures: 0,
    mismatches: 0,
    actual: undefined,
    fault: undefined,
  };
}

/** The bus was opened: nothing is known of the output, so what is wanted is driven and read back. */
export function reopened(state: OutputState, now: number): void {
  state.pending = state.wanted !== 'keep';
  state.notBeforeMs = now;
  state.checkAtMs = now;
  state.heldUntilMs = now;
  state.verifying = false;
  state.driving = false;
  state.failures = 0;
  state.mismatches = 0;
}

/** Takes a new wanted value; true where it is to be driven. */
export function want(state: OutputState, wanted: Wanted, now: number): boolean {
  if (state.wanted === wanted) return false;
  state.wanted = wanted;
  state.failures = 0;
  state.mismatches = 0;
  state.pending = wanted !== 'keep';
  state.notBeforeMs = now;
  return state.pending;
}

/** The level on the wire. */
export function wire(state: OutputState, value: boolean): boolean {
  return value !== state.config.activeLow;
}

/** `value` was written; `readBack` says whether the device will be asked what it made of it. */
export function driven(
  state: OutputState,
  value: boolean,
  readBack: boolean,
  now: number,
): OutputReport | undefined {
  state.failures = 0;
  // changed again while it was being written
  if (state.wanted !== value && state.wanted !== 'keep') return undefined;
  state.pending = false;
  state.verifying = readBack;
  state.checkAtMs = readBack ? now : now + checkMs;
  return readBack ? undefined : report(state, value, undefined);
}

/** The device said what the wire's level is; null where it can't tell. */
export function observed(
  state: OutputState,
  level: boolean | null,
  now: number,
  random: () => number,
): OutputReport | undefined {
  state.failures = 0;
  state.checkAtMs = now + checkMs;
  const { wanted, verifying } = state;
  state.verifying = false;
  if (level === null) {
    if (wanted === 'keep') return report(state, null, undefined);
    if (verifying) return report(state, wanted, undefined);
    // a module without read-back may have lost its state to a power cut: the level is driven again and again
    state.pending = true;
    return undefined;
  }
  const actual = level !== state.config.activeLow;
  if (wanted === 'keep' || wanted === actual) {
    state.mismatches = 0;
    return report(state, actual, undefined);
  }
  state.mismatches += 1;
  state.pending = true;
  state.notBeforeMs = state.mismatches === 1 ? now : now + backoffMs(state.mismatches, retry, random);
  const fault = `wanted ${word(wanted)}, reads back ${word(actual)}`;
  return report(state, actual, state.mismatches >= failuresToFault ? fault : state.fault);
}

/** Without read-back the level is written again at each check. */
export function checkByDriving(state: OutputState, now: number): void {
  state.checkAtMs = now + checkMs;
  state.pending = state.wanted !== 'keep';
}

export function failed(
  state: OutputState,
  kind: FaultKind,
  message: string,
  now: number,
  random: () => number,
): OutputReport | undefined {
  state.failures += 1;
  const waitMs = state.failures === 1 ? 0 : backoffMs(state.failures - 1, retry, random);
  state.notBeforeMs = now + waitMs;
  state.checkAtMs = now + waitMs;
  state.verifying = false;
  if (kind !== 'exception' && state.failures < failuresToFault) return undefined;
  return report(state, null, message);
}

function report(
  state: OutputState,
  actual: boolean | null,
  fault: string | undefined,
): OutputReport | undefined {
  if (state.actual === actual && state.fault === fault) return undefined;
  state.actual = actual;
  state.fault = fault;
  return { type: 'output', output: state.config.id, actual, ...(fault === undefined ? {} : { fault }) };
}

function word(value: boolean): string {
  return value ? 'on' : 'off';
}

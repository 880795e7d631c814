// Reconciliation of one output, as data and pure steps: what is wanted, what was last driven, what was read back,
// what to do next and when. The bus does the driving and tells the result. Knows no engine, link or protocol.

import type { OutputConfig } from '../config/types.ts';
import type { FaultKind } from '../driver.ts';
import { backoffMs } from '../lib/backoff.ts';
import { moves, type Phase, phaseOf } from './output-pattern.ts';
import type { Station } from './stations.ts';
import type { DeviceInput } from './types.ts';

const checkMs = 5000;
export const retry = { firstMs: 200, mostMs: 5000 };
/** so many failures in a row, or read-backs that differ, are a fault; a refusal by the device is one at once */
const failuresToFault = 3;

export type Wanted = boolean | 'keep';
export type OutputReport = Extract<DeviceInput, { type: 'output' }>;

export interface OutputState {
  readonly config: OutputConfig;
  /** the unit that it is an output of */
  station: Station | undefined;
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
  /** drives begun so far: a read-back with one in between says nothing of either */
  drives: number;
  failures: number;
  mismatches: number;
  /** the last report: undefined before the first */
  actual: boolean | null | undefined;
  fault: string | undefined;
  /** what was last driven, before `activeLow` */
  driven: boolean | undefined;
  /** since when the level is on */
  onSinceMs: number;
  pulseEndMs: number | undefined;
  /** of what is driven again and again: when it was last read back, what it carried, and what did not follow */
  judgedAtMs: number;
  judged: boolean | undefined;
  deviating: boolean | undefined;
  /** the daemon stops: from now on nobody else says what is wanted */
  released: boolean;
  /** called when a drive has come to an end, good or bad */
  afterDrive: (() => void) | undefined;
}

export function outputState(config: OutputConfig, wanted: Wanted, now: number): OutputState {
  return {
    config,
    station: undefined,
    wanted,
    pending: false,
    notBeforeMs: now,
    checkAtMs: now,
    heldUntilMs: now,
    verifying: false,
    driving: false,
    drives: 0,
    failures: 0,
    mismatches: 0,
    actual: undefined,
    fault: undefined,
    driven: undefined,
    onSinceMs: now,
    pulseEndMs: undefined,
    judgedAtMs: Number.NEGATIVE_INFINITY,
    judged: undefined,
    deviating: undefined,
    released: false,
    afterDrive: undefined,
  };
}

/** What the wire is to carry now; undefined: it is left as it is. */
export function phaseNow(state: OutputState, now: number): Phase | undefined {
  const { config, wanted } = state;
  if (wanted === true) return phaseOf(config, state, now);
  // A pulse or pattern that is cut short never stays on, even where the rest is `keep`.
  if (wanted === 'keep' && !(moves(config) && state.driven === true)) return undefined;
  return { value: false, untilMs: Number.POSITIVE_INFINITY };
}

/**
 * The bus was opened: nothing is known of the output, so what is wanted is driven and read back. `quiet`: it was not
 * down in between, and an output that could not be driven before waits as it did.
 */
export function reopened(state: OutputState, now: number, quiet: boolean): void {
  state.pending = phaseNow(state, now) !== undefined;
  state.heldUntilMs = now;
  state.verifying = false;
  state.driving = false;
  judgeAnew(state);
  if (quiet && (state.failures > 0 || state.mismatches > 0)) return;
  state.notBeforeMs = now;
  state.checkAtMs = now;
  state.failures = 0;
  state.mismatches = 0;
  if (!quiet && state.station) {
    state.station.failures = 0;
    state.station.retryAtMs = Number.NEGATIVE_INFINITY;
  }
}

/** Takes a new wanted value; true where it is to be driven. */
export function want(state: OutputState, wanted: Wanted, now: number): boolean {
  if (state.wanted === wanted || state.released) return false;
  state.wanted = wanted;
  state.failures = 0;
  state.mismatches = 0;
  state.onSinceMs = now;
  state.pulseEndMs = undefined;
  judgeAnew(state);
  state.pending = phaseNow(state, now) !== undefined;
  state.notBeforeMs = now;
  // a pattern that runs sets this out of reach
  if (state.checkAtMs === Number.POSITIVE_INFINITY) state.checkAtMs = now;
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
  state.driven = value;
  const { config, wanted } = state;
  if (wanted === true && value && config.pulseMs !== undefined) state.pulseEndMs ??= now + config.pulseMs;
  const phase = phaseNow(state, now);
  // changed again while it was being written
  if (phase !== undefined && phase.value !== value) {
    state.notBeforeMs = Math.min(state.notBeforeMs, now);
    return undefined;
  }
  const againMs = Math.min(
    phase?.untilMs ?? Number.POSITIVE_INFINITY,
    phase && config.refreshMs !== undefined ? now + config.refreshMs : Number.POSITIVE_INFINITY,
  );
  state.pending = againMs < Number.POSITIVE_INFINITY;
  if (state.pending) state.notBeforeMs = againMs;
  if (!readBack) {
    state.verifying = false;
    state.checkAtMs = now + checkMs;
    return report(state, wanted === 'keep' ? value : wanted, undefined);
  }
  if (!state.pending || isToJudge(state, value, now)) {
    state.verifying = true;
    state.checkAtMs = now;
  } else if (isMoving(state, now)) {
    state.checkAtMs = Number.POSITIVE_INFINITY;
  }
  return undefined;
}

/** Both values of a pattern are judged in turn; one that did not follow is looked at again when it comes round. */
function isToJudge(state: OutputState, value: boolean, now: number): boolean {
  if (state.judged === undefined) return true;
  if (state.deviating !== undefined) return value === state.deviating;
  if (now - state.judgedAtMs < checkMs) return false;
  return !isMoving(state, now) || value !== state.judged;
}

function isMoving(state: OutputState, now: number): boolean {
  return (phaseNow(state, now)?.untilMs ?? Number.POSITIVE_INFINITY) < Number.POSITIVE_INFINITY;
}

function judgeAnew(state: OutputState): void {
  state.judgedAtMs = Number.NEGATIVE_INFINITY;
  state.judged = undefined;
  state.deviating = undefined;
}

/**
 * The device said what the wire's level is; null where it can't tell. `settled`: nothing was driven while it was
 * asked.
 */
export function observed(
  state: OutputState,
  level: boolean | null,
  now: number,
  random: () => number,
  settled = true,
): OutputReport | undefined {
  state.failures = 0;
  const { wanted, verifying } = state;
  state.verifying = false;
  const moving = isMoving(state, now);
  if (!settled && moves(state.config)) {
    state.checkAtMs = moving ? Number.POSITIVE_INFINITY : now;
    return undefined;
  }
  state.checkAtMs = moving ? Number.POSITIVE_INFINITY : now + checkMs;
  state.judgedAtMs = now;
  if (level === null) {
    state.judged = state.driven;
    if (wanted === 'keep') return report(state, null, undefined);
    if (verifying) return report(state, wanted, undefined);
    // a module without read-back may have lost its state to a power cut: the level is driven again and again
    state.pending = true;
    return undefined;
  }
  const actual = level !== state.config.activeLow;
  // of a pulse or pattern the last drive is what can be read back, and the level is what it stands for
  const expected = moves(state.config) && wanted === true ? state.driven : phaseNow(state, now)?.value;
  state.judged = expected;
  if (expected === undefined || expected === actual) {
    state.deviating = undefined;
    state.mismatches = 0;
    return report(state, wanted === 'keep' ? actual : wanted, undefined);
  }
  return deviates(state, expected, now, random, moving);
}

function deviates(
  state: OutputState,
  expected: boolean,
  now: number,
  random: () => number,
  moving: boolean,
): OutputReport | undefined {
  const { config } = state;
  state.mismatches += 1;
  state.deviating = expected;
  if (config.patternMs === undefined || !moving) {
    // a pulse that the device did not take is owed again
    if (config.pulseMs !== undefined && expected) state.pulseEndMs = undefined;
    state.pending = true;
    state.notBeforeMs = state.mismatches === 1 ? now : now + backoffMs(state.mismatches, retry, random);
    state.checkAtMs = now + checkMs;
  }
  const fault = `wanted ${word(expected)}, reads back ${word(!expected)}`;
  return report(state, !expected, state.mismatches >= failuresToFault ? fault : state.fault);
}

/** Without read-back the level is written again at each check. */
export function checkByDriving(state: OutputState, now: number): void {
  state.checkAtMs = now + checkMs;
  state.pending = phaseNow(state, now) !== undefined;
}

/** `down`: the unit is known to be silent, so that one failure is enough to say so. */
export function failed(
  state: OutputState,
  kind: FaultKind,
  message: string,
  now: number,
  random: () => number,
  down: boolean,
): OutputReport | undefined {
  state.failures += 1;
  const waitMs = state.failures === 1 ? 0 : backoffMs(state.failures - 1, retry, random);
  state.notBeforeMs = now + waitMs;
  state.checkAtMs = now + waitMs;
  state.verifying = false;
  if (kind !== 'exception' && !down && state.failures < failuresToFault) return undefined;
  return report(state, null, message);
}

/** What is owed can't be driven, as the unit does not answer for its other outputs. */
export function stranded(state: OutputState, message: string): OutputReport | undefined {
  return state.pending ? report(state, null, message) : undefined;
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

// An output's turns on the wire: driving it and reading it back, with what came of it told to the pure steps in
// outputs.ts and the reports to the engine. Knows no protocol; when it is an output's turn is the session's choice.

import type { Connection, FaultKind } from '../driver.ts';
import { answered as answeredInTime } from './lateness.ts';
import { attempt, holdSpace, type Line } from './line.ts';
import {
  checkByDriving,
  driven,
  failed,
  type OutputState,
  observed,
  phaseNow,
  stranded,
  wire,
} from './outputs.ts';
import { failuresToDown } from './polls.ts';
import { isDown, readyAtMs, release, unanswered } from './stations.ts';
import type { DeviceInput } from './types.ts';

/** What these turns need of a session. */
export interface Turns {
  readonly line: Line;
  readonly connection: Connection;
  readonly over: boolean;
  /** when the request that is or was out began */
  readonly startedMs: number;
  /** outputs that failed more than once are not tried before */
  failingUntilMs: number;
  /** something answered: the connection is good */
  answeredBy(): void;
  begin(timeoutMs: number): AbortSignal;
  finish(now: number): boolean;
  fault(error: unknown, ranOut: boolean, timeoutMs: number): { kind: FaultKind; message: string };
  /** `ranOut`: not a byte came within the time */
  afterSilence(ranOut: boolean, of: 'poll' | 'output'): void;
  end(because: string): void;
  pump(): void;
}

/** When the output may be driven, as far as failures go. */
export function driveAtMs(turns: Turns, output: OutputState): number {
  const atMs = Math.max(output.notBeforeMs, readyAtMs(output));
  return output.failures > 0 ? Math.max(atMs, turns.failingUntilMs) : atMs;
}

/** When it may be read back. */
export function checkAtMs(turns: Turns, output: OutputState): number {
  const atMs = Math.max(output.checkAtMs, output.heldUntilMs, readyAtMs(output));
  return output.failures > 0 ? Math.max(atMs, turns.failingUntilMs) : atMs;
}

export function canDrive(turns: Turns, output: OutputState, now: number): boolean {
  return (
    output.pending &&
    !output.driving &&
    driveAtMs(turns, output) <= now &&
    turns.connection.drive !== undefined &&
    phaseNow(output, now) !== undefined
  );
}

/** `exclusive`: it takes the line's one turn. A chip has none to take, and is driven at once. */
export function driveOutput(turns: Turns, output: OutputState, exclusive: boolean): void {
  const { connection, line } = turns;
  const value = phaseNow(output, line.clock.steadyMs())?.value;
  if (value === undefined) return;
  output.driving = true;
  output.drives += 1;
  const own = exclusive ? undefined : new AbortController();
  const timer = own && line.clock.after(line.outputTimeoutMs, () => own.abort());
  const signal = own ? own.signal : turns.begin(line.outputTimeoutMs);
  const settle = (error: unknown): void => {
    timer?.cancel();
    if (turns.over) return;
    output.driving = false;
    const now = line.clock.steadyMs();
    const ranOut = own ? own.signal.aborted : turns.finish(now);
    if (error === undefined) {
      answered(turns, output, now);
      tell(line, driven(output, value, connection.observe !== undefined, now));
    } else outputFailed(turns, output, error, ranOut, now);
    output.afterDrive?.();
    turns.pump();
  };
  attempt(() => connection.drive!(output.config.address, wire(output, value), signal)).then(
    () => settle(undefined),
    (error: unknown) => settle(error ?? new Error('the driver failed')),
  );
}

export function checkOutput(turns: Turns, output: OutputState, now: number): void {
  const { connection, line } = turns;
  if (!connection.observe) {
    checkByDriving(output, now);
    turns.pump();
    return;
  }
  const signal = turns.begin(line.outputTimeoutMs);
  const { drives } = output;
  attempt(() => connection.observe!(output.config.address, signal)).then(
    (level) => {
      if (turns.over) return;
      const at = line.clock.steadyMs();
      turns.finish(at);
      answered(turns, output, at);
      const settled = output.drives === drives && !output.driving;
      tell(line, observed(output, level, at, line.random, settled));
      turns.pump();
    },
    (error: unknown) => {
      if (turns.over) return;
      const at = line.clock.steadyMs();
      outputFailed(turns, output, error, turns.finish(at), at);
      turns.pump();
    },
  );
}

function answered(turns: Turns, output: OutputState, now: number): void {
  turns.answeredBy();
  const { space } = output.config.address;
  if (space !== undefined) answeredInTime(turns.line.lateness, space, now);
  const { station } = output;
  if (!station) return;
  // (its polls alone may have found it dead)
  const wasDown = isDown(station);
  station.failures = 0;
  if (!wasDown) return;
  release(station, now);
  if (station.device) station.device.retryAtMs = Number.NEGATIVE_INFINITY;
}

function outputFailed(turns: Turns, output: OutputState, error: unknown, ranOut: boolean, now: number): void {
  const { line } = turns;
  const { kind, message } = turns.fault(error, ranOut, line.outputTimeoutMs);
  if (ranOut) holdSpace(line, output.config.address.space, turns.startedMs, line.outputTimeoutMs);
  if (kind === 'link') {
    turns.end(message);
    return;
  }
  const { id } = output.config;
  const { station } = output;
  line.warn(`output ${id}`, { code: 'OUTPUT_FAILED', bus: line.id, output: id }, message);
  if (kind === 'exception') {
    answered(turns, output, now);
    tell(line, failed(output, kind, message, now, line.random, false));
    return;
  }
  const tries = Math.max(output.failures, station?.failures ?? 0) + 1;
  const text = tries >= failuresToDown ? `${message}, ${failuresToDown} times` : message;
  const wasDown = station !== undefined && isDown(station);
  tell(line, failed(output, kind, text, now, line.random, wasDown));
  if (station && line.kind !== 'none') {
    unanswered(station, now, line.random);
    if (isDown(station)) for (const each of station.outputs) tell(line, stranded(each, text));
    // the living have as much of the line as was lost
    if (output.failures > 1) turns.failingUntilMs = now + (now - turns.startedMs);
  }
  turns.afterSilence(kind === 'timeout' && ranOut, 'output');
}

function tell(line: Line, report: DeviceInput | undefined): void {
  if (report) line.push(report);
}

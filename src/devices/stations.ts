// The unit behind several outputs, as data and pure steps: whether it is known to be silent, and when one of its
// outputs may be tried again. Without it each output of a dead unit would have its own back-off, and cost the line
// its own timeouts. Knows no protocol and no wire.

import type { DeviceConfig, OutputConfig } from '../config/types.ts';
import { backoffMs } from '../lib/backoff.ts';
import { type OutputState, retry } from './outputs.ts';
import { type DeviceState, failuresToDown } from './polls.ts';

export interface Station {
  /** the same unit as a device that is read, where there is one */
  readonly device: DeviceState | undefined;
  readonly outputs: readonly OutputState[];
  /** turns in a row without an answer, of any of its outputs */
  failures: number;
  /** while it is down none of its outputs is tried before */
  retryAtMs: number;
}

/** Puts outputs of one unit together; `configs` are those of `devices`, in the same order. */
export function joinStations(
  outputs: readonly OutputState[],
  devices: readonly DeviceState[],
  configs: readonly DeviceConfig[],
): void {
  const groups = new Map<unknown, OutputState[]>();
  for (const output of outputs) {
    const key = unitOf(output.config) ?? output.config.address.space ?? output;
    groups.set(key, [...(groups.get(key) ?? []), output]);
  }
  for (const group of groups.values()) {
    const { config } = group[0]!;
    const at = configs.findIndex((each) => isOf(each, config));
    const station: Station = {
      device: devices[at],
      outputs: group,
      failures: 0,
      retryAtMs: Number.NEGATIVE_INFINITY,
    };
    for (const output of group) output.station = station;
    if (station.device) station.device.station = station;
  }
}

function isOf(device: DeviceConfig, output: OutputConfig): boolean {
  const unit = unitOf(output);
  if (unit !== undefined) return device.settings.unit === unit;
  const { space } = output.address;
  return space !== undefined && device.points.some((point) => point.address.space === space);
}

function unitOf({ address }: OutputConfig): unknown {
  const { detail } = address;
  return typeof detail === 'object' && detail !== null && 'unit' in detail ? detail.unit : undefined;
}

/** The device says so, or every output of it failed since it last answered. */
export function isDown(station: Station): boolean {
  if (station.device) return station.device.up === false;
  return station.failures >= failuresToDown && station.outputs.every((output) => output.failures > 0);
}

/** An output of the unit is not tried or read back before. */
export function readyAtMs(output: OutputState): number {
  const { station } = output;
  return station && isDown(station) ? station.retryAtMs : Number.NEGATIVE_INFINITY;
}

/** One of its outputs had no answer, and has counted that already. */
export function unanswered(station: Station, now: number, random: () => number): void {
  station.failures += 1;
  const attempt = isDown(station) ? Math.max(1, station.failures - 1) : 1;
  station.retryAtMs = now + backoffMs(attempt, retry, random);
}

/** It answers again, by what was asked of an output or of the device: what is owed to its outputs is due. */
export function release(station: Station, now: number): void {
  station.failures = 0;
  station.retryAtMs = Number.NEGATIVE_INFINITY;
  for (const output of station.outputs) {
    if (output.failures === 0) continue;
    output.failures = 0;
    output.notBeforeMs = Math.min(output.notBeforeMs, now);
    output.checkAtMs = Math.min(output.checkAtMs, now);
  }
}

// The `telemetry:` section of a site file. What is done with it is not known here.

import * as z from 'zod';
import type { FaultList } from './faults.ts';
import { check, type Where } from './issues.ts';
import type { TelemetryConfig } from './types.ts';
import { duration, sizeFrom } from './values.ts';

const shortestMs = 10_000;
const longestMs = 3_600_000;

export const telemetrySchema = z.strictObject({
  keep: duration.default(14 * 86_400_000).describe('recorded time that is kept; 0s: nothing is recorded'),
  most: sizeFrom('1MB')
    .prefault('64MB')
    .describe('most that it takes on the disk, such as 64MB; the oldest goes first'),
  every: duration
    .refine((ms) => ms >= shortestMs && ms <= longestMs, {
      error: 'a sample stands for 10s to 1h; write one such as 1m',
    })
    .default(60_000)
    .describe('time that one sample stands for'),
  publish: z.boolean().default(false).describe('blocks of samples are published over MQTT'),
});

/** Undefined where nothing is to be recorded, and where the section has faults. */
export function resolveTelemetry(
  raw: unknown,
  where: Where,
  faults: FaultList,
  mqtt: boolean,
): TelemetryConfig | undefined {
  const section = check(telemetrySchema, raw ?? {}, where, faults)?.value;
  if (section === undefined || section.keep === 0) return undefined;
  const { keep: keepMs, most: mostBytes, every: everyMs, publish } = section;
  if (publish && !mqtt)
    faults.warn(
      where.value(['publish']),
      'there is no broker to publish to',
      'add `mqtt:`, or remove `publish`',
    );
  return { keepMs, mostBytes, everyMs, publish };
}

// A week without a broker, made in seconds: the samples of so many points, written by the real store on a virtual clock
// that ends now. For the system test and the benchmark; knows no daemon.

import { mkdirSync } from 'node:fs';
import { startTelemetry } from '../../src/telemetry/telemetry.ts';
import { virtualClock } from '../support/clock.ts';

const minuteMs = 60_000;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export interface Backlog {
  readonly samples: number;
  readonly blocks: number;
  readonly bytes: number;
}

/**
 * Fills `telemetry.db` of a data folder. Numbers move as noise does, `changes` times a minute; `eachMinute` is called
 * after each minute of the clock.
 */
export async function makeBacklog(
  folder: string,
  points: number,
  minutes: number,
  { changes = 1, eachMinute = () => {} }: { changes?: number; eachMinute?: () => void } = {},
): Promise<Backlog> {
  mkdirSync(folder, { recursive: true });
  const clock = virtualClock(Date.now() - minutes * minuteMs);
  const ids = Array.from({ length: points }, (_, index) => `meter${Math.floor(index / 10)}.p${index % 10}`);
  const values = new Map<string, number>();
  const telemetry = startTelemetry({
    folder,
    clock,
    log: quiet,
    settings: { keepMs: 14 * 86_400_000, mostBytes: 64e6, everyMs: minuteMs, publish: true },
    host: {
      stamp: () => ({ steadyMs: clock.steadyMs(), wallMs: clock.wallMs(), clock: 'synced' }),
      points: () => ids.map((id) => ({ id, unit: 'V' })),
      believed: (point) => ({
        value: values.get(point) ?? null,
        quality: values.has(point) ? 'good' : 'stale',
      }),
      warn() {},
      grown() {},
    },
  });
  let seed = 1;
  for (let minute = 0; minute < minutes; minute += 1) {
    for (let change = 0; change < changes; change += 1) {
      for (const id of ids) {
        seed = (seed * 48_271) % 2_147_483_647;
        values.set(id, (2300 + (seed % 40)) / 10);
      }
      telemetry.changed(ids);
    }
    await clock.advance(minuteMs);
    eachMinute();
  }
  const { waiting = 0, bytes } = telemetry.state();
  telemetry.stop();
  return { samples: points * minutes, blocks: waiting, bytes };
}

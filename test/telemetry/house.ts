// A house for tests of telemetry: points that a test sets, a clock that it moves, a folder of its own.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Quality } from '../../src/core/types.ts';
import { startTelemetry, type Telemetry, type TelemetrySettings } from '../../src/telemetry/telemetry.ts';
import type { StoredBlock, Trend } from '../../src/telemetry/types.ts';
import { type VirtualClock, virtualClock } from '../support/clock.ts';

export const minuteMs = 60_000;
export const dayMs = 86_400_000;
export const plenty: TelemetrySettings = {
  keepMs: 14 * dayMs,
  mostBytes: 64e6,
  everyMs: minuteMs,
  publish: true,
};

export interface House {
  readonly clock: VirtualClock;
  readonly folder: string;
  readonly log: readonly { readonly level: string; readonly code: unknown; readonly message: string }[];
  readonly warnings: readonly string[];
  points: string[];
  /** engine time at the clock's zero */
  baseMs: number;
  telemetry: Telemetry;
  /** A point takes this value now. */
  set(point: string, value: number | null, quality?: Quality): void;
  /** Begins again on the same folder: another run of the daemon. */
  restart(settings?: TelemetrySettings): void;
  blocks(): StoredBlock[];
  /** the trend of this hour and so many before it, a step a minute */
  trend(point: string, hours: number): Promise<Trend>;
  leave(): void;
}

export function house(points: string[], settings = plenty): House {
  const clock = virtualClock();
  const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-telemetry-'));
  const values = new Map<string, { value: number | null; quality: Quality }>();
  const log: { level: string; code: unknown; message: string }[] = [];
  const warnings: string[] = [];
  const say =
    (level: string) =>
    (fields: object, message: string): void =>
      void log.push({ level, code: (fields as { code?: unknown }).code, message });
  const start = (given: TelemetrySettings): Telemetry =>
    startTelemetry({
      folder,
      clock,
      settings: given,
      log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
      host: {
        stamp: () => ({
          steadyMs: made.baseMs + clock.steadyMs(),
          wallMs: clock.wallMs(),
          clock: clock.synced() ? 'synced' : 'unsynced',
        }),
        points: () => made.points.map((id) => ({ id, unit: 'V' })),
        believed: (point) => values.get(point) ?? { value: null, quality: 'stale' },
        warn: (said) => warnings.push(said),
        grown: () => {},
      },
    });
  const made: House = {
    clock,
    folder,
    log,
    warnings,
    points,
    baseMs: 0,
    telemetry: undefined as unknown as Telemetry,
    set(point, value, quality = value === null ? 'stale' : 'good') {
      values.set(point, { value, quality });
      made.telemetry.changed([point]);
    },
    restart(given = settings) {
      made.telemetry.stop();
      values.clear();
      made.telemetry = start(given);
    },
    blocks() {
      const found: StoredBlock[] = [];
      for (
        let block = made.telemetry.backlog.next(undefined);
        block;
        block = made.telemetry.backlog.next(block)
      )
        found.push(block);
      return found;
    },
    async trend(point, hours) {
      const toMs = clock.wallMs();
      const trend = await made.telemetry.trend(point, {
        fromMs: toMs - hours * 3_600_000,
        toMs,
        most: hours * 60,
      });
      if (trend === undefined) throw new Error(`nothing of ${point}`);
      return trend;
    },
    leave() {
      made.telemetry.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  made.telemetry = start(settings);
  return made;
}

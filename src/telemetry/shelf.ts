// The file of telemetry behind a door that never throws: opened when it is first needed, set aside and begun anew when it
// is damaged, closed and tried again later when the disk fails. The alarms never wait for it and never hear of it.

import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Log } from '../driver.ts';
import type { Clock } from '../lib/clock.ts';
import type { TelemetryFile } from './file.ts';
import { isDamage, openTelemetryFile, setTelemetryAside, telemetryFile } from './open.ts';

/** after a failure the disk is left alone for so long */
const againAfterMs = 60_000;

export interface Shelf {
  /** Does it with the file; undefined where that can't be done now, and nothing of it was kept then. */
  write<T>(work: (file: TelemetryFile) => T): T | undefined;
  /** The same, but makes no file where there is none yet. */
  read<T>(work: (file: TelemetryFile) => T): T | undefined;
  /** why it can't be done now; undefined: it can, as far as is known */
  failing(): string | undefined;
  close(): void;
}

export function openShelf(options: {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** a sentence that a person should see */
  warn(said: string): void;
}): Shelf {
  const { folder, clock, log } = options;
  let file: TelemetryFile | undefined;
  let failing: string | undefined;
  let againAtMs = Number.NEGATIVE_INFINITY;

  const close = (): void => {
    const closing = file;
    file = undefined;
    try {
      closing?.close();
    } catch (error) {
      log.warn({ code: 'TELEMETRY_CLOSE' }, `telemetry was not closed well: ${wordsOf(error)}`);
    }
  };

  const failed = (error: unknown): void => {
    close();
    const because = wordsOf(error);
    if (because !== failing)
      log.error(
        {
          code: 'TELEMETRY_FAILED',
          hint: 'alarms are not touched by this; look at the disk of the data folder',
        },
        `telemetry can't be stored or read: ${because}`,
      );
    failing = because;
    againAtMs = clock.steadyMs() + againAfterMs;
  };

  const setAside = (error: unknown): void => {
    close();
    const kept = setTelemetryAside(folder, clock.wallMs());
    const said = `the stored telemetry could not be used (${wordsOf(error)}) and was set aside as ${kept}; a new file was begun`;
    log.error({ code: 'TELEMETRY_DAMAGED' }, said);
    options.warn(said);
  };

  const attempt = <T>(work: (file: TelemetryFile) => T): T => {
    file ??= openTelemetryFile(folder, () => randomUUID().slice(0, 8));
    return work(file);
  };

  const write = <T>(work: (file: TelemetryFile) => T): T | undefined => {
    if (failing !== undefined && clock.steadyMs() < againAtMs) return undefined;
    try {
      let result: T;
      try {
        result = attempt(work);
      } catch (error) {
        if (!isDamage(error)) throw error;
        setAside(error);
        result = attempt(work);
      }
      if (failing !== undefined) log.info({ code: 'TELEMETRY_RECOVERED' }, 'telemetry is stored again');
      failing = undefined;
      return result;
    } catch (error) {
      failed(error);
      return undefined;
    }
  };

  return {
    write,
    read: (work) => (file !== undefined || existsSync(telemetryFile(folder)) ? write(work) : undefined),
    failing: () => failing,
    close,
  };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

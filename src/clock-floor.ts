// The latest moment that is known to have been: kept on disk while the clock is synchronised, and no earlier than the
// program itself. A gateway that boots in 1970 can tell by it that its clock is wrong, and judge certificates by it.

import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Clock } from './lib/clock.ts';

const noteKey = 'clockFloor';
/** rarer than anything that would wear a card */
const keepEveryMs = 6 * 3_600_000;

export interface ClockFloor {
  /** Where the wall clock is known to be wrong: the least that it can truly be, wall ms. Undefined: it may be right. */
  wrongUntilMs(): number | undefined;
  /** The clock may be synchronised just now: remembers it. */
  look(): void;
}

export function openClockFloor(options: {
  readonly clock: Clock;
  note(key: string, value?: string): string | undefined;
  /** when the program was made, wall ms */
  readonly builtMs?: number;
}): ClockFloor {
  const { clock } = options;
  const kept = Number(options.note(noteKey) ?? 0);
  let floorMs = Math.max(options.builtMs ?? whenBuilt(), Number.isFinite(kept) ? kept : 0);
  return {
    wrongUntilMs: () => (clock.wallMs() < floorMs ? floorMs : undefined),
    look() {
      const wallMs = clock.wallMs();
      // also backwards: a floor that lies ahead of a synchronised clock was a mistake
      if (!clock.synced() || Math.abs(wallMs - floorMs) < keepEveryMs) return;
      floorMs = wallMs;
      try {
        options.note(noteKey, String(wallMs));
      } catch {
        // the loop's next commit meets the same disk, and makes a trouble of it
      }
    },
  };
}

/** The file's own date, from the build; a package manager that resets dates (npm: 1985) says nothing by it. */
function whenBuilt(): number {
  try {
    return statSync(fileURLToPath(import.meta.url)).mtimeMs;
  } catch {
    return 0;
  }
}

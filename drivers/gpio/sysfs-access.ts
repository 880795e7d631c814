// The way to GPIO lines through sysfs, which a process can watch and drive by itself. A line is exported first and
// given back when it was an input; an output stays exported, because giving it back would let a valve go.

import type { Clock } from '../../src/lib/clock.ts';
import { holderInSysfs, listChips, withToolNames } from './chips.ts';
import {
  type Access,
  exportLine,
  type InputLine,
  type LineListener,
  lineFolder,
  unexportLine,
} from './line.ts';
import type { Line } from './lines.ts';
import { onoffSysfs, openOnoffInput, openOnoffOutput } from './onoff-line.ts';
import { openPolledInput, openPolledOutput } from './polled-line.ts';
import type { ToolChip } from './tools.ts';

async function openInput(
  sysfs: string,
  number: number,
  listener: LineListener,
  clock: Clock,
): Promise<InputLine> {
  const watched = sysfs === onoffSysfs ? await openOnoffInput(number, listener) : undefined;
  return watched ?? openPolledInput(sysfs, number, listener, clock);
}

/**
 * The newest opening that has each exported line as an input. One that took too long is given up and closed when it is
 * done after all: it must not give back a line that the next one has meanwhile.
 */
export interface Takers {
  /** Says whether the line is still this opening's, and ends that. */
  take(folder: string, opening: number): () => boolean;
}

export function newTakers(): Takers {
  const newest = new Map<string, number>();
  return {
    take(folder, opening) {
      newest.set(folder, Math.max(opening, newest.get(folder) ?? 0));
      return () => newest.get(folder) === opening && newest.delete(folder);
    },
  };
}

export interface Taking {
  readonly takers: Takers;
  /** a number that rises with each opening */
  readonly opening: number;
}

/** Throws DeviceFault where there is no such folder. */
export async function sysfsAccess(
  sysfs: string,
  clock: Clock,
  askTools: () => Promise<readonly ToolChip[]>,
  { takers, opening }: Taking,
): Promise<Access> {
  const chips = await listChips(sysfs);
  const exported = (line: Line, name: string): Promise<void> =>
    exportLine(sysfs, line.number, name, clock, async () => holderInSysfs(line, chips, await askTools()));
  return {
    chips,
    chipsWithAllNames: async () => withToolNames(chips, await askTools()),
    async input(line, name, listener) {
      const { number } = line;
      const isMine = takers.take(lineFolder(sysfs, number), opening);
      const giveBack = async (): Promise<void> => {
        if (isMine()) await unexportLine(sysfs, number);
      };
      await exported(line, name);
      try {
        const input = await openInput(sysfs, number, listener, clock);
        return {
          read: () => input.read(),
          async close() {
            await input.close();
            await giveBack();
          },
        };
      } catch (error) {
        await giveBack();
        throw error;
      }
    },
    async output(line, name) {
      const { number } = line;
      await exported(line, name);
      return sysfs === onoffSysfs ? openOnoffOutput(number) : openPolledOutput(sysfs, number);
    },
  };
}

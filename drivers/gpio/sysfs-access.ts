// The way to GPIO lines through sysfs, which a process can watch and drive by itself. A line is exported first and
// given back when it was an input; an output stays exported, because giving it back would let a valve go.

import type { Clock } from '../../src/lib/clock.ts';
import { listChips, withToolNames } from './chips.ts';
import { type Access, exportLine, type InputLine, type LineListener, unexportLine } from './line.ts';
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

/** Throws DeviceFault where there is no such folder. */
export async function sysfsAccess(
  sysfs: string,
  clock: Clock,
  askTools: () => Promise<readonly ToolChip[]>,
): Promise<Access> {
  const chips = await listChips(sysfs);
  return {
    chips,
    chipsWithAllNames: async () => withToolNames(chips, await askTools()),
    async input({ number }, name, listener) {
      await exportLine(sysfs, number, name, clock);
      try {
        const line = await openInput(sysfs, number, listener, clock);
        return {
          read: () => line.read(),
          async close() {
            await line.close();
            await unexportLine(sysfs, number);
          },
        };
      } catch (error) {
        await unexportLine(sysfs, number);
        throw error;
      }
    },
    async output({ number }, name) {
      await exportLine(sysfs, number, name, clock);
      return sysfs === onoffSysfs ? openOnoffOutput(number) : openPolledOutput(sysfs, number);
    },
  };
}

// The way to GPIO lines through the character device, where sysfs was left out of the kernel: libgpiod's tools
// watch and hold the lines, a process for each.

import { DeviceFault } from '../../src/driver.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Tools } from './children.ts';
import { chipsOfTools } from './chips.ts';
import type { Access } from './line.ts';
import type { Line } from './lines.ts';
import { openToolInput } from './tool-input.ts';
import { type Holders, openToolOutput } from './tool-output.ts';
import type { ToolLine, ToolLineInfo } from './tools.ts';

function toolLine({ chip, offset }: Line): ToolLine {
  return { device: chip.device!, offset };
}

/** Throws DeviceFault where the tools are missing or show no chip. */
export async function chardevAccess(tools: Tools, holders: Holders, clock: Clock): Promise<Access> {
  const version = await tools.version();
  if (version === undefined) {
    throw new DeviceFault('link', "libgpiod's tools (version 1 or 2) are not installed: apt install gpiod");
  }
  const listing = await tools.chips();
  if (listing.length === 0) {
    throw new DeviceFault(
      'link',
      'gpiodetect shows no chip: there is none, or this user is not in group gpio',
    );
  }
  const chips = chipsOfTools(listing);

  /** What gpioinfo said of a line; throws where somebody else has it. */
  function ensureFree(line: Line, name: string): ToolLineInfo | undefined {
    const info = listing.find(({ device }) => device === line.chip.device)?.infos[line.offset];
    if (info?.consumer !== undefined && holders.level(toolLine(line)) === undefined) {
      throw new DeviceFault('link', `the line ${name} can't be had: "${info.consumer}" holds it`);
    }
    return info;
  }

  return {
    chips,
    chipsWithAllNames: async () => chips,
    async input(line, name, listener) {
      ensureFree(line, name);
      // it was an output before the site file was changed
      await holders.release(toolLine(line));
      return openToolInput({ tools, version, line: toolLine(line), clock }, listener);
    },
    async output(line, name, gone) {
      const direction = ensureFree(line, name)?.direction ?? 'input';
      return openToolOutput({ tools, version, line: toolLine(line), holders, direction }, gone);
    },
  };
}

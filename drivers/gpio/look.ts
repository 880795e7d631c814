// Looks for lines without taking any: which way the driver would go, which chips there are, which lines are not found
// or held by somebody else. For those who plan or examine a site; opens and drives nothing.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { AddressFault } from '../../src/driver.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemTools, type Tools } from './children.ts';
import { chipsOfTools, holderInSysfs, listChips, withToolNames } from './chips.ts';
import { type Chip, knownNames, type Line, resolveLine } from './lines.ts';
import { onoffSysfs } from './onoff-line.ts';
import type { ToolChip } from './tools.ts';

export interface GpioLook {
  /** the way that the driver would take; `none`: it would find no chip */
  readonly through: 'sysfs' | 'chardev' | 'none';
  readonly because?: string;
  readonly chips: readonly Chip[];
  readonly names: readonly string[];
  readonly wrong: readonly GpioWrong[];
}

export interface GpioWrong {
  readonly line: string;
  readonly what: string;
  readonly hint: string;
  /** who has it, by the word that the kernel was given; undefined: it is not found */
  readonly holder?: string;
}

/** Keys of the bus, as the site file has them. */
export interface GpioBus {
  readonly sysfs?: string;
  readonly access?: 'auto' | 'sysfs' | 'chardev';
}

export async function lookAtGpio(
  wanted: readonly { readonly line: string; readonly chip?: string }[],
  { sysfs, access = 'auto' }: GpioBus = {},
  tools: Tools = systemTools(systemClock()),
): Promise<GpioLook> {
  const folder = path.resolve(sysfs ?? onoffSysfs);
  const own = folder !== onoffSysfs;
  let because: string | undefined;
  const listed =
    access === 'chardev'
      ? []
      : await listChips(folder).catch((error: Error) => {
          because = error.message;
          return [] as Chip[];
        });
  // one that was named on purpose, by a folder or as the way, is not passed by
  const only = access === 'sysfs' || (own && access !== 'chardev');
  const bySysfs = listed.length > 0 && (only || existsSync(path.join(folder, 'export')));
  const known = own && only ? [] : await tools.chips();
  const chips = bySysfs ? withToolNames(listed, known) : only ? [] : chipsOfTools(known);
  if (chips.length === 0) {
    if (access !== 'chardev') because ??= `${folder} has no chips to use`;
    if (!only) {
      const version = await tools.version();
      const why = version === undefined ? "libgpiod's tools are not installed" : 'gpiodetect shows no chip';
      because = because === undefined ? why : `${because}; ${why}`;
    }
    return { through: 'none', ...(because !== undefined && { because }), chips, names: [], wrong: [] };
  }
  const wrong = wanted.flatMap(({ line, chip }) => {
    try {
      const found = resolveLine(chips, line, chip);
      const holder = bySysfs ? holderInSysfs(found, chips, known) : holderOf(found, known);
      return holder === undefined
        ? []
        : [{ line, what: `${line}: "${holder}" holds it`, hint: 'end that program', holder }];
    } catch (error) {
      if (!(error instanceof AddressFault)) throw error;
      return [{ line, what: error.message, hint: error.hint }];
    }
  });
  return { through: bySysfs ? 'sysfs' : 'chardev', chips, names: knownNames(chips), wrong };
}

function holderOf({ chip, offset }: Line, known: readonly ToolChip[]): string | undefined {
  return known.find(({ device }) => device === chip.device)?.infos[offset]?.consumer;
}

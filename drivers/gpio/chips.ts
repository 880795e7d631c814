// Lists the GPIO chips of this machine with their line names: from sysfs and the device tree, and from what
// libgpiod's tools said. Which line is meant is decided in lines.ts, not here.

import { readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { DeviceFault } from '../../src/driver.ts';
import type { Chip, Line } from './lines.ts';
import { namesOf, type ToolChip } from './tools.ts';

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Names separated and ended by NUL, as the device tree has them. */
function splitNames(text: string): string[] {
  return text.replace(/\0$/, '').split('\0');
}

async function namesIn(folder: string, shared: ReadonlySet<string>): Promise<readonly string[]> {
  const device = await realpath(path.join(folder, 'device')).catch(() => undefined);
  // Several banks under one device (gpio-brcmstb) share one list that begins at the first bank: not told apart here.
  if (device === undefined || shared.has(device)) return [];
  const text =
    (await read(path.join(folder, 'device/of_node/gpio-line-names'))) ??
    (await read(path.join(folder, 'device/gpio-line-names')));
  return text === undefined ? [] : splitNames(text);
}

async function devicesOfSeveral(folders: readonly string[]): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  const several = new Set<string>();
  for (const folder of folders) {
    const device = await realpath(path.join(folder, 'device')).catch(() => undefined);
    if (device === undefined) continue;
    if (seen.has(device)) several.add(device);
    seen.add(device);
  }
  return several;
}

/** The chips under a folder such as /sys/class/gpio; throws DeviceFault where there is no such folder. */
export async function listChips(sysfs: string): Promise<Chip[]> {
  let entries: string[];
  try {
    entries = await readdir(sysfs);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new DeviceFault(
      'link',
      `${sysfs} can't be read (${why}): this kernel has no GPIO, or none through sysfs`,
    );
  }
  const folders = entries.filter((name) => /^gpiochip\d+$/.test(name)).map((name) => path.join(sysfs, name));
  const several = await devicesOfSeveral(folders);
  const chips: Chip[] = [];
  for (const folder of folders) {
    const [label, base, lines] = await Promise.all(
      ['label', 'base', 'ngpio'].map((file) => read(path.join(folder, file))),
    );
    if (label === undefined || base === undefined || lines === undefined) continue; // a chip that is just going
    chips.push({
      label: label.trim(),
      base: Number(base),
      lines: Number(lines),
      names: (await namesIn(folder, several)).slice(0, Number(lines)),
    });
  }
  return chips.sort((a, b) => a.base - b.base);
}

/** What the tools say of a chip of sysfs; undefined where two have its label and size and can't be told apart. */
export function toolChipOf(
  chip: Chip,
  chips: readonly Chip[],
  tools: readonly ToolChip[],
): ToolChip | undefined {
  const isTwin = (each: { label: string; lines: number }): boolean =>
    each.label === chip.label && each.lines === chip.lines;
  const same = tools.filter(isTwin);
  return same.length === 1 && chips.filter(isTwin).length === 1 ? same[0] : undefined;
}

/** Chips with the tools' names where their own list had none. */
export function withToolNames(chips: readonly Chip[], tools: readonly ToolChip[]): Chip[] {
  return chips.map((chip) => {
    const same = chip.names.length > 0 ? undefined : toolChipOf(chip, chips, tools);
    return same ? { ...chip, names: namesOf(same) } : chip;
  });
}

/** Who keeps a line of sysfs from being handed out, as the tools say; what sysfs has handed out is free to all. */
export function holderInSysfs(
  { chip, offset }: Line,
  chips: readonly Chip[],
  tools: readonly ToolChip[],
): string | undefined {
  const consumer = toolChipOf(chip, chips, tools)?.infos[offset]?.consumer;
  return consumer === 'sysfs' ? undefined : consumer;
}

/** Chips that only the tools know. */
export function chipsOfTools(tools: readonly ToolChip[]): Chip[] {
  return tools.map((tool) => ({
    device: tool.device,
    label: tool.label,
    base: 0,
    lines: tool.lines,
    names: namesOf(tool),
  }));
}

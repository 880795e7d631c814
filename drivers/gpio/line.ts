// The small interfaces behind which a GPIO line is watched or driven, whichever way leads to it, and how sysfs
// hands a line out. Ways are sysfs-access.ts and chardev-access.ts. Knows no points or outputs.

import { constants } from 'node:fs';
import { access, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DeviceFault } from '../../src/driver.ts';
import { type Clock, sleep } from '../../src/lib/clock.ts';
import type { Chip, Line } from './lines.ts';

/** What becomes of an input: every level that was seen, or that the line is gone for good. */
export interface LineListener {
  /** `atMs`: by the kernel's clock, where it says so */
  level(level: boolean, atMs?: number): void;
  gone(error: Error): void;
}

export interface InputLine {
  /** The present level; throws where the line is gone. */
  read(): boolean;
  /** Ends the watching and gives the line back; never throws. */
  close(): void | Promise<void>;
}

export interface OutputLine {
  /** The present level; null where that can't be told; throws where the line is gone. */
  read(): boolean | null;
  /** Drives the line, before it returns where the way allows that; throws or rejects where it failed. */
  write(level: boolean, signal: AbortSignal): void | Promise<void>;
  /** Lets go of the line, which stays driven; never throws. */
  close(): void;
}

/** One way to the lines of this machine. */
export interface Access {
  readonly chips: readonly Chip[];
  /** the chips with names that were dearer to find out */
  chipsWithAllNames(): Promise<readonly Chip[]>;
  /** Watches a line; throws DeviceFault. `name` is for people. */
  input(line: Line, name: string, listener: LineListener): Promise<InputLine>;
  /** Takes a line over as an output without changing its level; throws DeviceFault. */
  output(line: Line, name: string, gone: (error: Error) => void): Promise<OutputLine>;
}

export function lineFolder(sysfs: string, number: number): string {
  return path.join(sysfs, `gpio${number}`);
}

function code(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

const patienceMs = 2000;
const glanceMs = 10;

/**
 * Has sysfs hand out a line, and waits until udev has given its files to us, which takes some
 * milliseconds. Throws DeviceFault, which names whoever has the line where `askHolder` knows.
 */
export async function exportLine(
  sysfs: string,
  number: number,
  name: string,
  clock: Clock,
  askHolder: () => Promise<string | undefined>,
): Promise<void> {
  const folder = lineFolder(sysfs, number);
  const value = path.join(folder, 'value');
  try {
    await access(folder);
  } catch {
    try {
      await writeFile(path.join(sysfs, 'export'), String(number));
    } catch (error) {
      const why = code(error);
      const holder = why === 'EBUSY' ? await askHolder() : undefined;
      const hints: Record<string, string> = {
        EBUSY:
          holder === undefined ? 'another program holds it (gpioinfo says which)' : `"${holder}" holds it`,
        EACCES: 'this user may not: add it to the group gpio',
        EINVAL: 'the kernel has no such line',
      };
      throw new DeviceFault('link', `the line ${name} (${number}) can't be had: ${hints[why] ?? why}`);
    }
  }
  const needed = [value, path.join(folder, 'direction')];
  for (let waitedMs = 0; ; waitedMs += glanceMs) {
    try {
      for (const file of needed) await access(file, constants.R_OK | constants.W_OK);
      return;
    } catch (error) {
      if (waitedMs >= patienceMs) {
        throw new DeviceFault(
          'link',
          `the line ${name} (${number}) was handed out, but its files are not ours: ${code(error)}`,
        );
      }
    }
    await sleep(clock, glanceMs);
  }
}

/** Gives a line back; one that is gone already is no fault. */
export async function unexportLine(sysfs: string, number: number): Promise<void> {
  await writeFile(path.join(sysfs, 'unexport'), String(number)).catch(() => {});
}

/**
 * The word for `direction` that makes a line an output without changing its level; undefined where it is
 * one already. `out` would drive it low for a moment.
 */
export async function outputDirection(sysfs: string, number: number): Promise<'high' | 'low' | undefined> {
  const folder = lineFolder(sysfs, number);
  const direction = (await readFile(path.join(folder, 'direction'), 'utf8')).trim();
  if (direction === 'out') return undefined;
  const level = (await readFile(path.join(folder, 'value'), 'utf8')).trim();
  return level === '1' ? 'high' : 'low';
}

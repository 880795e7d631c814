// The small interface behind which a GPIO line is watched or driven, and how sysfs hands a line out. Two
// files implement it: onoff-line.ts and polled-line.ts. Knows no names, points or outputs.

import { constants } from 'node:fs';
import { access, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DeviceFault } from '../../src/driver.ts';
import { type Clock, sleep } from '../../src/lib/clock.ts';

/** What becomes of an input: every level that was seen, or that the line is gone for good. */
export interface LineListener {
  level(level: boolean): void;
  gone(error: Error): void;
}

export interface InputLine {
  /** The present level; throws where the line is gone. */
  read(): boolean;
  /** Ends the watching and gives the line back; never throws. */
  close(): void;
}

export interface OutputLine {
  read(): boolean;
  /** Drives the line before it returns; throws where that failed. */
  write(level: boolean): void;
  /** Lets go of the line, which stays exported and driven; never throws. */
  close(): void;
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
 * milliseconds. Throws DeviceFault.
 */
export async function exportLine(sysfs: string, number: number, name: string, clock: Clock): Promise<void> {
  const folder = lineFolder(sysfs, number);
  const value = path.join(folder, 'value');
  try {
    await access(folder);
  } catch {
    try {
      await writeFile(path.join(sysfs, 'export'), String(number));
    } catch (error) {
      const why = code(error);
      const hints: Record<string, string> = {
        EBUSY: 'another program holds it (gpioinfo says which)',
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

// GPIO lines by looking at their `value` file again and again: for folders that are only shaped like sysfs,
// and for lines whose edges the kernel can't report. Slower than onoff, and blind to pulses between two looks.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DeviceFault } from '../../src/driver.ts';
import type { Clock, Timer } from '../../src/lib/clock.ts';
import { type InputLine, type LineListener, lineFolder, type OutputLine, outputDirection } from './line.ts';

/** Between two looks. */
export const lookEveryMs = 20;

/** Undefined while the file is empty, which it is for a moment when another process writes it. */
function levelIn(file: string): boolean | undefined {
  // opened anew each time: a descriptor of a chip that was taken away and put back reads the old line for ever
  const text = readFileSync(file, 'utf8').trim();
  if (text === '') return undefined;
  if (text !== '0' && text !== '1') throw new DeviceFault('garbled', `${file} holds ${JSON.stringify(text)}`);
  return text === '1';
}

function ensure(file: string, wanted: string): void {
  if (readFileSync(file, 'utf8').trim() !== wanted) writeFileSync(file, wanted);
}

/** Watches an exported line. */
export function openPolledInput(
  sysfs: string,
  number: number,
  listener: LineListener,
  clock: Clock,
): InputLine {
  const folder = lineFolder(sysfs, number);
  const value = path.join(folder, 'value');
  ensure(path.join(folder, 'direction'), 'in');
  let last = levelIn(value) ?? false;
  let timer: Timer;
  const look = (): void => {
    timer = clock.after(lookEveryMs, look);
    try {
      const level = levelIn(value);
      if (level === undefined || level === last) return;
      last = level;
      listener.level(level);
    } catch (error) {
      timer.cancel();
      listener.gone(error as Error);
    }
  };
  timer = clock.after(lookEveryMs, look);
  return {
    read: () => levelIn(value) ?? last,
    close: () => timer.cancel(),
  };
}

/** Takes over an exported line as an output, at the level that it has. */
export async function openPolledOutput(sysfs: string, number: number): Promise<OutputLine> {
  const folder = lineFolder(sysfs, number);
  const value = path.join(folder, 'value');
  const direction = await outputDirection(sysfs, number);
  if (direction !== undefined) writeFileSync(path.join(folder, 'direction'), direction);
  let last = levelIn(value) ?? false;
  return {
    read() {
      last = levelIn(value) ?? last;
      return last;
    },
    write(level) {
      writeFileSync(value, level ? '1' : '0');
      last = level;
    },
    close() {},
  };
}

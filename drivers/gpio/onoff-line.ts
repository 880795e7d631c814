// GPIO lines of the kernel through the package onoff, which wakes on every edge. Makes up for what onoff
// leaves open: errors it swallows, an exception it throws from its edge handler, and a close without unexport.

import { closeSync } from 'node:fs';
import type { Gpio } from 'onoff';
import { DeviceFault } from '../../src/driver.ts';
import { type InputLine, type LineListener, type OutputLine, outputDirection } from './line.ts';

/** The only place that onoff looks in. */
export const onoffSysfs = '/sys/class/gpio';

// loaded when a chip is opened: its native part is of no use on machines without GPIO
async function load(): Promise<typeof Gpio> {
  return (await import('onoff')).Gpio;
}

/** onoff can close a line only by unexporting it, which makes an output an input; this closes its file alone. */
function closeValueFile(gpio: Gpio): void {
  const descriptor = (gpio as unknown as { _valueFd?: number })._valueFd;
  if (descriptor !== undefined) closeSync(descriptor);
}

/** Watches an exported line; undefined where the kernel can't report this line's edges. */
export async function openOnoffInput(number: number, listener: LineListener): Promise<InputLine | undefined> {
  const Line = await load();
  const gpio = new Line(number, 'in', 'both', { activeLow: false });
  // for a line that was exported before, onoff ignores what it could not set
  if (gpio.direction() !== 'in') {
    closeValueFile(gpio);
    throw new DeviceFault('link', `line ${number} can't be made an input`);
  }
  const read = gpio.readSync.bind(gpio);
  let last = read() === 1;
  /** what the edge handler read; undefined: it could not */
  let seen: boolean | undefined;
  let closed = false;

  function gone(error: Error): void {
    if (closed) return;
    gpio.unwatchAll();
    listener.gone(error);
  }

  // onoff's edge handler calls this outside of any try: a chip that was unplugged would end the process
  gpio.readSync = () => {
    try {
      const level = read();
      seen = level === 1;
      return level;
    } catch (error) {
      seen = undefined;
      gone(error as Error);
      return 0;
    }
  };

  function onEdge(error: Error | null | undefined): void {
    if (closed) return;
    if (error) gone(error);
    if (error || seen === undefined) return;
    // An edge to the level that we had: the line went there and back before it could be read. Both are told.
    if (seen === last) listener.level(!seen);
    last = seen;
    listener.level(seen);
  }

  try {
    if (gpio.edge() !== 'both') throw new Error('no edges');
    gpio.watch(onEdge);
  } catch {
    closeValueFile(gpio);
    return undefined;
  }
  return {
    read: () => read() === 1,
    close() {
      if (closed) return;
      closed = true;
      try {
        // whether the line is given back is not decided here
        gpio.unwatchAll();
        closeValueFile(gpio);
      } catch {
        // the chip is gone, and the line with it
      }
    },
  };
}

/** Takes over an exported line as an output, at the level that it has. */
export async function openOnoffOutput(number: number): Promise<OutputLine> {
  const Line = await load();
  const direction = await outputDirection(onoffSysfs, number);
  const gpio = new Line(number, direction ?? 'out', undefined, {
    activeLow: false,
    reconfigureDirection: direction !== undefined,
  });
  if (gpio.direction() !== 'out') {
    closeValueFile(gpio);
    throw new DeviceFault('link', `line ${number} can't be made an output`);
  }
  let closed = false;
  return {
    read: () => gpio.readSync() === 1,
    write: (level) => gpio.writeSync(level ? 1 : 0),
    close() {
      if (closed) return;
      closed = true;
      try {
        closeValueFile(gpio);
      } catch {
        // the chip is gone, and the file with it
      }
    },
  };
}

// An opening by sysfs that took too long, was given up, and is closed when it is done after all: the next one has the
// lines by then and keeps them. Seen in an emulated machine; the chip is a folder shaped like /sys/class/gpio.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createGpio } from '../../drivers/gpio/driver.ts';
import type { Connection, Host, PointAddress } from '../../src/driver.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { until } from '../support/broker.ts';
import { virtualClock } from '../support/clock.ts';
import { makeSysfs, pi4, type Sysfs } from '../support/sysfs.ts';
import { fakeTools } from './gpio-fake-tools.ts';

const opened: Sysfs[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

describe('a line that two openings have', () => {
  it.each(['older', 'newer'] as const)(
    'is given back by the newer one alone: the %s closes',
    async (which) => {
      const sysfs = makeSysfs(pi4);
      opened.push(sysfs);
      const driver = createGpio({ clock: systemClock(), tools: fakeTools(1, virtualClock()) });
      const bus = { sysfs: sysfs.folder };
      const point: PointAddress = {
        id: 'x.smoke',
        device: 'x',
        ...driver.point(bus, {}, { line: 'GPIO17' }),
      };
      const failures: Error[] = [];
      const open = (): Promise<Connection> =>
        driver.open(bus, {
          points: [point],
          outputs: [],
          emit() {},
          fail: (fault: Error) => void failures.push(fault),
          log: { debug() {}, info() {}, warn() {}, error() {} },
        } as unknown as Host);
      const [older, newer] = [await open(), await open()];
      await (which === 'older' ? older : newer).close();
      if (which === 'newer') return until('the line is gone', () => !sysfs.exists(512 + 17));
      // when it has handed out two more, one after the other, it has read all that it was asked before
      for (const number of [512 + 5, 512 + 6]) {
        writeFileSync(path.join(sysfs.folder, 'export'), String(number));
        await until('another line is handed out', () => sysfs.exists(number));
      }
      expect(sysfs.exists(512 + 17)).toBe(true);
      const request = { device: 'x', space: 'chip', start: 0, length: 1, points: [point] };
      expect(await newer.read!(request, new AbortController().signal)).toEqual([false]);
      expect(failures).toEqual([]);
      await newer.close();
      await until('the line is gone', () => !sysfs.exists(512 + 17));
    },
  );
});

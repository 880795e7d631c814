// The health of the machine, read from /proc and /sys: what is not there is absent, and nothing is ever written. Knows no
// route and no judgement: what is too warm is for people.

import { readFileSync, statfsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { MachineView } from './api.ts';

/** @param root where /proc and /sys are; a seam */
export function machineView(
  given: { readonly data: string; readonly clock: 'synced' | 'unsynced' },
  root = '/',
): MachineView {
  const read = (file: string): string | undefined => {
    try {
      const text = readFileSync(path.join(root, file), 'utf8').replaceAll('\0', '').trim();
      return text === '' ? undefined : text;
    } catch {
      return undefined;
    }
  };
  const model = read('proc/device-tree/model');
  const temperatureC = temperatureIn(read('sys/class/thermal/thermal_zone0/temp'));
  const underVoltage = throttledIn(read('sys/devices/platform/soc/soc:firmware/get_throttled'));
  const disk = diskOf(given.data);
  const [one = 0, five = 0, fifteen = 0] = os.loadavg();
  return {
    ...(model !== undefined && { model: model.slice(0, 200) }),
    uptimeMs: Math.round(os.uptime() * 1000),
    load: [one, five, fifteen],
    memory: {
      totalBytes: os.totalmem(),
      freeBytes: availableIn(read('proc/meminfo')) ?? os.freemem(),
      ownBytes: process.memoryUsage.rss(),
    },
    ...(disk && { disk }),
    ...(temperatureC !== undefined && { temperatureC }),
    ...(underVoltage && { underVoltage }),
    clock: given.clock,
    node: process.versions.node,
  };
}

/** What programs can have, caches included: `MemFree` alone looks like nothing on a healthy machine. */
export function availableIn(meminfo: string | undefined): number | undefined {
  const match = /^MemAvailable:\s+(\d{1,12}) kB$/m.exec(meminfo ?? '');
  return match === null ? undefined : Number(match[1]) * 1024;
}

/** Thousandths of a degree. */
export function temperatureIn(text: string | undefined): number | undefined {
  if (text === undefined || !/^-?\d{1,7}$/.test(text)) return undefined;
  return Math.round(Number(text) / 100) / 10;
}

/** Bits of the Raspberry Pi's firmware, in hexadecimal: 0 under-voltage now, 16 since the start. */
export function throttledIn(text: string | undefined): MachineView['underVoltage'] {
  const match = /^(?:0x)?([0-9a-f]{1,8})$/i.exec(text ?? '');
  if (match === null) return undefined;
  const bits = Number.parseInt(match[1]!, 16);
  return { now: (bits & 0x1) !== 0, since: (bits & 0x1_0000) !== 0 };
}

function diskOf(folder: string): MachineView['disk'] {
  try {
    const { blocks, bavail, bsize } = statfsSync(folder);
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
  } catch {
    return undefined;
  }
}

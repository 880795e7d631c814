// Which boot of the machine this is and how long it has been up: what tells a restarted process how much
// steady time went by, without asking the wall clock.

import { readFileSync } from 'node:fs';
import os from 'node:os';

export interface Boot {
  readonly id: string;
  /** since boot, sleep included, ms */
  readonly uptimeMs: number;
}

export function currentBoot(): Boot {
  let id = 'unknown';
  try {
    id = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // without it every restart counts as a boot
  }
  return { id, uptimeMs: os.uptime() * 1000 };
}

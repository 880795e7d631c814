// One update at a time on a gateway. The lock is the kernel's, so that it is gone with the process that holds it, however
// that ends, and no number of a process can be taken for another after a boot.

import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { lockWasTaken } from './run.ts';
import { Refused } from './types.ts';

/** Gives how to let go. Throws Refused where another holds it. */
export async function lockIn(folder: string): Promise<() => void> {
  const descriptor = openSync(path.join(folder, 'lock'), 'a', 0o600);
  try {
    if (!(await lockWasTaken(descriptor)))
      throw new Refused('another update is under way', 'wait until it has ended');
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return () => closeSync(descriptor);
}

// Which machine this is, as a hash that tells nothing of it: so that a state notices that it came here on a copied card.
// The board's own number where it has one, since a copied card brings /etc/machine-id with it; else that.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const boardFiles = ['proc/device-tree/serial-number', 'sys/firmware/devicetree/base/serial-number'];

/** undefined: nothing here stays the same from start to start, so that nothing can be told by it */
export function machineIdentity(root = '/'): string | undefined {
  const read = (file: string): string => {
    try {
      return readFileSync(path.join(root, file), 'utf8').replaceAll('\0', '').trim();
    } catch {
      return '';
    }
  };
  const board = boardFiles.map(read).find((text) => /^[0-9a-f]{6,64}$/i.test(text) && !/^0+$/.test(text));
  if (board !== undefined) return hashOf(`board ${board}`);
  // systemd makes one anew at each boot where the root is read-only, and leaves this sign
  if (existsSync(path.join(root, 'run/machine-id'))) return undefined;
  const machine = read('etc/machine-id');
  return /^[0-9a-f]{32}$/.test(machine) ? hashOf(`machine ${machine}`) : undefined;
}

function hashOf(text: string): string {
  return createHash('sha256').update(`keepwatch ${text}`).digest('hex').slice(0, 32);
}

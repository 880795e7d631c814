// A folder in memory for targets whose parser reads files. One for each run; taken down with it.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Scratch {
  readonly open: () => Promise<() => Promise<void>>;
  /** Writes a file; gives its path. */
  write(name: string, bytes: Uint8Array | string): string;
  /** the folder; only while it is open */
  path(): string;
}

export function scratch(): Scratch {
  let folder: string | undefined;
  const place = (): string => {
    if (folder === undefined) throw new Error('the target was not opened');
    return folder;
  };
  return {
    async open() {
      const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
      const made = mkdtempSync(path.join(base, 'keepwatch-fuzz-'));
      folder = made;
      return async () => {
        folder = undefined;
        rmSync(made, { recursive: true, force: true });
      };
    },
    write(name, bytes) {
      const file = path.join(place(), name);
      writeFileSync(file, bytes);
      return file;
    },
    path: place,
  };
}

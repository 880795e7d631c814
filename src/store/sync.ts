// Makes what was written, and the names of files, outlive a power cut. Knows no store.

import { closeSync, fsyncSync, openSync } from 'node:fs';

/** A new name is durable only when its folder is synced as well. */
export const syncFolder = (folder: string): void => syncFile(folder);

export function syncFile(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

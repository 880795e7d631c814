// Makes what was written, and the names of files, outlive a power cut. Knows nothing of what is in them.

import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

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

export interface Belongings {
  /** whatever the umask is */
  readonly mode: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * Puts a file in place whole and for good: who reads it meanwhile, or after a power cut, finds what was before or all of
 * this. Throws the system's errors, and leaves nothing then.
 */
export function writeWholeFile(file: string, content: string | Buffer, { mode, owner }: Belongings): void {
  const folder = path.dirname(file);
  const fresh = path.join(folder, `.${path.basename(file)}.${process.pid}.tmp`);
  const descriptor = openSync(fresh, 'wx', 0o600);
  try {
    try {
      writeFileSync(descriptor, content);
      fchmodSync(descriptor, mode);
      if (owner !== undefined) fchownSync(descriptor, owner.uid, owner.gid);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
  syncFolder(folder);
}

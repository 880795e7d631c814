// Where the daemon's socket is, and how it is reached when its path is too long for the kernel: a socket
// address holds 107 bytes, a data folder may well be deeper. Knows paths and descriptors, not the protocol.

import { closeSync, constants, openSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { socketName } from './types.ts';

const longestPathBytes = 107;
// Not among Node's constants. Opens a folder without the right to list it.
const oPath = 0o10000000;

export interface Reachable {
  /** short enough for bind(2) and connect(2); valid until `release` */
  readonly path: string;
  release(): void;
}

/** The socket in a folder that exists; any other path is the socket itself. */
export function socketOf(socketOrFolder: string): string {
  const folder = statSync(socketOrFolder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return folder ? path.join(socketOrFolder, socketName) : socketOrFolder;
}

/** A name for the socket that the kernel takes, through the folder's descriptor where the path is too long. Throws ENOENT, EACCES. */
export function reachable(socket: string): Reachable {
  if (Buffer.byteLength(socket) <= longestPathBytes) return { path: socket, release: () => {} };
  const descriptor = openSync(path.dirname(socket), oPath | constants.O_DIRECTORY);
  let released = false;
  return {
    path: `/proc/self/fd/${descriptor}/${path.basename(socket)}`,
    release() {
      if (released) return;
      released = true;
      closeSync(descriptor);
    },
  };
}

/** Where the demo keeps its data: one folder for each user, so that commands find it without being told. */
export function demoFolder(): string {
  const user = process.getuid?.() ?? 0;
  return path.join(os.tmpdir(), `keepwatch-demo-${user}`);
}

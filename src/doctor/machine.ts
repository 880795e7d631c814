// The machine as the looks ask it: files under a root folder, short commands with a time limit. A test gives another
// root, a folder shaped like /sys, /proc and /etc. Never writes.

import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statfsSync,
  statSync,
} from 'node:fs';
import path from 'node:path';

export interface Stat {
  readonly uid: number;
  readonly gid: number;
  /** permission bits */
  readonly mode: number;
  readonly kind: 'file' | 'folder' | 'device' | 'other';
  readonly bytes: number;
}

export interface Space {
  readonly freeBytes: number;
  readonly allBytes: number;
  readonly freeNodes: number;
  /** 0: this kind of file system counts none */
  readonly allNodes: number;
}

export interface Answered {
  /** null: ended by a signal or by its time limit */
  readonly code: number | null;
  readonly stdout: string;
}

export interface Machine {
  /** a text, or undefined where it can't be read; the whole, trimmed */
  read(file: string): string | undefined;
  /** names in a folder, sorted; none where it can't be read */
  list(folder: string): string[];
  stat(file: string): Stat | undefined;
  /** what a link leads to at last; undefined where it leads nowhere */
  real(file: string): string | undefined;
  /** what a link says */
  link(file: string): string | undefined;
  readable(file: string): boolean;
  space(folder: string): Space | undefined;
  /** undefined: there is no such program */
  run(command: string, args: readonly string[], withinMs?: number): Promise<Answered | undefined>;
  readonly environment: NodeJS.ProcessEnv;
  readonly uid: number;
  readonly groups: readonly number[];
  readonly arch: string;
  /** `v20.20.2` */
  readonly nodeVersion: string;
}

const usualMs = 3000;
const mostBytes = 4 * 1024 * 1024;

/** @param root where the machine's files are: `/`, or a test's folder */
export function thisMachine(root = '/'): Machine {
  const at = (file: string): string => (root === '/' ? file : path.join(root, file));
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch {
      return undefined;
    }
  };
  return {
    read: (file) =>
      attempt(() => {
        const status = statSync(at(file));
        if (status.isDirectory() || status.size > mostBytes) return undefined;
        return readFileSync(at(file), 'utf8').replaceAll('\0', '').trim();
      }),
    list: (folder) => attempt(() => readdirSync(at(folder)).sort()) ?? [],
    stat: (file) =>
      attempt(() => {
        const status = statSync(at(file));
        const kind = status.isFile()
          ? 'file'
          : status.isDirectory()
            ? 'folder'
            : status.isCharacterDevice()
              ? 'device'
              : 'other';
        return { uid: status.uid, gid: status.gid, mode: status.mode & 0o7777, kind, bytes: status.size };
      }),
    real: (file) => attempt(() => realpathSync(at(file))),
    link: (file) => attempt(() => readlinkSync(at(file))),
    readable: (file) => attempt(() => accessSync(at(file), constants.R_OK) ?? true) ?? false,
    space: (folder) =>
      attempt(() => {
        const { bsize, bavail, blocks, ffree, files } = statfsSync(at(folder));
        return { freeBytes: bavail * bsize, allBytes: blocks * bsize, freeNodes: ffree, allNodes: files };
      }),
    run: (command, args, withinMs = usualMs) =>
      new Promise((resolve) => {
        const options = { timeout: withinMs, maxBuffer: mostBytes, env: { ...process.env, LC_ALL: 'C' } };
        execFile(command, [...args], options, (error, stdout) => {
          const code = error === null ? 0 : (error as NodeJS.ErrnoException).code;
          if (code === 'ENOENT' || code === 'EACCES') resolve(undefined);
          else resolve({ code: typeof code === 'number' ? code : null, stdout });
        });
      }),
    environment: process.env,
    uid: process.getuid?.() ?? 0,
    groups: [...new Set([process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])])],
    arch: process.arch,
    nodeVersion: process.version,
  };
}

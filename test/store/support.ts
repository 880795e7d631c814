// Folders and child processes for the store's tests. The child (`child.ts`) is bundled once for each test
// file, because Node runs no TypeScript by itself everywhere.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { onTestFinished } from 'vitest';
import { packageRoot } from '../../src/lib/assets.ts';
import { openStore, type StoreOptions } from '../../src/store/store.ts';
import { type Store, StoreFault } from '../../src/store/types.ts';

export const silent = { info() {}, warn() {} };

export const openAt = (folder: string, options: Partial<StoreOptions> = {}): Store =>
  openStore(folder, { now: () => 1000, log: silent, ...options });

export const newFolder = (): string => mkdtempSync(path.join(tmpdir(), 'keepwatch-store-'));

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = newFolder();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What the work throws, which must be a StoreFault. */
export const faultOf = (work: () => unknown): StoreFault => {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreFault) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

/** Bundles the child beside the packages it needs; returns its path. */
export function buildChild(): string {
  const outfile = path.join(packageRoot, 'node_modules/.cache', `keepwatch-store-child-${process.pid}.mjs`);
  buildSync({
    entryPoints: [path.join(packageRoot, 'test/store/child.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  });
  return outfile;
}

export interface Finished {
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly words: string;
}

function finish(command: string, args: readonly string[]): Finished {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  return { status, lines: stdout.split('\n').filter((line) => line !== ''), words: stderr };
}

export const runChild = (child: string, mode: string, folder: string): Finished =>
  finish(process.execPath, [child, mode, folder]);

export const startChild = (child: string, mode: string, folder: string): ChildProcess =>
  spawn(process.execPath, [child, mode, folder], { stdio: ['pipe', 'pipe', 'inherit'] });

const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];

/** Can this machine give a process mounts of its own? */
export const hasOwnMounts = (): boolean => finish('unshare', [...asRoot, '-m', 'true']).status === 0;

/** Runs the child where `mounts` (shell, with $1 the folder) hold for it alone. */
export function runChildWithMounts(child: string, mode: string, folder: string, mounts: string): Finished {
  const script = `set -e; ${mounts}; exec "$2" "$3" "$4" "$1"`;
  const args = [...asRoot, '-m', 'sh', '-c', script, 'sh', folder, process.execPath, child, mode];
  return finish('unshare', args);
}

export const hasStrace = (): boolean => finish('strace', ['-V']).status === 0;

/** Runs the child with system calls failing as `inject` says (strace's own words). */
export const runChildWithFaults = (child: string, mode: string, folder: string, inject: string): Finished =>
  finish('strace', [
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    `inject=${inject}`,
    process.execPath,
    child,
    mode,
    folder,
  ]);

// The state around an update: a copy of it before, and the way back where the new version has already changed its form.
// Knows of the state's file no more than its name and where its version stands.

import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { lastWords, must, run } from './run.ts';
import { Refused } from './types.ts';

const program = '/usr/bin/keepwatch';
const backupWithinMs = 1_800_000;

/** SQLite's `user_version`, four bytes at this place of the file's header. */
const versionAt = 60;

/** The form of the state that lies there; undefined: none does. A migration writes it into the file at once. */
export function formOf(data: string): number | undefined {
  const file = path.join(data, 'keepwatch.db');
  if (!existsSync(file)) return undefined;
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(4);
    return readSync(descriptor, bytes, 0, 4, versionAt) === 4 ? bytes.readUInt32BE() : undefined;
  } finally {
    closeSync(descriptor);
  }
}

export async function backUp(file: string): Promise<void> {
  const { code, stderr } = await run([program, 'backup', '--force', file], backupWithinMs);
  if (code !== 0)
    throw new Refused(
      `the state can't be copied first: ${lastWords(stderr)}`,
      'mend this, or add --no-backup to go on without a way back for the state',
    );
}

/** Puts the copy in place of a state that the program before does not know. The daemon must not run. */
export async function bringBack(copy: string, data: string): Promise<void> {
  // only the daemon's own user can make files that the daemon may write, and only root can read the copy
  await must([
    'install',
    '-o',
    'keepwatch',
    '-g',
    'keepwatch',
    '-m',
    '0600',
    copy,
    path.join(data, 'update.restore'),
  ]);
  try {
    await must(
      [
        'runuser',
        '-u',
        'keepwatch',
        '--',
        program,
        'restore',
        path.join(data, 'update.restore'),
        '--data',
        data,
      ],
      backupWithinMs,
    );
  } finally {
    await run(['rm', '-f', path.join(data, 'update.restore')]);
  }
}

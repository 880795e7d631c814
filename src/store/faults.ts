// Turns what SQLite and the file system say into a StoreFault: a stable code, what failed, and what a
// technician can do about it. Judges errors only; decides nothing about going on.

import path from 'node:path';
import { moduleFault } from '../lib/compiled-module.ts';
import { StoreFault } from './types.ts';

export type Operation = 'open' | 'commit' | 'read' | 'backup';

const words: Record<Operation, string> = {
  open: 'the data folder cannot be opened',
  commit: 'the journal cannot be written',
  read: 'the journal cannot be read',
  backup: 'the copy cannot be made',
};

const hints: Record<string, string> = {
  busy: 'stop the other one (`systemctl status keepwatch`), or give this one its own `data` folder',
  newer:
    'install that version again, or move keepwatch.db and keepwatch.db-wal away and put a copy in their place that this version has made',
  readOnly:
    'mount the disk writable and give the folder to the user that runs keepwatch; a card that turned read-only by itself is worn out: replace it',
  full: 'free space on the disk of the data folder, or move `data` to a larger one; writing goes on by itself',
  io: 'look at `dmesg` for disk errors; after one failed write a file system may refuse all others until it is mounted again, so restart the gateway, and replace the card or disk if it comes back',
  damaged:
    'start keepwatch: it sets the file aside and begins anew; `keepwatch restore COPY` then brings back a backup; and check the disk',
  conflict: 'this is a fault of the program: please report it with the log',
};

/** A copy goes to another place than the data: its disk is not the gateway's worry. */
const backupHint = 'give the name of a file in a folder that exists, is writable and has room for the copy';

function ownFolder(folder: string): string {
  return `give the folder to the user that runs keepwatch (\`sudo install -d -o $USER ${folder}\`), or choose another \`data:\``;
}

const messages: Record<string, string> = {
  busy: 'another keepwatch runs on this data folder',
};

const systemCodes: Record<string, string> = {
  EROFS: 'readOnly',
  EACCES: 'readOnly',
  EPERM: 'readOnly',
  ENOSPC: 'full',
  EDQUOT: 'full',
};

function sqliteCode(code: string): string {
  if (/^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(code)) return 'busy';
  if (code.startsWith('SQLITE_FULL')) return 'full';
  if (/^SQLITE_(READONLY|PERM)/.test(code)) return 'readOnly';
  if (/^SQLITE_(CORRUPT|NOTADB|FORMAT|SCHEMA)/.test(code)) return 'damaged';
  if (/^SQLITE_(CONSTRAINT|MISMATCH|RANGE|MISUSE)/.test(code)) return 'conflict';
  return 'io';
}

function codeOf(error: Error): string | undefined {
  if (error instanceof SyntaxError) return 'damaged'; // a stored body that is no longer JSON
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string') return undefined;
  if (code.startsWith('SQLITE_')) return sqliteCode(code);
  return (error as NodeJS.ErrnoException).syscall === undefined ? undefined : (systemCodes[code] ?? 'io');
}

export function storeFault(code: string, message: string, cause?: unknown, hint?: string): StoreFault {
  const fault = new StoreFault(code, message, hint ?? hints[code] ?? hints.io!);
  if (cause !== undefined) fault.cause = cause;
  return fault;
}

/** Faults pass through; an error that neither SQLite nor the system raised is a bug and stays what it is. */
export function toStoreFault(error: unknown, operation: Operation, file: string): unknown {
  if (error instanceof StoreFault || !(error instanceof Error)) return error;
  const unfit = moduleFault(error);
  if (unfit !== undefined) return storeFault('module', unfit.message, error, unfit.hint);
  const code = codeOf(error);
  if (code === undefined) return error;
  const detail = `${(error as { code?: string }).code ?? error.name}: ${error.message}`;
  const copying = operation === 'backup';
  const forbidden =
    operation === 'open' && ['EACCES', 'EPERM'].includes(String((error as { code?: string }).code));
  const hint = copying ? backupHint : forbidden ? ownFolder(path.dirname(file)) : undefined;
  const what = copying ? words.backup : (messages[code] ?? words[operation]);
  return storeFault(code, `${what}: ${file} (${detail})`, error, hint);
}

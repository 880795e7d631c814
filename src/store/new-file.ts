// Makes a state's file: whole and synced beside its place, and only then under its name. So a file under that name was
// never empty and never short, and one that is has lost what it held. Knows the schema and no turns.

import {
  chmodSync,
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { syncFile, syncFolder } from '../lib/sync.ts';
import { storeFault } from './faults.ts';
import { migrate } from './migrations.ts';

/** `keepwatch.db.new-4711`, and what SQLite has beside it */
const strayForm = /\.new-\d+(?:-journal|-wal|-shm)?$/;

/** What a making that was cut short has left; the state itself is not among it. */
function removeStrays(file: string): void {
  const name = path.basename(file);
  for (const each of readdirSync(path.dirname(file)))
    if (each.startsWith(name) && strayForm.test(each.slice(name.length)))
      rmSync(path.join(path.dirname(file), each), { force: true });
}

/** Makes the file, which is not there; where another daemon has made it meanwhile, that one stays. Returns the steps of the schema. */
export function makeFile(file: string): number {
  removeStrays(file);
  if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0)
    throw storeFault('damaged', `the file has gone, and only its log is there: ${file}`);
  rmSync(`${file}-wal`, { force: true });
  const fresh = `${file}.new-${process.pid}`;
  // made by ourselves, because SQLite would make it readable for all; its log takes over this mode
  closeSync(openSync(fresh, 'ax', 0o640));
  chmodSync(fresh, 0o640);
  const database = new Sqlite(fresh, { timeout: 0 });
  let steps: number;
  try {
    database.pragma('synchronous = FULL');
    steps = migrate(database);
  } finally {
    database.close();
  }
  syncFile(fresh);
  placeUnlessThere(fresh, file);
  syncFolder(path.dirname(file));
  return steps;
}

/** A renaming would throw away what another daemon has begun in the same moment. */
function placeUnlessThere(fresh: string, file: string): void {
  try {
    linkSync(fresh, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(String(code))) {
      // a file system that has no links
      renameSync(fresh, file);
      return;
    }
    if (code !== 'EEXIST') throw error;
  }
  unlinkSync(fresh);
}

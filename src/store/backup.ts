// Copies the state into one file while work goes on. The copy has no epoch: whoever opens it later has lost
// what came after it and would give the same numbers to other events, so it begins a new one.

import { accessSync, chmodSync, constants, rmSync } from 'node:fs';
import path from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { toStoreFault } from './faults.ts';

/** Replaces `target`. Rejects with StoreFault, and leaves no half copy behind. */
export async function backupTo(database: Database, target: string): Promise<void> {
  try {
    accessSync(path.dirname(target), constants.W_OK);
    rmSync(target, { force: true });
    await database.backup(target);
    chmodSync(target, 0o640);
    const copy = new Sqlite(target);
    try {
      // a log beside it would be forgotten when the file is carried away
      copy.pragma('journal_mode = DELETE');
      copy.exec(`DELETE FROM meta WHERE key IN ('epoch', 'machine')`);
    } finally {
      copy.close();
    }
  } catch (error) {
    rmSync(target, { force: true });
    throw toStoreFault(error, 'backup', target);
  }
}

// Reads a data folder that no daemon holds, without changing or locking anything in it: the journal and the incidents,
// all at once. Throws StoreFault; a folder to which a daemon writes just now is `busy`. Knows no turns.

import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import type { Incident } from '../core/types.ts';
import { storeFault, toStoreFault } from './faults.ts';
import { journalRows } from './journal.ts';
import { applicationId, schemaSteps, schemaVersion } from './migrations.ts';
import { storeFile } from './open.ts';
import type { JournalRow } from './types.ts';

export interface Reading {
  readonly journal: readonly JournalRow[];
  /** newest first */
  readonly incidents: readonly Incident[];
}

const all = 1_000_000;

/** Undefined where nothing was stored yet. */
export function readStore(folder: string): Reading | undefined {
  const file = storeFile(folder);
  if (!existsSync(file)) return undefined;
  return onCopy(file, (database) => readAll(database, file));
}

/** SQLite leaves files of its own beside one that it reads, and brings its log home: so it gets a copy. Throws StoreFault. */
export function onCopy<T>(file: string, work: (database: Database) => T): T {
  const aside = mkdtempSync(path.join(tmpdir(), 'keepwatch-read-'));
  try {
    const copy = path.join(aside, 'copy.db');
    const before = stateOf(file);
    for (const ending of ['', '-wal'])
      if (existsSync(file + ending)) copyFileSync(file + ending, copy + ending);
    if (stateOf(file) !== before) throw storeFault('busy', `another keepwatch writes to ${file}`);
    const database = new Sqlite(copy);
    try {
      return work(database);
    } finally {
      database.close();
    }
  } catch (error) {
    throw toStoreFault(error, 'open', file);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function stateOf(file: string): string {
  return ['', '-wal']
    .map((ending) => statSync(file + ending, { throwIfNoEntry: false }))
    .map((found) => `${found?.size} ${found?.mtimeMs}`)
    .join();
}

/** Throws StoreFault where it is none of our files, or one that a newer version wrote. */
export function refuseOthers(database: Database, file: string): void {
  const version = schemaVersion(database);
  if (database.pragma('application_id', { simple: true }) !== applicationId)
    throw storeFault('damaged', `this is not a file of keepwatch, or its header is damaged: ${file}`);
  if (version > schemaSteps.length) throw storeFault('newer', `it was written by a newer keepwatch: ${file}`);
}

function readAll(database: Database, file: string): Reading {
  refuseOthers(database, file);
  return {
    journal: database.prepare<[number, number], JournalRow>(journalRows).raw().all(0, all),
    incidents: database
      .prepare<[], string>('SELECT body FROM incident ORDER BY number DESC')
      .pluck()
      .all()
      .map((body) => JSON.parse(body) as Incident),
  };
}

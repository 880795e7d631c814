// Opens the data folder: creates what is missing, refuses what another daemon holds, what a newer version
// wrote and what is not ours, and leaves a connection that no second process can share. Must not change a
// byte of a file that it refuses. Knows no turns.

import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { fileDate } from '../lib/file-date.ts';
import { syncFolder } from '../lib/sync.ts';
import { storeFault } from './faults.ts';
import { applicationId, migrate, schemaSteps, schemaVersion } from './migrations.ts';
import { makeFile } from './new-file.ts';
import { hasLostTransactions } from './torn-log.ts';

export interface OpenedFile {
  readonly database: Database;
  /** there was no state in this folder before */
  readonly created: boolean;
  /** the last daemon here did not close: a kill or a power cut */
  readonly unclean: boolean;
  readonly migrated: number;
  /** what had been durable is missing at the end: what is here is older than what was told of it */
  readonly rolledBack: boolean;
}

/** Up to this size the whole file is checked after an unclean end, above it only what a start needs. */
const wholeCheckBytes = 32 * 1024 * 1024;
const tablesOfAStart = ['meta', 'site', 'snapshot', 'outbox', 'set_aside', 'retained', 'command'];
/** After a clean end too: these are small, and damage there is better known now than at the next commit. */
const tablesOfEveryStart = ['meta', 'snapshot', 'outbox', 'retained'];

/** One page of the smallest size that SQLite has. */
const smallestFileBytes = 512;

/** A log longer than this is cut after a checkpoint: a burst must not keep its space on a small card. */
const logBytes = 8 * 1024 * 1024;
/** 4 MB of log before its pages go home: fewer writes for each commit, and still a quick recovery. */
const checkpointPages = 1000;

export const storeFile = (folder: string): string => path.join(folder, 'keepwatch.db');

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Is the file there? Else everything is, but for it. */
function prepareFolder(folder: string, file: string): boolean {
  if (mkdirSync(folder, { recursive: true, mode: 0o750 }) !== undefined) syncFolder(path.dirname(folder));
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  if (!existsSync(file)) return false;
  accessSync(file, constants.R_OK | constants.W_OK);
  return true;
}

function refuseForeign(database: Database, file: string): void {
  const version = schemaVersion(database);
  const application = database.pragma('application_id', { simple: true }) as number;
  if (application !== applicationId) {
    throw storeFault('damaged', `this is not a file of keepwatch, or its header is damaged: ${file}`);
  }
  if (version > schemaSteps.length) {
    const versions = `schema ${version}, this one knows ${schemaSteps.length}`;
    throw storeFault('newer', `the data folder was written by a newer keepwatch: ${file} (${versions})`);
  }
}

function checkFile(database: Database, file: string, unclean: boolean): void {
  const whole = unclean && sizeOf(file) <= wholeCheckBytes;
  const tables = unclean ? tablesOfAStart : tablesOfEveryStart;
  const checks = whole ? ['quick_check(1)'] : tables.map((table) => `quick_check(${table})`);
  for (const check of checks) {
    const verdict = String(database.pragma(check, { simple: true }));
    if (verdict !== 'ok') throw storeFault('damaged', `the data is damaged: ${file} (${verdict})`);
  }
}

/** Takes the file for this connection alone, or throws `busy`; writes nothing. */
function seize(database: Database): void {
  // before the first read, which then takes the lock for good; the log needs no shared memory either
  database.pragma('locking_mode = EXCLUSIVE');
  database.pragma('user_version');
}

function settle(database: Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('temp_store = MEMORY');
  database.pragma('foreign_keys = OFF');
  database.pragma(`journal_size_limit = ${logBytes}`);
  database.pragma(`wal_autocheckpoint = ${checkpointPages}`);
  database.exec('BEGIN IMMEDIATE; COMMIT');
}

/** Errors are SQLite's and the system's own, or StoreFaults; the caller maps them. */
export function openFile(folder: string): OpenedFile {
  const file = storeFile(folder);
  const created = !prepareFolder(folder, file);
  const made = created ? makeFile(file) : 0;
  // SQLite would take such a stub for an empty file and write over it; ours is never so short, not even at first
  if (sizeOf(file) < smallestFileBytes) throw storeFault('damaged', `the file is cut short: ${file}`);
  const unclean = sizeOf(`${file}-wal`) > 0;
  const rolledBack = unclean && hasLostTransactions(`${file}-wal`);
  const database = new Sqlite(file, { timeout: 0 });
  try {
    seize(database);
    // not one write before this; closing now at most brings a log home that its own writer left behind
    refuseForeign(database, file);
    settle(database);
    if (!created) checkFile(database, file, unclean);
    const migrated = made + migrate(database);
    return { database, created, unclean, migrated, rolledBack };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** So many files that were set aside stay: on a card that fails again and again they would fill it. */
const mostAside = 3;
const asideForm = /\.(?:damaged|superseded|replaced|before-restore)-(\d{8}T\d{6}Z)(?:-\d+)?$/;

/**
 * Moves a file that is damaged (`superseded`, `replaced`, `before-restore`) out of the way, so that the premises can be
 * guarded with another state. Only the oldest of several is ever deleted. Returns the new name. Only for a folder whose
 * store is not open.
 */
export function putAside(folder: string, wallMs: number, why = 'damaged'): string {
  const file = storeFile(folder);
  const date = fileDate(wallMs);
  let name = `${file}.${why}-${date}`;
  // a clock that stands still, or two within a second, must not make one take the place of another
  for (let count = 2; existsSync(name); count += 1) name = `${file}.${why}-${date}-${count}`;
  for (const ending of ['-wal', '']) {
    if (existsSync(file + ending)) renameSync(file + ending, name + ending);
  }
  syncFolder(folder);
  dropOldest(folder, path.basename(name));
  return name;
}

/** The clock of the gateway may have been wrong: the one that was just moved stays in any case. */
function dropOldest(folder: string, newest: string): void {
  const dateOf = (name: string): string => asideForm.exec(name)?.[1] ?? '';
  const others = readdirSync(folder)
    .filter((name) => asideForm.test(name) && name !== newest)
    .sort((a, b) => (dateOf(a) < dateOf(b) ? 1 : -1));
  for (const name of others.slice(mostAside - 1))
    for (const ending of ['', '-wal']) rmSync(path.join(folder, name + ending), { force: true });
}

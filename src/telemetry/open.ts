// Opens the file of telemetry, makes it where there is none, refuses one that is not ours, and moves one that can't be
// used out of the way. Knows nothing of what lies in it but its tables.

import { chmodSync, closeSync, existsSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { fileDate } from '../lib/file-date.ts';
import { fileOf, type TelemetryFile } from './file.ts';

const applicationId = 0x4b57_544d;
const schemaVersion = 1;
const schema = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE list (id INTEGER PRIMARY KEY, points TEXT NOT NULL UNIQUE);
  CREATE TABLE block (
    number INTEGER PRIMARY KEY, run INTEGER NOT NULL, recorded_ms INTEGER NOT NULL, from_ms INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL, synced INTEGER NOT NULL, every_ms INTEGER NOT NULL, minutes INTEGER NOT NULL,
    size INTEGER NOT NULL, list INTEGER NOT NULL, body BLOB NOT NULL
  );
`;

/** The smallest that there is: a block costs little more than its bytes. */
const pageBytes = 512;
/** Pages of log before they go home: a checkpoint must not hold up the daemon for long on a slow card. */
const checkpointPages = 800;
const logBytes = 1024 * 1024;
export const telemetryFile = (folder: string): string => path.join(folder, 'telemetry.db');

/** A file that is no database, of another program, of a newer version, or whose pages contradict each other. */
export function isDamage(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return /^(SQLITE_(CORRUPT|NOTADB|FORMAT|SCHEMA|ERROR|CONSTRAINT|MISMATCH)|TELEMETRY_FOREIGN)/.test(
    String(code),
  );
}

/** Opens the file of a data folder, or makes it. The folder is there already. */
export function openTelemetryFile(folder: string, newId: () => string): TelemetryFile {
  const file = telemetryFile(folder);
  if (!existsSync(file)) {
    // made by ourselves, because SQLite would make it readable for all
    closeSync(openSync(file, 'ax', 0o640));
    chmodSync(file, 0o640);
  }
  const database = new Sqlite(file, { timeout: 0 });
  try {
    prepare(database, file, newId);
    return fileOf(database, folder);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Moves a file that can't be used out of the way; only the latest of such is kept. Gives its new name. */
export function setTelemetryAside(folder: string, wallMs: number): string {
  const file = telemetryFile(folder);
  const base = path.basename(file);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${base}.damaged-`)) rmSync(path.join(folder, name), { force: true });
  }
  const aside = `${file}.damaged-${fileDate(wallMs)}`;
  for (const ending of ['-wal', '']) if (existsSync(file + ending)) renameSync(file + ending, aside + ending);
  return aside;
}

function prepare(database: Database, file: string, newId: () => string): void {
  database.pragma('locking_mode = EXCLUSIVE');
  const version = database.pragma('user_version', { simple: true }) as number;
  const application = database.pragma('application_id', { simple: true }) as number;
  const blank = version === 0 && application === 0;
  if (!blank && (application !== applicationId || version > schemaVersion))
    throw Object.assign(new Error(`${file} is of another program or of a newer keepwatch`), {
      code: 'TELEMETRY_FOREIGN',
    });
  if (blank) database.pragma(`page_size = ${pageBytes}`);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  database.pragma('temp_store = MEMORY');
  database.pragma(`journal_size_limit = ${logBytes}`);
  database.pragma(`wal_autocheckpoint = ${checkpointPages}`);
  if (blank) {
    database.transaction(() => {
      database.exec(schema);
      database
        .prepare("INSERT INTO meta VALUES ('id', ?), ('run', 0), ('acknowledged', 0), ('dropped', 0)")
        .run(newId());
      database.pragma(`application_id = ${applicationId}`);
      database.pragma(`user_version = ${schemaVersion}`);
    })();
  }
}

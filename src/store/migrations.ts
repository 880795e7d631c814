// The schema, as a list of SQL steps: a file at `user_version` n has had the first n of them. Steps are
// only ever appended, never edited, because files in the field have run them. Knows tables, not turns.

import type { Database } from 'better-sqlite3';

/** `KPWT`: tells our files from other programs' in the SQLite header. */
export const applicationId = 0x4b505754;

/** Names used here are those of `Turn`. Every index is one more page in each commit: there are only two. */
export const schemaSteps: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  -- last: the newest fact that was written while the site was in force
  CREATE TABLE site (hash TEXT PRIMARY KEY, last INTEGER NOT NULL, body TEXT NOT NULL);
  -- fact: the last one that the state contains; body is null until the first snapshot
  CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), fact INTEGER NOT NULL, site TEXT, body TEXT);
  CREATE TABLE journal (id INTEGER PRIMARY KEY, steady REAL NOT NULL, wall REAL NOT NULL,
    synced INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE TABLE event (seq INTEGER PRIMARY KEY, incident TEXT, body TEXT NOT NULL);
  CREATE INDEX event_incident ON event (incident) WHERE incident IS NOT NULL;
  CREATE TABLE outbox (seq INTEGER PRIMARY KEY);
  CREATE TABLE set_aside (seq INTEGER PRIMARY KEY, at REAL NOT NULL, because TEXT NOT NULL);
  CREATE TABLE incident (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, open INTEGER NOT NULL,
    body TEXT NOT NULL);
  CREATE INDEX incident_open ON incident (open) WHERE open = 1;
  CREATE TABLE command (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
  CREATE TABLE retained (topic TEXT PRIMARY KEY) WITHOUT ROWID;
  `,
  `
  -- null: written before there was a chain
  ALTER TABLE journal ADD COLUMN hash BLOB;
  ALTER TABLE event ADD COLUMN hash BLOB;
  ALTER TABLE snapshot ADD COLUMN hash BLOB;
  -- the row before the first of each chain that is kept, and its hash
  CREATE TABLE chain (name TEXT PRIMARY KEY, number INTEGER NOT NULL, hash BLOB NOT NULL) WITHOUT ROWID;
  INSERT INTO chain SELECT 'journal', max(ifnull((SELECT max(id) FROM journal), 0),
    ifnull((SELECT fact FROM snapshot), 0)), zeroblob(32);
  INSERT INTO chain SELECT 'event', ifnull(max(seq), 0), zeroblob(32) FROM event;
  `,
];

export function schemaVersion(database: Database): number {
  return database.pragma('user_version', { simple: true }) as number;
}

/** Brings the file to the newest version, each step all or nothing; says how many steps it took. */
export function migrate(database: Database, steps: readonly string[] = schemaSteps): number {
  const before = schemaVersion(database);
  for (let version = before; version < steps.length; version++) {
    database
      .transaction(() => {
        database.exec(steps[version]!);
        database.pragma(`application_id = ${applicationId}`);
        database.pragma(`user_version = ${version + 1}`);
      })
      .immediate();
  }
  // the header of the main file must tell the truth to a program that looks without replaying the log
  if (steps.length > before) database.pragma('wal_checkpoint(TRUNCATE)');
  return Math.max(steps.length - before, 0);
}

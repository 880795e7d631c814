// The site's files inside a copy of the state: a table that only copies have. Knows names and bytes, not what the
// files say. Names are relative to the folder of the site file and never lead out of it.

import path from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';

export interface ConfigFile {
  /** relative, such as `plans/fire.yaml` */
  readonly name: string;
  readonly body: Buffer;
}

export interface ConfigFiles {
  /** name of the site file among them */
  readonly site: string;
  readonly files: readonly ConfigFile[];
}

/** Could a copy that somebody made up write elsewhere by this name? */
export function isInside(name: string): boolean {
  const plain = path.normalize(name);
  return plain === name && !path.isAbsolute(name) && !name.split('/').includes('..') && name !== '.';
}

/** Puts them into a copy. Errors are SQLite's own. */
export function addConfig(copy: string, { site, files }: ConfigFiles): void {
  const database = new Sqlite(copy);
  try {
    database.exec(
      'CREATE TABLE config_file (name TEXT PRIMARY KEY, site INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID',
    );
    const add = database.prepare('INSERT INTO config_file (name, site, body) VALUES (?, ?, ?)');
    database.transaction(() => {
      for (const { name, body } of files) add.run(name, name === site ? 1 : 0, body);
    })();
  } finally {
    database.close();
  }
}

/** Undefined where the copy has none. Throws for one whose names lead out of the folder; other errors are SQLite's. */
export function configIn(copy: string): ConfigFiles | undefined {
  const database = new Sqlite(copy, { readonly: true });
  try {
    if (!hasConfig(database)) return undefined;
    const rows = database
      .prepare<[], [name: string, site: number, body: Buffer]>('SELECT name, site, body FROM config_file')
      .raw()
      .all();
    const site = rows.find((row) => row[1] === 1)?.[0];
    if (site === undefined || !rows.every(([name]) => isInside(name)))
      throw new Error('its files would go elsewhere than into the folder of the site');
    return { site, files: rows.map(([name, , body]) => ({ name, body })) };
  } finally {
    database.close();
  }
}

export function stripConfig(database: Database): void {
  database.exec('DROP TABLE IF EXISTS config_file');
}

function hasConfig(database: Database): boolean {
  const find = database.prepare(`SELECT count(*) FROM sqlite_schema WHERE name = 'config_file'`).pluck();
  return find.get() === 1;
}

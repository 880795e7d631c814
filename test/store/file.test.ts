// Files that the store must refuse without touching them, damage that it must report, and migrations.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { toStoreFault } from '../../src/store/faults.ts';
import { applicationId, migrate, schemaSteps, schemaVersion } from '../../src/store/migrations.ts';
import { putAside, storeFile } from '../../src/store/open.ts';
import { turn } from './fixtures.ts';
import { faultOf, openAt, temporaryFolder } from './support.ts';

/** A file as another hand left it. */
function alter(file: string, sql: string): void {
  const database = new Sqlite(file);
  database.exec(sql);
  database.close();
}

describe('advice', () => {
  it('for a folder that may not be written is the command that helps', () => {
    const denied = Object.assign(new Error('permission denied'), { code: 'EACCES', syscall: 'mkdir' });
    expect(toStoreFault(denied, 'open', '/var/lib/keepwatch/keepwatch.db')).toMatchObject({
      code: 'readOnly',
      hint: expect.stringContaining('`sudo install -d -o $USER /var/lib/keepwatch`'),
    });
  });
});

describe('a file that cannot be used', () => {
  it('of a newer version is refused and not touched', () => {
    const folder = temporaryFolder();
    openAt(folder).close();
    alter(storeFile(folder), `PRAGMA user_version = ${schemaSteps.length + 1}`);
    const before = readFileSync(storeFile(folder));
    const fault = faultOf(() => openAt(folder));
    expect(fault).toMatchObject({ code: 'newer', hint: expect.stringContaining('install that version') });
    expect(readFileSync(storeFile(folder)).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(['keepwatch.db']);
  });

  it('of another program is refused and not touched', () => {
    const folder = temporaryFolder();
    alter(storeFile(folder), 'CREATE TABLE theirs (x); PRAGMA user_version = 1');
    const before = readFileSync(storeFile(folder));
    expect(faultOf(() => openAt(folder)).code).toBe('damaged');
    expect(readFileSync(storeFile(folder)).equals(before)).toBe(true);
    alter(storeFile(folder), 'PRAGMA user_version = 0');
    expect(faultOf(() => openAt(folder)).code).toBe('damaged');
  });

  it.each([
    ['a text', Buffer.from('not a database at all\n'.repeat(100))],
    ['a short text', Buffer.from('x')],
    ['empty', Buffer.alloc(0)],
    ['zeroes', Buffer.alloc(8192)],
  ])('because it is %s is damaged, not a crash', (_name, bytes) => {
    const folder = temporaryFolder();
    writeFileSync(storeFile(folder), bytes);
    expect(faultOf(() => openAt(folder)).code).toBe('damaged');
    expect(readFileSync(storeFile(folder)).equals(bytes)).toBe(true);
  });

  it('with a damaged page is found after an unclean end, and can be put aside', () => {
    const folder = temporaryFolder();
    const store = openAt(folder);
    for (let number = 1; number <= 200; number++) store.commit(turn(number));
    store.close();
    const file = storeFile(folder);
    const bytes = readFileSync(file);
    bytes.fill(0xaa, 4096 * 6, bytes.length - 4096);
    writeFileSync(file, bytes);
    // a log that was not brought home is the mark of an unclean end; this one holds no valid frame
    writeFileSync(`${file}-wal`, Buffer.alloc(64));
    expect(faultOf(() => openAt(folder))).toMatchObject({ code: 'damaged', hint: expect.any(String) });
    const aside = putAside(folder, Date.UTC(2026, 10, 22));
    expect(aside).toMatch(/keepwatch\.db\.damaged-20261122T000000Z$/);
    expect(existsSync(aside)).toBe(true);
    const fresh = openAt(folder);
    expect(fresh.epoch).not.toBe(store.epoch);
    fresh.close();
  });

  it('in the middle is reported by the read that meets it', () => {
    const folder = temporaryFolder();
    openAt(folder).close();
    alter(storeFile(folder), `INSERT INTO incident (id, open, body) VALUES ('x', 1, '{"id":')`);
    const store = openAt(folder);
    expect(faultOf(() => store.incident('x')).code).toBe('damaged');
    store.commit(turn(1));
    store.close();
  });
});

describe('migration', () => {
  it('takes a file from the version it has to the newest, and keeps its content', () => {
    const folder = temporaryFolder();
    const store = openAt(folder);
    store.commit(turn(1));
    store.close();
    const database = new Sqlite(storeFile(folder));
    const steps = [...schemaSteps, 'ALTER TABLE event ADD COLUMN more TEXT', 'CREATE TABLE extra (x)'];
    expect(migrate(database, steps)).toBe(2);
    expect(schemaVersion(database)).toBe(schemaSteps.length + 2);
    expect(database.pragma('application_id', { simple: true })).toBe(applicationId);
    expect(database.prepare('SELECT seq, more FROM event').all()).toEqual([{ seq: 1, more: null }]);
    expect(migrate(database, steps)).toBe(0);
    database.close();
  });

  it('stays at the last whole step when one fails', () => {
    const folder = temporaryFolder();
    openAt(folder).close();
    const database = new Sqlite(storeFile(folder));
    const steps = [...schemaSteps, 'CREATE TABLE good (x)', 'CREATE TABLE half (x); CREATE TABLE good (x)'];
    expect(() => migrate(database, steps)).toThrow('good already exists');
    expect(schemaVersion(database)).toBe(schemaSteps.length + 1);
    expect(database.prepare(`SELECT name FROM sqlite_schema WHERE name = 'half'`).get()).toBeUndefined();
    database.close();
  });
});

// Copies of the state: whether one may be trusted, and how one is put in the place of the state that is there. What
// was there is never overwritten: it is kept beside under another name. Knows files and tables, no turns.

import { chmodSync, copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { syncFile, syncFolder } from '../lib/sync.ts';
import { stripConfig } from './config-files.ts';
import { storeFault, toStoreFault } from './faults.ts';
import { schemaVersion } from './migrations.ts';
import { putAside, storeFile } from './open.ts';
import { onCopy, refuseOthers } from './read.ts';
import { provenSite } from './site.ts';
import type { Verdict } from './types.ts';
import { verifyChain } from './verify.ts';

/** The first schema that has a chain. */
const chainedSince = 2;

/** A copy that waits to be put in place by whoever next begins with the folder. */
const stagedFile = (folder: string): string => `${storeFile(folder)}.restore`;

/** Copies the state of a folder that no daemon holds into one file, without its epoch. Throws StoreFault. */
export function copyFolder(folder: string, target: string): void {
  const file = storeFile(folder);
  if (!existsSync(file))
    throw storeFault('io', `there is no state in ${folder}`, undefined, 'keepwatch has not run with it yet');
  rmSync(target, { force: true });
  onCopy(file, (database) => {
    refuseOthers(database, file);
    database.exec(`DELETE FROM meta WHERE key IN ('epoch', 'machine')`);
    database.prepare('VACUUM INTO ?').run(target);
  });
  chmodSync(target, 0o640);
}

/** Checks a file that no daemon writes to: what it is, whether it is whole, and its chain. Throws StoreFault. */
export function verifyFile(file: string, head?: string): Verdict {
  if (!existsSync(file))
    throw storeFault('io', `there is no such file: ${file}`, undefined, 'give the name of a copy');
  return onCopy(file, (database) => verdictOn(database, file, head));
}

function verdictOn(database: Database, file: string, head: string | undefined): Verdict {
  refuseOthers(database, file);
  const whole = String(database.pragma('integrity_check(1)', { simple: true }));
  if (whole !== 'ok') throw storeFault('damaged', `it is damaged: ${file} (${whole})`);
  for (const { hash, body } of database
    .prepare<[], { hash: string; body: string }>('SELECT hash, body FROM site')
    .all())
    provenSite(hash, body);
  if (schemaVersion(database) < chainedSince) {
    const because = 'it is from a version that kept no chain: run this version with it once';
    return { intact: false, facts: 0, events: 0, unchained: { facts: 0, events: 0 }, because };
  }
  const walk = verifyChain(database, head);
  for (;;) {
    const { done, value } = walk.next();
    if (done) return value;
  }
}

/**
 * Puts a copy beside the state, checked, under the name that the next start looks for. Nothing else is touched. Throws
 * StoreFault for a copy that is damaged, changed, of a newer version or none of ours.
 */
export function stageCopy(copy: string, folder: string): Verdict {
  const verdict = verifyFile(copy);
  const old = verdict.because?.startsWith('it is from a version') ?? false;
  if (!verdict.intact && !old)
    throw storeFault(
      'damaged',
      `its chain is broken: ${copy} (${verdict.because})`,
      undefined,
      'take another copy',
    );
  const fresh = `${stagedFile(folder)}.part`;
  try {
    rmSync(fresh, { force: true });
    copyFileSync(copy, fresh);
    chmodSync(fresh, 0o640);
    const database = new Sqlite(fresh);
    try {
      database.pragma('journal_mode = DELETE');
      stripConfig(database);
      database.exec(`DELETE FROM meta WHERE key IN ('epoch', 'machine')`);
      database.exec('VACUUM');
    } finally {
      database.close();
    }
    syncFile(fresh);
    renameSync(fresh, stagedFile(folder));
    syncFolder(folder);
    return verdict;
  } catch (error) {
    rmSync(fresh, { force: true });
    throw toStoreFault(error, 'backup', stagedFile(folder));
  }
}

export function unstage(folder: string): void {
  rmSync(stagedFile(folder), { force: true });
}

/**
 * Puts a staged copy in place; undefined where none waits. What is there is kept, under the name that is given back
 * (empty: there was nothing). A cut in between leaves the copy staged: the next start goes on. Throws StoreFault.
 */
export function placeStaged(folder: string, wallMs: number): string | undefined {
  const [file, staged] = [storeFile(folder), stagedFile(folder)];
  if (!existsSync(staged)) return undefined;
  try {
    const before = existsSync(file);
    if (before) carryTopics(file, staged);
    const kept = before ? putAside(folder, wallMs, 'before-restore') : '';
    renameSync(staged, file);
    syncFolder(folder);
    return kept;
  } catch (error) {
    throw toStoreFault(error, 'open', file);
  }
}

/** What the state of now left at the broker must still be emptied by the state of then. Throws only where it is in use. */
function carryTopics(from: string, to: string): void {
  const database = new Sqlite(from, { timeout: 0 });
  try {
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('user_version');
    const topics = database.prepare<[], string>('SELECT topic FROM retained').pluck().all();
    const target = new Sqlite(to);
    try {
      const add = target.prepare('INSERT INTO retained (topic) VALUES (?) ON CONFLICT DO NOTHING');
      target.transaction(() => topics.forEach((topic) => void add.run(topic)))();
    } finally {
      target.close();
    }
  } catch (error) {
    const fault = toStoreFault(error, 'open', from);
    if ((fault as { code?: string }).code === 'busy') throw fault;
  } finally {
    database.close();
  }
}

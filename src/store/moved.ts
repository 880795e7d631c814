// A store whose file may be deleted, moved or replaced while it is open. SQLite would go on writing into what no name
// leads to, and the next start would know nothing. Seen at the next commit, which copies all that was known to where
// the folder was, and goes on there. Knows no turns.

import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { syncFile, syncFolder } from '../lib/sync.ts';
import { toStoreFault } from './faults.ts';
import { forwarding } from './forward.ts';
import { putAside, storeFile } from './open.ts';
import type { Store } from './types.ts';

export interface Opened {
  readonly store: Store;
  readonly database: Database;
}

/** Which file a name leads to; undefined where there is none. A disk that can't tell is asked again. */
function identityOf(file: string): string | undefined {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : 'unknown';
  }
}

/**
 * @param folder of the file, absolute
 * @param renewed told when the folder was begun again
 */
export function followFile(
  folder: string,
  open: () => Opened,
  options: { now: () => number; renewed?: ((said: string) => void) | undefined },
): Store {
  const file = storeFile(folder);
  const copy = `${file}.copy`;

  /** Puts a whole copy in the file's place; what stands there is kept. Tried again as long as the copy is there. */
  const place = (): void => {
    if (!existsSync(copy)) return;
    if (existsSync(file)) putAside(folder, options.now(), 'replaced');
    // a log of before would be taken for the new file's
    rmSync(`${file}-wal`, { force: true });
    renameSync(copy, file);
    syncFolder(folder);
  };

  // a power cut came between the copy and its renaming
  if (!existsSync(file)) place();
  let { store, database } = open();
  let identity = identityOf(file);

  /** All that the lost file held, in a new one beside it. */
  const rescue = (): void => {
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    rmSync(copy, { force: true });
    database.prepare('VACUUM INTO ?').run(copy);
    syncFile(copy);
    store.close();
  };

  const follow = (): void => {
    const found = identityOf(file);
    if (found === identity || found === 'unknown') return;
    try {
      if (database.open) rescue();
      place();
      ({ store, database } = open());
    } catch (error) {
      throw toStoreFault(error, 'commit', file);
    }
    identity = identityOf(file);
    options.renewed?.(`the state in ${folder} was deleted, moved or replaced, and was put back whole`);
  };

  return {
    ...forwarding(() => store),
    commit(turn) {
      follow();
      store.commit(turn);
    },
  };
}

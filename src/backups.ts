// Copies of state and config that a running daemon makes for whoever asks over the local socket: put into the data
// folder, where the daemon may write whatever its unit allows, and removed when they were taken. Knows the store and
// the site's files, and no socket.

import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Config } from './config/types.ts';
import type { BackupReport } from './control/types.ts';
import { storeFile } from './store/open.ts';
import type { Store, StoreFigures } from './store/types.ts';

const beginningOf = (folder: string): string => `${path.basename(storeFile(folder))}.backup-`;

/** Removes what nobody came to take. Never throws: a folder that can't be used is told of elsewhere. */
export function dropBackups(folder: string): void {
  try {
    for (const name of readdirSync(folder))
      if (name.startsWith(beginningOf(folder))) rmSync(path.join(folder, name), { force: true });
  } catch {
    // they stay until the next start
  }
}

export function backupsOf(house: () => { readonly config: Config; readonly store: Store }): {
  backup(): Promise<BackupReport>;
  backupTaken(file: string): void;
} {
  let made = 0;
  let making = false;
  return {
    async backup() {
      if (making)
        throw Object.assign(new Error('another copy is being made: wait for it'), { code: 'refused' });
      const { config, store } = house();
      making = true;
      try {
        // one that nobody took is no more wanted than the space that it holds
        dropBackups(config.data);
        made += 1;
        const file = path.join(config.data, `${beginningOf(config.data)}${made}`);
        await store.backup(file);
        const [{ collectConfig, floorFiles }, { addConfig }] = await Promise.all([
          import('./config-copy.ts'),
          import('./store/config-files.ts'),
        ]);
        const { outside, ...files } = collectConfig(config.file, [...config.files, ...floorFiles(config)]);
        addConfig(file, files);
        return { file, outside };
      } finally {
        making = false;
      }
    },
    backupTaken(file) {
      const { config } = house();
      const ours =
        path.dirname(file) === config.data && path.basename(file).startsWith(beginningOf(config.data));
      if (ours) rmSync(file, { force: true });
    },
  };
}

/** A disk that can't be read just now has no figures; what ails it is told elsewhere. */
export function figuresOf(store: Store): StoreFigures | undefined {
  try {
    return store.figures();
  } catch {
    return undefined;
  }
}

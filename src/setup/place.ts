// Puts the new files in their place: all of them or none, never over one that is there, and nothing half written stays
// whatever ends it. Knows folders and names, not what is in the files.

import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

export interface NewFile {
  readonly name: string;
  readonly text: string;
}

/** The files in a folder of their own, where they can be checked first. */
export interface Draft {
  readonly folder: string;
  /** Throws where one is there already; then none was put. */
  put(): void;
  drop(): void;
}

/** @param folder made where it is missing */
export function draftOf(folder: string, files: readonly NewFile[]): Draft {
  const missing = firstMissing(folder);
  mkdirSync(folder, { recursive: true });
  const draft = mkdtempSync(path.join(folder, '.keepwatch-init-'));
  for (const { name, text } of files) {
    const file = path.join(draft, name);
    writeFileSync(file, text, { mode: 0o640 });
    // written by root into the package's /etc/keepwatch they would be closed to the daemon
    if (process.getuid?.() === 0) chownSync(file, 0, statSync(folder).gid);
  }
  let done = false;
  return {
    folder: draft,
    put() {
      const made: string[] = [];
      try {
        for (const { name } of files) {
          // fails where there is one, in the same moment: nothing to be overwritten in between
          linkSync(path.join(draft, name), path.join(folder, name));
          made.push(name);
        }
        done = true;
      } catch (error) {
        for (const name of made) rmSync(path.join(folder, name));
        throw error;
      }
    },
    drop() {
      rmSync(draft, { recursive: true, force: true });
      if (!done && missing !== undefined) rmSync(missing, { recursive: true, force: true });
    },
  };
}

/** The uppermost folder that will have to be made. */
function firstMissing(folder: string): string | undefined {
  let missing: string | undefined;
  for (let each = path.resolve(folder); !existsSync(each); each = path.dirname(each)) missing = each;
  return missing;
}

// Finds the folders that ship beside the program (`config/`), from the sources as from the build.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the package's own folder. */
export const packageRoot: string = (() => {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('the package.json of keepwatch is missing beside the program');
    folder = parent;
  }
  return folder;
})();

export const shippedConfig: string = path.join(packageRoot, 'config');

// Writes a result to standard output, or whole into a file: whoever reads the file meanwhile sees the old one or the
// new one. Knows nothing of what it writes.

import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeWholeFile } from '../lib/sync.ts';

/** `-` and no name at all: standard output. Throws an Error with `hint` where the file can't be written. */
export async function writeOut(content: string | Buffer, file: string | undefined): Promise<void> {
  if (file === undefined || file === '-') {
    await new Promise<void>((resolve, reject) =>
      process.stdout.write(content, (error) => (error ? reject(error) : resolve())),
    );
    return;
  }
  try {
    writeWhole(path.resolve(file), content);
  } catch (error) {
    const message = `${file} can't be written: ${(error as Error).message}`;
    throw Object.assign(new Error(message), { hint: 'name another with --out FILE' });
  }
}

function writeWhole(file: string, content: string | Buffer): void {
  const found = statSync(file, { throwIfNoEntry: false });
  // a pipe or a device is written to, not replaced; a folder says so itself
  if (found !== undefined && !found.isFile()) writeFileSync(file, content);
  // (reports name people: not for everybody)
  else
    writeWholeFile(file, content, {
      mode: found === undefined ? 0o640 & ~process.umask() : found.mode & 0o777,
    });
}

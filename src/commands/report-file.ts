// Writes a result to standard output, or whole into a file: whoever reads the file meanwhile sees the old one or the
// new one. Knows nothing of what it writes.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

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
  if (found !== undefined && !found.isFile()) {
    writeFileSync(file, content);
    return;
  }
  const fresh = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    // (reports name people: not for everybody)
    const descriptor = openSync(fresh, 'wx', found === undefined ? 0o640 : found.mode & 0o777);
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(fresh, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(fresh, { force: true });
    throw error;
  }
}

// Reads `data:` of a site file and nothing else of it. A file of its own so that the YAML package is loaded
// only by commands that look up a daemon through a site file.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { NoDaemon } from '../control/client.ts';

/** `data:` of a site file, relative to the file; `data` beside it where it says nothing. Throws NoDaemon. */
export function dataFolder(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new NoDaemon(
      `can't look up the daemon of ${file}: ${code === 'ENOENT' ? 'there is no such file' : message}`,
      'name another with -c FILE, or its socket with --socket PATH',
    );
  }
  const document = parseDocument(text);
  const data = 'get' in document ? document.get('data') : undefined;
  return path.resolve(path.dirname(file), typeof data === 'string' && data !== '' ? data : 'data');
}

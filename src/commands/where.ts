// Which site file is meant, and where the daemon of that site listens. Reads `data:` and nothing else of a
// site file: a daemon must be reachable also when its file has been spoilt since it was started.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { NoDaemon } from '../control/client.ts';
import { demoFolder } from '../control/socket.ts';
import { socketName } from '../control/types.ts';

const usual = ['keepwatch.yaml', '/etc/keepwatch/keepwatch.yaml'];

/** The site file that was named, else the usual one that exists, as an absolute path. */
export function siteFile(named: string | undefined): string | undefined {
  if (named !== undefined) return path.resolve(named);
  const found = usual.find((file) => existsSync(file));
  return found === undefined ? undefined : path.resolve(found);
}

/** The socket of the daemon that is meant; without any site file the demo's. Throws NoDaemon for a file that can't be read. */
export async function daemonSocket(options: {
  readonly config?: string;
  readonly socket?: string;
}): Promise<string> {
  if (options.socket !== undefined) return path.resolve(options.socket);
  const file = siteFile(options.config);
  return path.join(file === undefined ? demoFolder() : await dataFolder(file), socketName);
}

/** `data:` of a site file, relative to the file; `data` beside it where it says nothing. */
export async function dataFolder(file: string): Promise<string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error);
    throw new NoDaemon(
      `can't look up the daemon of ${file}: ${why}`,
      'name another with -c FILE, or its socket with --socket PATH',
    );
  }
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text);
  const data = 'get' in document ? document.get('data') : undefined;
  return path.resolve(path.dirname(file), typeof data === 'string' && data !== '' ? data : 'data');
}

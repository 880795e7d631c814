// Which site file is meant, and where the daemon of that site listens. Reads `data:` and nothing else of a
// site file: a daemon must be reachable also when its file has been spoilt since it was started.

import { existsSync } from 'node:fs';
import path from 'node:path';
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
  if (file === undefined) return path.join(demoFolder(), socketName);
  const { dataFolder } = await import('./data-folder.ts');
  return path.join(dataFolder(file), socketName);
}

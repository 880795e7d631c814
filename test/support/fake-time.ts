// Finds libfaketime, which moves the wall clock of a whole process and leaves its steady time alone. Knows no daemon.

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

function library(): string | undefined {
  for (const folder of ['/usr/lib', '/usr/local/lib']) {
    const places = ['.', ...(existsSync(folder) ? readdirSync(folder) : [])];
    for (const place of places) {
      const file = path.join(folder, place, 'faketime', 'libfaketime.so.1');
      if (existsSync(file)) return file;
    }
  }
  const text = 'missing: libfaketime';
  if (process.env.CI === 'true') throw new Error(text);
  console.warn(`left out, ${text}`);
  return undefined;
}

/** What a process needs in its environment to read its wall clock from a file (`+3600`, `-100`); undefined: not there. */
export function fakeTime(): ((stampFile: string) => NodeJS.ProcessEnv) | undefined {
  const preload = library();
  if (preload === undefined) return undefined;
  return (stampFile) => ({
    LD_PRELOAD: preload,
    FAKETIME_TIMESTAMP_FILE: stampFile,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  });
}

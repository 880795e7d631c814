// After `npm ci`: where the SQLite module was compiled with the headers of a Node whose ObjectWrap aborts the process (see
// object-wrap.h), its C++ part is compiled again without that. Some 20 s then, nothing everywhere else. Knows one module.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const name = 'better-sqlite3';
/** For the compiler of C++, in `CXXFLAGS`. */
export const flags = `-include ${path.join(import.meta.dirname, 'object-wrap.h')}`;

/** Was this compiled module made with such headers? */
export const aborts = (file) => readFileSync(file).includes('RemoveEnvironmentCleanupHook');

function mend() {
  let folder;
  try {
    folder = path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    return; // not installed
  }
  const build = path.join(folder, 'build');
  const module = path.join(build, 'Release', 'better_sqlite3.node');
  if (!existsSync(module) || !aborts(module)) return;
  const why = `${name} was compiled with the headers of Node ${process.versions.node}, with which it ends the process at random`;
  try {
    if (!existsSync(path.join(build, 'Makefile'))) throw new Error('it was not compiled here');
    const env = { ...process.env, CXXFLAGS: `${process.env.CXXFLAGS ?? ''} ${flags}`.trim() };
    execFileSync('make', ['-C', build, 'BUILDTYPE=Release'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    if (aborts(module)) throw new Error('it is still the same');
  } catch (error) {
    const lines = String(error.stderr ?? error.message).trim();
    console.error(
      `keepwatch: ${why}, and it could not be compiled again: use Node 20, 22 or 24.18, or mend this:\n${lines}`,
    );
    process.exit(1);
  }
  console.error(`keepwatch: ${why}; compiled again without that`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) mend();

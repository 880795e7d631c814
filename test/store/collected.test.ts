// Statements that nobody holds any more are collected while no JavaScript runs, and the process lives: compiled with the
// headers of some versions of Node (24.19 and newer) the SQLite module ends it then (systemd/package/object-wrap.mjs).

import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

// many, and collected in each way that there is: by itself while more are made, and when asked for later
const script = `
  const Sqlite = require(process.argv[1]);
  const database = new Sqlite(':memory:');
  let rounds = 0;
  const timer = setInterval(async () => {
    for (let at = 0; at < 2000; at += 1) database.prepare('SELECT ' + (rounds * 2000 + at)).get();
    if ((rounds += 1) < 40) return;
    clearInterval(timer);
    for (const type of ['major', 'minor']) await gc({ execution: 'async', type });
    console.log('lives');
  }, 1);
`;

test('a process that throws statements away lives', { timeout: 60_000 }, async () => {
  const module = createRequire(import.meta.url).resolve('better-sqlite3');
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '-e', script, module]);
  expect(stdout).toBe('lives\n');
});

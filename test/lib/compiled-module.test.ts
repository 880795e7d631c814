// Compiled modules that can't be loaded, and what a person is told: by real errors of Node, not by made-up ones.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { moduleFault } from '../../src/lib/compiled-module.ts';
import { checkout, program } from '../support/daemon.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-module-'));
beforeAll(() => void program(), 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = (name: string, bytes: Buffer): unknown => {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  try {
    createRequire(import.meta.url)(file);
  } catch (error) {
    return error;
  }
  throw new Error(`${name} was loaded`);
};

test('no module, and one that is cut short', () => {
  const none = moduleFault(load('none.node', Buffer.from('no module')));
  expect(none?.message).toMatch(/^a compiled module can't be loaded: .*none\.node: /);
  expect(none?.hint).toContain('npm rebuild');
  for (const each of [none!.message, none!.hint]) expect(each).not.toContain('\n');
});

test('other errors are none of this', () => {
  for (const error of [undefined, 'text', new Error('ERR_DLOPEN_FAILED'), new TypeError('x')])
    expect(moduleFault(error)).toBeUndefined();
});

test('the daemon says it in one sentence, and ends with 1', { timeout: 60_000 }, () => {
  // a program like the packaged one, whose SQLite is made for another Node: the number in the module is changed
  const place = path.join(folder, 'program');
  const modules = path.join(checkout, 'node_modules');
  mkdirSync(path.join(place, 'node_modules/better-sqlite3/build/Release'), { recursive: true });
  const link = (from: string, to: string) => spawnSync('cp', ['-a', from, path.join(place, to)]);
  link(path.dirname(program()), 'dist');
  link(path.join(checkout, 'config'), 'config');
  for (const name of ['bindings', 'file-uri-to-path']) link(path.join(modules, name), `node_modules/${name}`);
  for (const name of ['lib', 'package.json'])
    link(path.join(modules, 'better-sqlite3', name), `node_modules/better-sqlite3/${name}`);
  copyFileSync(path.join(checkout, 'package.json'), path.join(place, 'package.json'));
  const name = 'better-sqlite3/build/Release/better_sqlite3.node';
  const bytes = readFileSync(path.join(modules, name));
  renumber(bytes);
  writeFileSync(path.join(place, 'node_modules', name), bytes);

  const run = spawnSync(process.execPath, [path.join(place, 'dist/main.js'), 'run'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 20_000,
    env: { ...process.env, TMPDIR: folder, XDG_RUNTIME_DIR: folder },
  });
  expect(run.stderr).toMatch(
    /^keepwatch: not started: the compiled module \S+better_sqlite3\.node is made for module version 1, and this is Node \d+\.\d+\.\d+; install the keepwatch package that is made for Node \d+, .*npm rebuild`\n$/,
  );
  expect(run.status).toBe(1);
});

/** The number of Node's interface stands in a module's own record (two ints, the number and 0) and in its first function. */
function renumber(bytes: Buffer): void {
  const own = Buffer.alloc(8);
  own.writeInt32LE(Number(process.versions.modules), 0);
  let found = 0;
  for (let at = bytes.indexOf(own); at !== -1; at = bytes.indexOf(own, at + 8)) {
    if (at % 8 !== 0) continue;
    bytes.writeInt32LE(1, at);
    found += 1;
  }
  const word = 'node_register_module_v';
  for (let at = bytes.indexOf(word); at !== -1; at = bytes.indexOf(word, at + 1)) bytes[at] = 0x4e;
  if (found === 0) throw new Error('the module has no number');
}

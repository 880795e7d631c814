// `keepwatch user` as a person types it: the file that it writes, what it refuses, and that nothing of a password is shown.

import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isPassword } from '../../src/rights/passwords.ts';
import { newPlace, type Place, program } from '../support/daemon.ts';

let place: Place;
let file: string;
beforeEach(() => {
  place = newPlace();
  place.write({ premises: { id: 'a', name: 'A', timezone: 'UTC' }, console: {} });
  file = path.join(place.folder, 'users.yaml');
});
afterEach(() => place.leave());

const secret = 'correct horse battery';

/** Runs `keepwatch user …` with something on standard input. */
function user(input: string, ...argv: string[]): Promise<{ code: number | null; said: string; out: string }> {
  const child = spawn(process.execPath, [program(), 'user', ...argv, '-c', place.file], {
    cwd: place.folder,
  });
  let said = '';
  let out = '';
  child.stderr.on('data', (piece) => {
    said += piece;
  });
  child.stdout.on('data', (piece) => {
    out += piece;
  });
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, said, out })));
}

const hashOf = (id: string): string =>
  new RegExp(`^${id}:.*"?(\\$scrypt[^"\\s,}]+(?:,[^"\\s}]+)*)`, 'm').exec(readFileSync(file, 'utf8'))![1]!;

test('add, list, passwd, remove', async () => {
  const added = await user(`${secret}\n`, 'add', 'wang', '--role', 'operate', '--name', '王伟');
  expect([added.code, added.out]).toEqual([0, '']);
  expect(added.said).not.toContain(secret);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(await isPassword(secret, hashOf('wang'))).toBe(true);
  expect((await place.cli('check')).code).toBe(0);

  // what people wrote is kept
  writeFileSync(file, `# the night shift\n${readFileSync(file, 'utf8')}`);
  chmodSync(file, 0o600);
  expect((await user(`${secret}2\n`, 'add', 'li', '--role', 'view')).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toContain('# the night shift\n');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await user('', 'list')).out).toBe('wang  operate  王伟\nli  view  li\n');
  expect(JSON.parse((await user('', 'list', '--json')).out)).toEqual([
    { id: 'wang', name: '王伟', role: 'operate' },
    { id: 'li', name: 'li', role: 'view' },
  ]);

  const before = hashOf('wang');
  expect((await user('another long one\n', 'passwd', 'wang')).code).toBe(0);
  expect(hashOf('wang')).not.toBe(before);
  expect(await isPassword('another long one', hashOf('wang'))).toBe(true);

  expect((await user('', 'remove', 'li')).code).toBe(0);
  expect((await user('', 'list')).out).toBe('wang  operate  王伟\n');
  expect((await user('', 'remove', 'li')).code).toBe(1);
  expect((await user('', 'remove', 'wang')).code).toBe(0);
  expect((await user('', 'list')).out).toBe('');
  expect((await place.cli('check')).code).toBe(0);
});

test('what can’t be is refused, and nothing is written', async () => {
  const wrong = async (said: RegExp, input: string, ...argv: string[]) => {
    const outcome = await user(input, ...argv);
    expect([argv, outcome.code]).toEqual([argv, 2]);
    expect(outcome.said).toMatch(said);
  };
  await wrong(/not an action/, '', 'make', 'x');
  await wrong(/needs an id/, '', 'add');
  await wrong(/is not an id/, '', 'add', '../x', '--role', 'view');
  await wrong(/--role is needed/, '', 'add', 'wang');
  await wrong(/10 characters/, 'short\n', 'add', 'wang', '--role', 'view');
  await wrong(/no password was given/, '', 'add', 'wang', '--role', 'view');
  expect(existsSync(file)).toBe(false);
  await user(`${secret}\n`, 'add', 'wang', '--role', 'view', '--name', '王伟');
  await wrong(/is there already/, `${secret}\n`, 'add', 'wang', '--role', 'view');
  await wrong(/id or name already/, `${secret}\n`, 'add', 'li', '--role', 'view', '--name', '王伟');
});

test('a file with faults is told with their place, and left as it is', async () => {
  writeFileSync(file, 'wang: { name: W, role: chief, hash: x }\n', { mode: 0o640 });
  const { code, said } = await user(`${secret}\n`, 'add', 'li', '--role', 'view');
  expect(code).toBe(1);
  expect(said).toMatch(/users\.yaml:1:\d+: /);
  expect(readFileSync(file, 'utf8')).toBe('wang: { name: W, role: chief, hash: x }\n');
});

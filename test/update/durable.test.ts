// What is on the disk, in which order, before dpkg is touched: the system calls of a process that writes the note, as
// strace sees them. A note that the power cut takes away again would be none.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/lib/assets.ts';
import { haveTools } from '../support/need.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-durable-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What was synced or renamed, by the names of the files. */
function callsOf(statement: string): string[] {
  const at = (file: string): string => JSON.stringify(path.join(packageRoot, file));
  const program = `
    import { register } from 'node:module';
    register(${at('test/torture/typescript.mjs')}, 'file:///');
    const { begin, dropNote, writeNote } = await import(${at('src/update/note.ts')});
    const folder = ${JSON.stringify(folder)};
    const note = { form: 1, back: folder + '/before.deb', copy: folder + '/state.backup' };
    ${statement}`;
  const log = path.join(folder, 'calls');
  const { status, stderr } = spawnSync(
    'strace',
    [
      ...['-f', '-y', '-o', log, '-e', 'trace=fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat'],
      ...[process.execPath, '--input-type=module', '-e', program],
    ],
    { encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.includes(folder) && !line.includes('ENOENT'))
    .map((line) => {
      const call = /(fsync|fdatasync|rename|unlink)/.exec(line)![1];
      const name = new RegExp(`${folder}/?([\\w.-]*)`).exec(line)![1];
      return `${call} ${name === '' ? 'the folder' : name}`;
    });
}

describe.skipIf(!haveTools(['strace', '--version']))('on the disk', () => {
  test('the way back is there before the note, and the note with its name before the update goes on', () => {
    writeFileSync(path.join(folder, 'before.deb'), 'a package');
    writeFileSync(path.join(folder, 'state.backup'), 'a state');
    expect(callsOf('begin(folder, note);')).toEqual([
      'fsync before.deb',
      'fsync state.backup',
      'fsync finish',
      'fsync underway.json.new',
      'rename underway.json.new',
      'fsync the folder',
    ]);
  });

  test('a new step too, and the end is known for good before the rest is taken away', () => {
    writeFileSync(path.join(folder, 'back.deb'), 'a package');
    expect(callsOf('writeNote(folder, note); dropNote(folder);')).toEqual([
      'fsync underway.json.new',
      'rename underway.json.new',
      'fsync the folder',
      'unlink underway.json',
      'fsync the folder',
      'unlink back.deb',
    ]);
  });
});

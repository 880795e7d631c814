// The script that finishes an interrupted update: what it does with a package that is whole, half there, or gone, with the
// programs of the system put in the place of real ones that only say that they were asked.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/lib/assets.ts';
import { haveTools } from '../support/need.ts';

const script = path.join(packageRoot, 'systemd/finish-update');
let folder: string;
let bin: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-finish-'));
  bin = path.join(folder, 'bin');
  mkdirSync(bin);
  copyFileSync(script, path.join(folder, 'finish'));
  writeFileSync(path.join(folder, 'underway.json'), '{}');
  writeFileSync(path.join(folder, 'back.deb'), 'before');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const program = (name: string, body: string): void =>
  writeFileSync(path.join(bin, name), `#!/bin/sh\necho "${name} $*" >>${folder}/asked\n${body}\n`, {
    mode: 0o755,
  });

/** @param resumed exit of the program that is taken out of the package of before */
function stand(status: string, { dpkg = 0, extract = 0, resumed = 0 } = {}): void {
  program('dpkg-query', `printf '%s' '${status}'`);
  program('dpkg', `exit ${dpkg}`);
  program(
    'dpkg-deb',
    `[ ${extract} = 0 ] || exit ${extract}
mkdir -p program/usr/lib/keepwatch/dist
echo 'require("fs").appendFileSync("asked", "resume " + process.argv.slice(2).join(" ") + String.fromCharCode(10)); process.exit(${resumed})' >program/usr/lib/keepwatch/dist/main.js`,
  );
}

const finish = () =>
  spawnSync('/bin/sh', [path.join(folder, 'finish')], {
    cwd: '/',
    encoding: 'utf8',
    env: { PATH: `${bin}:/usr/bin:/bin` },
  });
const asked = (): string[] =>
  existsSync(path.join(folder, 'asked'))
    ? readFileSync(path.join(folder, 'asked'), 'utf8').trim().split('\n')
    : [];
// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in
const query = 'dpkg-query -W -f ${db:Status-Abbrev} keepwatch';
const putBack = 'dpkg --force-confold --force-downgrade --install back.deb';
const judge = ['dpkg-deb --extract back.deb program', 'resume update --resume'];

describe('the script', () => {
  test.each(['ii ', 'hi '])('leaves a package that is whole (%s) to the program of before', (status) => {
    stand(status, { resumed: 4 });
    expect(finish().status).toBe(4);
    expect(asked()).toEqual([query, ...judge]);
    expect(existsSync(path.join(folder, 'put-back'))).toBe(false);
    expect(existsSync(path.join(folder, 'program'))).toBe(false);
  });

  test.each(['iHR', 'iH ', 'iU ', 'iF ', 'iiR', 'rc ', ''])('puts back what is half there (%s)', (status) => {
    stand(status);
    const { status: code, stdout } = finish();
    expect(code).toBe(0);
    expect(asked()).toEqual([query, putBack, ...judge]);
    expect(existsSync(path.join(folder, 'put-back'))).toBe(true);
    expect(JSON.parse(stdout)).toMatchObject({ level: 'warn', code: 'UPDATE_RESUMED' });
  });

  test('where that can not be installed, says so and asks to be tried again', () => {
    stand('iHR', { dpkg: 2 });
    const { status, stdout } = finish();
    expect(status).toBe(1);
    expect(asked()).toEqual([query, putBack]);
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({ code: 'UPDATE_NOT_WELL' });
    expect(existsSync(path.join(folder, 'underway.json'))).toBe(true);
  });

  test('does nothing without a note', () => {
    stand('iHR');
    rmSync(path.join(folder, 'underway.json'));
    expect(finish().status).toBe(0);
    expect(asked()).toEqual([]);
  });

  test('leaves an update alone that is under way', () => {
    stand('iHR');
    const held = execFileSync(
      'flock',
      [path.join(folder, 'lock'), 'sh', '-c', `/bin/sh ${folder}/finish; echo ended $?`],
      { encoding: 'utf8', env: { PATH: `${bin}:/usr/bin:/bin` }, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    expect(held).toBe('ended 1\n');
    expect(asked()).toEqual([]);
  });

  test.skipIf(!haveTools(['shellcheck', '--version']))('has no word against it of shellcheck', () => {
    const { status, stdout } = spawnSync('shellcheck', ['-s', 'sh', script], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});

describe.skipIf(!haveTools(['systemd-analyze', '--version']))('systemd/keepwatch-update.service', () => {
  const unit = path.join(packageRoot, 'systemd/keepwatch-update.service');
  test('is verified without a word', () => {
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe('');
  });

  test('is as little exposed as a unit can be that runs dpkg as root', () => {
    const argv = ['security', '--offline=true', '--no-pager', unit];
    const { stdout } = spawnSync('systemd-analyze', argv, { encoding: 'utf8' });
    const overall = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout);
    expect(Number(overall?.[1]), stdout).toBeLessThanOrEqual(2.4);
  });
});

// The Debian package as it is built: the same bytes each time, without a word from lintian that counts, and the program
// in it runs from where it was unpacked, out of nothing but what is in there. A real systemd: test/torture.

import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/broker.ts';
import { checkout, program } from '../support/daemon.ts';
import { haveTools } from '../support/need.ts';

const able = haveTools(
  ['dpkg-deb', '--version'],
  ['lintian', '--version'],
  ['strip', '--version'],
  ['man', '--version'],
  ['shellcheck', '--version'],
);
const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-package-'));
const tree = path.join(folder, 'tree');
const main = path.join(tree, 'usr/lib/keepwatch/dist/main.js');
// the house of its own that the demo keeps its data in
const env = { ...process.env, LANG: 'C.UTF-8', TMPDIR: folder, XDG_RUNTIME_DIR: folder };
let file: string;

async function build(out: string, umask: string): Promise<string> {
  const command = `umask ${umask}; exec "$0" "$@"`;
  const argv = [
    process.execPath,
    'systemd/package/build.mjs',
    '--dist',
    path.dirname(program()),
    '--out',
    out,
  ];
  await promisify(execFile)('sh', ['-c', command, ...argv], { cwd: checkout });
  return path.join(out, readdirSync(out).find((name) => name.endsWith('.deb'))!);
}

const said = (command: string, ...argv: string[]): string => {
  const { stdout, stderr } = spawnSync(command, argv, { encoding: 'utf8', cwd: folder, env });
  return `${stdout}${stderr}`;
};
const keepwatch = (...argv: string[]) =>
  spawnSync(process.execPath, [main, ...argv], { encoding: 'utf8', cwd: folder, env });

describe.skipIf(!able)('the Debian package', () => {
  let again: string;

  beforeAll(async () => {
    [file, again] = (await Promise.all([
      build(path.join(folder, 'one'), '022'),
      build(path.join(folder, 'two'), '077'),
    ])) as [string, string];
    execFileSync('dpkg-deb', ['--raw-extract', file, tree]);
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('is the same, byte for byte, whoever builds it', () => {
    expect(readFileSync(file).equals(readFileSync(again))).toBe(true);
  });

  test('has its name and says what it needs', () => {
    expect(path.basename(file)).toMatch(/^keepwatch_\d+\.\d+\.\d+_(amd64|arm64)\.deb$/);
    const depends = execFileSync('dpkg-deb', ['--field', file, 'Depends'], { encoding: 'utf8' });
    const major = Number(process.versions.node.split('.')[0]);
    expect(depends).toContain(`nodejs (>= ${major === 20 ? '20.19' : major}), nodejs (<< ${major + 1}~)`);
    for (const needed of ['libc6 (>= 2.', 'libstdc++6 (>= ', 'systemd (>= '])
      expect(depends).toContain(needed);
  });

  test('lintian finds no error and no warning', () => {
    expect(
      said(
        'lintian',
        '--no-cfg',
        '--allow-root',
        '--display-info',
        '--tag-display-limit',
        '0',
        '-L',
        '>=warning',
        file,
      ),
    ).toBe('');
  }, 120_000);

  test('belongs to root, and nobody else may write', () => {
    const lines = execFileSync('dpkg-deb', ['--contents', file], { encoding: 'utf8' }).trim().split('\n');
    expect(lines.length).toBeGreaterThan(300);
    expect(lines.filter((line) => !/^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x) root\/root /.test(line))).toEqual([]);
    const programs = lines.filter((line) => line.startsWith('-rwx')).map((line) => line.split(' ').at(-1));
    expect(programs).toEqual([
      './usr/bin/keepwatch',
      './usr/lib/keepwatch/dist/main.js',
      './usr/lib/keepwatch/systemd/finish-update',
    ]);
  });

  test('overwrites nothing below /etc: site and keys are never the package’s', () => {
    const names = execFileSync('dpkg-deb', ['--contents', file], { encoding: 'utf8' });
    expect(
      names.split('\n').filter((line) => /\.\/(etc|var|home|root)\//.test(line) && !line.startsWith('d')),
    ).toEqual([]);
  });

  test('its scripts are good shell', () => {
    for (const script of ['postinst', 'prerm', 'postrm']) {
      expect(said('sh', '-n', path.join(tree, 'DEBIAN', script))).toBe('');
      expect(said('shellcheck', path.join(tree, 'DEBIAN', script))).toBe('');
    }
    const completion = path.join(tree, 'usr/share/bash-completion/completions/keepwatch');
    expect(said('shellcheck', completion)).toBe('');
    const complete = `source ${completion}; COMP_WORDS=(keepwatch status --la); COMP_CWORD=2; _keepwatch; echo "\${COMPREPLY[*]}"`;
    expect(said('bash', '-c', complete)).toBe('--lang\n');
  });

  test('its manual pages are good, and hold every verb and key', () => {
    for (const page of ['man1/keepwatch.1.gz', 'man5/keepwatch.yaml.5.gz']) {
      const at = path.join(tree, 'usr/share/man', page);
      expect(said('sh', '-c', `man --warnings -E UTF-8 -l -Tutf8 -Z ${at} 2>&1 >/dev/null`)).toBe('');
    }
    const text = (page: string) => said('sh', '-c', `zcat ${tree}/usr/share/man/${page}`);
    const verbs = /Commands:\n([\s\S]*?)\n\n/
      .exec(keepwatch('--help').stdout)![1]!
      .matchAll(/^ {2}([a-z]+)/gm);
    const names = [...verbs].map(([, name]) => name!).filter((name) => name !== 'help');
    expect(names.length).toBeGreaterThan(30);
    for (const name of names) expect(text('man1/keepwatch.1.gz')).toContain(`\n.SS ${name}\n`);
    const schema = JSON.parse(keepwatch('schema').stdout);
    for (const key of Object.keys(schema.properties))
      expect(text('man5/keepwatch.yaml.5.gz')).toContain(`\n.SS ${key}\n`);
  });

  test('every package that the program loads beside itself is there and loads', () => {
    const roots = ['better-sqlite3', 'serialport', 'onoff', 'pdfkit', 'fontkit', 'wawoff2/decompress.js'];
    // the checkout's own packages are out of reach from there
    const script = `for (const each of ${JSON.stringify(roots)}) require(each); new (require('better-sqlite3'))(':memory:').exec('SELECT 1'); console.log('loaded')`;
    const at = path.join(tree, 'usr/lib/keepwatch');
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: at, encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe('loaded\n');
  });

  test('the program in it checks, runs the demo, tells of its alarm on paper and stops', async () => {
    const { version } = JSON.parse(readFileSync(path.join(checkout, 'package.json'), 'utf8'));
    expect(keepwatch('--version').stdout).toBe(`${version}\n`);
    const example = path.join(tree, 'usr/share/doc/keepwatch/examples/first-site.yaml');
    expect(keepwatch('check', '-c', example)).toMatchObject({ status: 0 });
    expect(keepwatch('check', '-c', path.join(folder, 'none.yaml'))).toMatchObject({ status: 1 });

    mkdirSync(path.join(folder, 'demo'));
    const daemon = spawn(process.execPath, [main, 'run'], {
      cwd: path.join(folder, 'demo'),
      env,
      stdio: 'ignore',
    });
    const ended = new Promise<number | null>((resolve) => daemon.once('exit', resolve));
    try {
      const open = (): { id: string }[] => {
        const { stdout } = keepwatch('incidents', '--json');
        return stdout === '' ? [] : JSON.parse(stdout);
      };
      let found: { id: string }[] = [];
      await until(
        'the demo has an alarm',
        () => {
          found = open();
          return found.length > 0;
        },
        20_000,
      );
      const paper = path.join(folder, 'report.pdf');
      const report = keepwatch('report', found[0]!.id, '--lang', 'zh', '--format', 'pdf', '--out', paper);
      expect(report.stderr + report.stdout).not.toMatch(/can't|not installed/);
      expect(readFileSync(paper).subarray(0, 5).toString()).toBe('%PDF-');
      daemon.kill('SIGTERM');
      expect(await ended).toBe(0);
    } finally {
      daemon.kill('SIGKILL');
    }
  });

  test('the packaging says what is wrong with its options', () => {
    const wrong = (...argv: string[]) =>
      spawnSync(process.execPath, ['systemd/package/build.mjs', ...argv], {
        cwd: checkout,
        encoding: 'utf8',
      });
    expect(wrong('--arch', 'z80')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('amd64 and arm64'),
    });
    expect(wrong('--nonsense').status).toBe(2);
    writeFileSync(path.join(folder, 'x'), '');
    expect(wrong('--dist', folder).status).toBe(2);
  });
});

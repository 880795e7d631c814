// The Debian package in a guest: made on the host, put on a site there, and other versions of it made out of its files,
// good ones and such as must be taken back. Knows no scenario.

import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkout, program } from '../support/daemon.ts';
import { sh, unit } from './container-parts.ts';
import type { Stage } from './disk-stage.ts';

/** Inside the checkout, because only that is seen in there. */
const folder = path.join(checkout, 'node_modules', '.cache', 'keepwatch-guest-package');
export const site = '/etc/keepwatch/keepwatch.yaml';

/** On the host. */
export function buildPackage(tell: (text: string) => void): void {
  rmSync(folder, { recursive: true, force: true });
  const argv = ['systemd/package/build.mjs', '--dist', path.dirname(program()), '--out', folder];
  const { status, stderr } = spawnSync(process.execPath, argv, { cwd: checkout, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the package was not built: ${stderr}`);
  tell(stderr.trim());
}

export const dropPackage = (): void => rmSync(folder, { recursive: true, force: true });

/** In the guest, as all that follows. */
export function builtPackage(): string {
  const name = readdirSync(folder).find((each) => each.endsWith('.deb'));
  if (name === undefined) throw new Error('the package is missing');
  return path.join(folder, name);
}

export interface Said {
  readonly code: number | null;
  readonly text: string;
}

/** With its words on both ways out. */
export function said(...argv: string[]): Said {
  const { status, stdout, stderr } = spawnSync(argv[0]!, argv.slice(1), { encoding: 'utf8' });
  return { code: status, text: `${stdout}${stderr}` };
}

/** The same for what takes long: a witness who can't hand on what he sees is left by the broker. */
export function saidLater(...argv: string[]): Promise<Said> {
  return new Promise((resolve) => {
    execFile(argv[0]!, argv.slice(1), { encoding: 'utf8' }, (error, stdout, stderr) =>
      resolve({
        code: error === null ? 0 : typeof error.code === 'number' ? error.code : null,
        text: `${stdout}${stderr}`,
      }),
    );
  });
}

export function must(holds: boolean, what: string, more = ''): void {
  if (!holds) throw new Error(`${what}${more && `: ${more}`}`);
}

export const apt = (...argv: string[]): string =>
  execFileSync('apt-get', [...argv, '-y', '-q', '--no-install-recommends'], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });

/** Installed where no site is yet, then given one: the unit waits for it without failing. */
export function installFirst(stage: Stage): void {
  const words = apt('install', builtPackage());
  must(words.includes('there is no site yet'), 'the next step is not told', words);
  must(said('systemctl', 'is-enabled', unit).text.trim() === 'enabled', 'the unit is not enabled');
  must(said('systemctl', 'is-active', unit).text.trim() === 'inactive', 'without a site it is not inactive');
  must(said('systemctl', 'is-failed', unit).code !== 0, 'without a site the unit has failed');
  must(sh('stat', '-c', '%U:%G %a', '/etc/keepwatch') === 'root:keepwatch 750', '/etc/keepwatch is open');
  const groups = sh('id', '-nG', 'keepwatch').split(' ');
  must(
    ['dialout', 'gpio'].every((each) => groups.includes(each)),
    'the groups are wrong',
    groups.join(' '),
  );
  const example = '/usr/share/doc/keepwatch/examples/first-site.yaml';
  must(said('keepwatch', 'check', '-c', example).code === 0, 'the example is not good');
  writeSite(stage);
  const verified = said('systemd-analyze', 'verify', unit);
  must(verified.text === '', 'the unit is not verified in silence', verified.text);
}

export function writeSite(stage: Stage): void {
  const given = JSON.parse(readFileSync(stage.place.file, 'utf8'));
  writeFileSync(site, JSON.stringify({ ...given, data: '/var/lib/keepwatch' }), { mode: 0o640 });
  sh('chgrp', 'keepwatch', site);
}

const tree = '/tmp/package-tree';

/** What is different in a version; the trees of packages are given back as they were. */
export interface Change {
  /** in the place of the program's wrapper */
  readonly program?: string;
}

/** The same package under another version, in /tmp. */
export function anotherVersion(version: string, { program: wrapper }: Change = {}): string {
  if (!existsSync(tree)) sh('dpkg-deb', '--raw-extract', builtPackage(), tree);
  const change = (file: string, how: (text: string) => string): (() => void) => {
    const at = path.join(tree, file);
    const before = readFileSync(at, 'utf8');
    writeFileSync(at, how(before));
    return () => writeFileSync(at, before);
  };
  const undo = [
    change('DEBIAN/control', (text) => text.replace(/^Version: .*$/m, `Version: ${version}`)),
    change('usr/lib/keepwatch/package.json', (text) => JSON.stringify({ ...JSON.parse(text), version })),
    ...(wrapper === undefined ? [] : [change('usr/bin/keepwatch', () => wrapper)]),
  ];
  const file = `/tmp/keepwatch_${version}_${sh('dpkg', '--print-architecture')}.deb`;
  sh('dpkg-deb', '-Znone', '--build', tree, file);
  for (const each of undo) each();
  return file;
}

export interface Signer {
  readonly keyFile: string;
  readonly publicKey: string;
}

export function newSigner(name: string): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const keyFile = `/tmp/${name}.key.pem`;
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return { keyFile, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

export function trust({ publicKey }: Signer): void {
  mkdirSync('/etc/keepwatch/release-keys', { recursive: true });
  writeFileSync('/etc/keepwatch/release-keys/release.pem', publicKey);
  chmodSync('/etc/keepwatch/release-keys/release.pem', 0o644);
}

export const installed = (): string =>
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in
  sh('dpkg-query', '-W', '-f', '${db:Status-Abbrev}${Version}', 'keepwatch');

// The arm64 package's own program on emulated arm64 Node: made, unpacked, and run in namespaces of its own, in which a line
// of a Pi 4's header has real edges. KEEPWATCH_VM names the command `vm` of the test rigs; `arm64` lies beside it.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkout, type Outcome, program } from '../support/daemon.ts';
import { makeSysfs, pi4 } from '../support/sysfs.ts';

/** GPIO17 of a Pi 4. */
export const contact = 529;

export interface Packaged {
  /** the folder that the program is unpacked in, as /usr/lib/keepwatch is on a gateway */
  readonly program: string;
  readonly megabytes: number;
  /** may a program start arm64 children here? */
  readonly children: boolean;
  /** put before a command that begins with Node and the program, whose place these take */
  readonly through: readonly string[];
  /** Has the contact as no program has touched it; before each start. */
  fresh(): void;
  /** What a contact does to the line of a running program. */
  set(pid: number, level: 0 | 1): void;
  /** Runs a script on arm64 Node to its end. */
  node(...argv: string[]): Promise<Outcome>;
  /** Runs the program to its end. */
  cli(...argv: string[]): Promise<Outcome>;
  close(): void;
}

const here = import.meta.dirname;
const spaces = ['unshare', '--user', '--map-root-user', '--mount', '--uts'];
const patienceMs = 300_000;

/** Throws where the rig is not there. */
export function unpackPackage(tell: (text: string) => void): Packaged {
  const rig = path.join(path.dirname(process.env.KEEPWATCH_VM!), 'arm64');
  if (!existsSync(rig)) throw new Error(`there is no ${rig}, which runs arm64 Node`);
  const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-arm64-'));
  const sysfs = makeSysfs(pi4);
  const close = (): void => {
    sysfs.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const build = ['systemd/package/build.mjs', '--arch', 'arm64', '--out', folder];
    const { status, stderr } = spawnSync(process.execPath, [...build, '--dist', path.dirname(program())], {
      cwd: checkout,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the arm64 package was not built: ${stderr}`);
    tell(stderr.trim());
    const file = path.join(folder, readdirSync(folder).find((name) => name.endsWith('_arm64.deb'))!);
    execFileSync('dpkg-deb', ['--extract', file, path.join(folder, 'tree')]);
    const unpacked = path.join(folder, 'tree/usr/lib/keepwatch');
    const main = path.join(unpacked, 'dist/main.js');
    const shut = [
      ...[...spaces, path.join(here, 'inside'), path.dirname(sysfs.folder), `gpio/gpio${contact}/value`],
      ...['env', `NODE_OPTIONS=--require=${path.join(here, 'own-modules.cjs')}`, rig, 'run'],
    ];
    const instead = path.join(folder, 'instead');
    const quoted = [...shut, main].map((word) => `'${word}'`).join(' ');
    writeFileSync(instead, `#!/bin/sh\nshift 2\nexec ${quoted} "$@"\n`, { mode: 0o755 });
    const node = (...argv: string[]): Promise<Outcome> => outcome([...shut, ...argv]);
    const formats = 'mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc';
    return {
      program: unpacked,
      megabytes: statSync(file).size / 1e6,
      children: spawnSync('unshare', [...spaces.slice(1), 'sh', '-c', formats]).status === 0,
      through: [instead],
      fresh: () => {
        sysfs.unplug(contact);
        sysfs.preset(contact, 'in', 0);
      },
      set: (pid, level) =>
        void execFileSync('nsenter', ['-t', String(pid), '--user', '--uts', 'hostname', String(level)]),
      node,
      cli: (...argv) => node(main, ...argv),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function outcome(argv: readonly string[]): Promise<Outcome> {
  const child = spawn(argv[0]!, argv.slice(1), {
    cwd: tmpdir(),
    env: { ...process.env, LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patienceMs,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

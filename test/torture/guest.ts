// Guests of this machine that have what it has not: a real systemd, a disk that fails beneath its file system, a bad
// network, a clock in 1970. KEEPWATCH_VM names the command `vm` of the test rigs; `container` lies beside it. Broker,
// subscriber and slave are taken along in a kit, because a guest has no packages.

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkout, program } from '../support/daemon.ts';
import { startSlave } from '../support/modbus/slave.ts';
import type { Figure, Options } from './scenario.ts';

export const haveGuests = (): boolean => process.env.KEEPWATCH_VM !== undefined;

/** What `inside` of a scenario is given. */
export type InsideOptions = Pick<Options, 'quick' | 'tell'>;

export interface Guest {
  readonly kind: 'vm' | 'container';
  /** file name of the scenario without `.ts`; its `inside` is what runs in there */
  readonly scenario: string;
  readonly timeoutS: number;
  /** such as `-r 1970-01-01` */
  readonly options?: readonly string[];
}

const whereIs = (name: string): string =>
  execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${name}`], { encoding: 'utf8' }).trim();

/** A program with the libraries that it needs, and a word that starts it with these. */
function pack(kit: string, file: string, as: string): void {
  copyFileSync(file, path.join(kit, 'lib', path.basename(file)));
  const needed = execFileSync('ldd', [file], { encoding: 'utf8' }).matchAll(/=> (\/\S+)/g);
  // those of the C library are the guest's own
  for (const [, library] of needed)
    if (!/\/lib(c|m|dl|pthread|rt)\.so/.test(library!))
      copyFileSync(library!, path.join(kit, 'lib', path.basename(library!)));
  const word = `#!/bin/sh\nlib=$(dirname "$(dirname "$(realpath "$0")")")/lib\nLD_LIBRARY_PATH=$lib exec "$lib/${path.basename(file)}" "$@"\n`;
  writeFileSync(as, word, { mode: 0o755 });
}

async function makeKit(): Promise<string> {
  // inside the checkout, because only that is seen in there
  const parent = path.join(checkout, 'node_modules', '.cache');
  mkdirSync(parent, { recursive: true });
  const kit = mkdtempSync(path.join(parent, 'keepwatch-guest-'));
  chmodSync(kit, 0o755);
  for (const name of ['bin', 'lib']) mkdirSync(path.join(kit, name));
  for (const name of ['mosquitto', 'mosquitto_sub', 'mosquitto_pub'])
    pack(kit, whereIs(name), path.join(kit, 'bin', name));
  await (await startSlave('tcp')).stop(); // built, if it was not
  const source = path.join(checkout, 'test/support/modbus/slave.c');
  const slave = `slave-${Math.floor(statSync(source).mtimeMs)}`;
  pack(
    kit,
    path.join('/tmp', `keepwatch-libmodbus-${process.getuid?.()}`, slave),
    path.join(kit, 'bin', slave),
  );
  return kit;
}

/** Does the scenario's part inside, and gives the figures that it found; what it told goes on as it comes. */
export async function inGuest(guest: Guest, { quick, tell }: InsideOptions): Promise<readonly Figure[]> {
  const vm = process.env.KEEPWATCH_VM;
  if (vm === undefined)
    return [{ figure: guest.scenario, note: 'left out: KEEPWATCH_VM does not name the virtual machine' }];
  program();
  const kit = await makeKit();
  try {
    const inside = path.relative(checkout, kit);
    const command = [
      `mkdir -p -m 700 /tmp/keepwatch-libmodbus-0`,
      `ln -s "$PWD/${inside}"/bin/slave-* /tmp/keepwatch-libmodbus-0/`,
      `PATH="$PWD/${inside}/bin:$PATH" ${guest.kind === 'vm' ? 'KEEPWATCH_SLOW=1 ' : ''}exec node --experimental-websocket test/torture/guest.mjs ${guest.scenario} ${quick ? 'quick' : 'long'}`,
    ].join(' && ');
    const rig = path.join(path.dirname(vm), guest.kind);
    const argv = ['run', '-t', String(guest.timeoutS), ...(guest.options ?? []), '-s', checkout, command];
    return figuresOf(await output(rig, argv, tell), guest.scenario);
  } finally {
    rmSync(kit, { recursive: true, force: true });
  }
}

function output(rig: string, argv: readonly string[], tell: (text: string) => void): Promise<string> {
  const child = spawn(rig, argv, { cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'] });
  let all = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      all += text;
      for (const line of text.split('\n')) if (line.startsWith('  ')) tell(line.trim());
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(all) : reject(new Error(`${path.basename(rig)} ended with ${code}:\n${all}`)),
    );
  });
}

function figuresOf(said: string, scenario: string): readonly Figure[] {
  const line = said.split('\n').find((one) => one.startsWith('FIGURES '));
  if (line === undefined) throw new Error(`${scenario} gave no figures:\n${said}`);
  return JSON.parse(line.slice('FIGURES '.length));
}

// Network UPS Tools as installed: drivers and upsd in a folder and on a port of the test's own. The test writes the
// section of each UPS. Knows nothing of what reads them.

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haveTools } from './need.ts';

// Debian's own place; /usr/sbin/upsd is a wrapper that wants /etc/nut changed
const folder = ['/lib/nut', '/usr/libexec/nut', '/usr/lib/nut'].find((each) => existsSync(`${each}/upsd`));

/** True where upsd and its drivers are there and may be run: they drop from root to root. */
export function haveNut(): boolean {
  return haveTools(['upsc', '-V'], [`${folder ?? '/lib/nut'}/upsd`, '-V'], ['test', '-w', '/root']);
}

export interface Nut {
  readonly port: number;
  /** the configuration; files of dummy-ups go here */
  readonly folder: string;
  /** the running driver of a UPS */
  driver(ups: string): ChildProcess;
  startDriver(ups: string): void;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await exited;
}

/** `sections` of ups.conf by the name of the UPS; a `$FOLDER` in them is the folder of the configuration. */
export async function startNut(
  sections: Readonly<Record<string, Readonly<Record<string, string>>>>,
  files: Readonly<Record<string, string>> = {},
): Promise<Nut> {
  const root = mkdtempSync(join(tmpdir(), 'keepwatch-nut-'));
  const state = join(root, 'state');
  mkdirSync(state);
  chmodSync(root, 0o755);
  const port = await freePort();
  const filled = (text: string): string => text.replaceAll('$FOLDER', root);
  const conf = Object.entries(sections).map(([ups, keys]) => {
    const lines = Object.entries(keys).map(([key, value]) => `  ${key} = ${filled(value)}`);
    return `[${ups}]\n${lines.join('\n')}\n`;
  });
  writeFileSync(join(root, 'ups.conf'), conf.join('\n'));
  writeFileSync(join(root, 'upsd.conf'), `LISTEN 127.0.0.1 ${port}\nMAXAGE 3\n`);
  writeFileSync(join(root, 'upsd.users'), '[watch]\n  password = secret\n');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);

  const env = {
    ...process.env,
    NUT_CONFPATH: root,
    NUT_STATEPATH: state,
    NUT_ALTPIDPATH: state,
    NUT_PIDPATH: state,
  };
  const said: string[] = [];
  const start = (command: string, args: readonly string[]): ChildProcess => {
    const child = spawn(`${folder}/${command}`, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (bytes) => said.push(String(bytes)));
    return child;
  };
  const drivers = new Map<string, ChildProcess>();
  let server: ChildProcess | undefined;
  const nut: Nut = {
    port,
    folder: root,
    driver: (ups) => drivers.get(ups)!,
    startDriver(ups) {
      drivers.set(ups, start(sections[ups]!.driver!, ['-a', ups, '-u', 'root', '-D']));
    },
    async stop() {
      for (const child of [...drivers.values(), ...(server ? [server] : [])]) await stopped(child);
      rmSync(root, { recursive: true, force: true });
    },
  };
  for (const ups of Object.keys(sections)) nut.startDriver(ups);
  const until = async (what: string, met: () => boolean): Promise<void> => {
    const endMs = Date.now() + 20_000;
    while (!met()) {
      if (Date.now() > endMs) {
        await nut.stop();
        throw new Error(`${what} did not start:\n${said.join('').slice(-4000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  for (const [ups, { driver }] of Object.entries(sections))
    await until(`${driver} of ${ups}`, () => existsSync(join(state, `${driver}-${ups}`)));
  server = start('upsd', ['-u', 'root', '-D']);
  for (const ups of Object.keys(sections))
    await until('upsd', () => said.join('').includes(`Connected to UPS [${ups}]`));
  return nut;
}

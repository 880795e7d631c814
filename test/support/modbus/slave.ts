// Builds and runs the libmodbus slave of slave.c: an independent counterpart for the Modbus driver. Each slave is
// a process of its own, stopped by its id.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { haveTools } from '../need.ts';

const source = fileURLToPath(new URL('slave.c', import.meta.url));

/** Can the slave be built here? */
export function haveLibmodbus(): boolean {
  return haveTools(['gcc', '--version'], ['pkg-config', '--exists', 'libmodbus']);
}

/** Built once and kept for all test files; the name changes with the source's time. */
function build(): string {
  const folder = join(tmpdir(), `keepwatch-libmodbus-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const program = join(folder, `slave-${Math.floor(statSync(source).mtimeMs)}`);
  if (existsSync(program)) return program;
  const fresh = mkdtempSync(join(folder, 'build-'));
  const flags = execFileSync('pkg-config', ['--cflags', '--libs', 'libmodbus'], { encoding: 'utf8' })
    .trim()
    .split(/\s+/);
  execFileSync('gcc', ['-O1', '-Wall', '-o', join(fresh, 'slave'), source, ...flags]);
  // another test file may have been faster; either program will do
  renameSync(join(fresh, 'slave'), program);
  rmSync(fresh, { recursive: true, force: true });
  return program;
}

export type Table = 'coil' | 'discrete' | 'input' | 'holding';

export interface Slave {
  /** TCP port, 0 on a serial line */
  readonly port: number;
  set(table: Table, address: number, value: number): Promise<void>;
  get(table: Table, address: number): Promise<number>;
  delay(ms: number): Promise<void>;
  count(): Promise<number>;
  stop(): Promise<void>;
}

export async function startSlave(...args: ['tcp'] | ['rtu', path: string, unit: number]): Promise<Slave> {
  const child: ChildProcess = spawn(build(), args.map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => waiting.shift()?.(line));
  const next = (): Promise<string> =>
    new Promise((resolve, reject) => {
      waiting.push(resolve);
      exited.then(() => reject(new Error('the slave went')));
    });
  const say = (line: string): Promise<string> => {
    const answer = next();
    child.stdin!.write(`${line}\n`);
    return answer;
  };
  const ready = await next();
  return {
    port: Number(ready.split(' ')[1]),
    set: async (table, address, value) => {
      await say(`set ${table} ${address} ${value}`);
    },
    get: async (table, address) => Number(await say(`get ${table} ${address}`)),
    delay: async (ms) => {
      await say(`delay ${ms}`);
    },
    count: async () => Number(await say('count')),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

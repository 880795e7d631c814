// Builds and runs the paced line of paced.c, and stations on it that are processes of their own: libmodbus's slave,
// pymodbus's server, and one that answers nonsense. Each is stopped by its id.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { haveTools } from '../need.ts';

const source = fileURLToPath(new URL('paced.c', import.meta.url));
/** Debian's, which sees Debian's packages */
const python = '/usr/bin/python3';

export function havePacedLine(): boolean {
  return haveTools(['gcc', '--version']);
}

export function havePymodbus(): boolean {
  return haveTools([python, '-c', 'import pymodbus, serial_asyncio']);
}

function build(): string {
  const folder = join(tmpdir(), `keepwatch-paced-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const program = join(folder, `paced-${Math.floor(statSync(source).mtimeMs)}`);
  if (existsSync(program)) return program;
  const fresh = mkdtempSync(join(folder, 'build-'));
  execFileSync('gcc', ['-O2', '-Wall', '-o', join(fresh, 'paced'), source, '-lutil']);
  renameSync(join(fresh, 'paced'), program);
  rmSync(fresh, { recursive: true, force: true });
  return program;
}

export interface PacedLine {
  readonly master: string;
  readonly stations: readonly string[];
  stats(): Promise<{ frames: number; hasty: number; busyMs: number }>;
  /** from now on the master hears itself */
  echo(): Promise<void>;
  stop(): Promise<void>;
}

export async function pacedLine(baud: number, stations: number): Promise<PacedLine> {
  const child = spawn(build(), [String(baud), String(stations)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = async (line: string): Promise<string[]> => {
    child.stdin.write(`${line}\n`);
    return String((await lines.next()).value).split(' ');
  };
  const [, master, ...paths] = String((await lines.next()).value).split(' ');
  return {
    master: master!,
    stations: paths,
    async stats() {
      const [frames, hasty, busyUs] = (await say('stats')).map(Number);
      return { frames: frames!, hasty: hasty!, busyMs: busyUs! / 1000 };
    },
    async echo() {
      await say('echo');
    },
    stop: () => stopped(child),
  };
}

export interface Station {
  stop(): Promise<void>;
}

const server = `
import sys, logging
from pymodbus.server import StartSerialServer
from pymodbus.transaction import ModbusRtuFramer
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusSlaveContext, ModbusServerContext
logging.disable(logging.CRITICAL)
path, unit, baud = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
cells = ModbusSlaveContext(hr=ModbusSequentialDataBlock(0, [unit] * 100), zero_mode=True)
print("ready", flush=True)
StartSerialServer(context=ModbusServerContext(slaves={unit: cells}, single=False), framer=ModbusRtuFramer, port=path,
                  baudrate=baud, ignore_missing_slaves=True)
`;

/** A pymodbus server whose holding registers all hold its unit. */
export function pymodbusStation(path: string, unit: number, baud: number): Promise<Station> {
  return station(python, ['-c', server, path, String(unit), String(baud)]);
}

const nonsense = `
import os, sys, tty, random
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
tty.setraw(fd)
unit = int(sys.argv[2])
random.seed(unit)
print("ready", flush=True)
heard = b""
while True:
    heard = (heard + os.read(fd, 256))[-8:]
    if len(heard) == 8 and heard[0] == unit and heard[1] == 3:
        heard = b""
        os.write(fd, bytes(random.randrange(256) for _ in range(30)))
`;

/** Answers each question to its unit with thirty bytes of nonsense. */
export function babblingStation(path: string, unit: number): Promise<Station> {
  return station(python, ['-c', nonsense, path, String(unit)]);
}

async function station(program: string, args: readonly string[]): Promise<Station> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', () => reject(new Error(`${program} ended before it was ready`)));
  });
  return { stop: () => stopped(child) };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await exited;
}

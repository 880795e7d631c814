// Builds and runs the units of units.c, hangs several of them on one serial line, and knows what some products
// look like from outside. Each process is stopped by its own id.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type SerialEnd, serialEnd } from '../support/serial-line.ts';

const source = fileURLToPath(new URL('units.c', import.meta.url));

/** Built once and kept for all test files; the name changes with the source's time. */
function build(): string {
  const folder = join(tmpdir(), `keepwatch-libmodbus-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const program = join(folder, `units-${Math.floor(statSync(source).mtimeMs)}`);
  if (existsSync(program)) return program;
  const fresh = mkdtempSync(join(folder, 'build-'));
  const flags = execFileSync('pkg-config', ['--cflags', '--libs', 'libmodbus'], { encoding: 'utf8' })
    .trim()
    .split(/\s+/);
  execFileSync('gcc', ['-O1', '-Wall', '-o', join(fresh, 'units'), source, ...flags]);
  // another test file may have been faster; either program will do
  renameSync(join(fresh, 'units'), program);
  rmSync(fresh, { recursive: true, force: true });
  return program;
}

export type Table = 'coil' | 'discrete' | 'input' | 'holding';
/** `input:0x46` → the cells from there on */
export type Image = Readonly<Record<string, readonly number[]>>;

export interface Units {
  readonly port: number;
  fill(unit: number, image: Image): Promise<void>;
  delay(ms: number): Promise<void>;
  count(): Promise<number>;
  writes(): Promise<number>;
  stop(): Promise<void>;
}

export async function startUnits(...args: ['tcp'] | ['rtu', path: string, unit: number]): Promise<Units> {
  const child: ChildProcess = spawn(build(), args.map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => waiting.shift()?.(line));
  const next = (): Promise<string> =>
    new Promise((resolve, reject) => {
      waiting.push(resolve);
      exited.then(() => reject(new Error('the units went')));
    });
  const say = (line: string): Promise<string> => {
    const answer = next();
    child.stdin!.write(`${line}\n`);
    return answer;
  };
  const ready = await next();
  return {
    port: Number(ready.split(' ')[1]),
    async fill(unit, image) {
      await say(`unit ${unit}`);
      for (const [place, cells] of Object.entries(image)) {
        const [table, address] = place.split(':');
        for (const [index, value] of cells.entries())
          await say(`set ${table} ${Number(address) + index} ${value}`);
      }
    },
    delay: async (ms) => {
      await say(`delay ${ms}`);
    },
    count: async () => Number(await say('count')),
    writes: async () => Number(await say('writes')),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

export interface PartyLine {
  readonly path: string;
  readonly units: ReadonlyMap<number, Units>;
  stop(): Promise<void>;
}

/**
 * Several units on one line: what they write goes to the master, what the master writes to the unit that is meant.
 * `all`: to every unit, as on a real line. libmodbus then takes the frame after one for a silent unit for that
 * unit's answer, and is deaf for half a second; other devices tell frames apart by the silence between them.
 */
export async function partyLine(images: Readonly<Record<number, Image>>, all = false): Promise<PartyLine> {
  const drops = new Map<number, SerialEnd>();
  const master = await serialEnd((bytes) => {
    for (const [number, drop] of drops) if (all || bytes[0] === number) drop.send(bytes);
  });
  const units = new Map<number, Units>();
  for (const [key, image] of Object.entries(images)) {
    const number = Number(key);
    const drop = await serialEnd((bytes) => master.send(bytes));
    drops.set(number, drop);
    const unit = await startUnits('rtu', drop.path, number);
    await unit.fill(number, image);
    units.set(number, unit);
  }
  return {
    path: master.path,
    units,
    async stop() {
      await Promise.all([...units.values()].map((unit) => unit.stop()));
      await Promise.all([master, ...drops.values()].map((end) => end.stop()));
    },
  };
}

/** Registers of floats, high word first. */
export function floats(...values: readonly number[]): number[] {
  return values.flatMap((value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatBE(value);
    return [bytes.readUInt16BE(0), bytes.readUInt16BE(2)];
  });
}

const zeros = (count: number): number[] => Array(count).fill(0);

/** As an SDM120 that feeds 1.15 kW at 230 V: unused registers between read zero. */
export const sdm120: Image = {
  'input:0x0000': [
    ...floats(230.1),
    ...zeros(4),
    ...floats(5.1),
    ...zeros(4),
    ...floats(1150),
    ...zeros(4),
    ...floats(1173.5),
    ...zeros(4),
    ...floats(235),
    ...zeros(4),
    ...floats(0.98),
  ],
  'input:0x0046': floats(49.98, 1234.5, 0),
  'input:0x0156': floats(1234.5),
};

/** Three phases, of which an SDM120 would show the first. */
export const sdm630: Image = {
  'input:0x0000': [
    ...floats(230.1, 229.5, 231.2),
    ...floats(5, 4, 3),
    ...floats(1127.5, 899.6, 672.8),
    ...floats(1150.5, 918, 693.6),
    ...floats(228, 183, 169),
    ...floats(0.98, 0.98, 0.97),
    ...zeros(16),
    ...floats(2699.9),
    ...zeros(2),
    ...floats(2762.1),
    ...zeros(2),
    ...floats(580),
    ...floats(0.9775),
    ...zeros(6),
    ...floats(50.02, 8123.4, 0),
  ],
  'input:0x0156': floats(8123.4),
};

/** 23.5 °C and 56 %, and nothing else. */
export const xyMd02: Image = { 'input:1': [235, 560], 'holding:0x0101': [1, 9600] };

/** Three phases, in the DTSU666's tenths and thousandths. */
export const dtsu666: Image = {
  'holding:0x2000': [
    ...floats(3985, 3990, 3988),
    ...floats(2301, 2298, 2310),
    ...floats(5000, 2500, 1000),
    ...floats(18_000, 11_000, 5000, 2000),
    ...floats(800, 400, 200, 200),
    ...zeros(8),
    ...floats(970, 956, 870, 866),
  ],
  'holding:0x2044': floats(5001),
  'holding:0x101E': [...floats(1024.5, 400, 300, 324.5), ...zeros(2), ...floats(0, 0, 0, 0)],
};

/** The reply that esphome quotes, CRC and all. */
export const pzem: Image = { 'input:0': [0x08d1, 0x006c, 0, 0x00f4, 0, 0x0026, 0, 0x01f4, 0x0064, 0] };

/** Eight inputs and eight relays; nothing says what they mean. */
export const contacts: Image = { 'discrete:0': [1, 0, 0, 0, 0, 0, 0, 0], 'coil:0': zeros(8) };

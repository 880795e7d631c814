// What every benchmark stands on: a folder of its own, programs started and ended by their process id, a broker,
// site files, the build under test, and what /proc says of a program. Knows no figure.

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '../..');
// beside the packages: the same disk as the checkout, where a folder under /tmp may be memory
const cache = path.join(root, 'node_modules/.cache/bench');
export const folder = path.join(cache, String(process.pid));
export const peers = path.join(import.meta.dirname, 'peers');
const running = new Set();
const deaf = openSync('/dev/null', 'w');

export const nowMs = () => performance.now();
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens the folder and takes a copy of the build, which others may make anew meanwhile. */
export function setUp() {
  mkdirSync(folder, { recursive: true });
  const built = path.join(root, 'dist');
  if (!existsSync(path.join(built, 'main.js'))) throw new Error('no build; run `npm run build`');
  cpSync(built, path.join(folder, 'dist'), { recursive: true });
}

/** Ends what still runs and removes the folder; must not wait, as it also runs at exit. */
export function tearDown() {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

let folders = 0;
export function newFolder() {
  folders += 1;
  const made = path.join(folder, `w${folders}`);
  mkdirSync(made);
  return made;
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** `output`: 'pipe' to read it. */
export function start(program, args, { environment = {}, output = 'ignore' } = {}) {
  // what a test run or a profiler left in the environment is no part of the job
  const { NODE_OPTIONS, ...inherited } = process.env;
  const child = spawn(program, args, {
    env: { ...inherited, NODE_NO_WARNINGS: '1', ...environment },
    stdio:
      output === 'pipe'
        ? ['pipe', 'pipe', process.env.BENCH_ERRORS ? 'inherit' : deaf]
        : ['ignore', deaf, process.env.BENCH_ERRORS ? 'inherit' : deaf],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export async function end(child, signal = 'SIGKILL') {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

/** Waits until it gives something; throws after `withinMs`. */
export async function until(what, holds, withinMs = 30_000, everyMs = 2) {
  const lastMs = nowMs() + withinMs;
  for (;;) {
    const got = await holds();
    if (got) return got;
    if (nowMs() > lastMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(everyMs);
  }
}

/** Path of a program of the system, or undefined. */
export function installed(program) {
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin']
    .map((place) => path.join(place, program))
    .find((each) => existsSync(each));
}

export async function startBroker() {
  const program = installed('mosquitto');
  if (program === undefined) throw new Error('mosquitto is not installed');
  const port = await freePort();
  const file = path.join(newFolder(), 'mosquitto.conf');
  const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'persistence false', 'log_dest none'];
  if (process.getuid() === 0) lines.push('user root');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const child = start(program, ['-c', file]);
  await until('the broker listens', () => listens(port), 10_000, 20);
  return { port, end: () => end(child) };
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const told = (open) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', told(true)).once('error', told(false));
  });
}

/** What eight registers of a device are: temperatures, one with limits. All of them fit into one request. */
const eightPoints = [
  '      t: { read: "holding:0:u16", kind: temperature, alarmAbove: 600, clearBelow: 550 }',
  ...[1, 2, 3, 4, 5, 6, 7].map(
    (cell) => `      m${cell}: { read: "holding:${cell}:u16", kind: temperature, rule: none }`,
  ),
];

/** A site file with one device on each line; the same job as the peers have. */
export function writeSite({ broker, ports = [], tty, every, data = newFolder(), points = eightPoints }) {
  const buses = ports.map((port, at) => `  lan${at}: { driver: modbus-tcp, host: 127.0.0.1, port: ${port} }`);
  const devices = ports.flatMap((_, at) => [
    `  d${at}:`,
    `    bus: lan${at}`,
    `    every: ${every}`,
    '    unit: 1',
    '    points:',
    ...points,
  ]);
  if (tty) {
    buses.push(`  line: { driver: modbus-rtu, path: ${tty.path}, baudRate: ${tty.baud}, parity: none }`);
    devices.push('  d0:', '    bus: line', `    every: ${every}`, '    unit: 1', '    points:', ...points);
  }
  const lines = [
    'premises: { id: bench, name: Bench, timezone: Asia/Shanghai }',
    `data: ${data}`,
    `mqtt: { url: "mqtt://127.0.0.1:${broker}" }`,
    'console: { listen: 127.0.0.1:0 }',
    'buses:',
    ...buses,
    'devices:',
    ...devices,
  ];
  const file = path.join(newFolder(), 'keepwatch.yaml');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return { file, data, topic: 'keepwatch/v1/bench/event' };
}

export const startKeepwatch = (site, flags = []) =>
  start(process.execPath, [...flags, path.join(folder, 'dist/main.js'), 'run', '-c', site.file]);

/** One of our own peers, with its settings in the environment. */
export const startPeer = (name, environment) =>
  start(process.execPath, [path.join(peers, name)], { environment });

/** Compiles a C file of `peers`; undefined where there is no compiler. */
export function compiled(name) {
  const program = path.join(folder, name);
  const made = spawnSync('gcc', ['-O2', '-o', program, path.join(peers, `${name}.c`)], { stdio: 'inherit' });
  return made.status === 0 ? program : undefined;
}

let inner;
/** The parts of the program under test, bundled once and loaded into this process. */
export function parts() {
  inner ??= (async () => {
    const file = path.join(folder, 'parts.mjs');
    await build({
      absWorkingDir: root,
      entryPoints: [path.join(import.meta.dirname, 'parts.ts')],
      outfile: file,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      logLevel: 'error',
    });
    return import(file);
  })();
  return inner;
}

/** Resident, highest resident and proportional memory, MB. */
export function memoryOf(pid) {
  const read = (file, key) => {
    const text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
    return Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)[1]);
  };
  return {
    rssMb: read('status', 'VmRSS') / 1024,
    peakMb: read('status', 'VmHWM') / 1024,
    pssMb: read('smaps_rollup', 'Pss') / 1024,
  };
}

/** Processor time that it has used, ms; the kernel counts in hundredths of a second. */
export function processorMs(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Bytes that it has caused to be written to disks. */
export function writtenBytes(pid) {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))[1]);
}

export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0
    ? Number.NaN
    : sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

/** Of an even number of values the mean of the middle two. */
export const median = (values) => (quantile(values, 0.5) + quantile(values, 0.5 - 0.5 / values.length)) / 2;

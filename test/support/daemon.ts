// The built daemon as a process, as a site runs it: built once for the sources as they are, started with a site
// file in a folder of its own, watched through its log, asked through its commands, and killed by its id.

import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Broker, publish, type Seen, startMosquitto, until, type Witness, witness } from './broker.ts';

export const checkout = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** Inside the checkout, because the program looks for `config/` beside its package.json. */
const builds = path.join(checkout, 'node_modules', '.cache', 'keepwatch-test');
const keepBuildsMs = 3_600_000;

function contents(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const at = path.join(folder, entry.name);
      return entry.isDirectory() ? contents(at) : [at];
    })
    .sort();
}

let built: string | undefined;

/** Path of the program, built from the sources as they are; test files that run beside this one share it. */
export function program(): string {
  if (built !== undefined) return built;
  const hash = createHash('sha256');
  const sources = ['src', 'drivers', 'config/plans'].flatMap((each) => contents(path.join(checkout, each)));
  for (const file of [
    ...sources,
    path.join(checkout, 'package.json'),
    path.join(checkout, 'test/support/build.mjs'),
    path.join(checkout, 'test/support/build-page.mjs'),
  ]) {
    hash.update(file).update(readFileSync(file));
  }
  const folder = path.join(builds, hash.digest('hex').slice(0, 16));
  const main = path.join(folder, 'main.js');
  mkdirSync(builds, { recursive: true });
  if (!existsSync(main)) {
    const fresh = path.join(builds, `fresh-${process.pid}`);
    execFileSync(process.execPath, [path.join(checkout, 'test/support/build.mjs'), fresh], { stdio: 'pipe' });
    try {
      renameSync(fresh, folder);
    } catch {
      rmSync(fresh, { recursive: true, force: true }); // another test file was faster
    }
  }
  const now = new Date();
  utimesSync(folder, now, now);
  for (const name of readdirSync(builds)) {
    const at = path.join(builds, name);
    const ageMs = now.getTime() - (statSync(at, { throwIfNoEntry: false })?.mtimeMs ?? now.getTime());
    if (ageMs > keepBuildsMs) rmSync(at, { recursive: true, force: true });
  }
  built = main;
  return main;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end. */
export function keepwatch(
  argv: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  const env = { ...process.env, LANG: 'C.UTF-8', ...options.env };
  const cwd = options.cwd ?? tmpdir();
  return new Promise((resolve) => {
    const settings = { cwd, env, timeout: 30_000, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [program(), ...argv], settings, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, stdout, stderr });
    });
  });
}

/** One line of the daemon's log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly code?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a log's fields are what they are
  readonly [field: string]: any;
}

export interface DaemonOptions {
  /** needed, but by the demo */
  readonly file?: string;
  readonly demo?: boolean;
  readonly socket?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** put before the command, such as `unshare -m …`; must end in exec'ing the rest */
  readonly through?: readonly string[];
}

export interface Daemon {
  readonly pid: number;
  readonly log: readonly LogLine[];
  stdout(): string;
  stderr(): string;
  running(): boolean;
  /** when it has ended */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Waits for a line of the log. */
  said(what: string, holds: (line: LogLine) => boolean, withinMs?: number): Promise<LogLine>;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** kill -9 */
  kill(): Promise<void>;
}

/** Starts the program; resolves at once, whatever becomes of it. */
export function spawnDaemon(options: DaemonOptions): Daemon {
  const argv = [
    ...(options.through ?? []),
    process.execPath,
    program(),
    'run',
    ...(options.file === undefined || options.demo ? [] : ['-c', options.file]),
    ...(options.socket === undefined ? [] : ['--socket', options.socket]),
  ];
  const child: ChildProcess = spawn(argv[0]!, argv.slice(1), {
    cwd: options.cwd ?? tmpdir(),
    env: { ...process.env, LANG: 'C.UTF-8', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: LogLine[] = [];
  let stdout = '';
  let stderr = '';
  let rest = '';
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('{')) log.push(JSON.parse(line) as LogLine);
  });
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    // `close`: all that it wrote has been read
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const daemon: Daemon = {
    pid: child.pid!,
    log,
    stdout: () => stdout,
    stderr: () => stderr,
    running,
    ended,
    async said(what, holds, withinMs) {
      try {
        await until(`log: ${what}`, () => log.some(holds) || !running(), withinMs);
      } catch (error) {
        throw new Error(`${String(error)}\n${stdout}\n${stderr}`);
      }
      const line = log.find(holds);
      if (line === undefined)
        throw new Error(`ended (${child.exitCode}) without: ${what}\n${stdout}\n${stderr}`);
      return line;
    },
    signal: (name) => void child.kill(name),
    async stop() {
      if (running()) child.kill('SIGTERM');
      return (await ended).code;
    },
    async kill() {
      if (running()) child.kill('SIGKILL');
      await ended;
    },
  };
  return daemon;
}

/** Starts the program and waits until it watches. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const daemon = spawnDaemon(options);
  try {
    await daemon.said('keepwatch runs', ({ code }) => code === 'STARTED', 20_000);
  } catch (error) {
    await daemon.kill();
    throw error;
  }
  return daemon;
}

export const premises = 'store_0042';
export const base = `keepwatch/v1/${premises}`;

/** The parts of a site file as an object; JSON is YAML. */
// biome-ignore lint/suspicious/noExplicitAny: what a test writes may be wrong on purpose
export type SiteFile = Record<string, any>;

/** What every test's site has, to be spread. */
export function siteOf(broker: { readonly port: number } | string, parts: SiteFile): SiteFile {
  const url = typeof broker === 'string' ? broker : `mqtt://127.0.0.1:${broker.port}`;
  return {
    premises: {
      id: premises,
      name: { zh: '人民路店', en: 'Renmin Road' },
      timezone: 'Asia/Shanghai',
      language: 'en',
    },
    ...parts,
    mqtt: { url, heartbeat: '500ms', ...parts.mqtt },
  };
}

/** A place where a daemon lives: its folder, its site file, and whatever else a test started for it. */
export interface Place {
  readonly folder: string;
  readonly file: string;
  readonly data: string;
  /** Writes the site file. */
  write(site: SiteFile | string): void;
  start(more?: Partial<DaemonOptions>): Promise<Daemon>;
  /** without waiting for it to run */
  spawn(more?: Partial<DaemonOptions>): Daemon;
  /** Runs a command on this site: `-c` is added. */
  cli(...argv: string[]): Promise<Outcome>;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of whatever was asked for
  json(...argv: string[]): Promise<any>;
  broker(lines?: Parameters<typeof startMosquitto>[0]): Promise<Broker>;
  witness(port: number, topic?: string, args?: string[]): Promise<Witness>;
  /** Undone when the place is left, last first. */
  later<T>(thing: T, undo: () => unknown): T;
  leave(): Promise<void>;
}

export function newPlace(): Place {
  const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-system-'));
  const file = path.join(folder, 'keepwatch.yaml');
  const undo: (() => unknown)[] = [];
  const later = <T>(thing: T, how: () => unknown): T => {
    undo.push(how);
    return thing;
  };
  const place: Place = {
    folder,
    file,
    data: path.join(folder, 'data'),
    write: (site) =>
      writeFileSync(file, typeof site === 'string' ? site : `${JSON.stringify(site, null, 2)}\n`),
    spawn(more = {}) {
      const daemon = spawnDaemon({ file, cwd: folder, ...more });
      return later(daemon, () => daemon.kill());
    },
    async start(more = {}) {
      const daemon = await startDaemon({ file, cwd: folder, ...more });
      return later(daemon, () => daemon.kill());
    },
    cli: (...argv) => keepwatch([...argv, '-c', file], { cwd: folder }),
    async json(...argv) {
      const { code, stdout, stderr } = await place.cli(...argv, '--json');
      if (code !== 0) throw new Error(`${argv.join(' ')}: exit ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    async broker(lines) {
      const broker = await startMosquitto(lines);
      return later(broker, () => broker.stop());
    },
    async witness(port, topic = `${base}/#`, args = []) {
      const watching = await witness(port, topic, args);
      return later(watching, () => watching.close());
    },
    later,
    async leave() {
      for (const each of undo.splice(0).reverse()) await each();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return place;
}

// biome-ignore lint/suspicious/noExplicitAny: the contract is checked from outside
type Json = any;

/** Everything that a witness saw on the event topic, in the order of its coming. */
export function events(seen: Witness): Json[] {
  return seen.json(`${base}/event`);
}

/** The same without what was replayed and without the copies that at-least-once brings. */
export function firsts(seen: Witness): Json[] {
  const known = new Set<string>();
  return events(seen).filter(({ id, replayed }) => {
    if (replayed || known.has(id)) return false;
    known.add(id);
    return true;
  });
}

/** Waits for an event and gives it. */
export async function event(
  seen: Witness,
  what: string,
  holds: (event: Json) => boolean,
  withinMs?: number,
): Promise<Json> {
  try {
    await seen.until(what, () => events(seen).some(holds), withinMs);
  } catch (error) {
    const shown = events(seen).map(({ seq, type, because }) => `${seq} ${type} ${because}`);
    throw new Error(`${String(error)}\n${shown.join('\n')}`);
  }
  return events(seen).find(holds);
}

/** What a topic shows now: the last payload that came, parsed; undefined where it was emptied or never set. */
export function shown({ seen }: { readonly seen: readonly Seen[] }, topic: string): Json {
  const last = seen.filter((each) => each.topic === `${base}/${topic}`).at(-1);
  return last === undefined || last.payload === '' ? undefined : JSON.parse(last.payload);
}

let commands = 0;

/** Sends a command as a client would and waits for its reply. */
export async function command(
  seen: Witness,
  port: number,
  fields: Record<string, unknown>,
  args: string[] = [],
): Promise<Json> {
  commands += 1;
  const sent = { id: `c${process.pid}-${commands}`, by: 'li', ...fields };
  const replies = (): Json[] => seen.json(`${base}/reply`).filter(({ id }) => id === sent.id);
  const before = replies().length;
  await publish(port, `${base}/command`, JSON.stringify(sent), args);
  await seen.until(`a reply to ${JSON.stringify(sent)}`, () => replies().length > before);
  return replies().at(-1);
}

/** The numbers of events as first seen, without the copies that at-least-once brings; throws at a gap or a turn back. */
export function seqsInOrder(all: readonly Json[]): number[] {
  const ids = new Map<number, string>();
  const firsts: number[] = [];
  for (const { seq, id, replayed } of all) {
    if (replayed) continue;
    const known = ids.get(seq);
    if (known !== undefined && known !== id) throw new Error(`seq ${seq} came with two ids: ${known}, ${id}`);
    if (known !== undefined) continue;
    ids.set(seq, id);
    const last = firsts.at(-1);
    if (last !== undefined && seq !== last + 1) throw new Error(`seq ${seq} came after ${last}`);
    firsts.push(seq);
  }
  return firsts;
}

/** Waits for what must be asked for, such as a cell of a slave; the error says what it was at the end. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T> | T,
  holds: (answer: T) => boolean,
  withinMs = 10_000,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > endMs)
      throw new Error(`not within ${withinMs} ms: ${what}; it is ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

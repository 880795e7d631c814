// Detectors on the libmodbus slave of peers/detectors.c, which trip and clear by order, and the ledger of what the
// slave answered: the truth that everything is held against. Each trip has a value of its own, so that what is told of
// it later can be told apart from every other. Knows no gateway.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pause } from '../support/broker.ts';

const source = fileURLToPath(new URL('peers/detectors.c', import.meta.url));

function build(): string {
  const folder = path.join(tmpdir(), `keepwatch-detectors-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const program = path.join(folder, `detectors-${Math.floor(statSync(source).mtimeMs)}`);
  if (existsSync(program)) return program;
  const fresh = mkdtempSync(path.join(folder, 'build-'));
  const flags = execFileSync('pkg-config', ['--cflags', '--libs', 'libmodbus'], { encoding: 'utf8' });
  execFileSync('gcc', ['-O1', '-o', path.join(fresh, 'detectors'), source, ...flags.trim().split(/\s+/)]);
  // somebody else may have been faster; either program will do
  renameSync(path.join(fresh, 'detectors'), program);
  rmSync(fresh, { recursive: true, force: true });
  return program;
}

/** One value of one detector, and when a gateway was told it. Times are of the monotonic clock, ms. */
export interface Answered {
  readonly atMs?: number;
  /** since when the gateway has surely dealt with it: it has asked twice more */
  readonly sureAtMs?: number;
}

export interface Trip {
  readonly detector: number;
  /** in alarm; no other trip has it */
  readonly value: number;
  readonly trippedAtMs: number;
  /** it was cleared only after the gateway had surely dealt with it, or is to be */
  readonly held: boolean;
  alarm(): Answered;
  rest(): Answered;
}

export interface Detectors {
  readonly port: number;
  readonly trips: readonly Trip[];
  /** when each connection of a gateway began, and when it was first told something */
  readonly connections: readonly { readonly openedAtMs: number; readonly firstAtMs?: number }[];
  trip(detector: number, held: boolean): Trip;
  clear(trip: Trip): void;
  closed(): boolean;
  close(): Promise<void>;
}

export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** `from`: the value of the first trip; at rest detectors are below it. */
export async function startDetectors(
  from: number,
  ...args: ['tcp'] | ['rtu', path: string, unit: string]
): Promise<Detectors> {
  const child = spawn(build(), args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const trips: Trip[] = [];
  const answered = new Map<number, { atMs?: number; sureAtMs?: number }>();
  const connections: { openedAtMs: number; firstAtMs?: number }[] = [];
  const of = (value: number): { atMs?: number; sureAtMs?: number } => {
    const known = answered.get(value) ?? {};
    answered.set(value, known);
    return known;
  };
  const take = ([word, ...rest]: string[]): void => {
    const numbers = rest.map(Number);
    const [connection = 0, second = 0, value = 0, atMs = 0] = numbers;
    if (word === 'opened') connections[connection] = { openedAtMs: second };
    if (word === 'sure') of(value).sureAtMs ??= atMs;
    if (word !== 'answered') return;
    of(value).atMs ??= atMs;
    const begun = connections[connection];
    if (begun) begun.firstAtMs ??= atMs;
  };
  const ready = new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the slave ended before it was ready')));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const words = line.split(' ');
      if (words[0] === 'ready') resolve(Number(words[1]));
      else take(words);
    });
  });
  let closed = false;
  // it may end first: who closes it says so to the scripts
  child.stdin.on('error', () => {});
  const set = (address: number, value: number): void => void child.stdin.write(`set ${address} ${value}\n`);
  // 0 is never a trip's rest: it is what a slave has that nobody has set
  let count = 0;
  return {
    port: await ready,
    trips,
    connections,
    trip(detector, held) {
      count += 1;
      if (count >= from || from + count > 65_535) throw new Error('more trips than there are values');
      const [value, rest] = [from + count, count];
      set(detector, value);
      const trip: Trip = {
        detector,
        value,
        trippedAtMs: nowMs(),
        held,
        alarm: () => of(value),
        rest: () => of(rest),
      };
      trips.push(trip);
      return trip;
    },
    clear: ({ detector, value }) => set(detector, value - from),
    closed: () => closed,
    async close() {
      closed = true;
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await gone;
    },
  };
}

/** The script of a day in which every detector trips and clears, again and again, each at its own times. */
export interface Unrest {
  /** No further trips; resolves when all detectors are at rest and the gateway knows it. */
  end(withinMs: number): Promise<void>;
}

export interface UnrestOptions {
  readonly detectors: Detectors;
  readonly count: number;
  readonly random: () => number;
  /** between a clear and the next trip */
  readonly restMs: readonly [least: number, most: number];
  /** how many of a hundred are over before anyone must have noticed */
  readonly briefPercent: number;
  readonly briefMs: readonly [least: number, most: number];
  /** when a gateway surely knows; default: the slave's own word, which counts where no answer is lost on its way */
  readonly known?: { alarm(trip: Trip): boolean; rest(trip: Trip): boolean };
}

export function beginUnrest(options: UnrestOptions): Unrest {
  const { detectors, random } = options;
  const between = ([least, most]: readonly [number, number]): number => least + random() * (most - least);
  let ending = false;
  let given = false;
  const known = options.known ?? {
    alarm: (trip) => trip.alarm().sureAtMs !== undefined,
    rest: (trip) => trip.rest().sureAtMs !== undefined,
  };
  const heard = async (holds: () => boolean): Promise<void> => {
    while (!holds() && !given && !detectors.closed()) await pause(10);
  };
  const one = async (detector: number): Promise<void> => {
    while (!ending && !detectors.closed()) {
      await pause(between(options.restMs));
      if (ending || detectors.closed()) return;
      const held = random() * 100 >= options.briefPercent;
      const trip = detectors.trip(detector, held);
      if (held) await heard(() => known.alarm(trip));
      else await pause(between(options.briefMs));
      detectors.clear(trip);
      await heard(() => known.rest(trip));
    }
  };
  const all = Promise.all(Array.from({ length: options.count }, (_, detector) => one(detector)));
  return {
    async end(withinMs) {
      ending = true;
      const late = pause(withinMs).then(() => true);
      if ((await Promise.race([all.then(() => false), late])) !== true) return;
      given = true;
      await all;
      throw new Error(`the gateway does not know within ${withinMs} ms that all detectors are at rest`);
    },
  };
}

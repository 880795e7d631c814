// The loop: change an input, run the target, keep what brought something new, note what broke. Nothing here knows a
// parser, a file or a terminal. One process, no workers: a target that hangs is stopped from outside its own turn by
// the `vm` module.

import { setFlagsFromString } from 'node:v8';
import { createContext, runInNewContext, Script } from 'node:vm';
import { type Bank, mutate } from './mutate.ts';
import { randomOf } from './random.ts';
import { type Target, wordsOf } from './target.ts';

export interface Wanted {
  readonly seed: number;
  /** so many at most */
  readonly executions: number;
  /** so long at most, ms; default for ever */
  readonly forMs?: number;
  /** beside the target's own seeds: they are run as they are, first */
  readonly corpus?: readonly Uint8Array[];
  /** an input that runs for so long hangs; default ten seconds, for however busy a machine */
  readonly hangMs?: number;
}

export interface Failure {
  readonly input: Uint8Array;
  /** alike for failures with one cause */
  readonly key: string;
  readonly message: string;
  /** how many inputs were run before it was found */
  readonly after: number;
}

export interface Report {
  readonly target: string;
  readonly seed: number;
  readonly executions: number;
  readonly elapsedMs: number;
  /** kinds of outcome that were seen */
  readonly outcomes: number;
  /** wall time of the slowest input */
  readonly slowestMs: number;
  readonly failures: readonly Failure[];
}

const batchMs = 200;
const mostBatch = 512;
const usualHangMs = 10_000;
const usualSlowestMs = 100;
const usualLargestBytes = 512;
const mostInputs = 4000;
const mostOutcomes = 100_000;
const mostFailures = 12;
/** what is still there of an endless reader after all inputs, once the garbage is collected */
const mostGrowthBytes = 32_000_000;

const bufferOf = (given: string | Uint8Array): Uint8Array =>
  typeof given === 'string' ? Buffer.from(given) : given;

// a loop without an end can be stopped only by the `vm` module
const guarded = createContext({ batch: undefined as (() => void) | undefined });
const script = new Script('batch()');

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** What is held, buffers included. */
function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Runs one input; gives its outcome, or why it failed. */
async function attempt(target: Target, bytes: Uint8Array): Promise<{ outcome: string } | { error: unknown }> {
  try {
    return { outcome: await target.run(bytes) };
  } catch (error) {
    return { error };
  }
}

function keyOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frame = /\n\s+at (?:async )?(?!must\b|mustEqual\b)(\S+) \(/.exec(stack)?.[1] ?? '';
  return `${wordsOf(error)} @${frame}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : `threw ${String(error)}`;
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Fuzzes one target. Never rejects for what the target does. */
export async function fuzz(target: Target, wanted: Wanted): Promise<Report> {
  const close = await target.open?.();
  try {
    return await fuzzOpen(target, wanted);
  } finally {
    await close?.();
  }
}

async function fuzzOpen(target: Target, wanted: Wanted): Promise<Report> {
  const random = randomOf(wanted.seed);
  const bank = bankOf(target, wanted.corpus ?? []);
  const first = [...bank.inputs];
  const seen = new Set<string>();
  const failures = new Map<string, Failure>();
  const endless = target.endless?.();
  const hangMs = wanted.hangMs ?? usualHangMs;
  let executions = 0;
  let slowestMs = 0;
  /** what hangs once hangs again, and each time is dear: the first is the last */
  let hung = false;
  let current: Uint8Array = new Uint8Array(0);

  if (endless !== undefined) collectGarbage();
  const before = heldBytes();
  const beganMs = performance.now();

  const note = (input: Uint8Array, error: unknown): void => {
    const key = keyOf(error);
    if (failures.has(key) || failures.size >= mostFailures) return;
    failures.set(key, { input, key, message: messageOf(error), after: executions });
  };
  const learn = (input: Uint8Array, outcome: string): void => {
    if (seen.size >= mostOutcomes || seen.has(outcome)) return;
    seen.add(outcome);
    if (bank.inputs.length < mostInputs) bank.inputs.push(input);
    else bank.inputs[random.below(mostInputs)] = input;
  };
  const next = (): Uint8Array => first.shift() ?? mutate(random, bank);
  /** Slow only where it is slow again, and has really had the processor. */
  const timed = (input: Uint8Array, tookMs: number): void => {
    slowestMs = Math.max(slowestMs, tookMs);
    const limitMs = target.slowestMs ?? usualSlowestMs;
    if (tookMs < limitMs) return;
    let leastMs = tookMs;
    for (let again = 0; again < 2; again += 1) {
      const before = processorMs();
      try {
        void Promise.resolve(target.run(input)).catch(() => {});
      } catch {}
      leastMs = Math.min(leastMs, processorMs() - before);
    }
    if (leastMs >= limitMs) note(input, new Error(`one input takes more than ${limitMs} ms`));
  };
  const left = (): boolean =>
    executions < wanted.executions &&
    performance.now() - beganMs < (wanted.forMs ?? Number.POSITIVE_INFINITY);

  /** What does not wait runs here, many at a time; gives back the first that does. */
  let waiting: { input: Uint8Array; promise: Promise<string>; atMs: number } | undefined;
  const batch = (): void => {
    const untilMs = performance.now() + batchMs;
    waiting = undefined;
    for (let each = 0; each < mostBatch && left() && performance.now() < untilMs; each += 1) {
      current = next();
      executions += 1;
      const atMs = performance.now();
      try {
        const outcome = target.run(current);
        if (typeof outcome !== 'string') {
          waiting = { input: current, promise: outcome, atMs };
          return;
        }
        learn(current, outcome);
        endless?.(current);
      } catch (error) {
        note(current, error);
      }
      timed(current, performance.now() - atMs);
    }
  };

  while (left() && !hung) {
    guarded.batch = batch;
    try {
      script.runInContext(guarded, { timeout: hangMs });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      hung = true;
      waiting = undefined;
      note(current, new Error(`one input takes more than ${hangMs} ms`));
    }
    if (!waiting) {
      // timers and sockets of the target have their turn too
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    const { input, promise, atMs } = waiting;
    try {
      learn(input, await inTime(promise, hangMs));
    } catch (error) {
      note(input, error);
    }
    slowestMs = Math.max(slowestMs, performance.now() - atMs);
  }

  const elapsedMs = performance.now() - beganMs;
  bank.inputs.length = 0;
  if (endless !== undefined) collectGarbage();
  const grown = heldBytes() - before;
  if (endless !== undefined && grown > mostGrowthBytes)
    note(current, new Error(`a reader that was given all inputs holds ${Math.round(grown / 1e6)} MB`));

  const found = [...failures.values()];
  const smaller: Failure[] = [];
  for (const failure of found) smaller.push({ ...failure, input: await minimised(target, failure) });
  return {
    target: target.name,
    seed: wanted.seed,
    executions,
    elapsedMs,
    outcomes: seen.size,
    slowestMs,
    failures: smaller,
  };
}

function bankOf(target: Target, corpus: readonly Uint8Array[]): Bank & { inputs: Uint8Array[] } {
  const largestBytes = target.largestBytes ?? usualLargestBytes;
  const inputs = [...target.seeds.map(bufferOf), ...corpus].map((each) => Uint8Array.from(each));
  return {
    inputs: inputs.length > 0 ? inputs : [new Uint8Array(0)],
    words: (target.words ?? []).map(bufferOf),
    largestBytes,
  };
}

/** Rejects where an answer does not come. */
async function inTime(promise: Promise<string>, hangMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`one input takes more than ${hangMs} ms`)), hangMs);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

const mostShorter = 1000;

/** A shorter input that fails alike. One that hangs, or grows, is left as it is. */
async function minimised(target: Target, { input, key }: Failure): Promise<Uint8Array> {
  if (/takes more than|holds/.test(key)) return input;
  let best = input;
  let tries = 0;
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= best.length && tries < mostShorter; ) {
      tries += 1;
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      const result = await attempt(target, shorter);
      if ('error' in result && keyOf(result.error) === key) best = shorter;
      else at += size;
    }
  }
  return Uint8Array.from(best);
}

/** Runs inputs as they are; gives those that fail. */
export async function replayInputs(
  target: Target,
  inputs: readonly Uint8Array[],
): Promise<readonly { readonly input: Uint8Array; readonly error: unknown }[]> {
  const close = await target.open?.();
  const failed: { input: Uint8Array; error: unknown }[] = [];
  try {
    for (const input of inputs) {
      const result = await attempt(target, input);
      if ('error' in result) failed.push({ input, error: result.error });
    }
  } finally {
    await close?.();
  }
  return failed;
}

// Waits of a few milliseconds that end on time. A timer of the event loop counts whole milliseconds and is late by
// half of one; on a full serial line that is lost from every turn. A thread that sleeps on a shared cell, and spins
// the last tenth, is late by some hundredths. One thread serves all lines; it starts with the first wait. It only
// ever hurries a timer of the clock, which stays set behind it: without the thread a line is slower, not dead.

import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../lib/clock.ts';

/** lines that can wait at once; others have the clock alone */
const mostLines = 64;
/** how much later the clock's own timer is set */
const behindMs = 3;
/** the thread wakes so much early and spins: what a sleeping thread is late at the median, on a small machine */
const spinMs = 0.15;
/** bytes of the cells, kept at a multiple of eight for the times behind them */
const cellBytes = 4 * (mostLines + 2);

/** `run` is called not before `waitMs` have gone. */
export type Pace = (waitMs: number, run: () => void) => Timer;

export interface Pacer {
  /** One line's waits, one at a time; a new wait takes the place of the last. */
  line(): { readonly pace: Pace; release(): void };
  stop(): void;
}

// `hrtime` counts the same in all threads, where `performance.now()` begins anew in each. A source text, as a file
// of its own would have to be found again beside every bundle.
const thread = `
const { workerData } = require('node:worker_threads');
const cells = new Int32Array(workerData, 0, ${mostLines + 2});
const times = new Float64Array(workerData, ${cellBytes}, ${mostLines});
const fired = new Float64Array(${mostLines});
const nowMs = () => { const [s, ns] = process.hrtime(); return s * 1e3 + ns / 1e6; };
for (;;) {
  const seen = Atomics.load(cells, 0);
  if (seen < 0) break;
  let line = -1;
  let atMs = Infinity;
  for (let each = 0; each < cells[1]; each += 1) {
    if (times[each] < atMs && times[each] !== fired[each]) { line = each; atMs = times[each]; }
  }
  const leftMs = atMs - nowMs() - ${spinMs};
  if (leftMs > 0) { Atomics.wait(cells, 0, seen, leftMs); continue; }
  while (nowMs() < atMs) {}
  fired[line] = atMs;
  Atomics.add(cells, line + 2, 1);
  Atomics.notify(cells, line + 2);
}`;

type WaitAsync = (
  cells: Int32Array,
  index: number,
  value: number,
) => { async: false; value: string } | { async: true; value: Promise<string> };
/** in every Node that we run on, but not yet in the types of ES2023 */
const { waitAsync } = Atomics as unknown as { waitAsync: WaitAsync };

function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

export function createPacer(clock: Clock): Pacer {
  const memory = new SharedArrayBuffer(cellBytes + 8 * mostLines);
  // 0: raised when a time was changed, below zero: stop; 1: lines ever used; then one for each line
  const cells = new Int32Array(memory, 0, mostLines + 2);
  const times = new Float64Array(memory, cellBytes, mostLines).fill(Number.POSITIVE_INFINITY);
  const free: number[] = [];
  let worker: Worker | undefined;
  let broken = false;

  const start = (): void => {
    if (worker || broken) return;
    worker = new Worker(thread, {
      eval: true,
      workerData: memory,
      execArgv: [],
      env: {},
      // it allocates next to nothing
      resourceLimits: {
        maxOldGenerationSizeMb: 8,
        maxYoungGenerationSizeMb: 1,
        codeRangeSizeMb: 4,
        stackSizeMb: 1,
      },
    });
    worker.unref();
    worker.on('error', () => {
      broken = true;
    });
  };
  const tell = (): void => {
    Atomics.add(cells, 0, 1);
    Atomics.notify(cells, 0);
  };

  const paceOf =
    (line: number): Pace =>
    (waitMs, run) => {
      start();
      let over = false;
      const atMs = nowMs() + waitMs;
      const stop = (): void => {
        over = true;
        behind.cancel();
      };
      const finish = (): void => {
        if (over) return;
        stop();
        run();
      };
      const behind = clock.after(waitMs + behindMs, finish);
      const listen = (): void => {
        if (over) return;
        // a wait that was given up may have raised the cell on its way
        if (nowMs() >= atMs) {
          finish();
          return;
        }
        const answer = waitAsync(cells, line + 2, Atomics.load(cells, line + 2));
        if (answer.async) answer.value.then(listen);
        else listen();
      };
      listen();
      times[line] = atMs;
      tell();
      return {
        cancel() {
          if (over) return;
          stop();
          times[line] = Number.POSITIVE_INFINITY;
        },
      };
    };

  return {
    line() {
      const line = free.pop() ?? (cells[1]! < mostLines ? Atomics.add(cells, 1, 1) : undefined);
      if (line === undefined) return { pace: (waitMs, run) => clock.after(waitMs, run), release: () => {} };
      let held = true;
      return {
        pace: paceOf(line),
        release() {
          if (held) free.push(line);
          held = false;
        },
      };
    },
    stop() {
      broken = true;
      Atomics.store(cells, 0, -1);
      Atomics.notify(cells, 0);
    },
  };
}

// Work of the console, a piece in a turn of the daemon's loop and with rests, so that an alarm never stands behind more than
// one piece, however many wait. Knows nothing of the work.

import { performance } from 'node:perf_hooks';
import { turns as limits } from './limits.ts';

export interface Turns {
  /** `first`: before what waits already, by turns with it. */
  add(work: () => void, first?: boolean): void;
  /** The same for what gives something. */
  run<T>(work: () => T): Promise<T>;
}

export function createTurns(): Turns {
  const urgent: (() => void)[] = [];
  const waiting: (() => void)[] = [];
  let busy = false;
  let wasUrgent = false;

  const take = (): (() => void) | undefined => {
    // (each second one is ordinary: nobody can keep out all others by being urgent)
    const before = urgent.length > 0 && !(wasUrgent && waiting.length > 0);
    wasUrgent = before;
    return before ? urgent.shift() : waiting.shift();
  };

  const next = (): void => {
    const work = take();
    busy = work !== undefined;
    if (work === undefined) return;
    const beganMs = performance.now();
    try {
      work();
    } finally {
      // (what follows at once, such as making text of the answer, is done before this)
      setImmediate(() => {
        const tookMs = performance.now() - beganMs;
        if (tookMs < limits.restAfterMs) next();
        else setTimeout(next, Math.min(tookMs, limits.longestRestMs));
      });
    }
  };

  const turns: Turns = {
    add(work, first = false) {
      (first ? urgent : waiting).push(work);
      if (!busy) next();
    },
    run: (work) =>
      new Promise((resolve, reject) => {
        turns.add(() => {
          try {
            resolve(work());
          } catch (error) {
            reject(error);
          }
        });
      }),
  };
  return turns;
}

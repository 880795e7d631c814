// Lets one piece of work run at a time and few wait: for what takes memory or a processor while it lasts. Knows nothing of
// the work.

import { Refusal } from './types.ts';

const busy = {
  zh: '同时请求的人太多：请过几秒再试',
  en: 'too many ask for this at once: try again in some seconds',
} as const;

export interface OneAtATime {
  /** Rejects with a Refusal where too many wait. `first`: before all others; its places are counted apart. */
  run<T>(work: () => Promise<T>, first?: boolean): Promise<T>;
}

export function oneAtATime(mostWaiting: number): OneAtATime {
  const queues = { first: [] as (() => void)[], other: [] as (() => void)[] };
  const inside = { first: 0, other: 0 };
  let running = false;

  const next = (): void => {
    const begin = queues.first.shift() ?? queues.other.shift();
    running = begin !== undefined;
    begin?.();
  };

  return {
    async run(work, first = false) {
      const which = first ? 'first' : 'other';
      if (inside[which] >= mostWaiting) throw new Refusal(503, 'busy', busy, { 'retry-after': '5' });
      inside[which] += 1;
      try {
        await new Promise<void>((resolve) => {
          queues[which].push(resolve);
          if (!running) next();
        });
        try {
          return await work();
        } finally {
          next();
        }
      } finally {
        inside[which] -= 1;
      }
    },
  };
}

// Lets one piece of work run at a time and few wait: for what takes memory or a processor while it lasts. Knows nothing of
// the work.

import { Refusal } from './types.ts';

const busy = {
  zh: '同时请求的人太多：请过几秒再试',
  en: 'too many ask for this at once: try again in some seconds',
} as const;

export interface OneAtATime {
  /** Rejects with a Refusal where too many wait. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function oneAtATime(mostWaiting: number): OneAtATime {
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    run(work) {
      if (waiting >= mostWaiting)
        return Promise.reject(
          new Refusal(503, 'busy', busy, {
            'retry-after': '5',
          }),
        );
      waiting += 1;
      const done = turn.then(work);
      turn = done.catch(() => {});
      return done.finally(() => {
        waiting -= 1;
      });
    },
  };
}

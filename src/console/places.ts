// Places for people who wait: each person or address has a few, so that nobody can take them all. Knows nothing of what is
// waited for.

import { Refusal } from './types.ts';

const ownBusy = {
  zh: '您（或同一地址的其他人）前面的请求还在进行：请等它完成',
  en: 'what you, or others at your address, asked for before is still being done: wait for it',
} as const;

export interface Places {
  /** Works in a place of this one's; rejects with a Refusal where it has none left. */
  hold<T>(whose: string, work: () => Promise<T>): Promise<T>;
}

export function createPlaces(mostOfOne: number): Places {
  const taken = new Map<string, number>();
  return {
    async hold(whose, work) {
      const count = taken.get(whose) ?? 0;
      if (count >= mostOfOne) throw new Refusal(503, 'busy', ownBusy, { 'retry-after': '5' });
      taken.set(whose, count + 1);
      try {
        return await work();
      } finally {
        const left = (taken.get(whose) ?? 1) - 1;
        if (left > 0) taken.set(whose, left);
        else taken.delete(whose);
      }
    },
  };
}

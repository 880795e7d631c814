// How often a password may be tried: after a few wrong ones a name and an address have to wait, each time longer. A
// person who has logged in from an address before is not locked out there by what others try elsewhere. Knows no HTTP
// and no password.

import type { Clock } from '../lib/clock.ts';

/** wrong ones in a row that cost nothing: people mistype */
const freeTries = 5;
/** more of them for an address: several people may share one */
const freeTriesOfAddress = 15;
const firstWaitMs = 15_000;
const longestWaitMs = 15 * 60_000;
/** Nothing wrong for so long is forgotten. */
const forgottenAfterMs = 3_600_000;
const mostRemembered = 5000;

interface Tries {
  wrong: number;
  lastMs: number;
  untilMs: number;
}

export interface Lockout {
  /** how long this one has still to wait, ms; 0: may try */
  waitMs(name: string, address: string): number;
  wrong(name: string, address: string): void;
  right(name: string, address: string): void;
}

export function createLockout(clock: Clock): Lockout {
  const tries = new Map<string, Tries>();
  const known = new Set<string>();

  const recall = (key: string): Tries | undefined => {
    const found = tries.get(key);
    if (found === undefined || clock.steadyMs() - found.lastMs <= forgottenAfterMs) return found;
    tries.delete(key);
    return undefined;
  };
  const keysOf = (name: string, address: string): readonly (readonly [key: string, free: number])[] => {
    const pair = `${name}\n${address}`;
    return [
      [known.has(pair) ? `pair ${pair}` : `name ${name}`, freeTries],
      [`address ${address}`, freeTriesOfAddress],
    ];
  };
  const remember = (key: string, record: Tries): void => {
    tries.delete(key);
    tries.set(key, record);
    for (const oldest of tries.keys()) {
      if (tries.size <= mostRemembered) break;
      tries.delete(oldest);
    }
  };

  return {
    waitMs(name, address) {
      const nowMs = clock.steadyMs();
      return Math.max(0, ...keysOf(name, address).map(([key]) => (recall(key)?.untilMs ?? 0) - nowMs));
    },
    wrong(name, address) {
      const nowMs = clock.steadyMs();
      for (const [key, free] of keysOf(name, address)) {
        const wrong = (recall(key)?.wrong ?? 0) + 1;
        const waitMs =
          wrong < free ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(20, wrong - free));
        remember(key, { wrong, lastMs: nowMs, untilMs: nowMs + waitMs });
      }
    },
    right(name, address) {
      const [[own]] = keysOf(name, address) as readonly [readonly [string, number], ...unknown[]];
      tries.delete(own);
      // somebody who has a login of their own must not make guesses at those of others free by it
      const shared = recall(`address ${address}`);
      if (shared !== undefined)
        remember(`address ${address}`, { ...shared, wrong: shared.wrong >> 1, untilMs: 0 });
      known.add(`${name}\n${address}`);
      for (const oldest of known) {
        if (known.size <= mostRemembered) break;
        known.delete(oldest);
      }
    },
  };
}

// How often a password may be tried. Wrong ones are counted where they come from, so that nobody can lock out somebody
// else: for a device on which that person has logged in before by that device alone; else by name and address, and by
// address. What comes for one name from very many addresses is not refused, but takes turns. Knows no HTTP and no password.

import type { Clock } from '../lib/clock.ts';
import { logins as limits, mostRemembered } from './limits.ts';

export interface Attempt {
  /** of the user, or what was given where there is none */
  readonly name: string;
  readonly address: string;
  /** proves that this person has logged in on this device before */
  readonly device: string | undefined;
}

interface Tries {
  wrong: number;
  lastMs: number;
  untilMs: number;
}

export interface Lockout {
  /** how long this one has still to wait, ms; 0: may try */
  waitMs(attempt: Attempt): number;
  /** A turn for the name: ms until it comes, usually 0; undefined: too many wait for one. */
  turnMs(attempt: Attempt): number | undefined;
  wrong(attempt: Attempt): void;
  right(attempt: Attempt): void;
}

export function createLockout(clock: Clock): Lockout {
  const tries = new Map<string, Tries>();
  /** name and address of good logins since the start */
  const known = new Map<string, true>();
  /** by name, when the last turn that was given is over */
  const turns = new Map<string, number>();

  const recall = (key: string): Tries | undefined => {
    const found = tries.get(key);
    if (found === undefined || clock.steadyMs() - found.lastMs <= limits.forgottenAfterMs) return found;
    tries.delete(key);
    return undefined;
  };
  const pairOf = ({ name, address }: Attempt): string => `${name}\n${address}`;
  const addressOf = ({ address }: Attempt): string => `address ${address}`;
  const ownOf = (attempt: Attempt): string =>
    attempt.device === undefined ? `pair ${pairOf(attempt)}` : `device ${attempt.name}\n${attempt.device}`;
  const keysOf = (attempt: Attempt): readonly (readonly [key: string, free: number])[] => [
    [ownOf(attempt), limits.freeTries],
    // whoever shares an address with somebody who means harm must still get in
    ...(attempt.device === undefined ? ([[addressOf(attempt), limits.freeTriesOfAddress]] as const) : []),
  ];
  const count = (key: string, free: number): void => {
    const nowMs = clock.steadyMs();
    const wrong = (recall(key)?.wrong ?? 0) + 1;
    const waitMs =
      wrong < free ? 0 : Math.min(limits.longestWaitMs, limits.firstWaitMs * 2 ** Math.min(20, wrong - free));
    remember(tries, key, { wrong, lastMs: nowMs, untilMs: nowMs + waitMs });
  };

  return {
    waitMs(attempt) {
      const nowMs = clock.steadyMs();
      return Math.max(0, ...keysOf(attempt).map(([key]) => (recall(key)?.untilMs ?? 0) - nowMs));
    },
    turnMs(attempt) {
      const { name, device } = attempt;
      if (device !== undefined || known.has(pairOf(attempt))) return 0;
      if ((recall(`name ${name}`)?.wrong ?? 0) < limits.freeTriesOfName) return 0;
      const nowMs = clock.steadyMs();
      const atMs = Math.max(nowMs, turns.get(name) ?? 0);
      if (atMs - nowMs > limits.longestTurnWaitMs) return undefined;
      remember(turns, name, atMs + limits.turnEveryMs);
      return atMs - nowMs;
    },
    wrong(attempt) {
      for (const [key, free] of keysOf(attempt)) count(key, free);
      // (this one is never waited for)
      if (attempt.device === undefined) count(`name ${attempt.name}`, Number.POSITIVE_INFINITY);
    },
    right(attempt) {
      tries.delete(ownOf(attempt));
      remember(known, pairOf(attempt), true);
      // somebody who has a login of their own must not make guesses at those of others free by it
      const shared = attempt.device === undefined ? recall(addressOf(attempt)) : undefined;
      if (shared !== undefined)
        remember(tries, addressOf(attempt), { ...shared, wrong: shared.wrong >> 1, untilMs: 0 });
    },
  };
}

/** The newest last; the oldest is forgotten where there are too many. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > mostRemembered) map.delete(map.keys().next().value!);
}

// A store whose file turns out to be damaged at a commit, while the daemon runs. The state itself is in memory and is
// whole; only its place is not. So the file is set aside, a new one begun under the same epoch, what had not reached
// the broker is carried over, and the caller's next try puts the whole state there. Knows no turns but their form.

import type { Event, Site } from '../core/types.ts';
import { forwarding } from './forward.ts';
import type { Store, Turn } from './types.ts';
import { StoreFault } from './types.ts';

export interface Rescue {
  /**
   * Sets the damaged file aside and opens a new one under the same epoch; `unsent`: what of the old one had not reached
   * the broker and can still be read. Throws StoreFault, and is asked again.
   */
  readonly beginAnew: () => { readonly store: Store; readonly unsent: readonly Event[] };
  /** the site in force, which the new file must know */
  readonly site: () => Site;
}

/** Commits as the store does, also with its faults; after one of damage the next commit goes to a new file. */
export function outliveDamage(opened: Store, { beginAnew, site }: Rescue): Store {
  let store = opened;
  let damaged = false;
  /** what the new file lacks until its first commit */
  let carried: readonly Event[] | undefined;

  const renew = (): void => {
    if (!damaged) return;
    // (closing strikes off what was delivered, if it still can)
    store.close();
    const begun = beginAnew();
    store = begun.store;
    carried ??= begun.unsent;
    damaged = false;
  };

  const whole = (turn: Turn): Turn => {
    if (carried === undefined) return turn;
    const known = new Set(turn.events.map(({ seq }) => seq));
    const events = [...carried.filter(({ seq }) => !known.has(seq)), ...turn.events];
    return { ...turn, site: turn.site ?? site(), events };
  };

  return {
    ...forwarding(() => store),
    commit(turn) {
      renew();
      try {
        store.commit(whole(turn));
        carried = undefined;
      } catch (error) {
        // a file that was just begun and is damaged as well is the disk's affair: it is tried again as it is
        if (error instanceof StoreFault && error.code === 'damaged') damaged = carried === undefined;
        throw error;
      }
    },
  };
}

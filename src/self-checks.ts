// What the daemon looks after on its own machine: free space on the disk of its state, and whether the wall clock
// is disciplined. Each is a health of the engine, so that a failing one is a trouble like any other.

import { statfs } from 'node:fs/promises';
import type { Clock, Timer } from './lib/clock.ts';
import type { Watched } from './lib/supervisor.ts';

const everyMs = 5 * 60_000;
/** Enough for weeks of a journal; below it, or a twentieth of a small disk, a person is needed. */
const leastFreeBytes = 64 * 1024 * 1024;
const leastFreePart = 0.05;
const mostAsking = 2;
/** A card near its end takes seconds for what takes milliseconds; nothing is read meanwhile. */
const slowDiskMs = 1000;
/** A gateway without a network for a day tells the wrong time soon, and its events with it. */
const unsyncedForMs = 24 * 3_600_000;

/** Free and whole size of the disk that a folder is on. */
export type SpaceOf = (folder: string) => Promise<{ bavail: number; blocks: number; bsize: number }>;

export interface SelfChecks {
  /** as the supervisor watches them: a disk that no longer answers holds up a look for ever */
  readonly watched: Watched;
  stop(): void;
}

/** @param health told at every change, and once at the start where it fails */
export function watchSelf(options: {
  readonly clock: Clock;
  /** folder of the state */
  readonly data: string;
  /** default: asks the system */
  readonly space?: SpaceOf;
  /** is a trouble of this check open, perhaps from before a restart? */
  readonly failing: (check: string) => boolean;
  readonly health: (check: string, ok: boolean, because: string) => void;
  /** how long the longest commit took since this was last asked, ms */
  readonly slowestCommitMs: () => number;
  /** something else that is to be looked after in the same round */
  readonly onLook?: () => void;
}): SelfChecks {
  const { clock, data, failing } = options;
  let timer: Timer | undefined;
  let stopped = false;
  let syncedAtMs = clock.steadyMs();
  let lookedMs = syncedAtMs;
  let looks = 0;
  let asking = 0;

  const say = (check: string, ok: boolean, because: string): void => {
    if (!stopped && failing(check) === ok) options.health(check, ok, because);
  };

  const look = async (): Promise<void> => {
    const mine = ++looks;
    lookedMs = clock.steadyMs();
    options.onLook?.();
    if (clock.synced()) syncedAtMs = clock.steadyMs();
    const unsyncedMs = clock.steadyMs() - syncedAtMs;
    if (unsyncedMs === 0) say('clock', true, 'the clock is synchronised');
    else if (unsyncedMs >= unsyncedForMs)
      say('clock', false, `the clock was not synchronised for ${Math.floor(unsyncedMs / 3_600_000)} h`);
    const slowestMs = options.slowestCommitMs();
    // the first look comes with the start, when everything is slow
    if (mine > 1) {
      const because = `the longest commit of the last ${everyMs / 60_000} min took ${Math.round(slowestMs)} ms`;
      say('slow_disk', slowestMs < slowDiskMs, because);
    }
    // each that hangs holds one of the few threads that all files and names are asked through
    if (asking < mostAsking) await askDisk();
    if (!stopped && mine === looks) timer = clock.after(everyMs, () => void look());
  };

  const askDisk = async (): Promise<void> => {
    asking += 1;
    try {
      const { bavail, blocks, bsize } = await (options.space ?? statfs)(data);
      const bytes = bavail * bsize;
      const mebibytes = Math.floor(bytes / 1024 / 1024);
      const least = Math.min(leastFreeBytes, blocks * bsize * leastFreePart);
      // one cause, one trouble: a disk that takes nothing more is told by the storage check
      if (bytes >= least || !failing('storage'))
        say('disk', bytes >= least, `${mebibytes} MiB free on the disk of ${data}`);
    } catch (error) {
      // a disk that can't be asked can't be written either: the storage check tells it; of a folder that is gone
      // only a commit knows, which this brings about
      if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        say('disk', false, `${data} is no longer there`);
    } finally {
      asking -= 1;
    }
  };
  void look();
  return {
    watched: {
      id: 'self_checks',
      progressMs: () => lookedMs,
      mostMs: 2 * everyMs,
      restart: () => void look(),
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

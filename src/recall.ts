// Opens what the house remembers and brings the engine to where it left off. Guarding now matters more than
// yesterday: a damaged file is set aside, and where the disk takes no writes the state is kept in memory until it
// does. Knows the store and the engine, and no devices or ways out.

import { createState } from './core/engine.ts';
import { compile, type Model } from './core/model.ts';
import type { Durable, State } from './core/state.ts';
import type { Site } from './core/types.ts';
import type { Log } from './driver.ts';
import { engineTimeNote, engineTimeNow } from './engine-time.ts';
import { currentBoot } from './lib/boot.ts';
import type { Clock } from './lib/clock.ts';
import { replayFacts } from './loop.ts';
import { isOfDisk, lateStore } from './store/late.ts';
import { putAside } from './store/open.ts';
import { siteHash } from './store/site.ts';
import { newEpoch, openStore } from './store/store.ts';
import { type Store, StoreFault } from './store/types.ts';

export interface Keeping {
  readonly clock: Clock;
  readonly log: Log;
  /** a sentence that a person should see */
  warn(said: string): void;
}

/** Opens the data folder. Throws StoreFault only where another daemon has it, or a newer version wrote it. */
export function openState(folder: string, keeping: Keeping): Store {
  const { clock, log, warn } = keeping;
  const open = (epoch?: string): Store =>
    openStore(folder, { now: () => clock.wallMs(), log, ...(epoch !== undefined && { epoch }) });
  try {
    return open();
  } catch (error) {
    if (isOfDisk(error)) {
      const { message, hint } = error;
      log.error({ code: 'STATE_UNUSABLE', hint }, `${message}; the state is kept in memory until it can be`);
      const epoch = newEpoch();
      return lateStore(epoch, () => openLate(open, folder, epoch, keeping));
    }
    if (!(error instanceof StoreFault) || error.code !== 'damaged') throw error;
    const kept = putAside(folder, clock.wallMs());
    const said = `the stored state was damaged and set aside as ${kept}; a new one was begun`;
    log.error({ code: 'STATE_DAMAGED', hint: 'keep the file for support' }, said);
    warn(said);
    return open();
  }
}

/** The disk takes writes again: what was begun in memory goes on; a state from before it is kept beside. */
function openLate(open: (epoch: string) => Store, folder: string, epoch: string, keeping: Keeping): Store {
  const opened = open(epoch);
  if (opened.epoch === epoch) return opened;
  opened.close();
  const kept = putAside(folder, keeping.clock.wallMs(), 'superseded');
  const said = `the state of before could not be used at the start and is kept as ${kept}`;
  keeping.log.warn({ code: 'STATE_SUPERSEDED' }, said);
  keeping.warn(said);
  return open(epoch);
}

export interface Recalled {
  readonly state: State;
  /** of the site that was last in force; `model` itself where that is still the one */
  readonly inForce: Model;
  /** nothing was stored yet */
  readonly fresh: boolean;
  /** engine time at the clock's zero */
  readonly baseMs: number;
}

/** The state that the store remembers, at the journal's end. */
export function recall(store: Store, site: Site, model: Model, { clock, log }: Keeping): Recalled {
  const remembered = store.remembered();
  const hash = siteHash(site);
  const lastSite = remembered.site;
  const lastModel = lastSite === undefined || siteHash(lastSite) === hash ? model : compile(lastSite);
  const durable =
    remembered.snapshot === undefined ? undefined : (JSON.parse(remembered.snapshot) as Durable);
  const state = createState(lastModel, store.epoch, durable);
  const inForce = replayFacts(state, remembered.facts, lastModel, (wanted) => {
    if (wanted === hash) return model;
    const other = store.site(wanted);
    return other && compile(other);
  });
  if (state.durable.seq < remembered.lastSeq) {
    log.error(
      { code: 'REPLAY_DIFFERS', replayed: state.durable.seq, stored: remembered.lastSeq },
      'the journal did not replay to its own end; numbers go on from what was stored',
    );
    state.durable.seq = remembered.lastSeq;
  }
  const boot = currentBoot();
  const nowMs = engineTimeNow(state.durable, store.note('engineTime'), boot, clock.wallMs());
  try {
    store.note('engineTime', engineTimeNote(nowMs, boot));
  } catch (error) {
    // the loop's first commit meets the same disk, and makes a trouble of it
    log.warn({ code: 'NOTE_FAILED' }, error instanceof Error ? error.message : String(error));
  }
  return { state, inForce, fresh: remembered.snapshot === undefined, baseMs: nowMs - clock.steadyMs() };
}

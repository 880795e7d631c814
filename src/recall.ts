// Opens what the house remembers and brings the engine to where it left off. Guarding now matters more than
// yesterday: what is damaged is set aside or left out and said, and where the disk takes no writes the state is kept
// in memory until it does. Knows the store and the engine, and no devices or ways out.

import path from 'node:path';
import { compile, type Model } from './core/model.ts';
import type { State } from './core/state.ts';
import type { Event, Incident, Site } from './core/types.ts';
import type { Log } from './driver.ts';
import { engineTimeNote, engineTimeNow } from './engine-time.ts';
import { type Boot, currentBoot } from './lib/boot.ts';
import type { Clock } from './lib/clock.ts';
import type { Unstored } from './loop.ts';
import { replayJournal } from './replay-journal.ts';
import { placeStaged } from './store/copies.ts';
import { storeFault } from './store/faults.ts';
import { isOfDisk, lateStore } from './store/late.ts';
import { putAside } from './store/open.ts';
import { outliveDamage } from './store/outlive.ts';
import { namesOf, salvage } from './store/salvage.ts';
import { siteHash } from './store/site.ts';
import { newEpoch, openStore, type StoreOptions } from './store/store.ts';
import { type Remembered, type Store, StoreFault } from './store/types.ts';

export interface Keeping {
  readonly clock: Clock;
  readonly log: Log;
  /** which boot of the machine this is; default: what the machine says */
  readonly boot?: () => Boot;
  /** which machine this is, as a hash; absent: not known, and then nothing is told by it */
  readonly machine?: string | undefined;
  /** the source of chance, 0…1; default: the system's */
  readonly random?: () => number;
  /** the disk's seam for tests */
  readonly diskFault?: StoreOptions['fault'];
  /** the site in force; default: the one given */
  readonly site?: () => Site;
  /** a sentence that a person should see */
  warn(said: string): void;
  /** the file was damaged under the running daemon, and a new one begun with the state that is in memory */
  lost?(because: string): void;
  /** the data folder was deleted under the running daemon, and begun again with all that was in it */
  renewed?(said: string): void;
}

export interface Recalled {
  readonly store: Store;
  readonly state: State;
  /** of the site that was last in force; the given model itself where that is still the one */
  readonly inForce: Model;
  /** nothing was stored yet */
  readonly fresh: boolean;
  /** engine time at the clock's zero */
  readonly baseMs: number;
  /** what of the past was damaged: a sentence for each, of which people must know */
  readonly lost: readonly string[];
}

export interface Place {
  readonly folder: string;
  /** what the state may take on the disk */
  readonly mostBytes?: number;
}

type Open = (epoch?: string) => Store;

/** The state at the journal's end. Throws StoreFault only where another daemon has the folder, or a newer version wrote it. */
export function recall(place: Place, site: Site, model: Model, keeping: Keeping): Recalled {
  const { clock, log } = keeping;
  const open: Open = (epoch) =>
    openStore(place.folder, {
      now: () => clock.wallMs(),
      log,
      renewed: (said) => keeping.renewed?.(said),
      ...(place.mostBytes !== undefined && { bounds: { bytes: place.mostBytes } }),
      ...(keeping.diskFault && { fault: keeping.diskFault }),
      ...(keeping.machine !== undefined && { machine: keeping.machine }),
      epoch: epoch ?? newEpoch(keeping.random),
    });
  takeRestored(place.folder, keeping);
  const recalled = recallOrBegin(open, place.folder, model, keeping);
  const { epoch } = recalled.store;
  /** of the damaged file, also where a new one could not be begun at the first try */
  const rescued: Event[] = [];
  const store = outliveDamage(recalled.store, {
    beginAnew() {
      const begun = beginAnew(() => open(epoch), place.folder, keeping, 'found at a commit', rescued);
      keeping.lost?.(begun.said);
      return { store: begun.store, unsent: rescued };
    },
    site: keeping.site ?? (() => site),
  });
  return { ...recalled, store };
}

function recallOrBegin(open: Open, folder: string, model: Model, keeping: Keeping): Recalled {
  try {
    return recallFrom(openOrWait(open, folder, keeping), model, keeping);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const { store, said } = beginAnew(open, folder, keeping, error.message);
    const recalled = recallFrom(store, model, keeping);
    return { ...recalled, lost: [said, ...recalled.lost] };
  }
}

/** A copy that was to be restored stands in the place of the state from now on. */
function takeRestored(folder: string, { clock, log, warn }: Keeping): void {
  try {
    const kept = placeStaged(folder, clock.wallMs());
    if (kept === undefined) return;
    const said = `the state was restored from a copy; that of before is kept as ${kept || 'nothing: there was none'}`;
    log.warn({ code: 'STATE_RESTORED' }, said);
    warn(said);
  } catch (error) {
    // in use: opening it says so in better words; another disk fault: the state of before goes on
    log.error({ code: 'NOT_RESTORED', hint: (error as { hint?: string }).hint }, messageOf(error));
  }
}

const isDamage = (error: unknown): error is StoreFault =>
  error instanceof StoreFault && error.code === 'damaged';

function openOrWait(open: Open, folder: string, keeping: Keeping): Store {
  try {
    return open();
  } catch (error) {
    if (!isOfDisk(error)) throw error;
    const { message, hint } = error;
    keeping.log.error(
      { code: 'STATE_UNUSABLE', hint },
      `${message}; the state is kept in memory until it can be`,
    );
    const epoch = newEpoch(keeping.random);
    return lateStore(epoch, () => openLate(open, folder, epoch, keeping));
  }
}

/** The disk takes writes again: what was begun in memory goes on; a state from before it is kept beside. */
function openLate(open: Open, folder: string, epoch: string, keeping: Keeping): Store {
  let why = 'superseded';
  try {
    const opened = open(epoch);
    let isOurs = false;
    try {
      // (a copied card, a restored copy or one that was rolled back takes over the new epoch as well)
      isOurs = opened.epoch === epoch && isEmpty(opened.remembered());
    } finally {
      if (!isOurs) opened.close();
    }
    if (isOurs) return opened;
  } catch (error) {
    if (!isDamage(error)) throw error;
    why = 'damaged';
  }
  const kept = putAside(folder, keeping.clock.wallMs(), why);
  const said = `the state of before could not be used at the start and is kept as ${kept}`;
  keeping.log.warn({ code: 'STATE_SUPERSEDED' }, said);
  keeping.warn(said);
  return open(epoch);
}

const isEmpty = ({ snapshot, facts, lastSeq }: Remembered): boolean =>
  snapshot === undefined && facts.length === 0 && lastSeq === 0;

/** Sets the damaged file aside and begins a new state, which knows what the old one left at the broker. */
function beginAnew(open: Open, folder: string, keeping: Keeping, because: string, rescued: Event[] = []) {
  const kept = putAside(folder, keeping.clock.wallMs());
  const { topics, openIncidents, openKnown, unsent } = salvage(kept);
  rescued.push(...unsent);
  const store = open();
  keeping.log.error(
    {
      code: 'STATE_DAMAGED',
      hint: 'keep the file for support',
      because,
      openIncidents: openIncidents.map(({ id }) => id),
      unsent: unsent.length,
    },
    `the stored state was damaged and set aside as ${kept}; a new one was begun`,
  );
  const named = openIncidents.length > 0 ? `; open then: ${namesOf(openIncidents)}` : '';
  // nothing said must not read as nothing open
  const openThen = openKnown
    ? named
    : `${named}; what was open then can't all be read: there may have been alarms`;
  try {
    store.retain(topics, []);
  } catch (error) {
    keeping.log.warn({ code: 'NOTE_FAILED' }, messageOf(error));
  }
  const said = `the stored state was damaged and set aside as ${path.basename(kept)}; a new one was begun${openThen}`;
  keeping.warn(said);
  return { store, said };
}

function recallFrom(store: Store, model: Model, keeping: Keeping): Recalled {
  try {
    return bringBack(store, model, keeping);
  } catch (error) {
    store.close();
    throw error;
  }
}

function bringBack(store: Store, model: Model, keeping: Keeping): Recalled {
  const { clock, log } = keeping;
  const remembered = store.remembered();
  if (remembered.moved) {
    const said =
      "the state in the data folder was another machine's: a copied card, or one that was moved; it goes on under a new epoch";
    log.warn({ code: 'STATE_MOVED', epoch: store.epoch }, said);
    keeping.warn(said);
  }
  const { state, inForce, leftOut } = replayJournal(remembered, {
    epoch: store.epoch,
    ...modelsOf(store, remembered.site, model),
    agrees: ({ durable }) => Object.values(durable.incidents).every((one) => isStored(store, one)),
    log,
  });
  const missing = leftOut + (remembered.unreadable?.count ?? 0);
  if (state.durable.seq < remembered.lastSeq) {
    const numbers = { replayed: state.durable.seq, stored: remembered.lastSeq };
    const message = 'the journal did not replay to its own end; numbers go on from what was stored';
    log.error({ code: 'REPLAY_DIFFERS', ...numbers }, message);
    state.durable.seq = remembered.lastSeq;
  }
  const unfollowed = missing > 0 ? letGo(store, state) : [];
  if (missing > 0 || state.durable.epoch !== store.epoch) settle(store, state, unfollowed, keeping);
  return {
    store,
    state,
    inForce,
    fresh: remembered.snapshot === undefined,
    baseMs: engineTime(store, state, keeping) - clock.steadyMs(),
    lost: sentences(remembered, missing, unfollowed),
  };
}

/** The model under which the last snapshot was taken, and those of the sites that the facts name. */
function modelsOf(store: Store, lastSite: Site | undefined, model: Model) {
  const hash = siteHash(model.site);
  return {
    model: lastSite === undefined || siteHash(lastSite) === hash ? model : compiled(lastSite),
    modelOf(wanted: string): Model | undefined {
      if (wanted === hash) return model;
      const other = store.site(wanted);
      return other && compiled(other);
    },
  };
}

/**
 * The state as the facts have made it so far, stored or not: for a running engine that threw half way through a step.
 * `model`: the one in force. Throws where there is no telling.
 */
export function rebuildState(store: Store, unstored: Unstored, model: Model, log: Log): State {
  const { base, facts } = unstored;
  const stored = base ? undefined : store.remembered();
  const models = modelsOf(store, stored?.site, model);
  const remembered: Remembered = stored
    ? { ...stored, facts: [...stored.facts, ...facts] }
    : { snapshot: base!.durable, facts, lastSeq: 0 };
  const { state, inForce, leftOut } = replayJournal(remembered, {
    epoch: store.epoch,
    modelOf: models.modelOf,
    model: base?.model ?? models.model,
    agrees: () => true,
    log,
  });
  // what was taken once can be taken again; if not, a start knows how to tell what is gone
  if (leftOut > 0) throw new Error(`${leftOut} of the facts that were taken before can't be taken again`);
  if (inForce !== model) throw new Error('the journal ends under another site than the one in force');
  state.durable = { ...state.durable, epoch: store.epoch };
  return state;
}

/** A site that was in force once and can't be read by this program: its journal can't be either. */
function compiled(site: Site): Model {
  try {
    return compile(site);
  } catch (error) {
    throw storeFault('damaged', `a stored site can't be used: ${messageOf(error)}`, error);
  }
}

function isStored(store: Store, { id, openedAt, plan, zone }: Incident): boolean {
  const stored = store.incident(id);
  return stored?.openedAt === openedAt && stored.plan === plan && stored.zone === zone;
}

/** Incidents that are stored as open and that the state, for want of a fact, knows nothing of. Their numbers stay taken. */
function letGo(store: Store, state: State): Incident[] {
  const { durable } = state;
  const newest = store.incidents({ limit: 1 })[0];
  durable.incidentCount = Math.max(
    durable.incidentCount,
    Number(/^i(\d+)_/.exec(newest?.id ?? '')?.[1] ?? 0),
  );
  const oldestFirst = store.incidents({ open: true, limit: 10_000 }).reverse();
  return oldestFirst.filter(({ id }) => durable.incidents[id] === undefined);
}

/** A new snapshot: what could not be used, or what another epoch did, is not to be replayed again. */
function settle(store: Store, state: State, unfollowed: readonly Incident[], keeping: Keeping): void {
  state.durable = { ...state.durable, epoch: store.epoch };
  const closedAt = new Date(keeping.clock.wallMs()).toISOString();
  const incidents = unfollowed.map(
    (incident): Incident => ({ ...incident, state: 'closed', active: false, closedAt }),
  );
  try {
    store.commit({ facts: [], events: [], incidents, replies: [], snapshot: JSON.stringify(state.durable) });
  } catch (error) {
    // the loop's first commit meets the same disk, and makes a trouble of it
    keeping.log.warn({ code: 'NOTE_FAILED' }, messageOf(error));
  }
}

function sentences({ rolledBack }: Remembered, missing: number, unfollowed: readonly Incident[]): string[] {
  const [noun, were] = missing === 1 ? ['fact', 'was'] : ['facts', 'were'];
  const gone =
    unfollowed.length > 0 ? `; no longer followed: ${unfollowed.map(({ id }) => id).join(', ')}` : '';
  return [
    ...(rolledBack ? ['the last changes on the disk could not be read: what came before them is kept'] : []),
    ...(missing > 0
      ? [`${missing} ${noun} of the journal could not be used and ${were} left out${gone}`]
      : []),
  ];
}

function engineTime(
  store: Store,
  state: State,
  { clock, log, boot: bootNow = currentBoot }: Keeping,
): number {
  const boot = bootNow();
  const nowMs = engineTimeNow(state.durable, store.note('engineTime'), boot, clock.wallMs());
  try {
    store.note('engineTime', engineTimeNote(nowMs, boot));
  } catch (error) {
    // the loop's first commit meets the same disk, and makes a trouble of it
    log.warn({ code: 'NOTE_FAILED' }, messageOf(error));
  }
  return nowMs;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

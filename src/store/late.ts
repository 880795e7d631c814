// A store for a data folder whose disk takes no writes when the daemon starts: remembers nothing, refuses every
// commit, and with each one tries the folder again. When it opens, all goes there. So the loop treats a bad disk
// at the start as one that failed while running: it guards, says so, and keeps what could not be stored.

import { genesis, headOf } from './chain.ts';
import type { Remembered, Store, StoreFigures } from './types.ts';
import { StoreFault } from './types.ts';

const noFigures: StoreFigures = {
  bytes: 0,
  mostBytes: 0,
  pruned: { facts: 0, events: 0, incidents: 0 },
  head: headOf({ fact: 0, factHash: genesis, seq: 0, eventHash: genesis }),
};

/**
 * @param epoch of the state that is kept in memory until then
 * @param open gives the real store under this epoch, or throws StoreFault; called again and again
 */
export function lateStore(epoch: string, open: () => Store): Store {
  let store: Store | undefined;
  const notes = new Map<string, string>();

  const opened = (): Store => {
    if (store === undefined) {
      store = open();
      for (const [key, value] of notes) store.note(key, value);
    }
    return store;
  };
  const nothing: Remembered = { facts: [], lastSeq: 0 };
  return {
    epoch,
    remembered: () => store?.remembered() ?? nothing,
    commit: (turn) => opened().commit(turn),
    site: (hash) => store?.site(hash),
    reply: (id) => store?.reply(id),
    events: (range) => store?.events(range) ?? [],
    eventsOf: (incident) => store?.eventsOf(incident) ?? [],
    incident: (id) => store?.incident(id),
    incidentLike: (name) => store?.incidentLike(name),
    incidents: (filter) => store?.incidents(filter) ?? [],
    history: (range) => store?.history(range) ?? { incidents: [] },
    journal: (afterId, limit) => store?.journal(afterId, limit) ?? [],
    outbox: (afterSeq, limit) => store?.outbox(afterSeq, limit) ?? [],
    outboxSize: () => store?.outboxSize() ?? 0,
    delivered: (seqs) => store?.delivered(seqs),
    setAside: (seq, because) => store?.setAside(seq, because),
    setAsides: (limit) => store?.setAsides(limit) ?? [],
    retained: () => store?.retained() ?? [],
    retain: (topics, forget) => store?.retain(topics, forget),
    note(key, value) {
      if (store !== undefined) return store.note(key, value);
      if (value !== undefined) notes.set(key, value);
      return notes.get(key);
    },
    figures: () => store?.figures() ?? noFigures,
    verify: (head) => opened().verify(head),
    backup: (file) => opened().backup(file),
    close: () => store?.close(),
  };
}

/** Is this the disk's own doing, which may pass, and not a wrong folder, a missing right or another daemon? */
export function isOfDisk(error: unknown): error is StoreFault {
  if (!(error instanceof StoreFault)) return false;
  const code = String((error.cause as { code?: unknown } | undefined)?.code);
  return error.code === 'full' || /^(EROFS|EIO|SQLITE_IOERR|SQLITE_READONLY)/.test(code);
}

// Takes the oldest history away where there is more than the bounds allow: a little at a time, within a commit.
// What a restart needs, what is not yet delivered and what is open stays, whatever the bounds say. Each chain keeps
// the hash of the last row that was taken, so that the rest can still be verified.

import type { Database } from 'better-sqlite3';

/** How much history stays. What is not yet in a snapshot or not yet delivered stays in any case. */
export interface Bounds {
  readonly facts: number;
  readonly events: number;
  readonly replies: number;
  readonly closedIncidents: number;
  /** of all the files together */
  readonly bytes: number;
}

export const defaultBounds: Bounds = {
  facts: 50_000,
  events: 200_000,
  replies: 10_000,
  closedIncidents: 20_000,
  bytes: 512 * 1024 * 1024,
};

/** Pruning waits for this many new rows, and then takes at most so many from each table. */
export const pruneAfterRows = 256;
const pruneRows = 1024;
/** An incident is worth more than a fact: where space is wanted fewer go at once. */
const pruneIncidents = 256;
/** A command that is sent again soon must still be known, however small the bound. */
const leastReplies = 100;

/** Of the bound, for SQLite's log beside the file: what it grows to between two checkpoints, with some room. */
const logBytes = 8 * 1024 * 1024;

export interface Kept {
  readonly lastFact: number;
  readonly snapshotFact: number;
  /** hash of the site in force */
  readonly site: string | null;
}

/** How many of all that ever was are no longer kept. */
export interface Pruned {
  readonly facts: number;
  readonly events: number;
  readonly incidents: number;
}

export interface Pruning {
  /** Within a transaction. True: the file still holds more than it may. */
  prune(kept: Kept): boolean;
}

function prepare(database: Database) {
  const sql = (text: string) => database.prepare<unknown[]>(text);
  const one = (text: string) => database.prepare<unknown[], number | null>(text).pluck();
  const anchor = (table: string, key: string) =>
    sql(`INSERT INTO chain (name, number, hash) SELECT '${table}', ${key}, hash FROM ${table}
      WHERE ${key} < ? AND hash IS NOT NULL ORDER BY ${key} DESC LIMIT 1
      ON CONFLICT (name) DO UPDATE SET number = excluded.number, hash = excluded.hash`);
  return {
    // SQLite answers min() and max() of a primary key from one end of its tree
    firstFact: one('SELECT min(id) FROM journal'),
    firstEvent: one('SELECT min(seq) FROM event'),
    lastEvent: one('SELECT max(seq) FROM event'),
    firstWaiting: one('SELECT min(seq) FROM outbox'),
    factAtMs: one('SELECT wall FROM journal WHERE id = ?'),
    eventAtMs:
      one(`SELECT CASE WHEN json_valid(body) THEN unixepoch(json_extract(body, '$.at'), 'subsec') * 1000
      ELSE 0 END FROM event WHERE seq = ?`),
    closedAtMs: one(`SELECT CASE WHEN json_valid(body)
      THEN unixepoch(json_extract(body, '$.openedAt'), 'subsec') * 1000 ELSE 0 END
      FROM incident WHERE open = 0 ORDER BY number LIMIT 1`),
    anchorFacts: anchor('journal', 'id'),
    anchorEvents: anchor('event', 'seq'),
    facts: sql('DELETE FROM journal WHERE id < ?'),
    events: sql('DELETE FROM event WHERE seq < ?'),
    aside: sql('DELETE FROM set_aside WHERE seq < (SELECT min(seq) FROM event)'),
    replies: sql(`DELETE FROM command WHERE number < min(
      (SELECT max(number) FROM command) - ? + 1, (SELECT min(number) FROM command) + ${pruneRows})`),
    incidents: sql(`DELETE FROM incident WHERE number IN (SELECT number FROM incident
      WHERE open = 0 AND number <= (SELECT max(number) FROM incident) - ? ORDER BY number LIMIT ?)`),
    sites: sql(`DELETE FROM site WHERE last < (SELECT min(id) FROM journal)
      AND hash IS NOT ? AND hash IS NOT (SELECT site FROM snapshot)`),
  };
}

/** Bytes that the file's content takes; pages that are free again are not counted. */
export function bytesInUse(database: Database): number {
  const ask = (what: string): number => database.pragma(what, { simple: true }) as number;
  return (ask('page_count') - ask('freelist_count')) * ask('page_size');
}

export function openPruning(database: Database, bounds: Bounds): Pruning {
  const statements = prepare(database);
  const mostBytes = bounds.bytes - Math.min(logBytes, bounds.bytes / 4);

  /** Facts with a lower number than this go, at most so many at once. Gives back how many went. */
  function dropFacts(below: number, first: number | null): number {
    if (first === null) return 0;
    const end = Math.min(below, first + pruneRows);
    if (end <= first) return 0;
    statements.anchorFacts.run(end);
    return statements.facts.run(end).changes;
  }

  function dropEvents(below: number, first: number | null): number {
    if (first === null) return 0;
    const waiting = statements.firstWaiting.get() ?? Number.MAX_SAFE_INTEGER;
    const end = Math.min(below, first + pruneRows, waiting);
    if (end <= first) return 0;
    statements.anchorEvents.run(end);
    return statements.events.run(end).changes;
  }

  /** One portion of whatever is oldest; where that may not go, of the next oldest. Gives back how many rows went. */
  function dropOldest(kept: Kept): number {
    const [fact, event] = [statements.firstFact.get() ?? null, statements.firstEvent.get() ?? null];
    // (a body that can't be read counts as oldest)
    const atMs = (of: 'factAtMs' | 'eventAtMs', row: number | null): number =>
      row === null ? Number.POSITIVE_INFINITY : (statements[of].get(row) ?? 0);
    const portions = [
      { atMs: atMs('factAtMs', fact), drop: () => dropFacts(kept.snapshotFact + 1, fact) },
      { atMs: atMs('eventAtMs', event), drop: () => dropEvents(statements.lastEvent.get() ?? 0, event) },
      {
        atMs: statements.closedAtMs.get() ?? Number.POSITIVE_INFINITY,
        drop: () => statements.incidents.run(0, pruneIncidents).changes,
      },
    ].sort((a, b) => a.atMs - b.atMs);
    for (const { drop } of portions) {
      const gone = drop();
      if (gone > 0) return gone;
    }
    return statements.replies.run(leastReplies).changes;
  }

  return {
    prune(kept) {
      dropFacts(
        Math.min(kept.lastFact - bounds.facts, kept.snapshotFact) + 1,
        statements.firstFact.get() ?? null,
      );
      dropEvents((statements.lastEvent.get() ?? 0) - bounds.events + 1, statements.firstEvent.get() ?? null);
      statements.replies.run(bounds.replies);
      statements.incidents.run(bounds.closedIncidents, pruneRows);
      const over = bytesInUse(database) > mostBytes && dropOldest(kept) > 0;
      statements.aside.run();
      statements.sites.run(kept.site);
      return over && bytesInUse(database) > mostBytes;
    },
  };
}

/** Counted by what is missing from the numbers, so that it costs no write. */
export function readPruned(database: Database): Pruned {
  const one = (sql: string): number => (database.prepare(sql).pluck().get() as number | null) ?? 0;
  const missing = (table: 'journal' | 'event', key: string): number => {
    const first = one(`SELECT min(${key}) FROM ${table}`);
    return first > 0 ? first - 1 : one(`SELECT number FROM chain WHERE name = '${table}'`);
  };
  return {
    facts: missing('journal', 'id'),
    events: missing('event', 'seq'),
    incidents: one('SELECT max(number) FROM incident') - one('SELECT count(*) FROM incident'),
  };
}

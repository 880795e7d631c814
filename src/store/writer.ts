// Writes turns: one transaction each, with statements prepared once, pruning a little as it goes so that
// no single commit pays for all. Holds the few positions that would otherwise be asked of the disk at every
// commit, and moves them only when the transaction stands.

import type { Database, Statement } from 'better-sqlite3';
import type { Event, Fact, Site } from '../core/types.ts';
import { type Ends, genesis, hashOf, linkOfEvent, linkOfFact, toBlob, toHex } from './chain.ts';
import { toStoreFault } from './faults.ts';
import { packFact } from './journal.ts';
import { type Bounds, openPruning, pruneAfterRows } from './prune.ts';
import { siteHash } from './site.ts';
import { StoreFault, type Turn } from './types.ts';

/** Where the file is larger than it may be, the next pruning comes after so many rows. */
const pruneAgainRows = 32;

export interface Position {
  readonly lastFact: number;
  readonly lastSeq: number;
  /** the ends of the two chains, hex */
  readonly factHash: string;
  readonly eventHash: string;
  /** the last fact that the snapshot contains */
  readonly snapshotFact: number;
  /** hash of the site in force */
  readonly site: string | null;
  /** is there a row in `snapshot`, if only one that names the first site */
  readonly based: boolean;
  readonly outboxRows: number;
}

export interface Writer {
  commit(turn: Turn): void;
  /** One transaction for anything else; mapped and rolled back in the same way. */
  transaction(work: () => void): void;
  /** deletes these from the outbox with the next commit */
  delivered(seqs: readonly number[]): void;
  setAside(seq: number, at: number, because: string): void;
  /** delivered rows that are still on disk */
  readonly pending: ReadonlySet<number>;
  outboxSize(): number;
  /** where the chains end, as committed */
  ends(): Ends;
  /** writes what waits */
  flush(): void;
}

function isEmpty(turn: Turn): boolean {
  const rows = turn.facts.length + turn.events.length + turn.incidents.length + turn.replies.length;
  return rows === 0 && turn.snapshot === undefined && turn.site === undefined;
}

/** The end of a chain: its last row, or what is kept of the row before the first where there is none. */
function endOf(database: Database, table: 'journal' | 'event', key: string): [number: number, hash: string] {
  const row = (sql: string) =>
    database.prepare<[], [number, Buffer | null]>(sql).raw().get() as [number, Buffer | null] | undefined;
  const anchor = row(`SELECT number, hash FROM chain WHERE name = '${table}'`);
  const last = row(`SELECT ${key}, hash FROM ${table} ORDER BY ${key} DESC LIMIT 1`);
  const hash = last?.[1] ?? anchor?.[1];
  return [last?.[0] ?? anchor?.[0] ?? 0, hash ? toHex(hash) : genesis];
}

function readPosition(database: Database): Position {
  const one = (sql: string): unknown => database.prepare(sql).pluck().get();
  const base = database.prepare('SELECT fact FROM snapshot').pluck().get() as number | undefined;
  const [newest, factHash] = endOf(database, 'journal', 'id');
  const [lastSeq, eventHash] = endOf(database, 'event', 'seq');
  return {
    lastFact: Math.max(newest, base ?? 0),
    lastSeq,
    factHash,
    eventHash,
    snapshotFact: base ?? 0,
    site: (one(`SELECT value FROM meta WHERE key = 'site'`) as string | undefined) ?? null,
    based: base !== undefined,
    outboxRows: one('SELECT count(*) FROM outbox') as number,
  };
}

function prepare(database: Database) {
  const sql = (text: string): Statement<unknown[]> => database.prepare(text);
  return {
    begin: sql('BEGIN IMMEDIATE'),
    commit: sql('COMMIT'),
    rollback: sql('ROLLBACK'),
    fact: sql('INSERT INTO journal (id, steady, wall, synced, body, hash) VALUES (?, ?, ?, ?, ?, ?)'),
    event: sql('INSERT INTO event (seq, incident, body, hash) VALUES (?, ?, ?, ?)'),
    enqueue: sql('INSERT INTO outbox (seq) VALUES (?)'),
    dequeue: sql('DELETE FROM outbox WHERE seq = ?'),
    waits: sql('SELECT 1 FROM outbox WHERE seq = ?').pluck(),
    incident: sql(`INSERT INTO incident (id, open, body) VALUES (?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET open = excluded.open, body = excluded.body`),
    reply: sql('INSERT INTO command (id, body) VALUES (?, ?) ON CONFLICT (id) DO NOTHING'),
    site: sql(`INSERT INTO site (hash, last, body) VALUES (?, ?, ?)
      ON CONFLICT (hash) DO UPDATE SET last = max(last, excluded.last)`),
    siteLeft: sql('UPDATE site SET last = max(last, ?) WHERE hash = ?'),
    siteInForce: sql(`INSERT INTO meta (key, value) VALUES ('site', ?)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`),
    snapshot: sql(`INSERT INTO snapshot (id, fact, site, body, hash) VALUES (1, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET fact = excluded.fact, site = excluded.site, body = excluded.body,
        hash = excluded.hash`),
    setAside: sql(`INSERT INTO set_aside (seq, at, because) VALUES (?, ?, ?) ON CONFLICT (seq) DO NOTHING`),
  };
}

export function openWriter(
  database: Database,
  options: { file: string; bounds: Bounds; fault?: ((operation: 'commit') => void) | undefined },
): Writer {
  const { file, bounds } = options;
  const statements = prepare(database);
  const pruning = openPruning(database, bounds);
  const pending = new Set<number>();
  let position = readPosition(database);
  let rowsUnpruned = pruneAfterRows; // a restart may come with lower bounds
  let wasFull = false;

  function rollBack(): void {
    // SQLite has rolled back by itself after some errors, a full disk among them
    if (!database.inTransaction) return;
    try {
      statements.rollback.run();
    } catch {
      // the error that led here says more; the next BEGIN tells whether the connection still serves
    }
  }

  function transaction<T>(work: () => T): T {
    try {
      statements.begin.run();
      const result = work();
      options.fault?.('commit');
      statements.commit.run();
      return result;
    } catch (error) {
      rollBack();
      throw toStoreFault(error, 'commit', file);
    }
  }

  function writeSite(site: Site, lastFact: number): string {
    const hash = siteHash(site);
    statements.site.run(hash, lastFact, JSON.stringify(site));
    if (position.site !== null) statements.siteLeft.run(lastFact, position.site);
    statements.siteInForce.run(hash);
    // replay without a snapshot begins with the first site of all
    if (!position.based) statements.snapshot.run(0, hash, null, null);
    return hash;
  }

  function writeFacts(facts: readonly Fact[], from: { id: number; hash: string }): typeof from {
    let { id, hash } = from;
    for (const fact of facts) {
      const row = packFact(fact);
      id += 1;
      hash = linkOfFact(hash, id, row);
      statements.fact.run(id, ...row, toBlob(hash));
    }
    return { id, hash };
  }

  function writeEvents(events: readonly Event[], from: { seq: number; hash: string }): typeof from {
    let { seq, hash } = from;
    for (const event of events) {
      const [incident, body] = [event.incident?.id ?? null, JSON.stringify(event)];
      seq = event.seq;
      hash = linkOfEvent(hash, seq, incident, body);
      statements.event.run(seq, incident, body, toBlob(hash));
      statements.enqueue.run(seq);
    }
    return { seq, hash };
  }

  function write(turn: Turn, andPrune: boolean): Position {
    let { snapshotFact, site, based, outboxRows } = position;
    const { id: lastFact, hash: factHash } = writeFacts(turn.facts, {
      id: position.lastFact,
      hash: position.factHash,
    });
    const { seq: lastSeq, hash: eventHash } = writeEvents(turn.events, {
      seq: position.lastSeq,
      hash: position.eventHash,
    });
    outboxRows += turn.events.length;
    for (const incident of turn.incidents) {
      statements.incident.run(incident.id, incident.state === 'closed' ? 0 : 1, JSON.stringify(incident));
    }
    for (const reply of turn.replies) statements.reply.run(reply.id, JSON.stringify(reply));
    if (turn.site !== undefined) {
      site = writeSite(turn.site, lastFact);
      based = true;
    }
    if (turn.snapshot !== undefined) {
      statements.snapshot.run(lastFact, site, turn.snapshot, toBlob(hashOf(turn.snapshot)));
      snapshotFact = lastFact;
      based = true;
    }
    for (const seq of pending) outboxRows -= statements.dequeue.run(seq).changes;
    if (andPrune && pruning.prune({ lastFact, snapshotFact, site }))
      rowsUnpruned = pruneAfterRows - pruneAgainRows;
    return { lastFact, lastSeq, factHash, eventHash, snapshotFact, site, based, outboxRows };
  }

  function attempt(turn: Turn): void {
    rowsUnpruned += turn.facts.length + turn.events.length + turn.incidents.length + turn.replies.length;
    const andPrune = rowsUnpruned >= pruneAfterRows;
    // counted as done even if it fails: on a nearly full disk the next turn must fit without it
    if (andPrune) rowsUnpruned = 0;
    position = transaction(() => write(turn, andPrune));
    pending.clear();
  }

  /** The log itself holds space: when its pages have gone home, it can be cut and written anew. */
  function reclaim(): void {
    try {
      database.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // the disk is too full even for that; the commit's own fault tells it
    }
  }

  function commit(turn: Turn): void {
    try {
      attempt(turn);
    } catch (error) {
      // only what the disk itself said, once for each time it fills up: a checkpoint is much work to fail at
      const full = error instanceof StoreFault && error.code === 'full' && error.cause !== undefined;
      if (!full || wasFull) throw error;
      wasFull = true;
      reclaim();
      attempt(turn);
    }
    wasFull = false;
  }

  const nothing: Turn = { facts: [], events: [], incidents: [], replies: [] };
  return {
    commit(turn) {
      if (!isEmpty(turn)) commit(turn);
    },
    transaction,
    delivered(seqs) {
      for (const seq of seqs) {
        if (!pending.has(seq) && statements.waits.get(seq) !== undefined) pending.add(seq);
      }
    },
    setAside(seq, at, because) {
      const gone = transaction(() => {
        statements.setAside.run(seq, at, because);
        return statements.dequeue.run(seq).changes;
      });
      position = { ...position, outboxRows: position.outboxRows - gone };
      pending.delete(seq);
    },
    pending,
    outboxSize: () => position.outboxRows - pending.size,
    ends() {
      const { lastFact, factHash, lastSeq, eventHash } = position;
      return { fact: lastFact, factHash, seq: lastSeq, eventHash };
    },
    flush() {
      if (pending.size > 0) attempt(nothing);
    },
  };
}

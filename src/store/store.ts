// The store: everything that outlives a restart, in one SQLite file that one daemon holds alone. Commits
// go through the writer; reads give back parsed objects. Knows nothing of what the turns mean.

import { randomInt } from 'node:crypto';
import path from 'node:path';
import type { Database } from 'better-sqlite3';
import type { Event, Fact, Incident, Reply, Site } from '../core/types.ts';
import { backupTo } from './backup.ts';
import { hashOf, headOf, linkOfFact, toHex } from './chain.ts';
import { toStoreFault } from './faults.ts';
import { type FactRow, journalRows, unpackFact } from './journal.ts';
import { followFile, type Opened } from './moved.ts';
import { type OpenedFile, openFile, storeFile } from './open.ts';
import { type Bounds, bytesInUse, defaultBounds, readPruned } from './prune.ts';
import { provenSite } from './site.ts';
import type { JournalRow, Remembered, SetAside, Store } from './types.ts';
import { verifyChain } from './verify.ts';
import { openWriter, type Writer } from './writer.ts';

export interface StoreLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface StoreOptions {
  /** wall time, ms */
  readonly now: () => number;
  readonly log: StoreLog;
  readonly bounds?: Partial<Bounds>;
  /** of a state that is begun; one that is there keeps its own */
  readonly epoch?: string;
  /** which machine this is; a state that knows another one goes on under a new epoch. Absent: not known */
  readonly machine?: string;
  /** The disk's seam for tests: called before each operation takes effect; what it throws is thrown. */
  readonly fault?: (operation: 'open' | 'commit' | 'read') => void;
  /** the folder was deleted under the running daemon, and begun again with all that was in it */
  readonly renewed?: (said: string) => void;
}

/** Most incidents that one page of history looks at, and most of them in it, characters of JSON. */
const pageRows = 200;
const pageLength = 1024 * 1024;

/** Delivered rows that wait for a commit to ride on before they are written by themselves. */
const lazyRows = 500;

/** @param random 0…1; where it is given, the source of chance */
export function newEpoch(random?: () => number): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const below = (most: number): number => (random ? Math.floor(random() * most) : randomInt(most));
  return Array.from({ length: 8 }, () => letters[below(letters.length)]).join('');
}

/** The epoch of this state, made when there is none yet. */
function epochOf(database: Database, fresh = newEpoch()): string {
  const find = database.prepare(`SELECT value FROM meta WHERE key = 'epoch'`).pluck();
  const known = find.get() as string | undefined;
  if (known !== undefined) return known;
  database.prepare(`INSERT INTO meta (key, value) VALUES ('epoch', ?)`).run(fresh);
  return find.get() as string;
}

/**
 * Has the state come from another machine, on a copied card? Both go on from the same numbers, and would give them to
 * different events: so this one begins a new epoch.
 */
function takeHome(database: Database, machine: string | undefined): boolean {
  if (machine === undefined) return false;
  const known = database.prepare(`SELECT value FROM meta WHERE key = 'machine'`).pluck().get();
  if (known === machine) return false;
  const put = database.transaction(() => {
    if (known !== undefined) database.exec(`DELETE FROM meta WHERE key = 'epoch'`);
    database.prepare(`INSERT OR REPLACE INTO meta (key, value) VALUES ('machine', ?)`).run(machine);
  });
  try {
    put();
  } catch (error) {
    if (known !== undefined) throw error;
    // the first time it is only a note: a disk that takes no writes just now must not keep it from opening
  }
  return known !== undefined;
}

function prepareReads(database: Database) {
  const bodies = (sql: string) => database.prepare<unknown[], string>(sql).pluck();
  return {
    snapshot: database.prepare<
      [],
      { fact: number; site: string | null; body: string | null; hash: Buffer | null }
    >('SELECT fact, site, body, hash FROM snapshot'),
    facts: database
      .prepare<[number], ChainedFact>(
        // (as text, which costs less than a buffer for each row)
        'SELECT id, lower(hex(hash)), steady, wall, synced, body FROM journal WHERE id > ? ORDER BY id',
      )
      .raw(),
    factBefore: database
      .prepare<[number, number], string>(
        `SELECT lower(hex(hash)) FROM (SELECT id, hash FROM journal WHERE id = ?
           UNION ALL SELECT number, hash FROM chain WHERE name = 'journal' AND number = ?)`,
      )
      .pluck(),
    journal: database.prepare<[number, number], JournalRow>(journalRows).raw(),
    lastSeq: database.prepare<[], number | null>('SELECT max(seq) FROM event').pluck(),
    site: bodies('SELECT body FROM site WHERE hash = ?'),
    reply: bodies('SELECT body FROM command WHERE id = ?'),
    events: bodies('SELECT body FROM event WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?'),
    eventsOf: bodies('SELECT body FROM event WHERE incident = ? ORDER BY seq'),
    incident: bodies('SELECT body FROM incident WHERE id = ?'),
    // the index of ids finds the few that begin alike; of two epochs the newer one is meant
    incidentLike: bodies('SELECT body FROM incident WHERE id >= ? AND id < ? ORDER BY number DESC LIMIT 1'),
    incidents: bodies('SELECT body FROM incident ORDER BY number DESC LIMIT ?'),
    incidentsBefore: bodies(
      'SELECT body FROM incident WHERE number < (SELECT number FROM incident WHERE id = ?) ORDER BY number DESC LIMIT ?',
    ),
    openIncidents: bodies('SELECT body FROM incident WHERE open = 1 ORDER BY number DESC LIMIT ?'),
    closedIncidents: bodies('SELECT body FROM incident WHERE open = 0 ORDER BY number DESC LIMIT ?'),
    // the inner SELECT says how many rows are looked at, however few of them are wanted
    history: database
      .prepare<[string, string, number, number], [number: number, body: string | null]>(
        `SELECT number, CASE WHEN opened < ? AND (open = 1 OR opened >= ?) THEN body END FROM (
           SELECT number, open, body, json_extract(body, '$.openedAt') AS opened FROM incident
           WHERE number > ? ORDER BY number LIMIT ?)`,
      )
      .raw(),
    // CROSS JOIN: the outbox is the outer loop, however small the planner believes the other to be
    outbox: database
      .prepare<[number, number], [seq: number, body: string]>(
        `SELECT event.seq, event.body FROM outbox CROSS JOIN event ON event.seq = outbox.seq
         WHERE outbox.seq > ? ORDER BY outbox.seq LIMIT ?`,
      )
      .raw(),
    setAsides: database.prepare<[number], SetAside>(
      'SELECT seq, at, because FROM set_aside ORDER BY seq DESC LIMIT ?',
    ),
    retained: bodies('SELECT topic FROM retained ORDER BY topic'),
    note: bodies('SELECT value FROM meta WHERE key = ?'),
  };
}

type Reads = ReturnType<typeof prepareReads>;
/** the hash is hex, empty where it was written before there was a chain */
type ChainedFact = readonly [id: number, hash: string, ...row: FactRow];

function readHistory(reads: Reads, { from, to, after = 0 }: { from: string; to: string; after?: number }) {
  const bodies: string[] = [];
  let [rows, length, last] = [0, 0, after];
  for (const [number, body] of reads.history.iterate(to, from, after, pageRows)) {
    [rows, last] = [rows + 1, number];
    if (body === null) continue;
    bodies.push(body);
    length += body.length;
    if (length >= pageLength) break;
  }
  const more = rows === pageRows || length >= pageLength;
  return { incidents: parsedAll<Incident>(bodies), ...(more && { next: last }) };
}

const parsed = <T>(body: string | undefined): T | undefined =>
  body === undefined ? undefined : (JSON.parse(body) as T);
const parsedAll = <T>(bodies: readonly string[]): T[] => bodies.map((body) => JSON.parse(body) as T);
/** A site is its own proof: what was changed since it was stored is damage, however well it reads. */
function siteOf(reads: Reads, hash: string): Site | undefined {
  const body = reads.site.get(hash);
  return body === undefined ? undefined : provenSite(hash, body);
}

const noteKey = (key: string): string => `note.${key}`;

/** Facts after a number; a page has no sum of its own, so only the chain tells that a bit has turned. */
function soundFacts(reads: Reads, after: number): Pick<Remembered, 'facts' | 'unreadable'> {
  let before = reads.factBefore.get(after, after) ?? '';
  const facts: Fact[] = [];
  let unreadable: Remembered['unreadable'];
  for (const [id, hash, steadyMs, wallMs, synced, body] of reads.facts.all(after)) {
    const row: FactRow = [steadyMs, wallMs, synced, body];
    const sound = hash === '' || before === '' || hash === linkOfFact(before, id, row);
    before = hash;
    try {
      if (!sound) throw new SyntaxError('it does not follow from the fact before it');
      facts.push(unpackFact(row));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      unreadable = { count: (unreadable?.count ?? 0) + 1, after: unreadable?.after ?? facts.length };
    }
  }
  return { facts, ...(unreadable && { unreadable }) };
}

function remember(reads: Reads): Remembered {
  const base = reads.snapshot.get();
  if (base?.body != null && base.hash !== null && toHex(base.hash) !== hashOf(base.body))
    throw new SyntaxError('the snapshot is not what was written');
  const site = base?.site ? siteOf(reads, base.site) : undefined;
  const bootId = reads.note.get(noteKey('bootId'));
  return {
    ...(base?.body != null && { snapshot: base.body }),
    ...(site !== undefined && { site }),
    ...soundFacts(reads, base?.fact ?? 0),
    lastSeq: reads.lastSeq.get() ?? 0,
    ...(bootId !== undefined && { bootId }),
  };
}

/** Writes the topics that are new or gone; `known` is what the disk has. */
function openRetained(database: Database, writer: Writer, known: Set<string>) {
  const add = database.prepare('INSERT INTO retained (topic) VALUES (?) ON CONFLICT DO NOTHING');
  const remove = database.prepare('DELETE FROM retained WHERE topic = ?');
  return (topics: readonly string[], forget: readonly string[]): void => {
    const added = topics.filter((topic) => !known.has(topic));
    const forgotten = forget.filter((topic) => known.has(topic));
    if (added.length === 0 && forgotten.length === 0) return; // every change of a point comes by here
    writer.transaction(() => {
      for (const topic of added) add.run(topic);
      for (const topic of forgotten) remove.run(topic);
    });
    for (const topic of added) known.add(topic);
    for (const topic of forgotten) known.delete(topic);
  };
}

/** Throws StoreFault. The store holds the folder until `close`. */
export function openStore(folder: string, options: StoreOptions): Store {
  const whole = path.resolve(folder);
  return followFile(whole, () => openOnce(whole, options), options);
}

function openOnce(folder: string, options: StoreOptions): Opened {
  const file = storeFile(folder);
  try {
    options.fault?.('open');
    const opened = openFile(folder);
    try {
      return { store: assemble(opened, file, options), database: opened.database };
    } catch (error) {
      opened.database.close();
      throw error;
    }
  } catch (error) {
    throw toStoreFault(error, 'open', file);
  }
}

function assemble(opened: OpenedFile, file: string, options: StoreOptions): Store {
  const { database, created, unclean, migrated, rolledBack } = opened;
  const bounds = { ...defaultBounds, ...options.bounds };
  // numbers that were told of already must not be given to other events
  if (rolledBack) database.exec(`DELETE FROM meta WHERE key = 'epoch'`);
  const moved = takeHome(database, options.machine);
  const epoch = epochOf(database, options.epoch);
  const reads = prepareReads(database);
  const writer = openWriter(database, { file, bounds, fault: options.fault });
  const known = new Set(reads.retained.all());
  const retain = openRetained(database, writer, known);
  const setNote = database.prepare(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  let flushAbove = lazyRows;
  options.log.info(
    { code: 'STORE_OPENED', file, epoch, created, unclean, migrated, rolledBack, moved },
    'store opened',
  );

  function read<T>(work: () => T): T {
    try {
      options.fault?.('read');
      return work();
    } catch (error) {
      throw toStoreFault(error, 'read', file);
    }
  }

  function flushDelivered(): void {
    try {
      writer.flush();
      flushAbove = lazyRows;
    } catch (error) {
      // no harm: they are sent again at worst; the next commits meet the same disk and report it
      flushAbove = writer.pending.size + lazyRows;
      options.log.warn(
        { code: 'DELIVERY_NOT_NOTED', error: String(error) },
        'delivered messages could not be struck off',
      );
    }
  }

  /** One that was damaged must not hold up all that wait behind it. */
  function unsent(seq: number, body: string): Event[] {
    try {
      return [JSON.parse(body) as Event];
    } catch {
      options.log.warn(
        { code: 'EVENT_DAMAGED', seq },
        'an event that waits to be sent was damaged and is set aside',
      );
      writer.setAside(seq, options.now(), 'it was damaged on the disk');
      return [];
    }
  }

  return {
    epoch,
    remembered: () => ({
      ...read(() => remember(reads)),
      ...(rolledBack && { rolledBack }),
      ...(moved && { moved }),
    }),
    commit: writer.commit,
    site: (hash) => read(() => siteOf(reads, hash)),
    reply: (commandId) => read(() => parsed<Reply>(reads.reply.get(commandId))),
    events: ({ from, to, limit }) =>
      read(() => parsedAll<Event>(reads.events.all(from, to ?? Number.MAX_SAFE_INTEGER, limit))),
    eventsOf: (incident) => read(() => parsedAll<Event>(reads.eventsOf.all(incident))),
    incident: (id) => read(() => parsed<Incident>(reads.incident.get(id))),
    incidentLike: (number) =>
      // (the sign after `_` in the order of SQLite, which is that of bytes)
      read(() => parsed<Incident>(reads.incidentLike.get(`${number}_`, `${number}\``))),
    incidents: ({ open, before, limit }) =>
      read(() => {
        if (before !== undefined) return parsedAll<Incident>(reads.incidentsBefore.all(before, limit));
        const which = open === undefined ? 'incidents' : open ? 'openIncidents' : 'closedIncidents';
        return parsedAll<Incident>(reads[which].all(limit));
      }),
    history: (range) => read(() => readHistory(reads, range)),
    journal: (afterId, limit) => read(() => reads.journal.all(afterId, limit)),
    outbox: (afterSeq, limit) =>
      read(() => {
        const rows = reads.outbox.all(afterSeq, limit + writer.pending.size);
        const waiting = rows.filter(([seq]) => !writer.pending.has(seq)).slice(0, limit);
        return waiting.flatMap(([seq, body]) => unsent(seq, body));
      }),
    outboxSize: writer.outboxSize,
    delivered(seqs) {
      read(() => writer.delivered(seqs));
      if (writer.pending.size > flushAbove) flushDelivered();
    },
    setAside: (seq, because) => writer.setAside(seq, options.now(), because),
    setAsides: (limit) => read(() => reads.setAsides.all(limit)),
    retained: () => [...known].sort(),
    retain,
    note(key, value) {
      const before = read(() => reads.note.get(noteKey(key)));
      if (value === undefined || value === before) return before;
      writer.transaction(() => setNote.run(noteKey(key), value));
      return value;
    },
    figures: () =>
      read(() => ({
        bytes: bytesInUse(database),
        mostBytes: bounds.bytes,
        pruned: readPruned(database),
        head: headOf(writer.ends()),
      })),
    verify: async (head) => {
      try {
        const walk = verifyChain(database, head);
        for (;;) {
          const { done, value } = walk.next();
          if (done) return value;
          await new Promise((resolve) => setImmediate(resolve));
        }
      } catch (error) {
        throw toStoreFault(error, 'read', file);
      }
    },
    backup: (target) => backupTo(database, path.resolve(target)),
    close() {
      if (!database.open) return;
      flushDelivered();
      database.close();
    },
  };
}

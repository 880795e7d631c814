// The store: everything that outlives a restart, in one SQLite file that one daemon holds alone. Commits
// go through the writer; reads give back parsed objects. Knows nothing of what the turns mean.

import { randomInt } from 'node:crypto';
import path from 'node:path';
import type { Database } from 'better-sqlite3';
import type { Event, Incident, Reply, Site } from '../core/types.ts';
import { backupTo } from './backup.ts';
import { toStoreFault } from './faults.ts';
import { type FactRow, journalRows, unpackFact } from './journal.ts';
import { type OpenedFile, openFile, storeFile } from './open.ts';
import type { JournalRow, Remembered, SetAside, Store } from './types.ts';
import { type Bounds, defaultBounds, openWriter, type Writer } from './writer.ts';

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
  /** The disk's seam for tests: called before each operation takes effect; what it throws is thrown. */
  readonly fault?: (operation: 'open' | 'commit' | 'read') => void;
}

/** Most incidents that one page of history looks at, and most of them in it, characters of JSON. */
const pageRows = 200;
const pageLength = 1024 * 1024;

/** Delivered rows that wait for a commit to ride on before they are written by themselves. */
const lazyRows = 500;

export function newEpoch(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('');
}

/** The epoch of this state, made when there is none yet. */
function epochOf(database: Database, fresh = newEpoch()): string {
  const find = database.prepare(`SELECT value FROM meta WHERE key = 'epoch'`).pluck();
  const known = find.get() as string | undefined;
  if (known !== undefined) return known;
  database.prepare(`INSERT INTO meta (key, value) VALUES ('epoch', ?)`).run(fresh);
  return find.get() as string;
}

function prepareReads(database: Database) {
  const bodies = (sql: string) => database.prepare<unknown[], string>(sql).pluck();
  return {
    snapshot: database.prepare<[], { fact: number; site: string | null; body: string | null }>(
      'SELECT fact, site, body FROM snapshot',
    ),
    facts: database
      .prepare<[number], FactRow>('SELECT steady, wall, synced, body FROM journal WHERE id > ? ORDER BY id')
      .raw(),
    journal: database.prepare<[number, number], JournalRow>(journalRows).raw(),
    lastSeq: database.prepare<[], number | null>('SELECT max(seq) FROM event').pluck(),
    site: bodies('SELECT body FROM site WHERE hash = ?'),
    reply: bodies('SELECT body FROM command WHERE id = ?'),
    events: bodies('SELECT body FROM event WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?'),
    eventsOf: bodies('SELECT body FROM event WHERE incident = ? ORDER BY seq'),
    incident: bodies('SELECT body FROM incident WHERE id = ?'),
    incidents: bodies('SELECT body FROM incident ORDER BY number DESC LIMIT ?'),
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
const noteKey = (key: string): string => `note.${key}`;

function remember(reads: Reads): Remembered {
  const base = reads.snapshot.get();
  const site = base?.site ? parsed<Site>(reads.site.get(base.site)) : undefined;
  const bootId = reads.note.get(noteKey('bootId'));
  return {
    ...(base?.body != null && { snapshot: base.body }),
    ...(site !== undefined && { site }),
    facts: reads.facts.all(base?.fact ?? 0).map(unpackFact),
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
  const file = storeFile(path.resolve(folder));
  try {
    options.fault?.('open');
    const opened = openFile(path.resolve(folder));
    try {
      return assemble(opened, file, options);
    } catch (error) {
      opened.database.close();
      throw error;
    }
  } catch (error) {
    throw toStoreFault(error, 'open', file);
  }
}

function assemble(opened: OpenedFile, file: string, options: StoreOptions): Store {
  const { database, created, unclean, migrated } = opened;
  const bounds = { ...defaultBounds, ...options.bounds };
  const epoch = epochOf(database, options.epoch);
  const reads = prepareReads(database);
  const writer = openWriter(database, { file, bounds, fault: options.fault });
  const known = new Set(reads.retained.all());
  const retain = openRetained(database, writer, known);
  const setNote = database.prepare(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  let flushAbove = lazyRows;
  options.log.info({ file, epoch, created, unclean, migrated }, 'store opened');

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
      options.log.warn({ error: String(error) }, 'delivered messages could not be struck off');
    }
  }

  return {
    epoch,
    remembered: () => read(() => remember(reads)),
    commit: writer.commit,
    site: (hash) => read(() => parsed<Site>(reads.site.get(hash))),
    reply: (commandId) => read(() => parsed<Reply>(reads.reply.get(commandId))),
    events: ({ from, to, limit }) =>
      read(() => parsedAll<Event>(reads.events.all(from, to ?? Number.MAX_SAFE_INTEGER, limit))),
    eventsOf: (incident) => read(() => parsedAll<Event>(reads.eventsOf.all(incident))),
    incident: (id) => read(() => parsed<Incident>(reads.incident.get(id))),
    incidents: ({ open, limit }) =>
      read(() => {
        const which = open === undefined ? 'incidents' : open ? 'openIncidents' : 'closedIncidents';
        return parsedAll<Incident>(reads[which].all(limit));
      }),
    history: (range) => read(() => readHistory(reads, range)),
    journal: (afterId, limit) => read(() => reads.journal.all(afterId, limit)),
    outbox: (afterSeq, limit) =>
      read(() => {
        const rows = reads.outbox.all(afterSeq, limit + writer.pending.size);
        const waiting = rows.filter(([seq]) => !writer.pending.has(seq)).slice(0, limit);
        return parsedAll<Event>(waiting.map(([, body]) => body));
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
    backup: (target) => backupTo(database, path.resolve(target)),
    close() {
      if (!database.open) return;
      flushDelivered();
      database.close();
    },
  };
}

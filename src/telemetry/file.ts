// What lies in the file of telemetry: packed blocks, appended, bounded, the oldest dropped first and counted. Writes and
// reads; what to do when it can't is its caller's business. Knows nothing of the engine.

import { statfsSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { pack, unpack } from './pack.ts';
import type { Block, StoredBlock } from './types.ts';

/** What is left to the journal of the alarms: with less free than this the file grows no further. */
const leastFreeBytes = 32 * 1024 * 1024;
/** what a block takes beside its samples */
const rowBytes = 512;
/** A kill has so many blocks published once more; each note of them is a write to the card. */
const acknowledgedAtOnce = 50;
/** Dropped at once where there is no room: so much of all blocks, and so the next time comes later. */
const dropPart = 1 / 50;

export interface Figures {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  readonly acknowledged: number;
  /** samples given up before their time, or before they were published */
  readonly dropped: number;
  /** wall time of the oldest block, ms */
  readonly oldestMs?: number;
}

export interface Bounds {
  /** recorded time that is kept, ms */
  readonly keepMs: number;
  readonly mostBytes: number;
  /** blocks that go by age before they were acknowledged count as dropped */
  readonly publish: boolean;
}

/** Where a block lies and what it is about, without its samples. */
export interface Entry {
  readonly number: number;
  readonly fromMs: number;
  readonly wallMs: number;
  readonly synced: boolean;
  readonly everyMs: number;
  readonly minutes: number;
  readonly points: readonly string[];
}

/** Errors are SQLite's and the system's own; `isDamage` tells those that only a new file mends. */
export interface TelemetryFile {
  /** identity of this file, `[a-z0-9]{8}` */
  readonly id: string;
  /** One transaction. `lost`: samples that never came as far as here. Gives back how many were dropped for room. */
  write(blocks: readonly Block[], bounds: Bounds, lost: number): number;
  /** The wall clock can be trusted now: blocks of this run from when it could not get the time that it was. */
  restamp(offsetMs: number): void;
  /** The blocks after this number, at most `limit`, oldest first, without their samples. */
  entries(after: number, limit: number): Entry[];
  /** Undefined where the block is gone; throws RangeError where its bytes are damaged. */
  block(number: number): StoredBlock | undefined;
  /** The number of the first block after this one. */
  next(after: number): number | undefined;
  /** The broker has all up to this one; so many samples of it were refused. Written now and then, and at `close`. */
  acknowledge(number: number, refusedSamples: number): void;
  figures(): Figures;
  close(): void;
}

interface Row {
  readonly number: number;
  readonly from_ms: number;
  readonly wall_ms: number;
  readonly synced: number;
  readonly every_ms: number;
  readonly minutes: number;
  readonly list: number;
  readonly body: Buffer;
}

const bodies = new WeakMap<Block, Buffer>();

/** A block as it is written. Made once for each, and ahead of `write` where there are many: it is most of the work. */
export function packed(block: Block): Buffer {
  let body = bodies.get(block);
  if (body === undefined) {
    body = pack(block.samples);
    bodies.set(block, body);
  }
  return body;
}

/** The blocks of an opened database; `folder` is where it lies. */
export function fileOf(database: Database, folder: string): TelemetryFile {
  const sql = statements(database);
  const meta = (key: string): unknown => sql.meta.get(key);
  const id = String(meta('id'));
  const run = Number(meta('run')) + 1;
  let begun = false;
  let unsaved = 0;
  let acknowledged = Number(meta('acknowledged'));
  let dropped = Number(meta('dropped'));
  let last = Number(sql.last.get() ?? 0);
  let recordedMs = Number(sql.recorded.get(last) ?? 0);
  const lists = new Map<number, readonly string[]>();

  const listOf = (points: readonly string[]): number => {
    const text = JSON.stringify(points);
    return Number(sql.listOf.get(text) ?? sql.addList.run(text).lastInsertRowid);
  };
  const pointsOf = (list: number): readonly string[] => {
    let points = lists.get(list);
    if (points === undefined) {
      points = JSON.parse(String(sql.list.get(list) ?? '[]')) as string[];
      lists.set(list, points);
    }
    return points;
  };
  const pages = (): { used: number; bytes: number } => {
    const all = database.pragma('page_count', { simple: true }) as number;
    const free = database.pragma('freelist_count', { simple: true }) as number;
    const size = database.pragma('page_size', { simple: true }) as number;
    return { used: (all - free) * size, bytes: all * size };
  };
  const save = (): void => {
    sql.set.run({ key: 'dropped', value: dropped });
    sql.set.run({ key: 'acknowledged', value: acknowledged });
    unsaved = 0;
  };

  /** The newest block stays, whatever the bounds: numbers go on from it. Counts the samples after `countedAfter`. */
  const dropUpTo = (number: number, countedAfter: number): number => {
    const until = Math.min(number, last - 1);
    const gone = Number(sql.samples.get(countedAfter, until) ?? 0);
    sql.drop.run(until);
    return gone;
  };

  /** By recorded time: a wall clock that jumps years ahead must not empty the file. */
  const dropOld = ({ keepMs, publish }: Bounds): number => {
    const first = sql.first.get() as number | null;
    if (first === null || Number(sql.recorded.get(first)) > recordedMs - keepMs * (1 + dropPart)) return 0;
    const within = Number(sql.firstWithin.get(recordedMs - keepMs) ?? last);
    return dropUpTo(within - 1, publish ? acknowledged : last);
  };

  /** Makes room for so many bytes; on a disk that is nearly full the file does not grow. */
  const makeRoom = (needed: number, { mostBytes }: Bounds): number => {
    const { bavail, bsize } = statfsSync(folder);
    let { used, bytes } = pages();
    const most = bavail * bsize - needed < leastFreeBytes ? Math.min(mostBytes, bytes) : mostBytes;
    let gone = 0;
    while (used + needed > most) {
      const first = Number(sql.first.get() ?? 0);
      if (first >= last) break;
      const part = Math.max(dropPart, 1 - most / (used + needed));
      gone += dropUpTo(first + Math.ceil((last - first + 1) * part) - 1, 0);
      ({ used, bytes } = pages());
    }
    return gone;
  };

  const insert = (block: Block, body: Buffer): void => {
    const { fromMs, wallMs, clock, everyMs, points, samples } = block;
    const minutes = samples[0]!.length;
    const synced = clock === 'synced' ? 1 : 0;
    last += 1;
    const start = [last, run, recordedMs, Math.round(fromMs), Math.round(wallMs), synced];
    sql.insert.run(...start, everyMs, minutes, points.length, listOf(points), body);
  };

  return {
    id,
    write(blocks, bounds, lost) {
      const before = { last, recordedMs, dropped };
      const bodies = blocks.map(packed);
      const needed = bodies.reduce((sum, body) => sum + body.length + rowBytes, 0);
      try {
        return database.transaction(() => {
          if (!begun) sql.set.run({ key: 'run', value: run });
          const gone = makeRoom(needed, bounds) + dropOld(bounds);
          for (const [at, block] of blocks.entries()) {
            insert(block, bodies[at]!);
            // groups of points over the same minutes are recorded at once
            if (block.fromMs !== blocks[at + 1]?.fromMs)
              recordedMs += block.samples[0]!.length * block.everyMs;
          }
          dropped += gone + lost;
          save();
          begun = true;
          return gone;
        })();
      } catch (error) {
        ({ last, recordedMs, dropped } = before);
        throw error;
      }
    },
    restamp: (offsetMs) => void sql.restamp.run(Math.round(offsetMs), run),
    entries(after, limit) {
      return (sql.entries.all(after, limit) as Row[]).map((row) => ({
        number: row.number,
        fromMs: row.from_ms,
        wallMs: row.wall_ms,
        synced: row.synced === 1,
        everyMs: row.every_ms,
        minutes: row.minutes,
        points: pointsOf(row.list),
      }));
    },
    block(number) {
      const row = sql.block.get(number) as Row | undefined;
      if (row === undefined) return undefined;
      const points = pointsOf(row.list);
      let samples: ReturnType<typeof unpack>;
      try {
        samples = unpack(row.body, points.length, row.minutes);
      } catch (error) {
        throw new RangeError(`block ${number} of telemetry is damaged: ${String(error)}`);
      }
      const clock = row.synced === 1 ? 'synced' : 'unsynced';
      const { from_ms: fromMs, wall_ms: wallMs, every_ms: everyMs } = row;
      return { file: id, number, fromMs, wallMs, clock, everyMs, points, samples };
    },
    next: (after) => sql.next.get(after) as number | undefined,
    acknowledge(number, refusedSamples) {
      acknowledged = Math.max(acknowledged, number);
      dropped += refusedSamples;
      unsaved += 1;
      if (unsaved >= acknowledgedAtOnce) save();
    },
    figures() {
      const first = Number(sql.first.get() ?? 0);
      const oldestMs = sql.wall.get(first) as number | undefined;
      return {
        bytes: pages().used,
        first,
        last,
        acknowledged,
        dropped,
        ...(oldestMs !== undefined && { oldestMs }),
      };
    },
    close() {
      try {
        if (unsaved > 0) save();
      } finally {
        database.close();
      }
    },
  };
}

function statements(database: Database) {
  const one = (text: string) => database.prepare(text).pluck();
  const entry = 'number, from_ms, wall_ms, synced, every_ms, minutes, list';
  return {
    meta: one('SELECT value FROM meta WHERE key = ?'),
    set: database.prepare('UPDATE meta SET value = @value WHERE key = @key AND value IS NOT @value'),
    list: one('SELECT points FROM list WHERE id = ?'),
    listOf: one('SELECT id FROM list WHERE points = ?'),
    addList: database.prepare('INSERT INTO list (points) VALUES (?)'),
    first: one('SELECT min(number) FROM block'),
    last: one('SELECT max(number) FROM block'),
    next: one('SELECT number FROM block WHERE number > ? ORDER BY number LIMIT 1'),
    recorded: one('SELECT recorded_ms + minutes * every_ms FROM block WHERE number = ?'),
    firstWithin: one('SELECT number FROM block WHERE recorded_ms >= ? ORDER BY number LIMIT 1'),
    samples: one('SELECT sum(minutes * size) FROM block WHERE number > ? AND number <= ?'),
    drop: database.prepare('DELETE FROM block WHERE number <= ?'),
    insert: database.prepare('INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    restamp: database.prepare(
      'UPDATE block SET wall_ms = from_ms + ?, synced = 1 WHERE run = ? AND synced = 0',
    ),
    entries: database.prepare(`SELECT ${entry} FROM block WHERE number > ? ORDER BY number LIMIT ?`),
    block: database.prepare(`SELECT ${entry}, body FROM block WHERE number = ?`),
    wall: one('SELECT wall_ms FROM block WHERE number = ?'),
  };
}

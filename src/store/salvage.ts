// What can still be read of a file that is damaged: which retained messages it left at the broker, and which incidents
// were open. Best effort; a file that gives nothing gives nothing. Knows no engine.

import Sqlite, { type Database } from 'better-sqlite3';
import type { Event, Incident } from '../core/types.ts';

export interface Salvaged {
  readonly topics: readonly string[];
  readonly openIncidents: readonly string[];
  /** all of those could be read */
  readonly openKnown: boolean;
  /** events that had not reached the broker, in order */
  readonly unsent: readonly Event[];
}

/** Rows up to the first that can't be read. */
function rowsOf(database: Database, sql: string): { rows: string[]; whole: boolean } {
  const rows: string[] = [];
  try {
    for (const row of database.prepare<[], string>(sql).pluck().iterate()) rows.push(row);
    return { rows, whole: true };
  } catch {
    // the rest is gone
    return { rows, whole: false };
  }
}

function parsed<T>(body: string): T[] {
  try {
    return [JSON.parse(body) as T];
  } catch {
    return [];
  }
}

/**
 * Of a file that was set aside: it is read where it lies, since a copy of it could take a slow card longer than an alarm
 * may wait. Never throws.
 */
export function salvage(file: string): Salvaged {
  try {
    const database = new Sqlite(file, { timeout: 0, fileMustExist: true });
    try {
      // no files of SQLite's own beside it
      database.pragma('locking_mode = EXCLUSIVE');
      return readable(database);
    } finally {
      database.close();
    }
  } catch {
    return nothing;
  }
}

function readable(database: Database): Salvaged {
  const open = rowsOf(database, 'SELECT body FROM incident WHERE open = 1');
  const incidents = open.rows.flatMap(parsed<Incident>);
  return {
    topics: rowsOf(database, 'SELECT topic FROM retained').rows,
    openIncidents: incidents.map(({ id }) => id),
    openKnown: open.whole && incidents.length === open.rows.length,
    unsent: rowsOf(
      database,
      'SELECT body FROM outbox CROSS JOIN event ON event.seq = outbox.seq ORDER BY outbox.seq',
    ).rows.flatMap(parsed<Event>),
  };
}

const nothing: Salvaged = { topics: [], openIncidents: [], openKnown: false, unsent: [] };

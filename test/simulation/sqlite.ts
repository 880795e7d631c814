// SQLite as it is, but every database that the daemon opens is known here: a kill closes it raw, as the end of a
// process would, and an invariant may look into it. Stands in the bundle where the daemon imports better-sqlite3.

import Sqlite from 'better-sqlite3';

export const opened = new Set<Sqlite.Database>();

export default class TrackedDatabase extends Sqlite {
  constructor(file: string, options?: Sqlite.Options) {
    super(file, options);
    opened.add(this);
    // The folder is in memory: what is tested is what a commit holds, and not that fsync was called.
    this.pragma('busy_timeout = 0');
  }

  override close(): this {
    opened.delete(this);
    return super.close();
  }
}

/** The daemon's state, where it is open; the telemetry is a database of its own. */
export function stateDatabase(): Sqlite.Database | undefined {
  return [...opened].find(({ name }) => name.endsWith('/data/keepwatch.db'));
}

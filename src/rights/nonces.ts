// Which signed commands were taken, so that none is taken twice: not later, not after a restart, not under a clock that
// was set back. A bounded memory, written down at each change; it knows neither keys nor what commands mean.

import { createHash } from 'node:crypto';

export interface Taken {
  readonly key: string;
  readonly nonce: string;
  /** what was signed */
  readonly bytes: Buffer;
  /** until when it is valid by the clock of whoever signed it, ms since 1970 */
  readonly untilMs: number;
}

export interface Nonces {
  /**
   * `same`: this very command was taken before; `used`: another one was, with this nonce; `forgotten`: nobody can
   * tell any more, because it ends before one that had to be forgotten.
   */
  find(one: Taken, nowMs: number | undefined): 'new' | 'same' | 'used' | 'forgotten';
  /** From now on it was taken. `nowMs`: where the clock can be trusted; what has run out by then makes room. */
  add(one: Taken, nowMs: number | undefined): void;
  /** It was not taken after all. */
  remove(one: Taken): void;
}

/** Where the memory is kept: reads without `text`, else writes. May throw. */
export type Note = (text?: string) => string | undefined;

/** For each key by itself: whoever signs very many must not have those of others forgotten. */
const mostOfAKey = 200;
/** What has run out is kept a little longer, for clocks that differ. */
const graceMs = 15 * 60_000;
const digestLength = 16;

interface Entry {
  readonly key: string;
  readonly same: string;
  readonly untilMs: number;
}

/** Taken under a clock that could not be trusted: its end says nothing, the run of the daemon does. */
interface BoundEntry {
  readonly key: string;
  readonly same: string;
  readonly session: string;
}

function digest(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(String(part.length)).update(':').update(part);
  return hash.digest('base64url').slice(0, digestLength);
}

/**
 * `session`: of this run of the daemon. `failed` is told when the memory could not be written or read; it goes on in
 * this run all the same.
 */
export function createNonces(note: Note, session: string, failed: (error: unknown) => void): Nonces {
  const entries = new Map<string, Entry>();
  /**
   * Those of this run make no room for each other: a key that has too many waits for the clock. Those of earlier runs
   * can't be taken again, and are there to be answered again.
   */
  const bound = new Map<string, BoundEntry>();
  /** by key, the latest end of all that was forgotten: what ends no later may be one of them */
  const floors = new Map<string, number>();

  const keep = (): void => {
    try {
      note(
        JSON.stringify({
          floors: [...floors],
          taken: rowsOf(entries),
          bound: [...bound].map(([id, { key, same, session: run }]) => [id, same, key, run]),
        }),
      );
    } catch (error) {
      failed(error);
    }
  };

  const forget = (id: string, { key, untilMs }: Entry): void => {
    entries.delete(id);
    floors.set(key, Math.max(floors.get(key) ?? Number.NEGATIVE_INFINITY, untilMs));
  };

  const makeRoom = (key: string, nowMs: number): void => {
    for (const [id, entry] of entries) if (entry.untilMs + graceMs < nowMs) forget(id, entry);
    const own = [...entries].filter(([, entry]) => entry.key === key);
    // those that end first: so the floor rises as little as it can
    own.sort(([, a], [, b]) => a.untilMs - b.untilMs);
    for (const [id, entry] of own.slice(0, Math.max(0, own.length - mostOfAKey + 1))) forget(id, entry);
  };

  const boundOf = (key: string): [string, BoundEntry][] =>
    [...bound].filter(([, entry]) => entry.key === key);

  const isFull = (key: string): boolean =>
    boundOf(key).filter(([, entry]) => entry.session === session).length >= mostOfAKey;

  const bind = (id: string, key: string, same: string): void => {
    const own = boundOf(key);
    const earlier = own.find(([, entry]) => entry.session !== session);
    if (own.length >= mostOfAKey && earlier !== undefined) bound.delete(earlier[0]);
    bound.set(id, { key, same, session });
  };

  try {
    const kept = parse(note());
    for (const [key, floorMs] of kept.floors) floors.set(key, floorMs);
    for (const row of kept.taken) entries.set(...entryOf(row));
    for (const [id, same, key, run] of kept.bound) bound.set(id, { key, same, session: run });
  } catch (error) {
    failed(error);
  }

  return {
    find(one, nowMs) {
      const id = digest(one.key, one.nonce);
      const before = entries.get(id) ?? bound.get(id);
      if (before !== undefined) return before.same === digest(one.bytes) ? 'same' : 'used';
      if (nowMs === undefined) return isFull(one.key) ? 'forgotten' : 'new';
      return one.untilMs <= (floors.get(one.key) ?? Number.NEGATIVE_INFINITY) ? 'forgotten' : 'new';
    },
    add(one, nowMs) {
      const { key, untilMs } = one;
      const id = digest(key, one.nonce);
      const same = digest(one.bytes);
      if (nowMs === undefined) bind(id, key, same);
      else {
        makeRoom(key, nowMs);
        entries.set(id, { key, same, untilMs });
      }
      keep();
    },
    remove(one) {
      const id = digest(one.key, one.nonce);
      if (entries.delete(id) || bound.delete(id)) keep();
    },
  };
}

type Row = readonly [id: string, same: string, untilMs: number, key: string];

interface Kept {
  readonly floors: readonly (readonly [key: string, floorMs: number])[];
  readonly taken: readonly Row[];
  readonly bound: readonly (readonly [id: string, same: string, key: string, session: string])[];
}

function rowsOf(entries: ReadonlyMap<string, Entry>): Row[] {
  return [...entries].map(([id, { key, same, untilMs }]) => [id, same, untilMs, key]);
}

function entryOf([id, same, untilMs, key]: Row): [string, Entry] {
  return [id, { key, same, untilMs }];
}

/** Throws where the text is none that was written here. */
function parse(text: string | undefined): Kept {
  return text === undefined ? { floors: [], taken: [], bound: [] } : (JSON.parse(text) as Kept);
}

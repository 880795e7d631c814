// How a fact lies in a row of the journal: its stamp in columns, the rest as one short JSON array. Nothing
// is lost by it: `unpackFact(packFact(fact))` equals the fact.

import type { Fact, Stamp } from '../core/types.ts';

/** The columns steady, wall, synced and body, in this order. */
export type FactRow = readonly [steadyMs: number, wallMs: number, synced: number, body: string];

/** Rows of the journal after a number, so many at most: `JournalRow`s. */
export const journalRows =
  'SELECT id, steady, wall, synced, body FROM journal WHERE id > ? ORDER BY id LIMIT ?';

export function packFact(fact: Fact): FactRow {
  const { at, ...input } = fact.input;
  // most facts have nothing in `live`, and many are plain points: leave out what can be told again
  const plain = input.type === 'points' && Object.keys(input).length === 1;
  const parts: unknown[] = [plain ? 0 : input, fact.changes];
  if (fact.live.length > 0) parts.push(fact.live);
  return [at.steadyMs, at.wallMs, at.clock === 'synced' ? 1 : 0, JSON.stringify(parts)];
}

/** Throws SyntaxError for a body that no fact was packed into. */
export function unpackFact(row: FactRow): Fact {
  const [steadyMs, wallMs, synced, body] = row;
  const parts: unknown = JSON.parse(body);
  if (!isPacked(parts)) throw new SyntaxError('this is JSON, and no fact');
  const [input, changes, live] = parts;
  const at: Stamp = { steadyMs, wallMs, clock: synced === 1 ? 'synced' : 'unsynced' };
  const whole = input === 0 ? { type: 'points', at } : { ...input, at };
  return { input: whole as Fact['input'], changes, live: live ?? [] };
}

type Packed = readonly [input: 0 | object, changes: Fact['changes'], live?: Fact['live']];

function isPacked(parts: unknown): parts is Packed {
  if (!Array.isArray(parts)) return false;
  const [input, changes, live] = parts as unknown[];
  const isInput = input === 0 || (typeof input === 'object' && input !== null && !Array.isArray(input));
  return isInput && Array.isArray(changes) && (live === undefined || Array.isArray(live));
}

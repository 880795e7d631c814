// Walks the chain of facts and that of events and says where a row first does not fit, or what stands for all of it.
// Reads in pages, so that a daemon can go on between them. Knows rows and hashes, no meaning.

import type { Database, Statement } from 'better-sqlite3';
import { headOf, linkOfEvent, linkOfFact, parseHead, toHex } from './chain.ts';
import type { Verdict } from './types.ts';

const pageRows = 500;

type Row = readonly [number: number, hash: Buffer | null, ...columns: unknown[]];

interface Walk {
  readonly what: 'fact' | 'event';
  readonly rows: Statement<[number, number], Row>;
  readonly anchor: Statement<[], [number: number, hash: Buffer]>;
  readonly link: (before: string, row: Row) => string;
  /** the last row that was seen, and its hash */
  at: number;
  hash: string;
  /** rows that fit, and rows from before there was a chain */
  fit: number;
  unchained: number;
  /** a number whose hash is wanted, and that hash once it was passed */
  readonly wanted: number | undefined;
  found?: string;
}

class Break extends Error {}

function walkOf(database: Database, what: Walk['what'], wanted: number | undefined): Walk {
  const fact = what === 'fact';
  const [table, key] = fact ? ['journal', 'id'] : ['event', 'seq'];
  const columns = fact ? 'steady, wall, synced, body' : 'incident, body';
  return {
    what,
    rows: database
      .prepare<[number, number], Row>(
        `SELECT ${key}, hash, ${columns} FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT ?`,
      )
      .raw() as Walk['rows'],
    anchor: database
      .prepare<[], [number, Buffer]>(`SELECT number, hash FROM chain WHERE name = '${table}'`)
      .raw() as Walk['anchor'],
    link: fact
      ? (before, [id, , steadyMs, wallMs, synced, body]) =>
          linkOfFact(before, id, [steadyMs as number, wallMs as number, synced as number, String(body)])
      : (before, [seq, , incident, body]) =>
          linkOfEvent(before, seq, incident as string | null, String(body)),
    at: 0,
    hash: '',
    fit: 0,
    unchained: 0,
    wanted,
  };
}

/** What was taken away since the last page is no break: the walk goes on from where the chain now begins. */
function stepOverPruned(walk: Walk): void {
  const [number, hash] = walk.anchor.get() ?? [];
  if (number === undefined || hash === undefined)
    throw new Break(`it is not said where the chain of ${walk.what}s begins`);
  if (walk.hash !== '' && number <= walk.at) return;
  if (walk.hash === '') walk.unchained += countUnchained(walk, number);
  walk.at = number;
  walk.hash = toHex(hash);
  passed(walk);
}

function countUnchained(walk: Walk, upTo: number): number {
  let count = 0;
  for (const [number, hash] of walk.rows.iterate(0, Number.MAX_SAFE_INTEGER)) {
    if (number > upTo) break;
    if (hash !== null) throw new Break(`${walk.what} ${number} is from before the chain begins`);
    count += 1;
  }
  return count;
}

function passed(walk: Walk): void {
  if (walk.at === walk.wanted) walk.found = walk.hash;
}

/** One page; false: that was the end. */
function walkPage(walk: Walk): boolean {
  stepOverPruned(walk);
  const rows = walk.rows.all(walk.at, pageRows);
  for (const row of rows) {
    const [number, hash] = row;
    // a number is skipped only where an event was given up on a full disk: facts have no such gap
    if (walk.what === 'fact' && number !== walk.at + 1) throw new Break(`fact ${walk.at + 1} is missing`);
    const link = walk.link(walk.hash, row);
    if (hash === null || toHex(hash) !== link)
      throw new Break(`${walk.what} ${number} does not follow from what is before it`);
    walk.at = number;
    walk.hash = link;
    walk.fit += 1;
    passed(walk);
  }
  return rows.length === pageRows;
}

/** What the snapshot contains must have been noted before it. */
function checkSnapshot(database: Database, facts: Walk, events: Walk): void {
  const [fact, seq] = (database
    .prepare(`SELECT fact, CASE WHEN json_valid(body) THEN json_extract(body, '$.seq') END FROM snapshot`)
    .raw()
    .get() ?? [0, null]) as [number, number | null];
  if (fact > facts.at)
    throw new Break(`the facts after ${facts.at} are missing: the snapshot has ${fact} of them`);
  if (typeof seq === 'number' && seq > events.at)
    throw new Break(`the events after ${events.at} are missing: the snapshot has ${seq} of them`);
}

/** What a head that was noted says of what is here now; undefined: all before it is as it was. */
function againstHead(head: string, facts: Walk, events: Walk): string | undefined {
  const noted = parseHead(head);
  if (noted === undefined) return 'this is not a head; write it as `keepwatch verify` printed it';
  const cut = noted.fact > facts.at || noted.seq > events.at;
  if (cut) return `the end is missing: the head is of fact ${noted.fact} and event ${noted.seq}`;
  if (facts.found === undefined || events.found === undefined)
    return 'the head is from before what is still kept: take a newer one';
  const now = headOf({
    fact: noted.fact,
    factHash: facts.found,
    seq: noted.seq,
    eventHash: events.found,
  });
  return now === head ? undefined : 'what is here is not what the head was taken of: it was written anew';
}

/** Pauses after each page; what it returns at last is the verdict. */
export function* verifyChain(database: Database, head?: string): Generator<void, Verdict> {
  const noted = head === undefined ? undefined : parseHead(head);
  const facts = walkOf(database, 'fact', noted?.fact);
  const events = walkOf(database, 'event', noted?.seq);
  const counts = () => ({
    facts: facts.fit,
    events: events.fit,
    unchained: { facts: facts.unchained, events: events.unchained },
  });
  try {
    for (const walk of [facts, events]) while (walkPage(walk)) yield;
    // what came meanwhile, so that both ends are of one moment
    for (const walk of [facts, events]) while (walkPage(walk));
    checkSnapshot(database, facts, events);
    const ends = { fact: facts.at, factHash: facts.hash, seq: events.at, eventHash: events.hash };
    const because = head === undefined ? undefined : againstHead(head, facts, events);
    return { intact: because === undefined, ...counts(), head: headOf(ends), ...(because && { because }) };
  } catch (error) {
    if (!(error instanceof Break)) throw error;
    return { intact: false, ...counts(), because: error.message };
  }
}

// The chain of facts and events: whatever is changed, taken out, put in or turned around is shown, by the walk alone or
// against a head that was noted; pruning, a migration and a restart are no breaks.

import { readFileSync, writeFileSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { genesis, linkOfEvent, linkOfFact, toBlob } from '../../src/store/chain.ts';
import { verifyFile } from '../../src/store/copies.ts';
import { migrate, schemaSteps } from '../../src/store/migrations.ts';
import { storeFile } from '../../src/store/open.ts';
import type { Verdict } from '../../src/store/types.ts';
import { emptyTurn, event, fact, turn } from './fixtures.ts';
import { openAt, temporaryFolder } from './support.ts';

const rows = 30;

/** A folder with so many turns, and the head after each. */
function written(count = rows): { file: string; heads: string[] } {
  const folder = temporaryFolder();
  const store = openAt(folder);
  const heads: string[] = [];
  for (let number = 1; number <= count; number += 1) {
    store.commit(turn(number, number % 7 === 0 ? { snapshot: `{"seq":${number}}` } : {}));
    heads.push(store.figures().head);
  }
  store.close();
  return { file: storeFile(folder), heads };
}

function alter(file: string, work: (database: Database) => void): void {
  const database = new Sqlite(file);
  work(database);
  database.close();
}
const sql = (text: string) => (database: Database) => void database.exec(text);

describe('an untouched chain', () => {
  it('is intact, alone and against every head that ever was', () => {
    const { file, heads } = written();
    expect(verifyFile(file)).toEqual({
      intact: true,
      facts: rows,
      events: rows,
      unchained: { facts: 0, events: 0 },
      head: heads.at(-1),
    });
    for (const head of heads) expect(verifyFile(file, head).intact).toBe(true);
  });

  it('goes on after a restart and where nothing was written yet', async () => {
    const folder = temporaryFolder();
    let store = openAt(folder);
    expect(await store.verify()).toMatchObject({ intact: true, facts: 0, events: 0 });
    store.commit(turn(1));
    const { head } = store.figures();
    store.close();
    store = openAt(folder);
    expect(store.figures().head).toBe(head);
    store.commit(turn(2));
    expect(await store.verify(head)).toMatchObject({ intact: true, facts: 2, events: 2 });
    store.close();
  });

  it('is walked between turns: what is written and pruned meanwhile is no break', async () => {
    const store = openAt(temporaryFolder(), { bounds: { facts: 600, events: 600 } });
    let number = 0;
    const commit = (count: number): void => {
      const numbers = Array.from({ length: count }, () => ++number);
      store.commit({
        ...emptyTurn,
        facts: numbers.map(fact),
        events: numbers.map((seq) => event(seq)),
        snapshot: '{}',
      });
      store.delivered(numbers);
    };
    commit(1500);
    const walking = store.verify();
    for (let round = 0; round < 4; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      commit(300);
    }
    const verdict = await walking;
    expect(verdict.because).toBeUndefined();
    expect(verdict.intact).toBe(true);
    expect(store.figures().pruned.facts).toBeGreaterThan(600);
    store.close();
  });
});

describe('a chain that somebody touched', () => {
  it.each([
    [
      'a byte of a fact',
      sql(`UPDATE journal SET body = replace(body, 'true', 'tRue') WHERE id = 12`),
      'fact 12',
    ],
    ['the time of a fact', sql('UPDATE journal SET wall = wall + 1 WHERE id = 3'), 'fact 3'],
    [
      'a byte of an event',
      sql(`UPDATE event SET body = replace(body, 'smoke', 'smoko') WHERE seq = 9`),
      'event 9',
    ],
    ['whose event it is', sql(`UPDATE event SET incident = 'incident-8' WHERE seq = 9`), 'event 9'],
    ['a row less among facts', sql('DELETE FROM journal WHERE id = 12'), 'fact 12 is missing'],
    ['a row less among events', sql('DELETE FROM event WHERE seq = 12'), 'event 13'],
    [
      'two rows turned around',
      sql(
        'UPDATE event SET seq = -5 WHERE seq = 5; UPDATE event SET seq = 5 WHERE seq = 6; UPDATE event SET seq = 6 WHERE seq = -5',
      ),
      'event 5',
    ],
    [
      'a row put in',
      sql(`INSERT INTO event SELECT 31, incident, body, hash FROM event WHERE seq = 30`),
      'event 31',
    ],
    ['a row without its link', sql('UPDATE journal SET hash = NULL WHERE id = 30'), 'fact 30'],
    ['the beginning cut off', sql('DELETE FROM journal WHERE id < 4'), 'fact 1 is missing'],
    [
      'what the snapshot has cut off',
      sql('DELETE FROM journal WHERE id > 20'),
      'the facts after 20 are missing',
    ],
    [
      'the events of the snapshot cut off',
      sql('DELETE FROM event WHERE seq > 20'),
      'the events after 20 are missing',
    ],
    ['no beginning', sql('DELETE FROM chain'), 'begins'],
  ])('%s is shown', (_what, change, where) => {
    const { file } = written();
    alter(file, change);
    const verdict: Verdict = verifyFile(file);
    expect(verdict.intact).toBe(false);
    expect(verdict.because).toContain(where);
  });

  it('one bit anywhere in a stored body is shown', () => {
    const { file } = written(8);
    const original = readFileSync(file);
    const copy = `${file}.turned`;
    fc.assert(
      fc.property(
        fc.constantFrom(['journal', 'id'], ['event', 'seq']),
        fc.integer({ min: 1, max: 8 }),
        fc.nat(),
        fc.integer({ min: 0, max: 6 }),
        ([table, key], number, place, bit) => {
          writeFileSync(copy, original);
          alter(copy, (database) => {
            const find = database.prepare(`SELECT CAST(body AS BLOB) FROM ${table} WHERE ${key} = ?`).pluck();
            const body = Buffer.from(find.get(number) as Buffer);
            body[place % body.length]! ^= 1 << bit;
            database.prepare(`UPDATE ${table} SET body = CAST(? AS TEXT) WHERE ${key} = ?`).run(body, number);
          });
          const { because } = verifyFile(copy);
          expect(because).toBe(
            `${table === 'event' ? 'event' : 'fact'} ${number} does not follow from what is before it`,
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('whose end was cut off is shown by a head that was noted', () => {
    const { file, heads } = written();
    alter(
      file,
      sql(
        'DELETE FROM journal WHERE id > 28; DELETE FROM event WHERE seq > 28; DELETE FROM outbox WHERE seq > 28',
      ),
    );
    expect(verifyFile(file)).toMatchObject({ intact: true, facts: 28, events: 28, head: heads[27] });
    expect(verifyFile(file, heads[27]).intact).toBe(true);
    expect(verifyFile(file, heads.at(-1))).toMatchObject({
      intact: false,
      because: 'the end is missing: the head is of fact 30 and event 30',
    });
  });

  it('that was built anew from end to end is shown by a head that was noted', () => {
    const { file, heads } = written();
    alter(file, (database) => {
      database.exec(`UPDATE event SET body = replace(body, 'smoke', 'smoko') WHERE seq = 9`);
      rebuild(database);
    });
    expect(verifyFile(file).intact).toBe(true);
    expect(verifyFile(file, heads[29])).toMatchObject({
      intact: false,
      because: 'what is here is not what the head was taken of: it was written anew',
    });
    // a head from before the change says nothing of what came after it
    expect(verifyFile(file, heads[7]).intact).toBe(true);
    expect(verifyFile(file, '30-30-nonsense').because).toContain('not a head');
  });
});

describe('the beginning of a chain', () => {
  it('is kept when history is pruned, and a head from before it says that it is too old', () => {
    const folder = temporaryFolder();
    const store = openAt(folder, { bounds: { facts: 100, events: 100 } });
    const heads: string[] = [];
    for (let number = 1; number <= 900; number += 1) {
      store.commit(turn(number, { snapshot: '{}' }));
      store.delivered([number]);
      heads.push(store.figures().head);
    }
    const { facts, events } = store.figures().pruned;
    expect(facts).toBeGreaterThan(400);
    store.close();
    const verdict = verifyFile(storeFile(folder));
    expect(verdict).toMatchObject({ intact: true, facts: 900 - facts, events: 900 - events });
    expect(verifyFile(storeFile(folder), heads[880]).because).toBeUndefined();
    expect(verifyFile(storeFile(folder), heads[5]).because).toContain('take a newer one');
    alter(storeFile(folder), sql('DELETE FROM journal WHERE id = (SELECT min(id) FROM journal)'));
    expect(verifyFile(storeFile(folder)).because).toContain('is missing');
  });

  it('of a file from before there was one is where it was migrated', () => {
    const folder = temporaryFolder();
    openAt(folder).close();
    alter(storeFile(folder), (database) => asOfOld(database, 40));
    const store = openAt(folder);
    expect(store.remembered().facts).toHaveLength(40);
    store.commit(turn(41));
    store.commit({ ...emptyTurn, facts: [fact(42)] });
    store.close();
    expect(verifyFile(storeFile(folder))).toMatchObject({
      intact: true,
      facts: 2,
      events: 1,
      unchained: { facts: 40, events: 40 },
    });
    alter(storeFile(folder), sql(`UPDATE journal SET body = '[0,[]]' WHERE id = 41`));
    expect(verifyFile(storeFile(folder)).because).toContain('fact 41');
  });
});

/** The file as the first schema had it, with so many turns. */
function asOfOld(database: Database, count: number): void {
  for (const table of [
    'meta',
    'site',
    'snapshot',
    'journal',
    'event',
    'outbox',
    'set_aside',
    'incident',
    'command',
    'retained',
    'chain',
  ])
    database.exec(`DROP TABLE IF EXISTS ${table}`);
  database.pragma('user_version = 0');
  migrate(database, schemaSteps.slice(0, 1));
  for (let number = 1; number <= count; number += 1) {
    database.prepare(`INSERT INTO journal VALUES (?, 1, 1, 1, '[0,[["a.b",true,"good"]]]')`).run(number);
    database.prepare(`INSERT INTO event VALUES (?, NULL, '{"seq":1}')`).run(number);
  }
}

/** What somebody who knows the program would do. */
function rebuild(database: Database): void {
  type Row = [number: number, ...columns: (number | string)[]];
  let hash = genesis;
  const all = (text: string): Row[] => database.prepare<[], Row>(text).raw().all() as Row[];
  for (const [id, steadyMs, wallMs, synced, body] of all(
    'SELECT id, steady, wall, synced, body FROM journal ORDER BY id',
  )) {
    hash = linkOfFact(hash, id, [Number(steadyMs), Number(wallMs), Number(synced), String(body)]);
    database.prepare('UPDATE journal SET hash = ? WHERE id = ?').run(toBlob(hash), id);
  }
  hash = genesis;
  for (const [seq, incident, body] of all('SELECT seq, incident, body FROM event ORDER BY seq')) {
    hash = linkOfEvent(hash, seq, incident as string, String(body));
    database.prepare('UPDATE event SET hash = ? WHERE seq = ?').run(toBlob(hash), seq);
  }
}

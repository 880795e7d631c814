// The SQLite store: the contract, and what only this one has: its file, its bounds, its faults, its copies.

import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { storeFile } from '../../src/store/open.ts';
import { siteHash } from '../../src/store/site.ts';
import { StoreFault } from '../../src/store/types.ts';
import { type OpenedStore, storeContract } from './contract.ts';
import { emptyTurn, event, fact, incident, reply, site, turn } from './fixtures.ts';
import { faultOf, newFolder, openAt, temporaryFolder } from './support.ts';

function opened(folder: string): OpenedStore {
  const store = openAt(folder);
  return {
    store,
    reopen() {
      store.close();
      return opened(folder);
    },
    discard() {
      store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

storeContract('sqlite', () => opened(newFolder()));

describe('the file', () => {
  it('is made with its folder, for the owner and the group only', () => {
    const folder = path.join(temporaryFolder(), 'deep', 'data');
    openAt(folder).close();
    expect(statSync(folder).mode & 0o777 & ~0o750).toBe(0);
    expect(statSync(storeFile(folder)).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['keepwatch.db']);
  });

  it('is not written while nothing happens', async () => {
    const folder = temporaryFolder();
    const store = openAt(folder);
    store.commit(turn(1));
    store.retain(['a'], []);
    store.note('bootId', 'b');
    const look = (): unknown[] =>
      readdirSync(folder).map((name) => {
        const { size, mtimeMs, ctimeMs } = statSync(path.join(folder, name));
        return [name, size, mtimeMs, ctimeMs];
      });
    const before = look();
    store.commit(emptyTurn);
    store.remembered();
    store.outbox(0, 10);
    store.delivered([77]);
    store.retain(['a'], ['b']);
    store.note('bootId', 'b');
    await wait(200);
    expect(look()).toEqual(before);
    store.close();
  });

  it('remembers 2,000 facts, in order', () => {
    const store = openAt(temporaryFolder());
    store.commit({ ...emptyTurn, facts: Array.from({ length: 2000 }, (_, index) => fact(index)) });
    // (how long it takes is measured by `npm run bench replay`)
    expect(store.remembered().facts).toEqual(Array.from({ length: 2000 }, (_, index) => fact(index)));
    store.close();
  });
});

describe('bounds', () => {
  it('keep the newest, whatever a snapshot or the outbox needs, and every open incident', () => {
    const folder = temporaryFolder();
    const bounds = { facts: 100, events: 100, replies: 50, closedIncidents: 40 };
    const store = openAt(folder, { bounds });
    store.commit(turn(1, { site: site('first') }));
    const commit = (from: number, to: number): void => {
      for (let number = from; number <= to; number++) {
        const closed = incident(number, { state: 'closed' });
        store.commit(turn(number, { incidents: [closed], replies: [reply(`c${number}`)] }));
      }
    };
    commit(2, 600);
    expect(store.remembered().facts).toHaveLength(600);
    expect(store.outboxSize()).toBe(600);
    expect(store.reply('c1')).toBeUndefined();
    expect(store.reply('c600')).toBeDefined();
    expect(store.incident('incident-1')).toBeDefined();
    expect(store.incident('incident-2')).toBeUndefined();

    store.delivered(Array.from({ length: 590 }, (_, index) => index + 1));
    store.commit(turn(601, { snapshot: '{}', site: site('second') }));
    commit(602, 1000);
    expect(store.remembered().facts).toHaveLength(399);
    expect(store.events({ from: 1, limit: 1 })[0]?.seq).toBe(591);
    expect(store.site(siteHash(site('first')))).toBeUndefined();
    expect(store.site(siteHash(site('second')))).toBeDefined();
    expect(store.outbox(0, 1000)).toHaveLength(410);
    store.close();
    const database = new Sqlite(storeFile(folder));
    const rows = database.prepare('SELECT count(*) FROM journal').pluck().get() as number;
    expect(rows).toBeLessThan(100 + 399);
    database.close();
  });

  it('never give a number again after all facts were pruned', () => {
    const folder = temporaryFolder();
    let store = openAt(folder, { bounds: { facts: 0 } });
    const facts = Array.from({ length: 300 }, (_, index) => fact(index));
    store.commit({ ...emptyTurn, facts, snapshot: '{}' });
    store.close();
    store = openAt(folder);
    store.commit(turn(1));
    expect(store.remembered().facts).toEqual([fact(1)]);
    store.close();
  });
});

describe('faults on purpose', () => {
  it('leave nothing behind and pass through as they are', () => {
    let failing: string | undefined;
    const planned = new StoreFault('full', 'on purpose', 'free space');
    const fault = (operation: string): void => {
      if (operation === failing) throw planned;
    };
    const folder = temporaryFolder();
    failing = 'open';
    expect(faultOf(() => openAt(folder, { fault }))).toBe(planned);
    expect(readdirSync(folder)).toEqual([]);
    failing = undefined;
    const store = openAt(folder, { fault });
    failing = 'commit';
    for (let times = 0; times < 3; times++) expect(faultOf(() => store.commit(turn(1)))).toBe(planned);
    expect(faultOf(() => store.retain(['a'], []))).toBe(planned);
    expect(store.retained()).toEqual([]);
    failing = undefined;
    store.commit(turn(1));
    failing = 'commit';
    store.delivered([1]);
    expect(store.outboxSize()).toBe(0);
    expect(faultOf(() => store.setAside(1, 'no'))).toBe(planned);
    failing = 'read';
    expect(faultOf(() => store.remembered())).toBe(planned);
    failing = undefined;
    expect(store.remembered().facts).toEqual([fact(1)]);
    store.close();
  });

  it('do not reach the caller who strikes off: those are sent again at worst', () => {
    let failing = false;
    const fault = (operation: string): void => {
      if (failing && operation === 'commit') throw new StoreFault('io', 'on purpose', 'none');
    };
    const warnings: object[] = [];
    const log = { info() {}, warn: (fields: object) => void warnings.push(fields) };
    const store = openAt(temporaryFolder(), { fault, log });
    const seqs = Array.from({ length: 1100 }, (_, index) => index + 1);
    store.commit({ ...emptyTurn, events: seqs.map((seq) => event(seq)) });
    failing = true;
    for (const seq of seqs) store.delivered([seq]);
    expect(warnings).toHaveLength(2);
    expect(store.outboxSize()).toBe(0);
    failing = false;
    store.close();
  });
});

describe('backup', () => {
  it('is one whole file made beside the work, and opens under a new epoch', async () => {
    const folder = temporaryFolder();
    const copies = temporaryFolder();
    const store = openAt(folder);
    for (let number = 1; number <= 50; number++) store.commit(turn(number));
    const done = store.backup(storeFile(copies));
    store.commit(turn(51));
    await done;
    store.commit(turn(52));
    store.close();
    expect(readdirSync(copies)).toEqual(['keepwatch.db']);
    const copy = openAt(copies);
    expect([50, 51]).toContain(copy.remembered().lastSeq);
    expect(copy.epoch).not.toBe(store.epoch);
    copy.close();
  });

  it('that fails says why and leaves nothing', async () => {
    const folder = temporaryFolder();
    const store = openAt(folder);
    const target = path.join(folder, 'nowhere', 'copy.db');
    await expect(store.backup(target)).rejects.toMatchObject({
      code: 'io',
      hint: expect.stringContaining('room'),
    });
    store.close();
  });
});

describe('the hash of a site', () => {
  it('depends on content, not on the order of keys', () => {
    const one = site('one');
    const turned = Object.fromEntries(Object.entries(one).reverse()) as unknown as typeof one;
    expect(siteHash(turned)).toBe(siteHash(one));
    expect(siteHash(one)).toMatch(/^[0-9a-f]{64}$/);
    expect(siteHash(site('two'))).not.toBe(siteHash(one));
  });
});

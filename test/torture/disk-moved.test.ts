// A state whose file is deleted, moved or replaced while the store holds it: the next commit puts all of it back.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { turn } from '../store/fixtures.ts';
import { faultOf, openAt, temporaryFolder } from '../store/support.ts';

const ways: Record<string, (folder: string) => void> = {
  'the folder is deleted': (folder) => rmSync(folder, { recursive: true }),
  'the file is deleted and its log is left': (folder) => rmSync(path.join(folder, 'keepwatch.db')),
  'the folder is moved away': (folder) => renameSync(folder, `${folder}-moved`),
  'another file takes its place'(folder) {
    rmSync(path.join(folder, 'keepwatch.db'));
    writeFileSync(path.join(folder, 'keepwatch.db'), 'not ours'.repeat(1000));
  },
};

describe.each(Object.entries(ways))('%s', (_, befalls) => {
  it('and nothing is lost: history, what waits, notes, and all that comes', () => {
    const folder = path.join(temporaryFolder(), 'data');
    const said: string[] = [];
    const store = openAt(folder, { renewed: (words) => said.push(words) });
    for (let seq = 1; seq <= 5; seq += 1) store.commit(turn(seq));
    store.note('receipt', '3');
    store.delivered([1, 2]);
    befalls(folder);
    store.commit(turn(6));
    store.commit(turn(7));
    expect(said).toEqual([expect.stringContaining(folder)]);
    const { epoch } = store;
    expect(store.events({ from: 1, limit: 10 }).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    store.close();

    const again = openAt(folder);
    expect(again.epoch).toBe(epoch);
    expect(again.remembered()).toMatchObject({ lastSeq: 7 });
    expect(again.events({ from: 1, limit: 10 }).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(again.note('receipt')).toBe('3');
    // as after any end: what was delivered and not yet noted is sent once more at worst
    expect(again.outbox(2, 10).map(({ seq }) => seq)).toEqual([3, 4, 5, 6, 7]);
    again.close();
  });
});

it('what took the place of the file is kept beside', () => {
  const folder = temporaryFolder();
  const store = openAt(folder);
  store.commit(turn(1));
  ways['another file takes its place']!(folder);
  store.commit(turn(2));
  store.close();
  expect(readdirSync(folder).filter((name) => /^keepwatch\.db\.replaced-\w+$/.test(name))).toHaveLength(1);
  expect(existsSync(path.join(folder, 'keepwatch.db.copy'))).toBe(false);
});

it('where it cannot be put back, commits fail with the cause, and go on when it can', () => {
  const folder = path.join(temporaryFolder(), 'data');
  const store = openAt(folder);
  store.commit(turn(1));
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'in the way');
  expect(faultOf(() => store.commit(turn(2))).message).toContain(folder);
  expect(faultOf(() => store.commit(turn(2))).message).toContain(folder);
  rmSync(folder);
  mkdirSync(folder);
  store.commit(turn(2));
  store.close();
  const again = openAt(folder);
  expect(again.events({ from: 1, limit: 10 }).map(({ seq }) => seq)).toEqual([1, 2]);
  again.close();
});

// The store against the world outside its process: kills, a second daemon, a read-only and a full disk, a
// disk that fails a sync.

import { once } from 'node:events';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { storeFile } from '../../src/store/open.ts';
import {
  buildChild,
  hasOwnMounts,
  hasStrace,
  openAt,
  runChild,
  runChildWithFaults,
  runChildWithMounts,
  startChild,
  temporaryFolder,
} from './support.ts';

let child: string;
beforeAll(() => {
  child = buildChild();
});
afterAll(() => rmSync(child, { force: true }));

/** Where a tool is missing a developer may go on; the build server must have it. */
function needs(context: TestContext, present: boolean, tool: string): void {
  if (!present && process.env.CI === undefined) context.skip(`${tool} does not work here`);
}

describe('kill -9', () => {
  it('loses no committed turn and keeps no half of one, 20 times', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    let committed = 0;
    for (let kill = 0; kill < 20; kill++) {
      const running = startChild(child, 'commit', folder);
      const target = committed + 1 + kill * 9;
      for await (const line of createInterface(running.stdout!)) {
        const [word, number] = line.split(' ');
        if (word === 'found') expect(Number(number)).toBeGreaterThanOrEqual(committed);
        else committed = Number(number);
        // lines already in the pipe are read on after the kill, and count as well
        if (committed >= target) running.kill('SIGKILL');
      }
      if (running.exitCode === null && running.signalCode === null) await once(running, 'exit');
      expect(running.signalCode).toBe('SIGKILL');
    }

    const store = openAt(folder);
    const { lastSeq, snapshot, facts } = store.remembered();
    expect(lastSeq).toBeGreaterThanOrEqual(committed);
    expect(lastSeq).toBeLessThanOrEqual(committed + 1);
    const all = store.events({ from: 1, limit: 1_000_000 });
    expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: lastSeq }, (_, index) => index + 1));
    expect(Number(snapshot)).toBe(lastSeq - (lastSeq % 7));
    expect(facts.map(({ input }) => Math.floor(input.at.steadyMs / 1000))).toEqual(
      Array.from({ length: lastSeq % 7 }, (_, index) => Number(snapshot) + index + 1),
    );
    expect(store.incidents({ limit: 1 })[0]?.id).toBe(`incident-${lastSeq}`);
    expect(store.outboxSize()).toBeLessThan(lastSeq);
    store.close();
  });
});

describe('a first start', () => {
  // every call that can be seen from outside: syncs of SQLite's and ours, the name, the end of the other name
  it.each([
    ...[1, 2, 3, 4, 5, 6].map((nth) => `fsync:signal=KILL:when=${nth}`),
    'link:signal=KILL',
    'unlink:signal=KILL:when=1',
    'unlink:signal=KILL:when=2',
    'pwrite64:signal=KILL:when=1',
    'pwrite64:signal=KILL:when=5',
  ])('that is killed (%s) leaves a clean first start', (inject, context) => {
    needs(context as unknown as TestContext, hasStrace(), 'strace');
    const folder = temporaryFolder();
    const { lines } = runChildWithFaults(child, 'open', folder, inject);
    expect(lines).toEqual([]);
    openAt(folder).close();
    expect(readdirSync(folder)).toEqual(['keepwatch.db']);
    expect(statSync(path.join(folder, 'keepwatch.db')).mode & 0o777).toBe(0o640);
  });

  it('whose new file was torn by a power cut is a clean one too', () => {
    const folder = temporaryFolder();
    for (const ending of ['', '-journal']) writeFileSync(`${storeFile(folder)}.new-17${ending}`, 'torn');
    openAt(folder).close();
    expect(readdirSync(folder)).toEqual(['keepwatch.db']);
  });

  it('finds only the log of a state: that is no first start', () => {
    const folder = temporaryFolder();
    writeFileSync(`${storeFile(folder)}-wal`, Buffer.alloc(5000, 1));
    expect(() => openAt(folder)).toThrow(expect.objectContaining({ code: 'damaged' }));
    expect(readdirSync(folder)).toEqual(['keepwatch.db-wal']);
  });
});

describe('a second daemon', () => {
  it('is refused at once while the first runs, and served when it has gone', async () => {
    const folder = temporaryFolder();
    const first = startChild(child, 'hold', folder);
    await once(first.stdout!, 'data');
    const before = performance.now();
    expect(() => openAt(folder)).toThrow(expect.objectContaining({ code: 'busy' }));
    expect(() => openAt(folder)).toThrow('another keepwatch runs on this data folder');
    expect(performance.now() - before).toBeLessThan(500);
    expect(runChild(child, 'open', folder).lines).toEqual(['busy']);
    first.kill('SIGKILL');
    await once(first, 'exit');
    openAt(folder).close();
  });

  it('is refused within one process, and leaves the lock of the first whole', () => {
    const folder = temporaryFolder();
    const first = openAt(folder);
    expect(() => openAt(folder)).toThrow(expect.objectContaining({ code: 'busy' }));
    expect(runChild(child, 'open', folder).lines).toEqual(['busy']);
    first.close();
  });
});

describe('the disk', () => {
  const readOnly = 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"';

  it('is read-only, with state and without', (context) => {
    needs(context, hasOwnMounts(), 'unshare -m');
    const folder = temporaryFolder();
    expect(runChildWithMounts(child, 'open', folder, readOnly)).toMatchObject({ lines: ['readOnly'] });
    openAt(folder).close();
    expect(runChildWithMounts(child, 'open', folder, readOnly)).toMatchObject({ lines: ['readOnly'] });
  });

  it('is full, keeps what it has, and goes on when there is space', (context) => {
    needs(context, hasOwnMounts(), 'unshare -m');
    const mounts = 'mount -t tmpfs -o size=1m tmpfs "$1"';
    const { lines, words } = runChildWithMounts(child, 'fill', temporaryFolder(), mounts);
    expect(words).toBe('');
    expect(lines).toEqual(['full', 'full', 'last 0', 'ok', 'after 1 0 0']);
  });

  it('fails a sync now and then: reported, and the next commit works', (context) => {
    needs(context, hasStrace(), 'strace');
    const folder = temporaryFolder();
    openAt(folder).close();
    const { lines, words } = runChildWithFaults(child, 'faults', folder, 'fsync:error=EIO:when=12+9');
    expect(words).toBe('');
    expect(lines).toHaveLength(40);
    expect(new Set(lines)).toEqual(new Set(['ok', 'io']));
    const store = openAt(folder);
    expect(store.events({ from: 1, limit: 100 }).map(({ seq }) => seq)).toHaveLength(40);
    expect(store.remembered().facts).toHaveLength(40);
    store.close();
  });
});

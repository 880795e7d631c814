// The log that a kill or a power cut leaves, cut or garbled at any byte: what stands before the damage stays, no turn
// is kept by half, and where something that had been durable is missing it is said and the epoch is a new one.

import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyFile } from '../../src/store/copies.ts';
import { putAside, storeFile } from '../../src/store/open.ts';
import { hasLostTransactions } from '../../src/store/torn-log.ts';
import { type Remembered, type Store, StoreFault } from '../../src/store/types.ts';
import { fact, turn } from './fixtures.ts';
import { newFolder, openAt } from './support.ts';

const turns = 40;
const frameBytes = 4096 + 24;

/** A folder as it lies on the disk while its daemon runs, and how long the log was after each turn. */
let kept: string;
let logAfter: number[];
let epoch: string;

beforeAll(() => {
  const folder = newFolder();
  const store = openAt(folder);
  epoch = store.epoch;
  const wal = `${storeFile(folder)}-wal`;
  const sizes = [readFileSync(wal).length];
  for (let number = 1; number <= turns; number += 1) {
    store.commit(turn(number, number % 9 === 0 ? { snapshot: `{"seq":${number}}` } : {}));
    sizes.push(readFileSync(wal).length);
  }
  kept = newFolder();
  for (const ending of ['', '-wal']) copyFileSync(storeFile(folder) + ending, storeFile(kept) + ending);
  store.close();
  rmSync(folder, { recursive: true });
  logAfter = sizes;
  return () => rmSync(kept, { recursive: true });
});

/** Opens a copy of it after something was done to its log. */
function openSpoilt(
  spoil: (wal: string) => void,
  look: (opened: Store | StoreFault, folder: string) => void,
): void {
  const folder = path.join(kept, 'case');
  mkdirSync(folder);
  try {
    for (const ending of ['', '-wal']) copyFileSync(storeFile(kept) + ending, storeFile(folder) + ending);
    spoil(`${storeFile(folder)}-wal`);
    let opened: Store | StoreFault;
    try {
      opened = openAt(folder);
    } catch (error) {
      if (!(error instanceof StoreFault)) throw error;
      opened = error;
    }
    look(opened, folder);
    if (!(opened instanceof StoreFault)) opened.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const lastOf = ({ lastSeq }: Remembered): number => lastSeq;
/** The last turn that was whole in the log before this byte. */
const turnBefore = (byte: number): number => logAfter.findLastIndex((size) => size <= byte);

/** The state is exactly that after some turn. */
function expectWhole(store: Store): number {
  const remembered = store.remembered();
  const last = lastOf(remembered);
  const snapshotAt = last - (last % 9);
  expect(remembered.facts).toEqual(
    Array.from({ length: last - snapshotAt }, (_, index) => fact(snapshotAt + 1 + index)),
  );
  expect(remembered.snapshot).toBe(snapshotAt === 0 ? undefined : `{"seq":${snapshotAt}}`);
  expect(store.events({ from: 1, limit: 1000 }).map(({ seq }) => seq)).toEqual(
    Array.from({ length: last }, (_, index) => index + 1),
  );
  expect(store.outboxSize()).toBe(last);
  return last;
}

describe('a log that is cut', () => {
  it('anywhere: every turn that was whole before the cut stays, and nothing else', {
    timeout: 120_000,
  }, () => {
    fc.assert(
      fc.property(fc.integer({ min: logAfter[0]!, max: logAfter.at(-1)! }), (at) => {
        openSpoilt(
          (wal) => truncateSync(wal, at),
          (opened) => {
            if (opened instanceof StoreFault) throw opened;
            expect(expectWhole(opened)).toBe(turnBefore(at));
            opened.commit(turn(turns + 1));
            expect(lastOf(opened.remembered())).toBe(turns + 1);
          },
        );
      }),
      { numRuns: 120, examples: [[logAfter[0]!], [logAfter.at(-1)!], [logAfter[7]!], [logAfter[7]! - 1]] },
    );
  });

  it('is the end of an ordinary kill: nothing is missing, the epoch stays', () => {
    openSpoilt(
      () => {},
      (opened, folder) => {
        if (opened instanceof StoreFault) throw opened;
        expect(opened.epoch).toBe(epoch);
        expect(opened.remembered().rolledBack).toBeUndefined();
        expect(expectWhole(opened)).toBe(turns);
        opened.close();
        expect(verifyFile(storeFile(folder)).intact).toBe(true);
      },
    );
  });
});

describe('a log with garbled bytes', () => {
  it('anywhere: never a crash, never a half, and never silently less than was told', {
    timeout: 180_000,
  }, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: logAfter.at(-1)! - 1 }),
        fc.integer({ min: 1, max: 9000 }),
        fc.integer({ min: 1, max: 255 }),
        (at, length, mask) => {
          openSpoilt(
            (wal) => {
              const bytes = readFileSync(wal);
              for (let index = at; index < Math.min(at + length, bytes.length); index += 1)
                bytes[index]! ^= mask;
              writeFileSync(wal, bytes);
            },
            (opened, folder) => {
              if (opened instanceof StoreFault) {
                expect(opened.code).toBe('damaged');
                putAside(folder, Date.now());
                const fresh = openAt(folder);
                expect(fresh.epoch).not.toBe(epoch);
                fresh.close();
                return;
              }
              const last = expectWhole(opened);
              expect(last).toBeGreaterThanOrEqual(turnBefore(at));
              if (last === turns) return;
              // The turns at the very end could as well have been torn by a cut: of these nobody can tell.
              const lastTouched = turnBefore(at + length - 1) + 1;
              if (lastTouched + 2 > turns) return;
              expect(opened.remembered().rolledBack).toBe(true);
              expect(opened.epoch).not.toBe(epoch);
            },
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('in its header is known to have held something', () => {
    openSpoilt(
      (wal) => {
        const bytes = readFileSync(wal);
        bytes[5]! ^= 0x10;
        writeFileSync(wal, bytes);
        expect(hasLostTransactions(wal)).toBe(true);
      },
      (opened) => {
        if (opened instanceof StoreFault) return expect(opened.code).toBe('damaged');
        expect(opened.remembered().rolledBack).toBe(true);
        return undefined;
      },
    );
  });

  it('of a transaction that nobody was told of, or of none, is no loss', () => {
    const wal = path.join(kept, 'made-wal');
    const bytes = readFileSync(`${storeFile(kept)}-wal`);
    const write = (content: Buffer): boolean => {
      writeFileSync(wal, content);
      return hasLostTransactions(wal);
    };
    expect(write(Buffer.alloc(0))).toBe(false);
    expect(write(Buffer.alloc(20_000))).toBe(false);
    expect(write(bytes)).toBe(false);
    // half of the next turn, and what an earlier round of the log left behind the end
    expect(write(Buffer.concat([bytes, bytes.subarray(32, 32 + frameBytes / 2)]))).toBe(false);
    const older = Buffer.from(bytes.subarray(32));
    for (let at = 8; at < older.length; at += frameBytes) older[at]! ^= 0xff;
    expect(write(Buffer.concat([bytes, older]))).toBe(false);
    expect(hasLostTransactions(path.join(kept, 'no-such-file'))).toBe(false);
  });
});

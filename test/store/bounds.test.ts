// The bound in bytes: a flood never makes the file larger than it may be, the oldest history goes first and is counted,
// and what is open or not yet delivered never goes.

import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { statusLines } from '../../src/commands/status.ts';
import { verifyFile } from '../../src/store/copies.ts';
import { storeFile } from '../../src/store/open.ts';
import type { Store } from '../../src/store/types.ts';
import { status } from '../control/host.ts';
import { event, fact, incident } from './fixtures.ts';
import { openAt, temporaryFolder } from './support.ts';

const mostBytes = 4 * 1024 * 1024;
const perTurn = 64;

/** So many rows a turn, as a flood makes them: facts, events and closed incidents; a snapshot now and then. */
function flood(store: Store, turns: number, delivered: boolean, from = 0): number {
  let number = from;
  for (let turn = 0; turn < turns; turn += 1) {
    const numbers = Array.from({ length: perTurn }, () => ++number);
    store.commit({
      facts: numbers.map(fact),
      events: numbers.map((seq) => event(seq, incident(seq, { state: 'closed' }))),
      incidents: numbers.map((one) => incident(one, { state: 'closed' })),
      replies: [],
      ...(turn % 4 === 0 && { snapshot: `{"seq":${number}}` }),
    });
    if (delivered) store.delivered(numbers);
  }
  return number;
}

const sizeOf = (folder: string): number =>
  ['', '-wal'].reduce(
    (sum, ending) => sum + (statSync(storeFile(folder) + ending, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );

describe('the bound in bytes', () => {
  it('holds in a flood: the oldest goes first, is counted, and the chain stays whole', {
    timeout: 60_000,
  }, async () => {
    const folder = temporaryFolder();
    const store = openAt(folder, { bounds: { bytes: mostBytes } });
    store.commit({ facts: [], events: [], incidents: [incident(0)], replies: [], snapshot: '{}' });
    let last = 0;
    for (let round = 0; round < 10; round += 1) {
      last = flood(store, 16, true, last);
      expect(store.figures().bytes).toBeLessThanOrEqual(mostBytes);
      // the log itself has a bound of its own, beside a file that keeps to what is left for it
      expect(statSync(storeFile(folder)).size).toBeLessThanOrEqual(mostBytes);
    }
    const { pruned, bytes, mostBytes: most } = store.figures();
    expect(most).toBe(mostBytes);
    expect(bytes).toBeGreaterThan(mostBytes / 4);
    expect(pruned.facts).toBeGreaterThan(last / 4);
    expect(pruned.events).toBeGreaterThan(last / 4);
    const first = store.events({ from: 1, limit: 1 })[0]!.seq;
    expect(first).toBe(pruned.events + 1);
    expect(store.events({ from: first, limit: last }).map(({ seq }) => seq)).toEqual(
      Array.from({ length: last - pruned.events }, (_, index) => first + index),
    );
    // both are cut at about the same moment
    expect(Math.abs(pruned.facts - pruned.events)).toBeLessThan(1100);
    expect(store.incident('incident-0')).toEqual(incident(0));
    expect(await store.verify()).toMatchObject({ intact: true });
    store.close();
    expect(sizeOf(folder)).toBeLessThanOrEqual(mostBytes);
    expect(verifyFile(storeFile(folder))).toMatchObject({ intact: true, events: last - pruned.events });
  });

  it('gives way to what the broker does not have yet, and holds again when it has', {
    timeout: 60_000,
  }, () => {
    const folder = temporaryFolder();
    const store = openAt(folder, { bounds: { bytes: mostBytes } });
    const last = flood(store, 120, false);
    expect(store.outboxSize()).toBe(last);
    expect(store.figures().pruned.events).toBe(0);
    expect(store.figures().bytes).toBeGreaterThan(mostBytes);
    // nothing of the past but events can be spared: facts that a snapshot has, and closed incidents
    expect(store.figures().pruned.facts).toBeGreaterThan(0);
    expect(store.outbox(0, 3).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    store.delivered(Array.from({ length: last }, (_, index) => index + 1));
    flood(store, 40, true, last);
    expect(store.figures().bytes).toBeLessThanOrEqual(mostBytes);
    store.close();
  });
});

describe('the status', () => {
  it('says how much there is, and what is no longer kept', () => {
    const store = openAt(temporaryFolder(), { bounds: { facts: 100, events: 100, bytes: mostBytes } });
    flood(store, 20, true);
    const history = store.figures();
    store.close();
    const said = statusLines({ colours: false, columns: 120 }, { ...status, history }, 'en').join('\n');
    expect(said).toMatch(/storage: good \(\d+\.\d \/ 4\.0 MB\)/);
    expect(said).toContain(
      `no longer kept (facts, events, incidents): ${history.pruned.facts}, ${history.pruned.events}, 0`,
    );
    expect(statusLines({ colours: false, columns: 120 }, status, 'en').join('\n')).not.toContain(
      'no longer kept',
    );
  });
});

// The loop on a real store whose disk fails on command: nothing that a device told in one breath is lost,
// nothing is done twice, and what could not be stored is stored at the last moment.

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createState } from '../src/core/engine.ts';
import { compile } from '../src/core/model.ts';
import type { Event } from '../src/core/types.ts';
import { createLoop } from '../src/loop.ts';
import { openStore } from '../src/store/store.ts';
import { StoreFault } from '../src/store/types.ts';
import { type VirtualClock, virtualClock } from './support/clock.ts';

const site = {
  premises: 'shop',
  language: 'en' as const,
  zones: [],
  buses: [{ id: 'panel' }],
  devices: [{ id: 'panel', bus: 'panel' }],
  points: [{ id: 'panel.z2', device: 'panel', type: 'bool' as const, kind: 'smoke', staleAfterMs: 0 }],
  rules: [
    {
      id: 'fire_z2',
      when: { active: 'panel.z2' },
      forMs: 0,
      holdMs: 0,
      latch: false,
      plan: 'fire',
      outputs: {},
    },
  ],
  plans: [
    {
      id: 'fire',
      title: { zh: '火灾', en: 'Fire' },
      category: 'alarm' as const,
      level: 'urgent' as const,
      closing: 'person' as const,
      closingRequires: [],
      silent: false,
      steps: [],
    },
  ],
  outputs: [],
};

const log = { debug() {}, info() {}, warn() {}, error() {} };
let folder: string;
let failing = false;
/** how long the disk takes for a commit */
let syncMs = 0;
let clock: VirtualClock;

const open = () =>
  openStore(folder, {
    now: () => 0,
    log,
    fault(operation) {
      if (operation === 'commit' && syncMs > 0) clock.block(syncMs);
      if (failing && operation === 'commit') throw new StoreFault('io', 'the disk fails', 'replace it');
    },
  });

function start() {
  const store = open();
  clock = virtualClock();
  const model = compile(site);
  const published: Event[] = [];
  const loop = createLoop({
    clock,
    store,
    model,
    state: createState(model, store.epoch),
    baseMs: 0,
    log,
    outlets: { drive() {}, publish: (events) => void published.push(...events), tell() {} },
  });
  loop.reload(model, 'site');
  return { store, clock, loop, published };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const command = (id: string, verb: string, fields: object = {}) => ({
  id,
  verb,
  by: 'li',
  origin: 'mqtt' as const,
  ...fields,
});

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'keepwatch-loop-'));
  failing = false;
  syncMs = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the loop', () => {
  test.each([
    [[true, false, true], true, ['incident.opened', 'incident.returned', 'incident.signal']],
    [[true, false], false, ['incident.opened', 'incident.returned']],
    [[false, true], true, ['incident.opened']],
  ])('takes %j told in one breath in order', async (values, last, types) => {
    const { loop, published, store } = start();
    loop.push({ type: 'reading', values: values.map((value) => ['panel.z2', value] as const) });
    await turn();
    expect(published.map((event) => event.type)).toEqual(types);
    expect(loop.state.live.values[0]).toBe(last);
    store.close();
  });

  test('stores at the stop what the disk refused before', async () => {
    const { loop, store } = start();
    await turn();
    failing = true;
    loop.push({ type: 'reading', values: [['panel.z2', true]] });
    await turn();
    expect(loop.storage().ok).toBe(false);
    failing = false;
    loop.stop('stopped');
    store.close();
    const again = open();
    expect(again.incidents({ open: true, limit: 10 }).some((incident) => incident.plan === 'fire')).toBe(
      true,
    );
    expect(again.events({ from: 1, limit: 100 }).map((event) => event.type)).toContain('incident.opened');
    again.close();
  });

  test('runs a command once, also while the disk fails', async () => {
    const { loop, store } = start();
    await turn();
    failing = true;
    const first = await loop.command(command('c1', 'raise', { plan: 'fire' }));
    const second = await loop.command(command('c1', 'raise', { plan: 'fire' }));
    expect(first).toMatchObject({ ok: true, stored: false });
    expect(second).toEqual(first);
    const raised = Object.values(loop.state.durable.incidents).filter((incident) => incident.plan === 'fire');
    expect(raised).toHaveLength(1);
    failing = false;
    loop.stop('stopped');
    store.close();
  });

  test('gives the lines as long as a slow commit took, but an event never waits', async () => {
    const { loop, store, published } = start();
    await turn();
    syncMs = 2000;
    const took = async (id: string, verb: string, fields: object): Promise<number> => {
      const beganMs = clock.steadyMs();
      const answer = loop.command(command(id, verb, fields));
      for (;;) {
        const done = await Promise.race([answer, clock.advance(100)]);
        if (done) return clock.steadyMs() - beganMs;
      }
    };
    await took('c1', 'raise', { plan: 'fire' });
    // refused: nothing but its answer is to be stored
    expect(await took('c2', 'reset', { incident: 'none' })).toBeGreaterThanOrEqual(4000);
    const count = published.length;
    loop.push({ type: 'reading', values: [['panel.z2', true]] });
    await turn();
    expect(published.length).toBeGreaterThan(count);
    loop.stop('stopped');
    store.close();
  });

  test('counts its commits, those that failed and the longest', async () => {
    const { loop, store } = start();
    await turn();
    const { count, failed } = loop.commits();
    expect(count).toBeGreaterThan(0);
    expect(failed).toBe(0);
    syncMs = 700;
    loop.push({ type: 'reading', values: [['panel.z2', true]] });
    await turn();
    const slow = loop.commits();
    expect(slow.count).toBe(count + 1);
    expect(slow.longestMs).toBeGreaterThanOrEqual(700);
    const within = (ms: number) => slow.within.find(([limit]) => limit === ms)![1];
    expect(within(1000) - within(500)).toBe(1);
    syncMs = 0;
    failing = true;
    loop.push({ type: 'reading', values: [['panel.z2', false]] });
    await turn();
    expect(loop.commits()).toMatchObject({ count: slow.count + 1, failed: 1 });
    failing = false;
    loop.stop('stopped');
    store.close();
  });

  test('announces no number that is not on the disk', async () => {
    const { loop, store } = start();
    await turn();
    const before = loop.storedSeq();
    failing = true;
    loop.push({ type: 'reading', values: [['panel.z2', true]] });
    await turn();
    expect(loop.state.durable.seq).toBeGreaterThan(before);
    expect(loop.storedSeq()).toBe(before);
    loop.stop('stopped');
    failing = false;
    store.close();
  });
});

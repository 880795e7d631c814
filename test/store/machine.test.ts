// A state that finds itself on another machine: a card was copied, or moved. It goes on guarding with what was open,
// under a new epoch, so that the copy and the original never give one id to two things.

import { cpSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { becauseIn } from '../../src/core/because-words.ts';
import { step } from '../../src/core/engine.ts';
import { compile } from '../../src/core/model.ts';
import type { Event } from '../../src/core/types.ts';
import { type Recalled, recall } from '../../src/recall.ts';
import { copyFolder, stageCopy } from '../../src/store/copies.ts';
import { StoreFault } from '../../src/store/types.ts';
import { virtualClock } from '../support/clock.ts';
import { active, contact, makeSite, plan, rule, zone } from '../support/site.ts';
import { temporaryFolder } from './support.ts';

const site = makeSite({
  zones: [zone('north'), zone('south')],
  devices: [{ id: 'inputs', bus: 'lan' }],
  buses: [{ id: 'lan' }],
  points: ['north', 'south'].map((name) => contact(`inputs.${name}`, { zone: name })),
  plans: [plan('fire'), plan('gateway-trouble', { category: 'trouble', closing: 'itself' })],
  rules: ['north', 'south'].map((name) =>
    rule(`fire_${name}`, active(`inputs.${name}`), { zone: name, plan: 'fire' }),
  ),
});
const model = compile(site);

let folder: string;
let said: string[];
beforeEach(() => {
  folder = temporaryFolder();
  said = [];
});

function start(at: string, machine: string | undefined): Recalled {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const keeping = { clock: virtualClock(), log, machine, warn: (text: string) => void said.push(text) };
  const recalled = recall({ folder: at }, site, model, keeping);
  if (recalled.fresh) {
    const snapshot = JSON.stringify(recalled.state.durable);
    recalled.store.commit({ facts: [], events: [], incidents: [], replies: [], site, snapshot });
  }
  return recalled;
}

/** One more alarm, as the loop would commit it. */
function alarm({ store, state }: Recalled, point: string, ms: number): readonly Event[] {
  const at = { steadyMs: ms, wallMs: 1_790_000_000_000 + ms, clock: 'synced' as const };
  const input = { type: 'reading', at, values: [[point, true]] } as const;
  const { fact, events, incidents } = step(state, input, model);
  const changed = structuredClone([...incidents.values()]);
  store.commit({ facts: fact ? [fact] : [], events: [...events], incidents: changed, replies: [] });
  return structuredClone(events);
}

const idOf = (events: readonly Event[]): string =>
  events.find(({ type }) => type === 'incident.opened')!.incident!.id;

test('the same machine goes on as it was', () => {
  const first = start(folder, 'one');
  alarm(first, 'inputs.north', 1000);
  first.store.close();
  const again = start(folder, 'one');
  expect(again.store.epoch).toBe(first.store.epoch);
  expect(said).toEqual([]);
  again.store.close();
});

test('a copy on another machine: what is open stays open, what comes has ids of its own, and it is said once', () => {
  const original = start(folder, 'one');
  const open = idOf(alarm(original, 'inputs.north', 1000));
  original.store.close();
  const copied = path.join(temporaryFolder(), 'data');
  cpSync(folder, copied, { recursive: true });

  const clone = start(copied, 'two');
  expect(clone.store.epoch).not.toBe(original.store.epoch);
  expect(Object.keys(clone.state.durable.incidents)).toEqual([open]);
  expect(said).toEqual([expect.stringContaining("was another machine's")]);
  expect(becauseIn(said[0]!, 'zh')).toContain('另一台机器');
  const later = alarm(clone, 'inputs.south', 2000);
  clone.store.close();

  const same = start(folder, 'one');
  expect(same.store.epoch).toBe(original.store.epoch);
  const here = alarm(same, 'inputs.south', 2000);
  expect(idOf(later)).not.toBe(idOf(here));
  const ids = new Set(here.map(({ id }) => id));
  expect(later.filter(({ id }) => ids.has(id))).toEqual([]);
  same.store.close();

  said = [];
  const again = start(copied, 'two');
  expect(again.store.epoch).toBe(clone.store.epoch);
  expect(Object.keys(again.state.durable.incidents).length).toBe(2);
  expect(said).toEqual([]);
  again.store.close();
});

test('a state from before there was an identity, and a machine that has none, are left as they are', () => {
  const before = start(folder, undefined);
  before.store.close();
  for (const machine of ['one', undefined, 'one']) {
    const next = start(folder, machine);
    expect(next.store.epoch).toBe(before.store.epoch);
    next.store.close();
  }
  expect(said).toEqual([]);
});

test('a backup that is restored elsewhere is meant to be there', () => {
  const first = start(folder, 'one');
  alarm(first, 'inputs.north', 1000);
  first.store.close();
  const elsewhere = temporaryFolder();
  const copy = path.join(elsewhere, 'copy.backup');
  copyFolder(folder, copy);
  const data = temporaryFolder();
  stageCopy(copy, data);
  const restored = start(data, 'two');
  expect(restored.store.epoch).not.toBe(first.store.epoch);
  expect(said).toEqual([expect.stringContaining('restored from a copy')]);
  restored.store.close();
});

test('where the disk takes no writes at the start, the copy is kept beside, and what came since is stored', () => {
  const original = start(folder, 'one');
  alarm(original, 'inputs.north', 1000);
  original.store.close();
  let full = true;
  const recalled = recall({ folder }, site, model, {
    clock: virtualClock(),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    machine: 'two',
    warn: (text) => void said.push(text),
    diskFault(operation) {
      if (full && operation === 'open') throw new StoreFault('full', 'the disk is full', 'make room');
    },
  });
  full = false;
  recalled.store.commit({
    facts: [],
    events: [],
    incidents: [],
    replies: [],
    site,
    snapshot: JSON.stringify(recalled.state.durable),
  });
  const [event] = alarm(recalled, 'inputs.south', 2000);
  expect(recalled.store.events({ from: 1, limit: 10 })[0]).toEqual(event);
  expect(recalled.store.incidents({ open: true, limit: 10 })).toHaveLength(1);
  expect(said).toEqual([expect.stringContaining('is kept as')]);
  expect(readdirSync(folder).filter((name) => name.includes('.superseded-'))).not.toEqual([]);
  recalled.store.close();
});

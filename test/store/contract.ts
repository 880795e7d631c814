// What every store must do, whatever lies below it. Run it over an implementation with
// `storeContract(name, open)`; `open` gives a store over nothing and a way to open the same state again.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { siteHash } from '../../src/store/site.ts';
import type { Store } from '../../src/store/types.ts';
import { emptyTurn, event, fact, incident, reply, site, turn } from './fixtures.ts';

export interface OpenedStore {
  readonly store: Store;
  /** closes this one and opens the same state again */
  reopen(): OpenedStore;
  /** closes and removes everything */
  discard(): void;
}

export function storeContract(name: string, open: () => OpenedStore): void {
  describe(`${name}: the store contract`, () => {
    let opened: OpenedStore;
    let store: Store;
    const reopen = (): void => {
      opened = opened.reopen();
      store = opened.store;
    };
    beforeEach(() => {
      opened = open();
      store = opened.store;
    });
    afterEach(() => opened.discard());
    const seqs = (afterSeq = 0, limit = 1000): number[] =>
      store.outbox(afterSeq, limit).map(({ seq }) => seq);

    it('begins with nothing but an epoch, which stays', () => {
      const epoch = store.epoch;
      expect(epoch).toMatch(/^[a-z0-9]{8}$/);
      expect(store.remembered()).toEqual({ facts: [], lastSeq: 0 });
      expect(store.outbox(0, 10)).toEqual([]);
      expect(store.outboxSize()).toBe(0);
      reopen();
      expect(store.epoch).toBe(epoch);
    });

    it('gives back a turn as it was, before and after a restart', () => {
      const whole = turn(1, { replies: [reply('c1')], site: site('one') });
      store.commit(whole);
      for (const again of [false, true]) {
        if (again) reopen();
        expect(store.remembered()).toEqual({ site: site('one'), facts: whole.facts, lastSeq: 1 });
        expect(store.events({ from: 1, limit: 10 })).toEqual(whole.events);
        expect(store.incident('incident-1')).toEqual(whole.incidents[0]);
        expect(store.reply('c1')).toEqual(reply('c1'));
        expect(seqs()).toEqual([1]);
      }
    });

    it('keeps facts of every type of input', () => {
      const at = { steadyMs: 1.5, wallMs: 2, clock: 'unsynced' } as const;
      const command = { id: 'c', verb: 'ack', by: 'guard', origin: 'mqtt', incident: 'x' } as const;
      const inputs = [
        { type: 'link', at, of: 'bus', id: 'line1', up: false, because: 'unplugged' },
        { type: 'output', at, output: 'siren', actual: null, fault: 'no answer' },
        { type: 'health', at, check: 'storage', ok: true, because: 'written again' },
        { type: 'command', at, command },
        { type: 'tick', at },
        { type: 'started', at, because: 'boot' },
        { type: 'reloaded', at, site: 'hash' },
      ] as const;
      const facts = inputs.map((input) => ({ input, changes: [], live: [['a.b', null, 'stale']] as const }));
      store.commit({ ...emptyTurn, facts });
      expect(store.remembered().facts).toEqual(facts);
    });

    it('remembers the last snapshot and only what came after it', () => {
      store.commit(turn(1));
      store.commit(turn(2, { snapshot: '{"n":2}' }));
      expect(store.remembered()).toEqual({ snapshot: '{"n":2}', facts: [], lastSeq: 2 });
      store.commit(turn(3));
      store.commit(turn(4));
      reopen();
      expect(store.remembered()).toEqual({ snapshot: '{"n":2}', facts: [fact(3), fact(4)], lastSeq: 4 });
      store.commit({ ...emptyTurn, snapshot: '{"n":4}' });
      expect(store.remembered()).toEqual({ snapshot: '{"n":4}', facts: [], lastSeq: 4 });
    });

    it('names the site that the snapshot, or without one the first fact, ran under', () => {
      store.commit(turn(1, { site: site('one') }));
      store.commit(turn(2, { site: site('two') }));
      expect(store.remembered().site).toEqual(site('one'));
      expect(store.remembered().facts).toHaveLength(2);
      expect(store.site(siteHash(site('two')))).toEqual(site('two'));
      expect(store.site('unheard')).toBeUndefined();
      reopen();
      store.commit({ ...emptyTurn, snapshot: '{}' });
      expect(store.remembered().site).toEqual(site('two'));
      store.commit(turn(3, { site: site('one'), snapshot: '{}' }));
      expect(store.remembered().site).toEqual(site('one'));
    });

    it('answers a command once', () => {
      store.commit({ ...emptyTurn, replies: [reply('c1', 'first')] });
      store.commit({ ...emptyTurn, replies: [reply('c1', 'second'), reply('c2')] });
      reopen();
      expect(store.reply('c1')?.message).toBe('first');
      expect(store.reply('c2')?.message).toBe('done');
      expect(store.reply('c3')).toBeUndefined();
    });

    it('pages through events, and finds those of an incident', () => {
      for (let number = 1; number <= 10; number++) store.commit(turn(number));
      store.commit({ ...emptyTurn, events: [event(11), event(12, incident(3, { state: 'closed' }))] });
      const page = (range: { from: number; to?: number; limit: number }): number[] =>
        store.events(range).map(({ seq }) => seq);
      expect(page({ from: 3, to: 5, limit: 10 })).toEqual([3, 4, 5]);
      expect(page({ from: 9, limit: 3 })).toEqual([9, 10, 11]);
      expect(page({ from: 12, limit: 3 })).toEqual([12]);
      expect(page({ from: 13, limit: 3 })).toEqual([]);
      expect(store.eventsOf('incident-3').map(({ seq }) => seq)).toEqual([3, 12]);
      expect(store.eventsOf('unheard')).toEqual([]);
    });

    it('keeps the latest of an incident, newest first, open apart from closed', () => {
      for (let number = 1; number <= 4; number++) store.commit(turn(number));
      const closed = incident(2, { state: 'closed', verdict: 'false' });
      store.commit({ ...emptyTurn, incidents: [closed, incident(4, { acknowledged: true })] });
      reopen();
      const ids = (filter: { open?: boolean; limit: number }): string[] =>
        store.incidents(filter).map(({ id }) => id.replace('incident-', ''));
      expect(ids({ limit: 10 })).toEqual(['4', '3', '2', '1']);
      expect(ids({ limit: 2 })).toEqual(['4', '3']);
      expect(ids({ open: true, limit: 10 })).toEqual(['4', '3', '1']);
      expect(ids({ open: false, limit: 10 })).toEqual(['2']);
      expect(store.incident('incident-2')).toEqual(closed);
      expect(store.incident('incident-4')?.acknowledged).toBe(true);
      expect(store.incident('incident-9')).toBeUndefined();
    });

    it('strikes off what was delivered, at once to the eye and also after a restart', () => {
      for (let number = 1; number <= 6; number++) store.commit(turn(number));
      store.delivered([1, 2, 4]);
      store.delivered([2, 99]);
      expect(seqs()).toEqual([3, 5, 6]);
      expect(seqs(3)).toEqual([5, 6]);
      expect(seqs(0, 2)).toEqual([3, 5]);
      expect(store.outboxSize()).toBe(3);
      store.commit(turn(7));
      store.delivered([1, 7]);
      expect(store.outboxSize()).toBe(3);
      reopen();
      expect(seqs()).toEqual([3, 5, 6]);
      expect(store.outboxSize()).toBe(3);
      expect(store.events({ from: 1, limit: 100 })).toHaveLength(7);
    });

    it('writes many delivered ones without waiting for a commit', () => {
      const all = Array.from({ length: 1200 }, (_, index) => index + 1);
      store.commit({ ...emptyTurn, events: all.map((seq) => event(seq)) });
      for (const seq of all) store.delivered([seq]);
      expect(store.outboxSize()).toBe(0);
      expect(seqs()).toEqual([]);
      reopen();
      expect(store.outboxSize()).toBe(0);
    });

    it('sets aside what the broker refuses, and shows it', () => {
      for (let number = 1; number <= 3; number++) store.commit(turn(number));
      store.delivered([1]);
      store.setAside(2, 'payload too large');
      store.setAside(2, 'again');
      expect(seqs()).toEqual([3]);
      expect(store.outboxSize()).toBe(1);
      reopen();
      expect(seqs()).toEqual([3]);
      const because = 'payload too large';
      expect(store.setAsides(10)).toEqual([{ seq: 2, at: expect.any(Number), because }]);
      expect(store.events({ from: 2, to: 2, limit: 1 })).toHaveLength(1);
    });

    it('knows which retained topics it has left', () => {
      store.retain(['b', 'a'], []);
      store.retain(['a', 'c'], ['b', 'unheard']);
      expect(store.retained()).toEqual(['a', 'c']);
      reopen();
      expect(store.retained()).toEqual(['a', 'c']);
    });

    it('keeps notes, the boot id among what is remembered', () => {
      expect(store.note('bootId')).toBeUndefined();
      expect(store.note('bootId', 'boot-1')).toBe('boot-1');
      store.note('bootId', 'boot-2');
      store.note('epoch', 'not the epoch');
      reopen();
      expect(store.note('bootId')).toBe('boot-2');
      expect(store.remembered().bootId).toBe('boot-2');
      expect(store.epoch).not.toBe('not the epoch');
    });

    it('keeps nothing of a turn that fails, and goes on with the next', () => {
      store.commit(turn(1));
      store.delivered([1]);
      const clash = turn(2, {
        events: [event(2), event(1)],
        replies: [reply('c1')],
        snapshot: '{}',
        site: site('x'),
      });
      expect(() => store.commit(clash)).toThrow(expect.objectContaining({ code: 'conflict' }));
      expect(store.remembered()).toEqual({ facts: [fact(1)], lastSeq: 1 });
      expect(store.incident('incident-2')).toBeUndefined();
      expect(store.reply('c1')).toBeUndefined();
      expect(store.outboxSize()).toBe(0);
      store.commit(turn(2));
      reopen();
      expect(store.remembered().facts).toEqual([fact(1), fact(2)]);
      expect(seqs()).toEqual([2]);
    });

    it('may be closed twice', () => {
      store.close();
      store.close();
    });
  });
}

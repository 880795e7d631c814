// A command is answered once, by its id, whatever its verb and whatever was restarted in between; and nothing
// that the house does at a command reaches the connection. The inbox and the replays without a broker.

import { expect, test } from 'vitest';
import type { Command, Language, Reply } from '../../src/core/types.ts';
import { createInbox } from '../../src/notify/inbox.ts';
import { createReplayLane, type ReplayLane } from '../../src/notify/replay.ts';
import { topicsOf } from '../../src/notify/topics.ts';
import { virtualClock } from '../support/clock.ts';
import { type MemoryStore, memoryStore, openDoor, premises, sampleEvent } from './house.ts';

const topics = topicsOf('keepwatch', premises);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One run of the daemon over a store that outlives it; the broker takes everything at once. */
function run(
  store: MemoryStore,
  more: { command?(command: Command): Promise<Reply>; receipt?(): void; language?: Language } = {},
) {
  const replies: Reply[] = [];
  const back: (string | undefined)[] = [];
  const logged: string[] = [];
  const sent: number[] = [];
  const asked: string[] = [];
  const answering = { on: true };
  const clock = virtualClock();
  const note = (_fields: object, message: string): void => void logged.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const pump = (): void => {
    if (!answering.on) return;
    for (let next = replays.next(0); next !== undefined && next !== 'wait'; next = replays.next(0)) {
      sent.push(JSON.parse(next.payload).seq);
      next.settled(0);
    }
  };
  const inbox = createInbox({
    language: 'en',
    topics,
    clock,
    log,
    host: {
      levels: {} as never,
      command(command) {
        asked.push(command.verb);
        if (more.command !== undefined) return more.command(command);
        const reply = store.reply(command.id) ?? { id: command.id, ok: true, code: 'ok', message: 'raised' };
        return Promise.resolve(reply);
      },
      answerTo(id) {
        const reply = store.reply(id);
        return reply && Promise.resolve(reply);
      },
      gate: openDoor(clock),
      receipt: () => more.receipt?.(),
      health: () => undefined,
      ahead: () => undefined,
      identity: () => undefined,
    },
    replies: {
      polite: false,
      push(reply, to) {
        replies.push(reply);
        back.push(to.responseTopic);
      },
      next: () => undefined,
      lost: () => undefined,
    },
    status: {} as never,
    replays: () => replays,
    found: () => undefined,
    pump,
  });
  const replays: ReplayLane = createReplayLane({
    topic: topics.event,
    store,
    clock,
    log,
    language: more.language ?? 'en',
    lastSeq: () => store.journal.length,
    redated: (event) => event,
    answer: inbox.answer,
  });
  return {
    replies,
    back,
    logged,
    sent,
    asked,
    answering,
    pump,
    take: (topic: string, payload: object) =>
      inbox.take({ topic, payload: Buffer.from(JSON.stringify(payload)), retained: false }),
    async command(id: string, verb: string, fields: object = {}, responseTopic?: string) {
      const payload = Buffer.from(JSON.stringify({ id, verb, by: 'centre', ...fields }));
      inbox.take({
        topic: topics.command,
        payload,
        retained: false,
        ...(responseTopic !== undefined && { responseTopic }),
      });
      await turn();
      return replies.at(-1);
    },
  };
}

function journal(count: number): MemoryStore {
  const store = memoryStore();
  for (let seq = 1; seq <= count; seq += 1) store.journal.push(sampleEvent(seq));
  return store;
}

test('a replay is not run again after a restart, and its refusals are kept as well', async () => {
  const store = journal(5);
  const before = run(store);
  const done = await before.command('r1', 'replay', { from: 2 });
  expect(done).toMatchObject({ id: 'r1', ok: true, sent: 4 });
  const bad = await before.command('r2', 'replay', { from: 0 });
  expect(bad).toMatchObject({ id: 'r2', code: 'badRequest' });
  const after = run(store);
  expect(await after.command('r1', 'replay', { from: 2 }, 'centre/answers')).toEqual(done);
  expect(after.back).toEqual(['centre/answers']);
  expect(await after.command('r2', 'replay', { from: 1 })).toEqual(bad);
  expect(after.sent).toEqual([]);
});

test('an id of another verb runs no replay', async () => {
  const store = journal(5);
  store.replies.set('c1', { id: 'c1', ok: true, code: 'ok', message: 'raised' });
  const one = run(store);
  expect(await one.command('c1', 'replay', { from: 1 })).toMatchObject({ message: 'raised' });
  expect(one.sent).toEqual([]);
  expect(one.asked).toEqual([]);
});

test('nor does one that the house is still judging, or could not store', async () => {
  const store = journal(5);
  let finish: (reply: Reply) => void = () => undefined;
  const answer = new Promise<Reply>((resolve) => {
    finish = resolve;
  });
  const one = run(store, { command: () => answer });
  await one.command('c1', 'raise', { plan: 'fire' });
  await one.command('c1', 'replay', { from: 1 });
  expect(one.replies).toEqual([]);
  finish({ id: 'c1', ok: true, code: 'ok', message: 'raised' });
  await turn();
  expect(one.replies.map(({ message }) => message)).toEqual(['raised', 'raised']);
  expect(await one.command('c1', 'replay', { from: 1 })).toMatchObject({ message: 'raised' });
  expect(one.sent).toEqual([]);
});

test('an id of a replay runs no other verb: answered, running, or answered while the disk failed', async () => {
  const store = journal(5);
  const one = run(store);
  store.full = true;
  const done = await one.command('r1', 'replay', { from: 1 });
  expect(done).toMatchObject({ ok: true, sent: 5 });
  expect(one.logged).toEqual(['the answer to a replay could not be kept on disk']);
  expect(await one.command('r1', 'raise', { plan: 'fire' })).toEqual(done);
  expect(store.replies.size).toBe(0);
  store.full = false;

  one.answering.on = false;
  await one.command('r2', 'replay', { from: 4 }, 'centre/a');
  await one.command('r2', 'raise', { plan: 'fire' }, 'centre/b');
  expect(one.replies).toHaveLength(2);
  one.answering.on = true;
  one.pump();
  expect(one.replies.at(-1)).toMatchObject({ id: 'r2', sent: 2 });
  expect(one.back.at(-1)).toBe('centre/b');
  expect(one.asked).toEqual([]);
  expect(one.sent).toEqual([1, 2, 3, 4, 5, 4, 5]);
  // the one of before was kept with it
  expect([...store.replies.keys()]).toEqual(['r1', 'r2']);

  const after = run(store);
  expect(await after.command('r1', 'raise', { plan: 'fire' })).toEqual(done);
});

test('too many replays: refused, and the same command may come again', async () => {
  const store = journal(5);
  const one = run(store);
  one.answering.on = false;
  for (const id of ['r1', 'r2', 'r3', 'r4']) await one.command(id, 'replay', { from: 1 });
  expect(await one.command('r5', 'replay', { from: 1 })).toMatchObject({ code: 'tooMany' });
  one.answering.on = true;
  one.pump();
  expect(await one.command('r5', 'replay', { from: 1 })).toMatchObject({ ok: true, sent: 5 });
});

test('a store that cannot be read: refused, nothing runs, and it may come again', async () => {
  const store = journal(5);
  const { reply } = store;
  const one = run(store);
  store.reply = () => {
    throw new Error('disk I/O error');
  };
  expect(await one.command('r1', 'replay', { from: 1 })).toEqual({
    id: 'r1',
    ok: false,
    code: 'refused',
    message: 'could not be judged: disk I/O error',
  });
  expect(one.sent).toEqual([]);
  store.reply = reply;
  expect(await one.command('r1', 'replay', { from: 1 })).toMatchObject({ ok: true, sent: 5 });
});

test.each<[string, (command: Command) => Promise<Reply>]>([
  [
    'throws',
    () => {
      throw new Error('the disk\nis gone');
    },
  ],
  ['rejects', () => Promise.reject(new Error('the disk is gone'))],
])('a house that %s is answered for', async (_name, command) => {
  const one = run(journal(1), { command });
  expect(await one.command('c1', 'ack', { incident: 'i-1' })).toEqual({
    id: 'c1',
    ok: false,
    code: 'refused',
    message: 'could not be judged: the disk is gone',
  });
});

test('no fault at a message leaves the inbox', async () => {
  const one = run(journal(1), {
    receipt: () => {
      throw new Error('no disk');
    },
  });
  expect(() => one.take(topics.receipt, { seq: 1 })).not.toThrow();
  // this one has no status lane at all
  expect(() => one.take(topics.status, {})).not.toThrow();
  expect(one.logged).toHaveLength(2);
  expect(await one.command('c1', 'ack', { incident: 'i-1' })).toMatchObject({ ok: true });
});

test('a replay is answered in the language of the premises', async () => {
  const one = run(journal(30), { language: 'zh' });
  await one.command('r1', 'replay', { from: 1, to: 10 });
  one.pump();
  expect(one.replies.at(-1)).toMatchObject({ ok: true, message: '已重发第 1 至 10 条中的 10 条消息' });
  expect(await one.command('r2', 'replay', { from: 0 })).toMatchObject({
    code: 'badRequest',
    message: 'from 应为不小于 1 的整数',
  });
  expect(await one.command('r3', 'replay', { from: 9, to: 2 })).toMatchObject({
    message: 'to 应为不小于 from 的整数',
  });
});

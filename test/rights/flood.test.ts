// Budgets of the inbox on a clock that stands still: what nobody has proven can use up its own and no more. Without a
// broker, so that it is the same on every machine.

import { expect, test } from 'vitest';
import type { Command, Reply } from '../../src/core/types.ts';
import { createInbox } from '../../src/notify/inbox.ts';
import { topicsOf } from '../../src/notify/topics.ts';
import { virtualClock } from '../support/clock.ts';
import { door, holder, premises, signedBy } from './people.ts';

const topics = topicsOf('keepwatch', premises);
const wang = holder('wang', 'operate');
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function house() {
  const clock = virtualClock();
  const ran: Command[] = [];
  const replies: Reply[] = [];
  const lines: string[] = [];
  const note = (_fields: object, message: string): void => void lines.push(message);
  const inbox = createInbox({
    language: 'en',
    topics,
    clock,
    log: { debug: note, info: note, warn: note, error: note },
    host: {
      levels: {} as never,
      command(command) {
        ran.push(command);
        return Promise.resolve({ id: command.id, ok: true, code: 'ok', message: '' });
      },
      answerTo: () => undefined,
      gate: door([wang], { clock }).gate,
      receipt: () => undefined,
      health: () => undefined,
      ahead: () => undefined,
      identity: () => undefined,
    },
    replies: {
      polite: false,
      push: (reply) => void replies.push(reply),
      next: () => undefined,
      lost: () => undefined,
    },
    status: {} as never,
    replays: () => ({ recall: () => undefined }) as never,
    found: () => undefined,
    pump: () => undefined,
  });
  const give = (payload: string): void =>
    inbox.take({ topic: topics.command, payload: Buffer.from(payload), retained: false } as never);
  const until = async (holds: () => boolean): Promise<void> => {
    for (let turns = 0; !holds() && turns < 100_000; turns += 1) await turn();
  };
  return { clock, ran, replies, lines, give, until };
}

const sent = (command: Command): string => {
  const { origin: _origin, ...fields } = command;
  return JSON.stringify(fields);
};
const forged = { ...holder('stranger', 'configure'), key: wang.key };

test('five thousand pieces of junk in no time at all: the signed commands among them run, in order', async () => {
  const { ran, replies, lines, give, until } = house();
  for (let count = 0; count < 5000; count += 1) {
    if (count % 5 === 0) give(`{"id":"u${count}","verb":"silence","by":"wang"}`);
    else if (count % 5 === 1) give(`{"id":"b${count}","verb":`);
    else if (count % 5 === 2) give(sent({ ...signedBy(wang, { id: `k${count}` }), key: 'nobody' }));
    else if (count % 5 === 3) give('junk');
    else if (count % 50 === 4) give(sent(signedBy(forged, { id: `f${count}` })));
    if (count % 500 === 250) give(sent(signedBy(wang, { id: `h${count}` })));
    if (count % 25 === 0) await turn();
  }
  await until(() => ran.length === 10);
  expect(ran.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, index) => `h${index * 500 + 250}`));
  // refusals: one second's worth, since no time has passed
  expect(replies.filter(({ ok }) => !ok)).toHaveLength(20);
  expect(lines.length).toBeLessThan(10);
});

test('what is proven has a rate too, and is told so; after a moment the same bytes run', async () => {
  const { clock, ran, replies, give, until } = house();
  const all = Array.from({ length: 25 }, (_, index) => sent(signedBy(wang, { id: `h${index}` })));
  for (const each of all) give(each);
  await until(() => ran.length + replies.filter(({ code }) => code === 'tooMany').length === 25);
  expect(ran).toHaveLength(20);
  await clock.advance(1000);
  for (const each of all.slice(20)) give(each);
  await until(() => ran.length === 25);
  expect(ran).toHaveLength(25);
});

test('more forgeries at once than can be checked: the excess is let go, and it goes on', async () => {
  const { clock, ran, lines, give, until } = house();
  for (let count = 0; count < 2000; count += 1) give(sent(signedBy(forged, { id: `f${count}` })));
  const honest = sent(signedBy(wang, { id: 'honest' }));
  // at most 200 wait; each turn of the loop gives the honest one another try, as its sender would
  for (let turns = 0; ran.length === 0 && turns < 10_000; turns += 1) {
    give(honest);
    await turn();
  }
  await until(() => ran.length > 0);
  await clock.advance(0);
  expect(ran.map(({ id }) => id)).toEqual(['honest']);
  expect(lines.length).toBeLessThan(10);
});

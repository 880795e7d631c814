// What all who ask share: made once until something changes, never old after a change; and that long answers are made piece
// by piece, whole and in order, while the loop goes on.

import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answers } from '../../src/console/limits.ts';
import { createShared } from '../../src/console/shared.ts';
import { createTurns } from '../../src/console/turns.ts';
import { callDaemon } from '../../src/control/client.ts';
import { virtualClock } from '../support/clock.ts';
import { type Client, openStage, type Stage, siteWith } from './stage.ts';

let stage: Stage;
let client: Client;
beforeAll(async () => {
  stage = await openStage(
    siteWith(
      { withoutLogin: 'operate' },
      {
        buses: { nowhere: { driver: 'modbus-tcp', host: '127.0.0.1', port: 1 } },
        devices: {
          box: {
            bus: 'nowhere',
            unit: 1,
            points: Object.fromEntries(
              Array.from({ length: 50 }, (_, at) => [`t${at}`, { read: `holding:${at}:u16` }]),
            ),
          },
        },
      },
    ),
  );
  client = stage.client();
});
afterAll(() => stage?.stop());

/** Over the local socket, which knows no limit on commands. */
async function run(fields: object): Promise<{ incident: string }> {
  const command = { id: `c${Math.random()}`, by: 'x', ...fields };
  return (await callDaemon(path.join(stage.folder, 'data'), 'command', { command })) as unknown as {
    incident: string;
  };
}

test('an answer is made once, until something changes or it is too old', async () => {
  const clock = virtualClock();
  const shared = createShared(clock);
  let made = 0;
  const ask = () => shared.json('x', 1000, () => ({ made: ++made }));
  expect(ask()).toBe(ask());
  expect(ask().toString()).toBe('{"made":1}');
  await clock.advance(999);
  expect(ask().toString()).toBe('{"made":1}');
  await clock.advance(1);
  expect(ask().toString()).toBe('{"made":2}');
  shared.forget();
  expect(ask().toString()).toBe('{"made":3}');
  expect(shared.json('y', 1000, () => 7).toString()).toBe('7');
});

test('what was done is seen by the next who asks', async () => {
  for (let turn = 0; turn < 5; turn += 1) {
    const before = await client.get('/points');
    expect(before.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(before.json[7].disabled).toBeUndefined();
    await client.command({ verb: 'disable', point: 'box.t7', reason: `r${turn}`, for: '1h', by: 'x' });
    expect((await client.get('/points')).json[7].disabled.reason).toBe(`r${turn}`);
    expect((await client.get('/status')).json.disabled.length).toBe(1);
    await client.command({ verb: 'enable', point: 'box.t7', by: 'x' });
    expect((await client.get('/status')).json.disabled).toEqual([]);
  }
  const open = (await client.get('/incidents')).json.incidents.length;
  const { incident } = await run({ verb: 'raise', plan: 'fire' });
  expect((await client.get('/incidents')).json.incidents.length).toBe(open + 1);
  await run({ verb: 'ack', incident });
  await run({ verb: 'close', incident, verdict: 'test', cause: 'x', remedy: 'y', losses: 'z' });
  expect((await client.get('/incidents')).json.incidents.length).toBe(open);
});

test('a long list comes whole and in order, by pages of any length', { timeout: 60_000 }, async () => {
  const piece = answers.incidentsInOneTurn;
  const count = piece * 3 + 15;
  for (let each = 0; each < count; each += 1) {
    const { incident } = await run({ verb: 'raise', plan: 'water-leak' });
    await run({ verb: 'ack', incident });
    await run({ verb: 'close', incident, verdict: 'test', cause: 'x', remedy: 'y', losses: 'z' });
  }
  const idsOf = async (query: string): Promise<string[]> =>
    (await client.get(`/incidents?all=true${query}`)).json.incidents.map(({ id }: { id: string }) => id);
  const all = await idsOf('&limit=500');
  expect(all.length).toBeGreaterThanOrEqual(count);
  expect(new Set(all).size).toBe(all.length);
  expect(all.map((id) => Number.parseInt(id.slice(1), 10))).toEqual(
    all.map((id) => Number.parseInt(id.slice(1), 10)).sort((one, other) => other - one),
  );
  for (const size of [1, piece - 1, piece, piece + 1, 3 * piece]) {
    const first = await idsOf(`&limit=${size}`);
    expect(first).toEqual(all.slice(0, size));
    expect(await idsOf(`&limit=${size}&after=${first.at(-1)}`)).toEqual(all.slice(size, 2 * size));
  }
  expect(await idsOf(`&after=${all.at(-1)}`)).toEqual([]);
  expect(await idsOf('&after=none')).toEqual([]);
  expect((await client.get('/incidents?all=true&limit=501')).status).toBe(400);

  const seqs = async (query: string): Promise<number[]> =>
    (await client.get(`/events?${query}`)).json.map(({ seq }: { seq: number }) => seq);
  expect(await seqs('limit=220')).toEqual(Array.from({ length: 220 }, (_, at) => at + 1));
  expect(await seqs('after=20&limit=101')).toEqual(Array.from({ length: 101 }, (_, at) => at + 21));
  expect(await seqs('after=999999')).toEqual([]);
});

test('pieces of work come one in a turn, an urgent one before the others, and each second one is ordinary', async () => {
  const turns = createTurns();
  const done: string[] = [];
  const all: Promise<void>[] = [];
  const add = (name: string, first?: boolean): void => {
    all.push(new Promise((resolve) => turns.add(() => resolve(void done.push(name)), first)));
  };
  for (const name of ['a', 'b', 'c']) add(name);
  for (const name of ['A', 'B', 'C']) add(name, true);
  await Promise.all(all);
  expect(done).toEqual(['a', 'A', 'b', 'B', 'c', 'C']);
  await expect(
    turns.run(() => {
      throw new Error('x');
    }),
  ).rejects.toThrow('x');
  expect(await turns.run(() => 7)).toBe(7);
});

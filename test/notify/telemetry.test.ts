// The lane of telemetry by itself: last of all, one block at a time, so many a second, until each is acknowledged. The
// line and the backlog are a few lines of a test; the real ones are in test/telemetry.

import { describe, expect, it } from 'vitest';
import { createSender, type Lane, type Outgoing, packetTooLarge } from '../../src/notify/sender.ts';
import { createTelemetryLane } from '../../src/notify/telemetry.ts';
import type { Backlog, StoredBlock } from '../../src/telemetry/types.ts';
import { virtualClock } from '../support/clock.ts';

function blockOf(number: number, file = 'aaaaaaaa'): StoredBlock {
  const sample = { last: 230.1, min: 229.9, max: null, count: 1, quality: 'good' as const };
  return {
    file,
    number,
    fromMs: number * 600_000,
    wallMs: Date.UTC(2026, 10, 22),
    clock: 'synced',
    everyMs: 60_000,
    points: ['meter.u'],
    samples: [[sample, { ...sample, last: null, max: 231 }]],
  };
}

function rig(blocks: StoredBlock[], others: Lane[] = []) {
  const clock = virtualClock();
  const acknowledged: number[] = [];
  const refused: number[] = [];
  const said: string[] = [];
  const done = (): number => Math.max(0, ...acknowledged, ...refused);
  const backlog: Backlog = {
    next: (after) => blocks.find(({ number }) => number > (after?.number ?? done())),
    acknowledge: ({ number }) => void acknowledged.push(number),
    refuse: ({ number }) => void refused.push(number),
  };
  const say = (_: object, message: string): void => void said.push(message);
  const log = { debug: say, info: say, warn: say, error: say };
  const lane = createTelemetryLane({
    topic: 't',
    premises: 'store_0042',
    backlog,
    clock,
    log,
    pump: () => sender.pump(),
  });
  const sender = createSender({
    clock,
    lanes: [...others, lane],
    ackWithinMs: 1e9,
    answered() {},
    stalled() {},
  });
  const written: { payload: string; atMs: number; answer: (reason: number) => void }[] = [];
  const open = (answers?: number): void =>
    sender.open({
      receiveMaximum: 1000,
      maximumPacketSize: 1e6,
      publish(message, settled) {
        written.push({ payload: String(message.payload), atMs: clock.steadyMs(), answer: settled });
        if (answers !== undefined) queueMicrotask(() => settled(answers));
      },
    });
  const ids = (): string[] => written.map(({ payload }) => JSON.parse(payload).id);
  return { clock, lane, sender, open, written, acknowledged, refused, said, ids };
}

const many = (count: number): StoredBlock[] => Array.from({ length: count }, (_, at) => blockOf(at + 1));

describe('the lane of telemetry', () => {
  it('sends what a block says, with an id that is the same at every repeat', () => {
    const at = rig([blockOf(7)]);
    at.open();
    at.sender.pump();
    expect(JSON.parse(at.written[0]!.payload)).toEqual({
      v: 1,
      premises: 'store_0042',
      id: 'aaaaaaaa-7',
      from: '2026-11-22T00:00:00.000Z',
      clock: 'synced',
      engineMs: 4_200_000,
      everyMs: 60_000,
      points: { 'meter.u': { last: [230.1, null], min: [229.9, 229.9], max: [null, 231] } },
    });
  });

  it('keeps to twenty a second, oldest first, one in flight', async () => {
    const at = rig(many(100));
    at.open(0);
    at.sender.pump();
    await at.clock.advance(2000);
    expect(at.written.length).toBe(41);
    const gaps = at.written.slice(1).map(({ atMs }, index) => atMs - at.written[index]!.atMs);
    expect(gaps.every((ms) => ms >= 50)).toBe(true);
    expect(at.acknowledged).toEqual(many(41).map(({ number }) => number));
    await at.clock.advance(10_000);
    expect(at.acknowledged).toHaveLength(100);
    at.sender.closed('no');
    expect(at.clock.pending()).toBe(0);
  });

  it('waits for the answer before the next', async () => {
    const at = rig(many(3));
    at.open();
    at.sender.pump();
    await at.clock.advance(5000);
    expect(at.written).toHaveLength(1);
    at.written[0]!.answer(0);
    await at.clock.advance(5000);
    expect(at.written).toHaveLength(2);
  });

  it('gives way: nothing goes while others have something to send or wait for many answers', async () => {
    const waiting: Outgoing[] = Array.from({ length: 30 }, (_, at) => ({
      topic: 'event',
      payload: `{"id":"e${at}"}`,
      retain: false,
      settled() {},
    }));
    const events: Lane = { polite: false, next: () => waiting.shift(), lost() {} };
    const at = rig(many(5), [events]);
    at.open();
    at.sender.pump();
    await at.clock.advance(5000);
    expect(at.ids()).toEqual(Array.from({ length: 30 }, (_, each) => `e${each}`));
    for (const { answer } of at.written.slice(0, 10)) answer(0);
    expect(at.ids().at(-1)).toBe('aaaaaaaa-1');
  });

  it('begins again at what was not acknowledged when the connection breaks', async () => {
    const at = rig(many(5));
    at.open();
    at.sender.pump();
    at.written[0]!.answer(0);
    await at.clock.advance(50);
    expect(at.ids()).toEqual(['aaaaaaaa-1', 'aaaaaaaa-2']);
    at.sender.closed('no');
    at.open();
    await at.clock.advance(50);
    at.lane.grown();
    at.sender.pump();
    expect(at.ids()).toEqual(['aaaaaaaa-1', 'aaaaaaaa-2', 'aaaaaaaa-2']);
  });

  it('passes over what is refused for good, and counts it', async () => {
    const at = rig(many(3));
    at.open();
    at.sender.pump();
    at.written[0]!.answer(packetTooLarge);
    await at.clock.advance(50);
    at.written[1]!.answer(0);
    expect([at.refused, at.acknowledged]).toEqual([[1], [2]]);
  });

  it('tries again later, and ever later, what is not taken now or not allowed', async () => {
    const at = rig(many(3));
    at.open(0x87);
    at.sender.pump();
    await at.clock.advance(100_000);
    expect(at.written.map(({ atMs }) => atMs)).toEqual([0, 5000, 15_000, 35_000, 75_000]);
    expect(new Set(at.ids())).toEqual(new Set(['aaaaaaaa-1']));
    expect([at.refused, at.acknowledged]).toEqual([[], []]);
  });

  it('pauses where the broker hangs up at the sight of it: alarms need the line', async () => {
    const at = rig(many(3));
    for (let time = 0; time < 3; time += 1) {
      at.open();
      at.lane.grown();
      at.sender.pump();
      await at.clock.advance(1000);
      at.sender.closed('surely');
    }
    expect(at.written).toHaveLength(3);
    at.open(0);
    at.lane.grown();
    at.sender.pump();
    await at.clock.advance(599_000);
    expect(at.written).toHaveLength(3);
    expect(at.said.at(-1)).toMatch(/hangs up whenever telemetry/);
    await at.clock.advance(2000);
    expect(at.acknowledged).toEqual([1, 2, 3]);
  });

  it('sends no more once the daemon stops', async () => {
    const at = rig(many(30));
    at.open(0);
    at.sender.pump();
    await at.clock.advance(100);
    const before = at.written.length;
    at.lane.close();
    await at.clock.advance(1000);
    expect(at.written).toHaveLength(before);
    at.sender.closed('no');
    expect(at.clock.pending()).toBe(0);
  });
});

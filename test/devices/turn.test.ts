// The time limit of a request where the process itself was held up: what came meanwhile is looked at before the device
// is called silent.

import { expect, test } from 'vitest';
import { Turn } from '../../src/devices/turn.ts';
import type { Clock } from '../../src/lib/clock.ts';

/** A clock whose timers ring only when they are told to, however late. */
function lateClock() {
  let nowMs = 0;
  let waiting: { readonly dueMs: number; readonly run: () => void }[] = [];
  const clock: Clock = {
    steadyMs: () => nowMs,
    wallMs: () => nowMs,
    synced: () => true,
    after(ms, run) {
      const timer = { dueMs: nowMs + ms, run };
      waiting.push(timer);
      return {
        cancel() {
          waiting = waiting.filter((each) => each !== timer);
        },
      };
    },
  };
  return {
    clock,
    ring(atMs: number) {
      nowMs = atMs;
      const due = waiting.filter(({ dueMs }) => dueMs <= nowMs);
      waiting = waiting.filter(({ dueMs }) => dueMs > nowMs);
      for (const { run } of due) run();
    },
  };
}

test('a request that is out of time on time is given up at once', () => {
  const { clock, ring } = lateClock();
  const turn = new Turn(clock, () => {});
  const signal = turn.begin(0, 300);
  ring(301);
  expect(signal.aborted).toBe(true);
  expect(turn.finish(301)).toBe(true);
});

test('where the process was held up, an answer that lies unread still counts', () => {
  const { clock, ring } = lateClock();
  const turn = new Turn(clock, () => {});
  const signal = turn.begin(0, 300);
  ring(4000);
  expect(signal.aborted).toBe(false);
  expect(turn.finish(4001)).toBe(false);
  ring(9000);
  expect(signal.aborted).toBe(false);
});

test('where there is none, it is given up a moment later, also when that moment is long', () => {
  const { clock, ring } = lateClock();
  const turn = new Turn(clock, () => {});
  const signal = turn.begin(0, 300);
  ring(4000);
  ring(6000);
  expect(signal.aborted).toBe(true);
  expect(turn.finish(6000)).toBe(true);
});

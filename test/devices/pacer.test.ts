// The pacer's waits: never early, seldom late, cancelled for good, many lines at once, and still there without
// its thread.

import { afterEach, expect, test } from 'vitest';
import { createPacer, type Pacer } from '../../src/devices/pacer.ts';
import { systemClock } from '../../src/lib/clock.ts';

const clock = systemClock();
let pacer: Pacer | undefined;
afterEach(() => pacer?.stop());

function wait(line: ReturnType<Pacer['line']>, ms: number): Promise<number> {
  const beganMs = performance.now();
  return new Promise((resolve) => {
    line.pace(ms, () => resolve(performance.now() - beganMs - ms));
  });
}

test('never early, and late by less than a timer', async () => {
  pacer = createPacer(clock);
  const line = pacer.line();
  const late: number[] = [];
  await wait(line, 30); // the thread starts
  for (let count = 0; count < 60; count += 1) late.push(await wait(line, 1.75 + (count % 4)));
  late.sort((a, b) => a - b);
  expect(late[0]).toBeGreaterThan(-0.005);
  expect(late[30]).toBeLessThan(1);
});

test('many lines wait at once, each for its own time; more than there is room for as well', async () => {
  pacer = createPacer(clock);
  const each = pacer;
  const lines = Array.from({ length: 70 }, () => each.line());
  const late = await Promise.all(lines.map((line, at) => wait(line, 5 + (at % 7) * 3)));
  expect(Math.min(...late)).toBeGreaterThan(-1.1); // those beyond the room have a timer of whole milliseconds
  expect(Math.min(...late.slice(0, 64))).toBeGreaterThan(-0.005);
});

test('a wait that was given up does not come, and the next one is not hurried by it', async () => {
  pacer = createPacer(clock);
  const line = pacer.line();
  let came = 0;
  for (let count = 0; count < 40; count += 1) {
    const given = line.pace(count % 5, () => {
      came += 1;
    });
    if (count % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    const before = came;
    given.cancel();
    expect(await wait(line, 4)).toBeGreaterThan(-0.005);
    expect(came).toBe(before);
  }
});

test('without the thread the clock ends every wait', async () => {
  pacer = createPacer(clock);
  const line = pacer.line();
  pacer.stop();
  expect(await wait(line, 5)).toBeLessThan(200);
  line.release();
});

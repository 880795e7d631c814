// Telemetry on the virtual clock and a real file: what is gathered, when it is laid down, what clocks and restarts do to
// it, and what a reader gets.

import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { telemetryFile } from '../../src/telemetry/open.ts';
import { dayMs, type House, house, minuteMs, plenty } from './house.ts';

let home: House | undefined;
afterEach(() => {
  home?.leave();
  home = undefined;
});
const start = (...given: Parameters<typeof house>): House => {
  home = house(...given);
  return home;
};

describe('gathering', () => {
  it('makes one sample a minute: last, least, largest, changes; the value is carried over', async () => {
    const at = start(['meter.u', 'meter.i']);
    await at.clock.advance(10_000);
    at.set('meter.u', 230);
    at.set('meter.u', 226.5);
    at.set('meter.u', 231);
    await at.clock.advance(minuteMs);
    at.set('meter.u', null, 'bad');
    await at.clock.advance(minuteMs);
    at.set('meter.u', 229);
    await at.clock.advance(8 * minuteMs);
    const [block] = at.blocks();
    expect(block?.points).toEqual(['meter.u', 'meter.i']);
    expect(block?.samples[0]?.slice(0, 4)).toEqual([
      { last: 231, min: 226.5, max: 231, count: 3, quality: 'good' },
      { last: null, min: 231, max: 231, count: 1, quality: 'bad' },
      { last: 229, min: 229, max: 229, count: 1, quality: 'good' },
      { last: 229, min: 229, max: 229, count: 0, quality: 'good' },
    ]);
    expect(block?.samples[1]).toEqual(
      new Array(10).fill({ last: null, min: null, max: null, count: 0, quality: 'stale' }),
    );
  });

  it('lays down a block of ten minutes, for at most twenty-five points each, and opens no file before', async () => {
    const at = start(Array.from({ length: 60 }, (_, index) => `d.p${index}`));
    await at.clock.advance(10 * minuteMs - 1);
    expect(existsSync(telemetryFile(at.folder))).toBe(false);
    await at.clock.advance(1);
    expect(
      at.blocks().map(({ points, samples }) => [points.length, samples.length, samples[0]?.length]),
    ).toEqual([
      [25, 25, 10],
      [25, 25, 10],
      [10, 10, 10],
    ]);
  });

  it('packs the blocks of many points one by one, and lays them down together, also when it is stopped meanwhile', async () => {
    const points = Array.from({ length: 400 }, (_, index) => `d.p${index}`);
    const at = start(points);
    for (const point of points) at.set(point, 1);
    await at.clock.advance(10 * minuteMs);
    expect(at.blocks()).toEqual([]);
    await at.clock.advance(minuteMs);
    await vi.waitFor(() => expect(at.blocks()).toHaveLength(16));
    await at.clock.advance(9 * minuteMs);
    at.telemetry.stop();
    expect(at.blocks()).toHaveLength(32);
    // nothing is laid down twice by what was still under way
    await at.clock.advance(minuteMs);
    expect(at.blocks().map(({ number }) => number)).toEqual(
      Array.from({ length: 32 }, (_, index) => index + 1),
    );
  });

  it('a clean stop lays down the whole minutes; the one under way is given up', async () => {
    const at = start(['m.v']);
    at.set('m.v', 1);
    await at.clock.advance(3.5 * minuteMs);
    at.restart();
    expect(at.blocks().map(({ samples }) => samples[0]?.length)).toEqual([3]);
  });

  it('nobody looked for a while: the next block begins after the hole, with nothing made up', async () => {
    const at = start(['m.v']);
    at.set('m.v', 1);
    await at.clock.advance(2 * minuteMs);
    at.baseMs += 30 * minuteMs; // the process was stopped, its timers with it
    await at.clock.advance(10 * minuteMs);
    at.telemetry.stop();
    expect(at.blocks().map(({ fromMs, samples }) => [fromMs / minuteMs, samples[0]?.length])).toEqual([
      [0, 3],
      [33, 9],
    ]);
  });

  it('goes on with other points after a reload, and with those that stay as they are', async () => {
    const at = start(['a.v', 'b.v']);
    at.set('a.v', 1);
    at.set('b.v', 2);
    await at.clock.advance(2.5 * minuteMs);
    at.points = ['b.v', 'c.v'];
    at.telemetry.use(plenty);
    at.set('c.v', 3);
    await at.clock.advance(10 * minuteMs);
    const [before, after] = at.blocks();
    expect([before?.points, before?.samples.map((each) => each.map(({ last }) => last))]).toEqual([
      ['a.v', 'b.v'],
      [
        [1, 1],
        [2, 2],
      ],
    ]);
    expect(after?.points).toEqual(['b.v', 'c.v']);
    expect(after?.fromMs).toBe(2 * minuteMs);
    expect(after?.samples.map((each) => each[0])).toEqual([
      { last: 2, min: 2, max: 2, count: 0, quality: 'good' },
      { last: 3, min: 3, max: 3, count: 1, quality: 'good' },
    ]);
  });

  it('a reload that changes neither points nor the time of a sample cuts no block short', async () => {
    const at = start(['a.v']);
    await at.clock.advance(2.5 * minuteMs);
    at.telemetry.use({ ...plenty, keepMs: dayMs });
    await at.clock.advance(7.5 * minuteMs);
    expect(at.blocks().map(({ samples }) => samples[0]?.length)).toEqual([10]);
  });
});

describe('clocks', () => {
  const order = (at: House): number[][] =>
    at.blocks().map(({ number, fromMs, samples }) => [number, fromMs / minuteMs, samples[0]!.length]);

  it.each([
    ['an hour back', -3_600_000],
    ['a year ahead', 365 * dayMs],
    ['to 1970', -Date.UTC(2026, 10, 22)],
  ])('the wall clock steps %s: blocks neither overlap nor vanish, in engine time', async (_, stepMs) => {
    const at = start(['m.v']);
    at.set('m.v', 1);
    await at.clock.advance(25 * minuteMs);
    at.clock.stepWall(stepMs);
    await at.clock.advance(15 * minuteMs);
    expect(order(at)).toEqual([
      [1, 0, 10],
      [2, 10, 10],
      [3, 20, 10],
      [4, 30, 10],
    ]);
  });

  it('both are seen in a trend when the same wall time comes twice', async () => {
    const at = start(['m.v']);
    at.set('m.v', 10);
    await at.clock.advance(30 * minuteMs);
    at.clock.stepWall(-30 * minuteMs);
    at.set('m.v', 20);
    await at.clock.advance(30 * minuteMs);
    const { min, max, last } = await at.trend('m.v', 1);
    expect([min.at(-10), max.at(-10), last.at(-10)]).toEqual([10, 20, 20]);
  });

  it('what was taken under a wrong clock gets its true time once the clock is synchronised', async () => {
    const at = start(['m.v']);
    at.clock.setSynced(false);
    at.clock.stepWall(-Date.UTC(2026, 10, 22));
    at.set('m.v', 7);
    await at.clock.advance(20 * minuteMs);
    expect(at.blocks().map(({ clock, wallMs }) => [clock, new Date(wallMs).getUTCFullYear()])).toEqual([
      ['unsynced', 1970],
      ['unsynced', 1970],
    ]);
    at.clock.stepWall(Date.UTC(2026, 10, 22));
    at.clock.setSynced(true);
    await at.clock.advance(10 * minuteMs);
    const beganMs = Date.UTC(2026, 10, 22);
    expect(at.blocks().map(({ clock, wallMs }) => [clock, wallMs - beganMs])).toEqual([
      ['synced', 0],
      ['synced', 10 * minuteMs],
      ['synced', 20 * minuteMs],
    ]);
    const { last, unsynced } = await at.trend('m.v', 1);
    expect(last.filter((value) => value === 7)).toHaveLength(30);
    expect(unsynced).toEqual([]);
  });

  it('says so where nobody vouches for the time', async () => {
    const at = start(['m.v']);
    at.clock.setSynced(false);
    at.set('m.v', 7);
    await at.clock.advance(12 * minuteMs);
    expect((await at.trend('m.v', 1)).unsynced).toHaveLength(12);
  });

  it('engine time that begins anew (a lost state) changes nothing in the order of blocks', async () => {
    const at = start(['m.v']);
    at.baseMs = 50 * dayMs;
    at.restart();
    at.set('m.v', 1);
    await at.clock.advance(10 * minuteMs);
    at.baseMs = -at.clock.steadyMs();
    at.restart();
    at.set('m.v', 2);
    await at.clock.advance(10 * minuteMs);
    expect(at.blocks().map(({ number, samples }) => [number, samples[0]![5]!.last])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect((await at.trend('m.v', 1)).last.slice(-20)).toEqual([
      ...new Array(10).fill(1),
      ...new Array(10).fill(2),
    ]);
  });
});

describe('trends', () => {
  it('keep the extremes of each step, stored, held in memory and just gathered alike', async () => {
    const at = start(['m.v']);
    for (let minute = 0; minute < 125; minute += 1) {
      at.set('m.v', minute === 7 ? 999 : 20);
      at.set('m.v', minute === 121 ? -5 : 20);
      await at.clock.advance(minuteMs);
    }
    const toMs = at.clock.wallMs();
    const trend = await at.telemetry.trend('m.v', { fromMs: toMs - 125 * minuteMs, toMs, most: 5 });
    expect(trend).toMatchObject({ point: 'm.v', unit: 'V', stepMs: 25 * minuteMs });
    expect(trend?.max).toEqual([999, 20, 20, 20, 20]);
    expect(trend?.min.at(-1)).toBe(-5);
    expect(trend?.last).toEqual([20, 20, 20, 20, 20]);
  });

  it('have no holes where samples and steps are not in time with each other, and holes where there are some', async () => {
    const at = start(['m.v']);
    await at.clock.advance(17_345);
    at.set('m.v', 1);
    await at.clock.advance(30 * minuteMs);
    at.set('m.v', null);
    await at.clock.advance(10 * minuteMs);
    at.set('m.v', 3);
    await at.clock.advance(21 * minuteMs);
    const { last } = await at.trend('m.v', 1);
    const shape = last.map((value) => value ?? '-').join('');
    expect(shape).toMatch(/^1{29,31}-{8,10}3{20,22}$/);
  });

  it('know nothing of points that were never recorded, and still what is no longer on site', async () => {
    const at = start(['m.v']);
    at.set('m.v', 1);
    await at.clock.advance(10 * minuteMs);
    at.points = ['n.v'];
    at.telemetry.use(plenty);
    const toMs = at.clock.wallMs();
    const range = { fromMs: toMs - 3_600_000, toMs, most: 60 };
    expect(await at.telemetry.trend('x.v', range)).toBeUndefined();
    expect((await at.telemetry.trend('n.v', range))?.last.every((value) => value === null)).toBe(true);
    expect((await at.telemetry.trend('m.v', range))?.last.filter((value) => value === 1)).toHaveLength(10);
  });
});

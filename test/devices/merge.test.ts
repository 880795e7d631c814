// The reading plan: every point once, limits held, and no more requests than a plain search needs.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasGaps, mergeReads } from '../../src/devices/merge.ts';
import { advance, deviceState, poll } from '../../src/devices/polls.ts';
import type { PointAddress, RequestLimits } from '../../src/driver.ts';
import { backoffMs } from '../../src/lib/backoff.ts';

const at = (id: string, start: number, length = 1, space = 's', device = 'd'): PointAddress => ({
  id,
  device,
  type: 'number',
  space,
  start,
  length,
  detail: undefined,
});
const plan = (points: readonly PointAddress[], limits: Partial<RequestLimits> = {}) =>
  mergeReads(points, { most: 125, gap: 0, even: false, ...limits }).map(
    (request) => `${request.start}+${request.length} ${request.points.map((point) => point.id).join('')}`,
  );

test('adjacent, overlapping, apart, even', () => {
  expect(plan([at('b', 2, 2), at('a', 0, 2)])).toEqual(['0+4 ab']);
  expect(plan([at('a', 5), at('b', 5), at('c', 5, 2)])).toEqual(['5+2 abc']);
  expect(plan([at('a', 0), at('b', 3)])).toEqual(['0+1 a', '3+1 b']);
  expect(plan([at('a', 0), at('b', 3)], { gap: 2 })).toEqual(['0+4 ab']);
  expect(plan([at('a', 0, 2), at('b', 2, 2)], { most: 3 })).toEqual(['0+2 a', '2+2 b']);
  expect(plan([at('a', 1), at('b', 4)], { even: true })).toEqual(['0+2 a', '4+2 b']);
  expect(plan([at('a', 0), at('b', 0, 1, 't'), at('c', 0, 1, 's', 'e')])).toEqual([
    '0+1 a',
    '0+1 b',
    '0+1 c',
  ]);
});

test('every point in one request, limits held, no fewer requests possible', () => {
  const points = fc
    .array(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 4 }), fc.constantFrom('s', 't')), {
      maxLength: 40,
    })
    .map((list) => list.map(([start, length, space], index) => at(`p${index}`, start, length, space)));
  const limits = fc.record({
    most: fc.integer({ min: 3, max: 60 }).map((half) => half * 2),
    gap: fc.nat(12),
    even: fc.boolean(),
  });
  fc.assert(
    fc.property(points, limits, (list, limit) => {
      const requests = mergeReads(list, limit);
      expect(requests.flatMap((request) => request.points.map((point) => point.id)).sort()).toEqual(
        list.map((point) => point.id).sort(),
      );
      for (const request of requests) {
        expect(request.length).toBeLessThanOrEqual(limit.most);
        if (limit.even) expect([request.start % 2, request.length % 2]).toEqual([0, 0]);
        let end = request.start;
        for (const point of request.points.toSorted((a, b) => a.start - b.start)) {
          expect(point.space).toBe(request.space);
          expect(point.start).toBeGreaterThanOrEqual(request.start);
          expect(point.start + point.length).toBeLessThanOrEqual(request.start + request.length);
          expect(point.start - end).toBeLessThanOrEqual(limit.gap + (limit.even ? 2 : 0));
          end = Math.max(end, point.start + point.length);
        }
        if (!limit.even && limit.gap === 0) expect(hasGaps(request)).toBe(false);
      }
      // two neighbours that fit together would have been one
      const inOrder = requests.toSorted((a, b) => a.space.localeCompare(b.space) || a.start - b.start);
      for (const [index, next] of inOrder.entries()) {
        const before = inOrder[index - 1];
        if (!before || before.space !== next.space) continue;
        const first = next.points.toSorted((a, b) => a.start - b.start)[0]!;
        const from = limit.even ? first.start - (first.start % 2) : first.start;
        const last = first.start + first.length;
        const to = limit.even ? last + (last % 2) : last;
        const fits =
          from - (before.start + before.length) <= limit.gap &&
          Math.max(to, before.start + before.length) - before.start <= limit.most;
        expect(fits).toBe(false);
      }
    }),
    { numRuns: 300 },
  );
});

test('the schedule has no drift and no bursts', () => {
  const device = deviceState({ id: 'd', timeoutMs: 1000, limits: { most: 1, gap: 0, even: false } } as never);
  const each = poll(device, mergeReads([at('a', 0)], device.limits)[0]!, 1000, 'meter', 0);
  advance(each, 3);
  expect(each.nominalMs).toBe(1000);
  advance(each, 1000);
  expect(each.nominalMs).toBe(2000);
  advance(each, 7500);
  expect(each.nominalMs).toBe(8000);
});

test('back-off doubles, holds its promise and spreads', () => {
  const limits = { firstMs: 200, mostMs: 5000 };
  expect([1, 2, 3, 4, 5, 6, 7, 99].map((attempt) => backoffMs(attempt, limits, () => 0))).toEqual([
    200, 400, 800, 1600, 3200, 5000, 5000, 5000,
  ]);
  expect(backoffMs(1, limits, () => 0.999)).toBeGreaterThan(149);
});

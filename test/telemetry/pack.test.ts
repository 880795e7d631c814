// Packing by its laws: whatever samples are made of, they come back as they were; bytes that are none of ours are
// refused; and what a sensor says takes few bytes.

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { gatherMinutes } from '../../src/telemetry/minutes.ts';
import { pack, rounded, unpack } from '../../src/telemetry/pack.ts';
import type { Sample } from '../../src/telemetry/types.ts';

/** decimals as sensors give them, whole counters, and whatever else a double can be */
const measured = fc.oneof(
  fc
    .tuple(fc.integer({ min: -99_999_999, max: 99_999_999 }), fc.integer({ min: 0, max: 6 }))
    .map(([whole, digits]) => Number(`${whole}e-${digits}`)),
  fc.integer({ min: 0, max: 2 ** 32 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53, 1e-12),
);

const note = fc.oneof(
  { weight: 5, arbitrary: measured.map((value) => ({ value, quality: 'good' as const })) },
  fc.constantFrom('stale' as const, 'bad' as const).map((quality) => ({ value: null, quality })),
  fc.constant(undefined),
);

/** Minutes as they come about: notes, then the end of the minute. */
const gathered = fc
  .array(fc.array(fc.array(note, { maxLength: 4 }), { minLength: 1, maxLength: 20 }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((points) => {
    const minutes = Math.min(...points.map((each) => each.length));
    const gathering = gatherMinutes(points.map((_, at) => `p${at}.v`));
    for (let minute = 0; minute < minutes; minute += 1) {
      points.forEach((each, at) => {
        for (const one of each[minute]!) if (one) gathering.note(`p${at}.v`, one);
      });
      gathering.end();
    }
    return { samples: gathering.take(), minutes };
  });

describe('packing', () => {
  it('gives back every sample as it was', () => {
    fc.assert(
      fc.property(gathered, ({ samples, minutes }) => {
        expect(unpack(pack(samples), samples.length, minutes)).toEqual(samples);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps what a sample promises: least ≤ last ≤ largest, and a value only where it is good', () => {
    fc.assert(
      fc.property(gathered, ({ samples }) => {
        for (const { last, min, max, quality } of samples.flat()) {
          expect(last !== null).toBe(quality === 'good');
          expect(min === null).toBe(max === null);
          if (last !== null) expect(min! <= last && last <= max!).toBe(true);
          if (min !== null) expect(min <= max!).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuses bytes that were changed, cut or meant for another number of samples', () => {
    const samples = [minute(230.1, 229.8, 230.4), minute(231.1, 230.8, 231.4)];
    const good = pack([samples]);
    expect(unpack(good, 1, 2)).toEqual([samples]);
    expect(() => unpack(good, 1, 1)).toThrow();
    expect(() => unpack(good, 2, 2)).toThrow();
    for (let at = 0; at < good.length; at += 1) {
      expect(() => unpack(good.subarray(0, at), 1, 2), `cut at ${at}`).toThrow();
    }
    // the sum at the end tells a flipped bit of what was packed
    const flipped = Buffer.from(good);
    flipped[good.length - 1]! ^= 1;
    expect(() => unpack(flipped, 1, 2)).toThrow();
  });
});

test('whole numbers are kept, nine digits are kept where they are exact, seven where a float was read', () => {
  expect(rounded(123_456.789)).toBe(123_456.789);
  expect(rounded(4_294_967_295)).toBe(4_294_967_295);
  expect(rounded(429_496_729.55)).toBe(429_496_700);
  expect(rounded(Math.fround(230.1236))).toBe(230.1236);
  expect(Object.is(rounded(-0), 0)).toBe(true);
});

test('a point that stands still costs less than a quarter of a byte a minute, a noisy one less than four', () => {
  const still = Array.from({ length: 50 }, () =>
    Array.from({ length: 10 }, () => minute(21.5, 21.5, 21.5, 0)),
  );
  expect(pack(still).length).toBeLessThan(0.25 * 500);
  let seed = 1;
  const noise = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return (seed % 9) / 10;
  };
  const noisy = Array.from({ length: 50 }, () =>
    Array.from({ length: 10 }, () => {
      const low = 229 + noise();
      return minute(
        rounded(low + 0.3),
        rounded(low),
        rounded(low + 1 + noise()),
        50 + Math.round(noise() * 10),
      );
    }),
  );
  expect(pack(noisy).length).toBeLessThan(4 * 500);
});

function minute(last: number, min: number, max: number, count = 3): Sample {
  return { last, min, max, count, quality: 'good' };
}

// Samples ↔ bytes. Numbers are kept as whole multiples of a power of ten and as differences, which a general
// compressor then makes small: a point that stands still costs almost nothing. Knows no files and no time.

import { deflateSync, inflateSync } from 'node:zlib';
import type { Quality } from '../core/types.ts';
import { ByteReader, ByteWriter, folded, unfolded } from './bytes.ts';
import type { Sample } from './types.ts';

/** Blocks that unpack to more than this are none of ours. */
const largestBytes = 16 * 1024 * 1024;
/** Numbers of one block as integers stay below this, so that their differences are exact. */
const largestScaled = 2 ** 50;
const powers = [1, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];
/** in place of an exponent: numbers as doubles, because no power of ten makes them whole */
const doubles = 255;

const qualities: readonly Quality[] = ['good', 'stale', 'bad'];
const rangeFlag = 4;

/**
 * A measured number with the digits that a sensor can have: whole ones (counters) as they are, others with nine digits
 * where those say it exactly, else with the seven of a single-precision register. What is rounded off would
 * otherwise be most of the bytes.
 */
export function rounded(value: number): number {
  if (Number.isInteger(value) && Math.abs(value) < largestScaled) return value + 0;
  const nine = Number(value.toPrecision(9));
  return (nine === value ? value : Number(value.toPrecision(7))) + 0; // no minus zero
}

/** All samples of a block, point after point; each point has the same number of them. */
export function pack(samples: readonly (readonly Sample[])[]): Buffer {
  const writer = new ByteWriter();
  for (const each of samples) writePoint(writer, each);
  return deflateSync(writer.bytes(), { level: 6 });
}

/** The samples of `points` points with `minutes` each. Throws where the bytes are not what `pack` made of that many. */
export function unpack(bytes: Buffer, points: number, minutes: number): Sample[][] {
  const reader = new ByteReader(inflateSync(bytes, { maxOutputLength: largestBytes }));
  const samples = Array.from({ length: points }, () => readPoint(reader, minutes));
  if (!reader.done()) throw new RangeError('more bytes than samples');
  return samples;
}

function writePoint(writer: ByteWriter, samples: readonly Sample[]): void {
  const exponent = exponentOf(samples);
  writer.byte(exponent);
  for (const { quality, min } of samples)
    writer.byte(qualities.indexOf(quality) | (min === null ? 0 : rangeFlag));
  for (const { count } of samples) writer.whole(count);
  if (exponent === doubles) {
    for (const { last, min, max } of samples)
      for (const value of [min, max, last]) if (value !== null) writer.double(value);
    return;
  }
  const power = powers[exponent]!;
  let before = 0;
  for (const { last, min, max } of samples) {
    if (min === null || max === null) continue;
    const low = Math.round(min * power);
    writer.whole(folded(low - before));
    writer.whole(Math.round(max * power) - low);
    if (last !== null) writer.whole(Math.round(last * power) - low);
    before = low;
  }
}

function readPoint(reader: ByteReader, minutes: number): Sample[] {
  const exponent = reader.byte();
  const power = powers[exponent];
  if (power === undefined && exponent !== doubles) throw new RangeError('an exponent is none');
  const flags = Array.from({ length: minutes }, () => reader.byte());
  const counts = Array.from({ length: minutes }, () => reader.whole());
  let before = 0;
  return flags.map((flag, at): Sample => {
    const quality = qualities[flag & ~rangeFlag];
    if (quality === undefined) throw new RangeError('a quality is none');
    const count = counts[at]!;
    if ((flag & rangeFlag) === 0) return { last: null, min: null, max: null, count, quality };
    if (power === undefined) {
      const [min, max] = [reader.double(), reader.double()];
      return { last: quality === 'good' ? reader.double() : null, min, max, count, quality };
    }
    const low = before + unfolded(reader.whole());
    const high = low + reader.whole();
    const last = quality === 'good' ? (low + reader.whole()) / power : null;
    before = low;
    return { last, min: low / power, max: high / power, count, quality };
  });
}

/** The least power of ten that makes all these numbers whole. */
function exponentOf(samples: readonly Sample[]): number {
  let exponent = 0;
  for (const { last, min, max } of samples) {
    for (const value of [last, min, max]) {
      if (value === null) continue;
      while (exponent < powers.length && !isWhole(value, powers[exponent]!)) exponent += 1;
      if (exponent === powers.length) return doubles;
    }
  }
  // a later number may have asked for a power that is too much for an earlier, larger one
  for (const { min, max } of samples)
    for (const value of [min, max]) if (value !== null && !isWhole(value, powers[exponent]!)) return doubles;
  return exponent;
}

function isWhole(value: number, power: number): boolean {
  const scaled = Math.round(value * power);
  return Math.abs(scaled) < largestScaled && scaled / power === value && !Object.is(value, -0);
}

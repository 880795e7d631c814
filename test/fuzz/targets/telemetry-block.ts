// Packed samples of telemetry: what was packed comes back as it was, and bytes that are damaged behind the sum of the
// compressor are an Error or samples of the declared shape, never a hang or a heap of memory.

import { deflateSync } from 'node:zlib';
import { pack, rounded, unpack } from '../../../src/telemetry/pack.ts';
import type { Sample } from '../../../src/telemetry/types.ts';
import { must, mustEqual, outcome, outline, type Target } from '../target.ts';

const qualities = ['good', 'stale', 'bad'] as const;
const mayThrow = (error: unknown): boolean =>
  error instanceof RangeError || String((error as NodeJS.ErrnoException).code).startsWith('Z_');

function numberAt(view: DataView, at: number, kind: number): number {
  const whole = view.getInt16(at % (view.byteLength - 1));
  const double = view.getFloat64(at % (view.byteLength - 7));
  const value = [whole, whole / 10, whole / 1000, whole * 2 ** 40, double][kind % 5]!;
  return rounded(Number.isFinite(value) ? value : 0);
}

/** Samples that the bytes describe: of two points, as many for each. */
function samplesOf(bytes: Uint8Array): Sample[][] {
  const padded = new Uint8Array(Math.max(16, bytes.length));
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  const minutes = 1 + (padded[0]! % 40);
  return [0, 1].map((point) =>
    Array.from({ length: minutes }, (_, minute): Sample => {
      const at = 1 + point * 7 + minute * 5;
      const kind = padded[at % padded.length]!;
      const quality = qualities[kind % 3]!;
      const count = view.getUint16((at + 1) % (padded.length - 1));
      if (kind % 7 === 0) return { last: null, min: null, max: null, count, quality };
      const values = [0, 3, 6].map((more) => numberAt(view, at + more, kind >> 3)).sort((a, b) => a - b);
      return {
        last: quality === 'good' ? values[1]! : null,
        min: values[0]!,
        max: values[2]!,
        count,
        quality,
      };
    }),
  );
}

export const telemetryBlock: Target = {
  name: 'telemetry-block',
  what: 'blocks of telemetry: packed and unpacked they are the same; damaged ones are an error or samples of their shape',
  seeds: [
    Uint8Array.from({ length: 60 }, (_, at) => at * 7),
    Uint8Array.from({ length: 40 }, (_, at) => 255 - at),
    Uint8Array.of(0, 0, 4, 4, 4, 1, 1, 2, 2, 3, 3, 0x80, 1),
    Uint8Array.of(255, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f, 0, 0),
    new Uint8Array(64),
  ],
  largestBytes: 400,
  executions: 100_000,
  run(bytes) {
    const samples = samplesOf(bytes);
    const packed = pack(samples);
    mustEqual(unpack(packed, samples.length, samples[0]!.length), samples, 'packed and unpacked');
    const damaged = outcome(() => {
      const read = unpack(deflateSync(bytes, { level: 1 }), 1 + (bytes.length % 3), 1 + (bytes.length % 5));
      for (const { last, min, max, count, quality } of read.flat()) {
        must(qualities.includes(quality) && Number.isSafeInteger(count) && count >= 0, 'a quality, a count');
        for (const value of [last, min, max])
          must(value === null || Number.isFinite(value), () => `${value}`);
        must((min === null) === (max === null), 'half a range');
      }
      return read;
    }, mayThrow);
    return `${outline(samples, 2)} ${damaged} ${outcome(() => unpack(Buffer.from(bytes), 1, 1), mayThrow)}`;
  },
};

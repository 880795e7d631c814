// A process that lays down blocks as fast as it can, to be killed (`endless`) or run on a disk without room (`full`).
// Says on standard output what it has done.

import { openTelemetryFile } from '../../src/telemetry/open.ts';
import type { Block } from '../../src/telemetry/types.ts';

const [, , mode, folder] = process.argv;
const points = Array.from({ length: 50 }, (_, index) => `d.p${index}`);
const bounds = { keepMs: 1e12, mostBytes: 64e6, publish: true };
const file = openTelemetryFile(folder!, () => 'writer00');

function blockOf(number: number): Block {
  const samples = points.map((_, point) =>
    Array.from({ length: 10 }, (_, minute) => {
      const value = ((number * 7919 + point * 104_729 + minute * 15_485_863) % 997) / 10;
      return { last: value, min: value - 0.5, max: value + 0.5, count: 3, quality: 'good' as const };
    }),
  );
  return {
    fromMs: number * 600_000,
    wallMs: number * 600_000,
    clock: 'synced',
    everyMs: 60_000,
    points,
    samples,
  };
}

for (let number = 1; mode === 'endless' || number <= 2000; number += 1) {
  file.write([blockOf(number)], bounds, 0);
  if (mode === 'endless') process.stdout.write(`${number}\n`);
}
const { bytes, first, last, dropped } = file.figures();
process.stdout.write(`${JSON.stringify({ bytes, first, last, dropped })}\n`);
file.close();

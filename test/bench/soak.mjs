// An hour of a quiet site, twenty devices read once a second with meters that move: does memory stay where it was, and
// what does the processor do? Not among those that run by default: `npm run bench soak`, an hour, or as many minutes
// as SOAK_MINUTES says.

import path from 'node:path';
import { createInterface } from 'node:readline';
import {
  end,
  median,
  memoryOf,
  nowMs,
  processorMs,
  sleep,
  start,
  startBroker,
  startKeepwatch,
  writeSite,
} from './stage.mjs';
import { row } from './table.mjs';

export const what = 'memory and processor over an hour';
export const onDemand = true;

const devices = 20;
const sampleMs = 10_000;

export async function measure({ quick }) {
  const minutes = Number(process.env.SOAK_MINUTES ?? (quick ? 3 : 60));
  const settleMs = Math.min(600_000, (minutes * 60_000) / 6);
  const broker = await startBroker();
  const slaves = start(
    process.execPath,
    [path.join(import.meta.dirname, 'slave.mjs'), String(devices), 'moving'],
    { output: 'pipe' },
  );
  const said = createInterface({ input: slaves.stdout })[Symbol.asyncIterator]();
  const ports = JSON.parse((await said.next()).value);
  const child = startKeepwatch(writeSite({ broker: broker.port, ports, every: '1s' }));
  try {
    await sleep(settleMs);
    const [beganMs, usedMs] = [nowMs(), processorMs(child.pid)];
    const samples = [];
    while (nowMs() - beganMs < minutes * 60_000 - settleMs) {
      samples.push({ atMs: nowMs() - beganMs, mb: memoryOf(child.pid).rssMb });
      await sleep(sampleMs);
    }
    const share = (100 * (processorMs(child.pid) - usedMs)) / (nowMs() - beganMs);
    return [
      row({
        figure: `growth of RSS in an hour, from ${minutes} min`,
        unit: 'MB',
        keepwatch: slopeOf(samples) * 3_600_000,
        limit: 2,
      }),
      row({ figure: 'RSS at its end', unit: 'MB', keepwatch: samples.at(-1).mb }),
      row({ figure: `processor, ${devices} devices × 1 Hz`, unit: '%', keepwatch: share, limit: 2 }),
    ];
  } finally {
    await end(child);
    await end(slaves);
    await broker.end();
  }
}

/** Median of the slopes between samples half the time apart (Theil and Sen): a single collection moves it little. */
function slopeOf(samples) {
  const half = Math.floor(samples.length / 2);
  const slopes = samples
    .slice(0, samples.length - half)
    .map(({ atMs, mb }, at) => (samples[at + half].mb - mb) / (samples[at + half].atMs - atMs));
  return median(slopes);
}

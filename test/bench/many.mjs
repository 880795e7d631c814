// Two thousand devices on as many TCP connections, each read once a second, every value another one and each of
// them published: processor time and memory beside a bare script that does the same.

import path from 'node:path';
import { createInterface } from 'node:readline';
import {
  end,
  memoryOf,
  nowMs,
  processorMs,
  sleep,
  start,
  startBroker,
  startKeepwatch,
  startPeer,
  writeSite,
} from './stage.mjs';
import { row } from './table.mjs';

export const what = 'processor at 2,000 devices × 1 Hz, every change published';

const devices = 2000;

export async function measure({ quick }) {
  const settleMs = quick ? 10_000 : 20_000;
  const watchMs = quick ? 8000 : 20_000;
  const broker = await startBroker();
  const slaves = start(
    process.execPath,
    [path.join(import.meta.dirname, 'slave.mjs'), String(devices), 'moving'],
    {
      output: 'pipe',
    },
  );
  const said = createInterface({ input: slaves.stdout })[Symbol.asyncIterator]();
  const ports = JSON.parse((await said.next()).value);
  const questions = async () => {
    slaves.stdin.write('\n');
    return Number((await said.next()).value);
  };
  const points = ['      t: { read: "holding:0:u16" }'];
  const contenders = {
    keepwatch: () => startKeepwatch(writeSite({ broker: broker.port, ports, every: '1s', points })),
    bare: () =>
      startPeer('bare.cjs', {
        PORTS: ports.join(),
        BROKER: String(broker.port),
        POLL: '1000',
        PUBLISH: 'all',
      }),
  };
  const taken = {};
  for (const [name, begin] of Object.entries(contenders)) {
    const child = begin();
    await sleep(settleMs);
    const [beganMs, usedMs, asked] = [nowMs(), processorMs(child.pid), await questions()];
    await sleep(watchMs);
    const [tookMs, cpuMs] = [nowMs() - beganMs, processorMs(child.pid) - usedMs];
    const reads = (await questions()) - asked;
    const rate = reads / (tookMs / 1000);
    if (rate < 0.95 * devices) throw new Error(`${name} asked only ${rate.toFixed(0)} times a second`);
    taken[name] = { perRead: (1000 * cpuMs) / reads, rss: memoryOf(child.pid).rssMb };
    await end(child);
    await sleep(500);
  }
  await end(slaves);
  await broker.end();
  const { keepwatch, bare } = taken;
  return [
    row({
      figure: 'processor a read, 2,000 × 1 Hz, all published',
      unit: 'µs',
      keepwatch: keepwatch.perRead,
      peer: bare.perRead,
      peerName: 'bare',
      limit: 1.25 * bare.perRead,
      limitText: '1.25 ×',
    }),
    row({
      figure: 'RSS, 2,000 devices × 1 Hz',
      unit: 'MB',
      keepwatch: keepwatch.rss,
      peer: bare.rss,
      peerName: 'bare',
    }),
  ];
}

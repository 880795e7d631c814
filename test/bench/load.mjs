// A hundred devices on a hundred TCP connections, each read once a second: memory and processor time of the
// whole process once it has settled. The slaves are a process of their own.

import path from 'node:path';
import { createInterface } from 'node:readline';
import { nodeRed, nodeRedArguments } from './peers/nodered.mjs';
import {
  end,
  freePort,
  median,
  memoryOf,
  newFolder,
  nowMs,
  processorMs,
  sleep,
  start,
  startBroker,
  startKeepwatch,
  startPeer,
  writeSite,
} from './stage.mjs';
import { missing, row } from './table.mjs';

export const what = 'memory and processor at 100 devices × 1 Hz';

export async function measure({ quick }) {
  const rounds = quick ? 1 : 2;
  const settleMs = quick ? 6000 : 12_000;
  const watchMs = quick ? 5000 : 15_000;
  const devices = 100;
  const program = nodeRed();
  const broker = await startBroker();
  const slaves = start(process.execPath, [path.join(import.meta.dirname, 'slave.mjs'), String(devices)], {
    output: 'pipe',
  });
  const said = createInterface({ input: slaves.stdout })[Symbol.asyncIterator]();
  const ports = JSON.parse((await said.next()).value);
  const questions = async () => {
    slaves.stdin.write('\n');
    return Number((await said.next()).value);
  };

  const contenders = {
    keepwatch: () => startKeepwatch(writeSite({ broker: broker.port, ports, every: '1s' })),
    bare: () => startPeer('bare.cjs', { PORTS: ports.join(), BROKER: String(broker.port), POLL: '1000' }),
  };
  if (program) {
    const editor = await freePort();
    contenders.nodered = () =>
      start(
        process.execPath,
        nodeRedArguments({ program, folder: newFolder(), ports, broker: broker.port, editor, pollMs: 1000 }),
      );
  }
  const taken = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, begin] of Object.entries(contenders)) {
      if (name === 'nodered' && round > 0) continue;
      const child = begin();
      await sleep(name === 'nodered' ? 2 * settleMs : settleMs);
      const [beganMs, usedMs, asked] = [nowMs(), processorMs(child.pid), await questions()];
      await sleep(watchMs);
      const tookMs = nowMs() - beganMs;
      const rate = ((await questions()) - asked) / (tookMs / 1000);
      if (rate < 0.95 * devices) throw new Error(`${name} asked only ${rate.toFixed(1)} times a second`);
      taken[name].push({ ...memoryOf(child.pid), share: (100 * (processorMs(child.pid) - usedMs)) / tookMs });
      await end(child);
      await sleep(500);
    }
  }
  await end(slaves);
  await broker.end();

  const of = (name, key) => median((taken[name] ?? []).map((each) => each[key]));
  const memory = {
    figure: `RSS, ${devices} devices × 1 Hz`,
    unit: 'MB',
    keepwatch: of('keepwatch', 'rssMb'),
  };
  const processor = {
    figure: `processor, ${devices} devices × 1 Hz`,
    unit: '%',
    keepwatch: of('keepwatch', 'share'),
  };
  const bare = of('bare', 'rssMb');
  const rows = [
    row({ ...memory, peer: bare, peerName: 'bare', limit: 1.25 * bare, limitText: '1.25 ×' }),
    row({
      figure: 'PSS',
      unit: 'MB',
      keepwatch: of('keepwatch', 'pssMb'),
      peer: of('bare', 'pssMb'),
      peerName: 'bare',
    }),
    row({
      figure: 'highest RSS',
      unit: 'MB',
      keepwatch: of('keepwatch', 'peakMb'),
      peer: of('bare', 'peakMb'),
      peerName: 'bare',
    }),
    row({ ...processor, peer: of('bare', 'share'), peerName: 'bare' }),
  ];
  if (!program) return [...rows, missing(memory.figure, 'Node-RED')];
  const flows = of('nodered', 'rssMb');
  return [
    ...rows,
    row({ ...memory, peer: flows, peerName: 'Node-RED', limit: 0.6 * flows, limitText: '0.6 ×' }),
    row({ ...processor, peer: of('nodered', 'share'), peerName: 'Node-RED' }),
  ];
}

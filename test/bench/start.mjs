// Cold start: from the spawn of the process to the first Modbus question at the slave. Each start has its files
// in the page cache, as after a restart by a supervisor; with history the data folder is as a power cut left it.

import { cpSync } from 'node:fs';
import path from 'node:path';
import { writeHistory } from './history.mjs';
import { nodeRed, nodeRedArguments } from './peers/nodered.mjs';
import { startSlave } from './slave.mjs';
import {
  end,
  folder,
  freePort,
  median,
  newFolder,
  nowMs,
  sleep,
  start,
  startBroker,
  startKeepwatch,
  startPeer,
  until,
  writeSite,
} from './stage.mjs';
import { missing, row } from './table.mjs';

export const what = 'spawn to first question';

export async function measure({ quick }) {
  const rounds = quick ? 3 : 9;
  const program = nodeRed();
  const broker = await startBroker();
  let firstAtMs;
  const slave = await startSlave(() => {
    firstAtMs ??= nowMs();
  });
  const site = (data) => writeSite({ broker: broker.port, ports: [slave.port], every: '100ms', data });
  const past = path.join(folder, 'past');
  const rows = await writeHistory(site(past), { facts: 2000, unclean: true });

  const contenders = {
    bare: () =>
      startPeer('bare.cjs', { PORTS: String(slave.port), BROKER: String(broker.port), POLL: '100' }),
    // what any program pays that reads Modbus and commits before it sends
    node: () =>
      start(process.execPath, [
        '-e',
        `require('net').connect(${slave.port}).write(Buffer.from([0,1,0,0,0,6,1,3,0,0,0,8]))`,
      ]),
    fresh: () => startKeepwatch(site(newFolder())),
    history: () => {
      const data = newFolder();
      cpSync(past, data, { recursive: true });
      return startKeepwatch(site(data));
    },
  };
  if (program) {
    const editor = await freePort();
    contenders.nodered = () =>
      start(
        process.execPath,
        nodeRedArguments({
          program,
          folder: newFolder(),
          ports: [slave.port],
          broker: broker.port,
          editor,
          pollMs: 100,
        }),
      );
  }
  const taken = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, begin] of Object.entries(contenders)) {
      // Node-RED takes seconds: it is slow enough to be seen in a third of the rounds
      if (name === 'nodered' && (round + 1) % 3 !== 1) continue;
      firstAtMs = undefined;
      const beganMs = nowMs();
      const child = begin();
      await until(`${name} asks`, () => firstAtMs !== undefined);
      // the first round only brings the files into memory
      if (round >= 0) taken[name].push(firstAtMs - beganMs);
      await end(child);
      await sleep(100);
    }
  }
  await broker.end();
  await slave.close();

  const bare = median(taken.bare);
  const common = { unit: 'ms', peer: bare, peerName: 'bare', limit: 1.25 * bare, limitText: '1.25 ×' };
  const [fresh, history] = [median(taken.fresh), median(taken.history)];
  return [
    row({ ...common, figure: 'cold start, no state', keepwatch: fresh }),
    row({ ...common, figure: `cold start, ${rows} facts to replay`, keepwatch: history }),
    row({ figure: 'cold start', unit: 'ms', peer: median(taken.node), peerName: 'Node and one socket' }),
    program
      ? row({
          figure: 'cold start',
          unit: 'ms',
          keepwatch: history,
          peer: median(taken.nodered),
          peerName: 'Node-RED',
        })
      : missing('cold start', 'Node-RED'),
  ];
}

// How long a start takes to live through its journal: a day of 64 points with 2,000 changes that counted.

import path from 'node:path';
import { writeHistory } from './history.mjs';
import { folder, median, nowMs, parts, writeSite } from './stage.mjs';
import { row } from './table.mjs';

export const what = 'replay of a day of 64 points';

export async function measure({ quick }) {
  const { compile, createState, drivers, loadConfig, openStore, replayFacts } = await parts();
  const data = path.join(folder, 'day');
  // eight devices of eight points
  const site = writeSite({
    broker: 1883,
    ports: Array(8)
      .fill(502)
      .map((port, at) => port + at),
    every: '1s',
    data,
  });
  await writeHistory(site, { facts: 2000, unclean: false });
  const { config } = loadConfig(site.file, { drivers });
  const log = { info() {}, warn() {} };
  const store = openStore(data, { now: Date.now, log });
  const model = compile(config.site);
  const reads = [];
  const replays = [];
  let count = 0;
  // the first one runs as cold as at a start, and is shown by itself
  for (let round = 0; round < (quick ? 3 : 9); round += 1) {
    const beganMs = nowMs();
    const { facts, lastSeq } = store.remembered();
    const readMs = nowMs();
    const state = createState(model, store.epoch);
    replayFacts(state, facts, model, () => model);
    const doneMs = nowMs();
    if (state.durable.seq !== lastSeq)
      throw new Error(`the replay ended at ${state.durable.seq}, not at ${lastSeq}`);
    count = facts.length;
    reads.push(readMs - beganMs);
    replays.push(doneMs - readMs);
  }
  store.close();
  const points = config.site.points.length;
  return [
    row({
      figure: `replay, ${points} points, ${count} facts, first`,
      unit: 'ms',
      keepwatch: replays[0],
      limit: 100,
    }),
    row({ figure: 'replay, median', unit: 'ms', keepwatch: median(replays), limit: 100 }),
    row({ figure: 'reading the journal, first', unit: 'ms', keepwatch: reads[0] }),
  ];
}

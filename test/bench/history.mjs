// Makes the past of a gateway: alarms that come and go, through the engine into the store, without a snapshot
// between them (the daemon itself makes one every thousand facts, so this is worse than it leaves behind).

import { cpSync } from 'node:fs';
import { newFolder, parts } from './stage.mjs';

const stampOf = (steadyMs, wallMs) => ({ steadyMs, wallMs, clock: 'synced' });
const log = { debug() {}, info() {}, warn() {}, error() {} };

/** Fills the data folder of a site; `unclean`: as a power cut leaves it. Gives the number of facts. */
export async function writeHistory(site, { facts, unclean }) {
  const { compile, createState, drivers, loadConfig, openStore, step } = await parts();
  const { config, faults } = loadConfig(site.file, { drivers });
  if (!config) throw new Error(`the site of the benchmark has faults: ${faults[0].what}`);
  const model = compile(config.site);
  const into = unclean ? newFolder() : site.data;
  const beganMs = Date.now() - 86_400_000;
  const store = openStore(into, { now: () => beganMs, log });
  const state = createState(model, store.epoch);
  const commit = ({ fact, events, incidents }, more) =>
    store.commit({
      facts: fact ? [fact] : [],
      events,
      incidents: [...incidents.values()],
      replies: [],
      ...more,
    });
  commit(step(state, { type: 'started', at: stampOf(0, beganMs), because: 'bench' }, model), {
    site: config.site,
  });
  let written = 1;
  const everyMs = 86_400_000 / facts;
  const point = model.points.findIndex((each) => each.alarmAbove !== undefined);
  for (; written < facts; written += 1) {
    const at = stampOf(written * everyMs, beganMs + written * everyMs);
    const values = [[model.points[point].id, written % 2 === 1 ? 700 : 500]];
    const effects = step(state, { type: 'reading', at, values }, model);
    if (!effects.fact) throw new Error('a change of the benchmark made no fact');
    commit(effects);
  }
  const { length } = store.remembered().facts;
  // everything has reached the broker
  store.delivered(store.outbox(0, facts * 2).map(({ seq }) => seq));
  commit(
    step(
      state,
      { type: 'health', at: stampOf(86_400_000, Date.now()), check: 'bench', ok: false, because: 'bench' },
      model,
    ),
  );
  if (unclean) cpSync(into, site.data, { recursive: true });
  store.close();
  return length;
}

// What the store's commit of one alarm costs (fact, event, outbox, incident) beside two bare inserts in one
// transaction on the same disk with the same settings, by turns.

import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { median, newFolder, nowMs, parts, quantile, writeSite } from './stage.mjs';
import { row } from './table.mjs';

export const what = 'commit of one alarm';

export async function measure({ quick }) {
  const { compile, createState, drivers, loadConfig, openStore, step } = await parts();
  const site = writeSite({ broker: 1883, ports: [502], every: '1s' });
  const { config } = loadConfig(site.file, { drivers });
  const model = compile(config.site);
  const store = openStore(newFolder(), { now: Date.now, log: { info() {}, warn() {} } });
  const state = createState(model, store.epoch);
  const id = model.points.find(({ alarmAbove }) => alarmAbove !== undefined).id;
  let turn = 0;
  let body = '';
  const effectsOf = () => {
    turn += 1;
    const at = { steadyMs: turn, wallMs: Date.now(), clock: 'synced' };
    const { fact, events, incidents } = step(
      state,
      { type: 'reading', at, values: [[id, turn % 2 ? 700 : 500]] },
      model,
    );
    return { facts: [fact], events, incidents: [...incidents.values()], replies: [] };
  };
  store.commit({ facts: [], events: [], incidents: [], replies: [], site: config.site });
  const own = () => {
    const effects = effectsOf();
    body = JSON.stringify(effects.events);
    const beganMs = nowMs();
    store.commit(effects);
    const tookMs = nowMs() - beganMs;
    store.delivered(effects.events.map(({ seq }) => seq));
    return tookMs;
  };

  const database = new Sqlite(path.join(newFolder(), 'bare.db'));
  database.pragma('locking_mode = EXCLUSIVE');
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(
    'CREATE TABLE event (seq INTEGER PRIMARY KEY, body TEXT); CREATE TABLE outbox (seq INTEGER PRIMARY KEY)',
  );
  const event = database.prepare('INSERT INTO event (body) VALUES (?)');
  const outbox = database.prepare('INSERT INTO outbox (seq) VALUES (?)');
  const twoInserts = database.transaction(() => outbox.run(event.run(body).lastInsertRowid));
  const bare = () => {
    const beganMs = nowMs();
    twoInserts();
    return nowMs() - beganMs;
  };

  const taken = { own: [], bare: [] };
  for (let count = quick ? 200 : 1000; count > 0; count -= 1) {
    taken.own.push(own());
    taken.bare.push(bare());
  }
  database.close();
  store.close();
  const rest = { unit: 'ms', peerName: 'two inserts' };
  return [
    row({
      ...rest,
      figure: 'commit of an alarm p50',
      keepwatch: median(taken.own),
      peer: median(taken.bare),
    }),
    row({
      ...rest,
      figure: 'commit of an alarm p99',
      keepwatch: quantile(taken.own, 0.99),
      peer: quantile(taken.bare, 0.99),
    }),
  ];
}

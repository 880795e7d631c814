// From the answer that first carries a new value to the subscriber that holds the event, as fast as the line can
// be polled. Keepwatch commits each event before it sends it; its peers do not, but for the durable floor.

import path from 'node:path';
import Sqlite from 'better-sqlite3';
import mqtt from 'mqtt';
import { nodeRed, nodeRedArguments } from './peers/nodered.mjs';
import { startSlave } from './slave.mjs';
import {
  end,
  freePort,
  median,
  newFolder,
  nowMs,
  quantile,
  sleep,
  start,
  startBroker,
  startKeepwatch,
  startPeer,
  until,
  writeSite,
} from './stage.mjs';
import { missing, row } from './table.mjs';

export const what = 'answer to subscriber, polled without a pause';

export async function measure({ quick }) {
  const rounds = quick ? 2 : 4;
  const events = quick ? 25 : 125;
  const program = nodeRed();
  const taken = { keepwatch: [], bare: [], durable: [], nodered: [] };
  const contenders = Object.keys(taken).filter((name) => name !== 'nodered' || program);
  const commits = [];
  const broker = await startBroker();
  for (let round = 0; round < rounds; round += 1) {
    for (const name of contenders)
      taken[name].push(...(await oneRound(name, { broker: broker.port, events, program })));
    commits.push(...(await commitTimes(quick ? 20 : 60)));
  }
  await broker.end();

  const [own, bare, durable] = [taken.keepwatch, taken.bare, taken.durable];
  const commit = median(commits);
  const common = { unit: 'ms', keepwatch: median(own) };
  const tail = { unit: 'ms', keepwatch: quantile(own, 0.99) };
  const rows = [
    row({
      ...common,
      figure: 'latency p50',
      peer: median(bare),
      peerName: 'bare',
      limit: median(bare) + 2 * commit,
      limitText: 'bare + 2 commits',
    }),
    row({ ...tail, figure: 'latency p99', peer: quantile(bare, 0.99), peerName: 'bare' }),
    row({ ...common, figure: 'latency p50', peer: median(durable), peerName: 'durable floor' }),
    row({ ...tail, figure: 'latency p99', peer: quantile(durable, 0.99), peerName: 'durable floor' }),
    row({ figure: 'durable commit p50', unit: 'ms', peer: commit, peerName: 'SQLite, one insert' }),
  ];
  if (!program) return [...rows, missing('latency p50', 'Node-RED')];
  const flows = taken.nodered;
  return [
    ...rows,
    row({
      ...common,
      figure: 'latency p50',
      peer: median(flows),
      peerName: 'Node-RED',
      limit: 0.5 * median(flows),
      limitText: '0.5 ×',
    }),
    row({ ...tail, figure: 'latency p99', peer: quantile(flows, 0.99), peerName: 'Node-RED' }),
  ];
}

/** Times of `events` alarms, ms; each is cleared before the next, and that is waited for as well. */
async function oneRound(name, { broker, events, program }) {
  let wanted = false;
  let answeredAtMs;
  const slave = await startSlave(() => {
    if (wanted) answeredAtMs ??= nowMs();
  });
  const environment = { PORTS: String(slave.port), BROKER: String(broker), POLL: '0' };
  let child;
  let topic = 'alarm';
  let tells = (payload, active) => payload.active === active;
  if (name === 'keepwatch') {
    const site = writeSite({ broker, ports: [slave.port], every: '0ms' });
    topic = site.topic;
    // the incident stays open until a person closes it: what is raised again joins it
    const raised = ['incident.opened', 'incident.signal'];
    tells = ({ type }, active) => (active ? raised.includes(type) : type === 'incident.returned');
    child = startKeepwatch(site);
  } else if (name === 'nodered') {
    const arguments_ = {
      program,
      folder: newFolder(),
      ports: [slave.port],
      broker,
      editor: await freePort(),
      pollMs: 0,
    };
    child = start(process.execPath, nodeRedArguments(arguments_));
  } else child = startPeer(`${name}.cjs`, { ...environment, DATA: newFolder() });

  const witness = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker}`);
  await witness.subscribeAsync(topic, { qos: 1 });
  let heard = () => {};
  witness.on('message', (_topic, payload) => heard(JSON.parse(payload.toString()), nowMs()));
  const turn = (value, active) =>
    new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`${name}: no event within 10 s`)), 10_000);
      heard = (payload, atMs) => {
        if (!tells(payload, active)) return;
        clearTimeout(limit);
        wanted = false;
        resolve(atMs - answeredAtMs);
      };
      answeredAtMs = undefined;
      wanted = true;
      slave.registers[0] = value;
    });

  try {
    await until('the first question', () => slave.questions > 0);
    await sleep(2000);
    const times = [];
    for (let event = 0; event < events; event += 1) {
      await sleep(10 + Math.random() * 20);
      times.push(await turn(700, true));
      await sleep(5);
      await turn(500, false);
    }
    return times;
  } finally {
    await end(child);
    witness.end(true);
    await slave.close();
  }
}

/** What one small insert costs that is on the disk when it returns, ms; paced as alarms are, as a disk at rest is slower. */
async function commitTimes(count) {
  const database = new Sqlite(path.join(newFolder(), 'commit.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE event (seq INTEGER PRIMARY KEY, body TEXT)');
  const insert = database.prepare('INSERT INTO event (body) VALUES (?)');
  const body = 'x'.repeat(600);
  const times = [];
  for (let at = -10; at < count; at += 1) {
    await sleep(5 + Math.random() * 25);
    const began = nowMs();
    insert.run(body);
    if (at >= 0) times.push(nowMs() - began);
  }
  database.close();
  return times;
}

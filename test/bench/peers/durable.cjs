// The floor of the durable job: the bare script with one SQLite commit (WAL, synchronous FULL) before each
// publish. No engine, no journal to replay, one device. Environment as bare.cjs, and DATA, its folder.
'use strict';
const path = require('node:path');
const Sqlite = require('better-sqlite3');
const ModbusRTU = require('modbus-serial');
const mqtt = require('mqtt');

const database = new Sqlite(path.join(process.env.DATA, 'outbox.db'));
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec('CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY, payload TEXT)');
const insert = database.prepare('INSERT INTO outbox (payload) VALUES (?)');
const strike = database.prepare('DELETE FROM outbox WHERE seq = ?');
const delivered = [];
setInterval(() => {
  const seqs = delivered.splice(0);
  if (seqs.length === 0) return;
  database.transaction(() => {
    for (const seq of seqs) strike.run(seq);
  })();
}, 200);

const client = mqtt.connect(`mqtt://127.0.0.1:${process.env.BROKER}`, { clientId: `durable${process.pid}` });
client.on('error', () => {});
const publish = (seq, payload) =>
  client.publish('alarm', payload, { qos: 1 }, (error) => !error && delivered.push(seq));
for (const { seq, payload } of database.prepare('SELECT * FROM outbox').all()) publish(seq, payload);

(async () => {
  const master = new ModbusRTU();
  master.on('error', () => {});
  await master.connectTCP('127.0.0.1', { port: Number(process.env.PORTS) });
  master.setID(1);
  master.setTimeout(1000);
  let active = false;
  for (;;) {
    const value = (await master.readHoldingRegisters(0, 8)).data[0];
    if (active ? value >= 550 : value <= 600) continue;
    active = !active;
    const payload = JSON.stringify({ active, value });
    publish(insert.run(payload).lastInsertRowid, payload);
  }
})();

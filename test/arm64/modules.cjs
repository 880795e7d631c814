// In arm64 Node: `modules.cjs PROGRAM PORT NUMBER` loads the compiled modules that lie beside the program and has each do
// its work: SQLite on a file, bytes over a serial port whose other end echoes them, edges of a line. Prints one line of
// JSON; knows nothing of the daemon.
'use strict';
const fs = require('node:fs');
const { createRequire } = require('node:module');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');

const [, , program, port, number] = process.argv;
const beside = createRequire(path.join(program, 'package.json'));
const lateMs = 30_000;

function sqlite() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keepwatch-arm64-'));
  const file = path.join(folder, 'a.db');
  try {
    const Sqlite = beside('better-sqlite3');
    const words = ['守望', 'ä', 'plain'];
    const first = new Sqlite(file);
    first.pragma('journal_mode = WAL');
    first.pragma('synchronous = FULL');
    first.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT, body BLOB)');
    const insert = first.prepare('INSERT INTO t (text, body) VALUES (?, ?)');
    first.transaction(() => {
      for (let at = 0; at < 1000; at += 1) insert.run(words[at % 3], Buffer.alloc(at % 97, at));
    })();
    first.close();
    const again = new Sqlite(file, { readonly: true });
    const { count, bytes } = again.prepare('SELECT count(*) count, sum(length(body)) bytes FROM t').get();
    const text = again.prepare('SELECT text FROM t WHERE id = 1').pluck().get();
    const integrity = again.pragma('integrity_check', { simple: true });
    again.close();
    return { count, bytes, text, integrity };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Gives what came back of what was written. */
function serial() {
  const { SerialPort } = beside('serialport');
  return new Promise((resolve, reject) => {
    const line = new SerialPort({ path: port, baudRate: 9600 });
    const sent = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    const late = setTimeout(() => reject(new Error('no echo on the serial port')), lateMs);
    let back = Buffer.alloc(0);
    line.once('error', reject);
    line.on('data', (bytes) => {
      back = Buffer.concat([back, bytes]);
      if (back.length < sent.length) return;
      clearTimeout(late);
      line.close(() => resolve({ same: back.equals(sent), bytes: back.length }));
    });
    line.once('open', () => line.write(sent));
  });
}

/** Gives the levels that onoff told while the line went up, down and up. */
function edges() {
  const { Gpio } = beside('onoff');
  return new Promise((resolve, reject) => {
    const line = new Gpio(Number(number), 'in', 'both');
    const seen = [];
    const late = setTimeout(() => reject(new Error(`edges seen: ${seen}`)), lateMs);
    const set = (level) => execFileSync('hostname', [String(level)]);
    line.watch((error, level) => {
      if (error) return reject(error);
      // one change is told once or twice: what counts is the way of the levels
      if (level === seen.at(-1)) return;
      seen.push(level);
      if (seen.length < 3) return set(seen.length % 2 === 0 ? 1 : 0);
      clearTimeout(late);
      line.unwatchAll();
      resolve({ seen });
    });
    set(1);
  });
}

async function main() {
  const did = { arch: process.arch, node: process.versions.node, sqlite: sqlite(), serial: await serial() };
  if (number !== undefined) did.edges = await edges();
  const maps = fs.readFileSync('/proc/self/maps', 'utf8').split('\n');
  did.loaded = [
    ...new Set(maps.map((line) => line.split(/\s+/)[5] ?? '').filter((file) => file.endsWith('.node'))),
  ];
  console.log(JSON.stringify(did));
  process.exit(0);
}

main();

// `npm run bench [NAME…] [--quick] [--json FILE]`: measures the program beside its peers, in the same run and by
// turns, and prints one table. Exit 0 where every limit is kept, 1 where one is not, 2 for wrong usage.

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import * as backlog from './backlog.mjs';
import * as commits from './commits.mjs';
import * as console_ from './console.mjs';
import * as flat from './flat.mjs';
import * as idle from './idle.mjs';
import * as latency from './latency.mjs';
import * as line from './line.mjs';
import * as load from './load.mjs';
import * as many from './many.mjs';
import * as plans from './plans.mjs';
import * as replay from './replay.mjs';
import * as soak from './soak.mjs';
import { setUp, tearDown } from './stage.mjs';
import * as start from './start.mjs';
import { table } from './table.mjs';
import * as wear from './wear.mjs';

const benches = {
  latency,
  start,
  load,
  many,
  replay,
  plans,
  flat,
  commits,
  idle,
  wear,
  line,
  soak,
  backlog,
  console: console_,
};

let given;
try {
  given = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  const unknown = given.positionals.filter((name) => !Object.hasOwn(benches, name));
  if (unknown.length > 0)
    throw new Error(`no benchmark ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`);
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exit(2);
}

process.on('exit', tearDown);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

const names =
  given.positionals.length > 0
    ? given.positionals
    : Object.keys(benches).filter((name) => !benches[name].onDemand);
const rows = [];
setUp();
for (const name of names) {
  console.error(`${name}: ${benches[name].what}`);
  try {
    for (const row of await benches[name].measure({ quick: given.values.quick }))
      rows.push({ bench: name, ...row });
  } catch (error) {
    rows.push({ bench: name, figure: name, verdict: `FAILED: ${error.message}` });
    if (process.env.BENCH_ERRORS) console.error(error);
  }
}

console.log(table(rows));
const memoryMb = Math.round(
  Number(/MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))[1]) / 1024,
);
const machine = {
  node: process.version,
  processors: cpus().length,
  processor: cpus()[0]?.model,
  memoryMb,
  load: loadavg()[0],
};
console.log(
  `\nNode ${machine.node}, ${machine.processors} × ${machine.processor}, load ${machine.load.toFixed(1)} at the end`,
);
if (given.values.json !== undefined) {
  writeFileSync(
    given.values.json,
    `${JSON.stringify({ at: new Date().toISOString(), quick: given.values.quick, machine, rows }, null, 2)}\n`,
  );
}
process.exit(rows.some(({ verdict }) => /^(OVER|FAILED)/.test(verdict)) ? 1 : 0);

// `npm run torture [NAME…] [--quick] [--seed NUMBER] [--json FILE]`: the built daemon on real parts that fail, and a
// witness outside who must have everything. Exit 0 where every limit is kept, 1 where one is not, 2 for wrong usage.
// Every file of this folder that exports `what` and `run` is a scenario.

import { readdirSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { row } from '../bench/table.mjs';

register('./typescript.mjs', import.meta.url);
const { perform } = await import('./scenario.ts');

/** By name. */
async function scenarios() {
  const files = readdirSync(import.meta.dirname).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const all = {};
  for (const file of files.sort()) {
    const found = await import(`./${file}`);
    if (typeof found.run === 'function' && typeof found.what === 'string')
      all[path.basename(file, '.ts')] = found;
  }
  return all;
}

function shown(value, unit = '') {
  if (value === undefined || Number.isNaN(value)) return '–';
  return `${Number.isInteger(value) ? value : value.toFixed(Math.abs(value) >= 100 ? 0 : 2)} ${unit}`.trim();
}

function table(all) {
  const peer = ({ peer: value, peerName, unit }) =>
    peerName === undefined ? '–' : value === undefined ? peerName : `${shown(value, unit)} ${peerName}`;
  const lines = [
    ['torture', 'figure', 'Keepwatch', 'peer', 'limit', 'verdict'],
    ...all.map((one) => [
      one.torture,
      one.figure,
      shown(one.keepwatch, one.unit),
      peer(one),
      shown(one.limit, one.unit),
      one.verdict,
    ]),
  ];
  const widths = lines[0].map((_, at) => Math.max(...lines.map((line) => line[at].length)));
  const set = (line) => `| ${line.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`;
  const [head, ...rest] = lines.map(set);
  return [head, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rest].join('\n');
}

const all = await scenarios();
let given;
try {
  given = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      quick: { type: 'boolean', default: false },
    },
  });
  const unknown = given.positionals.filter((name) => !Object.hasOwn(all, name));
  if (unknown.length > 0)
    throw new Error(`no ${unknown.join(', ')}; there are: ${Object.keys(all).join(', ')}`);
  if (!/^\d{1,9}$/.test(given.values.seed)) throw new Error('--seed: a whole number is needed');
} catch (error) {
  console.error(`torture: ${error.message}`);
  process.exit(2);
}

const seed = Number(given.values.seed);
const { quick } = given.values;
const names = given.positionals.length > 0 ? given.positionals : Object.keys(all);
const rows = [];
for (const name of names) {
  console.error(`${name}: ${all[name].what} (--seed ${seed})`);
  const tell = (text) => console.error(`  ${text}`);
  try {
    for (const one of await perform(all[name], { quick, seed, tell }))
      rows.push({ torture: name, ...row(one), ...(one.verdict !== undefined && one) });
  } catch (error) {
    console.error(error);
    rows.push({ torture: name, figure: name, verdict: `FAILED: ${error.message.split('\n')[0]}` });
  }
}

console.log(table(rows));
const machine = { node: process.version, processors: cpus().length, processor: cpus()[0]?.model };
console.log(
  `\nseed ${seed}, Node ${machine.node}, ${machine.processors} × ${machine.processor}, load ${loadavg()[0].toFixed(1)} at the end`,
);
if (given.values.json !== undefined) {
  const said = { at: new Date().toISOString(), quick, seed, machine, rows };
  writeFileSync(given.values.json, `${JSON.stringify(said, null, 2)}\n`);
}
process.exit(rows.some(({ verdict }) => /^(OVER|FAILED)/.test(verdict)) ? 1 : 0);

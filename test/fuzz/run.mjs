// `npm run fuzz [TARGET…] [--executions N | --seconds S] [--seed N]`: bundles the fuzzer, then runs each target in a
// process of its own, one after the other, with low priority. Exit 0 where nothing broke, 1 where something did, 2 for
// wrong usage.

import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '../..');
// in the checkout, because packages and config are found from there
const folder = path.join(root, '.cache', `fuzz-${process.pid}`);
const bundle = path.join(folder, 'fuzz.mjs');

function wrong(message) {
  console.error(`fuzz: ${message}`);
  process.exit(2);
}

function read() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        executions: { type: 'string' },
        seconds: { type: 'string' },
        seed: { type: 'string' },
        list: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return wrong(error.message);
  }
}

const { positionals, values } = read();
for (const name of ['executions', 'seconds', 'seed'])
  if (values[name] !== undefined && !/^\d{1,12}$/.test(values[name]))
    wrong(`--${name} ${values[name]} is no number; write a whole one`);
// what tries nothing proves nothing
for (const name of ['executions', 'seconds'])
  if (values[name] !== undefined && Number(values[name]) === 0)
    wrong(`--${name} ${values[name]} tries nothing; write 1 or more`);
if (values.executions !== undefined && values.seconds !== undefined)
  wrong('--executions and --seconds at once; choose one of them');

let child;
process.on('exit', () => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

mkdirSync(folder, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ['test/fuzz/program.ts'],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'error',
});

/** Runs the bundle; gives its exit code and what it printed, which is shown as it comes. */
function run(...given) {
  return new Promise((resolve) => {
    const flags = ['--enable-source-maps', '--expose-gc'];
    child = spawn(process.execPath, [...flags, bundle, ...given], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      os.setPriority(child.pid, 5);
    } catch {} // it has ended, or priorities are not ours to set
    let printed = '';
    child.stdout.on('data', (bytes) => {
      printed += bytes;
    });
    child.on('close', (code) => resolve({ code, printed }));
  });
}

const { code: listed, printed: list } = await run('list');
if (listed !== 0) wrong('the targets could not be loaded');
const known = list
  .trim()
  .split('\n')
  .map((line) => line.split('\t')[0]);
if (values.list) {
  process.stdout.write(list.replaceAll('\t', '  '));
  process.exit(0);
}
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) wrong(`no target ${unknown.join(', ')}; there are ${known.join(', ')}`);

const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 32));
console.log(`seed ${seed}`);
let [total, broken] = [0, 0];
for (const name of positionals.length > 0 ? positionals : known) {
  const { code, printed } = await run('run', name, seed, values.executions ?? '', values.seconds ?? '');
  process.stdout.write(printed);
  total += Number(/ ([\d,]+) executions/.exec(printed)?.[1].replaceAll(',', '') ?? 0);
  if (code !== 0) broken += 1;
}
console.log(`${total.toLocaleString('en')} executions in all, ${broken} targets broken`);
process.exit(broken === 0 ? 0 : 1);

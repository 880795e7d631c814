// What `npm run fuzz` runs for each target: fuzzes it, prints one line, and keeps what broke it in the corpus. Knows no
// parser; the loop is in fuzzer.ts.

import path from 'node:path';
import { packageRoot } from '../../src/lib/assets.ts';
import { keep, keptOf } from './corpus.ts';
import { fuzz } from './fuzzer.ts';
import { targets } from './targets/index.ts';

// a parser of YAML makes an error for every fault, and its stack is dear; four frames tell failures apart
Error.stackTraceLimit = 5;

const usualExecutions = 100_000;
const corpus = path.join(packageRoot, 'test', 'fuzz', 'corpus');
const [task, name, seed, executions, seconds] = process.argv.slice(2);

if (task === 'list') {
  for (const target of targets) console.log(`${target.name}\t${target.what}`);
} else {
  const target = targets.find((each) => each.name === name);
  if (target === undefined) throw new Error(`no target ${name}`);
  // (a rejection that nobody awaits is a failure of the parser, and shows as one)
  const timed = seconds !== undefined && seconds !== '';
  const report = await fuzz(target, {
    seed: Number(seed),
    executions: timed
      ? Number.MAX_SAFE_INTEGER
      : Number(executions) || (target.executions ?? usualExecutions),
    ...(timed && { forMs: Number(seconds) * 1000 }),
    corpus: keptOf(corpus, target.name).map(({ bytes }) => bytes),
  });
  const { elapsedMs, outcomes, slowestMs, failures } = report;
  const figures = [
    `${report.executions.toLocaleString('en')} executions`,
    `${(elapsedMs / 1000).toFixed(1)} s`,
    `${outcomes.toLocaleString('en')} outcomes`,
    `slowest ${slowestMs.toFixed(1)} ms`,
    failures.length === 0 ? 'nothing broke' : `${failures.length} BROKEN`,
  ];
  console.log(`${target.name}: ${figures.join(', ')}`);
  for (const { input, message, after } of failures) {
    console.log(`  after ${after}: ${message.replaceAll('\n', '\n    ')}`);
    console.log(`  ${JSON.stringify(Buffer.from(input).toString('latin1').slice(0, 300))}`);
    console.log(`  kept as ${path.relative(packageRoot, keep(corpus, target.name, input))}`);
  }
  process.exit(failures.length === 0 ? 0 : 1);
}

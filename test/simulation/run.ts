// The simulation's command line: so many days from a seed, or from several, and what came of them. A violation prints all
// that is needed to see it again. Exit 0: nothing is broken; 1: something is; 2: used wrongly.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageRoot } from '../../src/lib/assets.ts';
import { asked, usage } from './asked.ts';
import { simulate } from './world.ts';
import { type Figures, timeText, Violation } from './world-types.ts';

const shownLines = 40;

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: packageRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

function told(seed: number, days: number, figures: Figures, tookMs: number): string {
  const { incidents, events, commands, checks, entrances } = figures;
  const rate = (days / (tookMs / 60_000)).toFixed(1);
  return [
    `seed ${seed}: ${days} days, nothing broken; ${rate} days a minute`,
    `  ${incidents} incidents, ${events} events, ${commands} commands, ${entrances} entrances, ${checks} checks`,
    `  ${counts(figures.happened)}`,
  ].join('\n');
}

function broken(seed: number, days: number, violation: Violation): string {
  return [
    `seed ${seed}: ${violation.invariant} is broken at ${timeText(violation.atMs)} (commit ${commit()})`,
    `  ${violation.message}`,
    `  again: npm run sim -- --seed ${seed} --days ${days}`,
    ...violation.timeline.slice(-shownLines).map((line) => `    ${line}`),
  ].join('\n');
}

async function main(): Promise<number> {
  const given = asked(process.argv.slice(2));
  if ('wrong' in given) {
    console.error(`sim: ${given.wrong}; write ${usage}`);
    return 2;
  }
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(path.join(memory, 'keepwatch-simulation-'));
  const sites = path.join(packageRoot, 'test', 'simulation');
  let failures = 0;
  const beganMs = performance.now();
  try {
    for (let seed = given.seed; seed < given.seed + given.seeds; seed += 1) {
      const fromMs = performance.now();
      try {
        const figures = await simulate({ seed, days: given.days, folder, sites, verbose: given.verbose });
        console.log(told(seed, given.days, figures, performance.now() - fromMs));
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        failures += 1;
        console.log(broken(seed, given.days, error));
        if (given.first) break;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const minutes = (performance.now() - beganMs) / 60_000;
  const days = given.days * given.seeds;
  if (given.seeds > 1)
    console.log(`${days} days of ${given.seeds} seeds in ${minutes.toFixed(1)} min, ${failures} broken`);
  return failures === 0 ? 0 : 1;
}

process.exitCode = await main();

// The command lines of the simulation and of the fuzzer used wrongly: each says which option it was and what to write,
// and none passes for a run that found nothing.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/lib/assets.ts';
import { asked, usage } from './asked.ts';

const run = (program: string, argv: readonly string[]) =>
  spawnSync(process.execPath, [path.join(packageRoot, 'test', program), ...argv], { encoding: 'utf8' });

describe('the simulation', () => {
  test.each([
    [['--seed', '0'], '--seed 0 is not a whole number from 1 on'],
    [['--seed', 'x'], '--seed x is not a whole number from 1 on'],
    [['--seeds', '1.5'], '--seeds 1.5 is not a whole number from 1 on'],
    [['--days', '0'], '--days 0 is not a number from 0.05 to 366'],
    [['--days', 'Infinity'], '--days Infinity is not a number from 0.05 to 366'],
    [['--dayz', '2'], "Unknown option '--dayz'"],
    [['--days'], "Option '--days <value>' argument missing"],
    [['7'], expect.stringContaining("Unexpected argument '7'")],
  ])('%j', (argv, wrong) => expect(asked(argv)).toEqual({ wrong }));

  test('what is right is taken', () => {
    expect(asked(['--seed', '7', '--days', '0.5', '--first'])).toEqual({
      seed: 7,
      days: 0.5,
      seeds: 1,
      first: true,
      verbose: false,
    });
    expect(asked([])).toMatchObject({ days: 1, seeds: 1 });
  });

  test('says it in one line and is 2', { timeout: 60_000 }, () => {
    const { status, stdout, stderr } = run('simulation/run.mjs', ['--days', '0']);
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: `sim: --days 0 is not a number from 0.05 to 366; write ${usage}\n`,
    });
  });
});

describe('the fuzzer', () => {
  test.each([
    [['--seconds', '0'], 'fuzz: --seconds 0 tries nothing; write 1 or more\n'],
    [['--executions', '00'], 'fuzz: --executions 00 tries nothing; write 1 or more\n'],
    [['--seconds', 'x'], 'fuzz: --seconds x is no number; write a whole one\n'],
  ])('%j', (argv, words) => {
    const { status, stdout, stderr } = run('fuzz/run.mjs', argv);
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: words });
  });
});

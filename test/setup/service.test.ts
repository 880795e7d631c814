// `keepwatch init --start` where it can't be: it says why, and writes nothing. Where it can be, a container is needed:
// test/torture/container-install.ts.

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepwatch, program } from '../support/daemon.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-service-'));
beforeAll(() => void program(), 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([['--dir'], ['--data']])('the service has its places: %s is wrong usage', async (option) => {
  const { code, stderr } = await keepwatch(['init', '--start', '--yes', '--premises', 'a', option, folder]);
  expect(code).toBe(2);
  expect(stderr).toContain('leave --dir and --data away');
  expect(readdirSync(folder)).toEqual([]);
});

test.skipIf(existsSync('/etc/keepwatch'))(
  'without the package, or without root, it says what to do',
  async () => {
    const { code, stderr } = await keepwatch(['init', '--start', '--yes', '--premises', 'a']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      process.getuid?.() === 0 ? /not installed here; install the package first/ : /only root.*sudo/,
    );
    expect(existsSync('/etc/keepwatch')).toBe(false);
  },
);

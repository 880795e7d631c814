// Operator verbs on the command line, in this process against a daemon's socket that only listens: the language that is
// asked for goes with the command.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { execute } from '../../src/commands/index.ts';
import { type Control, startControl } from '../../src/control/server.ts';
import { quiet, type TestHost, testHost } from '../control/host.ts';

let folder: string;
let host: TestHost;
let control: Control;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-operate-'));
  host = testHost();
  control = await startControl({ folder, host, log: quiet });
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await control.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  [['ack', 'i1'], undefined],
  [['ack', 'i1', '--lang', 'zh'], 'zh'],
  [['raise', 'fire', '--lang', 'en'], 'en'],
  [['contacts', 'checked', '--lang', 'zh'], 'zh'],
  [['drill', 'start', 'fire', '--lang', 'en'], 'en'],
  [['walktest', 'start', '--lang', 'en'], 'en'],
  [['readiness', 'sign', 'x', '--lang', 'zh'], 'zh'],
])('%j asks to be answered in %s', async (argv, language) => {
  await execute([...argv, '--socket', control.path]);
  expect(host.commands.at(-1)).toMatchObject({ origin: 'cli' });
  expect(host.commands.at(-1)?.language).toBe(language);
});

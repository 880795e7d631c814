// The daemon as a process, on a simulated site without a broker: starts, says so, reloads, survives a log
// reader that has gone, stops in order. Needs `npm run build` before, as `npm test` does it.

import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { callDaemon } from '../../src/control/client.ts';
import { packageRoot } from '../../src/lib/assets.ts';

const program = path.join(packageRoot, 'dist', 'main.js');
const site = `
premises: { id: store_0042, name: { zh: 人民路店, en: Renmin Road }, timezone: Asia/Shanghai, language: en }
buses: { sim: { driver: simulator } }
devices:
  meter:
    bus: sim
    every: 100ms
    points: { voltage: { value: 228.5, unit: V } }
`;

type Daemon = ChildProcessByStdio<null, Readable, null>;
let folder: string;
let file: string;
let data: string;
let daemon: Daemon | undefined;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'keepwatch-run-'));
  file = path.join(folder, 'site.yaml');
  data = path.join(folder, 'data');
  writeFileSync(file, site);
});
afterEach(() => {
  daemon?.kill('SIGKILL');
  daemon = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the daemon; resolves with what waits for a line of its log. */
async function start(): Promise<{
  logged: (code: string) => Promise<Record<string, unknown>>;
  lines: readonly Record<string, unknown>[];
  exit: Promise<number | null>;
}> {
  const child: Daemon = spawn(process.execPath, [program, 'run', '-c', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  daemon = child;
  const lines: Record<string, unknown>[] = [];
  let partial = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    const pieces = (partial + text).split('\n');
    partial = pieces.pop() ?? '';
    for (const piece of pieces) lines.push(JSON.parse(piece) as Record<string, unknown>);
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const logged = async (code: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const found = lines.find((line) => line.code === code);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await logged('STARTED');
  return { logged, lines, exit };
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s stops it in order: 0, and the socket is gone',
  async (signal) => {
    const { logged, exit } = await start();
    expect(await callDaemon(data, 'status')).toMatchObject({ premises: { id: 'store_0042' } });
    daemon?.kill(signal);
    expect(await exit).toBe(0);
    expect(await logged('STOPPED')).toMatchObject({ level: 'info' });
    await expect(callDaemon(data, 'status')).rejects.toThrow('no daemon answers');
  },
);

test('a faulty file at SIGHUP changes nothing and is named; a good one is taken', async () => {
  const { logged, exit } = await start();
  writeFileSync(file, `${site}nonsense: 1\n`);
  daemon?.kill('SIGHUP');
  expect(await logged('CONFIG')).toMatchObject({ level: 'error', file, column: 1 });
  await logged('NOT_RELOADED');
  expect(await callDaemon(data, 'points')).toHaveLength(1);
  writeFileSync(file, site.replace('unit: V }', 'unit: V }, current: { value: 3, unit: A }'));
  daemon?.kill('SIGHUP');
  await logged('RELOADED');
  expect(await callDaemon(data, 'points')).toHaveLength(2);
  daemon?.kill('SIGTERM');
  expect(await exit).toBe(0);
});

test('a warning is logged once, and at a reload only where it is new', async () => {
  writeFileSync(file, `${site}zones: { hall: { name: Hall } }\n`);
  const { lines, exit } = await start();
  const of = (code: string): unknown[] =>
    lines.filter((line) => line.code === code).map(({ message }) => message);
  const reload = async (): Promise<void> => {
    const before = of('RELOADED').length;
    daemon?.kill('SIGHUP');
    await expect.poll(() => of('RELOADED').length).toBe(before + 1);
  };
  await reload();
  expect(of('CONFIG_WARNING')).toEqual([
    expect.stringContaining('nobody is told of an alarm'),
    expect.stringContaining('zone `hall` is not used'),
  ]);
  writeFileSync(file, `${site}zones: { hall: { name: Hall }, attic: { name: Attic } }\n`);
  await reload();
  expect(of('CONFIG_WARNING').slice(2)).toEqual([expect.stringContaining('zone `attic` is not used')]);
  daemon?.kill('SIGTERM');
  expect(await exit).toBe(0);
});

test('goes on when the reader of its log has gone', async () => {
  const { exit } = await start();
  daemon?.stdout.destroy();
  daemon?.kill('SIGHUP');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await callDaemon(data, 'points')).toHaveLength(1);
  daemon?.kill('SIGTERM');
  expect(await exit).toBe(0);
});

test('probe reads the devices, and leaves them to a daemon that runs', async () => {
  const probe = (): unknown =>
    JSON.parse(
      execFileSync(process.execPath, [program, 'probe', '-c', file, '--json'], { encoding: 'utf8' }),
    );
  expect(probe()).toEqual([
    {
      device: 'meter',
      bus: 'sim',
      ok: true,
      points: [{ point: 'meter.voltage', raw: 228.5, value: 228.5, quality: 'good', unit: 'V' }],
    },
  ]);
  await start();
  let refused: unknown;
  try {
    execFileSync(process.execPath, [program, 'probe', '-c', file], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    refused = error;
  }
  expect(refused).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('a daemon runs on'),
  });
});

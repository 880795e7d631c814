// The file of telemetry under a real disk: its bounds, what is dropped and counted, damage of every kind, a kill, and a
// disk that takes nothing. What it can't do must stay its own affair.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { buildSync } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/lib/assets.ts';
import { openTelemetryFile, telemetryFile } from '../../src/telemetry/open.ts';
import { hasOwnMounts } from '../store/support.ts';
import { until } from '../support/broker.ts';
import { dayMs, type House, house, minuteMs, plenty } from './house.ts';

/** Beside the packages that it needs. */
const child = path.join(packageRoot, 'node_modules/.cache', `keepwatch-telemetry-writer-${process.pid}.mjs`);
beforeAll(() => {
  const entryPoints = [path.join(packageRoot, 'test/telemetry/writer.ts')];
  buildSync({
    entryPoints,
    outfile: child,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  });
});
afterAll(() => rmSync(child, { force: true }));

let home: House | undefined;
afterEach(() => {
  home?.leave();
  home = undefined;
});
const start = (...given: Parameters<typeof house>): House => {
  home = house(...given);
  return home;
};

/** Numbers that move at every minute as noise does, so that blocks have some size; the same ones in every run. */
async function live(at: House, minutes: number): Promise<void> {
  let seed = 1;
  for (let minute = 0; minute < minutes; minute += 1) {
    for (const point of at.points) {
      seed = (seed * 48_271) % 2_147_483_647;
      at.set(point, 230 + (seed % 997) / 100);
    }
    await at.clock.advance(minuteMs);
  }
}

describe('bounds', () => {
  it('recorded time: the oldest goes, never the newest, and what the broker had is no loss', async () => {
    const at = start(['m.v'], { ...plenty, keepMs: 3_600_000 });
    await live(at, 30);
    for (const block of at.blocks()) at.telemetry.backlog.acknowledge(block);
    await live(at, 40);
    // numbers 1 to 3 were acknowledged; of the rest nothing is old enough yet
    expect(at.telemetry.state()).toMatchObject({ dropped: 0, waiting: 4 });
    await live(at, 60);
    const kept = at.blocks();
    expect(kept.map(({ number }) => number)).toEqual([7, 8, 9, 10, 11, 12, 13]);
    expect(at.telemetry.state()).toMatchObject({ dropped: 30, waiting: 7 });
  });

  it('without publishing nothing that goes by age is a loss', async () => {
    const at = start(['m.v'], { ...plenty, keepMs: 3_600_000, publish: false });
    await live(at, 200);
    expect(at.telemetry.state().dropped).toBe(0);
    expect(at.telemetry.state()).not.toHaveProperty('waiting');
  });

  it('a wall clock that jumps years ahead empties nothing', async () => {
    const at = start(['m.v'], { ...plenty, keepMs: dayMs });
    await live(at, 60);
    at.clock.stepWall(3650 * dayMs);
    await live(at, 60);
    expect(at.blocks()).toHaveLength(12);
  });

  it('size: the file stays within it, the oldest goes first, and every sample is counted', async () => {
    const points = Array.from({ length: 100 }, (_, index) => `d.p${index}`);
    const mostBytes = 1e6;
    const at = start(points, { ...plenty, mostBytes });
    const minutes = 3 * 1440;
    await live(at, minutes);
    const { bytes, dropped } = at.telemetry.state();
    expect(bytes).toBeLessThanOrEqual(mostBytes);
    expect(bytes).toBeGreaterThan(0.9 * mostBytes);
    const kept = at.blocks();
    const numbers = kept.map(({ number }) => number);
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
    const samples = kept.reduce((sum, block) => sum + block.points.length * block.samples[0]!.length, 0);
    expect(dropped).toBeGreaterThan(0);
    expect(samples + dropped).toBe(points.length * minutes);
    at.telemetry.stop();
    expect(statSync(telemetryFile(at.folder)).size).toBeLessThanOrEqual(1.02 * mostBytes);
    expect(at.log.some(({ code }) => code === 'TELEMETRY_DROPPED')).toBe(true);
  }, 60_000);

  it('the count of what was dropped outlives restarts', async () => {
    const at = start(['m.v'], { ...plenty, keepMs: 3_600_000 });
    await live(at, 200);
    const { dropped } = at.telemetry.state();
    expect(dropped).toBeGreaterThan(0);
    at.restart();
    expect(at.telemetry.state().dropped).toBe(dropped);
  });
});

describe('damage', () => {
  const aside = (at: House): string[] => readdirSync(at.folder).filter((name) => name.includes('.damaged-'));

  it.each<[string, (file: string) => void]>([
    ['is no database', (file) => writeFileSync(file, 'x'.repeat(5000))],
    ['is cut short', (file) => writeFileSync(file, readFileSync(file).subarray(0, 2000))],
    ['has pages overwritten', (file) => writeFileSync(file, readFileSync(file).fill(0xa5, 1024))],
    [
      'is of a newer version',
      (file) => {
        const database = new Sqlite(file);
        database.pragma('user_version = 99');
        database.close();
      },
    ],
    [
      'has lost a table',
      (file) => {
        const database = new Sqlite(file);
        database.exec('DROP TABLE block');
        database.close();
      },
    ],
  ])('a file that %s is set aside and a new one begun; it is said once', async (_, spoil) => {
    const at = start(['m.v']);
    await live(at, 30);
    at.telemetry.stop();
    spoil(telemetryFile(at.folder));
    at.restart();
    await live(at, 20);
    expect(at.blocks().map(({ number }) => number)).toEqual([1, 2]);
    expect(at.telemetry.state().ok).toBe(true);
    expect(aside(at)).toHaveLength(1);
    expect(at.warnings).toEqual([expect.stringContaining('was set aside as')]);
    expect(at.log.filter(({ code }) => code === 'TELEMETRY_DAMAGED')).toHaveLength(1);
  });

  it('only the latest of such files is kept', async () => {
    const at = start(['m.v']);
    for (let time = 0; time < 3; time += 1) {
      await live(at, 10);
      at.telemetry.stop();
      writeFileSync(telemetryFile(at.folder), 'x'.repeat(5000));
      at.restart();
    }
    await live(at, 10);
    expect(aside(at)).toHaveLength(1);
  });

  it('a block whose bytes were changed is passed over; those around it are read', async () => {
    const at = start(['m.v']);
    await live(at, 30);
    at.telemetry.stop();
    const database = new Sqlite(telemetryFile(at.folder));
    database.exec("UPDATE block SET body = x'789c010203' WHERE number = 2");
    database.close();
    at.restart();
    expect(at.blocks().map(({ number }) => number)).toEqual([1, 3]);
    const { last } = await at.trend('m.v', 1);
    expect(last.filter((value) => value !== null)).toHaveLength(20);
    expect(at.log.some(({ code }) => code === 'TELEMETRY_BLOCK')).toBe(true);
  });

  it('what was acknowledged of the old file says nothing of the new one', async () => {
    const at = start(['m.v']);
    await live(at, 50);
    const old = at.blocks();
    at.telemetry.stop();
    rmSync(telemetryFile(at.folder));
    at.restart();
    await live(at, 20);
    at.telemetry.backlog.acknowledge(old.at(-1)!);
    expect(at.blocks().map(({ number }) => number)).toEqual([1, 2]);
    expect(at.telemetry.backlog.next(old.at(-1))?.number).toBe(1);
  });
});

describe('a disk that takes nothing', () => {
  it('an hour is held in memory, more is dropped and counted; all goes on when it recovers', async () => {
    const at = start(['m.v']);
    // in the way of the file: also for root, whom no mode keeps out
    mkdirSync(telemetryFile(at.folder));
    await live(at, 90);
    expect(at.telemetry.state()).toMatchObject({ ok: false, dropped: 30 });
    expect(at.log.filter(({ code }) => code === 'TELEMETRY_FAILED')).toHaveLength(1);
    rmSync(telemetryFile(at.folder), { recursive: true });
    await live(at, 10);
    expect(at.telemetry.state()).toMatchObject({ ok: true, dropped: 30 });
    const kept = at.blocks();
    expect(kept.map(({ fromMs }) => fromMs / minuteMs)).toEqual([30, 40, 50, 60, 70, 80, 90]);
    expect(at.log.filter(({ code }) => code === 'TELEMETRY_RECOVERED')).toHaveLength(1);
  });

  it('without room on the disk the file grows no further, drops its oldest and goes on', (context) => {
    // ("no tmpfs in a namespace" is a matter of the machine; the build server has it)
    if (!hasOwnMounts() && process.env.CI !== 'true') context.skip('no mounts of its own here');
    const at = start([]);
    at.telemetry.stop();
    // less than what is left to the journal: only its own room may be used again
    const script = 'set -e; mount -t tmpfs -o size=3m tmpfs "$1"; exec "$2" "$3" full "$1"';
    const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
    const args = [...asRoot, '-m', 'sh', '-c', script, 'sh', at.folder, process.execPath, child];
    const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8', timeout: 60_000 });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const { bytes, first, last, dropped } = JSON.parse(stdout);
    expect(last).toBe(2000);
    expect(bytes).toBeLessThan(100_000);
    expect(dropped).toBe((first - 1) * 500);
  });
});

describe('a kill', () => {
  it('loses no block that was laid down, and no number comes twice', async () => {
    const at = start(['m.v']);
    at.telemetry.stop();
    const running = spawn(process.execPath, [child, 'endless', at.folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = 0;
    running.stdout.setEncoding('utf8').on('data', (text: string) => {
      told = Number(text.trim().split('\n').at(-1));
    });
    const gone = new Promise((resolve) => running.once('exit', resolve));
    await until('some hundred blocks', () => told >= 300, 20_000);
    running.kill('SIGKILL');
    await gone;
    const file = openTelemetryFile(at.folder, () => 'unused');
    const numbers = file.entries(0, 100_000).map(({ number }) => number);
    file.close();
    expect(numbers.length).toBeGreaterThanOrEqual(told);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  }, 30_000);
});

it('only the daemon and its group may read the file', async () => {
  const at = start(['m.v']);
  await live(at, 10);
  expect(statSync(telemetryFile(at.folder)).mode & 0o777).toBe(0o640);
});

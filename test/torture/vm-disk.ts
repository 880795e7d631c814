// A disk that fails beneath its file system, in the virtual machine: writes that fail, with an ext4 that lives through
// it and one that stays read-only until it is mounted again, and writes that are said to be done and are not.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { until } from '../support/broker.ts';
import { events } from '../support/daemon.ts';
import {
  allTold,
  judge,
  longest,
  patienceMs,
  row,
  type Stage,
  seesTheFault,
  setStage,
  troubled,
} from './disk-stage.ts';
import { type InsideOptions, inGuest } from './guest.ts';
import type { Figure } from './scenario.ts';

export const what = 'a disk that fails beneath its file system (virtual machine)';

export const run = (options: InsideOptions) =>
  inGuest({ kind: 'vm', scenario: 'vm-disk', timeoutS: 1200 }, options);

const sh = (...argv: string[]): string =>
  execFileSync(argv[0]!, argv.slice(1), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

function onDisk(name: string, ...mkfs: string[]): Promise<Stage> {
  return setStage({
    prepare({ data, later }) {
      sh('bad-disk', 'create', name, '64');
      sh('mkfs.ext4', '-q', ...mkfs, `/dev/mapper/${name}`);
      mkdirSync(data);
      sh('mount', `/dev/mapper/${name}`, data);
      later(name, () => spawnSync('umount', ['--lazy', data]));
      return [];
    },
  });
}

/** Mounts it afresh: what is there then is on the disk, not in memory. */
function mountAgain(stage: Stage, name: string): void {
  sh('umount', stage.place.data);
  try {
    sh('fsck.ext4', '-f', '-y', `/dev/mapper/${name}`);
  } catch (error) {
    if (((error as { status?: number }).status ?? 9) > 1) throw error; // 1: mended
  }
  sh('mount', `/dev/mapper/${name}`, stage.place.data);
}

async function failing(name: string, heals: boolean, mkfs: readonly string[]): Promise<Figure[]> {
  const stage = await onDisk(name, ...mkfs);
  try {
    await stage.trip();
    await stage.trip();
    const lastSeq = await allTold(stage);
    sh('bad-disk', 'fail', name);
    // which write fails first is chance; the file system is made to take it as it takes one to its journal
    if (!heals) spawnSync('mount', ['-o', 'remount,abort', stage.place.data]);
    const before = stage.shownMs.length;
    for (let count = 0; count < 3; count += 1) await stage.trip();
    await seesTheFault(stage);
    const shownMs = longest(stage.shownMs.slice(before));
    const healedMs = performance.now();
    sh('bad-disk', 'heal', name);
    if (heals) {
      await allTold(stage);
      await until('the storage trouble ends', () => !troubled(stage), patienceMs);
    } else {
      // the file system refuses all that comes until somebody mounts it again: the house is guarded all the same
      await stage.trip();
      if (!troubled(stage)) throw new Error('the trouble ended on a disk that takes nothing');
    }
    const recoveredMs = Math.round(performance.now() - healedMs);
    await stage.daemon.kill();
    mountAgain(stage, name);
    await stage.start();
    await allTold(stage);
    await stage.trip();
    await allTold(stage);
    const seqs = new Set(events(stage.seen).map(({ seq }) => seq));
    for (let seq = 1; seq <= lastSeq; seq += 1) if (!seqs.has(seq)) throw new Error(`event ${seq} is lost`);
    await judge(stage);
    return [
      row(`${name}: contact → retained incident while writes fail`, 'ms', shownMs, patienceMs),
      row(`${name}: healed → ${heals ? 'all told' : 'still guarding'}`, 'ms', recoveredMs, patienceMs),
      row(`${name}: events lost or doubled after a kill and a new mount`, '', 0, 0),
    ];
  } finally {
    await stage.leave();
  }
}

/** The disk says that it has written, and has not: what was told of that time is gone, and must not be told as new. */
async function lying(): Promise<Figure[]> {
  const name = 'lying';
  const stage = await onDisk(name);
  try {
    await stage.trip();
    await allTold(stage);
    sh('sync');
    sh('bad-disk', 'drop', name);
    for (let count = 0; count < 3; count += 1) await stage.trip();
    await allTold(stage);
    await stage.daemon.kill();
    sh('umount', stage.place.data);
    sh('bad-disk', 'heal', name);
    const before = events(stage.seen).length;
    sh('mount', `/dev/mapper/${name}`, stage.place.data);
    await stage.start();
    await stage.trip();
    await allTold(stage);
    const told = new Map(
      events(stage.seen)
        .slice(0, before)
        .map(({ id, type, at }) => [id, `${type} ${at}`]),
    );
    const reused = events(stage.seen)
      .slice(before)
      .filter(({ id, type, at }) => told.has(id) && told.get(id) !== `${type} ${at}`);
    return [row(`${name}: ids that mean two events after a restart`, '', reused.length)];
  } finally {
    await stage.leave();
  }
}

export async function inside({ tell }: InsideOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  tell('writes fail for a while, no journal');
  figures.push(...(await failing('plain', true, ['-O', '^has_journal'])));
  tell('writes fail for a while, ext4 with a journal');
  figures.push(...(await failing('journaled', false, [])));
  tell('writes vanish');
  figures.push(...(await lying()));
  return figures;
}

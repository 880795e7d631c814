// A disk whose calls fail, by strace on the running daemon: a sync that fails once, now and then, or for as long as
// it lasts, a disk without space, reads that fail, and a kill in the middle of a sync. Alarms come all the while.

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { until } from '../support/broker.ts';
import { events } from '../support/daemon.ts';
import { haveTools } from '../support/need.ts';
import {
  allTold,
  judge,
  longest,
  recoveredWithinMs,
  row,
  type Stage,
  sameAfterRestart,
  seesTheFault,
  setStage,
  shownWithinMs,
  troubled,
} from './disk-stage.ts';
import type { Figure } from './scenario.ts';

export const what = 'disk calls that fail (strace), alarms meanwhile';

/** May this user hold another of its processes by strace? */
export function haveFaults(): boolean {
  if (!haveTools(['strace', '-V'])) return false;
  const read = spawnSync('cat', ['/proc/sys/kernel/yama/ptrace_scope'], { encoding: 'utf8' });
  const free = process.getuid?.() === 0 || read.status !== 0 || read.stdout.trim() === '0';
  if (!free && process.env.CI === 'true')
    throw new Error('strace needs root, or 0 in /proc/sys/kernel/yama/ptrace_scope');
  if (!free) console.warn('left out: strace may not attach to a process here');
  return free;
}

export interface Injection {
  /** The disk is well again. */
  heal(): Promise<void>;
  /** how many calls failed */
  failed(): number;
}

/** From now on the daemon's calls fail as `inject` says, in strace's own words. */
export async function inject({ daemon, place }: Stage, injection: string): Promise<Injection> {
  const calls = injection.split(':', 1)[0]!;
  const record = `${place.folder}/strace-${performance.now()}`;
  const child = spawn(
    'strace',
    ['-f', '-o', record, '-e', `trace=${calls}`, '-e', `inject=${injection}`, '-p', String(daemon.pid)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  place.later(child, () => child.kill('SIGKILL'));
  const threads = () =>
    readFileSync(`/proc/${daemon.pid}/status`, 'utf8').match(/^TracerPid:\s*(\d+)/m)?.[1] ?? '0';
  await until(`strace holds the daemon: ${said}`, () => threads() === String(child.pid));
  // each thread is taken hold of for itself
  await until(`strace holds every thread: ${said}`, () => /attached/.test(said));
  return {
    async heal() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await gone;
    },
    failed: () => readFileSync(record, 'utf8').match(/\(INJECTED\)/g)?.length ?? 0,
  };
}

export interface Case {
  readonly name: string;
  readonly injection: string;
  /** must a trouble stand while it lasts? One that is over at the next try need not. */
  readonly lasting: boolean;
  /** left to the long form */
  readonly long?: boolean;
}

export const cases: readonly Case[] = [
  { name: 'a sync fails once', injection: 'fsync:error=EIO:when=1', lasting: false },
  { name: 'every third sync fails', injection: 'fsync:error=EIO:when=1+3', lasting: false, long: true },
  { name: 'every sync fails', injection: 'fsync,fdatasync:error=EIO', lasting: true },
  { name: 'no space for a write', injection: 'pwrite64,ftruncate:error=ENOSPC', lasting: true },
  { name: 'the disk turns read-only', injection: 'pwrite64,ftruncate,fsync:error=EROFS', lasting: true },
  { name: 'every write fails', injection: 'pwrite64:error=EIO', lasting: true, long: true },
];

/** One fault, with alarms before, meanwhile and after. Throws where anything is lost, doubled or dark. */
export async function runCase({ name, injection, lasting }: Case, alarms = 3): Promise<Figure[]> {
  const stage = await setStage();
  try {
    await stage.trip();
    await allTold(stage);
    const before = stage.shownMs.length;
    const fault = await inject(stage, injection);
    for (let count = 0; count < alarms; count += 1) await stage.trip();
    if (lasting) await seesTheFault(stage);
    if (fault.failed() === 0) throw new Error(`${name}: no call failed`);
    const healedMs = performance.now();
    await fault.heal();
    await allTold(stage);
    const recoveredMs = performance.now() - healedMs;
    await stage.trip();
    await until(`${name}: the storage trouble ends`, () => !troubled(stage), recoveredWithinMs);
    await allTold(stage);
    await judge(stage);
    await sameAfterRestart(stage);
    const during = [stage.lampMs, stage.shownMs].map((list) => longest(list.slice(before, before + alarms)));
    return [
      row(`${name}: contact → lamp, longest of ${alarms}`, 'ms', during[0]!, shownWithinMs),
      row(`${name}: contact → retained incident`, 'ms', during[1]!, shownWithinMs),
      row(`${name}: healed → all events told`, 'ms', Math.round(recoveredMs), recoveredWithinMs),
      row(`${name}: events lost or doubled`, '', 0, 0),
    ];
  } finally {
    await stage.leave();
  }
}

/** A kill in the middle of the sync of a commit, again and again. */
export async function killedInSync(kills: number): Promise<Figure[]> {
  const stage = await setStage();
  const times: number[] = [];
  try {
    for (let kill = 1; kill <= kills; kill += 1) {
      await inject(stage, `fsync:signal=KILL:when=${1 + (kill % 3)}`);
      while (stage.daemon.running()) {
        await stage.tripBlind();
        const told = events(stage.seen).length;
        await until('told or killed', () => !stage.daemon.running() || events(stage.seen).length > told);
      }
      const beganMs = performance.now();
      await stage.start();
      times.push(performance.now() - beganMs);
      await allTold(stage);
    }
    await judge(stage);
    return [
      row(`killed in a sync ${kills} ×: start → all contacts known`, 'ms', longest(times)),
      row(`killed in a sync ${kills} ×: events lost or doubled`, '', 0, 0),
    ];
  } finally {
    await stage.leave();
  }
}

/** Killed while the disk takes nothing: what could not be stored is seen again, and nothing of it lies twice at the broker. */
export async function killedWhileFailing(alarms: number): Promise<Figure[]> {
  const stage = await setStage();
  try {
    await stage.trip();
    await allTold(stage);
    await inject(stage, 'pwrite64,fsync:error=EIO');
    for (let count = 0; count < alarms; count += 1) await stage.trip();
    await seesTheFault(stage);
    await stage.daemon.kill();
    await stage.start();
    await allTold(stage);
    await stage.trip();
    await allTold(stage);
    await until('the storage trouble is gone', () => !troubled(stage), recoveredWithinMs);
    await judge(stage);
    return [row(`killed while every write fails, ${alarms} alarms: lost, doubled or left behind`, '', 0, 0)];
  } finally {
    await stage.leave();
  }
}

/** A card at its end takes seconds for a sync, and the house waits with it: how long an alarm then takes. */
export async function slowSync(seconds: number, alarms: number): Promise<Figure[]> {
  const stage = await setStage();
  try {
    await stage.trip();
    await allTold(stage);
    const fault = await inject(stage, `fsync:delay_enter=${seconds}s`);
    for (let count = 0; count < alarms; count += 1) await stage.trip();
    await fault.heal();
    await allTold(stage);
    await judge(stage);
    const during = [stage.lampMs, stage.shownMs].map((list) => longest(list.slice(1)));
    const name = `every sync takes ${seconds} s`;
    return [
      row(`${name}: contact → lamp, longest of ${alarms}`, 'ms', during[0]!),
      row(`${name}: contact → retained incident`, 'ms', during[1]!),
      row(`${name}: events lost or doubled`, '', 0, 0),
    ];
  } finally {
    await stage.leave();
  }
}

export async function run({ quick }: { quick: boolean }): Promise<Figure[]> {
  const rows: Figure[] = [];
  for (const each of cases) if (!quick || !each.long) rows.push(...(await runCase(each, quick ? 2 : 12)));
  rows.push(...(await killedInSync(quick ? 2 : 7)));
  rows.push(...(await killedWhileFailing(quick ? 2 : 8)));
  rows.push(...(await slowSync(2, quick ? 2 : 5)));
  return rows;
}

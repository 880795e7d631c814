// A disk that fills up, a data folder that somebody deletes, a file whose bytes have rotted, with alarms all the while
// and a kill at the end. The disk is one in memory, in a mount namespace of its own.

import { spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { until } from '../support/broker.ts';
import { events, type Place, seqsInOrder } from '../support/daemon.ts';
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

export const what = 'a disk that is full, deleted or damaged, alarms meanwhile';

const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
const inUserSpace = asRoot.length === 0 ? [] : ['-U', '--preserve-credentials'];

export const haveOwnMounts = (): boolean =>
  haveTools(['unshare', ...asRoot, '-m', 'true'], ['nsenter', '--version']);

/** A mount namespace that outlives the daemon in it. */
interface Mounts {
  readonly enter: readonly string[];
  /** of a path as seen inside */
  at(inside: string): string;
}

/** @param script shell, with $1 the data folder */
async function mounts(place: Place, script: string): Promise<Mounts> {
  mkdirSync(place.data, { recursive: true });
  const held = ['-m', 'sh', '-c', `set -e; ${script}; echo held; exec sleep infinity`, 'sh', place.data];
  const holder = spawn('unshare', [...asRoot, ...held], { stdio: ['ignore', 'pipe', 'inherit'] });
  place.later(holder, () => holder.kill('SIGKILL'));
  let said = '';
  holder.stdout.on('data', (text) => {
    said += String(text);
  });
  await until('the mounts are made', () => said.includes('held') || holder.exitCode !== null);
  if (holder.exitCode !== null) throw new Error(`no mounts: ${script}`);
  const enter = ['nsenter', '-t', String(holder.pid), ...inUserSpace, '-m'];
  return {
    enter: [...enter, `--wd=${place.folder}`],
    at: (inside) => path.join(`/proc/${holder.pid}/root`, inside),
  };
}

/** Takes all the space that is left. */
function fill(file: string): void {
  const descriptor = openSync(file, 'a');
  try {
    for (const size of [65_536, 4096, 1]) {
      const block = Buffer.alloc(size);
      try {
        for (;;) writeSync(descriptor, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

/** What the faults have in common: alarms meanwhile, the mend, all told, the same after a kill. */
async function endure(
  stage: Stage,
  name: string,
  fault: { alarms: number; begin(): void; mend(): void },
): Promise<Figure[]> {
  await stage.trip();
  await allTold(stage);
  const before = stage.shownMs.length;
  fault.begin();
  for (let count = 0; count < fault.alarms; count += 1) {
    await stage.trip();
    // what is left over of space, in pages that are there already, is used up at last
    fault.begin();
  }
  const during = [stage.lampMs, stage.shownMs].map((list) => longest(list.slice(before)));
  await seesTheFault(stage);
  const mendedMs = performance.now();
  fault.mend();
  await allTold(stage);
  const recoveredMs = Math.round(performance.now() - mendedMs);
  await stage.trip();
  await until(`${name}: the storage trouble ends`, () => !troubled(stage), recoveredWithinMs);
  await allTold(stage);
  await judge(stage);
  await sameAfterRestart(stage);
  return [
    row(`${name}: contact → lamp, longest of ${fault.alarms}`, 'ms', during[0]!, shownWithinMs),
    row(`${name}: contact → retained incident`, 'ms', during[1]!, shownWithinMs),
    row(`${name}: mended → all events told`, 'ms', recoveredMs, recoveredWithinMs),
    row(`${name}: events lost or doubled`, '', 0, 0),
  ];
}

async function staged<T>(script: string, work: (stage: Stage, inside: Mounts) => Promise<T>): Promise<T> {
  let inside: Mounts | undefined;
  const stage = await setStage({
    async prepare(place) {
      inside = await mounts(place, script);
      return inside.enter;
    },
  });
  try {
    return await work(stage, inside!);
  } finally {
    await stage.leave();
  }
}

/** A disk of 2 MB that somebody fills, and frees again. */
export function full(alarms: number): Promise<Figure[]> {
  return staged('mount -t tmpfs -o size=2m tmpfs "$1"', (stage, inside) => {
    const ballast = inside.at(path.join(stage.place.data, 'ballast'));
    return endure(stage, 'full disk', {
      alarms,
      begin: () => fill(ballast),
      mend: () => rmSync(ballast),
    });
  });
}

/** The data folder goes while the daemon runs; whoever did it does nothing more. */
export async function deleted(alarms: number): Promise<Figure[]> {
  const stage = await setStage();
  try {
    await stage.trip();
    await allTold(stage);
    rmSync(stage.place.data, { recursive: true });
    const beganMs = performance.now();
    for (let count = 0; count < alarms; count += 1) await stage.trip();
    await allTold(stage);
    const toldMs = Math.round(performance.now() - beganMs);
    if (!readdirSync(stage.place.data).includes('keepwatch.db')) throw new Error('no new file was begun');
    const troubles = events(stage.seen).filter(({ incident }) => incident?.cause.rule === 'health_storage');
    if (troubles.map(({ type }) => type).join() !== 'incident.opened,incident.returned,incident.closed')
      throw new Error(`the trouble was told as ${JSON.stringify(troubles)}`);
    await judge(stage);
    await sameAfterRestart(stage);
    return [
      row('deleted folder: contact → lamp, longest', 'ms', longest(stage.lampMs.slice(1)), shownWithinMs),
      row(
        'deleted folder: contact → retained incident',
        'ms',
        longest(stage.shownMs.slice(1)),
        shownWithinMs,
      ),
      row('deleted folder: deleted → all events told', 'ms', toldMs, recoveredWithinMs),
      row('deleted folder: events lost or doubled', '', 0, 0),
    ];
  } finally {
    await stage.leave();
  }
}

/** Bytes of the file rot between two runs, at `rounds` places; whatever was hit, the daemon guards. */
export async function garbled(rounds: number): Promise<Figure[]> {
  const stage = await setStage();
  const { place } = stage;
  const file = path.join(place.data, 'keepwatch.db');
  const times: number[] = [];
  let aside = 0;
  try {
    await stage.trip();
    for (let round = 0; round < rounds; round += 1) {
      await stage.daemon.stop();
      rot(file, round);
      const beganMs = performance.now();
      await stage.start();
      times.push(performance.now() - beganMs);
      await stage.trip();
      await allTold(stage);
      const kept = readdirSync(place.data).filter((name) => name.includes('.damaged-')).length;
      if (kept > aside && !stage.daemon.log.some(({ code }) => code === 'STATE_DAMAGED'))
        throw new Error('a damaged file was set aside without a word');
      aside = kept;
    }
    // within each state no number is missing, and each contact has its incident
    for (const epoch of new Set(events(stage.seen).map((one) => one.epoch)))
      seqsInOrder(events(stage.seen).filter((one) => one.epoch === epoch));
    for (const at of stage.tripped) {
      const told = events(stage.seen).some(
        ({ type, incident }) => type === 'incident.opened' && incident.cause.point === `panel.c${at}`,
      );
      if (!told) throw new Error(`c${at} was never told`);
    }
    return [
      row(`garbled ${rounds} ×: start → all contacts known`, 'ms', longest(times)),
      row('garbled: files set aside', '', aside),
      row('garbled: alarms lost', '', 0, 0),
    ];
  } finally {
    await stage.leave();
  }
}

/** Garbles a page: another one each round, the first of all in the first. */
function rot(file: string, round: number): void {
  const pages = statSync(file).size / 4096;
  const page = Math.floor((pages * ((round * 7) % 10)) / 10);
  const bytes = readFileSync(file);
  bytes.fill(0x5a, page * 4096 + 16, page * 4096 + 4096);
  writeFileSync(file, bytes);
}

export async function run({ quick }: { quick: boolean }): Promise<Figure[]> {
  const alarms = quick ? 3 : 12;
  return [...(await full(alarms)), ...(await deleted(alarms)), ...(await garbled(quick ? 2 : 10))];
}

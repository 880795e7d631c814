// The line to the broker between two network namespaces of the virtual machine: slow and lossy, and cut in silence, as
// when a router dies. The slave is reached past it, through a socket of the file system, so that only the way out
// suffers.

import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { freePort, until } from '../support/broker.ts';
import { events, type Place } from '../support/daemon.ts';
import { allTold, judge, row, type Stage, setStage } from './disk-stage.ts';
import { type InsideOptions, inGuest } from './guest.ts';
import { type Figure, quantile } from './scenario.ts';

export const what = 'a slow, lossy and silently cut line to the broker (virtual machine)';

export const run = (options: InsideOptions) =>
  inGuest({ kind: 'vm', scenario: 'vm-network', timeoutS: 1200 }, options);

const sh = (...argv: string[]): string => execFileSync(argv[0]!, argv.slice(1), { encoding: 'utf8' });
const inGateway = ['ip', 'netns', 'exec', 'gateway'];
const [gateway, centre] = ['10.0.0.1', '10.0.0.2'];

/** In both directions; without a word: a good line. */
function line(...netem: string[]): void {
  const how = netem.length === 0 ? ['delay', '0ms'] : netem;
  sh('tc', 'qdisc', 'replace', 'dev', 'lan', 'root', 'netem', ...how);
  sh(...inGateway, 'tc', 'qdisc', 'replace', 'dev', 'wan', 'root', 'netem', ...how);
}

function lay(): void {
  sh('ip', 'netns', 'add', 'gateway');
  sh('ip', 'link', 'add', 'wan', 'netns', 'gateway', 'type', 'veth', 'peer', 'name', 'lan');
  sh('ip', 'addr', 'add', `${centre}/24`, 'dev', 'lan');
  sh('ip', '-n', 'gateway', 'addr', 'add', `${gateway}/24`, 'dev', 'wan');
  sh('ip', 'link', 'set', 'lan', 'up');
  for (const each of ['wan', 'lo']) sh('ip', '-n', 'gateway', 'link', 'set', each, 'up');
}

/** The slave's port within the gateway. */
function bridge({ folder, later }: Place, port: number): void {
  const socket = path.join(folder, 'slave.sock');
  const ends = [
    ['socat', `UNIX-LISTEN:${socket},fork`, `TCP:127.0.0.1:${port}`],
    [...inGateway, 'socat', `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr`, `UNIX-CONNECT:${socket}`],
  ];
  for (const [program, ...argv] of ends) {
    const child = spawn(program!, argv, { stdio: 'ignore' });
    later(child, () => child.kill('SIGKILL'));
  }
}

/** Trips contacts one after the other, each when the one before was told; gives how long each took, ms. */
async function trips(stage: Stage, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let each = 0; each < count; each += 1) {
    const beganMs = performance.now();
    const at = await stage.tripBlind();
    await until(`c${at} is told`, () => told(stage, at), 240_000);
    times.push(performance.now() - beganMs);
  }
  return times;
}

const told = ({ seen }: Stage, at: number): boolean =>
  events(seen).some(
    ({ type, incident }) => type === 'incident.opened' && incident.cause.point === `panel.c${at}`,
  );

/** Nothing comes through for so long, with alarms all the while. */
async function cut(stage: Stage, seconds: number): Promise<Figure[]> {
  line('loss', '100%');
  const endMs = performance.now() + seconds * 1000;
  const meanwhile: number[] = [];
  for (let each = 0; each < 3; each += 1) {
    meanwhile.push(await stage.tripBlind());
    const pauseMs = performance.now() + (seconds * 1000) / 4;
    await until('a while', () => performance.now() > pauseMs, seconds * 1000);
  }
  await until('the cut is over', () => performance.now() > endMs, seconds * 1000);
  if (meanwhile.some((at) => told(stage, at))) throw new Error('the line was not cut');
  line();
  const healedMs = performance.now();
  for (const at of meanwhile) await until(`c${at} is told`, () => told(stage, at), 240_000);
  await allTold(stage);
  const tookMs = Math.round(performance.now() - healedMs);
  return [row(`cut in silence for ${seconds} s: healed → all told`, 'ms', tookMs, 90_000)];
}

export async function inside({ quick, tell }: InsideOptions): Promise<Figure[]> {
  lay();
  const port = await freePort();
  const stage = await setStage({
    brokerLines: [`listener ${port} ${centre}`],
    url: `mqtt://${centre}:${port}`,
    prepare(place, slave) {
      bridge(place, slave.port);
      return inGateway;
    },
  });
  try {
    tell('a good line');
    await trips(stage, 2);
    tell('200 ms and 20 % loss');
    line('delay', '200ms', '20ms', 'loss', '20%');
    const times = await trips(stage, quick ? 4 : 6);
    const figures = [
      row('200 ms, 20 % lost: contact → event, median', 'ms', Math.round(quantile(times, 0.5))),
      row('200 ms, 20 % lost: contact → event, longest', 'ms', Math.round(quantile(times, 1)), 60_000),
    ];
    line();
    await allTold(stage);
    for (const seconds of quick ? [10] : [100]) {
      tell(`cut in silence for ${seconds} s`);
      figures.push(...(await cut(stage, seconds)));
    }
    await judge(stage);
    return [...figures, row('events lost, doubled or out of order', '', 0, 0)];
  } finally {
    await stage.leave();
  }
}

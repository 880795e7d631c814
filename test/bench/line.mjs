// A serial line at 9600 baud, asked without a pause for eight registers: how much of what the wire could carry
// is carried, and how many questions come before the line has been silent for 3.5 characters.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import {
  compiled,
  end,
  installed,
  median,
  newFolder,
  sleep,
  start,
  startBroker,
  startKeepwatch,
  startPeer,
  until,
  writeSite,
} from './stage.mjs';
import { missing, row } from './table.mjs';

export const what = 'a serial line at 9600 baud';

const baud = 9600;

export async function measure({ quick }) {
  const socat = installed('socat');
  const slave = installed('gcc') && compiled('rtuslave');
  if (!socat || !slave) return [missing('serial line', 'modbus-serial', 'needs socat and gcc')];
  const seconds = quick ? 5 : 10;
  const broker = await startBroker();
  const contenders = {
    keepwatch: (tty) => startKeepwatch(writeSite({ broker: broker.port, tty, every: '0ms' })),
    bare: (tty) => startPeer('line.cjs', { TTY: tty.path, BAUD: String(baud) }),
    waiting: (tty) => startPeer('line.cjs', { TTY: tty.path, BAUD: String(baud), GAP: '1' }),
  };
  const taken = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    for (const [name, begin] of Object.entries(contenders))
      taken[name].push(await oneRound({ socat, slave, seconds, begin, name }));
  }
  await broker.end();

  const share = (name) => median(taken[name].map(({ used }) => 100 * used));
  const hasty = (name) => median(taken[name].map((each) => 100 * each.hasty));
  const common = {
    figure: 'line used, of the wire’s limit',
    unit: '%',
    keepwatch: share('keepwatch'),
    limit: 97,
    atLeast: true,
  };
  const silence = {
    figure: 'questions before 3.5 characters of silence',
    unit: '%',
    keepwatch: hasty('keepwatch'),
  };
  return [
    row({ ...common, peer: share('bare'), peerName: 'modbus-serial' }),
    row({ ...silence, peer: hasty('bare'), peerName: 'modbus-serial' }),
    row({ ...common, limit: undefined, peer: share('waiting'), peerName: 'modbus-serial, waiting' }),
    row({ ...silence, peer: hasty('waiting'), peerName: 'modbus-serial, waiting' }),
  ];
}

async function oneRound({ socat, slave, seconds, begin, name }) {
  const place = newFolder();
  const [near, far] = [path.join(place, 'near'), path.join(place, 'far')];
  const pair = start(socat, [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`]);
  await until('the pair of terminals', () => existsSync(near) && existsSync(far));
  const master = begin({ path: near, baud });
  // past the start and the first turns of the just-in-time compiler
  await sleep(1500);
  const judge = start(slave, [far, String(baud), String(seconds)], { output: 'pipe' });
  const told = await new Promise((resolve) => {
    createInterface({ input: judge.stdout }).once('line', resolve);
    judge.once('exit', () => setTimeout(resolve, 100));
  });
  await end(master);
  await end(pair);
  if (!told || JSON.parse(told).answers === 0) throw new Error(`${name} asked nothing on the serial line`);
  return JSON.parse(told);
}

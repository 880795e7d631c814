// The device layer by itself on a serial line: how much of what the wire could carry is carried, how often the
// silence of 3.5 characters is broken, and what it costs, beside a bare modbus-serial loop and a master in C.
// As a program it prints its table: `node test/bench/line.mjs [--quick] [--baud N]`.

import { closeSync, constants, existsSync, openSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import {
  compiled,
  end,
  folder,
  installed,
  median,
  newFolder,
  nowMs,
  processorMs,
  setUp,
  sleep,
  start,
  startPeer,
  tearDown,
  until,
} from './stage.mjs';
import { missing, row, table } from './table.mjs';

export const what = 'the device layer on a serial line';

const warmSeconds = 3;

export async function measure({ quick, baud = 9600, only }) {
  const socat = installed('socat');
  const slave = installed('gcc') && compiled('rtuslave');
  const master = slave && compiled('rtumaster');
  if (!socat || !master) return [missing('serial line', 'C', 'needs socat and gcc')];
  const layer = await bundled();
  const environment = (tty) => ({ TTY: tty, BAUD: String(baud) });
  const contenders = {
    keepwatch: (tty) => start(process.execPath, [layer], { environment: environment(tty) }),
    bare: (tty) => startPeer('line.cjs', environment(tty)),
    waiting: (tty) => startPeer('line.cjs', { ...environment(tty), GAP: '1' }),
    c: (tty) => start(master, [tty, String(baud)]),
  };
  const names = Object.keys(contenders).filter((name) => !only || name === only);
  const taken = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    for (const name of names)
      taken[name].push(
        await oneRound({ socat, slave, baud, seconds: quick ? 5 : 10, begin: contenders[name], name }),
      );
  }
  const of = (name, key, factor = 100) => median(taken[name].map((each) => factor * each[key]));
  const peers = { bare: 'modbus-serial', waiting: 'modbus-serial, waiting', c: 'C' };
  return Object.entries(peers)
    .filter(([peer]) => !only || peer === 'bare')
    .flatMap(([peer, peerName], at) => [
      row({
        figure: `line used at ${baud} baud, layer alone`,
        unit: '%',
        keepwatch: of('keepwatch', 'used'),
        peer: of(peer, 'used'),
        peerName,
        ...(at === 0 ? { limit: 97, atLeast: true } : {}),
      }),
      row({
        figure: 'silences broken',
        unit: '%',
        keepwatch: of('keepwatch', 'hasty'),
        peer: of(peer, 'hasty'),
        peerName,
        ...(at === 0 ? { limit: 0 } : {}),
      }),
      row({
        figure: 'processor',
        unit: '%',
        keepwatch: of('keepwatch', 'share'),
        peer: of(peer, 'share'),
        peerName,
        ...(at === 0 ? { limit: 5 } : {}),
      }),
      row({
        figure: 'silence at the median (99 %)',
        unit: 'ms',
        keepwatch: of('keepwatch', 'gapP50Us', 1e-3),
        peer: of(peer, 'gapP50Us', 1e-3),
        peerName,
        note: `99 %: ${of('keepwatch', 'gapP99Us', 1e-3).toFixed(2)}, ${of(peer, 'gapP99Us', 1e-3).toFixed(2)} ms`,
      }),
    ]);
}

async function bundled() {
  // beside the packages, which stay outside the bundle
  const file = path.join(folder, 'rtu-layer.mjs');
  await build({
    entryPoints: [path.join(import.meta.dirname, 'rtu-layer.ts')],
    outfile: file,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  });
  return file;
}

async function oneRound({ socat, slave, baud, seconds, begin, name }) {
  const place = newFolder();
  const [near, far] = [path.join(place, 'near'), path.join(place, 'far')];
  const pair = start(socat, [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`]);
  await until('the pair of terminals', () => existsSync(near) && existsSync(far));
  // held open, so that the line lives on from one slave to the next
  const held = openSync(far, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  const slaveFor = (time) => start(slave, [far, String(baud), String(time)], { output: 'pipe' });
  // past the start and the first turns of the just-in-time compiler, where time counts for nobody
  const warming = slaveFor(warmSeconds);
  const warm = new Promise((resolve) => warming.once('exit', resolve));
  await sleep(200);
  const master = begin(near);
  await warm;
  // a question may fall between the two: the judge counts from the first that it hears, within a timeout
  const judge = slaveFor(seconds + 1.5);
  const told = new Promise((resolve) => {
    createInterface({ input: judge.stdout }).once('line', resolve);
    judge.once('exit', () => setTimeout(resolve, 100));
  });
  await sleep(1500);
  const [beganMs, usedMs] = [nowMs(), processorMs(master.pid)];
  await sleep((seconds - 0.5) * 1000);
  const share = (processorMs(master.pid) - usedMs) / (nowMs() - beganMs);
  const line = await told;
  closeSync(held);
  await end(master);
  await end(pair);
  if (!line || JSON.parse(line).answers === 0) throw new Error(`${name} asked nothing on the serial line`);
  return { ...JSON.parse(line), share };
}

if (process.argv[1] === import.meta.filename) {
  process.on('exit', tearDown);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      baud: { type: 'string' },
      only: { type: 'string' },
    },
  });
  setUp();
  const rows = await measure({ ...values, ...(values.baud ? { baud: Number(values.baud) } : {}) });
  console.log(table(rows));
  process.exit(rows.some(({ verdict }) => /^(OVER|FAILED)/.test(verdict)) ? 1 : 0);
}

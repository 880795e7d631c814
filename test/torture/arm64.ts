// The arm64 package as a 64-bit Pi would run it, on emulated arm64 Node with the host's kernel: its compiled modules do
// their work, and its daemon reads TCP, a serial line and a GPIO contact, tells over MQTT, outlives a kill and stops.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { contact, type Packaged, unpackPackage } from '../arm64/packaged.ts';
import { until } from '../support/broker.ts';
import { type Daemon, events, type Outcome, type Place } from '../support/daemon.ts';
import { type Slave, startSlave } from '../support/modbus/slave.ts';
import { serialEnd, serialPair } from '../support/serial-line.ts';
import {
  allTold,
  judge,
  longest,
  patienceMs,
  row,
  type Stage,
  sameAfterRestart,
  setStage,
  standing,
} from './disk-stage.ts';
import { haveGuests, type InsideOptions } from './guest.ts';
import type { Figure } from './scenario.ts';

export const what = 'the arm64 package on emulated arm64 Node: modules, alarms, kill -9, stop';

/** Every instruction is emulated, beside whatever else the machine does. */
const startWithinMs = 120_000;
const waitMs = 240_000;
const toldWithinMs = 10_000;

export async function run(options: InsideOptions): Promise<readonly Figure[]> {
  if (!haveGuests())
    return [{ figure: 'arm64', note: 'left out: KEEPWATCH_VM does not name the virtual machine' }];
  const packaged = unpackPackage(options.tell);
  try {
    return [
      row('the arm64 package', 'MB', packaged.megabytes, 12),
      ...(await modules(packaged, options.tell)),
      ...(await daemon(packaged, options)),
    ];
  } finally {
    packaged.close();
  }
}

function must(holds: boolean, what: string, more = ''): void {
  if (!holds) throw new Error(`${what}${more && `: ${more}`}`);
}

async function modules(packaged: Packaged, tell: (text: string) => void): Promise<Figure[]> {
  const echo = await serialEnd((bytes, end) => end.send(bytes));
  try {
    packaged.fresh();
    const script = path.join(import.meta.dirname, '../arm64/modules.cjs');
    const said = await packaged.node(script, packaged.program, echo.path, String(contact));
    must(said.code === 0, 'the modules do not work', said.stderr);
    const did = JSON.parse(said.stdout);
    must(did.arch === 'arm64', 'this is not arm64', did.arch);
    const { count, text, integrity } = did.sqlite;
    must(count === 1000 && text === '守望' && integrity === 'ok', 'SQLite', said.stdout);
    must(did.serial.same && did.serial.bytes === 256, 'serialport', said.stdout);
    must(String(did.edges.seen) === '1,0,1', 'onoff', said.stdout);
    const own = did.loaded.filter((file: string) => file.startsWith(`${packaged.program}/`));
    must(own.length === 3 && did.loaded.length === 3, 'other modules than the package’s', String(did.loaded));
    tell(`Node ${did.node} for arm64 loaded ${own.map((file: string) => path.basename(file)).join(', ')}`);
    return [row('compiled modules of the package that do their work', '', own.length)];
  } finally {
    await echo.stop();
  }
}

/** Beside the contacts over TCP: one on the header, a flame detector on a serial line, and the console. */
async function wire({ place }: Stage | { place: Place }, line: string): Promise<void> {
  const site = JSON.parse(readFileSync(place.file, 'utf8'));
  // emulated, a poll takes many times as long
  Object.assign(site.devices.panel, { every: '500ms', timeout: '5s' });
  site.console = { listen: '127.0.0.1:0', withoutLogin: 'operate' };
  site.buses.header = { driver: 'gpio' };
  site.buses.line1 = { driver: 'modbus-rtu', path: line, baudRate: 9600 };
  site.zones.header = { name: { zh: '机房', en: 'Plant room' } };
  site.zones.line = { name: { zh: '仓库', en: 'Store room' } };
  site.devices.inputs = {
    bus: 'header',
    points: { smoke: { line: 'GPIO17', kind: 'smoke', zone: 'header', debounce: '20ms' } },
  };
  site.devices.heat = {
    ...{ bus: 'line1', unit: 5, every: '200ms', timeout: '2s' },
    points: { alarm: { read: 'discrete:0', kind: 'heat', zone: 'line' } },
  };
  place.write(site);
}

const stands = (stage: Stage, point: string): boolean =>
  standing(stage).some(({ cause }) => cause.point === point);

async function toldOf(stage: Stage, point: string, strike: () => unknown): Promise<number> {
  const beganMs = performance.now();
  await strike();
  await until(`${point} stands at the broker`, () => stands(stage, point), waitMs);
  return Math.round(performance.now() - beganMs);
}

/** What systemd hears of the daemon, by a socket that takes its place. */
function listen(place: Place): { readonly socket: string; heard(): string } {
  const socket = path.join(place.folder, 'notify');
  const ear = spawn('socat', ['-u', `UNIX-RECV:${socket}`, '-'], { stdio: ['ignore', 'pipe', 'ignore'] });
  place.later(ear, () => ear.kill('SIGKILL'));
  let heard = '';
  ear.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  return { socket, heard: () => heard };
}

async function daemon(packaged: Packaged, options: InsideOptions): Promise<Figure[]> {
  const pair = await serialPair();
  try {
    const slave = await startSlave('rtu', pair.b, 5);
    try {
      return await withLine(packaged, pair.a, slave, options);
    } finally {
      await slave.stop();
    }
  } finally {
    await pair.stop();
  }
}

async function withLine(
  packaged: Packaged,
  line: string,
  slave: Slave,
  { quick, tell }: InsideOptions,
): Promise<Figure[]> {
  let ear: ReturnType<typeof listen> | undefined;
  const startsMs: number[] = [];
  let level: 0 | 1 = 0;
  const launch = async ({ place, socket }: Stage): Promise<Daemon> => {
    if (ear === undefined) await wire({ place }, line);
    ear ??= listen(place);
    packaged.fresh();
    const readies = (): number => ear!.heard().split('READY=1').length - 1;
    const before = readies();
    const beganMs = performance.now();
    const started = place.spawn({
      socket,
      through: packaged.through,
      env: { NOTIFY_SOCKET: ear.socket, KEEPWATCH_CONTACT: String(level) },
    });
    await started.said('keepwatch runs', ({ code }) => code === 'STARTED', waitMs);
    await until('READY was said', () => readies() > before, waitMs);
    startsMs.push(performance.now() - beganMs);
    return started;
  };
  const stage = await setStage({ launch });
  try {
    tell('started, and said READY');
    await stage.trip();
    const edgeMs = await toldOf(stage, 'inputs.smoke', () => packaged.set(stage.daemon.pid, 1));
    level = 1;
    const serialMs = await toldOf(stage, 'heat.alarm', () => slave.set('discrete', 0, 1));
    await allTold(stage);
    await judge(stage);
    tell('alarms by TCP, by an edge of GPIO17 and by a serial line were told');
    await commands(packaged, stage, quick);
    tell('the commands are good');
    const childMs = packaged.children ? await paper(stage) : undefined;
    await sameAfterRestart(stage);
    await stage.trip();
    tell('after kill -9 and a new start it is as it was, and goes on');
    const beganMs = performance.now();
    const code = await stage.daemon.stop();
    const stopMs = Math.round(performance.now() - beganMs);
    must(code === 0, 'the stop did not end with 0', String(code));
    await stage.seen.until('the stop is told', () => events(stage.seen).at(-1)?.type === 'gateway.stopped');
    const children = 'a report by the console, made in a child';
    return [
      row('daemon start to READY, longest of two', 'ms', longest(startsMs), startWithinMs),
      row('contact over TCP to incident at the broker, longest', 'ms', longest(stage.shownMs), toldWithinMs),
      row('edge of a GPIO line to incident at the broker', 'ms', edgeMs, toldWithinMs),
      row('contact on a serial line to incident at the broker', 'ms', serialMs, toldWithinMs),
      childMs === undefined
        ? { figure: children, note: 'left out: this kernel starts no arm64 children for us' }
        : row(children, 'ms', childMs, patienceMs),
      row('SIGTERM to the end', 'ms', stopMs, 5000),
    ];
  } catch (error) {
    tell(stage.daemon?.stdout().slice(-3000) ?? '');
    throw error;
  } finally {
    await stage.leave();
  }
}

async function commands(packaged: Packaged, { place, socket }: Stage, quick: boolean): Promise<void> {
  const good = ({ code, stdout, stderr }: Outcome, verb: string): string => {
    must(code === 0, `${verb} ended with ${code}`, stdout + stderr);
    return stdout;
  };
  good(await packaged.cli('check', '-c', place.file), 'check');
  const status = JSON.parse(good(await packaged.cli('status', '--json', '--socket', socket), 'status'));
  must(status.open.alarm === 3, 'status does not have three alarms', JSON.stringify(status.open));
  // unpacking the fonts of a PDF is what takes longest of all
  if (quick) return;
  const [{ id }] = JSON.parse(
    good(await packaged.cli('incidents', '--json', '--socket', socket), 'incidents'),
  );
  const file = path.join(place.folder, 'report.pdf');
  const asked = ['report', id, '--format', 'pdf', '--lang', 'zh', '--out', file, '--socket', socket];
  good(await packaged.cli(...asked), 'report');
  must(readFileSync(file).subarray(0, 5).toString() === '%PDF-', 'the report is no PDF');
}

/** A report by the console, which has a child of the daemon make it. */
async function paper(stage: Stage): Promise<number> {
  const { console: url } = await stage.daemon.said('the console', ({ code }) => code === 'STARTED');
  const [{ id }] = standing(stage);
  const beganMs = performance.now();
  const answer = await fetch(new URL(`/api/v1/incidents/${id}/report?format=md&lang=en`, url));
  const text = await answer.text();
  must(answer.status === 200 && text.includes(id), 'no report by the console', text.slice(0, 300));
  return Math.round(performance.now() - beganMs);
}

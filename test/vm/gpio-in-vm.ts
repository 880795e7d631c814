// Runs inside the virtual machine of test/vm/gpio: the gpio driver on a real kernel chip, seen from both
// sides. Every check waits for a condition, because time in there is slow; the script around it sets a limit.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { gpio } from '../../drivers/gpio/driver.ts';
import type {
  Connection,
  Host,
  OutputAddress,
  PointAddress,
  Raw,
  ReadRequest,
  Settings,
} from '../../src/driver.ts';

const bus: Settings = { sysfs: '/sys/class/gpio' };
const never = new AbortController().signal;

function check(ok: boolean, what: string): void {
  console.log(`${ok ? 'ok' : 'FAILED'}: ${what}`);
  if (!ok) process.exit(1);
}

async function until(what: string, met: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (met()) return check(true, what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  check(false, what);
}

function pull(line: string, level: 0 | 1): void {
  execFileSync('gpio-set-input', [line, String(level)]);
}

function outside(line: string): string {
  return execFileSync('gpio-read-output', [line], { encoding: 'utf8' }).trim();
}

function point(id: string, line: string): PointAddress {
  return { id, device: 'inputs', ...gpio.point(bus, {}, { line }) };
}

function output(id: string, line: string): OutputAddress {
  return { id, ...gpio.output(bus, { line }) };
}

interface Opened {
  readonly connection: Connection;
  readonly seen: Raw[];
  readonly failures: Error[];
}

async function open(points: readonly PointAddress[], outputs: readonly OutputAddress[]): Promise<Opened> {
  const seen: Raw[] = [];
  const failures: Error[] = [];
  const quiet = (): void => {};
  const host: Host = {
    points,
    outputs,
    emit: (values) => seen.push(...values.map(([, value]) => value)),
    fail: (fault) => failures.push(fault),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  };
  return { connection: await gpio.open(bus, host), seen, failures };
}

function reading(points: readonly PointAddress[]): ReadRequest {
  return { device: 'inputs', space: 'chip', start: 0, length: 1, points };
}

const smoke = point('inputs.smoke', 'GPIO17');
const siren = output('siren', 'GPIO22');

const first = await open([smoke], [siren]);
for (const level of [1, 0, 1, 0] as const) {
  const before = first.seen.length;
  pull('GPIO17', level);
  await until(`edge of GPIO17 to ${level}`, () => first.seen.length > before);
}
check(JSON.stringify(first.seen) === '[true,false,true,false]', `every edge once, in order: ${first.seen}`);
pull('GPIO17', 1);
await until('the fifth edge', () => first.seen.length === 5);
check((await first.connection.read!(reading([smoke]), never))[0] === true, 'a read gives the present level');

check(outside('GPIO22') === '0', 'an output keeps its level when it is opened');
await first.connection.drive!(siren, true, never);
check(outside('GPIO22') === '1', 'GPIO22 is driven to 1');
check((await first.connection.observe!(siren, never)) === true, 'and read back');

const sirenNumber = Number(readFileSync(findBase(), 'utf8')) + 22;
function findBase(): string {
  const folder = execFileSync('bash', ['-c', 'grep -l pinctrl-bcm2711 /sys/class/gpio/gpiochip*/label'], {
    encoding: 'utf8',
  });
  return folder.trim().replace(/label$/, 'base');
}
await first.connection.close();
check(existsSync(`/sys/class/gpio/gpio${sirenNumber}`), 'a closed output stays exported');
check(!existsSync(`/sys/class/gpio/gpio${sirenNumber - 5}`), 'a closed input is given back');
check(outside('GPIO22') === '1', 'and the output keeps its level');

const second = await open([smoke], [siren]);
check(outside('GPIO22') === '1', 'opened again, the output has not moved');
check((await second.connection.observe!(siren, never)) === true, 'and is known');
pull('GPIO17', 0);
await until('edges come again', () => second.seen.length === 1);
await second.connection.close();

execFileSync('gpio-sim-chip', ['relay-board', 'RELAY1', 'RELAY2', 'TAMPER']);
const tamper = point('board.tamper', 'TAMPER');
const third = await open([tamper], []);
pull('TAMPER', 1);
await until('a line that only libgpiod knows by name', () => third.seen.length === 1);
execFileSync('gpio-sim-chip', ['-r', 'relay-board']);
await third.connection.read!(reading([tamper]), never).then(
  () => check(false, 'a read of a chip that was unplugged is refused'),
  () => check(true, 'a read of a chip that was unplugged is refused'),
);
await until('the chip is reported lost, once', () => third.failures.length === 1);
await third.connection.close();

await open([point('inputs.x', 'GPIO99')], []).then(
  () => check(false, 'an unknown line is refused'),
  (error: Error) =>
    check(/GPIO99/.test(error.message) && /GPIO17/.test(error.message), `refused: ${error.message}`),
);
console.log('gpio: all good');
process.exit(0);

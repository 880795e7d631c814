// Runs inside the virtual machine of test/vm/gpio: the gpio driver through libgpiod's tools, as on a kernel without
// sysfs. Every check waits for a condition, because time in there is slow; the script around it sets a limit.

import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { gpio } from '../../drivers/gpio/driver.ts';
import type { Connection, OutputAddress, PointAddress, Raw, Settings } from '../../src/driver.ts';

const bus: Settings = { access: 'chardev' };
const never = new AbortController().signal;
const floodMs = Number(process.argv[2] ?? 60) * 1000;

function check(ok: boolean, what: string): void {
  console.log(`${ok ? 'ok' : 'FAILED'}: ${what}`);
  if (!ok) process.exit(1);
}

async function until(what: string, met: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
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

function point(id: string, keys: Settings): PointAddress {
  return { id, device: 'inputs', ...gpio.point(bus, {}, keys) };
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
  const connection = await gpio.open(bus, {
    points,
    outputs,
    emit: (values) => seen.push(...values.map(([, value]) => value)),
    fail: (fault) => failures.push(fault),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  return { connection, seen, failures };
}

async function read(connection: Connection, ...points: PointAddress[]): Promise<readonly Raw[]> {
  return connection.read!({ device: 'inputs', space: 'chip', start: 0, length: 1, points }, never);
}

/** The tools that run for this process, by their command lines. */
function running(program: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === program ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}

const smoke = point('inputs.smoke', { line: 'GPIO17' });
const edges = point('inputs.edges', { line: 'GPIO17', count: 'both' });
const siren = output('siren', 'GPIO22');

pull('GPIO17', 1);
const first = await open([smoke, edges], [siren]);
check((await read(first.connection, smoke))[0] === true, 'the level at opening');
check(running('gpiomon').length === 1, 'one gpiomon watches');
for (const level of [0, 1, 0] as const) {
  const before = first.seen.length;
  pull('GPIO17', level);
  await until(`edge of GPIO17 to ${level}`, () => first.seen.length > before);
}
check(JSON.stringify(first.seen) === '[false,true,false]', `every edge once, in order: ${first.seen}`);

// Edges as fast as the machine makes them for a while; a pause lets the kernel tell each of them.
const script = `p=$(gpio-read-output --path GPIO17)/pull; end=$((SECONDS + ${floodMs / 1000})); n=0
while ((n < 1000 && SECONDS < end)); do
  echo pull-up >$p; sleep 0.01; echo pull-down >$p; sleep 0.01; n=$((n + 2))
done; echo $n`;
/** How often the kernel was woken by the line; the simulator may make one interrupt of two edges. */
function interrupts(): number {
  const row = readFileSync('/proc/interrupts', 'utf8')
    .split('\n')
    .find((text) => /gpiomon/.test(text));
  return [...(row ?? '').matchAll(/ (\d+)(?= )/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}
const interruptsBefore = interrupts();
const startedMs = performance.now();
const flood = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
let said = '';
flood.stdout.on('data', (text) => {
  said += String(text);
});
await new Promise((resolve) => flood.on('close', resolve));
const made = Number(said);
const tookS = Math.round((performance.now() - startedMs) / 1000);
const woken = interrupts() - interruptsBefore;
const seen = (): number => first.seen.length - 3;
for (let tries = 0; tries < 200 && seen() < made; tries++)
  await new Promise((resolve) => setTimeout(resolve, 50));
// A pulse that the simulator, or the kernel's thread, saw as one edge is told as two: what counts is that of all
// that the kernel was woken for none is missing.
check(
  seen() >= woken && woken > 0,
  `${made} edges made in ${tookS} s, ${woken} interrupts, ${seen()} edges told`,
);
check(
  first.seen.every((level, at) => level === (at % 2 === 1)),
  'in their order',
);
const told = first.seen.length;
check((await read(first.connection, edges))[0] === told, `and counted: ${told}`);

check(outside('GPIO22') === '0' && running('gpioset').length === 0, 'an output is left alone at opening');
await first.connection.drive!(siren, true, never);
check(outside('GPIO22') === '1', 'GPIO22 is driven to 1 and held');
check((await first.connection.observe!(siren, never)) === true, 'and read back');
const [holder] = running('gpioset');
await first.connection.close();
check(running('gpiomon').length === 0, 'a closed input is given back');
check(outside('GPIO22') === '1', 'and the output keeps its level');

const second = await open([smoke, edges], [siren]);
check((await second.connection.observe!(siren, never)) === true, 'opened again, the output is known');
await second.connection.drive!(siren, true, never);
check(running('gpioset')[0] === holder, 'and held by the same gpioset');
const driveMs = performance.now();
await second.connection.drive!(siren, false, never);
const drivenMs = Math.round(performance.now() - driveMs);
check(outside('GPIO22') === '0', `changed in ${drivenMs} ms`);
await second.connection.drive!(siren, true, never);

const before = second.seen.length;
await until('the line is looked at again when it rests', () => running('gpiomon').length === 0);
await until('and watched again', () => running('gpiomon').length === 1);
await new Promise((resolve) => setTimeout(resolve, 500));
pull('GPIO17', 1);
await until('edges come as before', () => second.seen.length === before + 1);

process.kill(running('gpiomon')[0]!, 'SIGKILL');
await until('a gpiomon that dies is reported', () => second.failures.length === 1);
check(/GPIO17: gpiomon: ended by SIGKILL/.test(second.failures[0]!.message), second.failures[0]!.message);
await second.connection.close();
const third = await open([smoke], [siren]);
pull('GPIO17', 0);
await until('opened again, edges come', () => third.seen.length === 1);
process.kill(running('gpioset')[0]!, 'SIGKILL');
await until('a gpioset that dies is reported', () => third.failures.length === 1);
await third.connection.close();

const other = spawn('gpiomon', ['gpiochip0', '18'], { stdio: 'ignore' });
await until('another program takes a line', () => running('gpiomon').length === 1);
await new Promise((resolve) => setTimeout(resolve, 1000));
await open([point('inputs.x', { line: 'GPIO18' })], []).then(
  () => check(false, 'a line that another program has is refused'),
  (error: Error) => check(/GPIO18.*"gpiomon" holds it/.test(error.message), `refused: ${error.message}`),
);
other.kill();

execFileSync('gpio-sim-chip', ['pinctrl-rp1', 'ID_SDA', 'ID_SCL', ...[2, 3, 4, 5, 6].map((n) => `GPIO${n}`)]);
const header = point('five.smoke', { line: 'pinctrl-rp1:5' });
const fifth = await open([header], [output('bell', 'pinctrl-rp1:6')]);
await fifth.connection.drive!(output('bell', 'pinctrl-rp1:6'), true, never);
const folder = execFileSync('bash', ['-c', 'ls -d /sys/devices/platform/gpio-sim.*/gpiochip1'], {
  encoding: 'utf8',
}).trim();
check(readFileSync(`${folder}/sim_gpio6/value`, 'utf8').trim() === '1', 'a header like a Pi 5: an output');
execFileSync('bash', ['-c', `echo pull-up >${folder}/sim_gpio5/pull`]);
await until('and an edge', () => fifth.seen.length === 1);
execFileSync('gpio-sim-chip', ['-r', 'pinctrl-rp1']);
await read(fifth.connection, header).then(
  () => check(false, 'a read of a chip that was unplugged is refused'),
  () => check(fifth.failures.length === 1, 'a read of a chip that was unplugged is refused, and told once'),
);
await fifth.connection.close();

const last = await open([smoke], [siren]);
await last.connection.drive!(siren, true, never);
console.log('gpio by the character device: all good');
process.exit(0);

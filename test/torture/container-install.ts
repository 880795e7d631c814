// From a bare system to the first alarm as a technician gets there: the commands that docs/install.md shows, each counted
// and timed, with the answers typed as they are asked for. Then what the installed daemon costs: its size, its start
// beside a bare script's, and five quiet minutes.

import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { until } from '../support/broker.ts';
import { checkout, newPlace, type Place } from '../support/daemon.ts';
import { startSlave } from '../support/modbus/slave.ts';
import { pid, sh, show, unit } from './container-parts.ts';
import { row } from './disk-stage.ts';
import { haveGuests, type InsideOptions, inGuest } from './guest.ts';
import { buildPackage, builtPackage, dropPackage, must, type Said, said, site } from './package-parts.ts';
import { type Figure, quantile } from './scenario.ts';

export const what = 'from a bare system to the first alarm by the commands of docs/install.md (container)';

export async function run(options: InsideOptions): Promise<readonly Figure[]> {
  if (haveGuests()) buildPackage(options.tell);
  try {
    return await inGuest({ kind: 'container', scenario: 'container-install', timeoutS: 1200 }, options);
  } finally {
    dropPackage();
  }
}

const mostCommands = 25;
const targetCommands = 5;
const withinS = 600;
/** Cold start in relation to a script that keeps nothing. */
const mostTimesBare = 1.25;

export async function inside({ quick, tell }: InsideOptions): Promise<Figure[]> {
  const figures: Figure[] = [row('package', 'MB', statSync(builtPackage()).size / 1e6)];
  const place = newPlace();
  try {
    figures.push(...(await firstAlarm(place, tell)));
    figures.push(...(await starts(place, quick ? 7 : 9, tell)));
    figures.push(...(await quietly(place, quick ? 15 : 300, tell)));
    return figures;
  } catch (error) {
    console.log(said('journalctl', '--unit', unit, '--no-pager', '--lines=60', '--output=cat').text);
    throw error;
  } finally {
    await place.leave();
  }
}

/** The first block of commands under the heading. */
function commandsOfTheGuide(): string[] {
  const text = readFileSync(path.join(checkout, 'docs/install.md'), 'utf8');
  const block = /^## Installing\n[\s\S]*?^```sh\n([\s\S]*?)^```/m.exec(text)?.[1] ?? '';
  return block
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** Types a command as it stands there, as root, and the answers line by line. */
function typed(
  command: string,
  cwd: string,
  answers: readonly string[] = [],
): Promise<Said & { ms: number }> {
  const argv = command.replace(/^sudo /, '').split(' ');
  const beganMs = performance.now();
  const child = spawn(argv[0]!, argv.slice(1), {
    cwd,
    env: { ...process.env, LANG: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  child.stdin.end(`${answers.join('\n')}\n`);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text, ms: performance.now() - beganMs }));
  });
}

async function firstAlarm(place: Place, tell: (text: string) => void): Promise<Figure[]> {
  const slave = await startSlave('tcp');
  place.later(slave, () => slave.stop());
  const broker = await place.broker();
  const centre = await place.witness(broker.port, 'keepwatch/v1/store_0042/event');
  const home = path.join(place.folder, 'home');
  mkdirSync(home);
  copyFileSync(builtPackage(), path.join(home, path.basename(builtPackage())));
  const answers = [
    ...['store_0042', '人民路店', 'Renmin Road', 'Asia/Shanghai', 'en'],
    ...[`mqtt://127.0.0.1:${broker.port}`, '', 'hall=大厅/Hall', ''],
    ...[`lan1=127.0.0.1:${slave.port}`, '', 'detector=lan1:1:generic-modbus-smoke:hall', ''],
    // nobody is told yet
    '',
  ];
  const commands = commandsOfTheGuide();
  must(commands.length > 2, 'the guide shows no commands', commands.join(' · '));
  const beganMs = performance.now();
  for (const line of commands) {
    const command = line.replace(/\.\/keepwatch_\S+\.deb/, `./${path.basename(builtPackage())}`);
    const isAsked = command.includes('keepwatch init');
    const { code, text, ms } = await typed(command, home, isAsked ? answers : ['y']);
    tell(
      `${command}: exit ${code} after ${(ms / 1000).toFixed(1)} s${isAsked ? `, ${answers.length} answers` : ''}`,
    );
    if (command.includes('doctor')) {
      // a container has no network, and nobody who sets its clock; a gateway is told the same where that is so
      const bad = text.split('\n').filter((said) => /^✗ (?!clock: )/.test(said));
      must(/^✓ daemon: /m.test(text) && bad.length === 0, 'doctor finds something bad', text);
    } else must(code === 0, `\`${command}\` ended with ${code}`, text);
  }
  must(show('ActiveState') === 'active', 'the daemon does not run');
  must(sh('stat', '-c', '%U:%G %a', site) === 'root:keepwatch 640', 'the site file is not as it should be');
  const trippedMs = performance.now();
  await slave.set('holding', 3, 1);
  await until(
    'the first alarm is there',
    () =>
      centre.seen.some(
        ({ payload }) => payload.includes('"incident.opened"') && payload.includes('detector'),
      ),
    60_000,
  );
  const endMs = performance.now();
  return [
    row('commands typed to the first alarm', '', commands.length, targetCommands),
    row('commands typed, the most that there may be', '', commands.length, mostCommands),
    row('answers typed', '', answers.length),
    row('from the first command to the first alarm', 's', (endMs - beganMs) / 1000, withinS),
    row('from the contact to the subscriber', 'ms', Math.round(endMs - trippedMs), 5000),
  ];
}

interface Counter {
  readonly port: number;
  questions(): number;
  close(): void;
}

/** A slave that answers reads of registers and counts them: what is asked first is seen at once. */
function counter(later: Place): Promise<Counter> {
  let questions = 0;
  const server = createServer((socket) => {
    socket.setNoDelay(true).on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      for (let at = 0; at + 12 <= chunk.length; at += 6 + chunk.readUInt16BE(at + 4)) {
        questions += 1;
        const count = chunk.readUInt16BE(at + 10);
        const answer = Buffer.alloc(9 + 2 * count);
        chunk.copy(answer, 0, at, at + 8);
        answer.writeUInt16BE(3 + 2 * count, 4);
        answer[8] = 2 * count;
        // something moves, as a meter does
        answer.writeUInt16BE(questions % 500, 9);
        socket.write(answer);
      }
    });
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      const made = { port, questions: () => questions, close: () => void server.close() };
      later.later(made, () => made.close());
      resolve(made);
    }),
  );
}

const twentyPoints = Object.fromEntries(
  Array.from({ length: 20 }, (_, at) => [`p${at}`, { read: `holding:${at}:u16`, unit: 'V' }]),
);

function siteOf(
  ports: { readonly slave: number; readonly broker: number },
  data: string,
  every: string,
): string {
  return JSON.stringify({
    premises: { id: 'store_0042', name: 'Renmin Road', timezone: 'Asia/Shanghai' },
    data,
    mqtt: { url: `mqtt://127.0.0.1:${ports.broker}` },
    buses: { lan: { driver: 'modbus-tcp', host: '127.0.0.1', port: ports.slave } },
    devices: { panel: { bus: 'lan', unit: 1, every, points: twentyPoints } },
  });
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await gone;
}

/** By turns, so that what the machine does besides weighs on both. */
async function starts(place: Place, rounds: number, tell: (text: string) => void): Promise<Figure[]> {
  sh('systemctl', 'stop', unit);
  const slave = await counter(place);
  const broker = await place.broker();
  const file = path.join(place.folder, 'start.yaml');
  const data = path.join(place.folder, 'start-data');
  writeFileSync(file, siteOf({ slave: slave.port, broker: broker.port }, data, '100ms'));
  const bare = path.join(checkout, 'test/bench/peers/bare.cjs');
  const begin = {
    keepwatch: () => spawn('/usr/bin/keepwatch', ['run', '-c', file], { stdio: 'ignore' }),
    bare: () =>
      spawn('/usr/bin/node', [bare], {
        stdio: 'ignore',
        env: { ...process.env, PORTS: String(slave.port), BROKER: String(broker.port), POLL: '100' },
      }),
  };
  const taken = { keepwatch: [] as number[], bare: [] as number[] };
  for (let round = -1; round < rounds; round += 1)
    for (const name of ['keepwatch', 'bare'] as const) {
      rmSync(data, { recursive: true, force: true });
      const before = slave.questions();
      const beganMs = performance.now();
      const child = begin[name]();
      try {
        await until(`${name} asks`, () => slave.questions() > before, 60_000);
        // the first round only brings the files into memory
        if (round >= 0) taken[name].push(performance.now() - beganMs);
      } finally {
        await ended(child);
      }
    }
  const [ours, theirs] = [quantile(taken.keepwatch, 0.5), quantile(taken.bare, 0.5)];
  tell(`first question after ${ours.toFixed(0)} ms, the bare script's after ${theirs.toFixed(0)} ms`);
  return [
    {
      ...row('start to first question, median', 'ms', Math.round(ours)),
      peer: Math.round(theirs),
      peerName: 'bare',
    },
    row('start, in relation to the bare script', '×', ours / theirs, mostTimesBare),
  ];
}

async function quietly(place: Place, seconds: number, tell: (text: string) => void): Promise<Figure[]> {
  const slave = await counter(place);
  const broker = await place.broker();
  writeFileSync(site, siteOf({ slave: slave.port, broker: broker.port }, '/var/lib/keepwatch', '1s'));
  sh('systemctl', 'start', unit);
  await until('it polls', () => slave.questions() > 5, 60_000);
  const read = (name: string): string => readFileSync(`/proc/${pid()}/${name}`, 'utf8');
  const number = (name: string, key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(read(name))![1]);
  const processorMs = (): number => {
    const text = read('stat');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // the kernel counts in hundredths of a second
    return (Number(fields[11]) + Number(fields[12])) * 10;
  };
  const running = pid();
  const [bytes, busyMs, asked, beganMs] = [
    number('io', 'write_bytes'),
    processorMs(),
    slave.questions(),
    performance.now(),
  ];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const tookMs = performance.now() - beganMs;
  must(pid() === running, 'it was started again meanwhile');
  // where the kernel does not count what is written to this file system, nothing is known of it
  const counted = number('io', 'write_bytes') > 0;
  const perSecond = ((slave.questions() - asked) / tookMs) * 1000;
  const written = ((number('io', 'write_bytes') - bytes) / tookMs) * 86_400_000;
  tell(`${(tookMs / 1000).toFixed(0)} s: ${perSecond.toFixed(2)} questions a second`);
  must(perSecond > 0.8 && perSecond < 1.3, 'it does not poll once a second', `${perSecond}`);
  return [
    row('quiet, 20 points once a second: processor', '%', ((processorMs() - busyMs) / tookMs) * 100),
    row('quiet: memory', 'MB', number('status', 'VmRSS') / 1024),
    row('quiet: most memory since its start', 'MB', number('status', 'VmHWM') / 1024),
    counted
      ? row('quiet: written in a day', 'MB', written / 1e6)
      : { figure: 'quiet: written in a day', note: 'left out: the kernel does not count it here' },
  ];
}

// The shipped unit installed in a guest as a package would put it in place, and blows to the daemon in it from which
// systemd has to bring it back. Knows no scenario.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { until } from '../support/broker.ts';
import { checkout, program } from '../support/daemon.ts';
import { allRead, allTold, judge, patienceMs, row, type Stage } from './disk-stage.ts';
import type { Figure } from './scenario.ts';

export const unit = 'keepwatch.service';
const shipped = path.join(checkout, 'systemd', unit);

export function sh(...argv: string[]): string {
  return execFileSync(argv[0]!, argv.slice(1), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}
export const show = (property: string): string =>
  sh('systemctl', 'show', unit, `--property=${property}`, '--value');
export const pid = (): number => Number(show('MainPID'));
export const setting = (key: string): number =>
  Number(new RegExp(`^${key}=(\\d+)`, 'm').exec(readFileSync(shipped, 'utf8'))?.[1]);

/** As a package would put it in place. */
export function install(stage: Stage): void {
  writeFileSync('/usr/bin/keepwatch', `#!/bin/sh\nexec /usr/bin/node ${program()} "$@"\n`, { mode: 0o755 });
  sh('systemd-sysusers', path.join(checkout, 'systemd/keepwatch.sysusers.conf'));
  mkdirSync('/etc/keepwatch', { recursive: true });
  const site = JSON.parse(readFileSync(stage.place.file, 'utf8'));
  writeFileSync('/etc/keepwatch/keepwatch.yaml', JSON.stringify({ ...site, data: '/var/lib/keepwatch' }));
  copyFileSync(shipped, `/etc/systemd/system/${unit}`);
  const words = execFileSync('sh', ['-c', `systemd-analyze verify /etc/systemd/system/${unit} 2>&1`], {
    encoding: 'utf8',
  });
  if (words !== '') throw new Error(`the unit is not verified in silence: ${words}`);
  sh('systemctl', 'daemon-reload');
}

/** Has the running daemon do something, by the debugger that Node opens on SIGUSR1. */
export async function evaluate(statement: string): Promise<void> {
  process.kill(pid(), 'SIGUSR1');
  let url = '';
  const ask = async (): Promise<void> => {
    const answer = await fetch('http://127.0.0.1:9229/json/list').catch(() => undefined);
    url = ((await answer?.json()) as { webSocketDebuggerUrl: string }[])?.[0]?.webSocketDebuggerUrl ?? '';
  };
  for (let tries = 0; url === '' && tries < 200; tries += 1) {
    await ask();
    if (url === '') await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const socket = new WebSocket(url);
  const next = (event: string) =>
    new Promise((resolve, reject) => {
      socket.addEventListener(event, resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error('no debugger answers')), { once: true });
    });
  await next('open');
  // after the debugger has left: an ending process would wait for it
  const later = `setTimeout(() => { ${statement} }, 300)`;
  const answered = next('message');
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: later } }));
  await answered;
  socket.close();
}

/** From its start to the last contact read, ms; a limit for a machine that does other things as well. */
export const readWithinMs = 20_000;

export interface Blow {
  readonly name: string;
  strike(): Promise<void> | void;
  /** until systemd has started it again, ms */
  readonly withinMs: number;
}

/** Hits the daemon while an alarm trips; systemd starts it again, and the alarm is told once. */
export async function endure(stage: Stage, blow: Blow): Promise<Figure[]> {
  const before = Number(show('NRestarts'));
  const open = stage.tripped.length;
  const from = stage.seen.seen.length;
  await blow.strike();
  const beganMs = performance.now();
  const beganUs = process.hrtime.bigint() / 1000n;
  await stage.tripBlind();
  await until(
    `${blow.name}: started again`,
    () => Number(show('NRestarts')) > before,
    blow.withinMs + patienceMs,
  );
  // of the daemon that was struck, what it could still tell does not count
  const started = stage.seen.seen.length;
  await allRead(stage, started, patienceMs / 3).catch(() => allRead(stage, from));
  const tookMs = Math.round(performance.now() - beganMs);
  const startedMs = Number((BigInt(show('ExecMainStartTimestampMonotonic')) - beganUs) / 1000n);
  await allTold(stage);
  await judge(stage);
  const status = await stage.status();
  if (status.open.alarm !== open + 1) throw new Error(`${blow.name}: ${status.open.alarm} alarms are open`);
  return [
    row(`${blow.name}: started again after`, 'ms', startedMs, blow.withinMs),
    row(`${blow.name}: all contacts read again after`, 'ms', tookMs, blow.withinMs + readWithinMs),
  ];
}

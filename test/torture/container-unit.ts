// The real unit under a real systemd, in a container: shut in as it ships, it reads, drives and tells; and whatever
// ends or blocks the daemon, systemd starts it again in time, with nothing lost.

import { type Daemon, events } from '../support/daemon.ts';
import {
  type Blow,
  endure,
  evaluate,
  install,
  pid,
  readWithinMs,
  setting,
  sh,
  show,
  unit,
} from './container-parts.ts';
import { allTold, row, type Stage, setStage } from './disk-stage.ts';
import { type InsideOptions, inGuest } from './guest.ts';
import type { Figure } from './scenario.ts';

export const what = 'the unit under systemd (container): hardening, watchdog, kills, stop';

export const run = (options: InsideOptions) =>
  inGuest({ kind: 'container', scenario: 'container-unit', timeoutS: 400 }, options);

export async function inside({ quick, tell }: InsideOptions): Promise<Figure[]> {
  const watchdogMs = setting('WatchdogSec') * 1000;
  const restartMs = setting('RestartSec') * 1000;
  const figures: Figure[] = [];
  const stage = await setStage({
    socket: '/var/lib/keepwatch/keepwatch.sock',
    launch: async (made) => {
      install(made);
      const beganMs = performance.now();
      sh('systemctl', 'start', unit);
      figures.push(row('systemctl start', 'ms', Math.round(performance.now() - beganMs), readWithinMs));
      return undefined as unknown as Daemon;
    },
  });
  try {
    await stage.trip();
    await allTold(stage);
    tell(`user ${sh('ps', '-o', 'user=', '-p', String(pid()))}: an alarm came in, was told and driven`);
    const exposure = /exposure level for \S+: ([\d.]+)/.exec(
      sh('systemd-analyze', 'security', unit, '--no-pager'),
    );
    figures.push(row('systemd-analyze security, running', '', Number(exposure![1]), 2));

    // what systemd itself may take beside
    const again = restartMs + 3000;
    const blows: Blow[] = [
      { name: 'kill -9', strike: () => void process.kill(pid(), 'SIGKILL'), withinMs: again },
      { name: 'ends with 70', strike: () => evaluate('process.exit(70)'), withinMs: again },
      { name: 'event loop blocked', strike: () => evaluate('for(;;);'), withinMs: watchdogMs + again },
      {
        name: 'stopped by SIGSTOP',
        strike: () => void process.kill(pid(), 'SIGSTOP'),
        withinMs: watchdogMs + again,
      },
    ];
    if (!quick)
      blows.push({
        name: 'memory used up',
        strike: () => evaluate('for (globalThis.hoard = [];;) hoard.push(new Array(1e6).fill(1.5))'),
        withinMs: 60_000,
      });
    for (const blow of blows) {
      tell(blow.name);
      figures.push(...(await endure(stage, blow)));
    }
    figures.push(...(await stops(stage)));
    return figures;
  } catch (error) {
    console.log(sh('journalctl', '--unit', unit, '--no-pager', '--lines=60', '--output=cat'));
    throw error;
  } finally {
    await stage.leave();
  }
}

/** A clean stop: quick, told, and nothing is left behind. */
async function stops(stage: Stage): Promise<Figure[]> {
  const beganMs = performance.now();
  sh('systemctl', 'stop', unit);
  const tookMs = Math.round(performance.now() - beganMs);
  await stage.seen.until('the stop is told', () => events(stage.seen).at(-1)?.type === 'gateway.stopped');
  if (show('Result') !== 'success') throw new Error(`the stop ended as ${show('Result')}`);
  return [row('systemctl stop', 'ms', tookMs, 5000)];
}

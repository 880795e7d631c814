// The shipped unit on a USB serial adapter, in the virtual machine: shut in as it is it reads and drives over the line,
// finds the adapter again that was pulled out, and comes back when the kernel took it for its memory.

import { until } from '../support/broker.ts';
import type { Daemon } from '../support/daemon.ts';
import { startSlave } from '../support/modbus/slave.ts';
import { endure, evaluate, install, pid, setting, sh, show, unit } from './container-parts.ts';
import { allTold, judge, patienceMs, row, type Stage, setStage, standing } from './disk-stage.ts';
import { type InsideOptions, inGuest } from './guest.ts';
import type { Figure } from './scenario.ts';

export const what = 'the unit on a USB serial adapter, and out of memory (virtual machine)';

export const run = (options: InsideOptions) =>
  inGuest({ kind: 'vm', scenario: 'vm-unit', timeoutS: 1200, options: ['-u'] }, options);

const adapter = (name: string): string => sh('sh', '-c', `ls /dev/serial/by-id/*${name}*`);
/** The bus, the device, a point: whatever the house says of a line that is gone. */
const dark = (stage: Stage): boolean => standing(stage).some(({ category }) => category === 'trouble');

export async function inside({ tell }: InsideOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  const path = adapter('RIG0');
  const stage = await setStage({
    socket: '/var/lib/keepwatch/keepwatch.sock',
    slave: () => startSlave('rtu', adapter('RIG1'), 1),
    site: { buses: { lan: { driver: 'modbus-rtu', path, baudRate: 115_200 } } },
    launch: async (made) => {
      install(made);
      sh('systemctl', 'start', unit);
      return undefined as unknown as Daemon;
    },
  });
  try {
    await stage.trip();
    await allTold(stage);
    tell(`user ${sh('ps', '-o', 'user=', '-p', String(pid()))} reads and drives over ${path}`);
    sh('usb-plug', 'RIG0', 'out');
    await until('the line is told as dead', () => dark(stage), patienceMs);
    tell('the adapter was pulled out, and is put back');
    const beganMs = performance.now();
    sh('usb-plug', 'RIG0', 'in');
    await stage.trip();
    const tookMs = Math.round(performance.now() - beganMs);
    await until('the trouble ends', () => !dark(stage), patienceMs);
    if (show('NRestarts') !== '0') throw new Error('it was started again');
    figures.push(row('adapter put back: an alarm shown after', 'ms', tookMs, 60_000));

    tell('memory beyond its limit');
    sh('systemctl', 'set-property', '--runtime', unit, 'MemoryMax=200M', 'MemorySwapMax=0');
    const outOfMemory = {
      name: 'taken by the kernel for its memory',
      strike: () => evaluate('for (globalThis.hoard = [];;) hoard.push(Buffer.alloc(1e7, 1))'),
      withinMs: (setting('RestartSec') + 60) * 1000,
    };
    figures.push(...(await endure(stage, outOfMemory)));
    const said = sh('journalctl', '--unit', unit, '--no-pager', '--output=cat');
    if (!/killed by the OOM killer/.test(said)) throw new Error('it was not the kernel that ended it');
    await judge(stage);
    return figures;
  } catch (error) {
    console.log(sh('journalctl', '--unit', unit, '--no-pager', '--lines=60', '--output=cat'));
    throw error;
  } finally {
    await stage.leave();
  }
}

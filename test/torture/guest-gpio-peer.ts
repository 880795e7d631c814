// The least that turns a contact into a siren, beside the daemon on lines of its own: what its times are held against.
// The programs are in peers/. Knows no gateway.

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { until } from '../support/broker.ts';
import { checkout } from '../support/daemon.ts';
import { patienceMs } from './disk-stage.ts';
import type { Chip, Contact, Output } from './guest-gpio.ts';

export interface Peer {
  readonly name: string;
  readonly contact: Contact;
  readonly output: Output;
  readonly tookMs: number[];
  stop(): void;
}

/** On GPIO5 and GPIO6. */
export async function beginPeer(chip: Chip, way: 'sysfs' | 'chardev'): Promise<Peer> {
  const peers = path.join(checkout, 'test/torture/peers');
  const argv =
    way === 'sysfs'
      ? [process.execPath, `${peers}/gpio-bare.mjs`, chip.board.label, '5', '6']
      : [`${peers}/gpio-bare.sh`, chip.device, '5', '6'];
  // in a group of its own, which ends as one
  const child: ChildProcess = spawn(argv[0]!, argv.slice(1), { stdio: 'inherit', detached: true });
  const stop = (): void => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // gone
    }
  };
  const [contact, output] = [chip.contact('GPIO5'), chip.output('GPIO6')];
  try {
    // it is ready when a contact drives its siren
    for (const level of [1, 0] as const) {
      await until(
        'the bare peer works',
        () => {
          contact.pull(level === 1 ? 0 : 1);
          contact.pull(level);
          return output.reaches(level, performance.now(), 1000) !== undefined;
        },
        patienceMs,
      );
    }
  } catch (error) {
    stop();
    throw error;
  }
  return {
    name: way === 'sysfs' ? 'bare onoff' : 'bare gpiomon and gpioset',
    contact,
    output,
    tookMs: [],
    stop,
  };
}

// The site that most tests of the whole watch, and a relay in front of a slave whose port stays the same while
// the slave comes and goes. Knows no daemon.

import { connect, createServer, type Server, type Socket } from 'node:net';
import type { SiteFile } from '../support/daemon.ts';

/** `refuse`: nobody listens. `silent`: connections stay and new ones are taken, and nothing is ever answered. */
export type RelayState = 'pass' | 'refuse' | 'silent';

export interface Relay {
  readonly port: number;
  /** Turns to another state; connections stay through silence and end otherwise. */
  turn(state: RelayState, to?: number): Promise<void>;
  close(): Promise<void>;
}

/** `port`: 0 for a free one. */
export async function startRelay(target: number, at = 0): Promise<Relay> {
  const sockets = new Set<Socket>();
  let to = target;
  let state: RelayState = 'pass';
  let port = at;
  let server: Server | undefined;

  const accept = (near: Socket): void => {
    sockets.add(near);
    near.on('error', () => {}).on('close', () => sockets.delete(near));
    near.setNoDelay(true);
    const far = connect({ port: to, host: '127.0.0.1', noDelay: true });
    sockets.add(far);
    far
      .on('error', () => {})
      .on('close', () => {
        sockets.delete(far);
        near.destroy();
      });
    near.on('close', () => far.destroy());
    near.on('data', (bytes) => {
      if (state !== 'silent') far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (state !== 'silent') near.write(bytes);
    });
  };
  const open = async (): Promise<void> => {
    const opening = createServer(accept);
    server = opening;
    await new Promise<void>((resolve, reject) => {
      opening.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    port = (opening.address() as { port: number }).port;
  };
  const shut = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    const closed = new Promise<void>((resolve) => (closing ? closing.close(() => resolve()) : resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await open();
  return {
    port,
    async turn(next, newTarget = to) {
      to = newTarget;
      const stay = server !== undefined && (next === 'silent' || state === 'silent');
      state = next;
      if (stay && next !== 'refuse') return;
      await shut();
      if (next !== 'refuse') await open();
    },
    close: shut,
  };
}

/** Alarm inputs on Modbus TCP: discrete 0 smoke with a siren on coil 0, 1 flood, 2 heat that latches, input 0 gas. */
export function alarmSite(port: number, more: SiteFile = {}): SiteFile {
  return {
    ...more,
    buses: { lan: { driver: 'modbus-tcp', host: '127.0.0.1', port }, ...more.buses },
    zones: {
      atrium: { name: { zh: '中庭', en: 'Atrium' } },
      kitchen: { name: { zh: '厨房', en: 'Kitchen' } },
      plant: { name: { zh: '设备间', en: 'Plant room' } },
      ...more.zones,
    },
    devices: {
      inputs: {
        bus: 'lan',
        unit: 1,
        every: '50ms',
        timeout: '300ms',
        zone: 'atrium',
        points: {
          smoke: {
            read: 'discrete:0',
            kind: 'smoke',
            rule: 'none',
            name: { zh: '烟感', en: 'Smoke detector' },
          },
          flood: { read: 'discrete:1', kind: 'flood', zone: 'kitchen' },
          heat: { read: 'discrete:2', kind: 'heat', zone: 'plant', rule: 'none' },
          ppm: {
            read: 'input:0:u16',
            unit: 'ppm',
            kind: 'gas',
            zone: 'kitchen',
            alarmAbove: 2500,
            clearBelow: 1500,
            invalid: 65535,
          },
        },
      },
      ...more.devices,
    },
    outputs: {
      siren: { bus: 'lan', unit: 1, write: 'coil:0', silenceable: true },
      ...more.outputs,
    },
    rules: {
      smoke_siren: {
        when: 'inputs.smoke',
        plan: 'fire',
        zone: 'atrium',
        level: 'urgent',
        outputs: { siren: 'on' },
      },
      heat_latched: { when: 'inputs.heat', plan: 'fire', zone: 'plant', latch: true },
      ...more.rules,
    },
  };
}

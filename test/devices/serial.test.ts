// Real serial ports, as pseudo terminals, and sockets: missing, busy, vanishing, refused, restarted; late, chopped
// and spoilt answers; and from when a silence counts.

import { readdirSync, readlinkSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { openLink } from '../../src/devices/link.ts';
import type { LinkSettings } from '../../src/driver.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { answerRtu, answerTcp } from '../support/modbus/memory.ts';
import { haveSocat, serialEnd } from '../support/serial-line.ts';
import { config, lan1, line1, rig, until } from './rig.ts';

const socat = haveSocat();
const clock = systemClock();
const serial = (path: string): LinkSettings => ({
  kind: 'serial',
  path,
  baudRate: 115_200,
  parity: 'none',
  dataBits: 8,
  stopBits: 1,
});
const open = (settings: LinkSettings, lost: (because: string) => void = () => {}) =>
  openLink(settings, { clock, signal: new AbortController().signal, lost });

/** Descriptors of this process on pseudo terminals; those of the test's own terminal are no `/dev/pts` of socat's. */
function ttys(): number {
  let count = 0;
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`).startsWith('/dev/pts/')) count += 1;
    } catch {
      // closed meanwhile
    }
  }
  return count;
}

describe.skipIf(!socat)('serial', () => {
  test('missing, and not a port', async () => {
    await expect(open(serial('/dev/keepwatch-none'))).rejects.toThrow('/dev/keepwatch-none is missing');
    await expect(open(serial('/dev/null'))).rejects.toThrow('/dev/null');
  });

  test('busy: a second opener is told so, and finds it free after the first closed', async () => {
    const end = await serialEnd(() => {});
    const first = await open(serial(end.path));
    const count = ttys();
    await expect(open(serial(end.path))).rejects.toThrow(`${end.path} is in use by another program`);
    expect(ttys()).toBe(count);
    await first.close();
    const second = await open(serial(end.path));
    await second.close();
    await end.stop();
  });

  test('a vanished port is noticed without a write', async () => {
    const end = await serialEnd(() => {});
    const lost: string[] = [];
    const link = await open(serial(end.path), (because) => lost.push(because));
    await end.unplug();
    await until(() => lost.length > 0);
    expect(lost[0]).toMatch(/vanished/);
    await link.close();
    await end.stop();
  });

  test('the silence counts from the end of what we send', async () => {
    const end = await serialEnd(() => {});
    const link = await open({ ...serial(end.path), baudRate: 1200 } as LinkSettings);
    const now = clock.steadyMs();
    link.write(Buffer.alloc(12));
    expect(link.lastByteMs - now).toBeGreaterThanOrEqual(100);
    expect(link.lastByteMs - now).toBeLessThan(150);
    await link.close();
    await end.stop();
  });

  test('late, chopped, spoilt and foreign replies on a real port', async () => {
    let count = 0;
    const end = await serialEnd((bytes, each) => {
      if (bytes.length !== 8) return;
      const good = answerRtu(bytes, { register: (address) => address });
      count += 1;
      const spoilt = Buffer.from(good);
      spoilt[3]! ^= 0x10;
      if (count % 11 === 1) each.send(spoilt);
      else if (count % 11 === 3) each.send(good.subarray(0, 4));
      else if (count % 11 === 5) setTimeout(() => each.send(good), 90);
      else if (count % 11 === 7)
        each.send(Buffer.concat([answerRtu(Buffer.from('0904000100011111', 'hex'), {}), good]));
      else if (count % 11 === 9) for (const byte of good) each.send(Buffer.from([byte]));
      else each.send(good);
    });
    const points = { a: 'input:5', b: 'input:105', c: 'input:205' };
    const site = config(
      line1([{ id: 'd', settings: { unit: 1 }, everyMs: 10, timeoutMs: 60, points }], {
        settings: { path: end.path, baudRate: 115_200, parity: 'none', dataBits: 8, stopBits: 1 },
      }),
    );
    const r = rig();
    await r.devices.use(site);
    await until(() => r.values('d.c').length > 15 && count > 50, 20_000);
    await r.devices.stop();
    for (const [point, value] of [
      ['a', 5],
      ['b', 105],
      ['c', 205],
    ] as const) {
      expect(new Set(r.values(`d.${point}`))).toEqual(new Set([value]));
    }
    expect(r.links().filter((text) => text.startsWith('line1'))).toHaveLength(1);
    await end.stop();
  }, 30_000);
});

describe('TCP', () => {
  async function server(heard: (bytes: Buffer, socket: Socket) => void, at = 0) {
    const sockets = new Set<Socket>();
    const each = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      socket.on('data', (bytes) => heard(bytes, socket));
    });
    const port = await new Promise<number>((resolve) => {
      each.listen(at, '127.0.0.1', () => resolve((each.address() as { port: number }).port));
    });
    return {
      port,
      sockets,
      async stop() {
        for (const socket of sockets) socket.destroy();
        await new Promise<void>((resolve) => each.close(() => resolve()));
      },
    };
  }

  test('refused, unknown names, closed by the peer', async () => {
    const s = await server(() => {});
    const lost: string[] = [];
    const link = await open({ kind: 'tcp', host: '127.0.0.1', port: s.port }, (because) =>
      lost.push(because),
    );
    await until(() => s.sockets.size === 1);
    await s.stop();
    await until(() => lost.length === 1);
    expect(lost[0]).toMatch(/closed the connection|was reset/);
    await link.close();
    await expect(open({ kind: 'tcp', host: '127.0.0.1', port: s.port })).rejects.toThrow(
      `connection to 127.0.0.1:${s.port} refused`,
    );
  });

  test('an opening is given up at once when the house stops', async () => {
    const stop = new AbortController();
    // a reserved address that drops packets, or an answer that it can't be reached; either way it ends
    const opening = openLink(
      { kind: 'tcp', host: '192.0.2.1', port: 502 },
      { clock, signal: stop.signal, lost: () => {} },
    );
    setTimeout(() => stop.abort(), 20);
    await expect(opening).rejects.toThrow();
  });

  test('a restarted server is found again', async () => {
    const heard = (bytes: Buffer, socket: Socket): void => {
      socket.write(answerTcp(bytes, { register: (address) => address }));
    };
    let s = await server(heard);
    const { port } = s;
    const r = rig();
    const points = { a: 'input:5' };
    await r.devices.use(
      config(
        lan1([{ id: 'd', settings: { unit: 1 }, everyMs: 10, points }], {
          settings: { host: '127.0.0.1', port },
        }),
      ),
    );
    await until(() => r.values('d.a').length > 3);
    // a close alone is not worth a word
    for (const socket of s.sockets) socket.destroy();
    const before = r.values('d.a').length;
    await until(() => r.values('d.a').length > before + 3);
    expect(r.links()).toEqual([`lan1 up: connected to 127.0.0.1:${port}`, 'd up: it answers']);
    expect(r.devices.figures()[0]!.errors.link).toBe(1);
    await s.stop();
    await until(() => r.links().at(-1) === `lan1 down: connection to 127.0.0.1:${port} refused`);
    s = await server(heard, port);
    await until(() => r.links().at(-1) === 'd up: it answers');
    await r.devices.stop();
    await s.stop();
  });
});

// Eight stations on one line that keeps the pace of 9600 baud: five are libmodbus's slaves, two pymodbus's servers,
// one answers nonsense, and one dies. The others must not notice, whoever is at fault is named once, the silences
// are kept, and what is dead costs a tenth of the line at most.

import { afterEach, describe, expect, test } from 'vitest';
import { modbusRtu } from '../../drivers/modbus/driver.ts';
import type { Driver } from '../../src/driver.ts';
import {
  babblingStation,
  havePacedLine,
  havePymodbus,
  pacedLine,
  pymodbusStation,
  type Station,
} from '../support/modbus/paced.ts';
import { haveLibmodbus, startSlave } from '../support/modbus/slave.ts';
import { config, line1, rig, type ShortDevice, until } from './rig.ts';

const all = havePacedLine() && haveLibmodbus() && havePymodbus();
const running: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.stop();
});
function keep<T extends { stop(): Promise<unknown> }>(each: T): T {
  running.push(each);
  return each;
}

const settings = (path: string, more: object = {}) => ({
  path,
  baudRate: 9600,
  parity: 'none',
  dataBits: 8,
  stopBits: 1,
  ...more,
});
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(!all)('a paced line', () => {
  test('eight stations, one dies and one babbles', async () => {
    const line = keep(await pacedLine(9600, 8));
    const at = (unit: number): string => line.stations[unit - 1]!;
    const stations = new Map<number, Station>();
    for (const unit of [1, 2, 3, 4, 5]) {
      const slave = keep(await startSlave('rtu', at(unit), unit));
      for (let cell = 0; cell < 8; cell += 1) await slave.set('holding', cell, unit);
      stations.set(unit, slave);
    }
    for (const unit of [6, 7]) stations.set(unit, keep(await pymodbusStation(at(unit), unit, 9600)));
    keep(await babblingStation(at(8), 8));
    const devices: ShortDevice[] = [1, 2, 3, 4, 5, 6, 7, 8].map((unit) => ({
      id: `u${unit}`,
      settings: { unit },
      everyMs: 1000,
      timeoutMs: 300,
      points: { first: 'holding:0', last: 'holding:7' },
      limits: { gap: 8 },
    }));
    let most = 0;
    const seen = new Map<string, number>();
    const living = ['u2', 'u3', 'u4', 'u5', 'u6', 'u7'];
    let judging = false;
    const r = keep({
      ...rig({
        onPush: (input) => {
          if (input.type !== 'reading') return;
          const [device] = input.values[0]![0].split('.') as [string];
          const now = performance.now();
          if (judging && living.includes(device)) most = Math.max(most, now - (seen.get(device) ?? now));
          seen.set(device, now);
        },
      }),
      stop: () => Promise.resolve(),
    });
    keep({ stop: () => r.devices.stop() });
    await r.devices.use(config(line1(devices, { settings: settings(line.master) })));
    await until(
      () => ['u1', ...living].every((id) => r.links().some((text) => text.startsWith(`${id} up`))),
      15_000,
    );
    await until(() => r.links().some((text) => text.startsWith('u8 down')), 15_000);
    await stations.get(1)!.stop();
    judging = true;
    await until(() => r.links().some((text) => text.startsWith('u1 down')), 15_000);
    const before = await line.stats();
    const requests = r.devices.figures()[0]!.requests;
    await wait(10_000);
    expect(most).toBeLessThan(2100);
    expect(r.links().filter((text) => / down: /.test(text))).toHaveLength(2);
    expect(r.links().find((text) => text.startsWith('u8 down'))).toMatch(/unit 8/);
    const after = await line.stats();
    expect(after.hasty - before.hasty).toBe(0);
    expect(r.devices.figures()[0]!.requests - requests).toBeGreaterThan(55);
    for (const unit of [2, 3, 4, 5, 6, 7])
      expect(new Set(r.values(`u${unit}.last`))).toEqual(new Set([unit]));
    // back again: within one back-off, which by now is 8 s at most
    const again = keep(await startSlave('rtu', at(1), 1));
    await again.set('holding', 7, 1);
    await until(() => r.links().at(-1) === 'u1 up: it answers again', 31_000);
  }, 90_000);

  test('a dead unit takes a tenth of the line at most', async () => {
    const line = keep(await pacedLine(9600, 2));
    const slave = keep(await startSlave('rtu', line.stations[0]!, 1));
    await slave.set('holding', 0, 1);
    const device = { everyMs: 0, timeoutMs: 200, points: { a: 'holding:0' } };
    const dead = [11, 12, 13, 14].map((unit) => ({ ...device, id: `d${unit}`, settings: { unit } }));
    // each question to a dead unit as the driver got it, so that a busy machine stretches all times alike
    const inVain: { beganMs: number; tookMs: number }[] = [];
    const counted: Driver = {
      ...modbusRtu,
      async open(bus, host) {
        const connection = await modbusRtu.open(bus, host);
        return {
          ...connection,
          async read(request, signal) {
            const beganMs = performance.now();
            try {
              return await connection.read!(request, signal);
            } finally {
              if (request.device !== 'one') inVain.push({ beganMs, tookMs: performance.now() - beganMs });
            }
          },
        };
      },
    };
    const r = rig({ drivers: [counted] });
    keep({ stop: () => r.devices.stop() });
    await r.devices.use(
      config(
        line1([{ ...device, id: 'one', timeoutMs: 1000, settings: { unit: 1 } }, ...dead], {
          settings: settings(line.master),
        }),
      ),
    );
    await until(() => r.links().filter((text) => / down: /.test(text)).length === 4, 15_000);
    const from = inVain.length;
    await until(() => inVain.length >= from + 7, 30_000);
    // from the beginning of one to the beginning of a later one: each with the rest that it costs
    const whole = inVain.slice(from);
    const spentMs = whole.slice(0, -1).reduce((sum, { tookMs }) => sum + tookMs, 0);
    const share = spentMs / (whole.at(-1)!.beganMs - whole[0]!.beganMs);
    expect(r.links().at(-1)).toMatch(/^d1. down/);
    expect(share).toBeLessThanOrEqual(0.1);
    expect(share).toBeGreaterThan(0.05);
    expect((await line.stats()).hasty).toBe(0);
  }, 60_000);

  test('an adapter that echoes: read, written, and a relay that is not there', async () => {
    const line = keep(await pacedLine(9600, 2));
    await line.echo();
    const slave = keep(await startSlave('rtu', line.stations[0]!, 1));
    await slave.set('holding', 0, 7);
    const device = {
      id: 'd',
      settings: { unit: 1 },
      everyMs: 100,
      timeoutMs: 300,
      points: { a: 'holding:0' },
    };
    const outputs = { siren: { unit: 1, write: 'coil:0' }, ghost: { unit: 9, write: 'coil:0' } };
    const r = rig();
    keep({ stop: () => r.devices.stop() });
    await r.devices.use(
      config(line1([device], { settings: settings(line.master, { echo: true }), outputs })),
    );
    r.devices.drive(
      new Map([
        ['siren', true],
        ['ghost', true],
      ]),
    );
    await until(() => r.outputs().includes('siren true') && r.values('d.a').includes(7), 15_000);
    await until(() => r.outputs().some((text) => text.startsWith('ghost null')), 15_000);
    expect(r.outputs()).not.toContain('ghost true');
  }, 40_000);
});

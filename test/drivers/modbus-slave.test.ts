// The Modbus drivers through the whole device layer against libmodbus, over TCP and over a pair of pseudo
// terminals: reading all tables, writing, read-back after a change from outside, another unit, slow answers.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { config, lan1, line1, rig, type ShortDevice, until } from '../devices/rig.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { haveSocat, proxiedLine, type SerialPair, serialPair } from '../support/serial-line.ts';

const libmodbus = haveLibmodbus();
const socat = haveSocat();

const points = {
  voltage: 'holding:0',
  power: 'holding:2:f32:cdab',
  temperature: 'input:1:i16',
  smoke: 'discrete:3',
  relay: 'coil:0',
  flag: 'holding:9.4',
};
const device: ShortDevice = { id: 'd', settings: { unit: 3 }, everyMs: 20, timeoutMs: 500, points };
const outputs = { siren: { unit: 3, write: 'coil:0' }, fan: { unit: 3, write: 'holding:20:567:5' } };

async function fill(slave: Slave): Promise<void> {
  await slave.set('holding', 0, 700);
  await slave.set('holding', 2, 0x2000);
  await slave.set('holding', 3, 0x47f1);
  await slave.set('holding', 9, 0x10);
  await slave.set('input', 1, 0xff38);
  await slave.set('discrete', 3, 1);
}

async function reads(r: ReturnType<typeof rig>): Promise<void> {
  await until(() =>
    ['voltage', 'smoke', 'relay', 'temperature'].every((point) => r.values(`d.${point}`).length > 0),
  );
  expect(r.values('d.voltage')[0]).toBe(700);
  expect(r.values('d.power')[0]).toBe(123456);
  expect(r.values('d.temperature')[0]).toBe(-200);
  expect(r.values('d.smoke')[0]).toBe(true);
  expect(r.values('d.flag')[0]).toBe(true);
  expect(r.links()).toContain('d up: it answers');
}

async function drives(r: ReturnType<typeof rig>, slave: Slave): Promise<void> {
  r.devices.drive(
    new Map([
      ['siren', true],
      ['fan', true],
    ]),
  );
  await until(() => r.outputs().includes('siren true') && r.outputs().includes('fan true'));
  expect(await slave.get('coil', 0)).toBe(1);
  expect(await slave.get('holding', 20)).toBe(567);
  r.devices.drive(
    new Map([
      ['siren', false],
      ['fan', false],
    ]),
  );
  await until(() => r.outputs().at(-1) === 'fan false' || r.outputs().at(-1) === 'siren false');
  await until(async () => (await slave.get('coil', 0)) === 0 && (await slave.get('holding', 20)) === 5);
}

describe.skipIf(!libmodbus)('libmodbus over TCP', () => {
  let slave: Slave;
  beforeAll(async () => {
    slave = await startSlave('tcp');
    await fill(slave);
  }, 60_000);
  afterAll(() => slave?.stop());
  const lan = (more: Partial<ShortDevice> = {}) =>
    config(lan1([{ ...device, ...more }], { settings: { host: '127.0.0.1', port: slave.port }, outputs }));

  test('reads and drives', async () => {
    const r = rig();
    await r.devices.use(lan());
    await reads(r);
    await drives(r, slave);
    await slave.set('holding', 0, 701);
    await until(() => r.values('d.voltage').at(-1) === 701);
    await slave.set('holding', 0, 700);
    await r.devices.stop();
  });

  test('an output changed from outside is put right', async () => {
    const r = rig();
    await r.devices.use(lan());
    r.devices.drive(new Map([['siren', true]]));
    await until(async () => r.outputs().includes('siren true') && (await slave.get('coil', 0)) === 1);
    await slave.set('coil', 0, 0);
    await until(async () => (await slave.get('coil', 0)) === 1 && r.outputs().at(-1) === 'siren true', 7000);
    expect(
      r
        .outputs()
        .filter((text) => text.startsWith('siren'))
        .slice(-2),
    ).toEqual(['siren false', 'siren true']);
    await r.devices.stop();
  }, 15_000);

  test('an address that the slave has not', async () => {
    const r = rig();
    await r.devices.use(lan({ points: { good: 'input:1:i16', bad: 'input:5000' } }));
    await until(() => r.values('d.bad').length > 1 && r.values('d.good').length > 1);
    expect(r.values('d.bad')[0]).toBeNull();
    expect(r.values('d.good')[0]).toBe(-200);
    expect(r.logged).toContain('warn Modbus exception 2 (illegal data address) from unit 3, input 5000');
    await r.devices.stop();
  });

  test('late answers of a slow slave go to nobody', async () => {
    await slave.delay(70);
    const r = rig();
    await r.devices.use(
      lan({ timeoutMs: 50, points: { voltage: 'holding:0', other: 'holding:100' }, limits: { gap: 0 } }),
    );
    await until(() => r.devices.figures()[0]!.errors.timeout >= 3);
    await slave.delay(0);
    await until(() => r.values('d.other').length > 2, 8000);
    expect(new Set(r.values('d.voltage'))).toEqual(new Set([700]));
    expect(new Set(r.values('d.other'))).toEqual(new Set([0]));
    await r.devices.stop();
  }, 15_000);
});

describe.skipIf(!libmodbus || !socat)('libmodbus over a serial line', () => {
  let pair: SerialPair;
  let slave: Slave;
  beforeAll(async () => {
    pair = await serialPair();
    slave = await startSlave('rtu', pair.b, 3);
    await fill(slave);
  }, 60_000);
  afterAll(async () => {
    await slave?.stop();
    await pair?.stop();
  });
  const settings = (path: string) => ({ path, baudRate: 19_200, parity: 'none', dataBits: 8, stopBits: 1 });

  test('reads and drives', async () => {
    const r = rig();
    await r.devices.use(config(line1([device], { settings: settings(pair.a), outputs })));
    await reads(r);
    await drives(r, slave);
    await r.devices.stop();
  }, 15_000);

  test('a unit that is not there, beside one that is', async () => {
    const r = rig();
    const other = { ...device, id: 'e', settings: { unit: 4 }, timeoutMs: 100 };
    await r.devices.use(config(line1([device, other], { settings: settings(pair.a) })));
    await until(() => r.links().includes('e down: no answer from unit 4 within 0.1 s, 3 times'), 10_000);
    await reads(r);
    const before = r.values('d.voltage').length;
    await until(() => r.values('d.voltage').length > before + 20, 10_000);
    expect(r.links().some((text) => text.startsWith('d down'))).toBe(false);
    await r.devices.stop();
  }, 30_000);

  test('through a proxy that flips, drops and delays', async () => {
    let count = 0;
    const line = await proxiedLine((bytes, towards) => {
      count += 1;
      if (towards === 'a' && count % 11 === 0) {
        const spoilt = Buffer.from(bytes);
        spoilt[spoilt.length >> 1]! ^= 1;
        return [{ bytes: spoilt, afterMs: 0 }];
      }
      if (count % 23 === 0) return [];
      return [{ bytes, afterMs: count % 3 }];
    });
    const behind = await startSlave('rtu', line.b, 3);
    await fill(behind);
    const r = rig();
    await r.devices.use(config(line1([{ ...device, timeoutMs: 150 }], { settings: settings(line.a) })));
    await until(() => r.values('d.voltage').length > 40 && r.values('d.smoke').length > 40, 30_000);
    await r.devices.stop();
    expect(new Set(r.values('d.voltage'))).toEqual(new Set([700]));
    expect(new Set(r.values('d.power'))).toEqual(new Set([123456]));
    expect(new Set(r.values('d.temperature'))).toEqual(new Set([-200]));
    expect(new Set(r.values('d.smoke'))).toEqual(new Set([true]));
    await behind.stop();
    await line.stop();
  }, 40_000);
});

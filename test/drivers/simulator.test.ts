// The simulator driver and the Modbus server of simulated devices, whose register image is read by
// modbus-serial's client, which is not ours. The demo's stage is in simulator-stage.test.ts.

import { afterEach, describe, expect, it } from 'vitest';
import { createSimulator } from '../../drivers/simulator/driver.ts';
import { setFloat, startModbusServer } from '../../drivers/simulator/modbus-server.ts';
import { toMs, valueAt } from '../../drivers/simulator/script.ts';
import type { Host, PointAddress, Settings } from '../../src/driver.ts';
import { virtualClock } from '../support/clock.ts';
import { type Master, openMaster } from '../support/modbus-master.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

const never = new AbortController().signal;
const quiet = (): void => {};
const bareHost: Host = {
  points: [],
  outputs: [],
  emit: quiet,
  fail: quiet,
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
};

describe('a simulated device', () => {
  it('follows its script, again and again', () => {
    const script = {
      first: false,
      cues: [
        { atMs: 3000, value: true },
        { atMs: 5000, value: null },
      ],
      repeatMs: 10_000,
    };
    const at = (seconds: number) => valueAt(script, seconds * 1000);
    expect([0, 2.999, 3, 4.9, 5, 9.9, 10, 13, 25].map(at)).toEqual([
      false,
      false,
      true,
      true,
      null,
      null,
      false,
      true,
      null,
    ]);
    expect(valueAt({ ...script, repeatMs: undefined }, 1e9)).toBe(null);
    expect(['50ms', '3s', '10m', '24h', 250, 'soon', '3 s'].map((text) => toMs(text))).toEqual([
      50,
      3000,
      600_000,
      86_400_000,
      250,
      undefined,
      undefined,
    ]);
  });

  it('is read, driven and observed like any other', async () => {
    const clock = virtualClock();
    const driver = createSimulator(clock);
    const point = (id: string, keys: Settings): PointAddress => ({
      id,
      device: 'd',
      ...driver.point({}, {}, keys),
    });
    const points = [
      point('d.smoke', { value: false, script: [{ at: '3s', value: true }] }),
      point('d.heat', { value: 21.5, script: [{ at: 4000, value: 60 }] }),
      point('d.text', { value: 'ready' }),
    ];
    expect(points.map((each) => each.type)).toEqual(['bool', 'number', 'string']);
    const connection = await driver.open({}, { ...bareHost, points });
    const read = () =>
      connection.read!({ device: 'd', space: 'simulator', start: 0, length: 1, points }, never);
    expect(await read()).toEqual([false, 21.5, 'ready']);
    await clock.advance(3000);
    expect(await read()).toEqual([true, 21.5, 'ready']);
    await clock.advance(1000);
    expect(await read()).toEqual([true, 60, 'ready']);

    const siren = { id: 'siren', ...driver.output({}, {}) };
    expect(await connection.observe!(siren, never)).toBe(false);
    await connection.drive!(siren, true, never);
    expect(await connection.observe!(siren, never)).toBe(true);
    await connection.close();
    await expect(read()).rejects.toMatchObject({ kind: 'link' });
  });

  it('with an impossible script is refused, with the key', () => {
    const driver = createSimulator(virtualClock());
    const key = (keys: Settings): unknown => {
      try {
        return driver.point({}, {}, keys);
      } catch (error) {
        return (error as { key: string }).key;
      }
    };
    expect(key({ value: false, script: [{ at: 'soon', value: true }] })).toBe('script');
    expect(key({ value: false, script: [{ at: '3s', value: 1 }] })).toBe('script');
    expect(
      key({
        value: 1,
        script: [
          { at: '3s', value: 2 },
          { at: '2s', value: 3 },
        ],
      }),
    ).toBe('script');
    expect(key({ value: 1, script: [{ at: '3s', value: 2 }], repeat: '3s' })).toBe('repeat');
  });
});

async function client(port: number, unit: number): Promise<Master> {
  const master = await openMaster(port, unit);
  cleanUps.push(() => master.close(() => {}));
  return master;
}

describe('the Modbus server', () => {
  it('serves the image of each unit, and exceptions and silence where there is none', async () => {
    const server = await startModbusServer({ port: 0 });
    cleanUps.push(() => server.close());
    expect(server.port).toBeGreaterThan(1023);
    const image = server.unit(7);
    // libmodbus tests/unit-test.h.in: 123456.0 is 47F1 2000, high word first
    setFloat(image.input, 0, 123456);
    image.holding.set(3, 0xabcd);
    image.coils.set(0, false);
    image.discrete.set(5, true);
    const master = await client(server.port, 7);
    expect((await master.readInputRegisters(0, 2)).data).toEqual([0x47f1, 0x2000]);
    expect((await master.readHoldingRegisters(3, 1)).data).toEqual([0xabcd]);
    expect((await master.readDiscreteInputs(5, 1)).data[0]).toBe(true);
    await master.writeCoil(0, true);
    expect(image.coils.get(0)).toBe(true);
    await master.writeRegister(3, 17);
    expect(image.holding.get(3)).toBe(17);
    await expect(master.readInputRegisters(9, 1)).rejects.toMatchObject({ modbusCode: 2 });
    await expect(master.writeCoil(9, true)).rejects.toMatchObject({ modbusCode: 2 });
    image.silent = true;
    await expect(master.readInputRegisters(0, 2)).rejects.toThrow(/timed out/i);
    master.setID(8);
    await expect(master.readInputRegisters(0, 2)).rejects.toThrow(/timed out/i);
  });

  it('says when its port is taken', async () => {
    const server = await startModbusServer({ port: 0 });
    cleanUps.push(() => server.close());
    await expect(startModbusServer({ port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

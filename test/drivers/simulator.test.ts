// The simulator driver, the Modbus and UPS servers, and the demo's stage on a clock of the test's own. The
// register image is read by modbus-serial's client, which is not ours.

import { connect } from 'node:net';
import modbus from 'modbus-serial';
import { afterEach, describe, expect, it } from 'vitest';
import { createSimulator } from '../../drivers/simulator/driver.ts';
import { setFloat, startModbusServer } from '../../drivers/simulator/modbus-server.ts';
import { type Stage, startStage } from '../../drivers/simulator/scenario.ts';
import { toMs, valueAt } from '../../drivers/simulator/script.ts';
import type { Host, PointAddress, Settings } from '../../src/driver.ts';
import type { Clock, Timer } from '../../src/lib/clock.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

/** A clock that stands until it is moved, and then runs every timer in its turn. */
function standingClock(): Clock & { move(ms: number): void } {
  let nowMs = 1_000_000;
  const timers = new Set<{ atMs: number; run: () => void }>();
  return {
    steadyMs: () => nowMs,
    wallMs: () => nowMs,
    synced: () => true,
    after(ms, run): Timer {
      const timer = { atMs: nowMs + ms, run };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    move(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const next = [...timers].sort((a, b) => a.atMs - b.atMs)[0];
        if (!next || next.atMs > endMs) break;
        timers.delete(next);
        nowMs = next.atMs;
        next.run();
      }
      nowMs = endMs;
    },
  };
}

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
    const clock = standingClock();
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
    clock.move(3000);
    expect(await read()).toEqual([true, 21.5, 'ready']);
    clock.move(1000);
    expect(await read()).toEqual([true, 60, 'ready']);

    const siren = { id: 'siren', ...driver.output({}, {}) };
    expect(await connection.observe!(siren, never)).toBe(false);
    await connection.drive!(siren, true, never);
    expect(await connection.observe!(siren, never)).toBe(true);
    await connection.close();
    await expect(read()).rejects.toMatchObject({ kind: 'link' });
  });

  it('with an impossible script is refused, with the key', () => {
    const driver = createSimulator(standingClock());
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

async function client(port: number, unit: number): Promise<InstanceType<typeof modbus.default>> {
  const made = new modbus.default();
  await made.connectTCP('127.0.0.1', { port });
  cleanUps.push(() => made.close(() => {}));
  made.setID(unit);
  made.setTimeout(300);
  return made;
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

async function askUps(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  cleanUps.push(() => socket.destroy());
  socket.write('Q1\r');
  return new Promise((resolve) => socket.once('data', (bytes) => resolve(bytes.toString('latin1'))));
}

describe("the demo's stage", () => {
  const clock = standingClock();

  async function start(): Promise<Stage> {
    const stage = await startStage({ clock, modbusPort: 0, upsPort: 0 });
    cleanUps.push(() => stage.stop());
    return stage;
  }

  async function look(stage: Stage) {
    const [meter, contacts, gas, climate] = [1, 2, 3, 4].map((unit) => client(stage.modbusPort, unit));
    const registers = (await (await meter!).readInputRegisters(0, 2)).buffer;
    const lines = (await (await contacts!).readDiscreteInputs(0, 8)).data;
    return {
      volts: registers.readFloatBE(0),
      smoke: lines[0],
      panic: lines[1],
      ppm: (await (await gas!).readInputRegisters(0, 1)).data[0]!,
      temperatureC: (await (await climate!).readInputRegisters(1, 1)).data[0]! / 10,
      onBattery: (await askUps(stage.upsPort)).at(38) === '1',
    };
  }

  it('is quiet at first, and believable', async () => {
    const stage = await start();
    expect(stage.scenarios).toEqual(['smoke', 'power-cut', 'panic', 'day']);
    const volts = new Set<number>();
    for (let minute = 0; minute < 3; minute++) {
      const seen = await look(stage);
      expect(seen).toMatchObject({ smoke: false, panic: false, onBattery: false });
      expect(seen.volts).toBeGreaterThan(220);
      expect(seen.volts).toBeLessThan(235.4);
      expect(seen.ppm).toBeLessThan(300);
      expect(seen.temperatureC).toBeLessThan(26);
      volts.add(seen.volts);
      clock.move(60_000);
    }
    expect(volts.size).toBe(3);
    expect(await askUps(stage.upsPort)).toMatch(/^\([\d. ]{45}\r$/);
    expect(await askUps(stage.upsPort)).toHaveLength(47);
    // a meter's whole block in one request
    expect((await (await client(stage.modbusPort, 1)).readInputRegisters(0, 0x4a)).data).toHaveLength(0x4a);
    expect((await (await client(stage.modbusPort, 3)).readDiscreteInputs(3, 1)).data[0]).toBe(false);
    await (await client(stage.modbusPort, 2)).writeCoil(0, true);
    expect([stage.coil('siren'), stage.coil('gas_valve'), stage.coil('beacon')]).toEqual([true, true, false]);
  });

  it('plays smoke', async () => {
    const stage = await start();
    const over = stage.play('smoke');
    clock.move(1);
    expect(await look(stage)).toMatchObject({ smoke: true });
    clock.move(6000);
    expect((await look(stage)).temperatureC).toBeGreaterThan(57);
    clock.move(14_000);
    expect(await look(stage)).toMatchObject({ smoke: false });
    clock.move(8000);
    await over;
    expect((await look(stage)).temperatureC).toBeLessThan(30);
  });

  it('plays the power cut and the panic button', async () => {
    const stage = await start();
    let over = stage.play('power-cut');
    clock.move(1000);
    expect(await look(stage)).toMatchObject({ volts: 0, onBattery: true });
    clock.move(15_000);
    const back = await look(stage);
    expect(back.volts).toBeGreaterThan(200);
    expect(back.onBattery).toBe(false);
    clock.move(5000);
    await over;
    over = stage.play('panic');
    clock.move(1500);
    expect(await look(stage)).toMatchObject({ panic: true });
    clock.move(1000);
    expect(await look(stage)).toMatchObject({ panic: false });
    clock.move(5000);
    await over;
  });

  it('plays a day, smoke first after three seconds, and gives way to another scene', async () => {
    const stage = await start();
    const over = stage.play('day');
    const seen: string[] = [];
    let before = '';
    for (let second = 0; second <= 90; second++) {
      const { smoke, panic, onBattery } = await look(stage);
      const now = [smoke && 'smoke', onBattery && 'battery', panic && 'panic'].filter(Boolean).join();
      if (now !== before) seen.push(`${second} ${now || 'quiet'}`);
      before = now;
      clock.move(1000);
      for (const clean of cleanUps.splice(1)) await clean();
    }
    await over;
    expect(seen).toEqual(['3 smoke', '23 quiet', '38 battery', '53 quiet', '70 panic', '72 quiet']);

    const cut = stage.play('power-cut');
    const instead = stage.play('panic');
    await cut;
    clock.move(1);
    expect(await look(stage)).toMatchObject({ onBattery: false, panic: true });
    await stage.stop();
    await instead;
    await expect(stage.play('rain')).rejects.toThrow(/power-cut/);
  });
});

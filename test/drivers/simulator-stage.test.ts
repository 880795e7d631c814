// The demo's stage on a clock of the test's own, seen through its wires: Modbus TCP and the UPS's status line.
// What Keepwatch makes of it is tested elsewhere.

import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Stage, startStage } from '../../drivers/simulator/scenario.ts';
import { virtualClock } from '../support/clock.ts';
import { type Master, openMaster } from '../support/modbus-master.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

async function client(port: number, unit: number): Promise<Master> {
  const master = await openMaster(port, unit);
  cleanUps.push(() => master.close(() => {}));
  return master;
}

async function askUps(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  cleanUps.push(() => socket.destroy());
  socket.write('Q1\r');
  return new Promise((resolve) => socket.once('data', (bytes) => resolve(bytes.toString('latin1'))));
}

describe("the demo's stage", () => {
  const clock = virtualClock();

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
      await clock.advance(60_000);
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
    await clock.advance(1);
    expect(await look(stage)).toMatchObject({ smoke: true });
    await clock.advance(6000);
    expect((await look(stage)).temperatureC).toBeGreaterThan(57);
    await clock.advance(14_000);
    expect(await look(stage)).toMatchObject({ smoke: false });
    await clock.advance(8000);
    await over;
    expect((await look(stage)).temperatureC).toBeLessThan(30);
  });

  it('plays the power cut and the panic button', async () => {
    const stage = await start();
    let over = stage.play('power-cut');
    await clock.advance(1000);
    expect(await look(stage)).toMatchObject({ volts: 0, onBattery: true });
    await clock.advance(15_000);
    const back = await look(stage);
    expect(back.volts).toBeGreaterThan(200);
    expect(back.onBattery).toBe(false);
    await clock.advance(5000);
    await over;
    over = stage.play('panic');
    await clock.advance(1500);
    expect(await look(stage)).toMatchObject({ panic: true });
    await clock.advance(1000);
    expect(await look(stage)).toMatchObject({ panic: false });
    await clock.advance(5000);
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
      await clock.advance(1000);
      for (const clean of cleanUps.splice(1)) await clean();
    }
    await over;
    expect(seen).toEqual(['3 smoke', '23 quiet', '38 battery', '53 quiet', '70 panic', '72 quiet']);

    const cut = stage.play('power-cut');
    const instead = stage.play('panic');
    await cut;
    await clock.advance(1);
    expect(await look(stage)).toMatchObject({ onBattery: false, panic: true });
    await stage.stop();
    await instead;
    await expect(stage.play('rain')).rejects.toThrow(/power-cut/);
  });
});

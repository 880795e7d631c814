// Thirteen simulated hours at every driver that asks, with more than a thousand faults of each class: silence,
// spoilt answers, refusals and lost links. As many polls are asked as were scheduled, and the last one is good.

import { expect, test } from 'vitest';
import { modbusTcp } from '../../drivers/modbus/driver.ts';
import { nut } from '../../drivers/nut/driver.ts';
import { serial } from '../../drivers/serial/driver.ts';
import type { Driver, Settings } from '../../src/driver.ts';
import { virtualClock } from '../support/clock.ts';
import { answerTcp, memoryLinks } from '../support/modbus/memory.ts';
import { config, rig } from './rig.ts';

interface Station {
  readonly driver: Driver;
  readonly bus: Settings;
  readonly device: Settings;
  readonly point: Settings;
  good(question: Buffer): Buffer;
  /** the device's own way to say no, where it has one */
  refusal?(question: Buffer): Buffer;
}

const text = (words: string): Buffer => Buffer.from(words, 'latin1');
const onSerial = (protocol: string, more: Settings = {}): Settings => ({
  protocol,
  path: '/dev/line1',
  baudRate: 2400,
  parity: 'none',
  dataBits: 8,
  stopBits: 1,
  ...more,
});
const cells = { register: (at: number) => at, bit: () => true };

const stations: Readonly<Record<string, Station>> = {
  'modbus-tcp': {
    driver: modbusTcp,
    bus: { host: '10.0.0.5', port: 502, framing: 'tcp', connections: 1 },
    device: { unit: 1 },
    point: { read: 'input:1' },
    good: (question) => answerTcp(question, cells),
    refusal: (question) =>
      Buffer.from([...question.subarray(0, 4), 0, 3, question[6]!, question[7]! | 0x80, 6]),
  },
  megatec: {
    driver: serial,
    bus: onSerial('megatec'),
    device: {},
    point: { read: 'inputVoltage' },
    good: () => text('(226.0 195.0 226.0 014 49.0 27.5 30.0 00001000\r'),
  },
  voltronic: {
    driver: serial,
    bus: onSerial('voltronic'),
    device: {},
    point: { read: 'inputVoltage' },
    good: () => text('(234.9 50.0 229.8 50.0 000.0 000 369.1 ---.- 026.5 ---.- 018.8 100000000001\r'),
    refusal: () => text('(NAK\r'),
  },
  winsen: {
    driver: serial,
    bus: onSerial('winsen', { model: 'mh-z19b', mode: 'ask', baudRate: 9600 }),
    device: {},
    point: { read: 'carbonDioxide' },
    good: () => Buffer.from('FF8602200000000058', 'hex'),
  },
  'adam-ascii': {
    driver: serial,
    bus: onSerial('adam-ascii', { baudRate: 9600 }),
    device: { address: '33' },
    point: { read: '4050:in:0' },
    good: () => text('!112200\r'),
    refusal: () => text('?33\r'),
  },
  nut: {
    driver: nut,
    bus: { host: '10.0.0.6', port: 3493 },
    device: { ups: 'office' },
    point: { read: 'input.voltage' },
    good: () =>
      text(
        'BEGIN LIST VAR office\nVAR office input.voltage "229.5"\nVAR office ups.status "OL"\nEND LIST VAR office\n',
      ),
    refusal: () => text('ERR DRIVER-NOT-CONNECTED\n'),
  },
};

const everyMs = 2000;
const hours = 13;

test.each(Object.entries(stations))(
  '%s: every poll is asked, whatever fails',
  async (_name, station) => {
    const clock = virtualClock();
    const classes = ['timeout', 'garbled', ...(station.refusal ? ['exception'] : []), 'link'] as const;
    const counts: Record<string, number> = Object.fromEntries(classes.map((kind) => [kind, 0]));
    let asked = 0;
    let faults = 0;
    let failing = true;
    const links = memoryLinks(clock, (question, far) => {
      asked += 1;
      const good = station.good(question);
      if (!failing || asked % 5 !== 0) return far.send(good, 20);
      const kind = classes[faults % classes.length]!;
      faults += 1;
      counts[kind]! += 1;
      if (kind === 'exception') far.send(station.refusal!(question), 20);
      if (kind === 'garbled') far.send(Buffer.concat([good.subarray(0, 3), good.subarray(4)]), 20);
      if (kind === 'link') clock.after(10, () => far.cut('pulled out'));
    });
    const r = rig({ clock, openLink: links.open, drivers: [station.driver] });
    await r.devices.use(
      config({
        id: 'bus',
        driver: station.driver,
        settings: station.bus,
        devices: [
          { id: 'it', settings: station.device, everyMs, timeoutMs: 500, points: { value: station.point } },
        ],
      }),
    );
    for (let hour = 0; hour < hours; hour += 1) {
      await clock.advance(3_600_000);
      r.pushed.length = 0;
    }
    expect(asked).toBeGreaterThan((0.97 * hours * 3_600_000) / everyMs);
    for (const kind of classes) expect(counts[kind], kind).toBeGreaterThan(1000);
    expect(links.alive()).toBeLessThanOrEqual(1);
    const told = r.logged.filter((line) => !line.startsWith('info'));
    expect(told.length).toBeLessThan(classes.length * 60 * hours);
    failing = false;
    await clock.advance(60_000);
    expect(r.devices.figures()[0]).toMatchObject({ up: true, devices: [{ id: 'it', up: true }] });
    expect(r.values('it.value').at(-1)).not.toBeNull();
    expect(r.values('it.value').length).toBeGreaterThan(25);
    await r.devices.stop();
  },
  120_000,
);

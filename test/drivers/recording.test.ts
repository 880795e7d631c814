// A line is recorded while a real libmodbus slave is read through a proxy that spoils, drops and delays, and played
// back: the same answers and the same faults, in the same order. And what the recording driver takes and refuses.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { drivers } from '../../drivers/index.ts';
import { modbusRtu, modbusTcp } from '../../drivers/modbus/driver.ts';
import { recordingOf } from '../../drivers/recording/driver.ts';
import { parseRecording } from '../../drivers/recording/format.ts';
import { createPlayer } from '../../drivers/recording/player.ts';
import { loadConfig } from '../../src/config/load.ts';
import { openLink } from '../../src/devices/link.ts';
import { AddressFault, type DeviceFault, type Driver } from '../../src/driver.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { recorder } from '../../src/probe/recorder.ts';
import { tapped } from '../../src/probe/tap.ts';
import { config, lan1, line1, rig, type ShortDevice, until } from '../devices/rig.ts';
import { haveLibmodbus, startSlave } from '../support/modbus/slave.ts';
import { haveSocat, proxiedLine } from '../support/serial-line.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-recording-'));
afterAll(() => rmSync(folder, { recursive: true }));
const clock = systemClock();
const recording = recordingOf([modbusRtu, modbusTcp]);

/** A driver whose every read is written down: what was asked, and what came of it. */
function watching(driver: Driver, seen: string[]): Driver {
  return {
    ...driver,
    async open(bus, host) {
      const connection = await driver.open(bus, host);
      return {
        ...connection,
        async read(request, signal) {
          const asked = `${request.space} ${request.start}`;
          try {
            const raws = await connection.read!(request, signal);
            seen.push(`${asked}: ${raws.join(' ')}`);
            return raws;
          } catch (error) {
            seen.push(`${asked}: ${(error as DeviceFault).kind}, ${(error as DeviceFault).message}`);
            throw error;
          }
        },
      };
    },
  };
}

const device: ShortDevice = {
  id: 'd',
  settings: { unit: 3 },
  everyMs: 20,
  timeoutMs: 60,
  points: { voltage: 'holding:0', power: 'holding:2:f32:cdab', smoke: 'discrete:3' },
};
const bySpace = (seen: readonly string[], space: string): string[] =>
  seen.filter((text) => text.includes(space));

describe.skipIf(!haveLibmodbus() || !haveSocat())('a real slave behind a bad line', () => {
  test('recorded, and played back with the same faults in the same order', async () => {
    let count = 0;
    const line = await proxiedLine((bytes, towards) => {
      count += 1;
      const spoilt = Buffer.from(bytes);
      spoilt[spoilt.length >> 1]! ^= 4;
      if (towards === 'a' && count % 7 === 0) return [{ bytes: spoilt, afterMs: 0 }];
      if (count % 13 === 0) return [];
      if (towards === 'a' && count % 5 === 0)
        return [
          { bytes: bytes.subarray(0, 3), afterMs: 0 },
          { bytes: bytes.subarray(3), afterMs: 4 },
        ];
      return [{ bytes, afterMs: count % 3 }];
    });
    const slave = await startSlave('rtu', line.b, 3);
    await slave.set('holding', 0, 700);
    await slave.set('holding', 3, 0x47f1);
    await slave.set('discrete', 3, 1);
    const file = path.join(folder, 'field.rec');
    const kept = recorder(file, 'modbus-rtu', new Date());
    const field: string[] = [];
    const settings = { path: line.a, baudRate: 19_200, parity: 'none', dataBits: 8, stopBits: 1 };
    const first = rig({
      drivers: [watching(modbusRtu, field)],
      openLink: tapped(openLink, clock, kept.listen),
    });
    await first.devices.use(config(line1([device], { settings })));
    await until(() => field.filter((text) => /garbled|timeout/.test(text)).length > 12, 20_000);
    await first.devices.stop();
    kept.close();
    await slave.stop();
    await line.stop();
    expect(new Set(field.map((text) => /: (garbled|timeout|foreign)/.exec(text)?.[1] ?? 'good'))).toEqual(
      new Set(['good', 'garbled', 'timeout']),
    );

    // the last question was cut short by the stop
    field.pop();
    const again: string[] = [];
    const played = recordingOf([watching(modbusRtu, again)]);
    const second = rig({ drivers: [played] });
    const bus = { file, of: 'modbus-rtu', speed: 1 };
    await second.devices.use(config(line1([device], { driver: played, settings: bus })));
    const spaces = ['holding', 'discrete'];
    const enough = (space: string) => bySpace(again, space).length >= bySpace(field, space).length;
    await until(() => spaces.every(enough), 20_000);
    await second.devices.stop();
    // each request by itself: which of two is asked next depends on how long the one before took
    for (const space of spaces) {
      const before = bySpace(field, space);
      expect(bySpace(again, space).slice(0, before.length)).toEqual(before);
    }
    expect(second.logged).toContain('warn this bus is a recording: nothing on it is real');
  }, 60_000);

  test('over TCP, where the requests have other numbers when they are played', async () => {
    const slave = await startSlave('tcp');
    await slave.set('holding', 0, 701);
    const file = path.join(folder, 'lan.rec');
    const kept = recorder(file, 'modbus-tcp', new Date());
    const first = rig({ openLink: tapped(openLink, clock, kept.listen) });
    await first.devices.use(config(lan1([device], { settings: { host: '127.0.0.1', port: slave.port } })));
    await until(() => first.values('d.voltage').length >= 5);
    await first.devices.stop();
    kept.close();
    await slave.stop();
    const second = rig({ drivers: [recording] });
    const bus = { file, of: 'modbus-tcp', speed: 10 };
    // the discrete input before the registers, which is not as it was recorded
    const turned = {
      ...device,
      points: { smoke: 'discrete:3', voltage: 'holding:0', power: 'holding:2:f32:cdab' },
    };
    await second.devices.use(config(lan1([turned], { driver: recording, settings: bus })));
    await until(() => second.values('d.voltage').length >= 3);
    expect(second.values('d.voltage').slice(0, 3)).toEqual([701, 701, 701]);
    await second.devices.stop();
  }, 30_000);
});

const head = '# keepwatch recording 1\n# modbus-rtu, begun 2026-11-22T01:02:03.456Z\n';
const ask = '01 04 00 01 00 02 20 0B';

describe('the player', () => {
  const play = (text: string, options = { speed: 1, numbered: false }) =>
    createPlayer(parseRecording(head + text), options);
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

  test('the same request gets the first time what it got the first time; beyond that, silence', async () => {
    const player = play(`0.0 > ${ask}\n1.0 < AA\n5.0 > ${ask}\n6.0 < BB CC\n`, {
      speed: 10,
      numbered: false,
    });
    const link = player.connect(() => {});
    const got: string[] = [];
    link.onData((each) => got.push(Buffer.from(each).toString('hex')));
    for (let turn = 0; turn < 3; turn += 1) {
      link.write(bytes(ask));
      await pause(20);
    }
    link.write(bytes('01 03 00 00 00 01 84 0A'));
    await pause(20);
    expect(got).toEqual(['aa', 'bbcc']);
    expect(player.figures()).toEqual({ played: 2, exhausted: 1, unknown: 1, left: 0 });
  });

  test('what came late then comes to nobody now', async () => {
    const player = play(`0.0 > ${ask}\n200.0 < AA\n`);
    const link = player.connect(() => {});
    const got: unknown[] = [];
    link.onData((each) => got.push(each));
    link.write(bytes(ask));
    link.write(bytes(ask));
    await pause(250);
    expect(got).toEqual([]);
    link.close();
  });

  test('a line that speaks unasked, and that was lost and opened again', async () => {
    const player = play(
      '0.0 opened serial /dev/x\n2.0 < 41\n4.0 lost /dev/x vanished\n9.0 opened serial\n10.0 < 42\n',
    );
    const got: string[] = [];
    const lost: string[] = [];
    for (let opening = 0; opening < 2; opening += 1) {
      player
        .connect((because) => lost.push(because))
        .onData((each) => got.push(Buffer.from(each).toString()));
      await pause(30);
    }
    expect({ got, lost }).toEqual({ got: ['A', 'B'], lost: ['/dev/x vanished'] });
  });

  test.each([
    ['', 'line 1: this is no recording of a line'],
    ['# keepwatch recording 2\n', 'line 1: version 2 is not known here; 1 is'],
    [`${head}1.0 > 01 0\n`, 'line 3: no bytes such as 01 04 FF'],
    [`${head}1.0 sent 01\n`, 'line 3: neither a comment nor TIME and what happened'],
    [`${head}2.0 > 01\n1.0 < 01\n`, 'line 4: its time is before that of the line above'],
  ])('%j is refused', (text, words) => expect(() => parseRecording(text)).toThrow(words));

  test('what the recorder writes, the driver reads', () => {
    const file = path.join(folder, 'bounded.rec');
    const kept = recorder(file, 'modbus-rtu', new Date(0), 400);
    for (let at = 0; at < 50; at += 1) {
      kept.listen({ atMs: at, link: 'x', what: at % 2 ? 'in' : 'out', bytes: Uint8Array.of(1, at) });
    }
    kept.close();
    expect(kept.full).toBe(true);
    const text = readFileSync(file, 'utf8');
    expect(text.length).toBeLessThanOrEqual(400);
    expect(text).toContain('# full at 400 bytes');
    const exchanges = parseRecording(text);
    expect(exchanges.length).toBeGreaterThan(5);
    expect(exchanges[0]).toEqual({
      request: Uint8Array.of(1, 0),
      pieces: [{ afterMs: 1, bytes: Uint8Array.of(1, 1) }],
    });
    expect(() => recorder(file, 'modbus-rtu', new Date())).toThrow(/EEXIST/);
  });
});

describe('in a site file', () => {
  const file = path.join(folder, 'one.rec');
  writeFileSync(file, `${head}0.0 opened serial\n1.0 > ${ask}\n20.0 < 01 04 04 00 EB 02 30 8A C4\n`);
  const load = (bus: string, device: string) => {
    const site = path.join(folder, 'site.yaml');
    const top = 'premises: { id: a, name: A, timezone: Asia/Shanghai }';
    writeFileSync(
      site,
      `${top}\nbuses: { b: { driver: recording, ${bus} } }\ndevices: { d: { bus: b, ${device} } }\n`,
    );
    const { config: loaded, faults } = loadConfig(site, { drivers, environment: {} });
    return { loaded, faults: faults.filter((each) => each.severity === 'fault').map(({ what }) => what) };
  };

  test('a profile reads a recording as it reads the line', async () => {
    const { loaded, faults } = load(`file: ${file}, of: modbus-rtu, speed: 10`, 'profile: xy-md02');
    expect(faults).toEqual([]);
    const r = rig({ drivers });
    await r.devices.use(loaded!);
    await until(() => r.values('d.temperature').length > 0);
    expect([r.values('d.temperature')[0], r.values('d.humidity')[0]]).toEqual([235, 560]);
    await r.devices.stop();
  });

  test.each([
    [`file: ${file}, of: gpio`, 'profile: xy-md02', /gpio/],
    ['file: /nowhere.rec, of: modbus-rtu', 'profile: xy-md02', /there is no file \/nowhere\.rec/],
    [`file: ${file}, of: modbus-tcp, baudRate: 9600`, 'profile: xy-md02', /baudRate/],
    [`file: ${file}, of: modbus-rtu, speed: 0`, 'profile: xy-md02', /speed/],
    [`file: ${file}, of: modbus-rtu`, 'unit: 1, points: { x: { read: "inpt:1" } }', /inpt/],
  ])('%s, %s', (bus, written, words) => {
    const { loaded, faults } = load(bus, written);
    expect(loaded).toBeUndefined();
    expect(faults.join('\n')).toMatch(words);
  });

  test('outputs are remembered and drive nothing', async () => {
    const bus = { file, of: 'modbus-rtu', speed: 1 };
    const r = rig({ drivers: [recording] });
    const outputs = { siren: { unit: 1, write: 'coil:0' } };
    await r.devices.use(config(line1([], { driver: recording, settings: bus, outputs })));
    r.devices.drive(new Map([['siren', true]]));
    await until(() => r.outputs().includes('siren true'));
    await r.devices.stop();
    expect(() => recording.output(bus, { unit: 1, write: 'input:0' })).toThrow(AddressFault);
  });
});

// Failures that buses of other gateways are known for, each played on real lines: a poll loop that ends in silence, a
// dead station that takes the others with it, and a port locked by its own owner. What values are taken for is in
// readings.test.ts.

import { readdirSync, readlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installed, until } from '../support/broker.ts';
import { event, eventually, type SiteFile, shown, siteOf } from '../support/daemon.ts';
import { answerRtu, rtu } from '../support/modbus/memory.ts';
import { havePacedLine, havePymodbus, pacedLine, pymodbusStation } from '../support/modbus/paced.ts';
import { haveLibmodbus, startSlave } from '../support/modbus/slave.ts';
import { haveSocat, serialEnd } from '../support/serial-line.ts';
import { alarmSite, startRelay } from '../system/site.ts';
import { fireOpens, inputs, newScene, reload, type Scene, startImpostor } from './scene.ts';

const able =
  haveLibmodbus() && haveSocat() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub', 'socat');

let scene: Scene;
beforeEach(async () => {
  if (able) scene = await newScene();
});
afterEach(() => scene?.place.leave());

const fire = () => fireOpens(scene);

describe.skipIf(!able)('a poll loop', () => {
  test('a poll loop that dies quietly (thingsboard/thingsboard-gateway #2132)', {
    timeout: 240_000,
  }, async () => {
    const { place, slave, broker, seen } = scene;
    const uplink = await startRelay(broker.port);
    place.later(uplink, () => uplink.close());
    const device = await startRelay(slave.port);
    place.later(device, () => device.close());
    const answers = {
      garbage: (_: Buffer, socket: { write(bytes: Buffer): void }) => socket.write(Buffer.alloc(40, 0xa5)),
      'half an answer, then a reset': (
        request: Buffer,
        socket: { write(bytes: Buffer): void; resetAndDestroy(): void },
      ) => {
        socket.write(request.subarray(0, 7));
        socket.resetAndDestroy();
      },
    };
    const impostor = await startImpostor(answers.garbage);
    place.later(impostor, () => impostor.close());
    place.write(siteOf({ port: uplink.port }, alarmSite(device.port)));
    const daemon = await place.start();
    await scene.known(...inputs);

    // the way to the centre takes everything and says nothing, all the while
    await uplink.turn('silent');
    const wrongs: (readonly [string, () => Promise<void>])[] = [
      ['silent', () => device.turn('silent')],
      ['refused', () => device.turn('refuse')],
      ...Object.entries(answers).map(
        ([name, answer]) =>
          [
            name,
            async () => {
              impostor.answer = answer;
              await device.turn('refuse');
              await device.turn('pass', impostor.port);
            },
          ] as const,
      ),
    ];
    for (const [name, wrong] of wrongs) {
      await wrong();
      await eventually(
        `${name}: a trouble`,
        scene.troubles,
        (open) => /lost|silent/.test(open.join()),
        25_000,
      );
      await device.turn('refuse');
      await device.turn('pass', slave.port);
      const before = await slave.count();
      await eventually(
        `${name}: polled again`,
        () => slave.count(),
        (count) => count >= before + 10,
        40_000,
      );
      await slave.set('discrete', 0, 1);
      await scene.coil(0, 1);
      await slave.set('discrete', 0, 0);
      await scene.coil(0, 0);
    }
    expect(impostor.requests()).toBeGreaterThan(0);
    expect(daemon.stderr()).toBe('');

    await uplink.turn('refuse');
    await uplink.turn('pass');
    await scene.complete(60_000);
    await seen.until('it is online', () => shown(seen, 'status')?.open.trouble === 0, 40_000);
    expect(scene.ofType('incident.closed').length).toBeGreaterThanOrEqual(wrongs.length);
  });
});

describe.skipIf(!able || !havePacedLine() || !havePymodbus())('one line of several stations', () => {
  test('one dead slave darkens the bus (home-assistant/core #72495, influxdata/telegraf #11782)', {
    timeout: 120_000,
  }, async () => {
    const { place, broker, seen } = scene;
    const line = await pacedLine(19_200, 3);
    place.later(line, () => line.stop());
    const detector = await startSlave('rtu', line.stations[0]!, 1);
    place.later(detector, () => detector.stop());
    const meter = await pymodbusStation(line.stations[1]!, 2, 19_200);
    place.later(meter, () => meter.stop());
    const third = await startSlave('rtu', line.stations[2]!, 3);
    place.later(third, () => third.stop());
    const each = { bus: 'line', every: '200ms', timeout: '300ms', zone: 'hall' };
    place.write(
      siteOf(broker, {
        buses: { line: { driver: 'modbus-rtu', path: line.master, baudRate: 19_200 } },
        zones: { hall: { name: { zh: '大厅', en: 'Hall' } } },
        devices: {
          detector: {
            ...each,
            unit: 1,
            points: { smoke: { read: 'discrete:0', kind: 'smoke' }, level: { read: 'input:3' } },
          },
          meter: { ...each, unit: 2, points: { power: { read: 'holding:7' } } },
          third: { ...each, unit: 3, points: { flood: { read: 'discrete:0', kind: 'flood' } } },
          // was never there
          ghost: { ...each, unit: 9, points: { a: { read: 'holding:0' } } },
        },
      }),
    );
    await place.start();
    await scene.known('detector.smoke', 'meter.power', 'third.flood');
    await scene.troubled(/device_lost device:ghost/);
    await third.stop();
    await scene.troubled(/device_lost device:ghost/, /device_lost device:third/);
    await scene.unknown('third.flood');

    // two of four are dead: the living are read at their pace
    for (let level = 1; level <= 20; level += 1) {
      await detector.set('input', 3, level);
      await until(`level ${level}`, () => scene.point('detector.level').value === level, 3000);
    }
    await detector.set('discrete', 0, 1);
    await fire();
    expect(scene.point('meter.power')).toMatchObject({ value: 2, quality: 'good' });
    // known once, and never unknown again
    for (const id of ['detector.smoke', 'detector.level', 'meter.power']) {
      const shownAs = scene.everShown(id).map(({ quality }) => quality);
      expect([id, shownAs.slice(shownAs.indexOf('good')).filter((quality) => quality !== 'good')]).toEqual([
        id,
        [],
      ]);
    }
    await scene.troubled(/device_lost device:ghost/, /device_lost device:third/);
    expect(scene.opened('water-leak')).toEqual([]);

    const again = await startSlave('rtu', line.stations[2]!, 3);
    place.later(again, () => again.stop());
    await again.set('discrete', 0, 1);
    await event(
      seen,
      'the third is guarded again',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'water-leak',
      40_000,
    );
    await scene.troubled(/device_lost device:ghost/);
  });
});

/** Descriptors of a process on pseudo terminals. */
function terminalsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((name) => {
    try {
      return readlinkSync(`${folder}/${name}`).startsWith('/dev/pts/');
    } catch {
      return false; // closed meanwhile
    }
  }).length;
}

describe.skipIf(!able)('a serial port', () => {
  test('a descriptor that leaks on reopening locks the port (modbus2mqtt/modbus2mqtt #248)', {
    timeout: 240_000,
  }, async () => {
    const { place, broker } = scene;
    const spoilt = (frame: Buffer) => Buffer.from(frame.map((byte, at) => (at === 2 ? byte ^ 0x55 : byte)));
    const ways = {
      well: (frame: Buffer) => [answerRtu(frame, { register: () => 7 })],
      'a checksum that is wrong': (frame: Buffer) => [spoilt(answerRtu(frame, { register: () => 7 }))],
      silence: () => [],
      'half a frame': (frame: Buffer) => [answerRtu(frame, { register: () => 7 }).subarray(0, 4)],
      'the answer of another unit': () => [rtu('09 03 02 00 07')],
    };
    let way: keyof typeof ways = 'well';
    const end = await serialEnd((bytes, tty) => {
      if (bytes.length === 8) for (const answer of ways[way](bytes)) tty.send(answer);
    });
    place.later(end, () => end.stop());
    const siteAt = (more: SiteFile) =>
      siteOf(broker, {
        buses: { line: { driver: 'modbus-rtu', path: end.path, baudRate: 115_200, ...more } },
        devices: {
          board: {
            bus: 'line',
            unit: 5,
            every: '50ms',
            timeout: '100ms',
            points: { a: { read: 'holding:3' } },
          },
        },
      });
    place.write(siteAt({}));
    const daemon = await place.start();
    await scene.known('board.a');
    let most = 0;
    const look = (): boolean => {
      most = Math.max(most, terminalsOf(daemon.pid));
      return true;
    };
    let baud = 0;
    for (const wrong of Object.keys(ways).filter((each) => each !== 'well') as (keyof typeof ways)[]) {
      way = wrong;
      await until(`${wrong}: unknown`, () => look() && scene.point('board.a').value === null, 20_000);
      // the port is asked to be opened anew in the midst of it, as an operator does who changes its settings
      for (const parity of ['even', 'odd', 'none']) {
        baud = (baud + 1) % 2;
        place.write(siteAt({ parity, baudRate: baud === 0 ? 115_200 : 57_600 }));
        await reload(daemon);
        look();
      }
      if (wrong === 'silence') {
        await end.unplug();
        await until('no port', () => terminalsOf(daemon.pid) === 0, 20_000);
        await end.plug();
      }
      way = 'well';
      await until(`${wrong}: known again`, () => look() && scene.point('board.a').value === 7, 40_000);
    }
    expect(most).toBe(1);
    expect(terminalsOf(daemon.pid)).toBe(1);
    const locked = daemon.log.filter((entry) =>
      /lock|temporarily unavailable|EAGAIN|busy/i.test(JSON.stringify(entry)),
    );
    expect(locked).toEqual([]);

    // a line that the site has no more is let go of, so that another may have it
    place.write(siteOf(broker, alarmSite(scene.slave.port)));
    await reload(daemon);
    await until('the port is free', () => terminalsOf(daemon.pid) === 0);
    expect(daemon.stderr()).toBe('');
  });
});

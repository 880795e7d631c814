// Failing lines and devices through the whole daemon: one cause is one trouble, what can't be read is unknown and
// neither opens nor clears an alarm, and everything mends itself when the line or the device is back.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Broker, installed, until, type Witness } from '../support/broker.ts';
import { event, eventually, firsts, newPlace, type Place, shown, siteOf } from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { haveSocat, serialPair } from '../support/serial-line.ts';
import { alarmSite, type Relay, startRelay } from './site.ts';

const able = haveLibmodbus() && haveSocat() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');

let place: Place;
let slave: Slave;
let relay: Relay;
let broker: Broker;
let seen: Witness;

beforeEach(async () => {
  if (!able) return;
  place = newPlace();
  slave = await startSlave('tcp');
  place.later(slave, () => slave.stop());
  relay = await startRelay(slave.port);
  place.later(relay, () => relay.close());
  broker = await place.broker();
  seen = await place.witness(broker.port);
});
afterEach(() => place?.leave());

const ofType = (type: string) => firsts(seen).filter((one) => one.type === type);
const troubles = () => ofType('incident.opened').filter(({ incident }) => incident.category === 'trouble');
const trouble = (what: string, rule: RegExp, withinMs?: number) =>
  event(
    seen,
    what,
    ({ type, incident }) =>
      type === 'incident.opened' && incident.category === 'trouble' && rule.test(incident.cause.rule),
    withinMs,
  );
const closed = (what: string, id: string, withinMs?: number) =>
  event(seen, what, ({ type, incident }) => type === 'incident.closed' && incident.id === id, withinMs);
const alarms = () => ofType('incident.opened').filter(({ incident }) => incident.category === 'alarm');
const point = (id: string) => shown(seen, `point/${id.replace('.', '/')}`);
const known = (...ids: string[]) => ids.every((id) => point(id)?.quality === 'good');
const unknown = (...ids: string[]) =>
  ids.every((id) => point(id)?.value === null && point(id)?.quality !== 'good');
const inputs = ['inputs.smoke', 'inputs.flood', 'inputs.heat', 'inputs.ppm'];

describe.skipIf(!able)('a device on TCP', () => {
  test.each(['refuse', 'silent'] as const)(
    'that is gone (%s) is one trouble, unknown points, no fire; back again it mends itself',
    async (state) => {
      // the siren is on another line: what a dead device means for outputs is asked further down
      const out = { driver: 'modbus-tcp', host: '127.0.0.1', port: slave.port };
      const siren = { bus: 'out', unit: 1, write: 'coil:0' };
      place.write(siteOf(broker, alarmSite(relay.port, { buses: { out }, outputs: { siren } })));
      await place.start();
      await until('all points are known', () => known(...inputs));
      await slave.set('discrete', 0, 1);
      const fire = await event(
        seen,
        'fire',
        ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire',
      );

      await relay.turn(state);
      const lost = await trouble('the device is lost', /lost|silent/, 15_000);
      await until('its points are unknown', () => unknown(...inputs));
      expect(lost).toMatchObject({
        because: expect.stringMatching(/./),
        incident: {
          plan: 'gateway-trouble',
          cause: { subject: expect.stringMatching(/^(bus:lan|device:inputs)$/) },
        },
      });
      await seen.until('the status counts it', () => shown(seen, 'status').open.trouble === 1);
      // While it is away: smoke goes and water comes. Neither can be known.
      await slave.set('discrete', 0, 0);
      await slave.set('discrete', 1, 1);
      // longer than a point may be bad before it would be a trouble of its own
      const waitedMs = performance.now() + 3500;
      await until('the wait for troubles of points', () => performance.now() > waitedMs);
      expect(troubles().map(({ incident }) => incident.cause)).toEqual([lost.incident.cause]);
      expect(ofType('incident.returned')).toEqual([]);
      expect(alarms()).toHaveLength(1);
      expect(shown(seen, `incident/${fire.incident.id}`)).toMatchObject({
        active: true,
        state: 'unacknowledged',
      });

      await relay.turn('pass');
      await closed('the trouble closes by itself', lost.incident.id, 20_000);
      await until('its points are known again', () => known(...inputs));
      await event(
        seen,
        'smoke has gone',
        ({ type, incident }) => type === 'incident.returned' && incident.id === fire.incident.id,
      );
      await event(
        seen,
        'the flood',
        ({ type, incident }) => type === 'incident.opened' && incident.plan === 'water-leak',
      );
      await seen.until('no trouble is left', () => shown(seen, 'status').open.trouble === 0);
      expect(troubles()).toHaveLength(1);
    },
  );

  test('that was never there is one trouble; a dead smoke detector opens nothing', async () => {
    await relay.turn('refuse');
    place.write(siteOf(broker, alarmSite(relay.port)));
    await place.start();
    const lost = await trouble('lost', /lost|silent/);
    expect(unknown(...inputs)).toBe(true);
    await relay.turn('pass');
    await closed('it is there', lost.incident.id, 20_000);
    await until('all points are known', () => known(...inputs));
    expect(alarms()).toEqual([]);
    expect(troubles()).toHaveLength(1);
  });

  test('is read on while another on its bus is dead', async () => {
    const gone = {
      bus: 'lan2',
      unit: 1,
      every: '50ms',
      timeout: '200ms',
      points: { a: { read: 'coil:1' }, b: { read: 'coil:2' } },
    };
    await relay.turn('refuse');
    place.write(
      siteOf(
        broker,
        alarmSite(slave.port, {
          buses: { lan2: { driver: 'modbus-tcp', host: '127.0.0.1', port: relay.port } },
          devices: { gone },
        }),
      ),
    );
    await place.start();
    await trouble('lost', /lost|silent/);
    const beganMs = performance.now();
    await slave.set('discrete', 0, 1);
    await event(seen, 'fire', ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire');
    expect(performance.now() - beganMs).toBeLessThan(1500);
  });
});

describe.skipIf(!able)('values that mean nothing', () => {
  test('an address that the device refuses: bad, one trouble for the device, the others are read on', async () => {
    const site = alarmSite(slave.port);
    // libmodbus holds 1024 cells of each kind; what lies beyond is exception 2
    Object.assign(site.devices.inputs.points, {
      far: { read: 'discrete:3000', kind: 'smoke', zone: 'kitchen' },
      farther: { read: 'input:4000:f32', unit: 'kPa' },
      farthest: { read: 'holding:5000' },
    });
    place.write(siteOf(broker, site));
    await place.start();
    await until('the good ones are known', () => known(...inputs));
    const bad = ['inputs.far', 'inputs.farther', 'inputs.farthest'];
    await until('the others are bad', () =>
      bad.every((id) => point(id)?.quality === 'bad' && point(id).value === null),
    );
    await trouble('the points', /point_bad/);
    await slave.set('discrete', 0, 1);
    await event(seen, 'fire', ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire');
    await until('all three joined', () =>
      firsts(seen).some(
        ({ incident }) => incident?.cause.rule === 'point_bad' && incident.signals.length === 3,
      ),
    );
    expect(troubles()).toHaveLength(1);
    expect(troubles()[0].incident).toMatchObject({
      zone: expect.any(String),
      cause: { subject: 'device:inputs' },
    });
    expect(alarms().map(({ incident }) => incident.zone)).toEqual(['atrium']);
    expect(troubles()[0].because).toMatch(/inputs\.far/);
  });

  test('NaN, infinity, a sentinel and what is out of range are bad, and keep what stands', async () => {
    const site = alarmSite(slave.port);
    Object.assign(site.devices.inputs.points, {
      heat2: {
        read: 'holding:10:f32',
        unit: '°C',
        kind: 'heat',
        zone: 'plant',
        alarmAbove: 57,
        clearBelow: 45,
        min: -40,
        max: 200,
      },
    });
    place.write(siteOf(broker, site));
    await place.start();
    const set = async (high: number, low: number) => {
      await slave.set('holding', 11, low);
      await slave.set('holding', 10, high);
    };
    await until('it is known', () => known('inputs.heat2', 'inputs.ppm'));
    for (const [high, low] of [
      [0x7fc0, 0],
      [0x7f80, 0],
      [0xff80, 0],
      [0x447a, 0], // 1000
    ] as const) {
      await set(high, low);
      await until(
        `${high.toString(16)} is bad`,
        () => point('inputs.heat2').quality === 'bad' && point('inputs.heat2').value === null,
      );
      await set(0x41a0, 0); // 20
      await until('20 °C', () => point('inputs.heat2').value === 20);
    }
    expect(alarms()).toEqual([]);
    await slave.set('input', 0, 65_535);
    await until(
      'the sentinel is bad',
      () => point('inputs.ppm').quality === 'bad' && point('inputs.ppm').value === null,
    );
    expect(alarms()).toEqual([]);

    await set(0x4270, 0); // 60
    const hot = await event(
      seen,
      'heat',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire',
    );
    await set(0x7fc0, 0);
    await until('unknown', () => point('inputs.heat2').quality === 'bad');
    const lost = await trouble('a trouble of the device', /point_bad/);
    await eventually(
      'both points are in it',
      () => shown(seen, `incident/${lost.incident.id}`)?.signals.length,
      (count) => count === 2,
    );
    expect(troubles()).toHaveLength(1);
    expect(shown(seen, `incident/${hot.incident.id}`)).toMatchObject({ active: true });
    expect(ofType('incident.returned').filter(({ incident }) => incident.id === hot.incident.id)).toEqual([]);
    await set(0x4248, 0); // 50: between the limits, it stands
    await until('50 °C', () => point('inputs.heat2').value === 50);
    expect(shown(seen, `incident/${hot.incident.id}`)).toMatchObject({ active: true });
    await set(0x4220, 0); // 40
    await event(
      seen,
      'cool',
      ({ type, incident }) => type === 'incident.returned' && incident.id === hot.incident.id,
    );
    await slave.set('input', 0, 100);
    await closed('the trouble is over', lost.incident.id);
  });
});

describe.skipIf(!able)('a serial line', () => {
  const siteAt = (line: string) =>
    siteOf(broker, {
      buses: { line: { driver: 'modbus-rtu', path: line, baudRate: 115200 } },
      zones: { plant: { name: { zh: '设备间', en: 'Plant room' } } },
      devices: {
        board: {
          bus: 'line',
          unit: 5,
          every: '50ms',
          timeout: '300ms',
          zone: 'plant',
          points: {
            smoke: { read: 'discrete:0', kind: 'smoke', rule: 'none' },
            a: { read: 'discrete:1' },
            level: { read: 'input:3' },
          },
        },
      },
      outputs: { bell: { bus: 'line', unit: 5, write: 'coil:0' } },
      rules: { smoke: { when: 'board.smoke', plan: 'fire', zone: 'plant', outputs: { bell: 'on' } } },
    });
  const points = ['board.smoke', 'board.a', 'board.level'];

  test('that is missing at the start is one trouble and is taken when it appears', async () => {
    const pair = await serialPair();
    place.later(pair, () => pair.stop());
    await pair.unplug();
    place.write(siteAt(pair.a));
    const daemon = await place.start();
    const lost = await trouble('no port', /bus_lost/);
    expect(lost.incident.cause.subject).toBe('bus:line');
    expect(lost.because).toMatch(/no such|ENOENT|not there|missing/i);
    expect(unknown(...points)).toBe(true);
    await pair.plug();
    const board = await startSlave('rtu', pair.b, 5);
    place.later(board, () => board.stop());
    await closed('the port is there', lost.incident.id, 20_000);
    await until('its points are known', () => known(...points), 20_000);
    await board.set('discrete', 0, 1);
    await event(seen, 'fire', ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire');
    await eventually(
      'the bell rings',
      () => board.get('coil', 0),
      (value) => value === 1,
    );
    expect(troubles()).toHaveLength(1);
    expect(daemon.stderr()).toBe('');
  });

  test('that vanishes and returns: one trouble, outputs are driven again', async () => {
    const pair = await serialPair();
    place.later(pair, () => pair.stop());
    const first = await startSlave('rtu', pair.b, 5);
    place.later(first, () => first.stop());
    place.write(siteAt(pair.a));
    await place.start();
    await until('its points are known', () => known(...points));
    await first.set('discrete', 0, 1);
    const fire = await event(
      seen,
      'fire',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire',
    );
    await eventually(
      'the bell rings',
      () => first.get('coil', 0),
      (value) => value === 1,
    );

    await pair.unplug();
    const lost = await trouble('the port is gone', /bus_lost/, 5000);
    await until('its points are unknown', () => unknown(...points));
    const waitedMs = performance.now() + 3500;
    await until('the wait for troubles of points', () => performance.now() > waitedMs);
    expect(troubles()).toHaveLength(1);
    expect(shown(seen, `incident/${fire.incident.id}`)).toMatchObject({ active: true });

    await pair.plug();
    const second = await startSlave('rtu', pair.b, 5);
    place.later(second, () => second.stop());
    await second.set('discrete', 0, 1);
    await closed('the port is back', lost.incident.id, 20_000);
    await eventually(
      'the bell rings on the new board',
      () => second.get('coil', 0),
      (value) => value === 1,
      20_000,
    );
    await until('its points are known', () => known(...points), 20_000);
    expect(point('board.smoke').value).toBe(true);
    expect(alarms()).toHaveLength(1);
    expect(ofType('incident.returned').filter(({ incident }) => incident.category === 'alarm')).toEqual([]);
    await second.set('discrete', 0, 0);
    await event(
      seen,
      'smoke has gone',
      ({ type, incident }) => type === 'incident.returned' && incident.id === fire.incident.id,
    );
    await eventually(
      'the bell is silent',
      () => second.get('coil', 0),
      (value) => value === 0,
    );
    expect(troubles()).toHaveLength(1);
  });

  test('whose only device falls silent is one trouble, also with an output on that device', async () => {
    const pair = await serialPair();
    place.later(pair, () => pair.stop());
    const first = await startSlave('rtu', pair.b, 5);
    place.later(first, () => first.stop());
    place.write(siteAt(pair.a));
    await place.start();
    await until('its points are known', () => known(...points));
    await first.stop();
    const lost = await trouble('the device is lost', /device_lost|bus_silent/);
    await until('its points are unknown', () => unknown(...points));
    // an output is looked at every five seconds, and is in trouble after three failures
    const waitedMs = performance.now() + 9000;
    await until('the wait for troubles of points and outputs', () => performance.now() > waitedMs, 12_000);
    expect(troubles().map(({ incident }) => incident.cause)).toEqual([lost.incident.cause]);
    const second = await startSlave('rtu', pair.b, 5);
    place.later(second, () => second.stop());
    await closed('it answers again', lost.incident.id, 20_000);
    await second.set('discrete', 0, 1);
    await event(seen, 'fire', ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire');
    await eventually(
      'the bell rings',
      () => second.get('coil', 0),
      (value) => value === 1,
    );
    expect(troubles()).toHaveLength(1);
  });
});

// Failures of gateways that take one thing for another, each played on real lines: an answer for that to another
// question, silence for peace, and loss for fire.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installed, until } from '../support/broker.ts';
import { eventually, type SiteFile, shown, siteOf } from '../support/daemon.ts';
import { haveLibmodbus, startSlave } from '../support/modbus/slave.ts';
import { haveSocat, proxiedLine } from '../support/serial-line.ts';
import { alarmSite, startRelay } from '../system/site.ts';
import { exception, fireOpens, inputs, newScene, type Scene, startImpostor } from './scene.ts';

const able =
  haveLibmodbus() && haveSocat() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub', 'socat');

let scene: Scene;
beforeEach(async () => {
  if (able) scene = await newScene();
});
afterEach(() => scene?.place.leave());

const fire = () => fireOpens(scene);

/** Four registers too far apart for one request, whose answers look alike, and what each of them holds. */
const cells = { a: 0, b: 200, c: 400, d: 600 };
const holds = { a: 111, b: 222, c: 333, d: 444 };
const four = (more: SiteFile): SiteFile => ({
  ...more,
  every: '100ms',
  points: {
    ...Object.fromEntries(Object.entries(cells).map(([id, address]) => [id, { read: `holding:${address}` }])),
    // what d holds would be an alarm here
    a: { read: 'holding:0', kind: 'gas', unit: 'ppm', alarmAbove: 400, clearBelow: 300 },
  },
});

function expectOwnValuesOnly(): void {
  for (const [id, own] of Object.entries(holds)) {
    const foreign = scene.everShown(`board.${id}`).filter(({ value }) => value !== null && value !== own);
    expect([id, foreign]).toEqual([id, []]);
  }
  expect(scene.ofType('incident.opened').filter(({ incident }) => incident.category === 'alarm')).toEqual([]);
}

describe.skipIf(!able)('an answer', () => {
  test('a late reply taken for the next, on a serial line (home-assistant/core #138077)', {
    timeout: 120_000,
  }, async () => {
    const { place, broker } = scene;
    let answers = 0;
    let late = 0;
    // a third of them by a fixed sequence that keeps no step with the questions
    let hold = (nth: number): boolean => Math.imul(nth, 0x9e3779b1) >>> 0 < 0x5555_5555;
    const line = await proxiedLine((bytes, towards) => {
      if (towards === 'b') return [{ bytes, afterMs: 0 }];
      answers += 1;
      const held = hold(answers);
      if (held) late += 1;
      // after the question was given up and the next could be out, within the twice that docs/buses.md speaks of
      return [{ bytes, afterMs: held ? 420 + ((answers * 37) % 180) : 0 }];
    });
    place.later(line, () => line.stop());
    const board = await startSlave('rtu', line.b, 5);
    place.later(board, () => board.stop());
    for (const [id, address] of Object.entries(cells))
      await board.set('holding', address, holds[id as keyof typeof holds]);
    place.write(
      siteOf(broker, {
        buses: { line: { driver: 'modbus-rtu', path: line.a, baudRate: 115_200 } },
        devices: { board: four({ bus: 'line', unit: 5, timeout: '400ms' }) },
      }),
    );
    await place.start();
    await until('many were late', () => late >= 12, 40_000);
    hold = () => true;
    await scene.unknown('board.a', 'board.b', 'board.c', 'board.d');
    hold = () => false;
    for (const [id, own] of Object.entries(holds))
      await until(`${id} again`, () => scene.point(`board.${id}`).value === own, 20_000);
    expectOwnValuesOnly();
  });

  test('a late reply taken for the next, over TCP (home-assistant/core #138077)', {
    timeout: 120_000,
  }, async () => {
    const { place, slave, broker } = scene;
    for (const [id, address] of Object.entries(cells))
      await slave.set('holding', address, holds[id as keyof typeof holds]);
    place.write(
      siteOf(broker, {
        buses: { lan: { driver: 'modbus-tcp', host: '127.0.0.1', port: slave.port } },
        devices: { board: four({ bus: 'lan', unit: 1, timeout: '100ms' }) },
      }),
    );
    await place.start();
    await scene.known('board.a', 'board.b', 'board.c', 'board.d');
    for (let round = 0; round < 5; round += 1) {
      const before = await slave.count();
      // it answers everything, each time a little after the question was given up
      await slave.delay(130 + round * 20);
      await scene.unknown('board.a', 'board.b', 'board.c', 'board.d');
      expect(await slave.count()).toBeGreaterThan(before);
      await slave.delay(0);
      await scene.known('board.a', 'board.b', 'board.c', 'board.d');
    }
    expectOwnValuesOnly();
  });
});

describe.skipIf(!able)('silence', () => {
  const quiet: (readonly [string, (request: Buffer) => Buffer | undefined])[] = [
    ['a converter that says its station does not answer', (request) => exception(request, 0x0b)],
    ['a station that says it is broken', (request) => exception(request, 4)],
    ['a station that says nothing', () => undefined],
  ];

  test.each(quiet)(
    'silence shown as normal (home-assistant/core #180917): %s',
    { timeout: 120_000 },
    async (_name, says) => {
      const { place, slave, broker, seen } = scene;
      const impostor = await startImpostor((request, socket) => {
        const answer = says(request);
        if (answer) socket.write(answer);
      });
      place.later(impostor, () => impostor.close());
      const relay = await startRelay(slave.port);
      place.later(relay, () => relay.close());
      place.write(siteOf(broker, site(relay.port)));
      await place.start();
      await scene.known(...inputs);
      expect(scene.point('inputs.smoke')).toMatchObject({ value: false, quality: 'good' });

      await relay.turn('refuse');
      await relay.turn('pass', impostor.port);
      await scene.unknown(...inputs);
      await eventually('a trouble says so', scene.troubles, (open) => open.length === 1, 25_000);
      const listed = await place.json('points');
      for (const point of listed) expect(point).toMatchObject({ quality: expect.not.stringMatching('good') });
      await seen.until('the centre sees it', () => shown(seen, 'status').open.trouble === 1);
      expect(shown(seen, 'status').open.alarm).toBe(0);
      expect(impostor.requests()).toBeGreaterThan(2);

      // what came up meanwhile is an alarm as soon as somebody answers for it
      await slave.set('discrete', 0, 1);
      await relay.turn('refuse');
      await relay.turn('pass', slave.port);
      await fire();
      await scene.known(...inputs);
      await eventually('no trouble is left', scene.troubles, (open) => open.length === 0, 25_000);
    },
  );

  test('loss shown as fire (nielsfaber/alarmo #1059)', { timeout: 120_000 }, async () => {
    const { place, slave, broker } = scene;
    const relay = await startRelay(slave.port);
    place.later(relay, () => relay.close());
    // normally closed, as contacts should be: 1 is peace, and nothing is what a lost one reads
    for (const address of [0, 2]) await slave.set('discrete', address, 1);
    const parts = site(relay.port);
    Object.assign(parts.devices.inputs.points.smoke, { invert: true });
    Object.assign(parts.devices.inputs.points.heat, { invert: true, rule: undefined });
    place.write(siteOf(broker, parts));
    await place.start();
    await scene.known(...inputs);
    expect([scene.point('inputs.smoke').value, scene.point('inputs.heat').value]).toEqual([false, false]);
    for (const state of ['silent', 'refuse'] as const) {
      await relay.turn(state);
      await scene.unknown(...inputs);
      await scene.troubled(/lost|silent/);
      // from unknown to the same as before is no change either
      await relay.turn('pass');
      await scene.known(...inputs);
      await scene.troubled();
    }
    const alarms = () =>
      scene.ofType('incident.opened').filter(({ incident }) => incident.category === 'alarm');
    expect(alarms()).toEqual([]);
    for (const id of ['inputs.smoke', 'inputs.heat'])
      expect(scene.everShown(id).filter(({ value }) => value === true)).toEqual([]);

    await slave.set('discrete', 0, 0);
    await fire();
    expect(alarms().map(({ incident }) => incident.zone)).toEqual(['atrium']);
  });
});

/** The alarm site with its siren on a line of its own: what is told is of the inputs alone. */
function site(port: number): SiteFile {
  const { slave } = scene;
  return alarmSite(port, {
    buses: { out: { driver: 'modbus-tcp', host: '127.0.0.1', port: slave.port } },
    outputs: { siren: { bus: 'out', unit: 1, write: 'coil:0' } },
  });
}

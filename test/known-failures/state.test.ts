// Failures at a start that others are known for: state that is lost or invented, what was inhibited told anew, and a
// database that does not open after a power cut. The daemon is killed and started on what it left, or on what a power
// cut would have left of it.

import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installed } from '../support/broker.ts';
import { event, events, eventually, type SiteFile, siteOf } from '../support/daemon.ts';
import { haveLibmodbus } from '../support/modbus/slave.ts';
import { alarmSite, startRelay } from '../system/site.ts';
import { inputs, type Json, newScene, openIncidents, type Scene, statusOf } from './scene.ts';

const able = haveLibmodbus() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');

let scene: Scene;
beforeEach(async () => {
  if (able) scene = await newScene();
});
afterEach(() => scene?.place.leave());

const opened = (plan: string) =>
  event(
    scene.seen,
    plan,
    ({ type, incident }) => type === 'incident.opened' && incident.plan === plan,
    20_000,
  );

async function obeyed(...argv: string[]): Promise<void> {
  const { code, stderr } = await scene.place.cli(...argv, '--by', 'li');
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
}

/** Open alarms and what was done about them, by id. */
async function alarms(): Promise<Json[]> {
  return (await openIncidents(scene.place))
    .filter(({ category }: Json) => category === 'alarm')
    .sort((one: Json, other: Json) => (one.id < other.id ? -1 : 1));
}

describe.skipIf(!able)('a restart', () => {
  test.each(['kill', 'stop'] as const)(
    'a restart (%s) loses or invents state (nielsfaber/alarmo #331, prometheus/alertmanager #889)',
    { timeout: 120_000 },
    async (how) => {
      const { place, slave, broker, seen } = scene;
      const relay = await startRelay(slave.port);
      place.later(relay, () => relay.close());
      place.write(siteOf(broker, alarmSite(relay.port)));
      const first = await place.start();
      await scene.known(...inputs);
      await slave.set('discrete', 0, 1);
      await slave.set('discrete', 1, 1);
      await slave.set('discrete', 2, 1);
      await slave.set('input', 0, 3000);
      const [fires, flood, gas] = [
        await eventually(
          'two fires',
          async () => scene.opened('fire'),
          (all) => all.length === 2,
        ),
        await opened('water-leak'),
        await opened('gas-leak'),
      ];
      const fire = fires.find(({ incident }) => incident.zone === 'atrium');
      await scene.coil(0, 1);
      await obeyed('ack', fire.incident.id);
      await obeyed('note', fire.incident.id, 'the guard is on the way');
      await obeyed('silence', fire.incident.id);
      await scene.coil(0, 0);
      await obeyed('shelve', flood.incident.id, '--for', '2h', '--reason', 'the plumber is here');
      await obeyed('level', gas.incident.id, 'urgent');
      await obeyed('raise', 'riot', '--zone', 'plant');
      await obeyed('disable', 'inputs.flood', '--reason', 'wet on purpose');
      // gone back to normal, not seen to by anybody, and latched
      await slave.set('discrete', 2, 0);
      await seen.until('the heat has gone', () => scene.point('inputs.heat').value === false);
      const before = await alarms();
      const { disabled, outputs, lastSeq } = await statusOf(place);
      expect(before.map(({ plan }) => plan).sort()).toEqual([
        'fire',
        'fire',
        'gas-leak',
        'riot',
        'water-leak',
      ]);

      // nobody on site answers at the next start: what was can only be known from the disk
      await relay.turn('refuse');
      if (how === 'kill') await first.kill();
      else expect(await first.stop()).toBe(0);
      const second = await place.start();
      await scene.troubled(/lost|silent/);
      expect(await alarms()).toEqual(before);
      const status = await statusOf(place);
      expect(status.disabled).toEqual(disabled);
      expect(status.outputs.map(({ id, desired }: Json) => [id, desired])).toEqual(
        outputs.map(({ id, desired }: Json) => [id, desired]),
      );
      expect(status.open.alarm).toBe(5);

      // and the same again where all answer as before: no alarm is new, none has gone
      await relay.turn('pass');
      await scene.known(...inputs.filter((id) => id !== 'inputs.flood'));
      await scene.troubled();
      await second.kill();
      await place.start();
      await eventually(
        'read again',
        () => place.json('points'),
        (points) => points.find(({ id }: Json) => id === 'inputs.smoke').quality === 'good',
      );
      expect(await alarms()).toEqual(before);
      await scene.coil(0, 0);
      await scene.complete();
      const since = events(seen).filter(({ seq, replayed }) => seq > lastSeq && !replayed);
      expect(since.filter(({ incident }) => incident?.category === 'alarm')).toEqual([]);
      expect(new Set(events(seen).map(({ epoch }) => epoch)).size).toBe(1);
    },
  );

  test.each([
    ['refuse', 'bus_lost'],
    ['silent', 'bus_silent'],
  ] as const)(
    'what is inhibited is told after a restart (prometheus/alertmanager #4064): %s',
    {
      timeout: 120_000,
    },
    async (away, rule) => {
      const { place, slave, broker } = scene;
      const relay = await startRelay(slave.port);
      place.later(relay, () => relay.close());
      const device = (bus: string, unit: number, more: SiteFile = {}): SiteFile => ({
        bus,
        unit,
        every: '100ms',
        timeout: '200ms',
        points: {
          a: { read: 'holding:1' },
          b: { read: 'holding:300', kind: 'smoke', rule: 'none' },
          ...more,
        },
      });
      place.write(
        siteOf(broker, {
          buses: {
            dead: { driver: 'modbus-tcp', host: '127.0.0.1', port: relay.port },
            alive: { driver: 'modbus-tcp', host: '127.0.0.1', port: slave.port },
          },
          devices: {
            one: device('dead', 1),
            two: device('dead', 2),
            three: device('dead', 3),
            // what the dead would say for themselves if they were not inhibited, this one says
            control: device('alive', 1, { level: { read: 'holding:7', min: 0, max: 100 } }),
          },
        }),
      );
      let daemon = await place.start();
      await scene.known('one.a', 'two.a', 'three.a', 'control.level');
      await relay.turn(away);
      const cause = new RegExp(`^${rule} bus:dead$`);
      await scene.troubled(cause);
      const [before] = await openIncidents(place);
      const { lastSeq } = await statusOf(place);
      for (let round = 0; round < 2; round += 1) {
        await daemon.kill();
        await slave.set('holding', 7, 500);
        daemon = await place.start();
        // the control's point has been without a value as long as those of the dead since this start
        await scene.troubled(cause, /^point_bad device:control$/);
        await slave.set('holding', 7, 50);
        await scene.troubled(cause);
      }
      expect((await openIncidents(place)).map(({ id }) => id)).toEqual([before.id]);
      const told = scene
        .ofType('incident.opened')
        .filter(({ seq }) => seq > lastSeq)
        .map(({ incident }) => incident.cause.subject);
      expect(told).toEqual(['device:control', 'device:control']);
      await relay.turn('pass');
      await scene.troubled();
      await scene.known('one.b', 'two.b', 'three.b');
    },
  );
});

/** What a power cut leaves of the database: the last writes torn, gone, or never made. */
const wrecks: (readonly [string, (database: string) => void])[] = [
  ['half of a write that was never finished', (database) => appendFileSync(wal(database), noise(2100))],
  ['a last write torn in the middle', (database) => shorten(wal(database), 1500)],
  ['a page of noise where the last write should be', (database) => spoil(wal(database))],
  ['the last dozen writes never made', (database) => shorten(wal(database), 12 * 4120 + 700)],
  ['noise for the index of the log', (database) => writeFileSync(`${database}-shm`, noise(32_768))],
  ['no index of the log', (database) => rmSync(`${database}-shm`, { force: true })],
];

/** The troubles that say that the state was lost. */
const said = ['health_state health:state'];
const zeros = (file: string): Buffer => Buffer.alloc(statSync(file).size);
/** All but the socket. */
function copyState(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (each) => !each.endsWith('.sock') });
}
const wal = (database: string): string => `${database}-wal`;
const noise = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (at * 167 + 13) % 251));
function shorten(file: string, by: number): void {
  truncateSync(file, Math.max(0, statSync(file).size - by));
}
function spoil(file: string): void {
  const bytes = readFileSync(file);
  noise(4096).copy(bytes, Math.max(32, bytes.length - 4096));
  writeFileSync(file, bytes);
}

describe.skipIf(!able)('a power cut', () => {
  test('a database that is dead after a power cut (eclipse/kura #2169)', { timeout: 300_000 }, async () => {
    const { place, slave, broker, seen } = scene;
    place.write(siteOf(broker, alarmSite(slave.port)));
    const first = await place.start();
    await scene.known(...inputs);
    await slave.set('discrete', 0, 1);
    const { incident: fire, epoch } = await opened('fire');
    await scene.coil(0, 1);
    for (let count = 0; count < 20; count += 1) await obeyed('note', fire.id, `entry ${count}`);
    await first.kill();
    const kept = path.join(place.folder, 'kept');
    copyState(place.data, kept);
    const file = readdirSync(kept).find((name) => name.endsWith('.db'))!;
    // the test is about what is in the log: there must be something
    expect(statSync(wal(path.join(kept, file))).size).toBeGreaterThan(20 * 4096);

    for (const [name, wreck] of wrecks) {
      rmSync(place.data, { recursive: true });
      copyState(kept, place.data);
      wreck(path.join(place.data, file));
      await slave.set('coil', 0, 0);
      const daemon = await place.start();
      await scene.coil(0, 1);
      const [open, ...others] = await alarms();
      expect([name, open?.id, others]).toEqual([name, fire.id, []]);
      expect([name, daemon.log.some(({ code }) => code === 'STATE_DAMAGED')]).toEqual([name, false]);
      expect([name, (await statusOf(place)).store.ok]).toEqual([name, true]);
      // it takes new things, and keeps them over the next cut
      await slave.set('discrete', 1, 1);
      await eventually(`${name}: the flood`, alarms, (all) => all.length === 2);
      await daemon.kill();
      const next = await place.start();
      expect((await alarms()).map(({ plan }) => plan).sort()).toEqual(['fire', 'water-leak']);
      await next.kill();
      await slave.set('discrete', 1, 0);
    }
    expect(new Set(events(seen).map((one) => one.epoch))).toEqual(new Set([epoch]));
  });

  test.each([
    ['an empty file', said, (database: string) => truncateSync(database, 0)],
    ['half of the file', said, (database: string) => truncateSync(database, statSync(database).size >> 1)],
    ['a file of zeros', said, (database: string) => writeFileSync(database, zeros(database))],
  ])(
    'a database that is dead after a power cut (eclipse/kura #2169): %s is left',
    { timeout: 120_000 },
    async (_name, troubles, wreck) => {
      const { place, slave, broker } = scene;
      place.write(siteOf(broker, alarmSite(slave.port)));
      const first = await place.start();
      await scene.known(...inputs);
      const { epoch } = events(scene.seen)[0];
      // a clean stop moves all into the one file
      expect(await first.stop()).toBe(0);
      const file = readdirSync(place.data).find((name) => name.endsWith('.db'))!;
      wreck(path.join(place.data, file));
      for (const rest of ['-wal', '-shm']) {
        const beside = path.join(place.data, `${file}${rest}`);
        if (existsSync(beside)) rmSync(beside);
      }
      await slave.set('discrete', 0, 1);
      const second = await place.start();
      await scene.coil(0, 1);
      const fire = await opened('fire');
      // the centre learns by the epoch that numbers begin anew, the site by a trouble, and the file is kept
      expect(fire.epoch).not.toBe(epoch);
      expect(fire.seq).toBeLessThan(10);
      expect(await scene.troubles()).toEqual(troubles);
      expect(readdirSync(place.data).filter((name) => name.includes('.damaged-'))).toHaveLength(
        troubles.length,
      );
      await second.kill();
      await place.start();
      expect((await alarms()).map(({ plan }) => plan)).toEqual(['fire']);
    },
  );
});

// A wall clock that lies, with libfaketime around the whole daemon: a boot in 1970, jumps of an hour and of two
// weeks. Only what is written on events may follow it; nothing is raised, cleared, hurried or held up.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Broker, installed, until, type Witness } from '../support/broker.ts';
import {
  command,
  type Daemon,
  event,
  events,
  eventually,
  firsts,
  newPlace,
  type Place,
  seqsInOrder,
  shown,
  siteOf,
} from '../support/daemon.ts';
import { fakeTime } from '../support/fake-time.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { alarmSite } from './site.ts';

const faketime = fakeTime();
const able =
  faketime !== undefined && haveLibmodbus() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');

/** one for each wait: a contact that changes often is a trouble of its own */
const contacts = ['slow_a', 'slow_b'];
const hourS = 3600;
const dayS = 24 * hourS;

describe.skipIf(!able)('a wall clock that lies', () => {
  let place: Place;
  let slave: Slave;
  let broker: Broker;
  let seen: Witness;
  let stamp: string;

  beforeEach(async () => {
    place = newPlace();
    slave = await startSlave('tcp');
    place.later(slave, () => slave.stop());
    broker = await place.broker();
    seen = await place.witness(broker.port);
    stamp = path.join(place.folder, 'clock');
    const site = alarmSite(slave.port, {
      outputs: { siren: { bus: 'lan', unit: 1, write: 'coil:0', silenceable: true, maxOn: '20m' } },
      rules: Object.fromEntries(
        contacts.map((id) => [
          `rule_${id}`,
          { when: `inputs.${id}`, for: '2s', plan: 'riot', zone: 'plant' },
        ]),
      ),
    });
    contacts.forEach((id, index) => {
      site.devices.inputs.points[id] = { read: `discrete:${10 + index}` };
    });
    place.write(siteOf(broker, site));
  });
  afterEach(() => place?.leave());

  /** The daemon's wall clock from now on: seconds beside the true one. */
  const shift = (seconds: number): void => writeFileSync(stamp, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  const start = (): Promise<Daemon> => place.start({ env: faketime!(stamp) });
  /** how far the daemon's clock is from ours, by its newest heartbeat */
  const awayS = (): number => Math.round((Date.parse(shown(seen, 'status').at) - Date.now()) / 1000);
  const arrives = (seconds: number): Promise<void> =>
    until(
      `a heartbeat with ${seconds} s`,
      () => shown(seen, 'status')?.state === 'online' && Math.abs(awayS() - seconds) < 5,
    );
  const opened = (plan: string) =>
    firsts(seen).filter(({ type, incident }) => type === 'incident.opened' && incident.plan === plan);
  const reads = () => until('it reads', () => shown(seen, 'point/inputs/heat')?.quality === 'good');

  /** Heat stands; the rule must open after its two seconds, whatever happens meanwhile. */
  async function slowRuleTakesTwoSeconds(which: number, meanwhile: () => Promise<void>): Promise<void> {
    const point = `point/inputs/${contacts[which]}`;
    const before =
      opened('riot').length +
      firsts(seen).filter(({ type, incident }) => type === 'incident.signal' && incident.plan === 'riot')
        .length;
    const now = () =>
      opened('riot').length +
      firsts(seen).filter(({ type, incident }) => type === 'incident.signal' && incident.plan === 'riot')
        .length;
    await slave.set('discrete', 10 + which, 1);
    await until('heat is seen', () => shown(seen, point).value === true);
    const beganMs = performance.now();
    await meanwhile();
    await until('the slow rule', () => now() > before);
    const tookMs = performance.now() - beganMs;
    expect(tookMs).toBeGreaterThan(1700);
    expect(tookMs).toBeLessThan(3500);
    await slave.set('discrete', 10 + which, 0);
    await until('heat is gone', () => shown(seen, point).value === false);
  }

  test('from 1970: it watches, alarms, keeps its order, and every event says whether its time is to be trusted', async () => {
    const to1970 = -Math.floor(Date.now() / 1000) + 100;
    shift(to1970);
    await start();
    await reads();
    await arrives(to1970);
    await slave.set('discrete', 0, 1);
    const fire = await event(
      seen,
      'fire',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire',
    );
    expect(fire).toMatchObject({
      clock: expect.stringMatching(/^(un)?synced$/),
      at: expect.stringMatching(/^1970-01-01T/),
    });
    await slowRuleTakesTwoSeconds(0, async () => {});

    // The time server answers: 50 years at once.
    shift(0);
    await arrives(0);
    await slowRuleTakesTwoSeconds(1, async () => {});
    expect(shown(seen, `incident/${fire.incident.id}`)).toMatchObject({
      active: true,
      state: 'unacknowledged',
    });
    expect(await slave.get('coil', 0)).toBe(1);
    await slave.set('discrete', 0, 0);
    const returned = await event(
      seen,
      'returned',
      ({ type, incident }) => type === 'incident.returned' && incident.id === fire.incident.id,
    );
    expect(Math.abs(Date.parse(returned.at) - Date.now())).toBeLessThan(20_000);
    expect(returned.seq).toBeGreaterThan(fire.seq);
    seqsInOrder(events(seen));
  });

  test('jumps of an hour and of two weeks, both ways, do nothing', { timeout: 60_000 }, async () => {
    shift(0);
    const daemon = await start();
    await reads();
    await slave.set('discrete', 0, 1);
    const fire = await event(
      seen,
      'fire',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire',
    );
    expect(
      await command(seen, broker.port, {
        verb: 'disable',
        point: 'inputs.flood',
        for: '30m',
        reason: 'cleaning',
      }),
    ).toMatchObject({ ok: true });
    expect(
      await command(seen, broker.port, {
        verb: 'shelve',
        incident: (await command(seen, broker.port, { verb: 'raise', plan: 'complaint' })).incident,
        for: '30m',
        reason: 'later',
      }),
    ).toMatchObject({ ok: true });
    await slave.set('discrete', 1, 1);
    const quiet = () => firsts(seen).length;
    const before = quiet();
    for (const seconds of [hourS, 0, -hourS, 0, 14 * dayS, 0, -14 * dayS, 0]) {
      shift(seconds);
      await arrives(seconds);
    }
    expect(firsts(seen).slice(before)).toEqual([]);
    expect(await slave.get('coil', 0)).toBe(1);
    expect(shown(seen, `incident/${fire.incident.id}`)).toMatchObject({ active: true });
    expect((await place.json('status')).disabled).toMatchObject([{ id: 'inputs.flood' }]);

    await slowRuleTakesTwoSeconds(0, async () => shift(14 * dayS));
    await slowRuleTakesTwoSeconds(1, async () => shift(-14 * dayS));
    expect(opened('water-leak')).toEqual([]);
    expect(opened('gateway-trouble')).toEqual([]);

    // Killed and started again with the clock two weeks ahead of itself: steady time goes on within one boot.
    await daemon.kill();
    shift(14 * dayS);
    const started = firsts(seen).length;
    await start();
    await arrives(14 * dayS);
    await reads();
    await eventually(
      'it reads',
      () => place.json('points'),
      (points) => points.every(({ quality }: { quality: string }) => quality === 'good'),
    );
    expect(
      firsts(seen)
        .slice(started)
        .map(({ type }) => type),
    ).toEqual(['gateway.started']);
    expect(await slave.get('coil', 0)).toBe(1);
    expect((await place.json('status')).disabled).toMatchObject([{ id: 'inputs.flood' }]);
    for (const one of events(seen)) expect(one.clock).toMatch(/^(un)?synced$/);
    seqsInOrder(events(seen));
  });
});

// What a centre that watches many premises must be able to rely on: a gateway that runs is not shown as gone, what was
// removed does not stand at the broker for ever, silence of either side is noticed, two gateways with one name say so,
// and hundreds do not come back in the same instant.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { fastClock, memoryStore, startHouse } from '../notify/house.ts';
import { installed, publish, retainedAt, until } from '../support/broker.ts';
import { base, eventually, newPlace, type SiteFile, shown, siteOf } from '../support/daemon.ts';
import { haveLibmodbus } from '../support/modbus/slave.ts';
import { alarmSite, startRelay } from '../system/site.ts';
import { fleet, fullest, gateways, mostInBucket } from './fleet.ts';
import {
  inputs,
  type Json,
  newScene,
  openIncidents,
  reload,
  type Scene,
  standing,
  startHeldLine,
  statusOf,
} from './scene.ts';

const able = haveLibmodbus() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');

let scene: Scene;
beforeEach(async () => {
  if (able) scene = await newScene();
});
afterEach(() => scene?.place.leave());

const statuses = (): Json[] => scene.seen.json(`${base}/status`);
const retainedStatus = async (): Promise<Json> => {
  const text = (await retainedAt(scene.broker.port, `${base}/status`)).get(`${base}/status`);
  return text ? JSON.parse(text) : undefined;
};

describe.skipIf(!able)('a will', () => {
  test.each([
    ['of a session under another client id, which the broker lets die after the new birth', 'old_gateway'],
    ['of a session under the same client id, which the broker ends for the new one', undefined],
  ])('an old will after a new birth: %s', { timeout: 120_000 }, async (_name, clientId) => {
    const { place, slave, broker, seen } = scene;
    const line = await startHeldLine(broker.port);
    place.later(line, () => line.close());
    // no heartbeat comes in time to mend it
    const seldom = { mqtt: { heartbeat: '60s' } };
    const ids = clientId === undefined ? seldom : { mqtt: { ...seldom.mqtt, clientId } };
    place.write(siteOf({ port: line.port }, alarmSite(slave.port, ids)));
    let daemon = await place.start();
    await seen.until('it is online', () => shown(seen, 'status')?.state === 'online');
    for (let round = 0; round < 3; round += 1) {
      const { session } = shown(seen, 'status');
      await daemon.kill();
      // to the broker it lives on: its keep-alive has long to go
      await until('its connection is held', () => line.held() > 0);
      expect(shown(seen, 'status')).toMatchObject({ state: 'online', session });

      // the old one's will is due to whatever comes next; the new one comes by a line of its own
      const wills = () => statuses().filter((one) => one.state === 'offline' && one.session === session);
      place.write(siteOf(broker, alarmSite(slave.port, seldom)));
      daemon = await place.start();
      await seen.until('the new one is online', () => {
        const now = shown(seen, 'status');
        return now?.state === 'online' && now.session !== session;
      });
      const born = shown(seen, 'status').session;
      line.release();
      await seen.until('the old will', () => wills().length > 0);
      const at = statuses().findLastIndex((one) => one.state === 'offline' && one.session === session);
      await seen.until('online after it', () =>
        statuses()
          .slice(at + 1)
          .some((one) => one.state === 'online' && one.session === born),
      );
      // and who comes later finds it so
      expect(await retainedStatus()).toMatchObject({ state: 'online', session: born });
      expect(await scene.troubles()).toEqual([]);
      if (round === 2) break;
      // back onto the held line for the next round
      place.write(siteOf({ port: line.port }, alarmSite(slave.port, ids)));
      expect(await daemon.stop()).toBe(0);
      daemon = await place.start();
      await seen.until('online on the held line', () => {
        const now = shown(seen, 'status');
        return now?.state === 'online' && now.session !== born;
      });
    }
  });
});

describe.skipIf(!able)('what stands at the broker', () => {
  const own = async (): Promise<string[]> => {
    const points = (await scene.place.json('points')).map(({ id }: Json) => `point/${id.replace('.', '/')}`);
    const incidents = (await openIncidents(scene.place)).map(({ id }: Json) => `incident/${id}`);
    return ['status', ...points, ...incidents].map((topic) => `${base}/${topic}`).sort();
  };
  const only = async (what: string): Promise<void> => {
    await eventually(
      what,
      async () => JSON.stringify([(await standing(scene.broker.port, '#')).sort(), await own()]),
      (both) => {
        const [there, wanted] = JSON.parse(both);
        return JSON.stringify(there) === JSON.stringify(wanted);
      },
      25_000,
    );
  };
  const more = (port: number): SiteFile =>
    alarmSite(port, {
      devices: {
        extra: {
          bus: 'lan',
          unit: 2,
          every: '100ms',
          points: {
            kept: { read: 'discrete:10' },
            panic: { read: 'discrete:11', kind: 'panic', zone: 'atrium' },
          },
        },
      },
    });

  test('ghosts of removed points and closed incidents are emptied', { timeout: 240_000 }, async () => {
    const { place, slave, broker } = scene;
    const relay = await startRelay(broker.port);
    place.later(relay, () => relay.close());
    const on = { port: relay.port };
    place.write(siteOf(on, more(slave.port)));
    let daemon = await place.start();
    await scene.known(...inputs, 'extra.kept', 'extra.panic');
    await slave.set('discrete', 0, 1);
    await slave.set('discrete', 11, 1);
    await eventually(
      'two alarms',
      () => openIncidents(place),
      (open) => open.length === 2,
    );
    await only('as it is');
    expect((await own()).length).toBe(1 + 6 + 2);

    // a reload takes a device away, with an incident of its own open
    place.write(siteOf(on, alarmSite(slave.port)));
    await reload(daemon);
    await only('after a reload without the device');
    expect((await standing(broker.port, '#')).filter((topic) => topic.includes('extra'))).toEqual([]);

    // it comes back, and is gone at a restart with another site file
    place.write(siteOf(on, more(slave.port)));
    await reload(daemon);
    await scene.known('extra.kept', 'extra.panic');
    await daemon.kill();
    place.write(siteOf(on, alarmSite(slave.port)));
    daemon = await place.start();
    await scene.known(...inputs);
    await only('after a restart without the device');

    // what is closed while the broker is away, and over a kill, does not come back as open
    await relay.turn('refuse');
    await slave.set('discrete', 0, 0);
    for (const { id } of await openIncidents(place)) {
      await place.cli('ack', id, '--by', 'li');
      await place.cli('reset', id, '--by', 'li');
      await eventually(
        `${id} closes`,
        () => place.cli('close', id, '--by', 'li', '--verdict', 'test'),
        ({ code }) => code === 0,
      );
    }
    expect(await openIncidents(place)).toEqual([]);
    await daemon.kill();
    await place.start();
    await relay.turn('pass');
    await only('after a closing that the broker did not see');
    expect((await standing(broker.port, '#')).filter((topic) => topic.includes('/incident/'))).toEqual([]);
  });

  test('nothing is left under the name that premises had before', { timeout: 120_000 }, async () => {
    const { place, slave, broker } = scene;
    const parts = alarmSite(slave.port);
    place.write(siteOf(broker, parts));
    const first = await place.start();
    await scene.known(...inputs);
    await slave.set('discrete', 0, 1);
    await scene.seen.until('an incident', () => scene.opened('fire').length === 1);
    await only('as it is');
    await first.kill();
    const site = siteOf(broker, parts);
    place.write({ ...site, premises: { ...site.premises, id: 'store_0043' } });
    await place.start();
    await eventually(
      'all is under the new name',
      async () => (await standing(broker.port, '#')).map((topic) => topic.split('/')[2]),
      (names) => names.length > 4 && names.every((name) => name === 'store_0043'),
      25_000,
    );
  });
});

describe.skipIf(!able)('a centre', () => {
  test('that confirms nothing is a trouble at the premises, until it confirms', {
    timeout: 120_000,
  }, async () => {
    const { place, slave, broker, seen } = scene;
    place.write(siteOf(broker, alarmSite(slave.port, { mqtt: { receiptWithin: '2s' } })));
    const first = await place.start();
    await scene.known(...inputs);
    await scene.troubled(/^health_receipt/);
    // a restart does not end it
    await first.kill();
    await place.start();
    await scene.troubled(/^health_receipt/);
    const received = (seq: number) => publish(broker.port, `${base}/receipt`, JSON.stringify({ seq }));
    // what is confirmed late, and then everything as it comes, the closing of the trouble too
    let confirmed = 0;
    const centre = setInterval(() => {
      const last = Math.max(0, ...seen.json(`${base}/event`).map(({ seq }) => seq));
      if (last <= confirmed) return;
      confirmed = last;
      received(last).catch(() => {
        confirmed = 0;
      });
    }, 50);
    place.later(centre, () => clearInterval(centre));
    await scene.troubled();
    await slave.set('discrete', 0, 1);
    await until('an alarm is confirmed', () => scene.opened('fire').length === 1);
    const { seq } = scene.opened('fire')[0];
    await until('up to it', () => confirmed >= seq);
    expect(await scene.troubles()).toEqual([]);
    // it falls silent again with something unconfirmed
    clearInterval(centre);
    await slave.set('discrete', 1, 1);
    await scene.troubled(/^health_receipt/);
  });

  test('hears a heartbeat at least every 60 s, whatever the site says', { timeout: 120_000 }, async () => {
    const { place, broker, seen } = scene;
    const clock = fastClock(100);
    const house = startHouse({
      url: `mqtt://127.0.0.1:${broker.port}`,
      clock,
      store: memoryStore(),
      config: { heartbeatMs: 3_600_000 },
    });
    place.later(house, () => house.courier.stop());
    await seen.until('the first', () => statuses().length > 0);
    const before = statuses().length;
    // by the same clock: ten minutes, and ten heartbeats; an hour would bring none
    const tenMinutes = new Promise<void>((resolve) => void clock.after(600_000, resolve));
    await tenMinutes;
    expect(statuses().length - before).toBeGreaterThanOrEqual(8);
  });

  test('hears each heartbeat as a new one from the daemon', { timeout: 120_000 }, async () => {
    const { place, slave, broker, seen } = scene;
    place.write(siteOf(broker, alarmSite(slave.port, { mqtt: { heartbeat: '300ms' } })));
    await place.start();
    await scene.known(...inputs);
    const before = statuses().length;
    await seen.until('ten heartbeats', () => statuses().length >= before + 10);
    const at = statuses().map((one) => Date.parse(one.at));
    expect(at.every((ms, index) => index === 0 || ms >= at[index - 1]!)).toBe(true);
    expect(new Set(at).size).toBeGreaterThan(10);
  });
});

describe.skipIf(!able)('two gateways with one name', () => {
  test('both say so, and both are heard', { timeout: 150_000 }, async () => {
    const { place, slave, broker, seen } = scene;
    const other = newPlace();
    place.later(other, () => other.leave());
    for (const each of [place, other]) each.write(siteOf(broker, alarmSite(slave.port)));
    await place.start();
    await scene.known(...inputs);
    await other.start();
    for (const each of [place, other])
      await eventually(
        'a trouble',
        () => openIncidents(each),
        (open) => open.some(({ cause }: Json) => cause.rule === 'health_identity'),
        60_000,
      );
    for (const each of [place, other]) {
      const trouble = (await openIncidents(each)).find(({ cause }: Json) => cause.rule === 'health_identity');
      expect(trouble).toMatchObject({ category: 'trouble', title: { zh: expect.stringMatching(/身份/) } });
    }
    // neither pushes the other off any more: an alarm of each arrives
    for (const [index, each] of [place, other].entries()) {
      await eventually(
        'it is connected',
        async () => (await statusOf(each)).mqtt,
        (mqtt) => mqtt.connected && mqtt.waiting === 0,
        40_000,
      );
      expect((await each.cli('raise', 'riot', '--zone', 'plant', '--note', `of ${index}`)).code).toBe(0);
    }
    const epochs = () =>
      new Set(
        seen
          .json(`${base}/event`)
          .filter(({ type, incident }) => type === 'incident.opened' && incident.plan === 'riot')
          .map(({ epoch }) => epoch),
      );
    await seen.until('both riots', () => epochs().size === 2, 40_000);
  });
});

describe.skipIf(!able)('two hundred gateways', () => {
  test('come back spread out after a restart of the broker', { timeout: 120_000 }, async () => {
    const { place, broker } = scene;
    const all = fleet(broker.port, systemClock());
    place.later(all, () => all.close());
    await until('all are connected', () => all.up.size === gateways, 40_000);
    await broker.kill();
    await broker.start();
    await until('all were cut off', () => all.rounds()[0]?.length === gateways);
    await until('all are connected again', () => all.up.size === gateways, 40_000);
    const [first] = all.rounds();
    expect(fullest(first!)).toBeLessThanOrEqual(mostInBucket);
    // and so they came: not in the same instant, however busy this machine is
    const came = [...all.up.values()];
    expect(Math.max(...came) - Math.min(...came)).toBeGreaterThan(500);
  });

  test('stay spread out through a long absence of the broker', { timeout: 120_000 }, async () => {
    const { place, broker } = scene;
    const all = fleet(broker.port, fastClock(20));
    place.later(all, () => all.close());
    await until('all are connected', () => all.up.size === gateways, 40_000);
    await broker.kill();
    await until('all have tried six times', () => (all.rounds()[5]?.length ?? 0) >= gateways, 40_000);
    for (const round of all.rounds().slice(0, 6))
      expect(fullest(round.slice(0, gateways))).toBeLessThanOrEqual(mostInBucket);
    await broker.start();
    await until('all are connected again', () => all.up.size === gateways, 40_000);
  });
});

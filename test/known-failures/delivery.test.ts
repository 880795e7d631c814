// Failures on the way out that others are known for: what is said during a replay is thrown away, a queue that was full
// once never empties, and an acknowledgement that does not end the ladder. Each with a real broker that goes and comes.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answering } from '../notify/web-receiver.ts';
import { installed, startProxy, until } from '../support/broker.ts';
import { base, event, events, eventually, shown, siteOf } from '../support/daemon.ts';
import { haveLibmodbus } from '../support/modbus/slave.ts';
import {
  haveMailServer,
  hookTo,
  mailTo,
  peopleSite,
  planOf,
  startMailServer,
  startWeb,
  writePeople,
} from '../system/people-site.ts';
import { alarmSite, startRelay } from '../system/site.ts';
import { commandMany, type Json, mqttOf, newScene, openIncidents, type Scene, statusOf } from './scene.ts';

const able = haveLibmodbus() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');

let scene: Scene;
beforeEach(async () => {
  // one unacknowledged message at a time: a queue takes long enough to be cut in the midst
  if (able) scene = await newScene(['max_inflight_messages 1']);
});
afterEach(() => scene?.place.leave());

async function raise(plan: string): Promise<string> {
  const { code, stdout, stderr } = await scene.place.cli('raise', plan, '--zone', 'plant', '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout).incident;
}

const notes = (incident: string, count: number, about: string): Json[] =>
  Array.from({ length: count }, (_, index) => ({ verb: 'note', incident, text: `${about} ${index}` }));

/** Notes that came, each once. */
const saidIn = (about: string): string[] =>
  scene
    .ofType('incident.note')
    .map(({ note }) => String(note))
    .filter((note) => note.startsWith(about));

describe.skipIf(!able)('a queue of events', () => {
  test('what is published during a replay is thrown away when the line is lost again (mqttjs/MQTT.js #2015)', {
    timeout: 240_000,
  }, async () => {
    const { place, slave, broker, seen } = scene;
    const line = await startProxy(broker.port);
    place.later(line, () => line.close());
    const relay = await startRelay(line.port);
    place.later(relay, () => relay.close());
    place.write(siteOf({ port: relay.port }, alarmSite(slave.port)));
    await place.start();
    await scene.known('inputs.smoke');
    const incident = await raise('riot');
    await relay.turn('refuse');
    await mqttOf(place, 'cut off', ({ connected }) => !connected);
    await commandMany(place, notes(incident, 400, 'before'));

    await relay.turn('pass');
    for (let round = 0; round < 4; round += 1) {
      const had = events(seen).length;
      await seen.until('some have come', () => events(seen).length >= had + 30, 40_000);
      // said while what is older is still on its way, and then the line goes
      line.stall(true);
      await commandMany(place, notes(incident, 3, `during ${round}`));
      const { waiting } = (await statusOf(place)).mqtt;
      expect([round, waiting]).toEqual([round, expect.toSatisfy((count: number) => count > 3)]);
      line.stall(false);
      line.cut();
    }
    await mqttOf(place, 'all is delivered', ({ connected, waiting }) => connected && waiting === 0);
    await scene.complete();
    for (let round = 0; round < 4; round += 1) expect(saidIn(`during ${round}`)).toHaveLength(3);
    expect(saidIn('before')).toHaveLength(400);
  });

  test('a queue that was full once and never recovers (thingsboard/thingsboard-gateway #1483)', {
    timeout: 240_000,
  }, async () => {
    const { place, slave, broker, seen } = scene;
    const relay = await startRelay(broker.port);
    place.later(relay, () => relay.close());
    place.write(siteOf({ port: relay.port }, alarmSite(slave.port)));
    let daemon = await place.start();
    await scene.known('inputs.smoke');
    const incident = await raise('riot');
    for (const [round, away] of (['refuse', 'silent', 'refuse'] as const).entries()) {
      await relay.turn(away);
      await commandMany(place, notes(incident, 400, `outage ${round}`));
      // the longest outage has a restart in it
      if (round === 1) {
        await daemon.kill();
        daemon = await place.start();
      }
      const { waiting } = (await statusOf(place)).mqtt;
      expect(waiting).toBeGreaterThanOrEqual(400);
      // a long queue is no reason to be slow on site
      await slave.set('discrete', 0, 1);
      await scene.coil(0, 1);
      await slave.set('discrete', 0, 0);
      await scene.coil(0, 0);

      await relay.turn('refuse');
      await relay.turn('pass');
      await mqttOf(place, 'the queue is empty', ({ connected, waiting: left }) => connected && left === 0);
      await scene.complete();
      expect(saidIn(`outage ${round}`)).toHaveLength(400);
      // and what happens now goes out now
      await commandMany(place, notes(incident, 1, `after ${round}`));
      await seen.until('it comes', () => saidIn(`after ${round}`).length === 1);
    }
    expect(daemon.stderr()).toBe('');
    expect(shown(seen, 'status')).toMatchObject({ state: 'online' });
  });
});

describe.skipIf(!able || !haveMailServer())('an acknowledgement', () => {
  const toldRole = (role: string) => scene.seen.json(`${base}/notify/${role}`);
  const known = () => scene.known('inputs.smoke');

  test('an acknowledgement does not stop the next rung (grafana/oncall #4654)', {
    timeout: 120_000,
  }, async () => {
    const { place, slave, broker, seen } = scene;
    const [web, mail] = [await startWeb(place), await startMailServer(place)];
    writePeople(place, [
      planOf('fire', 'urgent', [
        { to: ['store_manager'] },
        { to: ['guard'], after: '8s', unless: 'acknowledged' },
        { to: ['general_manager'], after: '9s', unless: 'acknowledged' },
        // the one that asks for nothing shows that the time of the others has come and gone
        { to: ['shift_lead'], after: '10s' },
      ]),
    ]);
    const site = peopleSite(slave.port, { hook: hookTo(web.port), mail: mailTo(mail.port) });
    place.write(siteOf(broker, site));
    const first = await place.start();
    await known();
    await slave.set('discrete', 0, 1);
    await seen.until('the manager is told', () => toldRole('store_manager').length === 1);
    await until('the manager has the message', () => web.posted.length === 1);
    const { incident } = await event(seen, 'fire', ({ type }) => type === 'incident.opened');
    await commandMany(place, [{ verb: 'ack', incident: incident.id }]);
    // neither does a restart bring it back
    await first.kill();
    await place.start();
    await seen.until('the last rung', () => toldRole('shift_lead').length === 1, 40_000);
    expect([toldRole('guard'), toldRole('general_manager')]).toEqual([[], []]);
    expect(web.posted.map(({ json }) => json.to.id)).toEqual(['wang_fang']);
    expect(mail.mails.filter(({ to }) => !to.includes('wang@example.com'))).toEqual([]);
  });

  test('an acknowledgement does not stop the next channel of a person (grafana/oncall #4654)', {
    timeout: 120_000,
  }, async () => {
    const { place, slave, broker, seen } = scene;
    const [web, mail] = [await startWeb(place), await startMailServer(place)];
    // the first channel hangs, and is refused later: then the next one would be asked
    const hanging: (() => void)[] = [];
    web.answer = (response) => void hanging.push(() => response.writeHead(400).end());
    writePeople(place, [
      planOf('water-leak', 'general', [{ to: ['store_manager'], unless: 'acknowledged' }]),
      planOf('fire', 'general', [{ to: ['store_manager'] }]),
    ]);
    const site = peopleSite(slave.port, { hook: hookTo(web.port), mail: mailTo(mail.port) });
    place.write(siteOf(broker, site));
    await place.start();
    await known();
    await slave.set('discrete', 1, 1);
    await until('the first channel is asked', () => hanging.length === 1);
    const { incident } = await event(seen, 'flood', ({ type }) => type === 'incident.opened');
    await commandMany(place, [{ verb: 'ack', incident: incident.id }]);
    web.answer = answering(400);
    for (const fail of hanging.splice(0)) fail();
    // a later alarm goes the way that the first one would have gone: by mail, after the hook has refused it
    await slave.set('discrete', 2, 1);
    await until('the mail of the later one', () => mail.mails.length > 0, 25_000);
    expect(mail.mails.map(({ text }) => [text.includes('火灾'), text.includes('漏水')])).toEqual([
      [true, false],
    ]);
    const told = await eventually(
      'the record says so',
      async () =>
        (await openIncidents(place)).find(({ plan }: Json) => plan === 'water-leak').told[0].deliveries,
      (deliveries) => deliveries.every(({ state }: Json) => state !== 'waiting'),
    );
    expect(
      told.filter(({ state }: Json) => state === 'delivered').map(({ channel }: Json) => channel),
    ).toEqual(['mqtt']);
  });
});

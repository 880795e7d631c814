// What a kill and a broker that is away may cost those who are told: no message, no rung twice, and none that nobody
// wants any more. The daemon is killed in the middle of a ladder and of a delivery, the broker is cut off, and the disk takes no writes.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answering } from '../notify/web-receiver.ts';
import { type Broker, installed, until, type Witness } from '../support/broker.ts';
import {
  base,
  event,
  eventually,
  newPlace,
  type Place,
  type SiteFile,
  shown,
  siteOf,
} from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { haveTools } from '../support/need.ts';
import {
  deliveriesOf,
  haveMailServer,
  hookTo,
  mailTo,
  peopleSite,
  planOf,
  startLine,
  startMailServer,
  startWeb,
  writePeople,
} from './people-site.ts';
import { startRelay } from './site.ts';

const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
const ownMounts = haveTools(['unshare', ...asRoot, '-m', 'true']);
const able = haveLibmodbus() && haveMailServer() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');

let place: Place;
let slave: Slave;
let broker: Broker;
let seen: Witness;

beforeEach(async () => {
  if (!able) return;
  place = newPlace();
  slave = await startSlave('tcp');
  place.later(slave, () => slave.stop());
  broker = await place.broker();
  seen = await place.witness(broker.port);
});
afterEach(() => place?.leave());

const known = () => seen.until('it reads', () => shown(seen, 'point/inputs/smoke')?.quality === 'good');
const opened = (plan: string) =>
  event(seen, plan, ({ type, incident }) => type === 'incident.opened' && incident.plan === plan);
const fire = async () => (await place.json('incidents')).find(({ plan }: SiteFile) => plan === 'fire');
/** What the record says, and waits for it to be on disk, which an answer of the daemon is the proof of. */
const recorded = (what: string) =>
  eventually(
    `on record: ${what}`,
    async () => deliveriesOf(await fire()),
    (all) => all.includes(what),
  );
const toldRole = (role: string) => seen.json(`${base}/notify/${role}`);

describe.skipIf(!able)('killed', () => {
  test('in the middle of a ladder: what is overdue is told once, at once; what was told is not told again', {
    timeout: 60_000,
  }, async () => {
    const web = await startWeb(place);
    writePeople(place, [
      planOf('fire', 'urgent', [
        { to: ['store_manager'] },
        { to: ['guard'], after: '5s', unless: 'acknowledged' },
        { to: ['general_manager'], after: '5500ms', unless: 'acknowledged' },
        { to: ['shift_lead'], after: '16s' },
      ]),
    ]);
    const site = peopleSite(slave.port, { hook: hookTo(web.port), mail: mailTo(1) });
    place.write(siteOf(broker, site));
    const first = await place.start();
    await known();
    await slave.set('discrete', 0, 1);
    const { incident } = await opened('fire');
    await recorded('rung hook wang_fang delivered');
    await recorded('rung mqtt store_manager delivered');
    await first.kill();
    expect(toldRole('guard')).toEqual([]);
    const sinceMs = () => Date.now() - Date.parse(incident.openedAt);
    await until('two rungs are overdue', () => sinceMs() > 6000);

    const second = await place.start();
    const beganMs = performance.now();
    await seen.until(
      'both are told',
      () => toldRole('guard').length > 0 && toldRole('general_manager').length > 0,
    );
    expect(performance.now() - beganMs).toBeLessThan(3000);
    expect(toldRole('guard')[0]).toMatchObject({ incident: incident.id, to: ['Li Qiang'], attempt: 1 });
    await until('Li is told', () => web.posted.some(({ json }) => json.to.id === 'li_qiang'));
    await recorded('rung mqtt guard delivered');
    await recorded('rung hook li_qiang delivered');
    expect(toldRole('shift_lead')).toEqual([]);
    // once more, with nothing due
    await second.kill();
    await place.start();
    await seen.until('the last rung, in its time', () => toldRole('shift_lead').length > 0);
    expect(sinceMs()).toBeGreaterThan(15_900);
    expect(sinceMs()).toBeLessThan(19_000);
    await recorded('rung mqtt shift_lead delivered');
    for (const role of ['store_manager', 'guard', 'general_manager', 'shift_lead'])
      expect([role, toldRole(role).length]).toEqual([role, 1]);
    expect(web.posted.map(({ json }) => json.to.id)).toEqual(['wang_fang', 'li_qiang']);
    expect((await fire()).told.map(({ roles }: SiteFile) => roles)).toEqual([
      ['store_manager'],
      ['guard'],
      ['general_manager'],
      ['shift_lead'],
    ]);
  });

  test('between commit and delivery: it goes out after the start, as the same message', async () => {
    const [web, mail] = [await startWeb(place), await startMailServer(place)];
    const line = await startLine(mail.port);
    place.later(line, () => line.close());
    // both have it, and the daemon does not learn of it
    web.answer = () => {};
    line.deaf = true;
    writePeople(place, [planOf('fire', 'urgent', [{ to: ['store_manager'] }])]);
    const site = peopleSite(slave.port, { hook: hookTo(web.port), mail: mailTo(line.port) });
    place.write(siteOf(broker, site));
    const first = await place.start();
    await known();
    await slave.set('discrete', 0, 1);
    await until('both have it', () => web.posted.length === 1 && mail.mails.length === 1);
    await first.kill();
    web.answer = answering(200);
    line.deaf = false;
    const second = await place.start();
    await recorded('rung hook wang_fang delivered');
    await recorded('rung mail wang_fang delivered');
    expect(web.posted.map(({ json }) => json.key)).toEqual([
      web.posted[0]!.json.key,
      web.posted[0]!.json.key,
    ]);
    expect(mail.mails.map(({ id }) => id)).toEqual([mail.mails[0]!.id, mail.mails[0]!.id]);
    expect(mail.mails[1]!.subject).toBe('【紧急】火灾 · 中庭');
    expect(toldRole('store_manager')).toHaveLength(1);
    // what is delivered is not sent at the next start
    await second.kill();
    await place.start();
    await slave.set('discrete', 1, 1);
    await opened('water-leak');
    expect((await fire()).told).toHaveLength(1);
    expect((await place.json('status')).people.channels.map(({ waiting }: SiteFile) => waiting)).toEqual([
      0, 0,
    ]);
    expect([web.posted.length, mail.mails.length]).toEqual([2, 2]);
  });

  test('stopped in the middle of a delivery: at once, and it goes out after the start', async () => {
    const [web, mail] = [await startWeb(place), await startMailServer(place)];
    const line = await startLine(mail.port);
    place.later(line, () => line.close());
    web.answer = () => {};
    line.deaf = true;
    writePeople(place, [planOf('fire', 'urgent', [{ to: ['store_manager'] }])]);
    place.write(siteOf(broker, peopleSite(slave.port, { hook: hookTo(web.port), mail: mailTo(line.port) })));
    const first = await place.start();
    await known();
    await slave.set('discrete', 0, 1);
    await until('both have it', () => web.posted.length === 1 && mail.mails.length === 1);
    const beganMs = performance.now();
    expect(await first.stop()).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(4000);
    expect(first.stderr()).toBe('');
    web.answer = answering(200);
    line.deaf = false;
    await place.start();
    await recorded('rung hook wang_fang delivered');
    await recorded('rung mail wang_fang delivered');
    expect([web.posted.length, mail.mails.length]).toEqual([2, 2]);
  });

  test('while a person gathers what is told: it goes out after the start', async () => {
    const web = await startWeb(place);
    writePeople(place, [planOf('fire', 'urgent', [{ to: ['store_manager'] }])]);
    place.write(siteOf(broker, peopleSite(slave.port, { hook: hookTo(web.port), mail: mailTo(1) })));
    const first = await place.start();
    await known();
    await slave.set('discrete', 0, 1);
    await opened('fire');
    await first.kill();
    expect(web.posted).toEqual([]);
    await place.start();
    await recorded('rung hook wang_fang delivered');
    await recorded('rung mqtt store_manager delivered');
    expect(web.posted.map(({ json }) => json.title)).toEqual(['【紧急】火灾 · 中庭']);
  });
});

describe.skipIf(!able)('a broker that is away', () => {
  test('gets the notices that still stand when it is back, and none of what nobody needs', async () => {
    const relay = await startRelay(broker.port);
    place.later(relay, () => relay.close());
    const rungs = [{ to: ['store_manager'], unless: 'acknowledged' }];
    writePeople(place, [planOf('fire', 'urgent', rungs), planOf('water-leak', 'urgent', rungs)]);
    place.write(siteOf(relay, peopleSite(slave.port, { hook: hookTo(1), mail: mailTo(1) })));
    await place.start();
    await known();
    await relay.turn('refuse');
    await eventually(
      'it is cut off',
      async () => (await place.json('status')).mqtt.connected,
      (connected) => connected === false,
    );
    await slave.set('discrete', 0, 1);
    await slave.set('discrete', 1, 1);
    const both = await eventually(
      'both are open',
      async () => await place.json('incidents'),
      (all) => all.filter(({ category }: SiteFile) => category === 'alarm').length === 2,
    );
    const flood = both.find(({ plan }: SiteFile) => plan === 'water-leak');
    expect(await place.cli('ack', flood.id, '--by', 'wang')).toMatchObject({ code: 0 });
    const withdrawn = (await place.json('explain', flood.id)).incident;
    expect(deliveriesOf(withdrawn)).toContain('rung mqtt store_manager withdrawn');
    await relay.turn('pass');
    await seen.until('the fire is told', () => toldRole('store_manager').length > 0, 20_000);
    await recorded('rung mqtt store_manager delivered');
    expect(toldRole('store_manager')).toMatchObject([
      { incident: both.find(({ plan }: SiteFile) => plan === 'fire').id, attempt: 1 },
    ]);
    // an event before its notice
    const at = (topic: string, of: string) =>
      seen.seen.findIndex((one) => one.topic === `${base}/${topic}` && one.payload.includes(of));
    expect(at('event', '"incident.opened"')).toBeLessThan(at('notify/store_manager', '"rung"'));
  });

  test('and stays away over a kill: they arrive after it', async () => {
    const relay = await startRelay(broker.port);
    place.later(relay, () => relay.close());
    writePeople(place, [planOf('fire', 'urgent', [{ to: ['store_manager'] }])]);
    place.write(siteOf(relay, peopleSite(slave.port, { hook: hookTo(1), mail: mailTo(1) })));
    const first = await place.start();
    await known();
    await relay.turn('refuse');
    await slave.set('discrete', 0, 1);
    await recorded('rung mqtt store_manager waiting');
    await first.kill();
    await place.start();
    await relay.turn('pass');
    await recorded('rung mqtt store_manager delivered');
    expect(toldRole('store_manager')).toHaveLength(1);
  });
});

describe.skipIf(!able || !ownMounts)('a disk that takes no writes', () => {
  test('keeps nobody from being told, once by each way, nor from the next rung', async () => {
    const [web, mail] = [await startWeb(place), await startMailServer(place)];
    writePeople(place, [
      planOf('fire', 'urgent', [{ to: ['store_manager'] }, { to: ['guard'], after: '2s' }]),
    ]);
    place.write(siteOf(broker, peopleSite(slave.port, { hook: hookTo(web.port), mail: mailTo(mail.port) })));
    mkdirSync(place.data);
    const socket = path.join(place.folder, 'k.sock');
    const mount = 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"';
    const through = ['unshare', ...asRoot, '-m', 'sh', '-c', `set -e; ${mount}; shift; exec "$@"`, 'sh'];
    await place.start({ socket, through: [...through, place.data] });
    await known();
    await slave.set('discrete', 0, 1);
    await until('both are told', () => web.posted.length >= 2 && mail.mails.length >= 2);
    await seen.until('so are the roles', () => toldRole('guard').length > 0);
    const { stdout } = await place.cli('incidents', '--json', '--socket', socket);
    const all: SiteFile[] = JSON.parse(stdout);
    expect(all.map(({ cause }) => cause.rule)).toContain('health_storage');
    const deliveries = await eventually(
      'nothing waits',
      async () => {
        const answer = await place.cli('incidents', '--json', '--socket', socket);
        return deliveriesOf(JSON.parse(answer.stdout).find(({ plan }: SiteFile) => plan === 'fire'));
      },
      (found) => !found.some((one) => one.endsWith('waiting')),
    );
    expect(deliveries.filter((one) => !one.endsWith('delivered'))).toEqual([]);
    expect(web.posted.map(({ json }) => json.to.id)).toEqual(['wang_fang', 'li_qiang']);
    expect(mail.mails.map(({ to }) => to[0])).toEqual(['wang@example.com', 'li@example.com']);
    for (const role of ['store_manager', 'guard']) expect(toldRole(role)).toHaveLength(1);
  });
});

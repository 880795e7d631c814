// People told of an alarm by the daemon as a site has it: over MQTT, by webhook and by e-mail, each in their language;
// by the next channel where one fails, in one message where all sounds at once, and not of what nobody needs any more.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answering, type Posted } from '../notify/web-receiver.ts';
import { type Broker, freePort, installed, until, type Witness } from '../support/broker.ts';
import {
  base,
  command,
  event,
  events,
  eventually,
  newPlace,
  type Place,
  premises,
  type SiteFile,
  shown,
  siteOf,
} from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import {
  deliveriesOf,
  haveMailServer,
  hookTo,
  mailTo,
  peopleSite,
  planOf,
  startMailServer,
  startWeb,
  writePeople,
} from './people-site.ts';

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

const opened = (plan: string) =>
  event(seen, plan, ({ type, incident }) => type === 'incident.opened' && incident.plan === plan);
const known = () => seen.until('it reads', () => shown(seen, 'point/inputs/smoke')?.quality === 'good');
const explained = async (id: string) => (await place.json('explain', id)).incident;
const plansOf = ({ json }: Posted): string[] => json.incidents.map(({ plan }: SiteFile) => plan);
const say = (fields: Record<string, unknown>) => command(seen, broker.port, fields);
const trouble = (channel: string) => (one: SiteFile) =>
  one.incident?.cause.rule === `health_channel_${channel}`;

describe.skipIf(!able)('people', () => {
  test('are told of smoke in their language within seconds; an acknowledgement ends it; the end is told', async () => {
    const [web, mail] = [await startWeb(place), await startMailServer(place)];
    writePeople(place, [
      planOf('fire', 'urgent', [
        { to: ['store_manager', 'nobody_here'] },
        { to: ['guard'], after: '1s' },
        { to: ['general_manager', 'guard'], after: '8s', unless: 'acknowledged' },
      ]),
    ]);
    place.write(siteOf(broker, peopleSite(slave.port, { hook: hookTo(web.port), mail: mailTo(mail.port) })));
    await place.start();
    await known();
    const beganMs = performance.now();
    await slave.set('discrete', 0, 1);
    const { incident } = await opened('fire');

    await seen.until('the role is told', () => seen.json(`${base}/notify/store_manager`).length > 0);
    await until('Wang is told', () => web.posted.length > 0 && mail.to('wang@example.com').length > 0);
    expect(performance.now() - beganMs).toBeLessThan(4000);
    expect(seen.json(`${base}/notify/store_manager`)).toEqual([
      {
        id: expect.stringMatching(/^m\d+$/),
        premises,
        role: 'store_manager',
        incident: incident.id,
        level: 'urgent',
        title: '[URGENT] Fire · Atrium',
        text: expect.stringContaining('Renmin Road, i1, since'),
        to: ['Wang Fang'],
        attempt: 1,
        drill: false,
        kind: 'rung',
        because: 'at once',
        at: incident.openedAt,
      },
    ]);
    expect(seen.seen.find(({ topic }) => topic === `${base}/notify/nobody_here`)?.retain).toBe(false);
    expect(web.posted[0]?.json).toMatchObject({
      kind: 'rung',
      level: 'urgent',
      category: 'alarm',
      drill: false,
      title: '【紧急】火灾 · 中庭',
      text: expect.stringContaining('人民路店'),
      to: { id: 'wang_fang', name: '王芳', language: 'zh' },
      incidents: [{ id: incident.id, plan: 'fire', state: 'unacknowledged' }],
    });
    expect(mail.to('wang@example.com')[0]).toMatchObject({
      subject: '【紧急】火灾 · 中庭',
      text: expect.stringContaining('1. 到现场查看'),
      id: expect.stringMatching(/^<store_0042\.m\d+\.[a-z0-9]+@shop\.example>$/),
    });
    await until('Li is told', () => mail.to('li@example.com').length === 1 && web.posted.length === 2);
    expect(mail.to('li@example.com')[0]).toMatchObject({
      subject: '[URGENT] Fire · Atrium',
      text: expect.stringContaining('1. Go and look'),
    });
    expect(web.posted[1]?.json).toMatchObject({ title: '[URGENT] Fire · Atrium', to: { name: 'Li Qiang' } });

    expect(await say({ verb: 'ack', incident: incident.id })).toMatchObject({ ok: true });
    const told = await eventually(
      'the last rung is left out',
      async () => (await explained(incident.id)).told,
      (all) => all.length === 3,
    );
    expect(told[2]).toMatchObject({ skipped: true, because: 'acknowledged by li', to: [], deliveries: [] });
    // its time passes
    const pastMs = performance.now() + 8500 - (Date.now() - Date.parse(incident.openedAt));
    await until('the last rung would have been due', () => performance.now() > pastMs);
    await slave.set('discrete', 0, 0);
    await event(seen, 'back to normal', ({ type }) => type === 'incident.returned');
    expect(await say({ verb: 'close', incident: incident.id, verdict: 'false' })).toMatchObject({ ok: true });
    await until('both learn that it is over', () => web.posted.length === 4);
    expect(
      web.posted
        .slice(2)
        .map(({ json }) => [json.to.id, json.kind, json.title])
        .sort(),
    ).toEqual([
      ['li_qiang', 'closed', '[OVER] Fire · Atrium'],
      ['wang_fang', 'closed', '【解除】火灾 · 中庭'],
    ]);
    expect(web.posted[2]?.json.text).toMatch(/由 li 关闭，结论：误报|Closed by li as a false alarm/);
    expect(seen.json(`${base}/notify/general_manager`)).toEqual([]);
    expect(seen.json(`${base}/notify/guard`)).toHaveLength(1);
    // (what is over is told by the first channel alone)
    expect(mail.mails).toHaveLength(2);
    await eventually(
      'all of it is on record',
      async () => deliveriesOf(await explained(incident.id)).sort(),
      (all) => !all.some((one) => one.endsWith('waiting')),
    );
    expect(deliveriesOf(await explained(incident.id)).sort()).toEqual([
      'closed hook li_qiang delivered',
      'closed hook wang_fang delivered',
      'rung hook li_qiang delivered',
      'rung hook wang_fang delivered',
      'rung mail li_qiang delivered',
      'rung mail wang_fang delivered',
      'rung mqtt guard delivered',
      'rung mqtt nobody_here delivered',
      'rung mqtt store_manager delivered',
    ]);
  });

  test.for(['answers 500', 'says nothing'])('whose first channel %s are told by the next', async (how) => {
    const [web, mail] = [await startWeb(place), await startMailServer(place)];
    web.answer = how === 'answers 500' ? answering(500) : () => {};
    const rungs = [{ to: ['store_manager'] }];
    writePeople(place, [planOf('fire', 'major', rungs), planOf('water-leak', 'urgent', rungs)]);
    const channels = { hook: hookTo(web.port, { within: '2s' }), mail: mailTo(mail.port) };
    const site = peopleSite(slave.port, channels);
    delete site.rules.smoke_siren.level;
    place.write(siteOf(broker, site));
    await place.start();
    await known();
    await slave.set('discrete', 0, 1);
    const { incident } = await opened('fire');
    await until('it is tried by the first', () => web.posted.length > 0);
    expect(mail.mails).toEqual([]);
    await until('it goes out by the next', () => mail.mails.length === 1);
    expect(Date.now() - Date.parse(incident.openedAt)).toBeGreaterThan(2900);
    expect(mail.mails[0]).toMatchObject({ to: ['wang@example.com'], subject: '【重大】火灾 · 中庭' });
    await eventually(
      'both are on record',
      async () => deliveriesOf(await explained(incident.id)),
      (all) =>
        JSON.stringify(all) ===
        JSON.stringify([
          'rung mqtt store_manager delivered',
          'rung hook wang_fang failed',
          'rung mail wang_fang delivered',
        ]),
    );
    const { stdout } = await place.cli('explain', incident.id);
    expect(stdout).toMatch(/wang_fang · hook +✗ /);
    expect(stdout).toMatch(/wang_fang · mail +✓ /);

    const broken = await event(
      seen,
      'the trouble',
      (one) => one.type === 'incident.opened' && trouble('hook')(one),
      20_000,
    );
    expect(broken.incident).toMatchObject({ plan: 'gateway-trouble', category: 'trouble' });
    expect((await place.json('status')).people.channels).toMatchObject([
      {
        id: 'hook',
        type: 'webhook',
        ok: false,
        because: expect.stringContaining(how === 'answers 500' ? 'HTTP 500' : 'no answer within'),
      },
      { id: 'mail', type: 'email', ok: true, waiting: 0 },
    ]);
    // what it could not deliver is not sent again when it is back: the e-mail has arrived
    const before = web.posted.length;
    web.answer = answering(200);
    await slave.set('discrete', 1, 1);
    await event(seen, 'its end', (one) => one.type === 'incident.closed' && trouble('hook')(one), 40_000);
    expect(web.posted.slice(before).map(plansOf)).toEqual([['water-leak']]);
    expect((await place.json('status')).people.channels[0]).toMatchObject({ ok: true, waiting: 0 });
  });

  test('are told once by each channel when two hundred detectors trip at once', async () => {
    const [web, mail] = [await startWeb(place), await startMailServer(place)];
    const count = 210;
    const zones: SiteFile = {};
    const points: SiteFile = {};
    for (let number = 1; number <= count; number += 1) {
      zones[`room_${number}`] = { name: { zh: `${number} 号房`, en: `Room ${number}` } };
      points[`wet_${number}`] = { read: `discrete:${100 + number}`, kind: 'flood', zone: `room_${number}` };
    }
    writePeople(place, [planOf('water-leak', 'urgent', [{ to: ['store_manager', 'guard'] }])]);
    const channels = { hook: hookTo(web.port), mail: mailTo(mail.port) };
    const site = peopleSite(slave.port, channels, { zones });
    Object.assign(site.devices.inputs.points, points);
    place.write(siteOf(broker, site));
    await place.start();
    await seen.until('all are known', () =>
      [1, count].every((number) => shown(seen, `point/inputs/wet_${number}`)?.quality === 'good'),
    );
    await Promise.all(Array.from({ length: count }, (_, index) => slave.set('discrete', 101 + index, 1)));
    const isFlood = ({ type, incident }: SiteFile) =>
      type === 'incident.opened' && incident.plan === 'water-leak';
    await seen.until('all are open', () => events(seen).filter(isFlood).length === count, 20_000);
    await seen.until(
      'every role is told of each',
      () => ['store_manager', 'guard'].every((role) => seen.json(`${base}/notify/${role}`).length === count),
      20_000,
    );
    await until('both people are told', () => web.posted.length >= 2 && mail.mails.length >= 2);
    const untold = (incidents: SiteFile[]) =>
      incidents.flatMap(deliveriesOf).filter((one) => one.endsWith('waiting'));
    await eventually(
      'nothing waits',
      async () => untold(await place.json('incidents')),
      (all) => all.length === 0,
    );
    const { people: state } = await place.json('status');
    expect(state.channels.map(({ ok, waiting }: SiteFile) => [ok, waiting])).toEqual([
      [true, 0],
      [true, 0],
    ]);
    expect(web.posted.map(({ json }) => json.to.id).sort()).toEqual(['li_qiang', 'wang_fang']);
    expect(mail.mails.flatMap(({ to }) => to).sort()).toEqual(['li@example.com', 'wang@example.com']);
    const english = mail.to('li@example.com')[0]!;
    expect(english.subject).toMatch(/^\[URGENT\] Water leak · Room \d+ and 209 more$/);
    expect(english.text).toContain('200 more: 200 × Water leak');
    expect(mail.to('wang@example.com')[0]!.subject).toMatch(/^【紧急】漏水 · \d+ 号房 等 210 起$/);
  });

  test('are not told by a channel that is back of what somebody acknowledged meanwhile', async () => {
    const [web, mail] = [await startWeb(place), await freePort()];
    web.answer = answering(503);
    const rungs = [{ to: ['store_manager'], unless: 'acknowledged' }];
    writePeople(place, [planOf('fire', 'urgent', rungs), planOf('water-leak', 'urgent', rungs)]);
    place.write(siteOf(broker, peopleSite(slave.port, { hook: hookTo(web.port), mail: mailTo(mail) })));
    await place.start();
    await known();
    await slave.set('discrete', 0, 1);
    const { incident } = await opened('fire');
    await until('it is tried', () => web.posted.length > 0);
    expect(await say({ verb: 'ack', incident: incident.id })).toMatchObject({ ok: true });
    expect(deliveriesOf(await explained(incident.id)).filter((one) => !one.includes('mqtt'))).toEqual([
      'rung hook wang_fang withdrawn',
      'rung mail wang_fang withdrawn',
    ]);
    const before = web.posted.length;
    web.answer = answering(200);
    await slave.set('discrete', 1, 1);
    await until('the next one is told', () => web.posted.length > before);
    expect(web.posted.slice(before).map(plansOf)).toEqual([['water-leak']]);
    expect((await place.json('status')).people.channels).toMatchObject([{ waiting: 0 }, { waiting: 1 }]);
    // who was told nothing learns of no end
    await slave.set('discrete', 0, 0);
    await event(seen, 'back to normal', ({ type }) => type === 'incident.returned');
    expect(await say({ verb: 'close', incident: incident.id, verdict: 'test' })).toMatchObject({ ok: true });
    const { told } = await explained(incident.id);
    expect(told.map(({ kind }: SiteFile) => kind)).toEqual(['rung']);
  });
});

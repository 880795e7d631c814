// A reload that changes people and channels, while nothing and while something is on its way: what is sent afterwards
// goes to where the new files say, and a bad file changes nothing and says where.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answering, type Receiver } from '../notify/web-receiver.ts';
import { type Broker, installed, until, type Witness } from '../support/broker.ts';
import {
  base,
  type Daemon,
  event,
  eventually,
  newPlace,
  type Place,
  type SiteFile,
  shown,
  siteOf,
} from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import {
  deliveriesOf,
  haveMailServer,
  hookTo,
  type MailServer,
  mailTo,
  people,
  peopleSite,
  planOf,
  startMailServer,
  startWeb,
  writePeople,
} from './people-site.ts';
import { startRelay } from './site.ts';

const able = haveLibmodbus() && haveMailServer() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');

let place: Place;
let slave: Slave;
let broker: Broker;
let seen: Witness;
let web: Receiver;
let mail: MailServer;
let daemon: Daemon;

const plans = [
  planOf('fire', 'major', [{ to: ['store_manager'] }]),
  planOf('water-leak', 'major', [{ to: ['guard'] }]),
];
const site = (channels: SiteFile, more: SiteFile = {}) => {
  const made = peopleSite(slave.port, channels);
  delete made.rules.smoke_siren.level;
  return siteOf(broker, { ...made, ...more });
};
const start = async (channels: SiteFile, more: SiteFile = {}) => {
  place.write(site(channels, more));
  daemon = await place.start();
  await seen.until('it reads', () => shown(seen, 'point/inputs/smoke')?.quality === 'good');
};
const reload = async () => {
  const before = daemon.log.filter(({ code }) => code === 'RELOADED').length;
  daemon.signal('SIGHUP');
  await until('it is reloaded', () => daemon.log.filter(({ code }) => code === 'RELOADED').length > before);
};
const opened = (plan: string) =>
  event(seen, plan, ({ type, incident }) => type === 'incident.opened' && incident.plan === plan);
const record = async (plan: string) => {
  const { incident } = await opened(plan);
  return (await place.json('explain', incident.id)).incident;
};
const becomes = (plan: string, what: string) =>
  eventually(
    `on record: ${what}`,
    async () => deliveriesOf(await record(plan)),
    (all) => all.includes(what),
  );

beforeEach(async () => {
  if (!able) return;
  place = newPlace();
  slave = await startSlave('tcp');
  place.later(slave, () => slave.stop());
  broker = await place.broker();
  seen = await place.witness(broker.port);
  web = await startWeb(place);
  mail = await startMailServer(place);
  writePeople(place, plans);
});
afterEach(() => place?.leave());

describe.skipIf(!able)('a reload', () => {
  test('with other people and another channel: the next alarm goes to where they say', async () => {
    const other = await startWeb(place);
    await start({ hook: hookTo(web.port), mail: mailTo(mail.port) });
    const { wang_fang, li_qiang } = people;
    writePeople(place, plans, {
      people: {
        wang_fang: { ...wang_fang, roles: ['guard'], email: 'wang@elsewhere.example', channels: ['mail'] },
        he_tao: { ...li_qiang, name: 'He Tao', roles: ['store_manager'], channels: ['desk'] },
      },
    });
    place.write(site({ desk: hookTo(other.port), mail: mailTo(mail.port) }));
    await reload();
    expect((await place.json('status')).people.channels.map(({ id }: SiteFile) => id)).toEqual([
      'desk',
      'mail',
    ]);
    await slave.set('discrete', 0, 1);
    await slave.set('discrete', 1, 1);
    await until('both are told', () => other.posted.length === 1 && mail.mails.length === 1);
    expect(other.posted[0]!.json).toMatchObject({ to: { id: 'he_tao', name: 'He Tao' } });
    expect(mail.mails[0]).toMatchObject({ to: ['wang@elsewhere.example'], subject: '【重大】漏水 · 厨房' });
    await seen.until('and by role', () => seen.json(`${base}/notify/store_manager`).length > 0);
    expect(seen.json(`${base}/notify/store_manager`)[0].to).toEqual(['He Tao']);
    expect(web.posted).toEqual([]);
  });

  test('that changes the name and the language of the premises: notices have them too', async () => {
    await start({ hook: hookTo(web.port), mail: mailTo(mail.port) });
    const made = site({ hook: hookTo(web.port), mail: mailTo(mail.port) });
    made.premises = { ...made.premises, language: 'zh', name: { zh: '解放路店', en: 'Jiefang Road' } };
    place.write(made);
    await reload();
    await slave.set('discrete', 0, 1);
    await seen.until('the role is told', () => seen.json(`${base}/notify/store_manager`).length > 0);
    expect(seen.json(`${base}/notify/store_manager`)[0]).toMatchObject({
      title: '【重大】火灾 · 中庭',
      text: expect.stringContaining('解放路店'),
      to: ['王芳'],
    });
  });

  test('while a message waits on a channel that goes: it goes out by what is there now', async () => {
    web.answer = answering(503);
    await start({ hook: hookTo(web.port, { within: '10m' }), mail: mailTo(mail.port) });
    await slave.set('discrete', 0, 1);
    await until('it is tried', () => web.posted.length > 0);
    expect(mail.mails).toEqual([]);
    const { wang_fang, li_qiang } = people;
    writePeople(place, plans, {
      people: {
        wang_fang: { ...wang_fang, channels: ['mail'] },
        li_qiang: { ...li_qiang, channels: ['mail'] },
      },
    });
    place.write(site({ mail: mailTo(mail.port) }));
    await reload();
    await becomes('fire', 'rung mail wang_fang delivered');
    expect(mail.mails.map(({ to }) => to)).toEqual([['wang@example.com']]);
    expect(deliveriesOf(await record('fire'))).toContain('rung hook wang_fang failed');
  });

  test('while a message waits on a channel that only moves: it goes out there, as the same message', async () => {
    const other = await startWeb(place);
    web.answer = answering(503);
    await start({ hook: hookTo(web.port, { within: '10m' }), mail: mailTo(mail.port) });
    await slave.set('discrete', 0, 1);
    await until('it is tried', () => web.posted.length > 0);
    place.write(site({ hook: hookTo(other.port, { within: '10m' }), mail: mailTo(mail.port) }));
    await reload();
    await becomes('fire', 'rung hook wang_fang delivered');
    expect(other.posted.map(({ json }) => json.key)).toEqual([web.posted[0]!.json.key]);
    expect(mail.mails).toEqual([]);
  });

  test('to another broker, while a notice waits for the old one: it arrives at the new one', async () => {
    const relay = await startRelay(broker.port);
    place.later(relay, () => relay.close());
    const channels = { hook: hookTo(web.port), mail: mailTo(mail.port) };
    await start(channels, { mqtt: { url: `mqtt://127.0.0.1:${relay.port}` } });
    await relay.turn('refuse');
    await slave.set('discrete', 0, 1);
    await until('Wang is told', () => web.posted.length === 1);
    place.write(site(channels));
    await reload();
    await becomes('fire', 'rung mqtt store_manager delivered');
    expect(seen.json(`${base}/notify/store_manager`)).toHaveLength(1);
    expect(web.posted).toHaveLength(1);
  });

  test('that brings the first people and channels, and one that takes all away', async () => {
    await start({}, { contacts: undefined, channels: undefined });
    await slave.set('discrete', 1, 1);
    await seen.until('the role is told', () => seen.json(`${base}/notify/guard`).length === 1);
    expect(seen.json(`${base}/notify/guard`)[0].to).toEqual([]);
    expect((await place.json('status')).people).toBeUndefined();
    place.write(site({ hook: hookTo(web.port), mail: mailTo(mail.port) }));
    await reload();
    await until('the guard is told of what nobody could be told of before', () => web.posted.length === 1);
    await slave.set('discrete', 0, 1);
    await until('Wang is told', () => web.posted.length === 2);
    await seen.until('the role is told', () => seen.json(`${base}/notify/store_manager`).length === 1);
    expect(seen.json(`${base}/notify/store_manager`)[0].to).toEqual(['Wang Fang']);

    web.answer = answering(401);
    const { incident } = await opened('fire');
    await place.cli('ack', incident.id, '--by', 'li');
    place.write(site({}, { contacts: undefined, channels: undefined }));
    await reload();
    expect((await place.json('status')).people).toBeUndefined();
    await slave.set('discrete', 0, 0);
    await event(
      seen,
      'back to normal',
      ({ type, incident: of }) => type === 'incident.returned' && of.plan === 'fire',
    );
    expect(await place.cli('close', incident.id, '--verdict', 'test')).toMatchObject({ code: 0 });
    await event(seen, 'closed', ({ type, incident: of }) => type === 'incident.closed' && of.plan === 'fire');
    expect(web.posted).toHaveLength(2);
  });

  test('that takes away a channel which fails ends its trouble', async () => {
    web.answer = answering(500);
    await start({ hook: hookTo(web.port, { within: '2s' }), mail: mailTo(mail.port) });
    await slave.set('discrete', 0, 1);
    const isTrouble = (type: string) => (one: SiteFile) =>
      one.type === type && one.incident?.cause.rule === 'health_channel_hook';
    await event(seen, 'the trouble', isTrouble('incident.opened'));
    const { wang_fang, li_qiang } = people;
    writePeople(place, plans, {
      people: {
        wang_fang: { ...wang_fang, channels: ['mail'] },
        li_qiang: { ...li_qiang, channels: ['mail'] },
      },
    });
    place.write(site({ mail: mailTo(mail.port) }));
    await reload();
    await event(seen, 'its end', isTrouble('incident.closed'));
  });

  test('with a bad contacts file changes nothing and says where', async () => {
    await start({ hook: hookTo(web.port), mail: mailTo(mail.port) });
    const contacts = path.join(place.folder, 'contacts.yaml');
    const good = readFileSync(contacts, 'utf8');
    writeFileSync(
      contacts,
      `people:
  wang_fang:
    name: { zh: 王芳, en: Wang Fang }
    email: nobody
    roles: [store_manager]
  li_qiang: { name: Li, roles: [guard], channels: [pigeon] }
`,
    );
    daemon.signal('SIGHUP');
    await daemon.said('nothing changed', ({ code }) => code === 'NOT_RELOADED');
    const faults = daemon.log.filter(({ code }) => code === 'CONFIG');
    expect(faults.map(({ file, line }) => [file, line])).toEqual([
      [contacts, 4],
      [contacts, 6],
    ]);
    for (const fault of faults)
      expect(fault).toMatchObject({ level: 'error', hint: expect.stringMatching(/./) });
    expect(faults[1]?.message).toContain('pigeon');
    expect((await place.json('status')).warnings.join()).toContain('faults');
    await slave.set('discrete', 0, 1);
    await until('Wang is told as before', () => web.posted.length === 1);
    expect(web.posted[0]!.json.to).toMatchObject({ id: 'wang_fang', name: '王芳' });
    writeFileSync(contacts, good);
    await reload();
    expect((await place.json('status')).warnings).toEqual([]);
    await slave.set('discrete', 1, 1);
    await until('Li is told', () => web.posted.length === 2);
  });
});

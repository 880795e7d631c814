// The network is cut: nothing that people are told by can be reached, neither broker, webhook nor mail server, or not
// even a network is there. The ladder, the limits, the siren and those on site go on as ever.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../support/broker.ts';
import { eventually, newPlace, type Place, type SiteFile, siteOf } from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { haveTools } from '../support/need.ts';
import { haveSocat, serialPair } from '../support/serial-line.ts';
import { deliveriesOf, hookTo, mailTo, peopleSite, planOf, writePeople } from './people-site.ts';

const able = haveLibmodbus() && haveSocat();
const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
/** in a network of its own, which leads nowhere */
const alone = ['unshare', ...asRoot, '--net'] as const;

let place: Place;
let slave: Slave;
let lan: SiteFile;

beforeEach(async () => {
  if (!able) return;
  place = newPlace();
  // what is on site is on a serial line
  const line = await serialPair();
  place.later(line, () => line.stop());
  slave = await startSlave('rtu', line.b, 1);
  place.later(slave, () => slave.stop());
  lan = { driver: 'modbus-rtu', path: line.a, baudRate: 115_200 };
  const rungs = [{ to: ['store_manager'] }, { to: ['guard'], after: '1s', unless: 'acknowledged' }];
  const parts = {
    rises: [{ level: 'urgent', after: '2s', unless: 'acknowledged' }],
    steps: [
      { id: 'look', text: 'Look', role: 'guard', within: '2s' },
      { id: 'sound', text: 'Sound it', role: 'guard', automatic: 'on' },
    ],
  };
  writePeople(place, [planOf('fire', 'major', rungs, parts)]);
});
afterEach(() => place?.leave());

async function guards(url: string, channels: SiteFile, through: readonly string[] = []): Promise<SiteFile> {
  const site = peopleSite(0, channels, { buses: { lan } });
  delete site.rules.smoke_siren.level;
  place.write(siteOf(url, site));
  const daemon = await place.start({ through });
  await eventually(
    'it reads',
    () => place.json('points'),
    (points) => points.some(({ id, quality }: SiteFile) => id === 'inputs.smoke' && quality === 'good'),
  );
  await slave.set('discrete', 0, 1);
  const siren = (value: 0 | 1) =>
    eventually(
      `the siren is ${value}`,
      () => slave.get('coil', 0),
      (on) => on === value,
    );
  await siren(1);
  const fire = async () => (await place.json('incidents')).find(({ plan }: SiteFile) => plan === 'fire');
  const incident = await eventually(
    'all of it has happened',
    fire,
    (one) =>
      one.level === 'urgent' &&
      one.steps[0].overdueAt !== undefined &&
      ['wang_fang', 'li_qiang'].every((person) =>
        ['hook', 'mail'].every((channel) => deliveriesOf(one).includes(`rung ${channel} ${person} failed`)),
      ),
    20_000,
  );
  expect(incident.steps[1]).toMatchObject({ id: 'sound', doneAt: expect.any(String) });
  const told = incident.told.filter(({ kind }: SiteFile) => kind === 'rung');
  expect(told.map(({ roles }: SiteFile) => roles)).toEqual([['store_manager'], ['guard']]);
  expect(Date.parse(told[1].at) - Date.parse(incident.openedAt)).toBeLessThan(1500);
  await eventually(
    'the troubles of the channels stand',
    async () => (await place.json('incidents')).map(({ cause }: SiteFile) => cause.rule),
    (rules) => rules.includes('health_channel_hook') && rules.includes('health_channel_mail'),
    20_000,
  );
  const status = await place.json('status');
  expect(status.mqtt.connected).toBe(false);
  // and who acknowledges on the spot ends it
  expect(await place.cli('ack', incident.id, '--by', 'wang')).toMatchObject({ code: 0 });
  await slave.set('discrete', 0, 0);
  await siren(0);
  expect(await daemon.stop()).toBe(0);
  expect(daemon.stderr()).toBe('');
  return status;
}

describe.skipIf(!able)('with the network cut', () => {
  test('so that nobody takes a connection, all on site goes on', async () => {
    const [web, mail, mqtt] = [await freePort(), await freePort(), await freePort()];
    const { people } = await guards(`mqtt://127.0.0.1:${mqtt}`, {
      hook: hookTo(web, { within: '2s' }),
      mail: mailTo(mail, { within: '2s' }),
    });
    expect(people.channels.map(({ because }: SiteFile) => because)).toEqual([
      `127.0.0.1:${web}: nothing listens there`,
      `127.0.0.1:${mail}: nothing listens there`,
    ]);
  });

  test.skipIf(!haveTools([...alone, 'true']))('so that no name is found, all on site goes on', async () => {
    const status = await guards(
      'mqtts://broker.example.com:8883',
      {
        hook: { type: 'webhook', url: 'https://hooks.example.com/', within: '2s' },
        mail: { type: 'email', host: 'smtp.example.com', from: 'keepwatch@example.com', within: '2s' },
      },
      alone,
    );
    for (const { because } of status.people.channels) expect(because).toMatch(/^(hooks|smtp)\.example\.com/);
  });
});

// What `check` warns of where a site is sound and yet wrong for its people: alarms that nobody hears of, and passwords
// that everybody can read.

import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { drivers } from '../../drivers/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { shippedConfig } from '../../src/lib/assets.ts';
import { type Folder, folder, premises, smallSite, someKeys } from './support.ts';

const people = 'people: { li: { name: Li, phone: "13800000001", email: li@example.com } }\n';
const contacts = 'contacts: contacts.yaml\n';
const mail = 'channels: { mail: { type: email, host: smtp.example.com, from: a@b.example } }\n';

function made(): Folder {
  const site = folder();
  site.write('contacts.yaml', people);
  site.write('keys.yaml', someKeys);
  return site;
}

describe('a site that tells nobody', () => {
  const untold = (more: string, base = smallSite): string[] =>
    made()
      .faults(base + more, { untold: true })
      .filter((line) => line.includes('nobody is told of an alarm'));

  test('is told so once, with what to do', () => {
    expect(untold('')).toEqual([
      '1:1 warning nobody is told of an alarm: there are no `contacts`, no `channels` and no `mqtt`; add `contacts` and `channels`, or let `mqtt` lead to the broker of a monitoring centre',
    ]);
    expect(untold(contacts)).toEqual([
      '28:11 warning nobody is told of an alarm: there are no `channels` and no `mqtt`; add `channels`, or let `mqtt` lead to the broker of a monitoring centre',
    ]);
  });

  test('the broker inside that only this machine reaches is no way out', () => {
    expect(untold('mqtt: { url: embedded }\n')).toEqual([
      '28:1 warning nobody is told of an alarm beyond this machine: the broker inside is reached from here alone, and there are no `contacts` and no `channels`; add `contacts` and `channels`, or let `mqtt` lead to the broker of a monitoring centre',
    ]);
    expect(untold(`mqtt: { url: embedded }\n${contacts}`)).toHaveLength(1);
    expect(untold('mqtt: { url: embedded, listen: 0.0.0.0:1883 }\n')).toEqual([]);
  });

  test.each([
    ['a centre over mqtt', 'mqtt: { url: mqtts://broker.example }\n'],
    ['a broker on this machine, which may be bridged', 'mqtt: { url: mqtt://127.0.0.1 }\n'],
    ['people and a channel', contacts + mail],
    ['channels alone, which is told of itself', mail],
  ])('not with %s', (_name, more) => expect(untold(more)).toEqual([]));

  test('nor where nothing is read, and a site with it runs all the same', () => {
    expect(untold('', premises)).toEqual([]);
    expect(made().load(smallSite, { untold: true }).config).toBeDefined();
  });

  test('the demo is to be looked at, and stays clean', () => {
    const { faults } = loadConfig(path.join(shippedConfig, 'demo/site.yaml'), { drivers, environment: {} });
    expect(faults).toEqual([]);
  });
});

describe('a password that everybody can read', () => {
  const of = (more: string, environment = {}): string[] => made().faults(smallSite + more, { environment });

  test('in the site file, for the broker, the mail server and a robot', () => {
    expect(of('mqtt: { url: mqtts://b.example, username: u, password: hunter22 }\n')).toEqual([
      '28:56 warning `password` stands here for everybody to read; write `password: !secret mqtt_password`, and put it into the secrets file',
    ]);
    const channels = `channels:
  mail: { type: email, host: smtp.example.com, from: a@b.example, username: u, password: hunter22 }
  ding: { type: webhook, template: dingtalk, url: !secret ding, secret: hunter22 }
`;
    const environment = { KEEPWATCH_SECRET_DING: 'https://robot.example/?key=abcd' };
    const faults = of(contacts + channels, environment).filter((line) => line.includes('stands here'));
    expect(faults.map((line) => line.replace(/^.*write /, ''))).toEqual([
      '`password: !secret mail_password`, and put it into the secrets file',
      '`secret: !secret ding_secret`, and put it into the secrets file',
    ]);
    expect(faults.join()).not.toContain('hunter22');
  });

  test('on the bus of a UPS', () => {
    const site = made();
    const file = site.write(
      'site.yaml',
      `${premises}mqtt: { url: mqtt://127.0.0.1 }\nbuses: { u: { driver: nut, host: h, username: w, password: hunter22 } }\ndevices: { d: { bus: u, ups: shop, profile: nut-ups } }\n`,
    );
    const { faults } = loadConfig(file, { drivers, environment: {} });
    expect(faults.map(({ todo }) => todo)).toEqual([
      'write `password: !secret u_password`, and put it into the secrets file',
    ]);
  });

  test.each([
    ['mqtt://b.example', 1],
    ['mqtt://10.0.0.5', 1],
    ['ws://b.example', 1],
    ['mqtts://b.example', 0],
    ['mqtt://127.0.0.1', 0],
    ['mqtt://[::1]', 0],
    ['mqtt://localhost', 0],
    ['embedded', 0],
  ])('on the way to %s', (url, count) => {
    const environment = { KEEPWATCH_SECRET_P: 'hunter22' };
    const faults = of(`mqtt: { url: "${url}", username: u, password: !secret p }\n`, environment);
    expect(faults.filter((line) => line.includes('the password goes over the network'))).toHaveLength(count);
    expect(of(`mqtt: { url: "${url}" }\n`).filter((line) => line.includes('the network'))).toEqual([]);
  });
});

// Contacts, holidays, channels, duties and the calendar: what they become, and each mistake at its place.

import { describe, expect, test } from 'vitest';
import type { LoadOptions } from '../../src/config/load.ts';
import { offsetsOf } from '../../src/config/offsets.ts';
import { samePhone } from '../../src/lib/phones.ts';
import { type Folder, folder, smallSite } from './support.ts';

/** Wednesday 2026-11-18, 12:00 in Shanghai. */
const now = Date.UTC(2026, 10, 18, 4);
const environment = { KEEPWATCH_SECRET_ROBOT: 'https://robot.example/send?key=abcd1234' };
const options: Partial<LoadOptions> = { now, environment };

const channels = `channels:
  wecom: { type: webhook, template: wecom, url: !secret robot, within: 1m }
  mail: { type: email, host: smtp.example.com, from: keepwatch@example.com }
  sms: { type: sms, path: /dev/ttyUSB5 }
`;
const named = 'contacts: contacts.yaml\n';

/** A site whose fire is told to a guard. */
function site(contacts: string, notify = '[{ to: guard }]'): Folder {
  const made = folder();
  made.write(
    'shipped/plans/fire.yaml',
    `id: fire\ntitle: Fire\ncategory: alarm\nnotify: ${notify}\nsteps: [{ id: go, text: Go, role: guard, call: fire_engine }]\n`,
  );
  made.write('contacts.yaml', contacts);
  made.write(
    'shipped/holidays/china-2026.yaml',
    'source: x\nyears: [2026]\nholidays:\n  - { from: 2026-12-30, to: 2026-12-31, name: Days off }\nmakeUpDays: [2026-12-26]\n',
  );
  return made;
}

const faultsOf = (contacts: string, more = channels + named): string[] =>
  site(`numbers: { fire_engine: "12345" }\n${contacts}`).faults(smallSite + more, options);

const reachable =
  'guard: { name: G, phone: "+86 138 0000 0001", email: g@example.com, roles: [guard], addresses: { wecom: g } }';

test('people, their time and their addresses', () => {
  const made = site(`checkedOn: 2026-11-01
hours: [{ days: [workday], from: "09:00", to: "24:00" }]
week: [mon, tue]
night: { from: "21:30", to: "06:00" }
holidays: china-2026
numbers: { fire_engine: "12345" }
people:
  li:
    name: { zh: 李, en: Li }
    phone: "+86 138 0000 0001"
    email: li@example.com
    language: en
    roles: [guard]
    duty: [{ days: [workday, sat], from: "22:00", to: "06:00" }]
    deputy: wu
    addresses: { wecom: li }
  wu: { name: Wu, phone: "13800000002", email: wu@example.com, channels: [sms, wecom] }
`);
  const { config, faults } = made.load(
    `${smallSite}${channels}${named}duties: { exerciseWithin: 366d, contactsCheckedEvery: 180d }\n`,
    options,
  );
  expect(faults.map(({ what }) => what)).toEqual(['`holidays` end with 2026, in 44 days']);
  expect(config!.site).toMatchObject({
    calendar: {
      offsets: [[-8_640_000_000_000_000, 480]],
      workdays: ['mon', 'tue'],
      working: [{ days: ['workday'], fromMinute: 540, toMinute: 1440 }],
      night: { fromMinute: 1290, toMinute: 360 },
      holidays: ['2026-12-30', '2026-12-31'],
      makeUpDays: ['2026-12-26'],
    },
    numbers: { fire_engine: '12345' },
    duties: {
      remindBeforeMs: 14 * 86_400_000,
      articles: [],
      drillBefore: [],
      contactsEveryMs: 180 * 86_400_000,
      contactsCheckedOn: '2026-11-01',
    },
  });
  expect(config!.site.telling).toEqual({
    mqtt: false,
    channels: [
      { id: 'wecom', withinMs: 60_000 },
      { id: 'mail', withinMs: 120_000 },
      { id: 'sms', withinMs: 120_000 },
    ],
    people: [
      {
        id: 'li',
        name: { zh: '李', en: 'Li' },
        language: 'en',
        roles: ['guard'],
        duty: [{ days: ['workday', 'sat'], fromMinute: 1320, toMinute: 360 }],
        deputy: 'wu',
        channels: ['wecom', 'mail', 'sms'],
      },
      { id: 'wu', name: 'Wu', language: 'zh', roles: [], channels: ['sms', 'wecom'] },
    ],
  });
  // addresses are not the engine's
  expect(JSON.stringify(config!.site)).not.toMatch(/@|138/);
  expect(config!.people[0]).toEqual({
    id: 'li',
    name: { zh: '李', en: 'Li' },
    phone: '+86 138 0000 0001',
    email: 'li@example.com',
    addresses: { wecom: 'li' },
  });
  expect(config!.files.map((file) => file.slice(made.path.length + 1))).toEqual(
    expect.arrayContaining(['contacts.yaml', 'shipped/holidays/china-2026.yaml']),
  );
  const exercised = config!.site.points.filter((point) => point.exerciseWithinMs !== undefined);
  expect(exercised.map(({ id }) => id)).toEqual(['inputs.smoke', 'plc.level']);
});

test('without contacts there is a calendar, always the same, and nothing else', () => {
  const made = folder();
  const [first, second] = [now, now + 400 * 86_400_000].map(
    (each) => made.load(smallSite, { now: each }).config!.site,
  );
  expect(first).toEqual(second);
  expect(first).not.toHaveProperty('telling');
  expect(first).not.toHaveProperty('duties');
  expect(first!.calendar).toMatchObject({
    working: [],
    holidays: [],
    night: { fromMinute: 1320, toMinute: 420 },
  });
});

test('clocks of zones, with and without rules', () => {
  const at = (zone: string, ms: number): number => offsetsOf(zone).findLast(([from]) => from <= ms)![1];
  expect(offsetsOf('Asia/Kolkata')).toEqual([[-8_640_000_000_000_000, 330]]);
  expect(offsetsOf('Etc/GMT+3')).toEqual([[-8_640_000_000_000_000, -180]]);
  // the last Sunday of March and October, 01:00 UTC
  expect(at('Europe/Berlin', Date.UTC(2026, 2, 29, 0, 59))).toBe(60);
  expect(at('Europe/Berlin', Date.UTC(2026, 2, 29, 1))).toBe(120);
  expect(at('Europe/Berlin', Date.UTC(2050, 9, 30, 1))).toBe(60);
  // the Ramadan of 2027, whose days no rule gives
  expect(at('Africa/Casablanca', Date.UTC(2027, 1, 20))).toBe(0);
  expect(at('Africa/Casablanca', Date.UTC(2027, 5, 1))).toBe(60);
  // from no file the same
  expect(offsetsOf('Europe/Berlin', '/nowhere')).toEqual(offsetsOf('Europe/Berlin'));
  expect(offsetsOf('Asia/Shanghai', '/nowhere')).toEqual(offsetsOf('Asia/Shanghai'));
});

test('phones that are written in two ways', () => {
  expect(samePhone('+86 138 0000 0001', '13800000001')).toBe(true);
  expect(samePhone('0086-13800000001', '+86 (138) 0000 0001')).toBe(true);
  expect(samePhone('13800000001', '13800000002')).toBe(false);
  expect(samePhone('+8613800000001', '110')).toBe(false);
});

describe('contacts: each mistake at its place', () => {
  test.each([
    [
      'an unknown deputy',
      `people:\n  ${reachable}\n  wu: { name: Wu, deputy: gaurd }\n`,
      ['contacts.yaml:4:27 unknown person `gaurd`; did you mean `guard`?'],
    ],
    [
      'a circle of deputies',
      `people:\n  a: { name: A, deputy: b }\n  b: { name: B, deputy: c }\n  c: { name: C, deputy: a }\n`,
      ['contacts.yaml:3:25 the deputies go round in a circle: `a` → `b` → `c` → `a`; remove one'],
    ],
    [
      'an unknown channel',
      `people:\n  wu: { name: Wu, channels: [smss], addresses: { wecon: w } }\n`,
      [
        'contacts.yaml:3:30 unknown channel `smss`; did you mean `sms`?',
        'contacts.yaml:3:50 unknown channel `wecon`; did you mean `wecom`?',
      ],
    ],
    [
      'no address',
      `people:\n  wu: { name: Wu, channels: [wecom, mail, sms] }\n`,
      [
        'contacts.yaml:3:37 `wu` has no email for channel `mail`; add `email: …`',
        'contacts.yaml:3:43 `wu` has no phone for channel `sms`; add `phone: …`',
      ],
    ],
    [
      'a time of day',
      `hours: [{ days: [workday], from: "9", to: "24:01" }]\n`,
      [
        'contacts.yaml:2:34 `from`: `9` is not a time of day; write one in quotes, such as "09:00"',
        'contacts.yaml:2:43 `to`: `24:01` is not a time of day; write one in quotes, such as "09:00"',
      ],
    ],
    [
      'a day',
      `week: [mon, tuesday]\n`,
      [
        'contacts.yaml:2:13 `week` item 2: `tuesday` is not possible here; known here: mon, tue, wed, thu, fri, sat, sun',
      ],
    ],
    [
      'no duty',
      `people:\n  wu: { name: Wu, duty: [] }\n`,
      ['contacts.yaml:3:25 `duty`: an empty list is no time at all; write a window, or remove it'],
    ],
    [
      'a night of no length',
      `night: { from: "22:00", to: "22:00" }\n`,
      [
        'contacts.yaml:2:8 `night`: `from` and `to` are the same; write when the night begins and when it ends',
      ],
    ],
    [
      'an impossible date',
      `checkedOn: 2026-02-30\n`,
      ['contacts.yaml:2:12 `checkedOn`: `2026-02-30` is not a date; write one such as 2026-10-01'],
    ],
    [
      'unknown holidays',
      `holidays: [china-2062, none]\n`,
      [
        'contacts.yaml:2:12 unknown holidays `china-2062`; did you mean `china-2026`?',
        'contacts.yaml:2:24 unknown holidays `none`; known here: china-2026',
      ],
    ],
  ])('%s', (_, contacts, expected) => {
    expect(faultsOf(contacts)).toEqual(expected);
  });

  const holidays = (text: string, at = now): string[] => {
    const made = site(`numbers: { fire_engine: "12345" }\nholidays: ./own.yaml\npeople:\n  ${reachable}\n`);
    made.write('own.yaml', `source: x\n${text}`);
    return made.faults(smallSite + channels + named, { ...options, now: at });
  };
  const lastYear = 'years: [2025]\n';

  test('holidays', () => {
    expect(holidays(lastYear)).toEqual([
      'contacts.yaml:2:11 warning `holidays` are those of 2025, and this is 2026: its days off count as workdays; name a file with the days off of 2026, or remove `holidays`',
    ]);
    // a machine whose clock is not set yet must start all the same
    expect(holidays(lastYear, 0)).toEqual([]);
    expect(holidays('years: [2026]\n', Date.UTC(2026, 10, 16))).toEqual([]);
    expect(holidays('years: [2026]\n', Date.UTC(2026, 11, 31, 1))).toEqual([
      'contacts.yaml:2:11 warning `holidays` end with 2026, in 1 day; name a file with the days off of 2027 as well',
    ]);
    // New Year in Shanghai comes before that of UTC
    expect(holidays('years: [2026]\n', Date.UTC(2026, 11, 31, 16))[0]).toContain('this is 2027');
    expect(
      holidays(`years: [2026, 2027]
holidays:
  - { from: 2026-10-07, to: 2026-10-01, name: A }
  - { from: 2026-02-29, to: 2026-03-01, name: B }
  - { from: 2028-01-01, to: 2028-01-02, name: C }
  - { from: 2026-01-01, to: 2026-12-31, name: D }
`),
    ).toEqual(['own.yaml:5:13 `from`: `2026-02-29` is not a date; write one such as 2026-10-01']);
    expect(
      holidays(`years: [2026, 2027]
holidays:
  - { from: 2026-10-07, to: 2026-10-01, name: A }
  - { from: 2028-01-01, to: 2028-01-02, name: C }
  - { from: 2026-01-01, to: 2026-12-31, name: D }
  - { from: 2026-05-01, to: 2026-05-03, name: E }
makeUpDays: [2026-05-02, 2028-05-02]
`),
    ).toEqual([
      'own.yaml:4:29 `to`: 2026-10-01 is before 2026-10-07; exchange the two',
      'own.yaml:5:13 2028-01-01 is in none of `years`; correct the date, or add its year to `years`',
      'own.yaml:6:29 `to`: 365 days off are too many; write at most 31 days',
      'own.yaml:8:14 2026-05-02 is a holiday and a make-up day; remove it from one of the two',
      'own.yaml:8:26 2028-05-02 is in none of `years`; correct the date, or add its year to `years`',
    ]);
  });
});

describe('is there somebody?', () => {
  test('roles that nobody has or knows, numbers that are missing, phones of two', () => {
    expect(
      site(`people:
  a: { name: A, phone: "+86 138 0000 0001", email: a@x.example, roles: [gaurd, zookeeper], addresses: { wecom: a } }
  b: { name: B, phone: "13800000001", roles: [finder] }
`).faults(smallSite + channels + named, options),
    ).toEqual([
      '32:11 warning role `guard` (fire) has nobody; give the role to a person in the contacts',
      '32:11 warning the contacts give no number `fire_engine`, which plan `fire` calls; add `fire_engine: "…"` under `numbers` in the contacts',
      'contacts.yaml:2:73 warning no plan uses role `gaurd`; did you mean `guard`?',
      'contacts.yaml:2:80 warning no plan uses role `zookeeper`; remove it, or name it in a plan',
      "contacts.yaml:3:24 warning `b` has the phone of `a`, and answers by text message can't tell them apart; give each a phone of their own, or one person both roles",
    ]);
  });

  test('many roles that nobody has are one line', () => {
    const roles = (count: number): string =>
      `[${Array.from({ length: count }, (_, at) => `{ to: guard_${at} }`).join(', ')}]`;
    const faultsWith = (count: number): string[] =>
      site(`numbers: { fire_engine: "12345" }\npeople:\n  ${reachable}\n`, roles(count)).faults(
        smallSite + channels + named,
        options,
      );
    expect(faultsWith(2)).toEqual([
      '32:11 warning 2 roles have nobody: guard_0 (fire), guard_1 (fire); give each to a person in the contacts',
    ]);
    expect(faultsWith(7)).toEqual([
      '32:11 warning 7 roles have nobody: guard_0, guard_1, guard_2, guard_3, guard_4, guard_5, guard_6; give each to a person in the contacts',
    ]);
  });

  test('roles that only the site names are told where they stand', () => {
    const faultsWith = (plan: string, telling: string): string[] => {
      const made = site(`numbers: { fire_engine: "12345" }\npeople:\n  ${reachable}\n`);
      made.write('own/leak.yaml', `id: leak\ntitle: Leak\ncategory: alarm\n${plan}\n`);
      made.write('ladders.yaml', 'up: [{ to: [guard, gaurdd] }]\n');
      return made.faults(`${smallSite}plans: own\nladders: ladders.yaml\n${telling}`, options);
    };
    const plan =
      'notify:\n  - { to: [guard, gaurd] }\n  - { to: plumber }\n  - ladder: up\nsteps: [{ id: go, text: Go, role: plumber }]';
    expect(faultsWith(plan, channels + named)).toEqual([
      'ladders.yaml:1:20 warning unknown role `gaurdd`; did you mean `guard`?',
      'leak.yaml:5:19 warning unknown role `gaurd`; did you mean `guard`?',
      'leak.yaml:6:11 warning role `plumber` has nobody; give the role to a person in the contacts',
    ]);
    // over MQTT alone a role may be anybody
    expect(faultsWith(plan, '')).toEqual([
      'ladders.yaml:1:20 warning unknown role `gaurdd`; did you mean `guard`?',
      'leak.yaml:5:19 warning unknown role `gaurd`; did you mean `guard`?',
    ]);
  });

  test('a number that another step calls is not proposed', () => {
    const made = site(`numbers: { fire_engine: "12345" }\npeople:\n  ${reachable}\n`);
    const steps = '[{ id: a, text: A, call: fire_engine }, { id: b, text: B, call: fire_engines }]';
    made.write('shipped/plans/fire.yaml', `id: fire\ntitle: Fire\ncategory: alarm\nsteps: ${steps}\n`);
    const lines = made.faults(smallSite + channels + named, options);
    expect(lines).toContainEqual(expect.stringContaining('add `fire_engines: "…"` under `numbers`'));
    expect(lines.join()).not.toContain('did you mean');
  });

  test('a robot reaches everybody who has a phone, an e-mail or an address on it', () => {
    const made = site(`numbers: { fire_engine: "12345" }
people:
  a: { name: A, phone: "13800000001", roles: [guard] }
  b: { name: B, email: b@example.com }
  c: { name: C, addresses: { wecom: c } }
  d: { name: D }
  e: { name: E, phone: "13800000002", channels: [sms] }
`);
    const { config } = made.load(smallSite + channels + named, options);
    expect(config!.site.telling!.people.map((person) => [person.id, ...person.channels])).toEqual([
      ['a', 'wecom', 'sms'],
      ['b', 'wecom', 'mail'],
      ['c', 'wecom'],
      ['d'],
      ['e', 'sms'],
    ]);
  });

  test('a role and channels on which nobody is reached', () => {
    expect(
      faultsOf(
        'people: { a: { name: A, roles: [guard] } }\n',
        `${channels.slice(0, channels.indexOf('  mail'))}${named}`,
      ),
    ).toEqual([
      '30:11 warning nobody of role `guard` (fire) can be reached by any channel; add an address in the contacts',
      "30:11 warning nobody in the contacts can be reached by channel `wecom`; name it in a person's `channels`, give addresses in the contacts, or remove the channel",
    ]);
    expect(faultsOf('', channels)).toEqual([
      '28:1 warning `channels` without `contacts`: nobody is told by them; add `contacts: …`, a file of people and their addresses',
    ]);
  });

  const duty = (days: string, from: string, to: string): string =>
    reachable.replace('{ name', `{ duty: [{ days: ${days}, from: "${from}", to: "${to}" }], name`);
  const gaps = (people: string, notify?: string, more = ''): string[] =>
    site(`numbers: { fire_engine: "12345" }\n${more}people:\n  ${people}\n`, notify).faults(
      smallSite + channels + named,
      options,
    );

  test('every hour has somebody on duty', () => {
    expect(gaps(reachable)).toEqual([]);
    expect(gaps(duty('[workday, holiday]', '03:00', '03:00'))).toEqual([]);
    const day = duty('[workday, holiday]', '04:00', '03:00');
    expect(gaps(day)).toEqual([
      '32:11 warning role `guard` has nobody on duty on Thu 2026-11-19 03:00, and in 7 hours of the coming week; give somebody duty then, or a deputy',
    ]);
    expect(gaps(`${day.replace('{ ', '{ deputy: b, ')}\n  b: { name: B, phone: "13800000002" }`)).toEqual([]);
    // who has no address stands in for nobody
    expect(gaps(`${day.replace('{ ', '{ deputy: b, ')}\n  b: { name: B }`)).toHaveLength(1);
    expect(gaps(duty('[workday]', '00:00', '24:00'))).toEqual([
      expect.stringContaining('nobody on duty on Sat 2026-11-21 00:00, and in 48 hours of the coming week'),
    ]);
  });

  test('a rung for working hours asks for nobody outside them', () => {
    const hours = 'hours: [{ days: [workday], from: "09:00", to: "18:00" }]\n';
    const day = duty('[workday]', '09:00', '18:00');
    expect(gaps(day, '[{ to: guard, hours: working }]', hours)).toEqual([]);
    expect(gaps(day, '[{ to: guard, hours: outside }]', hours)).toHaveLength(1);
    // without hours it is always working hours
    expect(gaps(day, '[{ to: guard, hours: working }]')).toHaveLength(1);
  });

  test('days off within a year are looked at, too', () => {
    const made = site(`numbers: { fire_engine: "12345" }
holidays: ./own.yaml
people:
  ${duty('[workday, sat, sun]', '00:00', '24:00')}
`);
    made.write(
      'own.yaml',
      'source: x\nyears: [2026, 2027]\nholidays: [{ from: 2027-10-01, to: 2027-10-02, name: Days off }]\n',
    );
    // Friday the first; Saturday the second has somebody
    expect(made.faults(smallSite + channels + named, options)).toEqual([
      '32:11 warning role `guard` has nobody on duty on Fri 2027-10-01 00:00, and in 24 hours within a year; give somebody duty then, or a deputy',
    ]);
  });
});

describe('channels: each mistake at its place', () => {
  const one = (keys: string): string[] =>
    folder()
      .faults(`${smallSite}channels:\n  way: { ${keys} }\n`, options)
      .filter((line) => !line.includes('without `contacts`'));
  const hook = 'type: webhook, url: "https://h.example/x"';
  const mail = 'type: email, host: m.example, from: a@b.example';

  test.each([
    [hook, []],
    [mail, []],
    ['type: sms, path: /dev/ttyUSB9', []],
    ['url: x', ['29:3 `type` of channel `way` is missing; write one of webhook, email, sms']],
    ['type: emial', ['29:16 unknown type `emial`; did you mean `email`?']],
    [
      'type: webhook, url: "http://h.example/x"',
      [
        '29:30 `url` begins with http: and leads to another network; write https:// with host and path, as a `!secret name`',
      ],
    ],
    [
      'type: webhook, url: "http://10.0.0.7/x"',
      [
        '29:30 warning `url` begins with http:, so everybody on this network can read it; write https:// with host and path, as a `!secret name`',
      ],
    ],
    ['type: webhook, url: "http://127.0.0.1:8080/x"', []],
    [
      'type: webhook, url: "http://10.0.0.7.example/x"',
      [
        '29:30 `url` begins with http: and leads to another network; write https:// with host and path, as a `!secret name`',
      ],
    ],
    [
      'type: webhook, url: nowhere',
      ['29:30 `url` is not a URL; write https:// with host and path, as a `!secret name`'],
    ],
    [
      'type: webhook, template: slack, url: "https://h.example/abc"',
      [
        '29:47 warning `url` holds a key, and stands here for everybody to read; write `url: !secret way_url`',
      ],
    ],
    [
      'type: webhook, template: ntfy, url: "https://h.example"',
      ['29:46 `url` names no topic; write the topic after the host, such as https://ntfy.sh/TOPIC'],
    ],
    [
      `${hook}, secret: abcd`,
      [
        '29:53 `secret`: template generic signs nothing; remove it, or write `template: dingtalk` or `feishu`',
        '29:61 warning `secret` stands here for everybody to read; write `secret: !secret way_secret`, and put it into the secrets file',
      ],
    ],
    [
      `${hook}, headers: { "a b": x }`,
      ['29:71 `a b`: this is not the name of a header; write one such as X-Store'],
    ],
    [
      `${hook}, headers: { Authorization: x }`,
      [
        '29:79 warning header `Authorization` holds a key, and stands here for everybody to read; write `!secret name`',
      ],
    ],
    [
      `${mail}, tls: none`,
      ['29:64 `tls`: none is only for a server on this machine; write implicit or starttls'],
    ],
    ['type: email, host: localhost, from: a@b.example, tls: none', []],
    [`${mail}, username: u`, ['29:59 `username` without `password`; add `password: …`']],
    [
      `${mail}, ca: "-----BEGIN KEY"`,
      ['29:63 `ca` is not PEM text with a certificate; name a PEM file that has -----BEGIN CERTIFICATE-----'],
    ],
    [`${mail}, within: 11m`, ['29:67 `within`: this is not between 1ms and 10m; write 10m or less']],
    [`${mail}, within: 0s`, ['29:67 `within`: this is not between 1ms and 10m; write 10m or less']],
  ])('%s', (keys, expected) => {
    expect(one(keys)).toEqual(expected);
  });

  test('a port belongs to one', () => {
    const text = smallSite.replace('  lan1:', '  line1: { driver: modbus-rtu, path: /dev/ttyUSB1 }\n  lan1:');
    expect(
      folder()
        .faults(
          `${text}channels:\n  a: { type: sms, path: /dev/ttyUSB1 }\n  b: { type: sms, path: /dev//ttyUSB2 }\n  c: { type: sms, path: /dev/ttyUSB2 }\n${named}`,
          options,
        )
        .filter((line) => line.includes('takes')),
    ).toEqual([
      '30:25 `channels.a` takes path /dev/ttyUSB1, which `buses.line1` has; correct one of the two, or remove it',
      '32:25 `channels.c` takes path /dev/ttyUSB2, which `channels.b` has; correct one of the two, or remove it',
    ]);
  });

  test('no fault shows where a robot is reached', () => {
    const made = folder();
    const { faults } = made.load(
      `${smallSite}channels:\n  a: { type: webhook, template: wecom, url: "https://h.example/k3yk3y", secret: abcdef, x: "https://h.example/k3yk3y" }\n`,
      options,
    );
    expect(faults.length).toBeGreaterThan(2);
    expect(JSON.stringify(faults)).not.toContain('k3yk3y');
  });
});

describe('duties, outputs and rules', () => {
  test('the stock list', () => {
    const made = site(`numbers: { fire_engine: "12345" }\npeople:\n  ${reachable}\n`);
    made.write(
      'readiness.yaml',
      'articles:\n  torch: { name: Torch, place: Hall, amount: 4, unit: pieces, expires: 2027-05-01, check: 30d, role: guard }\n',
    );
    const text = `${smallSite}${channels}${named}duties: { readiness: readiness.yaml, drillBefore: [{ date: 2027-02-06, name: Feast }] }\n`;
    const { config, faults } = made.load(text, options);
    expect(faults).toEqual([]);
    expect(config!.site.duties).toEqual({
      remindBeforeMs: 14 * 86_400_000,
      articles: [
        {
          id: 'torch',
          name: 'Torch',
          place: 'Hall',
          amount: 4,
          unit: 'pieces',
          expires: '2027-05-01',
          role: 'guard',
          checkEveryMs: 30 * 86_400_000,
        },
      ],
      drillBefore: [{ date: '2027-02-06', name: 'Feast', withinMs: 30 * 86_400_000 }],
    });
    made.write(
      'readiness.yaml',
      'article: {}\narticles:\n  torch: { name: Torch, expires: 2027-13-01, check: 0s, role: guard }\n',
    );
    expect(made.faults(text, options)).toEqual([
      'readiness.yaml:1:1 unknown key `article`; did you mean `articles`?',
      'readiness.yaml:3:34 `expires`: `2027-13-01` is not a date; write one such as 2026-10-01',
      'readiness.yaml:3:53 `check`: a time of zero has passed at once; write one such as 30d',
    ]);
    made.write('readiness.yaml', 'articles:\n  torch: { name: Torch, role: gaurd }\n');
    expect(made.faults(text, options)).toEqual([
      'readiness.yaml:2:31 warning unknown role `gaurd`; did you mean `guard`?',
    ]);
    made.write('readiness.yaml', 'articles:\n  torch: { name: Torch, role: keeper }\n');
    expect(made.faults(text, options)).toEqual([
      'readiness.yaml:2:31 warning role `keeper` has nobody; give the role to a person in the contacts',
    ]);
  });

  test('dates that are behind or ahead', () => {
    const made = site(`checkedOn: 2026-11-19\nnumbers: { fire_engine: "12345" }\npeople:\n  ${reachable}\n`);
    const text = `${smallSite}${channels}${named}duties: { drillBefore: [{ date: 2026-11-17, name: A }, { date: 2026-11-18, name: B }] }\n`;
    expect(made.faults(text, options)).toEqual([
      '33:33 warning 2026-11-17 has passed: no drill is due before it; write the next date, or remove it',
      'contacts.yaml:1:12 warning `checkedOn`: 2026-11-19 is still to come; write the day on which somebody looked through the contacts',
    ]);
    // of a machine whose clock is not set yet nothing is known
    expect(made.faults(text, { ...options, now: 0 })).toEqual([]);
  });

  test('contacts that nobody dated', () => {
    const dated = 'duties: { contactsCheckedEvery: 180d }\n';
    const people = `people:\n  ${reachable}\n`;
    expect(faultsOf(people, channels + named + dated)).toEqual([
      expect.stringContaining('33:11 warning the contacts do not say when they were last looked through'),
    ]);
    // a date with a fault is there, and of contacts that can't be read nobody knows
    expect(faultsOf(`checkedOn: 2026-02-30\n${people}`, channels + named + dated)).toEqual([
      expect.stringContaining('`2026-02-30` is not a date'),
    ]);
    expect(faultsOf(people, `${channels}contacts: none.yaml\n${dated}`)).toEqual([
      expect.stringContaining('there is no file'),
    ]);
    expect(folder().faults(`${smallSite}duties: { contactsCheckedEvery: 180d }\n`, options)).toEqual([
      '28:11 warning `contactsCheckedEvery` without `contacts`; add `contacts: …`, or remove it',
    ]);
  });

  test('outputs that tell, and rules that are suppressed', () => {
    const text = smallSite
      .replace(
        'outputs:',
        'outputs:\n  buzzer: { bus: header, line: GPIO5, tells: { category: alarm }, chirp: true }',
      )
      .replace('    plan: fire', '    suppress: plc.pump\n    plan: fire');
    const { config, faults } = folder().load(text, options);
    expect(faults).toEqual([]);
    expect(config!.site.outputs[0]).toMatchObject({
      tells: { category: 'alarm', level: 'general', until: 'acknowledged' },
      chirp: true,
    });
    expect(config!.site.rules[0]!.suppress).toEqual({ cel: 'plc.pump' });
    expect(config!.devices[1]!.points.map(({ lane }) => lane)).toEqual(['alarm', 'alarm']);
    expect(
      folder().faults(
        text
          .replace('suppress: plc.pump', 'suppress: plc.pmp\n    level: urgent')
          .replace('chirp: true', 'normal: on'),
        options,
      ),
    ).toEqual([
      '21:39 `tells` on an output that rests on; write `normal: off`, or choose another output',
      '26:5 warning `suppress` on a rule of urgent incidents: while it is true nobody is told; make sure that it can be true only when nothing can happen, or remove it',
      '26:19 `suppress`: unknown point `plc.pmp`; did you mean `plc.pump`?',
    ]);
  });
});

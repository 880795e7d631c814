import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatFault, siteJsonSchema } from '../../src/config/load.ts';
import { drivers, folder, premises, smallSite, someKeys } from './support.ts';

const contractExample = `premises: { id: store_0042, name: { zh: 人民路店, en: Renmin Road }, timezone: Asia/Shanghai, language: zh }
data: /var/lib/keepwatch            # state; default ./data
mqtt:
  url: mqtts://broker.example:8883   # mqtt mqtts ws wss; \`embedded\` starts a broker inside
  username: gw42
  password: !secret mqtt_password    # environment, systemd credential or secrets file; never printed
  ca: ca.pem                         # cert:, key: for client certificates
  prefix: keepwatch                  # default
console: { listen: 127.0.0.1:8080 }
buses:
  line1:  { driver: modbus-rtu, path: /dev/serial/by-id/…, baudRate: 9600, parity: none }
  lan1:   { driver: modbus-tcp, host: 10.0.0.5, port: 502 }
  header: { driver: gpio }
  ups1:   { driver: serial, protocol: megatec, path: /dev/ttyUSB1, baudRate: 2400 }
zones:
  atrium: { name: { zh: 中庭, en: Atrium } }
  plant: { name: { zh: 设备间, en: Plant } }
devices:
  meter:  { bus: line1, unit: 1, profile: eastron-sdm120, zone: plant, every: 1s }
  heat:   { bus: line1, unit: 2, points: { atrium: { read: "input:0:f32", kind: heat, alarmAbove: 57.0 } } }
  gas1:                               # no profile: points written out
    bus: lan1
    unit: 7
    every: 200ms
    points:
      ppm:   { read: "input:0:u16", unit: ppm, kind: gas, alarmAbove: 2500, clearBelow: 1500, staleAfter: 3s }
      alarm: { read: "discrete:3", kind: gas }
  inputs:
    bus: header
    points:
      smoke_atrium: { line: GPIO17, kind: smoke, zone: atrium, activeLow: true, debounce: 50ms }
outputs:
  siren: { bus: header, line: GPIO22, silenceable: true, maxOn: 10m }
  gas_valve: { bus: line1, unit: 3, write: "coil:0" }
rules:
  atrium_confirmed:
    when: inputs.smoke_atrium && heat.atrium > 57.0   # CEL over points; types checked at load
    for: 2s                                            # must hold this long before it opens
    until: heat.atrium < 45.0                          # default: not \`when\`
    latch: true                                        # stays until reset by a person
    plan: fire
    zone: atrium
    level: urgent
    outputs: { siren: on, gas_valve: off }
contacts: contacts.yaml
plans: plans/                         # shipped plans are the default
`;

const meterProfile = `id: eastron-sdm120
maker: Eastron
model: SDM120
drivers: [modbus-rtu, modbus-tcp]
verified: false
source: a manual
unit: 1
every: 2s
timeout: 500ms
limits: { most: 80, even: true }
points:
  voltage: { read: "input:0:f32", unit: V, kind: mainsVoltage }
  power: { read: "input:12:f32", unit: W, every: 30s }
`;

const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

function contractFolder() {
  const site = folder();
  site.write('ca.pem', pem);
  site.write('keys.yaml', someKeys);
  site.write('contacts.yaml', 'people: { li: { name: 李, phone: "13800000000", roles: [finder] } }\n');
  site.write(
    'plans/fire.yaml',
    'id: fire\ntitle: { zh: 火, en: Own fire }\ncategory: alarm\nlevel: urgent\n',
  );
  site.write('shipped/profiles/eastron-sdm120.yaml', meterProfile);
  return site;
}

describe('a good site', () => {
  const site = contractFolder();
  const loaded = site.load(contractExample, { environment: { KEEPWATCH_SECRET_MQTT_PASSWORD: 'hunter22' } });
  const config = loaded.config!;

  test("takes the contract's own example", () => {
    expect(loaded.faults).toEqual([]);
    expect(config.premises.id).toBe('store_0042');
    expect(config.data).toBe('/var/lib/keepwatch');
    expect(config.mqtt).toMatchObject({
      password: 'hunter22',
      ca: pem,
      prefix: 'keepwatch',
      clientId: 'keepwatch-store_0042',
      heartbeatMs: 60_000,
    });
    expect(config.buses.map((bus) => bus.driver)).toEqual(['modbus-rtu', 'modbus-tcp', 'gpio', 'serial']);
    expect(config.buses[0]!.link).toMatchObject({ kind: 'serial', baudRate: 9600 });
    expect(config.files.map((file) => path.basename(file))).toContain('eastron-sdm120.yaml');
  });

  test('merges profile and device', () => {
    const meter = config.devices[0]!;
    expect(meter).toMatchObject({
      everyMs: 1000,
      timeoutMs: 500,
      limits: { most: 80, gap: 8, even: true },
      settings: { unit: 1 },
      profile: 'eastron-sdm120',
    });
    expect(meter.points.map((point) => [point.address.id, point.everyMs, point.lane])).toEqual([
      ['meter.voltage', 1000, 'alarm'],
      ['meter.power', 30_000, 'meter'],
    ]);
  });

  test('gives points their defaults', () => {
    const point = (id: string) => config.site.points.find((candidate) => candidate.id === id)!;
    expect(point('meter.voltage')).toMatchObject({ alarmBelow: 176, clearAbove: 198, zone: 'plant' });
    expect(point('meter.power').staleAfterMs).toBe(90_500);
    expect(point('heat.atrium')).toMatchObject({ alarmAbove: 57, clearBelow: 57, staleAfterMs: 5000 });
    expect(point('gas1.ppm')).toMatchObject({ clearBelow: 1500, staleAfterMs: 3000 });
    expect(point('inputs.smoke_atrium')).toMatchObject({ invert: true, debounceMs: 50, zone: 'atrium' });
  });

  test('brings the rules of kinds', () => {
    expect(config.site.rules.map((rule) => [rule.id, rule.plan])).toEqual([
      ['atrium_confirmed', 'fire'],
      ['default_meter_voltage', 'power-loss'],
      ['default_heat_atrium', 'fire'],
      ['default_gas1_ppm', 'gas-leak'],
      ['default_gas1_alarm', 'gas-leak'],
      ['default_inputs_smoke_atrium', 'fire'],
    ]);
    expect(config.site.rules[0]).toMatchObject({ forMs: 2000, outputs: { siren: true, gas_valve: false } });
  });

  test('lets the site replace a plan, and outputs rest by their rules', () => {
    expect(config.site.plans.find((plan) => plan.id === 'fire')).toMatchObject({
      title: { en: 'Own fire' },
      level: 'urgent',
      closing: 'person',
    });
    expect(config.site.outputs.map(({ id, normal }) => [id, normal])).toEqual([
      ['siren', false],
      ['gas_valve', true],
    ]);
  });

  test('the small site is good, and an unasked point is never stale', () => {
    const lines = smallSite
      .replace('  lan1:', '  lines1: { driver: serial, protocol: lines, path: /dev/ttyUSB0 }\n  lan1:')
      .replace(
        '  plc:',
        '  panel: { bus: lines1, points: { alarm: { match: ALARM, kind: fireAlarm } } }\n  plc:',
      );
    const { config: small, faults } = folder().load(lines);
    expect(faults).toEqual([]);
    expect(small!.site.points.find(({ id }) => id === 'panel.alarm')!.staleAfterMs).toBe(0);
  });
});

test('the place of the console is a zone of the site', () => {
  const faults = folder().faults(`${premises}\nzones: { till: {} }\nconsole: { zone: tills }\n`);
  expect(faults.join('\n')).toContain('unknown zone `tills`');
});

test('twenty faults, all at once, each at its place', () => {
  const site = folder();
  site.write('contacts.yaml', 'people:\n  li: { name: Li, role: [x] }\n');
  const faults = site.faults(`premises: { id: Store-1, name: Shop, timezone: Asia/Shangai, language: fr }
mqtt:
  url: http://broker
  heartbeat: 5m
  pasword: x
console: { listen: 8080 }
buses:
  line1: { driver: modbus-rtu, path: /dev/ttyUSB0, baudrate: 9600 }
  line2: { driver: modbus-rtv, path: /dev/ttyUSB1 }
  header: { driver: gpio }
zones:
  hall: { name: Hall }
devices:
  meter: { bus: line1, unit: 300, zone: hal, points: { v: { read: "input:0", every: 30 } } }
  size: { bus: header, points: { a: { line: GPIO4, kind: smok, activeLow: true, invert: true } } }
  inputs:
    bus: headr
    points: { smoke: { line: GPIO4, staleAfter: 10ms } }
  more:
    bus: header
    points:
      door: { line: GPIO4, alarmAbove: 3 }
      gate: { line: GPIO5, rule: off }
outputs:
  siren: { bus: header, line: GPIO22, normal: maybe }
rules:
  one: { when: more.dor, plan: fir, zone: hall }
  two: { when: more.door, plan: fire, outputs: { sirn: on } }
contacts: contacts.yaml
speed: 3
`);
  expect(faults).toEqual([
    '1:17 `id`: `Store-1` is not an id; write a small letter, then small letters, digits and _, at most 64',
    '1:48 `timezone`: `Asia/Shangai` is not a time zone; write a name such as Asia/Shanghai',
    '1:72 `language`: `fr` is not possible here; known here: zh, en',
    '3:8 `url` begins with http:; write mqtt://, mqtts://, ws:// or wss:// with host and port, or embedded',
    '4:14 `heartbeat` is not between 100ms and 60s; write 60s or less',
    '5:3 unknown key `pasword`; did you mean `password`?',
    '6:20 `listen`: 8080 is not an address; write host:port, such as 127.0.0.1:8080',
    '8:52 unknown key `baudrate`; did you mean `baudRate`?',
    '9:20 unknown driver `modbus-rtv`; did you mean `modbus-rtu`?',
    '14:30 `unit`: 300 is too large; write at most 247',
    '14:41 unknown zone `hal`; did you mean `hall`?',
    '14:85 `every`: 30 is not a duration; write a number with its unit, such as 50ms, 3s, 10m, 24h or 2d',
    '15:3 `size` is a type or function of the expressions in rules; choose another id for the device',
    '15:58 unknown kind `smok`; did you mean `smoke`?',
    '15:64 `activeLow` and `invert` mean the same; keep one of them',
    '17:10 unknown bus `headr`; did you mean `header`?',
    '18:49 `staleAfter` (10 ms) is shorter than `every` (1000 ms); write three times `every`, or more',
    '22:21 `more.door` takes line GPIO4, which `size.a` has; correct one of the two, or remove it',
    '22:28 `alarmAbove` is for numbers, and this point is true or false; remove `alarmAbove`',
    '23:34 `rule`: `off` is not possible here; known here: none',
    '25:3 warning output `siren` is in no rule; name it in a rule, or leave it to people alone',
    '25:47 `normal`: `maybe` is not possible here; write on, off or keep',
    '27:21 `when`: unknown point `more.dor`; did you mean `more.door`?',
    '27:32 unknown plan `fir`; did you mean `fire`?',
    '28:50 unknown output `sirn`; did you mean `siren`?',
    '30:1 unknown key `speed`; known here: premises, data, contacts, plans, ladders, profiles, secrets, mqtt, console, buses, zones, devices, …',
    'contacts.yaml:2:19 unknown key `role`; did you mean `roles`?',
  ]);
});

describe('files that are no site', () => {
  const site = folder();
  const only = (content: string | Uint8Array): string => {
    const { config, faults } = site.load(content);
    expect(config).toBeUndefined();
    const wrong = faults.filter((fault) => fault.severity === 'fault');
    expect(wrong.length).toBe(1);
    return formatFault(wrong[0]!).replace(`${site.path}/`, '');
  };
  const levels = 'bcdefghi'.split('');
  const bomb = [
    'a: &a [x, x, x]',
    ...levels.map((name, index) => {
      const before = `*${'abcdefgh'[index]}`;
      return `${name}: &${name} [${[before, before, before, before].join(', ')}]`;
    }),
  ].join('\n');

  test.each([
    ['empty', '', 'site.yaml:1:1: the file is empty'],
    ['only a comment', '# nothing\n', 'site.yaml:1:1: the file is empty'],
    ['a list', '- a\n- b\n', 'site.yaml:1:1: the file is not a mapping'],
    ['a word', 'hello', 'site.yaml:1:1: the file is not a mapping'],
    ['a tab', `${premises}zones:\n\ta: {}\n`, 'site.yaml:3:1: a tab is used to indent'],
    [
      'a missing bracket',
      `${premises}zones: { a: {}\n`,
      'site.yaml:3:1: the indentation is wrong, or a bracket',
    ],
    ['two documents', `${premises}---\na: 1\n`, 'site.yaml:2:1: a second document'],
    ['an unknown alias', `${premises}data: *x\n`, 'site.yaml:2:7: an alias to nothing'],
    ['an unknown tag', `${premises}data: !env x\n`, 'site.yaml:2:7: a tag that is not known'],
    [
      'a duplicate key',
      `${premises}data: a\ndata: b\n`,
      'site.yaml:3:1: key `data` stands here twice, first on line 2',
    ],
    ['aliases of aliases', bomb, 'more than 100 aliases'],
    ['an alias in itself', `${premises}zones: &z { a: *z }\n`, 'site.yaml:2:'],
    ['a byte order mark', `\uFEFF${premises}`, 'site.yaml:1:1: the file begins with a byte order mark'],
    ['not UTF-8', Buffer.from(`${premises}data: caf\xe9\n`, 'latin1'), 'site.yaml:'],
    ['too large', `# ${'x'.repeat(1_000_001)}`, 'has 1.0 MB'],
    ['nested too deeply', '['.repeat(20_000), 'nested too deeply'],
    ['deep maps', `a: ${'{b: '.repeat(200)}1${'}'.repeat(200)}`, 'nested too deeply'],
    ['a key that is a map', `${premises}? { a: 1 }\n: 2\n`, 'site.yaml:2:3: a key must be a plain word'],
  ])('%s', (_, content, words) => {
    expect(only(content)).toContain(words);
  });

  test('missing, or a folder', () => {
    const gone = folder();
    expect(gone.load(smallSite).config).toBeDefined();
    expect(site.faults(`${smallSite}contacts: gone.yaml\n`)[0]).toMatch(
      /^28:11 there is no file .*gone\.yaml/,
    );
    expect(site.faults(`${smallSite}contacts: .\n`)[0]).toMatch(/^28:11 .* is not a file/);
    expect(site.faults(`${smallSite}plans: gone/\n`)[0]).toMatch(/^28:8 there is no folder .*gone/);
  });
});

describe('overrides', () => {
  test('are put over the file before it is checked', () => {
    const overrides = {
      'buses.lan1.port': 15020,
      data: '/tmp/x',
      'mqtt.url': 'embedded',
      'mqtt.listen': '[::1]:0',
    };
    const { config } = folder().load(smallSite, { overrides });
    expect(config!.buses[1]!.link).toEqual({ kind: 'tcp', host: '10.0.0.5', port: 15020 });
    expect(config!.data).toBe('/tmp/x');
    expect(config!.mqtt!.listen).toEqual({ host: '::1', port: 0 });
  });

  test('have faults too, at the nearest place in the file', () => {
    expect(folder().faults(smallSite, { overrides: { 'buses.lan1.port': 'x' } })).toEqual([
      '4:3 `port` (set from outside the file): `x` is not a number; write a number',
    ]);
    expect(folder().faults(smallSite, { overrides: { '__proto__.x': 1 } })[0]).toContain('not a path');
  });
});

test('warnings leave the config whole', () => {
  const site = folder();
  site.write(
    'shipped/plans/fire.yaml',
    'id: fire\ntitle: Fire\ncategory: alarm\nsteps:\n  - { id: go, text: Go, role: guard, within: 2m }\n  - { id: call, text: Call, role: lead, required: true }\n',
  );
  site.write('contacts.yaml', 'people:\n  li: { name: Li, roles: [guard] }\n');
  const text = smallSite
    .replace('  hall:', '  yard:\n  hall:')
    .replace('cm, scale: 0.1 }', 'ppm, kind: gas }')
    .replace('outputs:', '  idle: { bus: lan1, unit: 2 }\noutputs:\n  lamp: { bus: header, line: GPIO23 }')
    .replace(
      '{ zh: 泵, en: Pump } }',
      '{ zh: 泵, en: Pump } }\n      limit: { read: "input:9", alarmAbove: 3 }',
    );
  expect(site.faults(`${text}contacts: contacts.yaml\n`)).toEqual([
    '6:3 warning zone `yard` is not used; give it to a device, point or rule, or remove it',
    '19:54 warning point `plc.level`: kind `gas` on a number has no alarmAbove or alarmBelow, so it will never alarm; add a limit, or write `rule: none`',
    '21:7 warning point `plc.limit`: limit without `kind`; give it a kind that has a plan, or remove the limit',
    '22:3 warning device `idle` has no points; add `points:` or `profile:`, or remove it',
    '24:3 warning output `lamp` is in no rule; name it in a rule, or leave it to people alone',
    '32:11 warning nobody of role `guard` (fire) has a phone or an email; add one in the contacts',
    '32:11 warning role `lead` (fire) has nobody; give the role to a person in the contacts',
  ]);
  const { config } = site.load(`${text}contacts: contacts.yaml\n`);
  expect(config!.warnings).toHaveLength(7);
  expect(config!.site.plans.find(({ id }) => id === 'fire')!.steps).toEqual([
    { id: 'go', text: 'Go', role: 'guard', within: 120_000, required: false },
    { id: 'call', text: 'Call', role: 'lead', required: true },
  ]);
  expect(site.faults(premises)).toEqual(['1:1 warning the site has no devices; add `devices:`']);
});

test('the JSON Schema knows the keys of every driver', () => {
  const schema = JSON.stringify(siteJsonSchema(drivers));
  for (const key of ['baudRate', 'protocol', 'staleAfter', 'receiptWithin', 'silenceable', 'modbus-tcp']) {
    expect(schema).toContain(`"${key}"`);
  }
  expect(siteJsonSchema(drivers)).toMatchObject({
    type: 'object',
    additionalProperties: false,
    required: ['premises'],
  });
});

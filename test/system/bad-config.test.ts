// A site file with faults, from outside: every fault on a line of its own that says where, what and what to do,
// exit codes, and a reload that takes all of a good file and nothing of a bad one.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Broker, installed, type Witness } from '../support/broker.ts';
import {
  base,
  type Daemon,
  event,
  events,
  eventually,
  keepwatch,
  newPlace,
  type Place,
  seqsInOrder,
  shown,
  siteOf,
} from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { alarmSite } from './site.ts';

const form = /^.+:\d+:\d+: .+; .+$/;

let place: Place;
beforeEach(() => {
  place = newPlace();
});
afterEach(() => place.leave());

const head = `premises: { id: store_0042, name: { zh: 店, en: Store }, timezone: Asia/Shanghai }
`;

/** Lines of `check` on this file; checks what must hold of every refusal, and of \`run\` on the same file. */
async function refused(yaml: string): Promise<string[]> {
  place.write(yaml);
  const { code, stdout, stderr } = await place.cli('check');
  const lines = stdout.trimEnd().split('\n');
  expect({ code, stdout, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/\d+ fault/) });
  for (const line of lines) expect(line).toMatch(form);
  const daemon = place.spawn();
  expect((await daemon.ended).code).toBe(1);
  const printed = daemon.stderr().trimEnd().split('\n');
  expect(printed.slice(0, -1)).toEqual(lines.filter((line) => !line.includes(': warning: ')));
  expect(printed.at(-1)).toMatch(/^keepwatch: not started/);
  return lines.map((line) => line.slice(place.folder.length + 1));
}

describe('faults of a site file', () => {
  test('twenty of them are told at once, by check and by run', async () => {
    const lines =
      await refused(`premises: { id: Store-42, name: { zh: 店, en: Store }, timezone: Asia/Nowhere, languge: zh }
data: 7
mqtt:
  url: http://broker.example
  password: hunter22
  heartbeat: 2h
console: { listen: everywhere }
buses:
  line1: { driver: modbus-rtu, path: /dev/ttyUSB0, parity: some }
  lan1: { driver: modbus-tpc, host: 10.0.0.5 }
  ups1: { driver: serial, protocol: megatek, path: /dev/ttyUSB1 }
  lan2: { driver: modbus-tcp, host: 10.0.0.6 }
zones:
  atrium: { name: { zh: 中庭, en: Atrium }, colour: red }
devices:
  meter: { bus: line1, unit: 1, profile: eastron-sdm12O, zone: plant }
  gas1:
    bus: lan2
    unit: 7
    every: soon
    points:
      ppm: { read: "inputs:0:u16", kind: gas, alarmAbove: 2500, clearBelow: 2600 }
      alarm: { read: "discrete:3", kind: gass }
      Bad-Id: { read: "discrete:4" }
      reach: { read: "holding:65535:f32" }
outputs:
  siren: { bus: lan3, unit: 7, write: "coil:0" }
  valve: { bus: lan2, unit: 7, write: "discrete:0" }
rules:
  first: { when: gas1.alrm, plan: gas-leek, zone: atrum, outputs: { sirene: on } }
  second: { when: gas1.ppm && true, plan: fire, for: 2 parsecs }
`);
    expect(lines.length).toBeGreaterThanOrEqual(20);
    const wanted = [
      /^keepwatch\.yaml:1:\d+: .*Store-42/,
      /^keepwatch\.yaml:1:\d+: .*Asia\/Nowhere/,
      /^keepwatch\.yaml:1:\d+: .*languge.*language/,
      /^keepwatch\.yaml:2:7: .*/,
      /^keepwatch\.yaml:4:8: .*url/,
      /^keepwatch\.yaml:5:\d+: .*username/,
      /^keepwatch\.yaml:6:14: .*heartbeat/,
      /^keepwatch\.yaml:7:\d+: .*everywhere/,
      /^keepwatch\.yaml:9:\d+: .*some/,
      /^keepwatch\.yaml:10:\d+: .*modbus-tpc.*modbus-tcp/,
      /^keepwatch\.yaml:11:\d+: .*megate[ck]/,
      /^keepwatch\.yaml:14:\d+: .*colour/,
      /^keepwatch\.yaml:16:\d+: .*eastron-sdm12O.*eastron-sdm120/,
      /^keepwatch\.yaml:16:\d+: .*plant/,
      /^keepwatch\.yaml:20:12: .*soon/,
      /^keepwatch\.yaml:22:\d+: .*inputs/,
      /^keepwatch\.yaml:22:\d+: .*clearBelow/,
      /^keepwatch\.yaml:23:\d+: .*gass.*gas/,
      /^keepwatch\.yaml:24:\d+: .*Bad-Id/,
      /^keepwatch\.yaml:25:\d+: .*65535/,
      /^keepwatch\.yaml:27:\d+: .*lan3/,
      /^keepwatch\.yaml:28:\d+: .*write/,
      /^keepwatch\.yaml:30:\d+: .*alrm/,
      /^keepwatch\.yaml:30:\d+: .*gas-leek.*gas-leak/,
      /^keepwatch\.yaml:30:\d+: .*atrum.*atrium/,
      /^keepwatch\.yaml:30:\d+: .*sirene.*siren/,
      /^keepwatch\.yaml:31:\d+: .*parsecs/,
    ];
    const missing = wanted.filter((pattern) => !lines.some((line) => pattern.test(line)));
    expect({ missing, lines }).toEqual({ missing: [], lines });
    expect(lines.join('\n')).not.toContain('hunter22');
  });

  const gpio = 'buses:\n  header: { driver: gpio }\n  lan: { driver: modbus-tcp, host: 10.0.0.5 }\n';
  test.each([
    [
      'a profile that is missing',
      'devices:\n  x: { bus: lan, unit: 1, profile: acme-9000 }\n',
      /^keepwatch\.yaml:6:\d+: .*acme-9000/,
    ],
    [
      'two devices on one unit',
      'devices:\n  x: { bus: lan, unit: 1, points: { a: { read: "coil:1" } } }\n  y: { bus: lan, unit: 1, points: { a: { read: "coil:2" } } }\n',
      /^keepwatch\.yaml:7:\d+: .*unit 1.*x/,
    ],
    [
      'a rule over a point that is not',
      'devices:\n  x: { bus: lan, unit: 1, points: { smoke: { read: "coil:1" } } }\nrules:\n  r: { when: x.smok, plan: fire }\n',
      /^keepwatch\.yaml:8:\d+: .*smok.*smoke/,
    ],
    [
      'a type error in CEL',
      'devices:\n  x: { bus: lan, unit: 1, points: { smoke: { read: "coil:1" } } }\nrules:\n  r: { when: x.smoke > 5.0, plan: fire }\n',
      /^keepwatch\.yaml:8:\d+: .*`when`/,
    ],
    [
      'a condition that is no truth',
      'devices:\n  x: { bus: lan, unit: 1, points: { ppm: { read: "input:1" } } }\nrules:\n  r: { when: x.ppm + 1.0, plan: fire }\n',
      /^keepwatch\.yaml:8:\d+: .*`when`/,
    ],
    [
      'CEL that does not parse',
      'devices:\n  x: { bus: lan, unit: 1, points: { smoke: { read: "coil:1" } } }\nrules:\n  r: { when: "x.smoke &&& (", plan: fire }\n',
      /^keepwatch\.yaml:8:\d+: .*`when`/,
    ],
    [
      'two points on one GPIO line',
      'devices:\n  x: { bus: header, points: { a: { line: GPIO17 }, b: { line: GPIO17 } } }\n',
      /^keepwatch\.yaml:6:\d+: .*GPIO17/,
    ],
    [
      'a point and an output on one GPIO line',
      'devices:\n  x: { bus: header, points: { a: { line: GPIO17 } } }\noutputs:\n  s: { bus: header, line: GPIO17 }\n',
      /^keepwatch\.yaml:8:\d+: .*GPIO17/,
    ],
    [
      'an unknown key with the one that was meant',
      'devices:\n  x: { bus: lan, unit: 1, points: { a: { read: "coil:1", kinds: smoke } } }\n',
      /^keepwatch\.yaml:6:\d+: .*kinds.*`kind`/,
    ],
    [
      'an unknown section with the one that was meant',
      'device:\n  x: {}\n',
      /^keepwatch\.yaml:5:1: .*device.*`devices`/,
    ],
    ['the same key twice', 'devices: {}\ndevices: {}\n', /^keepwatch\.yaml:6:\d+: .*devices/],
  ])('%s', async (_name, rest, pattern) => {
    const lines = await refused(head + gpio + rest);
    expect(
      lines.filter((line) => !line.includes('warning:')).some((line) => pattern.test(line)),
      lines.join('\n'),
    ).toBe(true);
  });

  test('two buses on one serial port, and YAML that is none', async () => {
    const port = (id: string) => `  ${id}: { driver: modbus-rtu, path: /dev/ttyS7 }\n`;
    expect(
      (await refused(`${head}buses:\n${port('a')}${port('b')}`)).some((line) =>
        /^keepwatch\.yaml:4:\d+: .*ttyS7/.test(line),
      ),
    ).toBe(true);
    await refused(`${head}devices: [\n`);
    await refused(`${head}devices:\n\tx: 1\n`);
    await refused('');
    await refused('just words\n');
  });

  test('warnings are told and pass, and with --strict they do not', async () => {
    place.write(`${head}zones:\n  nobody: { name: 空 }\n`);
    const plain = await place.cli('check');
    expect(plain.code).toBe(0);
    for (const line of plain.stdout.trimEnd().split('\n')) expect(line).toMatch(form);
    expect(plain.stdout).toMatch(/warning: .*nobody/);
    expect(await place.cli('check', '--strict')).toMatchObject({ code: 1, stdout: plain.stdout });
  });
});

describe('exit codes', () => {
  test('2 is wrong usage', async () => {
    for (const argv of [
      ['run', '--nope'],
      ['nonsense'],
      [],
      ['close', 'i1', '--verdict', 'maybe'],
      ['output', 'siren', 'on'],
    ])
      expect(await keepwatch(argv, { cwd: place.folder }), argv.join(' ')).toMatchObject({
        code: 2,
        stdout: '',
      });
  });

  test('3 is no daemon, and a file that is not there is 1 for check and run', async () => {
    place.write(siteOf('embedded', {}));
    for (const argv of [['status'], ['points'], ['incidents'], ['ack', 'i1'], ['explain', 'i1']])
      expect(await place.cli(...argv), argv.join(' ')).toMatchObject({ code: 3, stdout: '' });
    const none = path.join(place.folder, 'none.yaml');
    expect(await keepwatch(['check', '-c', none])).toMatchObject({ code: 1 });
    const run = await keepwatch(['run', '-c', none]);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('none.yaml');
    expect(run.stderr).not.toContain('    at ');
  });

  test('check of a good file is 0 and starts nothing', async () => {
    place.write(siteOf('embedded', alarmSite(1502)));
    expect(await place.cli('check')).toMatchObject({
      code: 0,
      // (its broker is reached from here alone)
      stdout: expect.stringMatching(/^[^\n]*: warning: nobody is told of an alarm beyond [^\n]*\n$/),
      stderr: expect.stringContaining('good'),
    });
  });
});

const able = haveLibmodbus() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');
describe.skipIf(!able)('SIGHUP', () => {
  let slave: Slave;
  let broker: Broker;
  let seen: Witness;
  let daemon: Daemon;
  beforeEach(async () => {
    slave = await startSlave('tcp');
    place.later(slave, () => slave.stop());
    broker = await place.broker();
    seen = await place.witness(broker.port);
    place.write(siteOf(broker, alarmSite(slave.port)));
    daemon = await place.start();
    await seen.until('it reads', () => shown(seen, 'point/inputs/smoke')?.quality === 'good');
  });

  test('with a bad file changes nothing, says each fault, and the alarms go on', async () => {
    const site = alarmSite(slave.port, {
      rules: { bad: { when: 'inputs.nothing', plan: 'fire' }, fresh: { when: 'inputs.flood', plan: 'riot' } },
    });
    site.outputs.siren.writ = 'coil:0';
    place.write(siteOf(broker, site));
    daemon.signal('SIGHUP');
    await daemon.said('nothing changed', ({ code }) => code === 'NOT_RELOADED');
    const faults = daemon.log.filter(({ code }) => code === 'CONFIG');
    expect(faults).toHaveLength(2);
    for (const fault of faults)
      expect(fault).toMatchObject({
        level: 'error',
        file: place.file,
        line: expect.any(Number),
        column: expect.any(Number),
        hint: expect.stringMatching(/./),
        message: expect.stringMatching(/./),
      });
    expect((await place.json('status')).warnings.join()).toContain('faults');
    await slave.set('discrete', 0, 1);
    await event(seen, 'fire', ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire');
    await eventually(
      'the siren sounds',
      () => slave.get('coil', 0),
      (value) => value === 1,
    );
    await slave.set('discrete', 1, 1);
    await event(
      seen,
      'flood',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'water-leak',
    );
    expect(events(seen).filter(({ incident }) => incident?.plan === 'riot')).toEqual([]);

    // Mended: the warning goes.
    place.write(siteOf(broker, alarmSite(slave.port)));
    daemon.signal('SIGHUP');
    await daemon.said('reloaded', ({ code }) => code === 'RELOADED');
    expect((await place.json('status')).warnings).toEqual([]);
  });

  test('with a good file takes the new rule, point and device; what is open stays open', async () => {
    await slave.set('discrete', 0, 1);
    const fire = await event(
      seen,
      'fire',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire',
    );
    const site = alarmSite(slave.port, {
      devices: {
        extra: {
          bus: 'lan',
          unit: 9,
          every: '50ms',
          points: { lift: { read: 'discrete:20', kind: 'liftAlarm' } },
        },
      },
      rules: { high: { when: 'inputs.ppm > 100.0', plan: 'riot', zone: 'kitchen' } },
    });
    site.devices.inputs.points.call = { read: 'discrete:5', kind: 'callPoint', zone: 'kitchen' };
    delete site.devices.inputs.points.heat;
    delete site.rules.heat_latched;
    place.write(siteOf(broker, site));
    daemon.signal('SIGHUP');
    await daemon.said('reloaded', ({ code }) => code === 'RELOADED');
    await seen.until('new points', () =>
      ['inputs/call', 'extra/lift'].every((id) => shown(seen, `point/${id}`)?.quality === 'good'),
    );
    await seen.until('the old point is emptied', () =>
      seen.seen.some(({ topic, payload }) => topic === `${base}/point/inputs/heat` && payload === ''),
    );
    await slave.set('input', 0, 200);
    await slave.set('discrete', 5, 1);
    await slave.set('discrete', 20, 1);
    for (const plan of ['riot', 'lift-entrapment'])
      await event(seen, plan, ({ type, incident }) => type === 'incident.opened' && incident.plan === plan);
    await event(
      seen,
      'call point',
      ({ type, incident }) => type === 'incident.opened' && incident.cause.point === 'inputs.call',
    );
    const open = await place.json('incidents');
    expect(open.find(({ id }: { id: string }) => id === fire.incident.id)).toMatchObject({
      state: 'unacknowledged',
      active: true,
    });
    expect(
      events(seen).filter(
        ({ type, incident }) =>
          type === 'incident.opened' && incident.zone === 'atrium' && incident.plan === 'fire',
      ),
    ).toHaveLength(1);
    expect(events(seen).filter(({ type }) => type === 'incident.returned')).toEqual([]);
    expect(await slave.get('coil', 0)).toBe(1);

    // A kill afterwards: the new site is in force, and all of it is remembered.
    await daemon.kill();
    await place.start();
    await seen.until(
      'read again',
      () => shown(seen, 'status')?.state === 'online' && shown(seen, 'point/extra/lift')?.quality === 'good',
    );
    await slave.set('discrete', 0, 0);
    await event(
      seen,
      'smoke is gone',
      ({ type, incident }) => type === 'incident.returned' && incident.id === fire.incident.id,
    );
    expect((await place.json('incidents')).length).toBe(open.length);
    seqsInOrder(events(seen));
  });

  test('what only a restart can change is refused', async () => {
    place.write(siteOf(broker, { ...alarmSite(slave.port), data: './elsewhere' }));
    daemon.signal('SIGHUP');
    await daemon.said('nothing changed', ({ code }) => code === 'NOT_RELOADED');
    expect(
      daemon.log
        .filter(({ code }) => code === 'CONFIG')
        .map(({ message }) => message)
        .join(),
    ).toContain('data');
    writeFileSync(place.file, 'not: [yaml');
    daemon.signal('SIGHUP');
    await eventually(
      'refused again',
      () => daemon.log.filter(({ code }) => code === 'NOT_RELOADED').length,
      (count) => count === 2,
    );
    expect(daemon.running()).toBe(true);
  });
});

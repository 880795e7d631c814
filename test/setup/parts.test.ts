// What the options of `keepwatch init` take and refuse, and what is written from them: YAML that the loader takes, for
// whatever combination of answers.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drivers } from '../../drivers/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { composeContacts, composeSite } from '../../src/setup/compose.ts';
import {
  type Answers,
  busOf,
  checkTogether,
  contactKinds,
  contactOf,
  deviceOf,
  freeId,
  idOf,
  mqttUrlOf,
  outputOf,
  personOf,
  withNamedZones,
  zoneOf,
} from '../../src/setup/parts.ts';

const profiles = ['generic-modbus-smoke', 'waveshare-io-8ch'];

describe('what an option means', () => {
  test.each<[() => unknown, unknown]>([
    [
      () => busOf('line1=/dev/ttyUSB0'),
      { id: 'line1', at: { kind: 'serial', path: '/dev/ttyUSB0', baudRate: 9600, parity: 'none' } },
    ],
    [
      () => busOf('line1=/dev/x,4800,even'),
      { id: 'line1', at: { kind: 'serial', path: '/dev/x', baudRate: 4800, parity: 'even' } },
    ],
    [() => busOf('lan1=10.0.0.5'), { id: 'lan1', at: { kind: 'tcp', host: '10.0.0.5', port: 502 } }],
    [() => busOf('lan1=plc.local:1502'), { id: 'lan1', at: { kind: 'tcp', host: 'plc.local', port: 1502 } }],
    [() => deviceOf('board=line1:2', profiles), { id: 'board', bus: 'line1', unit: 2 }],
    [() => deviceOf('board=line1:2::hall', profiles), { id: 'board', bus: 'line1', unit: 2, zone: 'hall' }],
    [
      () => deviceOf('board=line1:2:waveshare-io-8ch:hall', profiles),
      { id: 'board', bus: 'line1', unit: 2, profile: 'waveshare-io-8ch', zone: 'hall' },
    ],
    [
      () => contactOf('smoke=GPIO17:smoke'),
      { id: 'smoke', line: 'GPIO17', kind: 'smoke', normallyOpen: false },
    ],
    [
      () => contactOf('panic=GPIO27:panic:hall:no'),
      { id: 'panic', line: 'GPIO27', kind: 'panic', zone: 'hall', normallyOpen: true },
    ],
    [
      () => contactOf('panic=GPIO27:panic:no'),
      { id: 'panic', line: 'GPIO27', kind: 'panic', normallyOpen: true },
    ],
    [() => outputOf('siren=GPIO22'), { id: 'siren', line: 'GPIO22' }],
    [() => zoneOf('hall=大厅/Hall'), { id: 'hall', zh: '大厅', en: 'Hall' }],
    [() => zoneOf('hall'), { id: 'hall' }],
    [() => personOf('wang=+86 138:duty_lead'), { id: 'wang', phone: '+86 138', roles: ['duty_lead'] }],
  ])('%s', (read, meant) => expect(read()).toEqual(meant));

  test.each<[() => unknown, RegExp]>([
    [() => busOf('Line1=/dev/x'), /no id of a bus/],
    [() => busOf('line1=/dev/x,fast'), /baud rate/],
    [() => busOf('line1=/dev/x,9600,mark'), /none, even or odd/],
    [() => busOf('line1'), /line1=\/dev/],
    [() => busOf('lan1=10.0.0.5:99999'), /lan1=10.0.0.5:502/],
    [() => deviceOf('board=line1:300', profiles), /from 0 to 255/],
    [() => deviceOf('board=line1:2:generic-modbus-smok', profiles), /did you mean generic-modbus-smoke\?/],
    [() => contactOf('smoke=GPIO17:smok'), /did you mean smoke\?/],
    [() => contactOf('smoke=GPIO17'), /smoke_hall=GPIO17:smoke:hall/],
    [() => contactOf('x=GPIO17; rm -rf:smoke'), /no line/],
    [() => idOf('Store 42', 'premises'), /small letters/],
    [() => mqttUrlOf('http://x'), /mqtts:/],
    [() => mqttUrlOf('mqtts://gw:hunter2@x'), /secret/],
    [() => personOf('wang=none'), /telephone/],
  ])('%s is refused with words', (read, words) => {
    expect(read).toThrow(words);
    expect(read).not.toThrow(/hunter2/);
  });

  test('ids are made from anything, once', () => {
    expect(freeId('waveshare-io-8ch', [])).toBe('waveshare_io_8ch');
    expect(freeId('line1', ['line1', 'line12'])).toBe('line13');
    expect(freeId('8', [])).toBe('x');
  });
});

const names = fc
  .string({ minLength: 1, maxLength: 30 })
  .filter((text) => text.trim() === text && !/\p{C}/u.test(text));
const answersOf = fc.record({
  zh: fc.option(names, { nil: undefined }),
  en: fc.option(names, { nil: undefined }),
  language: fc.constantFrom('zh' as const, 'en' as const),
  url: fc.constantFrom('none', 'embedded', 'mqtt://10.0.0.1:1883'),
  lines: fc.nat(2),
  devices: fc.nat(3),
  contacts: fc.nat(4),
  outputs: fc.nat(1),
  people: fc.nat(2),
  withProfile: fc.boolean(),
  path: fc.constantFrom('/dev/ttyUSB0', '/dev/serial/by-id/usb-FTDI: #1 {x}-if00', '/dev/true'),
});

test('whatever is answered, the loader takes what is written', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-compose-'));
  const count = (most: number): number[] => Array.from({ length: most }, (_, index) => index + 1);
  try {
    fc.assert(
      fc.property(answersOf, (given) => {
        const buses = count(given.lines).map((n) =>
          n === 1
            ? {
                id: 'line1',
                at: { kind: 'serial' as const, path: given.path, baudRate: 9600, parity: 'even' as const },
              }
            : { id: `lan${n}`, at: { kind: 'tcp' as const, host: '10.0.0.5', port: 502 } },
        );
        const answers: Answers = withNamedZones({
          premises: {
            id: 'store_1',
            timezone: 'Asia/Shanghai',
            language: given.language,
            ...(given.zh !== undefined && { zh: given.zh }),
            ...(given.en !== undefined && { en: given.en }),
          },
          data: './data',
          ...(given.url !== 'none' && { mqtt: { url: given.url } }),
          zones: [],
          buses,
          devices: buses.flatMap(({ id }, at) =>
            count(given.devices).map((unit) => ({
              id: `d${at}_${unit}`,
              bus: id,
              unit,
              zone: 'on',
              otherwise: ['a-b'],
              ...(given.withProfile && { profile: 'waveshare-io-8ch' }),
            })),
          ),
          contacts: count(given.contacts).map((n) => ({
            id: `c${n}`,
            line: `GPIO${n}`,
            kind: contactKinds[(n * 5) % contactKinds.length]!,
            zone: 'hall',
            normallyOpen: n % 2 === 0,
          })),
          outputs: count(given.outputs).map((n) => ({ id: `siren${n}`, line: `GPIO${20 + n}` })),
          people: count(given.people).map((n) => ({
            id: `p${n}`,
            phone: '+86 138',
            roles: ['control_room'],
          })),
        });
        checkTogether(answers);
        const file = path.join(folder, 'keepwatch.yaml');
        writeFileSync(file, composeSite(answers));
        writeFileSync(path.join(folder, 'contacts.yaml'), composeContacts(answers));
        const { config, faults } = loadConfig(file, { drivers });
        expect(faults.filter(({ severity }) => severity === 'fault')).toEqual([]);
        expect(config!.devices.length).toBe(answers.devices.length + (given.contacts > 0 ? 1 : 0));
        expect(config!.people.length).toBe(given.people);
        expect(config!.outputs.length).toBe(given.outputs);
      }),
      { numRuns: 60 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

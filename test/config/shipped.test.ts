// Every shipped profile and example loads with the real drivers.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { drivers } from '../../drivers/index.ts';
import { formatFault, loadConfig } from '../../src/config/load.ts';
import { loadAllProfiles } from '../../src/config/profiles.ts';
import { shippedConfig } from '../../src/lib/assets.ts';

const root = mkdtempSync(path.join(tmpdir(), 'keepwatch-shipped-'));
afterAll(() => rmSync(root, { recursive: true }));

const buses: Readonly<Record<string, string>> = {
  'modbus-rtu': 'path: /dev/ttyUSB0',
  'modbus-tcp': 'host: 10.0.0.5',
  serial: 'path: /dev/ttyUSB0',
  nut: 'host: 127.0.0.1',
};
/** what the site says of the device beside its profile */
const devices: Readonly<Record<string, string>> = { 'adam-ascii': ', address: "0A"', nut: ', ups: shop' };

const each = loadAllProfiles().profiles.flatMap(({ id, drivers: able, link }) =>
  able.map((driver) => [id, driver, link ?? {}] as const),
);

test.each(each)('profile %s on %s', (profile, driver, link) => {
  const file = path.join(root, 'site.yaml');
  const protocol = String(link.protocol ?? 'megatec');
  // what of the link the bus must say: not the rate, which has a default
  const spoken = ['model', 'mode'].filter((key) => key in link).map((key) => `, ${key}: ${link[key]}`);
  const serial = driver === 'serial' ? `, protocol: ${protocol}${spoken.join('')}` : '';
  const bus = `{ driver: ${driver}, ${buses[driver]}${serial} }`;
  const more = devices[driver === 'serial' ? protocol : driver] ?? '';
  const premises = 'premises: { id: a, name: A, timezone: Asia/Shanghai }';
  writeFileSync(
    file,
    `${premises}\nbuses: { b: ${bus} }\ndevices: { d: { bus: b, profile: ${profile}${more} } }\n`,
  );
  const { config, faults } = loadConfig(file, { drivers, environment: {} });
  expect(faults.filter(({ severity }) => severity === 'fault').map(formatFault)).toEqual([]);
  expect(config!.site.points.length).toBeGreaterThan(0);
});

test('the example site, with its contacts', () => {
  const example = readFileSync(path.join(shippedConfig, 'examples/first-site.yaml'), 'utf8');
  const contacts = path.join(shippedConfig, 'examples/contacts.yaml');
  const file = path.join(root, 'example.yaml');
  writeFileSync(file, example);
  const { faults } = loadConfig(file, { drivers, environment: {}, overrides: { contacts } });
  expect(faults.filter(({ severity }) => severity === 'fault').map(formatFault)).toEqual([]);
});

test('an unknown bus does not hide an address that no driver would take', () => {
  const file = path.join(root, 'unknown-bus.yaml');
  const points = 'bad: { read: "holding:0:u99" }, good: { read: "holding:0:u16" }, word: { kind: flood }';
  writeFileSync(
    file,
    `premises: { id: a, name: A, timezone: Asia/Shanghai }
devices:
  board: { bus: lime1, unit: 2, points: { ${points} } }
  ups: { bus: lime2, points: { load: { read: load } } }
`,
  );
  const { faults } = loadConfig(file, { drivers, environment: {} });
  expect(faults.filter(({ severity }) => severity === 'fault').map(({ what }) => what)).toEqual([
    'unknown bus `lime1`',
    expect.stringMatching(/^`read`: "u99" is no type/),
    'unknown bus `lime2`',
  ]);
});

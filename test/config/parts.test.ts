import { readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocument, visit } from 'yaml';
import { faultList, formatFault } from '../../src/config/faults.ts';
import { nearest } from '../../src/config/nearest.ts';
import { loadPlans } from '../../src/config/plans.ts';
import { loadAllProfiles } from '../../src/config/profiles.ts';
import { parseDuration, parseListen } from '../../src/config/values.ts';
import { shippedConfig } from '../../src/lib/assets.ts';
import { folder, premises, smallSite } from './support.ts';

test('the nearest word', () => {
  const known = ['baudRate', 'parity', 'path', 'stopBits'];
  expect(nearest('baudrate', known)).toBe('baudRate');
  expect(nearest('partiy', known)).toBe('parity');
  expect(nearest('paths', known)).toBe('path');
  expect(nearest('colour', known)).toBeUndefined();
  expect(nearest('x'.repeat(100_000), known)).toBeUndefined();
});

test('durations and addresses', () => {
  expect(['50ms', '3s', '10m', '24h', '2d', '1.5s', '0ms'].map(parseDuration)).toEqual([
    50, 3000, 600_000, 86_400_000, 172_800_000, 1500, 0,
  ]);
  expect(['30', '3 s', '-1s', '1y', '', '0.5ms', '999999d'].map(parseDuration)).toEqual(
    Array(7).fill(undefined),
  );
  expect(parseListen('[::]:80')).toEqual({ host: '::', port: 80 });
  expect(parseListen('localhost:70000')).toBeUndefined();
});

describe('claims', () => {
  test.each([
    [
      'two units on one line',
      '  more: { bus: lan1, unit: 1, points: { x: { read: "input:1" } } }\n',
      '`more` takes unit 1, which `plc` has',
    ],
    [
      'a point and an output',
      '  more: { bus: header, points: { x: { line: GPIO22 } } }\n',
      '`siren` takes line GPIO22, which `more.x` has',
    ],
  ])('%s', (_, device, words) => {
    const faults = folder().faults(smallSite.replace('outputs:', `${device}outputs:`));
    expect(faults.filter((fault) => !fault.includes('warning'))).toEqual([expect.stringContaining(words)]);
  });

  test('two buses on one serial port', () => {
    const text = `${premises}buses:\n  a: { driver: modbus-rtu, path: /dev/x }\n  b: { driver: serial, protocol: megatec, path: /dev/x }\n`;
    expect(folder().faults(text)[1]).toBe(
      '4:49 `buses.b` takes path /dev/x, which `buses.a` has; correct one of the two, or remove it',
    );
  });
});

describe('one mistake does not hide another', () => {
  const port = 'takes path /dev/x, which `buses.a` has';
  test.each([
    ['a misspelt key', '{ driver: modbus-rtu, path: /dev/x, baudrate: 9600 }'],
    ['an unknown driver', '{ driver: modbus-rtuu, path: /dev/x }'],
    ['a port written in another way', '{ driver: modbus-rtu, path: /dev/../dev//x }'],
  ])('on a bus: %s', (_, bus) => {
    const text = `${premises}buses:\n  a: { driver: modbus-rtu, path: /dev/x }\n  b: ${bus}\n`;
    expect(folder().faults(text).join('\n')).toContain(`\`buses.b\` ${port}`);
  });
});

describe('plans and profiles', () => {
  test('faults name their own file', () => {
    const site = folder();
    site.write(
      'plans/fire.yaml',
      'id: fires\ntitle: { zh: 火 }\ncategory: alarm\nsteps:\n  - { id: a, text: A, within: 30 }\n  - { id: a, text: B }\n',
    );
    site.write(
      'profiles/meter.yaml',
      'id: meter\nmaker: M\nmodel: X\ndrivers: [gpio]\nverified: maybe\nsource: s\npoints:\n  v: { read: 3, skale: 2 }\n',
    );
    const faults = site.faults(
      `${smallSite.replace('unit: 1', 'unit: 1\n    profile: meter')}plans: plans\nprofiles: profiles\n`,
    );
    expect(faults).toEqual([
      'fire.yaml:2:8 `title`: `en` is missing; add `en: …`',
      'fire.yaml:5:31 `within`: 30 is not a length of time; write one such as 30m, or { workday: 15m, holiday: 45m, night: 45m }',
      'meter.yaml:5:11 `verified`: `maybe` is not true or false; write true or false',
    ]);
    site.write(
      'profiles/meter.yaml',
      'id: meter\nmaker: M\nmodel: X\ndrivers: [gpio]\nverified: true\nsource: s\npoints:\n  v: { read: 3, skale: 2 }\n',
    );
    const again = site.faults(
      `${smallSite.replace('unit: 1', 'unit: 1\n    profile: meter')}profiles: profiles\n`,
    );
    expect(again).toEqual([
      '16:14 profile `meter` is for gpio, and bus `lan1` speaks modbus-tcp; choose another bus or another profile',
      'meter.yaml:8:14 `read`: 3 is a number, not a text; put it in quotes',
      'meter.yaml:8:17 unknown key `skale`; did you mean `scale`?',
    ]);
    expect(
      site.faults(`${smallSite.replace('unit: 1', 'unit: 1\n    profile: metre')}profiles: profiles\n`),
    ).toEqual(['16:14 unknown profile `metre`; did you mean `meter`?']);
  });

  test('the site may change a point of a profile', () => {
    const site = folder();
    site.write(
      'shipped/profiles/meter.yaml',
      'id: meter\nmaker: M\nmodel: X\ndrivers: [modbus-tcp]\nverified: true\nsource: s\nunit: 9\npoints:\n  v: { read: "input:0", kind: mainsVoltage }\n  w: { read: "input:2" }\n',
    );
    const text = `${premises}buses: { b: { driver: modbus-tcp, host: h } }\ndevices:\n  m:\n    bus: b\n    profile: meter\n    points: { v: { alarmBelow: 180 }, x: { read: "input:4" } }\n`;
    const { config, faults } = site.load(text);
    expect(faults).toEqual([]);
    expect(config!.devices[0]!.settings).toEqual({ unit: 9 });
    expect(config!.site.points.map(({ id, alarmBelow, clearAbove }) => [id, alarmBelow, clearAbove])).toEqual(
      [
        ['m.v', 180, 180],
        ['m.w', undefined, undefined],
        ['m.x', undefined, undefined],
      ],
    );
    expect(site.faults(text.replace('alarmBelow: 180', 'clearAbove: 5'))[0]).toContain(
      '7:32 `clearAbove` without `alarmBelow`',
    );
  });

  test('all shipped ones are sound', () => {
    const from = { file: 'shipped', line: 1, column: 1 };
    const faults = faultList('');
    const plans = loadPlans([{ folder: path.join(shippedConfig, 'plans'), from }], faults);
    expect(faults.sorted().map(formatFault)).toEqual([]);
    expect(plans.sound.size).toBe(plans.ids.size);
    const all = loadAllProfiles();
    expect(all.faults.map(formatFault)).toEqual([]);
    expect(all.profiles).toHaveLength(
      readdirSync(path.join(shippedConfig, 'profiles')).filter((name) => name.endsWith('.yaml')).length,
    );
  });
});

describe('whatever is changed in a good site', () => {
  const scalar = fc.oneof(
    fc.constantFrom(
      '',
      'on',
      '3s',
      'embedded',
      'gpio',
      'header',
      'inputs.smoke',
      '__proto__',
      'constructor',
      '中',
      '*',
      '!',
      '🚒',
    ),
    fc.constantFrom(null, true, false, 0, -1, 1e21, 3.5, Number.NaN, Number.POSITIVE_INFINITY),
    fc.string({ maxLength: 12 }),
  );
  const places = countNodes();

  function countNodes(): number {
    let count = 0;
    visit(parseDocument(smallSite), {
      Node() {
        count += 1;
      },
    });
    return count;
  }

  test('loading never throws, and faults have places', () => {
    const site = folder();
    fc.assert(
      fc.property(
        fc.nat(places - 1),
        fc.option(scalar, { nil: undefined }),
        fc.boolean(),
        (chosen, value, list) => {
          const document = parseDocument(smallSite);
          let index = 0;
          visit(document, {
            Node() {
              index += 1;
              if (index - 1 !== chosen) return undefined;
              return value === undefined ? visit.REMOVE : document.createNode(list ? [value] : value);
            },
          });
          const { config, faults } = site.load(document.toString());
          expect(config === undefined).toBe(faults.some((fault) => fault.severity === 'fault'));
          for (const fault of faults) {
            expect(fault.line).toBeGreaterThanOrEqual(1);
            expect(fault.column).toBeGreaterThanOrEqual(1);
            expect(fault.what).not.toBe('');
            expect(fault.todo).not.toBe('');
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('neither does any text at all', () => {
    const site = folder();
    const piece = fc.oneof(fc.constantFrom(...smallSite.split(/\b/)), fc.string({ maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        for (const fault of site.load(pieces.join('')).faults) expect(fault.line).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });
});

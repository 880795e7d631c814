// A whole site file through the one door: a config that the engine starts with, or faults with a place and words; never
// an error, whatever the file says. With the real drivers, so their keys and addresses are parsed as well.

import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { drivers } from '../../../drivers/index.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { createState, step } from '../../../src/core/engine.ts';
import { compile } from '../../../src/core/model.ts';
import { shippedConfig } from '../../../src/lib/assets.ts';
import { must, outline, type Target, textOf } from '../target.ts';
import { soundFaults } from './faults.ts';
import { scratch } from './scratch.ts';
import { shippedFile } from './shipped.ts';

const place = scratch();
const head = 'premises: { id: store_1, name: { zh: 店, en: Shop }, timezone: Asia/Shanghai }\n';
/** few plans, so that most of the time goes to the site file */
const plans = [
  'fire',
  'gas-leak',
  'power-loss',
  'gateway-trouble',
  'climate',
  'personal-attack',
  'duties',
  'walk-test',
];
const profiles = ['xy-md02', 'two-input-board', 'generic-modbus-gas', 'megatec-ups'];
const at = { steadyMs: 1, wallMs: Date.UTC(2026, 10, 22), clock: 'synced' } as const;

const serial = `${head}buses:
  ups: { driver: serial, protocol: megatec, path: /dev/ttyUSB1 }
  panel: { driver: serial, protocol: lines, path: /dev/ttyUSB2, encoding: gb18030, start: ":", end: ";" }
  gas: { driver: serial, protocol: winsen, model: ze07-co, path: /dev/ttyUSB3 }
  nut: { driver: nut, host: 127.0.0.1 }
  header: { driver: gpio }
  toy: { driver: simulator }
devices:
  ups1: { bus: ups, profile: megatec-ups, cells: 12 }
  fire_panel: { bus: panel, points: { fire: { match: "ALARM Z(?<zone>\\\\d+)", clear: "RESET", kind: smoke } } }
  co: { bus: gas, points: { level: { read: carbonMonoxide, alarmAbove: 50, clearBelow: 30 } } }
  button: { bus: header, points: { panic: { line: GPIO17, activeLow: true, kind: panic } } }
  fake: { bus: toy, points: { x: { value: 1.5, script: [{ at: 3s, value: 2 }], repeat: 1m } } }
outputs: { siren: { bus: header, line: GPIO27, maxOn: 3m } }
rules: { r1: { when: "fire_panel.fire && co.level > 10.0", plan: fire, outputs: { siren: on } } }
interlocks: { i1: { never: siren on, while: button.panic } }
`;

const modbus = `${head}buses:
  line1: { driver: modbus-rtu, path: /dev/ttyUSB0, baudRate: 9600, parity: none }
  plc: { driver: modbus-tcp, host: 127.0.0.1, port: 502 }
zones: { hall: { name: { zh: 大厅, en: Hall } } }
devices:
  board: { bus: line1, unit: 2, every: 200ms, points: { smoke: { read: "discrete:0", kind: smoke, zone: hall } } }
  meter: { bus: plc, unit: 1, points: { v: { read: "input:0:f32:cdab", scale: 0.1, min: 0, max: 500, staleAfter: 30s } } }
  air: { bus: line1, unit: 4, profile: xy-md02 }
outputs: { valve: { bus: plc, unit: 3, write: "coil:1", normal: keep } }
rules: { low: { when: meter.v < 50.0, until: meter.v > 80.0, for: 3s, hold: 10s, latch: true, plan: power-loss } }
mqtt: { url: mqtt://broker:1883, username: u, password: !secret broker }
channels: { text: { type: sms, path: /dev/ttyUSB9 }, robot: { type: webhook, url: "https://x.example/a", template: wecom } }
`;

export const loadConfigTarget: Target = {
  name: 'load-config',
  what: 'site files: a config that the engine starts with, or faults with a place and words; never an error',
  seeds: [
    serial,
    modbus,
    shippedFile('examples', 'first-site.yaml'),
    shippedFile('demo', 'site.yaml'),
    `${head}buses: { toy: { driver: simulator } }\ndevices: { d: { bus: toy, points: { x: { value: true } } } }\noutputs: { constructor: { bus: toy } }\nrules: { constructor: { when: d.x, plan: fire, outputs: { constructor: on } } }\n`,
    `${head}duties: {}\nconsole: { listen: "127.0.0.1:0" }\n`,
  ],
  words: [
    '\ndevices:\n',
    '\nbuses:\n',
    'points: { ',
    'read: "holding:5.3"',
    'kind: smoke',
    'when: "',
    'plan: fire',
    'profile: xy-md02',
    'zone: hall',
    '!secret x',
    '!secret constructor',
    'constructor',
    'driver: simulator',
    'scale: ',
    'loop: { normal: [1, 2], alarm: [3, 4] }',
    'suppress: ',
    'exercise: 1d',
    'drillBefore: [2026-12-01]',
    'contacts: ./c.yaml',
    'ladders: ./l.yaml',
    'storage: {}',
    'match: "(a+)+"',
  ],
  largestBytes: 4500,
  slowestMs: 1500,
  executions: 20_000,
  async open() {
    const close = await place.open();
    for (const folder of ['plans', 'profiles', 'holidays']) mkdirSync(path.join(place.path(), folder));
    copyFileSync(path.join(shippedConfig, 'ladders.yaml'), path.join(place.path(), 'ladders.yaml'));
    for (const [folder, names] of Object.entries({ plans, profiles }))
      for (const name of names) {
        const file = path.join(folder, `${name}.yaml`);
        copyFileSync(path.join(shippedConfig, file), path.join(place.path(), file));
      }
    return close;
  },
  run(bytes) {
    const file = place.write('site.yaml', bytes);
    const { config, faults } = loadConfig(file, {
      drivers,
      environment: { KEEPWATCH_SECRET_BROKER: 'hush-hush' },
      shipped: place.path(),
      now: at.wallMs,
    });
    const kinds = soundFaults(faults, file, textOf(bytes));
    const isBroken = faults.some(({ severity }) => severity === 'fault');
    must((config === undefined) === isBroken, 'neither a config nor a fault, or both');
    for (const { what, todo } of faults) must(!`${what}${todo}`.includes('hush-hush'), 'a secret in a fault');
    if (config === undefined) return kinds;
    const { zones, buses, devices, points, rules, plans: all, outputs } = config.site;
    // what every object has by itself would be found there by that name
    for (const { id } of [zones, buses, devices, points, rules, all, outputs].flat())
      must(!(id in {}), () => `something is called ${id}`);
    const model = compile(config.site);
    const state = createState(model, 'abcd1234');
    step(state, { type: 'started', at, because: 'test' }, model);
    const values = config.site.points.map(({ id, type }) => [id, type === 'string' ? 'x' : 1] as const);
    step(state, { type: 'reading', at: { ...at, steadyMs: 1000 }, values }, model);
    step(state, { type: 'tick', at: { ...at, steadyMs: 10_000_000 } }, model);
    return `${kinds} ${outline(config.site, 2)}`;
  },
};

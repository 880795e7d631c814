// Small drivers and a folder to write site files in, for the tests of loading. The drivers know just enough
// keys to be told apart from the real ones by nothing that loading could see.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { z } from 'zod';
import { type Loaded, type LoadOptions, loadConfig } from '../../src/config/load.ts';
import { AddressFault, type Driver, type Settings } from '../../src/driver.ts';

function unused(): never {
  throw new Error('nothing is opened while loading');
}

const parity = z.enum(['none', 'even', 'odd']).default('none');

function readAddress(device: Settings, point: Settings) {
  const match = /^(coil|discrete|input|holding):(0x[0-9a-fA-F]+|\d+)(?::(\w+))?$/.exec(String(point.read));
  if (match === null) throw new AddressFault('read', `\`${point.read}\` is no address`, 'write input:0:u16');
  const bool = match[1] === 'coil' || match[1] === 'discrete';
  return {
    type: bool ? ('bool' as const) : ('number' as const),
    space: `unit ${device.unit} ${match[1]}`,
    start: Number(match[2]),
    length: 1,
    detail: { read: point.read },
  };
}

const modbus = {
  limits: { most: 125, gap: 8, even: false },
  claims: ({ device, point, output }) =>
    device !== undefined && point === undefined && output === undefined ? [`unit ${device.unit}`] : [],
  point: (_bus, device, point) => readAddress(device, point),
  output: (_bus, output) => ({ detail: output }),
  open: unused,
} satisfies Partial<Driver>;

const unit = z.int().min(0).max(247);

export const drivers: readonly Driver[] = [
  {
    ...modbus,
    id: 'modbus-rtu',
    summary: 'fake',
    keys: {
      bus: { path: z.string(), baudRate: z.int().min(300).default(9600), parity },
      device: { unit },
      point: { read: z.string() },
      output: { unit, write: z.string() },
    },
    link: (bus) => ({
      kind: 'serial',
      path: String(bus.path),
      baudRate: bus.baudRate as number,
      parity: 'none',
      dataBits: 8,
      stopBits: 1,
    }),
  },
  {
    ...modbus,
    id: 'modbus-tcp',
    summary: 'fake',
    keys: {
      bus: { host: z.string(), port: z.int().min(1).max(65535).default(502) },
      device: { unit },
      point: { read: z.string() },
      output: { unit, write: z.string() },
    },
    link: (bus) => ({ kind: 'tcp', host: String(bus.host), port: bus.port as number }),
  },
  {
    id: 'gpio',
    summary: 'fake',
    keys: { bus: {}, device: {}, point: { line: z.string() }, output: { line: z.string() } },
    link: () => undefined,
    limits: { most: 1, gap: 0, even: false },
    claims: ({ point, output }) => ((point ?? output) ? [`line ${(point ?? output)!.line}`] : []),
    point: (_bus, _device, point) => ({ type: 'bool', space: 'chip', start: 0, length: 1, detail: point }),
    output: (_bus, output) => ({ detail: output }),
    open: unused,
  },
  {
    id: 'serial',
    summary: 'fake',
    keys: {
      bus: { protocol: z.enum(['megatec', 'lines']), path: z.string(), baudRate: z.int().default(2400) },
      device: {},
      point: { field: z.string().optional(), match: z.string().optional() },
      output: {},
    },
    link: (bus) => ({
      kind: 'serial',
      path: String(bus.path),
      baudRate: bus.baudRate as number,
      parity: 'none',
      dataBits: 8,
      stopBits: 1,
    }),
    limits: { most: 16, gap: 16, even: false },
    claims: () => [],
    point: (_bus, _device, point) => ({
      type: point.match === undefined ? 'number' : 'bool',
      space: 'status',
      start: 0,
      length: 1,
      detail: point.match === undefined ? {} : { unasked: true },
    }),
    output() {
      throw new AddressFault('bus', 'this protocol has no outputs', 'choose another bus');
    },
    open: unused,
  },
];

const planNames: Readonly<Record<string, string>> = {
  fire: 'alarm',
  'gas-leak': 'alarm',
  'power-loss': 'alarm',
  'water-leak': 'alarm',
  climate: 'alarm',
  supervisory: 'supervisory',
  'gateway-trouble': 'trouble',
};

interface Options extends Partial<LoadOptions> {
  /** with the warning of a site that tells nobody */
  readonly untold?: boolean;
}

export interface Folder {
  readonly path: string;
  /** Writes a file and returns its path. */
  write(name: string, content: string | Uint8Array, mode?: number): string;
  /** Writes the site file and loads it. */
  load(site: string | Uint8Array, options?: Options): Loaded;
  /** The faults of the site, each as `line:col severity what; todo`. */
  faults(site: string, options?: Options): string[];
}

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true });
});

/** A new folder with shipped plans of its own. */
export function folder(): Folder {
  const root = mkdtempSync(path.join(tmpdir(), 'keepwatch-config-'));
  roots.push(root);
  const write: Folder['write'] = (name, content, mode) => {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    if (mode !== undefined) chmodSync(file, mode);
    return file;
  };
  mkdirSync(path.join(root, 'shipped/profiles'), { recursive: true });
  for (const [id, category] of Object.entries(planNames)) {
    write(`shipped/plans/${id}.yaml`, `id: ${id}\ntitle: { zh: 题, en: ${id} }\ncategory: ${category}\n`);
  }
  const load: Folder['load'] = (site, options) => {
    const { config, faults } = loadConfig(write('site.yaml', site), {
      drivers,
      environment: {},
      shipped: path.join(root, 'shipped'),
      ...options,
    });
    // most sites here are about something else than who is told
    const shown = faults.filter(
      ({ what }) => options?.untold || !what.startsWith('nobody is told of an alarm'),
    );
    return config === undefined
      ? { faults: shown }
      : { config: { ...config, warnings: shown }, faults: shown };
  };
  return {
    path: root,
    write,
    load,
    faults: (site, options) =>
      load(site, options).faults.map(
        ({ file, line, column, severity, what, todo }) =>
          `${file.endsWith('site.yaml') ? '' : `${path.basename(file)}:`}${line}:${column} ${severity === 'warning' ? 'warning ' : ''}${what}; ${todo}`,
      ),
  };
}

/** A file of one key, for sites whose broker is elsewhere. */
export const someKeys =
  'li: { name: 李, role: operate, publicKey: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" }\n';

export const premises = 'premises: { id: store_1, name: { zh: 店, en: Shop }, timezone: Asia/Shanghai }\n';

/** A small good site: one contact, one meter, one siren. */
export const smallSite = `${premises}buses:
  header: { driver: gpio }
  lan1: { driver: modbus-tcp, host: 10.0.0.5 }
zones:
  hall: { name: Hall }
devices:
  inputs:
    bus: header
    zone: hall
    points:
      smoke: { line: GPIO17, kind: smoke }
  plc:
    bus: lan1
    unit: 1
    every: 200ms
    points:
      level: { read: "input:0:u16", unit: cm, scale: 0.1 }
      pump: { read: "discrete:0", name: { zh: 泵, en: Pump } }
outputs:
  siren: { bus: header, line: GPIO22, silenceable: true, maxOn: 10m }
rules:
  confirmed:
    when: inputs.smoke && plc.level > 57.0
    plan: fire
    zone: hall
    outputs: { siren: on }
`;

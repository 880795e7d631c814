// The Modbus drivers, RTU on a serial line and Modbus over TCP in either framing: their keys in the site file and
// what addresses mean. Holds no policy: when to ask, how often and what a failure means is the host's.

import * as z from 'zod';
import { AddressFault, type Driver, type Host, type Settings } from '../../src/driver.ts';
import { parseRead, parseWrite } from './codec.ts';
import { connect, type ReadDetail, type WriteDetail } from './connection.ts';
import { RtuPort } from './rtu-port.ts';
import { TcpPort } from './tcp-port.ts';

const place = { read: z.string().min(1).describe('TABLE:ADDRESS[:TYPE[:ORDER]], such as input:0:u16') };
const write = z.string().min(1).describe('coil:N or holding:N[:onValue[:offValue]]');
const serialUnit = z
  .int()
  .min(1)
  .max(255)
  .refine(
    (unit) => unit <= 247 || unit === 255,
    'a unit on a serial line is 1 to 247 (or 255 on some relay boards)',
  );
const tcpUnit = z.int().min(0).max(255).default(1);
// 125 registers fit one reply (Modbus application protocol 1.1b3, 6.3); reading 8 unwanted ones costs less
// line time than a second request
const limits = { most: 125, gap: 8, even: false };

export const modbusRtu: Driver = {
  id: 'modbus-rtu',
  summary: 'Modbus RTU on a serial line (RS-485, RS-232)',
  keys: {
    bus: {
      path: z.string().min(1),
      baudRate: z.int().min(300).max(4_000_000).default(9600),
      parity: z.enum(['none', 'even', 'odd']).default('none'),
      dataBits: z.literal(8).default(8),
      stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
      echo: z.boolean().default(false),
      rs485: z.boolean().default(false),
    },
    device: { unit: serialUnit },
    point: place,
    output: { unit: serialUnit, write },
  },
  link: (bus) => ({
    kind: 'serial',
    path: bus.path as string,
    baudRate: bus.baudRate as number,
    parity: bus.parity as 'none' | 'even' | 'odd',
    dataBits: 8,
    stopBits: bus.stopBits as 1 | 2,
    ...(bus.rs485 === true && { rs485: true }),
  }),
  limits,
  claims,
  point,
  output,
  open: (bus, host) =>
    connect(new RtuPort(linkOf(host), { ...rtuPort(host), echo: bus.echo === true }), host),
};

export const modbusTcp: Driver = {
  id: 'modbus-tcp',
  summary: 'Modbus TCP, to a device or a gateway',
  keys: {
    bus: {
      host: z.string().min(1),
      port: z.int().min(1).max(65535).default(502),
      framing: z.enum(['tcp', 'rtu']).default('tcp'),
      connections: z.int().min(1).max(16).default(1),
    },
    device: { unit: tcpUnit },
    point: place,
    output: { unit: tcpUnit, write },
  },
  link: (bus) => ({
    kind: 'tcp',
    host: bus.host as string,
    port: bus.port as number,
    ...(bus.framing === 'rtu' ? { untagged: true } : {}),
    ...(typeof bus.connections === 'number' && bus.connections > 1 ? { connections: bus.connections } : {}),
  }),
  limits,
  claims,
  point,
  output,
  open: (bus, host) =>
    connect(
      bus.framing === 'rtu'
        ? new RtuPort(linkOf(host), { ...rtuPort(host), echo: false })
        : new TcpPort(linkOf(host), host.fail),
      host,
    ),
};

function rtuPort(host: Host) {
  return {
    stray: (space: string) => host.stray?.(space),
    echoing: () =>
      host.log.warn(
        { code: 'LINE_ECHO' },
        'the line sends our own bytes back; write `echo: true` on the bus, or turn it off at the adapter',
      ),
  };
}

function linkOf(host: Host) {
  if (!host.link) throw new Error('Modbus needs a link');
  return host.link;
}

function claims(where: { device?: Settings; point?: Settings; output?: Settings }): readonly string[] {
  if (where.output) {
    const { unit, table, address } = writeDetail(where.output);
    return [`unit ${unit} ${table} ${address}`];
  }
  return where.device && !where.point ? [`unit ${unitOf(where.device)}`] : [];
}

function unitOf(settings: Settings): number {
  const unit = settings.unit;
  if (typeof unit !== 'number')
    throw new AddressFault('unit', 'no unit', 'give the number of the Modbus unit, such as 1');
  return unit;
}

function writeDetail(settings: Settings): WriteDetail {
  return { unit: unitOf(settings), ...parseWrite(String(settings.write)) };
}

function point(_bus: Settings, device: Settings, settings: Settings) {
  const detail: ReadDetail = { unit: unitOf(device), ...parseRead(String(settings.read)) };
  return {
    type: detail.type === 'bool' ? ('bool' as const) : ('number' as const),
    space: `unit ${detail.unit} ${detail.table}`,
    start: detail.address,
    length: detail.length,
    detail,
  };
}

function output(_bus: Settings, settings: Settings) {
  const detail = writeDetail(settings);
  return { space: `unit ${detail.unit} ${detail.table}`, detail };
}

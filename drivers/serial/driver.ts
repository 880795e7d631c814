// The `serial` driver: byte protocols on a serial port, or on a serial device server over TCP. Chooses the
// protocol by the bus key of that name and leaves addresses and conversation to it. Must not know any
// protocol's bytes.

import * as z from 'zod';
import { AddressFault, type Driver, type LinkSettings, type Settings } from '../../src/driver.ts';
import type { Protocol } from './protocol.ts';
import { protocols } from './protocols.ts';

const names = protocols.map((protocol) => protocol.id) as [string, ...string[]];

const linkKeys = {
  protocol: z.enum(names).describe('what is spoken on the line'),
  path: z.string().min(1).optional().describe('serial port, such as /dev/serial/by-id/…; or host and port'),
  host: z.string().min(1).optional().describe('serial device server; or path'),
  port: z.int().min(1).max(65_535).optional().describe('its TCP port'),
  baudRate: z
    .int()
    .min(50)
    .max(4_000_000)
    .optional()
    .describe(`default ${protocols.map((protocol) => `${protocol.baudRate} for ${protocol.id}`).join(', ')}`),
  parity: z.enum(['none', 'even', 'odd']).optional().describe('default none'),
  dataBits: z
    .union([z.literal(7), z.literal(8)])
    .optional()
    .describe('default 8'),
  stopBits: z
    .union([z.literal(1), z.literal(2)])
    .optional()
    .describe('default 1'),
};

const serialOnly = ['baudRate', 'parity', 'dataBits', 'stopBits'] as const;

function protocolOf(bus: Settings): Protocol {
  const found = protocols.find((protocol) => protocol.id === bus.protocol);
  if (!found) {
    throw new AddressFault(
      'protocol',
      `no serial protocol is called "${bus.protocol}"`,
      `write ${names.join(' or ')}`,
    );
  }
  return found;
}

type ProtocolPlace = keyof Protocol['keys'];

/** The keys of all protocols; one that several have, in one form, is described for each of them. */
function keysOf(place: ProtocolPlace): z.ZodRawShape {
  const merged: Record<string, z.ZodType> = {};
  for (const protocol of protocols) {
    for (const [key, schema] of Object.entries(protocol.keys[place] as Record<string, z.ZodType>)) {
      const words = `${protocol.id}: ${schema.description}`;
      const before = merged[key];
      merged[key] = before ? before.describe(`${before.description}; ${words}`) : schema.describe(words);
    }
  }
  return merged;
}

/** The driver's schema is the union of all protocols', so a key of another protocol gets this far. */
function refuseForeignKeys(protocol: Protocol, place: ProtocolPlace, settings: Settings): void {
  for (const other of protocols) {
    for (const key of Object.keys(other.keys[place])) {
      if (settings[key] === undefined || key in protocol.keys[place]) continue;
      const known = Object.keys(protocol.keys[place]);
      const owners = protocols.filter((each) => key in each.keys[place]).map((each) => each.id);
      throw new AddressFault(
        key,
        `\`${key}\` belongs to the protocol ${owners.join(' or ')}, and this bus speaks ${protocol.id}`,
        known.length > 0 ? `use ${known.map((name) => `\`${name}\``).join(', ')}` : `take \`${key}\` out`,
      );
    }
  }
}

/** Throws AddressFault unless exactly one of `path` and `host` + `port` is given. */
function linkOf(bus: Settings, baudRate: number): LinkSettings {
  if (typeof bus.path === 'string') {
    if (bus.host !== undefined || bus.port !== undefined) {
      throw new AddressFault(
        bus.host !== undefined ? 'host' : 'port',
        'a bus has either a `path` or a `host` and `port`, not both',
        'keep `path` for a serial port of this machine, `host` and `port` for a serial device server',
      );
    }
    return {
      kind: 'serial',
      path: bus.path,
      baudRate: (bus.baudRate as number | undefined) ?? baudRate,
      parity: (bus.parity as 'none' | 'even' | 'odd' | undefined) ?? 'none',
      dataBits: (bus.dataBits as 7 | 8 | undefined) ?? 8,
      stopBits: (bus.stopBits as 1 | 2 | undefined) ?? 1,
    };
  }
  if (typeof bus.host === 'string' && typeof bus.port === 'number') {
    const set = serialOnly.find((key) => bus[key] !== undefined);
    if (set) {
      throw new AddressFault(
        set,
        `\`${set}\` has no effect on a bus with \`host\` and \`port\``,
        'set it in the serial device server and take it out here',
      );
    }
    return { kind: 'tcp', host: bus.host, port: bus.port };
  }
  if (bus.host !== undefined)
    throw new AddressFault('host', '`host` without `port`', 'add the TCP `port` of the serial device server');
  if (bus.port !== undefined)
    throw new AddressFault('port', '`port` without `host`', 'add the `host` of the serial device server');
  throw new AddressFault(
    'path',
    'the bus names no line',
    'add `path: /dev/serial/by-id/…`, or the `host` and `port` of a serial device server',
  );
}

export const serial: Driver = {
  id: 'serial',
  summary: `Serial lines that are not Modbus: ${names.join(', ')}; on a port, or through a serial device server`,
  keys: {
    bus: { ...linkKeys, ...keysOf('bus') },
    device: keysOf('device'),
    point: keysOf('point'),
    output: {},
  },
  /** Throws AddressFault where the bus's keys do not go together. */
  link(bus) {
    const protocol = protocolOf(bus);
    refuseForeignKeys(protocol, 'bus', bus);
    protocol.bus(bus);
    return linkOf(bus, protocol.baudRate);
  },
  limits: { most: 256, gap: 256, even: false },
  claims({ bus, device, point, output }) {
    if (point || output || !device) return [];
    const protocol = protocols.find((each) => each.id === bus.protocol);
    return [
      ...(protocol?.single ? ['the only device of the line'] : []),
      ...(protocol?.claims?.(device) ?? []),
    ];
  },
  point(bus, device, point) {
    const protocol = protocolOf(bus);
    refuseForeignKeys(protocol, 'device', device);
    refuseForeignKeys(protocol, 'point', point);
    return protocol.point(bus, device, point);
  },
  output(bus) {
    throw new AddressFault(
      'bus',
      `the protocol ${bus.protocol} has no outputs`,
      'put the output on a Modbus or GPIO bus',
    );
  },
  async open(bus, host) {
    return protocolOf(bus).open(bus, host);
  },
};

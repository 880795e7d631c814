// The keys of the serial driver: which line a bus names, what each protocol adds, what is refused and how.

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { serial } from '../../drivers/serial/driver.ts';
import { protocols } from '../../drivers/serial/protocols.ts';
import type { Settings } from '../../src/driver.ts';

function fault(run: () => unknown): { key: string; message: string; hint: string } {
  try {
    run();
  } catch (error) {
    expect(error).toMatchObject({ name: 'AddressFault' });
    return error as { key: string; message: string; hint: string };
  }
  throw new Error('nothing was refused');
}

const linkFault = (bus: Settings): string => fault(() => serial.link(bus)).key;

describe('a serial bus', () => {
  it('is a port, with the rate of its protocol', () => {
    expect(serial.link({ protocol: 'megatec', path: '/dev/ttyUSB1' })).toEqual({
      kind: 'serial',
      path: '/dev/ttyUSB1',
      baudRate: 2400,
      parity: 'none',
      dataBits: 8,
      stopBits: 1,
    });
    expect(
      serial.link({ protocol: 'lines', path: '/dev/a', parity: 'even', dataBits: 7, stopBits: 2 }),
    ).toEqual({
      kind: 'serial',
      path: '/dev/a',
      baudRate: 9600,
      parity: 'even',
      dataBits: 7,
      stopBits: 2,
    });
  });

  it('or a serial device server, never both', () => {
    expect(serial.link({ protocol: 'megatec', host: '10.0.0.9', port: 4001 })).toEqual({
      kind: 'tcp',
      host: '10.0.0.9',
      port: 4001,
    });
    expect(linkFault({ protocol: 'megatec' })).toBe('path');
    expect(linkFault({ protocol: 'megatec', host: 'a' })).toBe('host');
    expect(linkFault({ protocol: 'megatec', port: 1 })).toBe('port');
    expect(linkFault({ protocol: 'megatec', path: '/dev/a', host: 'a', port: 1 })).toBe('host');
    expect(linkFault({ protocol: 'megatec', path: '/dev/a', port: 1 })).toBe('port');
    expect(linkFault({ protocol: 'megatec', host: 'a', port: 1, baudRate: 2400 })).toBe('baudRate');
  });

  it('takes no keys of another protocol', () => {
    expect(linkFault({ protocol: 'megatec', path: '/dev/a', encoding: 'gb18030' })).toBe('encoding');
    expect(linkFault({ protocol: 'morse', path: '/dev/a' })).toBe('protocol');
    const point = fault(() =>
      serial.point({ protocol: 'megatec', path: '/dev/a' }, {}, { read: 'load', match: 'A' }),
    );
    expect(point.key).toBe('match');
    expect(point.message).toContain('lines');
    const device = fault(() =>
      serial.point({ protocol: 'lines', path: '/dev/a' }, { cells: 6 }, { match: 'A' }),
    );
    expect(device.key).toBe('cells');
  });

  it('names what can be read', () => {
    const bus = { protocol: 'megatec', path: '/dev/a' };
    expect(fault(() => serial.point(bus, {}, { read: 'volts' })).hint).toContain('inputVoltage');
    expect(fault(() => serial.point(bus, {}, {})).key).toBe('read');
    expect(serial.point(bus, {}, { read: 'batteryLow' }).type).toBe('bool');
    expect(serial.point(bus, {}, { read: 'load' }).type).toBe('number');
    expect(fault(() => serial.output(bus, {})).message).toContain('no outputs');
  });

  it('has one UPS, but many points of it', () => {
    const bus = { protocol: 'megatec', path: '/dev/a' };
    expect(serial.claims({ bus, device: {} })).toHaveLength(1);
    expect(serial.claims({ bus, device: {}, point: { read: 'load' } })).toEqual([]);
    expect(serial.claims({ bus: { protocol: 'lines', path: '/dev/a' }, device: {} })).toEqual([]);
  });

  it('has keys that no two protocols share in different forms, or in different places', () => {
    const places = new Map<string, string>();
    for (const protocol of protocols) {
      for (const [place, keys] of Object.entries(protocol.keys)) {
        for (const [key, schema] of Object.entries(keys)) {
          const { description, ...form } = z.toJSONSchema(schema);
          expect(description, `${protocol.id} ${key}`).toBeDefined();
          const meant = JSON.stringify([place, form]);
          expect(places.get(key) ?? meant, `${protocol.id} ${key}`).toBe(meant);
          places.set(key, meant);
        }
      }
    }
    // an editor shows what a shared key means in each protocol
    const read = (serial.keys.point.read as z.ZodType).description;
    for (const id of ['megatec', 'voltronic', 'winsen', 'adam-ascii', 'afp-2800', 'gst9000'])
      expect(read).toContain(`${id}: `);
    const schema = z.strictObject(serial.keys.bus);
    expect(schema.safeParse({ protocol: 'lines', path: '/dev/a', start: ':', end: ';' }).success).toBe(true);
    expect(schema.safeParse({ protocol: 'lines', path: '/dev/a', baud: 9600 }).success).toBe(false);
    expect(() => z.toJSONSchema(schema)).not.toThrow();
  });
});

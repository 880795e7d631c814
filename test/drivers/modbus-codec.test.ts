// Modbus addresses and numbers against published bytes: libmodbus, PZEM-004T, XY-MD02, a 2DI board.

import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { crc16, decode, exceptionText, parseRead, parseWrite } from '../../drivers/modbus/codec.ts';
import { modbusRtu, modbusTcp } from '../../drivers/modbus/driver.ts';
import { AddressFault } from '../../src/driver.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const value = (text: string, bytes: string, at = 0) => decode(hex(bytes), at, parseRead(text));

describe('read addresses', () => {
  test.each([
    ['coil:3', { table: 'coil', address: 3, type: 'bool', order: 'abcd', length: 1 }],
    ['discrete:0x1C4', { table: 'discrete', address: 0x1c4, type: 'bool', order: 'abcd', length: 1 }],
    ['input:0', { table: 'input', address: 0, type: 'u16', order: 'abcd', length: 1 }],
    ['holding:0x2000:f32', { table: 'holding', address: 0x2000, type: 'f32', order: 'abcd', length: 2 }],
    ['Input:12:u64:dcba', { table: 'input', address: 12, type: 'u64', order: 'dcba', length: 4 }],
    ['holding:5.3', { table: 'holding', address: 5, type: 'bool', order: 'abcd', length: 1, bit: 3 }],
    ['holding:5.15:bool', { table: 'holding', address: 5, type: 'bool', order: 'abcd', length: 1, bit: 15 }],
  ])('%s', (text, expected) => expect(parseRead(text)).toEqual(expected));

  test.each([
    '',
    'register:1',
    'holding',
    'holding:',
    'holding:-1',
    'holding:65536',
    'holding:65535:f32',
    'holding:1e3',
    'holding:0b1',
    'holding:1.16',
    'holding:1.2.3',
    'holding:1.3:u16',
    'coil:1.2',
    'coil:1:u16',
    'input:1:u8',
    'input:1:u16:abdc',
    'input:1:u16:abcd:x',
    'input:1:constructor',
  ])('refuses "%s"', (text) => {
    expect(() => parseRead(text)).toThrow(AddressFault);
    try {
      parseRead(text);
    } catch (error) {
      expect((error as AddressFault).hint).not.toBe('');
      expect((error as AddressFault).key).toBe('read');
    }
  });
});

describe('write addresses', () => {
  test('parsed', () => {
    expect(parseWrite('coil:0')).toEqual({ table: 'coil', address: 0, onValue: 1, offValue: 0 });
    expect(parseWrite('holding:0x10')).toEqual({ table: 'holding', address: 16, onValue: 1, offValue: 0 });
    expect(parseWrite('holding:3:567:0x22')).toEqual({
      table: 'holding',
      address: 3,
      onValue: 567,
      offValue: 34,
    });
  });
  test.each([
    'input:0',
    'coil',
    'coil:0:1',
    'holding:0:1:1',
    'holding:0:70000',
    'holding:0:1:2:3',
    'holding:x',
  ])('refuses "%s"', (text) => expect(() => parseWrite(text)).toThrow(AddressFault));
});

describe('values', () => {
  test('the float of libmodbus in all orders', () => {
    expect(value('input:0:f32:abcd', '47F1 2000')).toBe(123456);
    expect(value('input:0:f32:cdab', '2000 47F1')).toBe(123456);
    expect(value('input:0:f32:badc', 'F147 0020')).toBe(123456);
    expect(value('input:0:f32:dcba', '0020 F147')).toBe(123456);
  });
  test('the bits of libmodbus', () => {
    const bits = Array.from({ length: 0x25 }, (_, at) =>
      value('coil:0', 'CD 6B B2 0E 1B', at) ? 1 : 0,
    ).join('');
    expect(bits).toBe('1011001111010110010011010111000011011');
  });
  test('the registers of libmodbus', () => {
    expect([0, 1, 2].map((at) => value('holding:0', '022B 0001 0064', at))).toEqual([0x22b, 1, 0x64]);
  });
  test('PZEM-004T: 225.7 V, 0.108 A, 24.4 W, 38 Wh, 50.0 Hz', () => {
    const reply = '08D1 006C 0000 00F4 0000 0026 0000 01F4 0064 0000';
    expect(value('input:0', reply, 0)).toBe(2257);
    expect(value('input:1:u32:cdab', reply, 1)).toBe(108);
    expect(value('input:3:u32:cdab', reply, 3)).toBe(244);
    expect(value('input:5:u32:cdab', reply, 5)).toBe(38);
    expect(value('input:7', reply, 7)).toBe(500);
    expect(value('input:8', reply, 8)).toBe(100);
    expect(value('input:9', reply, 9)).toBe(0);
  });
  test('signs, widths and bits', () => {
    expect(value('input:0:i16', 'FF38')).toBe(-200);
    expect(value('input:0:i32', 'FFFF FFFE')).toBe(-2);
    expect(value('input:0:i32:cdab', 'FFFE FFFF')).toBe(-2);
    expect(value('input:0:u32', 'FFFF FFFE')).toBe(0xfffffffe);
    expect(value('input:0:i64', 'FFFF FFFF FFFF FF85')).toBe(-123);
    expect(value('input:0:u64', '0000 0001 0000 0002')).toBe(0x1_0000_0002);
    expect(value('input:0:u64:cdab', '0002 0000 0001 0000')).toBe(0x1_0000_0002);
    expect(value('input:0:f64', '400921FB54442D18')).toBe(Math.PI);
    expect(value('input:0:f64:dcba', '182D4454FB210940')).toBe(Math.PI);
    expect(value('input:0:u16:badc', '3412')).toBe(0x1234);
    expect(value('holding:0.3', '0008')).toBe(true);
    expect(value('holding:0.2', '0008')).toBe(false);
    expect(value('holding:0.15', '8000')).toBe(true);
    expect(value('holding:0:bool', '0100')).toBe(true);
    expect(value('holding:0:bool', '0000')).toBe(false);
  });
  test('a float of 32 bits is the shortest decimal that is that float', () => {
    const of = (wanted: number): unknown => {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatBE(wanted);
      return value('input:0:f32', bytes.toString('hex'));
    };
    const plain = [225.7, 10.22, 0.1, -0.3, 49.98, 16777216, 3.4028235e38, 1.2e-38, 8388609, 0.33333334];
    for (const wanted of [...plain, 10.223502, 1234567.1, 20.123457]) expect(of(wanted)).toBe(wanted);
    expect(of(-0)).toBe(0);
    let bits = 1;
    const bytes = Buffer.alloc(4);
    for (let count = 0; count < 20_000; count += 1) {
      bits = (Math.imul(bits, 1664525) + 1013904223) >>> 0;
      bytes.writeUInt32BE(bits);
      const exact = bytes.readFloatBE();
      const got = value('input:0:f32', bytes.toString('hex'));
      if (!Number.isFinite(exact)) expect(got).toBeNull();
      else {
        expect(Math.fround(got as number)).toBe(exact);
        expect(
          String(got)
            .replace(/e.*|\D/g, '')
            .replace(/^0+|0+$/g, '').length,
        ).toBeLessThanOrEqual(9);
      }
    }
  });
  test('a float that is no number is no value', () => {
    expect(value('input:0:f32', '7FC0 0000')).toBeNull();
    expect(value('input:0:f32', '7F80 0000')).toBeNull();
    expect(value('input:0:f64', 'FFF0000000000000')).toBeNull();
  });
});

test.each([
  '01 04 14 08D1 006C 0000 00F4 0000 0026 0000 01F4 0064 0000 51 34',
  '01 04 00 01 00 02 20 0B',
  '01 05 00 00 FF 00 8C 3A',
  'FF 02 00 00 00 08 6C 12',
  'FF 02 01 01 51 A0',
  '0B 02 02 01 00 20 29',
])('checksum of %s', (frame) => {
  const bytes = hex(frame);
  expect(crc16(bytes, 0, bytes.length - 2)).toBe(bytes.readUInt16LE(bytes.length - 2));
});

test('exceptions in words', () => {
  expect(exceptionText(2)).toBe('Modbus exception 2 (illegal data address)');
  expect(exceptionText(99)).toBe('Modbus exception 99 (unknown)');
});

test('keys, claims and addresses of the drivers', () => {
  const unit = modbusRtu.keys.device.unit as z.ZodType;
  for (const good of [1, 247, 255]) expect(unit.safeParse(good).success).toBe(true);
  for (const bad of [0, 248, 256, 1.5, undefined]) expect(unit.safeParse(bad).success).toBe(false);
  expect((modbusTcp.keys.device.unit as z.ZodType).parse(undefined)).toBe(1);
  expect((modbusTcp.keys.device.unit as z.ZodType).safeParse(0).success).toBe(true);
  expect(modbusRtu.claims({ bus: {}, device: { unit: 3 } })).toEqual(['unit 3']);
  expect(modbusRtu.claims({ bus: {}, device: { unit: 3 }, point: { read: 'coil:0' } })).toEqual([]);
  expect(modbusRtu.claims({ bus: {}, output: { unit: 3, write: 'coil:0x10' } })).toEqual(['unit 3 coil 16']);
  expect(modbusTcp.point({}, { unit: 3 }, { read: 'input:7:f32' })).toMatchObject({
    type: 'number',
    space: 'unit 3 input',
    start: 7,
    length: 2,
  });
  expect(() => modbusRtu.point({}, {}, { read: 'input:7' })).toThrow(AddressFault);
});

// Modbus addresses and numbers: the text of `read` and `write` into what goes on the wire, and registers and
// bits into values. Pure: knows nothing of frames, links or sessions.

import { AddressFault } from '../../src/driver.ts';

export type Table = 'coil' | 'discrete' | 'input' | 'holding';
export type NumberType = 'bool' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64' | 'f32' | 'f64';
/** Order of bytes on the wire, `a` the most significant; 64 bits follow the same pattern by words. */
export type Order = 'abcd' | 'cdab' | 'badc' | 'dcba';

export interface ReadAddress {
  readonly table: Table;
  readonly address: number;
  readonly type: NumberType;
  readonly order: Order;
  /** one bit of a register, 0 the least significant */
  readonly bit?: number;
  /** cells: registers, or bits in the bit tables */
  readonly length: number;
}

export interface WriteAddress {
  readonly table: 'coil' | 'holding';
  readonly address: number;
  /** register values for on and off; a coil is written as such */
  readonly onValue: number;
  readonly offValue: number;
}

const registersOf: Readonly<Record<NumberType, number>> = {
  bool: 1,
  u16: 1,
  i16: 1,
  u32: 2,
  i32: 2,
  f32: 2,
  u64: 4,
  i64: 4,
  f64: 4,
};
const tables: readonly string[] = ['coil', 'discrete', 'input', 'holding'];
const orders: readonly string[] = ['abcd', 'cdab', 'badc', 'dcba'];
const readHint = 'write TABLE:ADDRESS[:TYPE[:ORDER]], such as "input:0:u16", "discrete:3" or "holding:5.3"';
const writeHint = 'write "coil:N" or "holding:N[:onValue[:offValue]]", such as "coil:0" or "holding:3:1:0"';

/** Function code that reads a table. */
export const readFunction: Readonly<Record<Table, 1 | 2 | 3 | 4>> = {
  coil: 1,
  discrete: 2,
  holding: 3,
  input: 4,
};

/** Which table an answer to this function code is about; undefined where it is none of ours. */
export function tableOf(code: number): Table | undefined {
  if (code === 5 || code === 15) return 'coil';
  if (code === 6 || code === 16) return 'holding';
  return (Object.keys(readFunction) as Table[]).find((table) => readFunction[table] === code);
}

export function isBitTable(table: Table): boolean {
  return table === 'coil' || table === 'discrete';
}

function cell(key: string, text: string, hint: string): number {
  const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!(value <= 0xffff)) throw new AddressFault(key, `"${text}" is no address from 0 to 65535`, hint);
  return value;
}

/** Parses `TABLE:ADDRESS[:TYPE[:ORDER]]`; throws AddressFault. */
export function parseRead(text: string): ReadAddress {
  const fail = (what: string, hint = readHint): never => {
    throw new AddressFault('read', what, hint);
  };
  const [table = '', place = '', typeText, orderText, ...more] = text.trim().toLowerCase().split(':');
  if (!tables.includes(table))
    fail(`"${table}" is no Modbus table`, `one of ${tables.join(', ')}; ${readHint}`);
  if (more.length > 0) fail(`"${text}" has too many parts`);
  const bits = isBitTable(table as Table);
  const [addressText = '', bitText, ...dots] = place.split('.');
  if (dots.length > 0) fail(`"${place}" is no address`);
  const address = cell('read', addressText, readHint);
  let bit: number | undefined;
  if (bitText !== undefined) {
    bit = /^\d+$/.test(bitText) ? Number(bitText) : Number.NaN;
    if (bits) fail(`a ${table} is one bit already`, `write "${table}:${address}"`);
    if (!(bit <= 15)) fail(`"${bitText}" is no bit from 0 to 15`);
  }
  const type = (typeText ?? (bits || bit !== undefined ? 'bool' : 'u16')) as NumberType;
  if (!Object.hasOwn(registersOf, type))
    fail(`"${typeText}" is no type`, `one of ${Object.keys(registersOf).join(', ')}`);
  if ((bits || bit !== undefined) && type !== 'bool') {
    fail(`${bits ? `a ${table}` : 'a bit'} can only be bool, not ${type}`, `write "${table}:${place}"`);
  }
  const order = (orderText ?? 'abcd') as Order;
  if (!orders.includes(order)) fail(`"${orderText}" is no byte order`, `one of ${orders.join(', ')}`);
  const length = registersOf[type];
  if (address + length > 0x10000) fail(`${type} at ${address} reaches past the last register 65535`);
  return { table: table as Table, address, type, order, length, ...(bit === undefined ? {} : { bit }) };
}

/** Parses `coil:N` or `holding:N[:onValue[:offValue]]`; throws AddressFault. */
export function parseWrite(text: string): WriteAddress {
  const [table = '', place = '', onText, offText, ...more] = text.trim().toLowerCase().split(':');
  if (table !== 'coil' && table !== 'holding') {
    throw new AddressFault('write', `"${table}" can't be written`, writeHint);
  }
  if (more.length > 0 || (table === 'coil' && onText !== undefined)) {
    throw new AddressFault('write', `"${text}" has too many parts`, writeHint);
  }
  const address = cell('write', place, writeHint);
  const onValue = onText === undefined ? 1 : cell('write', onText, writeHint);
  const offValue = offText === undefined ? 0 : cell('write', offText, writeHint);
  if (onValue === offValue) throw new AddressFault('write', 'on and off are the same value', writeHint);
  return { table, address, onValue, offValue };
}

const scratch = Buffer.alloc(8);

/**
 * One value out of the bytes of a reply. `cells` is the data part only; `at` counts registers, or bits in the
 * bit tables, from its start. null where a float is NaN or infinite; 64-bit values past 2^53 lose their last digits.
 */
export function decode(cells: Buffer, at: number, what: ReadAddress): boolean | number | null {
  if (isBitTable(what.table)) return ((cells[at >> 3]! >> (at & 7)) & 1) === 1;
  let bytes = cells;
  let offset = at * 2;
  if (what.order !== 'abcd') {
    reorder(cells, offset, what.length, what.order);
    bytes = scratch;
    offset = 0;
  }
  switch (what.type) {
    case 'bool': {
      const word = bytes.readUInt16BE(offset);
      return what.bit === undefined ? word !== 0 : ((word >> what.bit) & 1) === 1;
    }
    case 'u16':
      return bytes.readUInt16BE(offset);
    case 'i16':
      return bytes.readInt16BE(offset);
    case 'u32':
      return bytes.readUInt32BE(offset);
    case 'i32':
      return bytes.readInt32BE(offset);
    case 'u64':
      return bytes.readUInt32BE(offset) * 0x1_0000_0000 + bytes.readUInt32BE(offset + 4);
    case 'i64':
      return bytes.readInt32BE(offset) * 0x1_0000_0000 + bytes.readUInt32BE(offset + 4);
    case 'f32':
      return shortest(bytes.readFloatBE(offset));
    case 'f64':
      return finite(bytes.readDoubleBE(offset));
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/**
 * The shortest decimal that is this float32: 10.22, where its digits as a double are 10.220000267. One of 9
 * digits always is.
 */
function shortest(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  for (const digits of [6, 7, 8]) {
    const near = Number(value.toPrecision(digits));
    if (Math.fround(near) === value) return near;
  }
  return Number(value.toPrecision(9));
}

/** Copies a value's bytes into `scratch`, most significant first. */
function reorder(cells: Buffer, offset: number, words: number, order: Order): void {
  const swapWords = order === 'cdab' || order === 'dcba';
  const swapBytes = order === 'badc' || order === 'dcba';
  for (let word = 0; word < words; word += 1) {
    const from = offset + (swapWords ? words - 1 - word : word) * 2;
    scratch[word * 2] = cells[from + (swapBytes ? 1 : 0)]!;
    scratch[word * 2 + 1] = cells[from + (swapBytes ? 0 : 1)]!;
  }
}

const crcTable = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

/** CRC-16/MODBUS of `bytes[from … to - 1]`; low byte first on the wire (Modbus over serial line 1.02, 6.2.2). */
export function crc16(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0xffff;
  for (let index = from; index < to; index += 1) crc = crcTable[(crc ^ bytes[index]!) & 0xff]! ^ (crc >> 8);
  return crc;
}

/** Length in bytes of the data part of the reply to a read of `cells` cells by `code`. */
export function dataBytes(code: number, cells: number): number {
  return code <= 2 ? (cells + 7) >> 3 : cells * 2;
}

const exceptions: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'device failure',
  5: 'acknowledge, still working',
  6: 'device busy',
  7: 'negative acknowledge',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target gave no answer',
};

export function exceptionText(code: number): string {
  return `Modbus exception ${code} (${exceptions[code] ?? 'unknown'})`;
}

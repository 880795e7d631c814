// Registers and bits to values: every pattern of bytes is a value or none, and the same that arithmetic on the bytes,
// done another way, says.

import { decode, isBitTable, type Order, parseRead } from '../../../drivers/modbus/codec.ts';
import { must, outline, type Target } from '../target.ts';

const tables = ['coil', 'discrete', 'input', 'holding'];
const types = ['bool', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64', 'f32', 'f64'];
const orders: readonly Order[] = ['abcd', 'cdab', 'badc', 'dcba'];

/** The bytes of a value in order `abcd`. */
function inOrder(cells: Uint8Array, order: Order): number[] {
  const words: number[][] = [];
  for (let at = 0; at < cells.length; at += 2) words.push([cells[at]!, cells[at + 1]!]);
  if (order === 'cdab' || order === 'dcba') words.reverse();
  return words.flatMap((word) => (order === 'badc' || order === 'dcba' ? word.reverse() : word));
}

function wholeOf(bytes: readonly number[], signed: boolean): number {
  let value = 0n;
  for (const byte of bytes) value = value * 256n + BigInt(byte);
  const bits = bytes.length * 8;
  return Number(signed ? BigInt.asIntN(bits, value) : value);
}

function expected(cells: Uint8Array, type: string, order: Order, bit: number | undefined): unknown {
  const bytes = inOrder(cells, order);
  if (type === 'bool') {
    const word = wholeOf(bytes, false);
    return bit === undefined ? word !== 0 : Math.floor(word / 2 ** bit) % 2 === 1;
  }
  if (type.startsWith('f')) {
    const view = new DataView(Uint8Array.from(bytes).buffer);
    return type === 'f32' ? view.getFloat32(0) : view.getFloat64(0);
  }
  return wholeOf(bytes, type.startsWith('i'));
}

function agree(got: unknown, wanted: unknown, type: string): boolean {
  if (typeof wanted !== 'number' || typeof got !== 'number')
    return got === (typeof wanted === 'number' && !Number.isFinite(wanted) ? null : wanted);
  if (!Number.isFinite(got)) return false;
  // as a decimal a float32 has fewer digits than as a double
  if (type === 'f32') return Object.is(Math.fround(got), wanted) || (got === 0 && wanted === 0);
  return got === wanted || (type.endsWith('64') && Math.abs(got - wanted) <= Math.abs(wanted) * 2 ** -52);
}

export const modbusValues: Target = {
  name: 'modbus-values',
  what: 'cells to a value of any type and byte order: finite, true, false or none, as arithmetic by another way has it',
  seeds: [
    Uint8Array.of(2, 7, 1, 0, 0x41, 0x23, 0x85, 0x1f, 0, 0, 0, 0),
    Uint8Array.of(3, 8, 0, 0, 0x40, 0x24, 0x70, 0xa3, 0xd7, 0x0a, 0x3d, 0x71),
    Uint8Array.of(0, 0, 0, 5, 0xff),
    Uint8Array.of(3, 0, 3, 0x1f, 0x80, 0x00),
    Uint8Array.of(2, 7, 0, 0, 0x7f, 0xc0, 0, 0),
  ],
  largestBytes: 64,
  executions: 2_000_000,
  run(bytes) {
    const table = tables[(bytes[0] ?? 0) % 4]!;
    const [typeAt, order, choice] = [(bytes[1] ?? 0) % 9, orders[(bytes[2] ?? 0) % 4]!, bytes[3] ?? 0];
    const cells = Buffer.alloc(16);
    cells.set(bytes.subarray(4, 20));
    if (table === 'coil' || table === 'discrete') {
      const at = choice % 128;
      const what = parseRead(`${table}:0`);
      must(isBitTable(what.table), 'a table of bits');
      const got = decode(cells, at, what);
      must(
        got === (Math.floor(cells[Math.floor(at / 8)]! / 2 ** (at % 8)) % 2 === 1),
        () => `bit ${at}: ${got}`,
      );
      return `bit ${got}`;
    }
    const bit = typeAt === 0 && choice >= 128 ? choice % 16 : undefined;
    const what = parseRead(
      bit === undefined ? `${table}:0:${types[typeAt]}:${order}` : `${table}:0.${bit}:bool:${order}`,
    );
    const at = choice % 4;
    const got = decode(cells, at, what);
    const wanted = expected(cells.subarray(at * 2, (at + what.length) * 2), what.type, order, bit);
    must(agree(got, wanted, what.type), () => `${what.type} ${order}: ${got}, not ${wanted}`);
    return `${what.type} ${order} ${outline(got)}`;
  },
};

// The texts of `read` and `write` of a Modbus point: whatever stands there is an address that fits the tables, or an
// AddressFault with a hint.

import { isBitTable, parseRead, parseWrite } from '../../../drivers/modbus/codec.ts';
import { AddressFault } from '../../../src/driver.ts';
import { must, mustEqual, outcome, type Target, textOf } from '../target.ts';

const types = ['bool', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64', 'f32', 'f64'];
const mayThrow = (error: unknown): boolean =>
  error instanceof AddressFault && error.hint !== '' && error.message !== '';

function read(text: string): unknown {
  const address = parseRead(text);
  const { table, address: at, type, order, bit, length } = address;
  must(Number.isInteger(at) && at >= 0 && at + length <= 0x10000, () => `${at} + ${length} leaves the table`);
  must(types.includes(type), () => `${type} is no type`);
  must(bit === undefined || (Number.isInteger(bit) && bit >= 0 && bit <= 15), () => `${bit} is no bit`);
  must(!isBitTable(table) || (type === 'bool' && bit === undefined), 'a bit of a bit');
  const written = `${table}:${at}${bit === undefined ? '' : `.${bit}`}:${type}:${order}`;
  mustEqual(parseRead(written), address, 'written out and read again');
  return address;
}

function write(text: string): unknown {
  const address = parseWrite(text);
  const { table, address: at, onValue, offValue } = address;
  for (const value of [at, onValue, offValue])
    must(Number.isInteger(value) && value >= 0 && value <= 0xffff, () => `${value} is no register`);
  must(onValue !== offValue, 'on and off are the same');
  if (table === 'holding')
    mustEqual(parseWrite(`holding:${at}:${onValue}:${offValue}`), address, 'written out and read again');
  return address;
}

export const modbusAddress: Target = {
  name: 'modbus-address',
  what: 'TABLE:ADDRESS:TYPE:ORDER is an address inside the table, or an AddressFault; written out it reads the same',
  seeds: ['input:0:u16', 'discrete:3', 'holding:5.3', 'holding:0x10:f32:cdab', 'coil:7', 'holding:3:1:0'],
  words: ['coil', 'discrete', 'input', 'holding', 'abcd', 'cdab', 'badc', 'dcba', '0x', '65535', ...types],
  largestBytes: 80,
  executions: 500_000,
  run(bytes) {
    const text = textOf(bytes);
    return `${outcome(() => read(text), mayThrow)} ${outcome(() => write(text), mayThrow)}`;
  },
};

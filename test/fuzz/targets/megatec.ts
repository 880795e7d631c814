// The Q1 status line of small UPSs: numbers that are numbers, flags or none, the same in any pieces; and a line made of
// what was read reads the same.

import {
  createStatusReader,
  flagNames,
  numberNames,
  parseStatus,
  type UpsStatus,
} from '../../../drivers/serial/megatec/codec.ts';
import { must, mustEqual, outline, type Target } from '../target.ts';
import { firstAnswer } from './answers.ts';

const widths = [5, 5, 5, 3, 4, 4, 4];

function lineOf(status: UpsStatus, decimals: readonly number[]): string {
  const fields = numberNames.map((name, at) => {
    const value = { ...status }[name];
    return value === null ? '-'.repeat(widths[at]!) : value.toFixed(decimals[at]).padStart(widths[at]!, '0');
  });
  const order = [
    'inputVoltage',
    'faultVoltage',
    'outputVoltage',
    'load',
    'frequency',
    'batteryVoltage',
    'temperature',
  ];
  const inOrder = order.map((name) => fields[numberNames.indexOf(name as never)]);
  const bits = flagNames.map((name) => (status[name] === null ? '-' : status[name] ? '1' : '0'));
  return `(${inOrder.join(' ')} ${bits.join('')}`;
}

function check(status: UpsStatus, line: string): void {
  for (const name of numberNames) {
    const value = status[name];
    must(value === null || (Number.isFinite(value) && value >= 0), () => `${name} ${value}`);
  }
  for (const name of flagNames) must([true, false, null].includes(status[name]), name);
  const decimals = line
    .slice(1)
    .split(' ')
    .map((field) => field.split('.')[1]?.length ?? 0);
  mustEqual(parseStatus(lineOf(status, decimals)), status, 'written and read again');
}

export const megatec: Target = {
  name: 'megatec',
  what: 'a UPS status line between noise: numbers, flags or none; the same in any pieces; written again it reads the same',
  seeds: [
    '(208.4 140.0 208.4 034 59.9 2.05 35.0 00110000\r',
    'Q1\r(226.0 195.0 226.0 014 49.0 27.5 30.0 00001000\r',
    '(---.- ---.- 229.5 014 50.0 27.5 --.- 1000100-\r',
    'noise(226(226.0 195.0 226.0 014 49.0 27.5 30.0 00001000\r(226.0\r',
  ],
  words: ['(', '\r', '---.-', '226.0', '.....', '00001000', 'Q1\r', ' '],
  executions: 1_000_000,
  run(bytes) {
    const heard = firstAnswer(createStatusReader, bytes);
    if (heard === undefined) return 'nothing';
    if ('garbled' in heard) {
      must(heard.garbled.startsWith('('), 'it begins with its mark');
      return `garbled ${outline(heard.garbled)}`;
    }
    const text = Buffer.from(bytes)
      .toString('latin1')
      .split('\r')
      .find((line) => parseStatus(line.slice(line.lastIndexOf('('))))!;
    check(heard.status, text.slice(text.lastIndexOf('(')));
    return outline(heard.status);
  },
  endless: () => {
    const reader = createStatusReader();
    return (bytes) => void reader.push(bytes);
  },
};

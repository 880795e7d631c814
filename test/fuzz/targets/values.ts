// The small forms of the files: durations, addresses to listen on, dates, ids, texts. Each is a value inside its bounds,
// or refused with words; and what a command brings is read as a site file's is.

import {
  date,
  duration,
  fileId,
  id,
  listen,
  onOff,
  parseDuration,
  parseListen,
  text,
} from '../../../src/config/values.ts';
import { duration as commandDuration, Refusal } from '../../../src/core/command-fields.ts';
import { must, mustEqual, outline, type Target, textOf, wordsOf } from '../target.ts';

const yearMs = 366 * 86_400_000;
const schemas = { date, duration, fileId, id, listen, onOff, text };
const units: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];

export const values: Target = {
  name: 'values',
  what: 'durations, listen addresses, dates, ids, texts: inside their bounds or refused with words; written out they read the same',
  seeds: [
    '10m',
    '1.5h',
    '366d',
    '0.001s',
    '127.0.0.1:8080',
    '[::1]:65535',
    '2026-02-29',
    '2028-02-29',
    'on',
    'smoke_1',
    'gas-leak',
  ],
  words: ['ms', 's', 'm', 'h', 'd', ':', '[', ']', '-', '.', '2026-', '65535', '99999999999'],
  largestBytes: 100,
  executions: 300_000,
  run(bytes) {
    const given = textOf(bytes);
    const seen: string[] = [];
    for (const [name, schema] of Object.entries(schemas)) {
      const parsed = schema.safeParse(given);
      if (parsed.success) seen.push(`${name} ${outline(parsed.data)}`);
      else
        for (const { message } of parsed.error.issues)
          must(message !== '' && !message.includes('[object'), message);
    }
    const ms = parseDuration(given);
    if (ms !== undefined) {
      must(Number.isInteger(ms) && ms >= 0 && ms <= yearMs, () => `${ms} ms`);
      const [unit, unitMs] = units.find(([, each]) => ms % each === 0)!;
      mustEqual(parseDuration(`${ms / unitMs}${unit}`), ms, 'written out and read again');
    }
    const address = parseListen(given);
    if (address !== undefined) {
      must(address.host !== '' && address.port >= 0 && address.port <= 65_535, () => `port ${address.port}`);
      const host = address.host.includes(':') ? `[${address.host}]` : address.host;
      mustEqual(parseListen(`${host}:${address.port}`), address, 'written out and read again');
    }
    try {
      const asked = commandDuration({ id: '1', verb: 'shelve', by: 'x', origin: 'cli', for: given }, 'for');
      must(Number.isInteger(asked) && asked > 0 && asked <= yearMs, () => `${asked} ms`);
      // the engine imports nothing of the config: both have a form of their own, and must agree
      mustEqual(parseDuration(given), asked, 'as a site file has it');
      seen.push('command');
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      seen.push(wordsOf(error).slice(0, 20));
    }
    return seen.join(' ');
  },
};

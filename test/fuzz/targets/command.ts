// What arrives on the command and receipt topics: a command of the declared shape and of no other origin, a refusal that
// can be answered, or something that is dropped with a reason; judged again a command is the same.

import { judgeCommand, judgeReceipt, largestCommand } from '../../../src/notify/commands.ts';
import { must, mustEqual, outline, type Target, wordsOf } from '../target.ts';

function depthOf(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function hasKey(value: unknown, key: string): boolean {
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(value).some(([each, inner]) => each === key || hasKey(inner, key));
}

export const command: Target = {
  name: 'command',
  what: 'MQTT commands and receipts: a command of the declared shape, a refusal with its id, or dropped; never an error',
  seeds: [
    '{"id":"c1","verb":"ack","by":"wang","incident":"i1_abcd"}',
    '{"id":"c2","verb":"output","by":"li","output":"siren","value":true,"for":"10m","origin":"cli"}',
    '{"id":"c3","verb":"close","by":"x","verdict":"real","cause":"焊接","a":{"b":{"c":[1,2,{"d":null}]}}}',
    '{"id":"c4","verb":7}',
    '{"id":"c5","by":"w","verb":"ack","constructor":{"prototype":1},"__proto__":{"origin":"cli"}}',
    '{"seq":12}',
    '{"seq":-1,"id":"\\u0000"',
  ],
  words: [
    '"id":',
    '"verb":',
    '"by":',
    '"seq":',
    '"origin":"cli"',
    '{"',
    '":',
    ',"',
    '}',
    '[',
    ']',
    'null',
    'true',
    '1e999',
    '"__proto__":',
    '"constructor":',
    '"prototype":',
    '{"a":'.repeat(9),
    '\\u0022',
    '\\ud800',
    Uint8Array.of(0xff),
    '\ufeff',
  ],
  largestBytes: 20_000,
  executions: 300_000,
  run(bytes) {
    const payload = Buffer.from(bytes);
    const judged = judgeCommand(payload);
    const seq = judgeReceipt(payload);
    must(seq === undefined || (Number.isSafeInteger(seq) && seq >= 0), () => `seq ${seq}`);
    const seen = `${seq === undefined ? '' : outline(seq)}`;
    if ('dropped' in judged) {
      must(judged.dropped !== '', 'dropped without a reason');
      return `${seen} dropped ${wordsOf(judged.dropped)}`;
    }
    if ('refusal' in judged) {
      const { id, ok, code, message } = judged.refusal;
      must(typeof id === 'string' && id.length >= 1 && id.length <= 128, () => `id ${id}`);
      must(ok === false && code === 'badRequest' && message !== '', 'a refusal');
      return `${seen} refused ${wordsOf(message)}`;
    }
    const { command: made } = judged;
    must(payload.length <= largestCommand, 'a command beyond the limit');
    must(made.origin === 'mqtt', () => `origin ${made.origin}`);
    must(typeof made.id === 'string' && made.id.length >= 1 && made.id.length <= 128, 'id');
    must(typeof made.by === 'string' && made.by.trim() !== '' && made.by.length <= 64, 'by');
    must(typeof made.verb === 'string' && made.verb.length >= 1 && made.verb.length <= 64, 'verb');
    must(depthOf(made) <= 9, () => `${depthOf(made)} levels`);
    for (const key of ['__proto__', 'constructor', 'prototype']) must(!hasKey(made, key), key);
    must(Object.getPrototypeOf(made) === Object.prototype, 'a prototype from outside');
    const again = Buffer.from(JSON.stringify(made));
    if (again.length <= largestCommand) mustEqual(judgeCommand(again), judged, 'judged again');
    return `${seen} ${outline(made)}`;
  },
};

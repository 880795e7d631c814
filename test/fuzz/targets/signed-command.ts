// Signed commands over MQTT: whatever is changed in one on its way, what is run is exactly what was signed, once; all
// else is refused with a reason in both languages. And any text that is offered as a public key is one or is refused.

import { createPrivateKey, createPublicKey } from 'node:crypto';
import { judgeCommand } from '../../../src/notify/commands.ts';
import { createGate } from '../../../src/rights/gate.ts';
import { rawOf, readPublicKey } from '../../../src/rights/public-key.ts';
import { signCommand } from '../../../src/rights/sign.ts';
import { must, outline, type Target, textOf, wordsOf } from '../target.ts';
import { stillClock } from './still-clock.ts';

/** the head of a private Ed25519 key in DER (RFC 8410); the 32 bytes behind it make the key */
const privateHead = '302e020100300506032b657004220420';
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from(privateHead, 'hex'), Buffer.alloc(32, 7)]),
  format: 'der',
  type: 'pkcs8',
});
const publicKey = rawOf(createPublicKey(privateKey)).toString('base64');
const nowMs = Date.UTC(2026, 10, 22, 1);
const session = 's1';

const sign = (fields: { id: string; verb: string; [field: string]: unknown }, more: object = {}): string =>
  JSON.stringify(
    signCommand(fields, {
      key: 'wang',
      privateKey,
      premises: 'store_1',
      nowMs,
      lifeMs: 60_000,
      nonce: `0123456789abcdef-${fields.id}`,
      ...more,
    }),
  );

const originals = [
  sign({ id: 'c1', verb: 'ack', incident: 'i1' }),
  sign({ id: 'c2', verb: 'output', output: 'siren', value: true, for: '10m', note: '火' }),
  sign({ id: 'c3', verb: 'note', note: 'x', n: 1.5, list: [1, 'a', null, { b: false }] }),
  sign({ id: 'c4', verb: 'ack', incident: 'i1' }, { premises: 'store_2' }),
  sign({ id: 'c5', verb: 'ack', incident: 'i1' }, { nowMs: nowMs - 3_600_000 }),
];
const envelope = new Set(['premises', 'at', 'until', 'nonce', 'session', 'signature', 'origin']);

/** The verb and its fields alone, in an order of their own. */
function bare(fields: object): string {
  return JSON.stringify(
    Object.entries(fields)
      .filter(([name]) => !envelope.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    (_key, value) =>
      value !== null && typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
  );
}
/** only the first three may ever run: the others are for elsewhere, and too old */
const mayRun = new Set(originals.slice(0, 3).map((text) => bare(JSON.parse(text) as object)));

export const signedCommand: Target = {
  name: 'signed-command',
  what: 'signed commands that were tampered with: what runs is what was signed, once; all else is refused with a reason',
  seeds: [
    ...originals,
    publicKey,
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n',
    '{"id":"u","verb":"ack","by":"wang"}',
  ],
  words: [
    '"key":"wang"',
    '"by":"',
    '"verb":"',
    '"output"',
    '"value":false',
    '"session":"s1"',
    '"until":"2036',
    '"premises":"store_1"',
    '"signature":"',
    '"nonce":"',
    ',"id":"c9"',
    '{',
    '}',
    '__proto__',
    '\\u0061',
    '1.50',
    '1e999',
  ],
  largestBytes: 1000,
  executions: 50_000,
  async run(bytes) {
    const text = textOf(bytes);
    const read = readPublicKey(text);
    must(
      typeof read === 'string' ? /.;./.test(read) : read.length === 32,
      'a key, or what is wrong and what to do',
    );
    const judged = judgeCommand(Buffer.from(bytes));
    if (!('command' in judged)) return typeof read;
    const clock = stillClock(nowMs);
    const gate = createGate({
      rights: () => ({ accept: 'signed', keys: [{ id: 'wang', name: 'Wang', role: 'operate', publicKey }] }),
      premises: 'store_1',
      language: bytes.length % 2 === 0 ? 'zh' : 'en',
      session,
      clock,
      note: () => undefined,
      failed() {},
    });
    const look = gate.look(judged.command);
    const verdict = 'prove' in look ? (await look.prove())() : look;
    must(!('open' in verdict), 'taken without a signature');
    if ('refusal' in verdict) {
      const { id, ok, code, message, reason } = verdict.refusal;
      must(id === judged.command.id && !ok && code !== '' && message !== '', 'a refusal without words');
      return `${String(reason)} ${wordsOf(message).slice(0, 30)}`;
    }
    must('run' in verdict, 'taken again the first time');
    must(mayRun.has(bare(verdict.run)), () => `runs what nobody signed: ${JSON.stringify(verdict.run)}`);
    verdict.take();
    const again = gate.look(judged.command);
    const second = 'prove' in again ? (await again.prove())() : again;
    must('again' in second, 'runs twice');
    return `runs ${outline(verdict.run)}`;
  },
};

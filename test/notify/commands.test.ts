// The shape of commands and receipts, topics, and where a reply may go: pure functions, fed with anything.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeCommand, judgeReceipt, largestCommand } from '../../src/notify/commands.ts';
import { isResponseTopic, topicsOf } from '../../src/notify/topics.ts';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const good = { id: 'c1', verb: 'ack', by: 'ann', incident: 'i-1' };

describe('commands', () => {
  test('a good one passes with its fields, and an origin that cannot be claimed', () => {
    expect(judgeCommand(bytes({ ...good, origin: 'cli', note: 'ok' }))).toEqual({
      command: { ...good, note: 'ok', origin: 'mqtt' },
    });
  });

  test.each([
    ['no by', { id: 'c1', verb: 'ack' }],
    ['by of another type', { ...good, by: 7 }],
    ['by too long', { ...good, by: 'x'.repeat(65) }],
    ['empty by', { ...good, by: '' }],
    ['by of white space alone', { ...good, by: ' \t\u3000\n' }],
    ['no verb', { id: 'c1', by: 'ann' }],
    ['verb of another type', { ...good, verb: ['ack'] }],
    ['too deep', { ...good, note: [[[[[[[[[1]]]]]]]]] }],
    ['too large', { ...good, note: 'x'.repeat(largestCommand) }],
    ['constructor', { ...good, constructor: {} }],
    ['prototype', { ...good, prototype: {} }],
  ])('refused: %s', (_name, value) => {
    expect(judgeCommand(bytes(value))).toMatchObject({
      refusal: { id: 'c1', ok: false, code: 'badRequest' },
    });
  });

  test.each([['fr'], [null], [7], ['']])('refused: the language %j', (language) => {
    expect(judgeCommand(bytes({ ...good, language }))).toMatchObject({
      refusal: { id: 'c1', code: 'badRequest', message: 'language must be zh or en' },
    });
  });

  test('refusals are in the language that is asked for, else in that of the premises', () => {
    const messageOf = (value: object, premises: 'zh' | 'en'): string => {
      const judged = judgeCommand(bytes(value), premises);
      return 'refusal' in judged ? judged.refusal.message : '';
    };
    const wrong = { id: 'c1', verb: 'ack' };
    for (const [asked, premises, zh] of [
      [{}, 'en', false],
      [{}, 'zh', true],
      [{ language: 'zh' }, 'en', true],
      [{ language: 'en' }, 'zh', false],
    ] as const)
      for (const more of [{}, { by: 'ann', verb: 7 }, { constructor: {} }, { a: [[[[[[[[[1]]]]]]]]] }])
        expect([
          asked,
          premises,
          more,
          /\p{Script=Han}/u.test(messageOf({ ...wrong, ...more, ...asked }, premises)),
        ]).toEqual([asked, premises, more, zh]);
    expect(judgeCommand(bytes({ ...good, language: 'zh' }))).toMatchObject({ command: { language: 'zh' } });
  });

  test('__proto__ is refused, at the top and inside', () => {
    for (const text of [
      '{"id":"c1","verb":"ack","by":"x","__proto__":{"a":1}}',
      '{"id":"c1","verb":"ack","by":"x","a":{"__proto__":1}}',
    ]) {
      expect(judgeCommand(Buffer.from(text))).toMatchObject({ refusal: { code: 'badRequest' } });
    }
  });

  test('broken JSON is answered where an id is seen', () => {
    expect(judgeCommand(Buffer.from('{"id":"c1","verb":'))).toMatchObject({ refusal: { id: 'c1' } });
    const deep = Buffer.from(`{"id":"c1","x":${'['.repeat(16_000)}`);
    expect(judgeCommand(deep)).toMatchObject({ refusal: { id: 'c1' } });
    const huge = Buffer.from(`{"id":"c1","x":"${'y'.repeat(300_000)}"}`);
    expect(judgeCommand(huge)).toMatchObject({ refusal: { id: 'c1' } });
  });

  test.each([
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[{"id":"c1"}]'],
    ['no id', '{"verb":"ack","by":"x"}'],
    ['a number as id', '{"id":7,"verb":"ack","by":"x"}'],
    ['an empty id', '{"id":"","verb":"ack","by":"x"}'],
    ['a long id', JSON.stringify({ ...good, id: 'x'.repeat(129) })],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0xfe])],
  ])('dropped: %s', (_name, payload) => {
    expect(judgeCommand(Buffer.from(payload as string))).toHaveProperty('dropped');
  });

  test('anything at all is judged, never thrown at', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }).map((some) => Buffer.from(some)),
          fc.json().map((some) => Buffer.from(some)),
          fc
            .record({ id: fc.anything(), verb: fc.anything(), by: fc.anything(), more: fc.anything() })
            .map((some) => {
              try {
                return Buffer.from(JSON.stringify(some) ?? '');
              } catch {
                return Buffer.from('');
              }
            }),
        ),
        (payload) => {
          const judged = judgeCommand(payload);
          expect(Object.keys(judged)).toHaveLength(1);
          if ('refusal' in judged) expect(judged.refusal.id.length).toBeGreaterThan(0);
          judgeReceipt(payload);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test('receipts', () => {
  expect(judgeReceipt(bytes({ seq: 7 }))).toBe(7);
  expect(judgeReceipt(bytes({ seq: 0 }))).toBe(0);
  for (const bad of [{ seq: -1 }, { seq: 1.5 }, { seq: '1' }, { seq: 1e300 }, {}, null, [], 7]) {
    expect(judgeReceipt(bytes(bad))).toBeUndefined();
  }
});

test('topics', () => {
  const topics = topicsOf('keepwatch', 'store_0042');
  expect(topics.point('gas1.ppm')).toBe('keepwatch/v1/store_0042/point/gas1/ppm');
  expect(topics.incident('i-1')).toBe('keepwatch/v1/store_0042/incident/i-1');
  for (const good of [
    'a',
    'centre/answers/7',
    topics.reply,
    `${topics.reply}/7`,
    'keepwatch/v1/store_00421/x',
  ]) {
    expect(isResponseTopic(good, topics)).toBe(true);
  }
  for (const bad of [
    '',
    'a/#',
    'a/+/b',
    '$SYS/x',
    'a\u0000b',
    topics.event,
    topics.base,
    `${topics.base}/x`,
    'x'.repeat(1025),
  ]) {
    expect(isResponseTopic(bad, topics)).toBe(false);
  }
  expect(isResponseTopic(undefined, topics)).toBe(false);
  expect(isResponseTopic('a\ud800', topics)).toBe(false);
});

// What is understood of the answers that people write by text message, and above all what is not: no refusal, no
// question and no accident may acknowledge anything.

import { expect, it } from 'vitest';
import { understand } from '../../src/notify/understand.ts';

it.each([
  ...[
    '1',
    '１',
    '1.',
    '1收到',
    '回复1',
    '回复 1 全部确认',
    '确认',
    '收到',
    '收到。',
    '已收到',
    ' 好 ',
    '好的',
    '好的！',
  ],
  ...[
    '知道了',
    '明白',
    '收到，马上到',
    '收到,我马上去',
    '收到 10分钟后到',
    '好的，正在赶过去',
    '确认收到，谢谢',
  ],
  ...[
    'OK',
    'ｏｋ！',
    'Okay.',
    'Ack',
    'ack all',
    'yes',
    'Y',
    'Got it',
    "OK, I'm coming",
    'ok on my way, 5 min',
  ],
])('agreeing means all: %s', (text) => expect(understand(text)).toBe('all'));

it.each([
  ...[['i12'], ['I12'], ['ｉ１２'], ['i 12'], ['Ｉ　１２'], ['i12。']],
  ...[['i12确认'], ['确认i12'], ['回复 i12 确认'], ['i12 收到，马上到'], ['（i12）'], ['1 i12'], ['好的i12']],
  ...[['ok i12'], ['i12ok'], ['OKi12'], ['Reply i12 to acknowledge'], ['i12 i12']],
])('one number means that one: %s', (text) => expect(understand(text)).toEqual(['i12']));

it.each([
  ['ｉ１２，i13', ['i12', 'i13']],
  ['确认 i12 i13、i14', ['i12', 'i13', 'i14']],
  ['i12和i13', ['i12', 'i13']],
  ['ok i12_kdqv.', ['i12_kdqv']],
])('several mean those: %s', (text, ids) => expect(understand(text)).toEqual(ids));

it.each([
  ['12', 'i12'],
  ['１２。', 'i12'],
  ['12确认', 'i12'],
  ['回复 12', 'i12'],
  ['2', 'i2'],
  ['11', 'i11'],
])('a bare number may mean one: %s', (text, perhaps) => expect(understand(text)).toEqual({ perhaps }));

it.each([
  ...[
    '不确认',
    '不 确认',
    '不要确认i12',
    'i12不确认',
    '确认不了',
    '无法确认',
    '没收到',
    '还没收到',
    '没有收到',
    '未收到',
    '未确认',
  ],
  ...['不知道', '不好', '别确认', '勿确认', '取消确认', '拒绝', '误报', 'i12 误报', '待确认', '否'],
  ...[
    'not ok',
    'no',
    'No i12',
    'not i12',
    'not acknowledged',
    "don't ack",
    'never',
    'nack',
    'unconfirmed',
    'ok not now',
  ],
  ...["i12 isn't ok", 'i will not confirm i12', 'nok'],
])('a refusal acknowledges nothing: %s', (text) => expect(understand(text)).toBeUndefined());

it.each([
  ...[
    '确认什么',
    '收到？',
    '收到吗',
    '收到了吗?',
    '收到没',
    '好不好',
    '请确认',
    '收到请回复',
    '谁去',
    'i12 是什么',
    '想知道',
  ],
  ...['ok?? why', 'ok?', 'please confirm', 'what is i12', 'is i12 ok'],
])('a question acknowledges nothing: %s', (text) => expect(understand(text)).toBeUndefined());

it.each([
  ...[
    '',
    ' ',
    '。',
    'i',
    'i12x',
    'iphone',
    'i i',
    '马上到',
    '谢谢',
    'all',
    'yesterday',
    'okra',
    'i1234567890',
  ],
  ...['12 13', '1 2', '10:30到', '收到，10:30到', '95598转1', '13800000001', '马上到12', '3楼', '1234567890'],
  ...['1'.repeat(500), 'i1 '.repeat(40), '好'.repeat(161)],
])('anything else means nothing: %s', (text) => expect(understand(text)).toBeUndefined());

it('no text takes long', () => {
  const begunMs = performance.now();
  for (const word of ['到了', '马上', '好的', 'ok ', 'i am ', 'i ', "'", '1 '])
    for (const end of ['吗', '?', 'x']) understand(word.repeat(160 / word.length - 1) + end);
  expect(performance.now() - begunMs).toBeLessThan(500);
});

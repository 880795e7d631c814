// What somebody means who answers a text message: nothing, everything, or incidents by their ids; whatever came, in no
// time worth speaking of, and never more than the text itself names.

import { understand } from '../../../src/notify/understand.ts';
import { plain } from '../../../src/notify/words.ts';
import { must, outline, type Target, textOf } from '../target.ts';

export const smsWords: Target = {
  name: 'sms-words',
  what: 'answers by text message: ids that stand in the text, all, or not understood; a refusal or a question is never agreed to',
  seeds: [
    '收到',
    'ok i12',
    '确认 i3_abcd 和 i4',
    '1',
    'on my way, 5 min',
    '回复 12',
    '12',
    'ACK I7',
    '好的，马上去',
    'ｉ１２ 收到',
  ],
  words: [
    '收到',
    '确认',
    'ok',
    'ack',
    'i1',
    'i12_kdqv',
    '1',
    '12',
    '5分钟后',
    ' ',
    '，',
    '不',
    'not',
    "don't",
    '?',
    '？',
    '吗',
    'no',
    'i',
    'in',
    'and',
    '马上去',
    '\u3000',
    '１',
  ],
  largestBytes: 500,
  slowestMs: 50,
  executions: 1_000_000,
  run(bytes) {
    const text = textOf(bytes);
    const asked = understand(text);
    if (asked === undefined) return 'not understood';
    must(text.length <= 160, 'more was read than may be');
    // without what nobody sees
    const clean = plain(text.normalize('NFKC')).toLowerCase();
    const ids = asked === 'all' ? [] : 'perhaps' in asked ? [asked.perhaps] : [...asked];
    // an id may hold such a word: i2_not
    let rest = clean;
    for (const id of ids.sort((one, other) => other.length - one.length))
      rest = rest.replaceAll(id.slice(1), ' ');
    for (const word of ['不', '吗', '?', 'no ', 'not', "n't", '没', '别'])
      must(!rest.includes(word), () => `agrees to ${JSON.stringify(text)}`);
    if (asked === 'all') return 'all';
    const named = 'perhaps' in asked ? [asked.perhaps] : asked;
    must(
      named.length >= 1 && named.length <= 20 && new Set(named).size === named.length,
      'too many, or one twice',
    );
    for (const id of named) {
      must(/^i\d{1,9}(?:_[a-z0-9]{1,16})?$/.test(id), () => `${id} is no id`);
      must(clean.includes(id.slice(1)), () => `${id} is not in the text`);
    }
    return outline(asked);
  },
};

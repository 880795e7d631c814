// What a web server answers to a letter: delivered, to be tried again within bounds, or refused, always with words and
// never with the secret that they must not show.

import { judge, retryAfterMs } from '../../../src/notify/channels/answer.ts';
import { type Template, templates } from '../../../src/notify/channels/templates.ts';
import { must, outline, type Target, textOf } from '../target.ts';

const kinds = Object.values(templates) as readonly Template[];
const wallMs = Date.UTC(2026, 10, 22);
const secret = 'hush-hush';

export const webhookAnswer: Target = {
  name: 'webhook-answer',
  what: 'answers of web servers: delivered, retry within bounds, or refused; words in one line; no secret; never an error',
  seeds: [
    '0 200 -\n{"errcode":0,"errmsg":"ok"}',
    '1 200 -\n{"errcode":310000,"errmsg":"keywords not in content hush-hush"}',
    '2 200 -\n{"code":9499,"msg":"Bad Request"}',
    '3 429 120\nslow down',
    '4 503 Sun, 22 Nov 2026 00:01:00 GMT\n<html>',
    '0 302 -\n',
    '0 200 -\n[{"errcode":45009}]',
  ],
  words: [
    '"errcode":',
    '"code":',
    '"StatusCode":',
    '"errmsg":',
    '"msg":',
    secret,
    '200',
    '429',
    '500',
    '1e999',
    'GMT',
    'null',
    '{',
    '}',
    '\n',
  ],
  largestBytes: 600,
  executions: 500_000,
  run(bytes) {
    const text = textOf(bytes);
    const [head = '', ...rest] = text.split('\n');
    const [kind = '', status = '', ...after] = head.split(' ');
    const template = kinds[(kind.charCodeAt(0) || 0) % kinds.length]!;
    const retryAfter = after.join(' ');
    const waitMs = retryAfterMs(retryAfter, wallMs);
    must(waitMs === undefined || (waitMs >= 1000 && waitMs <= 300_000), () => `waits ${waitMs} ms`);
    const made = judge(
      {
        status: Number.parseInt(status, 10) || 0,
        ...(rest.length > 0 && { body: rest.join('\n') }),
        retryAfter: retryAfter === '-' ? null : retryAfter,
        ...(head.length % 2 === 0 && { location: 'other.example' }),
      },
      template,
      wallMs,
      (words) => words.replaceAll(secret, '(secret)'),
    );
    must(['delivered', 'retry', 'refused'].includes(made.outcome), made.outcome);
    if (made.outcome !== 'delivered')
      must(made.because !== '' && !/[\r\n]/.test(made.because) && made.because.length <= 600, () =>
        JSON.stringify(made.because),
      );
    must(!JSON.stringify(made).includes(secret), 'a secret is shown');
    if (made.outcome === 'retry')
      must(
        made.waitMs === undefined || (made.waitMs >= 1000 && made.waitMs <= 300_000),
        () => `${made.waitMs} ms`,
      );
    return `${made.outcome} ${outline(made)} ${template.mostBytes}`;
  },
};

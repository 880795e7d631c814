// What stands in the head of a request to the console: names, origins, cookies, the number to go on from and values of the
// query. Nothing that is not ours is taken for ours, and nothing ever throws but a refusal in words.

import { cookieOf, secretIn } from '../../../src/console/cookie.ts';
import { faultOfOrigin, hostName, namesOf } from '../../../src/console/origin.ts';
import { isTrue, momentOf, numberOf, wordOf } from '../../../src/console/query.ts';
import { heardBefore } from '../../../src/console/stream.ts';
import { Refusal } from '../../../src/console/types.ts';
import { isLoopback } from '../../../src/lib/loopback.ts';
import { must, outcome, type Target, textOf } from '../target.ts';

const place = { listen: { host: '127.0.0.1', port: 8080 } };
const isOurs = namesOf('127.0.0.1', undefined);
const secret = 'x'.repeat(43);

export const consoleHeaders: Target = {
  name: 'console-headers',
  what: 'heads of requests: only names of this machine and its own origin pass; cookies, numbers and moments are sound or refused',
  seeds: [
    '127.0.0.1:8080\nhttp://127.0.0.1:8080\nkeepwatch-8080=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nabcd1234-17\n2026-11-01T00:00:00Z',
    'localhost\nhttp://localhost\na=b; keepwatch-8080=yyyyyyyyyyyyyyyyyyyyyy\n17\n1700000000000',
    '[::1]:80\nnull\n=;;=\nx-1\ntrue',
    'evil.example\nhttp://evil.example\n\n\n300',
  ],
  words: [
    '127.0.0.1',
    'localhost',
    '[::1]',
    ':8080',
    'http://',
    'https://',
    'keepwatch-8080=',
    secret,
    '-',
    'true',
    'false',
    '2026-11-01',
    'T00:00',
    '.5',
    'Z',
    '+08:00',
    '127.0.0.1.evil',
    '@',
  ],
  largestBytes: 500,
  executions: 200_000,
  run(bytes) {
    const [host = '', origin = '', cookie = '', id = '', value = ''] = textOf(bytes).split('\n');
    const name = hostName(host);
    const fault = faultOfOrigin({ host, origin }, { scheme: 'http', isOurs });
    must(fault !== undefined || (name !== undefined && isLoopback(name)), () => `taken for ours: ${host}`);
    must(
      fault !== undefined || origin.toLowerCase() === `http://${host.toLowerCase()}`,
      () => `from ${origin} to ${host}`,
    );
    const found = secretIn(cookie, place);
    must(
      found === undefined || cookie.includes(`=${found}`) || cookie.includes(found),
      () => `a secret from nowhere: ${found}`,
    );
    if (found !== undefined)
      must(secretIn(cookieOf(found, place).split(';')[0], place) === found, 'not the same again');
    const heard = heardBefore(id, 'abcd1234');
    must(heard === undefined || (Number.isSafeInteger(heard) && heard >= 0), () => `goes on from ${heard}`);
    const query = { key: value };
    const words = [
      () => {
        const moment = momentOf(query, 'key');
        must(new Date(moment).toISOString() === moment && moment.length === 24, () => `moment ${moment}`);
        return moment;
      },
      () => {
        const number = numberOf(query, 'key', { least: 1, most: 300, otherwise: 5 });
        must(Number.isInteger(number) && number >= 1 && number <= 300, () => `number ${number}`);
        return number;
      },
      () => isTrue(query, 'key'),
      () => wordOf(query, 'key', ['true', 'x'], 'x'),
    ].map((ask) => outcome(ask, (error) => error instanceof Refusal && error.status === 400));
    return `${fault} ${found === undefined} ${heard === undefined} ${words.map((each) => each.slice(0, 12)).join('|')}`;
  },
};

// What keeps secrets out of a bundle, each way by itself: by the keys of a file, by the secrets file, the environment and
// credentials, and by form alone, where nothing is known.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { concealed, redactor } from '../../src/doctor/redact.ts';
import { tarGz } from '../../src/doctor/tar.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-redact-'));
afterAll(() => rmSync(folder, { recursive: true }));

const nothing = { config: undefined, texts: [], secretsFile: undefined, environment: {} };

describe('by the keys of a site file that could not be loaded', () => {
  const text = `
mqtt: { password: mqtt-word-1, key: inline-key-2 }
buses: { ups: { driver: nut, password: upsd-word-3 } }
channels:
  a: { type: webhook, url: "https://x.example/hook-4", headers: { X-Any: header-word-5 }, secret: sign-word-6, body: { any: body-word-7 } }
people: { wang: { phone: "+86 138 8888", email: wang@x.example, addresses: { wecom: wang-address } } }
later: { password: !secret not_a_secret_name }
cert: /etc/keepwatch/console.key
`;
  const { clean } = redactor({ ...nothing, texts: [text] });
  test.each([
    'mqtt-word-1',
    'inline-key-2',
    'upsd-word-3',
    'hook-4',
    'header-word-5',
    'sign-word-6',
    'body-word-7',
    '138 8888',
    'wang@x.example',
    'wang-address',
  ])('%s is gone wherever it stands', (word) => {
    expect(clean(text)).not.toContain(word);
    // a log has it without any key
    if (word !== 'hook-4' && word !== '138 8888')
      expect(clean(`it said ${word}, twice: ${word}`)).not.toContain(word);
  });
  test('names of secrets and of files stay', () => {
    expect(clean(text)).toContain('!secret not_a_secret_name');
    expect(clean(text)).toContain('/etc/keepwatch/console.key');
    expect(clean(text)).toContain('driver: nut');
  });
});

test('what the secrets file holds, also where it is no YAML', () => {
  const secretsFile = path.join(folder, 'secrets.yaml');
  writeFileSync(secretsFile, 'one: "quoted-word"\ntwo: plain-word\n}}: [\nthree: last-word\n');
  const { clean } = redactor({ ...nothing, secretsFile });
  expect(clean('quoted-word plain-word last-word other-word')).toBe(
    `${concealed} ${concealed} ${concealed} other-word`,
  );
});

test('the environment, and credentials of systemd', () => {
  mkdirSync(path.join(folder, 'credentials'));
  writeFileSync(path.join(folder, 'credentials', 'any'), 'credential-word\n');
  const environment = {
    KEEPWATCH_SECRET_ANY: 'env-word',
    HOME: '/home/somebody',
    CREDENTIALS_DIRECTORY: path.join(folder, 'credentials'),
  };
  const { clean } = redactor({ ...nothing, environment });
  expect(clean('credential-word env-word /home/somebody')).toBe(`${concealed} ${concealed} /home/somebody`);
});

describe('by form alone', () => {
  const { clean } = redactor(nothing);
  test.each([
    ['password: hunter2', `password: ${concealed}`],
    ["password: 'hunter two'", `password: '${concealed}'`],
    ['{"password":"hunter2","next":1}', `{"password":"${concealed}","next":1}`],
    ['{"password":"a\\"b c\\"d","next":1}', `{"password":"${concealed}","next":1}`],
    ['password: a phrase of words', `password: ${concealed}`],
    ['{ pin: 4711, next: 1 }', `{ pin: ${concealed}, next: 1 }`],
    ['mqtt://u:p@ss@word@broker:1883', `mqtt://${concealed}@broker:1883`],
    [
      String.raw`{"text":"{\"token\":\"abc\",\"x\":1}"}`,
      String.raw`{"text":"{\"token\":\"(secret)\",\"x\":1}"}`,
    ],
    ['password: !secret mqtt_password', 'password: !secret mqtt_password'],
    ['mqtts://gw42:hunter2@broker.example:8883', `mqtts://${concealed}@broker.example:8883`],
    ['https://x.example/cgi-bin/send?key=abc', `https://x.example/${concealed}`],
    ['https://x.example?access_token=abc', `https://x.example/${concealed}`],
    ['Authorization: Bearer abcdef123456', `Authorization: ${concealed}`],
    ['sent Bearer abcdef123456', `sent Bearer ${concealed}`],
    ['-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----', concealed],
    ['-----BEGIN PRIVATE KEY-----\nMHc', concealed],
  ])('%s', (text, shown) => expect(clean(text)).toBe(shown));
});

test('JSON stays JSON, and has none of what stands under a key that says so', () => {
  const { cleanValue } = redactor(nothing);
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, word) => {
      const token = `<${word}>`;
      const shown = JSON.stringify(cleanValue({ value, password: token, pin: 4711, open: [{ token }] }));
      expect(JSON.parse(shown)).toMatchObject({
        password: concealed,
        pin: concealed,
        open: [{ token: concealed }],
      });
    }),
    { numRuns: 300 },
  );
  expect(cleanValue({ a: [1, true, null, 'word'], hash: { head: 'x' } })).toEqual({
    a: [1, true, null, 'word'],
    hash: { head: 'x' },
  });
});

test('an archive of long names is one that tar reads', async () => {
  const { execFileSync } = await import('node:child_process');
  const long = `keepwatch-doctor/${'folder/'.repeat(15)}${'文件'.repeat(10)}.yaml`;
  const file = path.join(folder, 'a.tgz');
  writeFileSync(
    file,
    tarGz(
      [
        { name: long, body: 'x'.repeat(513) },
        { name: 'b.txt', body: '' },
      ],
      Date.now(),
    ),
  );
  expect(
    execFileSync('tar', ['-tzf', file], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
      .trim()
      .split('\n').length,
  ).toBe(2);
  expect(
    execFileSync('tar', ['-xzOf', file, '--wildcards', 'keepwatch-doctor/*'], { encoding: 'utf8' }),
  ).toBe('x'.repeat(513));
});

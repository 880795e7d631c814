// The bytes that are signed: canonical JSON as RFC 8785 has it, signatures of another program over them, and keys that
// prove nothing.

import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, hasCanonicalForm } from '../../src/lib/canonical-json.ts';
import { signedBytes } from '../../src/rights/envelope.ts';
import { publicKeyOf, rawOf, readPublicKey } from '../../src/rights/public-key.ts';
import { installed } from '../support/broker.ts';
import { door, holder } from './people.ts';

describe('canonical JSON', () => {
  test.each([
    ['{"b":1,"a":{"d":[3, 2],"c":null}}', '{"a":{"c":null,"d":[3,2]},"b":1}'],
    ['{"10":1,"9":2,"1":3}', '{"1":3,"10":1,"9":2}'],
    [
      '[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001, -0]',
      '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
    ],
    ['"\\u20ac$\\u000f\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'],
    // by UTF-16 code units: the surrogates of an emoji come before U+FB33
    [
      '{"\\ufb33":1,"\\ud83d\\ude02":2,"\\u0080":3,"1":4,"\\r":5}',
      '{"\\r":5,"1":4,"\u0080":3,"😂":2,"\ufb33":1}',
    ],
    ['{"__proto__":1,"constructor":2}', '{"__proto__":1,"constructor":2}'],
  ])('%s', (text, canonical) => {
    expect(canonicalJson(JSON.parse(text))).toBe(canonical);
  });

  test('says the same, and the same again', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        const canonical = canonicalJson(value);
        expect(canonicalJson(JSON.parse(canonical))).toBe(canonical);
        // (zero has one form, whatever its sign)
        expect(JSON.stringify(JSON.parse(canonical)).length).toBe(JSON.stringify(value).length);
      }),
    );
  });

  test('what has no canonical form', () => {
    for (const text of ['[1e400]', '"\\ud800"', '{"\\udc00":1}', '{"a":[{"b":-1e999}]}'])
      expect(hasCanonicalForm(JSON.parse(text)), text).toBe(false);
    for (const text of ['[1e300]', '"\\ud83d\\ude02"', 'null', '{"a":[true]}'])
      expect(hasCanonicalForm(JSON.parse(text)), text).toBe(true);
  });
});

describe.skipIf(!installed('openssl', 'python3'))('a signer that shares no code with us', () => {
  test('Python writes the JSON, OpenSSL signs it, and the gate takes it', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-signer-'));
    const run = (program: string, args: string[], input?: string): string =>
      execFileSync(program, args, { cwd: folder, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
    try {
      run('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', 'private.pem']);
      run('openssl', ['pkey', '-in', 'private.pem', '-pubout', '-out', 'public.pem']);
      const publicKey = readPublicKey(readFileSync(path.join(folder, 'public.pem'), 'utf8'));
      if (typeof publicKey === 'string') throw new Error(publicKey);
      const python = `
import json, subprocess, base64
fields = {'id': 'py-1', 'verb': 'close', 'by': 'centre', 'incident': 'i3', 'verdict': 'false', 'remedy': '更换探测器 “A”', 'count': 3,
  'premises': 'store_0042', 'key': 'centre', 'at': '2026-11-22T08:00:00+08:00', 'until': '2026-11-22T00:02:00Z', 'nonce': '0123456789abcdef'}
text = 'keepwatch-command-v1\\n' + json.dumps(fields, sort_keys=True, separators=(',', ':'), ensure_ascii=False)
open('bytes', 'wb').write(text.encode())
subprocess.run(['openssl', 'pkeyutl', '-sign', '-inkey', 'private.pem', '-rawin', '-in', 'bytes', '-out', 'signature'], check=True)
fields['signature'] = base64.b64encode(open('signature', 'rb').read()).decode()
print(json.dumps(fields))`;
      const command = JSON.parse(run('python3', ['-'], python));
      const centre = holder('centre', 'operate', { publicKey: publicKey.toString('base64') });
      const gate = door([centre]);
      expect(await gate.run({ ...command, origin: 'mqtt' })).toBe('ran');
      expect(await gate.run({ ...command, incident: 'i4', origin: 'mqtt' })).toMatchObject({
        reason: 'badSignature',
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a signature for something else is none for a command', () => {
    const text = signedBytes({ id: 'c1', signature: 'x', verb: 'ack' }).toString();
    expect(text).toBe('keepwatch-command-v1\n{"id":"c1","verb":"ack"}');
  });
});

describe('public keys', () => {
  const pair = generateKeyPairSync('ed25519');
  const raw = rawOf(pair.publicKey);

  test('raw and PEM are the same key', () => {
    expect(readPublicKey(raw.toString('base64'))).toEqual(raw);
    expect(readPublicKey(pair.publicKey.export({ type: 'spki', format: 'pem' }).toString())).toEqual(raw);
    expect(rawOf(publicKeyOf(raw.toString('base64')))).toEqual(raw);
  });

  test.each([
    ['nothing', '', /not an Ed25519 public key/],
    ['31 bytes', raw.subarray(1).toString('base64'), /not an Ed25519 public key/],
    ['hex', raw.toString('hex'), /not an Ed25519 public key/],
    ['a key with a stray letter', `${raw.toString('base64')}A`, /not an Ed25519 public key/],
    ['zeros', Buffer.alloc(32).toString('base64'), /proves nothing/],
    [
      'a private key',
      pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      /private key.*make a new pair/,
    ],
    [
      'another kind',
      generateKeyPairSync('ec', { namedCurve: 'P-256' })
        .publicKey.export({ type: 'spki', format: 'pem' })
        .toString(),
      /kind ec/,
    ],
    [
      'PEM of nothing',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
      /not a public key in PEM/,
    ],
  ])('refused: %s', (_name, text, words) => {
    expect(readPublicKey(text)).toMatch(words);
  });

  // identity, order 2, order 4, and the two points of order 8, as they are written in base64
  const weakPoints = [
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  ];

  test.each(weakPoints)('with %s a signature of nobody fits, so it is no key', (hex) => {
    const point = Buffer.from(hex, 'hex');
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), point]);
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    // R is the identity and S is zero: nobody's secret went into it
    const made = Buffer.concat([Buffer.from(weakPoints[0]!, 'hex'), Buffer.alloc(32)]);
    const fits = Array.from({ length: 200 }, (_, count) =>
      verify(null, Buffer.from(`message ${count}`), key, made),
    );
    expect(fits).toContain(true);
    expect(readPublicKey(point.toString('base64'))).toMatch(/proves nothing/);
    point[31]! |= 0x80;
    expect(readPublicKey(point.toString('base64'))).toMatch(/proves nothing/);
  });
});

test('signed bytes leave nothing out but the signature', () => {
  expect(signedBytes({ z: 1, a: '值' }).toString('utf8')).toBe('keepwatch-command-v1\n{"a":"值","z":1}');
});

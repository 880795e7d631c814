// Who may sign a package, and that a signature is good for exactly the bytes that were signed.

import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf, signerOf } from '../../src/update/signature.ts';
import { signFile } from '../../systemd/package/release.mjs';
import { haveTools } from '../support/need.ts';

let folder: string;
let keys: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-signature-'));
  keys = path.join(folder, 'keys');
  mkdirSync(keys, { mode: 0o755 });
  file = path.join(folder, 'keepwatch.deb');
  writeFileSync(file, 'a package');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A new pair: the public key among those that count where `trusted`, the private one in a file. */
function signer(name: string, trusted: boolean): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const at = path.join(folder, `${name}.key.pem`);
  writeFileSync(at, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  if (trusted) put(`${name}.pem`, publicKey.export({ type: 'spki', format: 'pem' }).toString());
  return at;
}

function put(name: string, text: string, mode = 0o644): void {
  writeFileSync(path.join(keys, name), text);
  chmodSync(path.join(keys, name), mode);
}

const judged = async (): Promise<string> => signerOf(await digestOf(file), `${file}.sig`, keys);

describe('the signature of a package', () => {
  test('counts by any key that is known', async () => {
    signer('other', true);
    signFile(file, signer('ours', true));
    expect(await judged()).toBe('ours.pem');
  });

  test('does not count by a key that is not known, nor for other bytes', async () => {
    signer('ours', true);
    signFile(file, signer('theirs', false));
    await expect(judged()).rejects.toThrow('the signature does not fit');
    signFile(file, path.join(folder, 'ours.key.pem'));
    writeFileSync(file, 'a package.');
    await expect(judged()).rejects.toThrow('the signature does not fit');
  });

  test('does not count where something else with the same digest was signed', async () => {
    signer('ours', true);
    const digest = createHash('sha256').update('a package').digest('hex');
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    put('ours.pem', publicKey.export({ type: 'spki', format: 'pem' }).toString());
    writeFileSync(`${file}.sig`, sign(null, Buffer.from(digest), privateKey).toString('base64'));
    await expect(judged()).rejects.toThrow('the signature does not fit');
  });

  test.skipIf(!haveTools(['openssl', 'version']))('is made by openssl as well', async () => {
    const key = path.join(folder, 'openssl.key');
    const text = path.join(folder, 'text');
    const openssl = (...argv: string[]): Buffer => execFileSync('openssl', argv);
    openssl('genpkey', '-algorithm', 'ed25519', '-out', key);
    put('ours.pub', openssl('pkey', '-in', key, '-pubout').toString());
    writeFileSync(text, `keepwatch-release-v1\n${createHash('sha256').update('a package').digest('hex')}\n`);
    const signature = openssl('pkeyutl', '-sign', '-inkey', key, '-rawin', '-in', text);
    writeFileSync(`${file}.sig`, `${signature.toString('base64')}\n`);
    expect(await judged()).toBe('ours.pub');
  });

  test.each([
    ['nothing at all', ''],
    ['zeros', Buffer.alloc(64).toString('base64')],
    ['something that is no base64', '§'],
  ])('does not count when it is %s', async (_, text) => {
    signer('ours', true);
    writeFileSync(`${file}.sig`, text);
    await expect(judged()).rejects.toThrow('the signature does not fit');
  });

  test('is missing, or nobody may sign', async () => {
    await expect(judged()).rejects.toThrow('nobody may sign');
    signer('ours', true);
    await expect(judged()).rejects.toThrow('has no signature');
  });

  test('does not count where others may write among the keys, or where a key proves nothing', async () => {
    signFile(file, signer('ours', true));
    chmodSync(path.join(keys, 'ours.pem'), 0o664);
    await expect(judged()).rejects.toThrow('others than root may write');
    chmodSync(path.join(keys, 'ours.pem'), 0o644);
    chmodSync(keys, 0o777);
    await expect(judged()).rejects.toThrow('others than root may write');
    chmodSync(keys, 0o755);
    put('nothing.pem', Buffer.alloc(32).toString('base64'));
    await expect(judged()).rejects.toThrow('proves nothing');
  });
});

// Signs a package file, for `keepwatch update` on the gateways to check. What is signed is in src/update/signature.ts.

import { createHash, createPrivateKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

export function signFile(file, keyFile) {
  const key = createPrivateKey(readFileSync(keyFile));
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${keyFile} is not an Ed25519 key`);
  const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
  const signature = sign(null, Buffer.from(`keepwatch-release-v1\n${digest}\n`), key);
  writeFileSync(`${file}.sig`, `${signature.toString('base64')}\n`);
}

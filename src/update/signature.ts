// Whether a package was signed by somebody who may: an Ed25519 signature in a file of its own, over the digest of the
// package, by one of the public keys that lie in a folder of the gateway. Installs nothing.

import { createHash, verify } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { publicKeyOf, readPublicKey } from '../rights/public-key.ts';
import { Refused } from './types.ts';

/** What is signed. The words before the digest keep a signature from being good for anything else. */
export const signedBytes = (digest: string): Buffer => Buffer.from(`keepwatch-release-v1\n${digest}\n`);

/** SHA-256 in hexadecimal digits. */
export async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Throws Refused, or gives the name of the key's file. */
export function signerOf(digest: string, signatureFile: string, folder: string): string {
  const files = keyFiles(folder);
  if (!existsSync(signatureFile))
    throw new Refused(
      `the package has no signature: there is no ${signatureFile}`,
      'get the .sig file that was published with it',
    );
  const signature = Buffer.from(readFileSync(signatureFile, 'utf8').trim(), 'base64');
  for (const file of files) {
    const key = readPublicKey(readFileSync(file, 'utf8'));
    if (typeof key === 'string') throw new Refused(`${file}: ${key}`, 'correct or remove it');
    if (verify(null, signedBytes(digest), publicKeyOf(key.toString('base64')), signature))
      return path.basename(file);
  }
  throw new Refused(
    'the signature does not fit the package, or its key is not known here',
    `get both again from where they are published; the keys that count are in ${folder}`,
  );
}

function keyFiles(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /\.(pem|pub)$/.test(name)) : [];
  if (names.length === 0)
    throw new Refused(
      `nobody may sign a package here: ${folder} has no key`,
      'put the public key of your releases there, as NAME.pem, or install by hand with apt',
    );
  for (const at of [folder, ...names.map((name) => path.join(folder, name))]) {
    const { mode, uid } = statSync(at);
    // whoever can write there could let himself install as root
    if ((mode & 0o022) !== 0 || (uid !== 0 && uid !== process.getuid?.()))
      throw new Refused(`others than root may write to ${at}`, `chown root ${at} && chmod go-w ${at}`);
  }
  return names.sort().map((name) => path.join(folder, name));
}

// Ed25519 keys as people write them into files: read, refused where they prove nothing, and turned into what the
// signatures are checked with. Knows no files and no people.

import { createPublicKey, type KeyObject } from 'node:crypto';

const rawBytes = 32;
/** What stands before the 32 bytes in the DER of a public Ed25519 key (RFC 8410). */
const derHead = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * The points of small order, without the bit of the sign: with such a "key" a signature can be made up that fits many
 * messages or all. Zeros are among them, which is what a placeholder looks like.
 */
const weak: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** The 32 bytes of a public key in base64 or PEM, or what is wrong with it: `what; what to do`. */
export function readPublicKey(text: string): Buffer | string {
  const raw = text.includes('-----BEGIN') ? fromPem(text) : fromBase64(text.trim());
  if (typeof raw === 'string') return raw;
  const point = Buffer.from(raw);
  point[rawBytes - 1]! &= 0x7f;
  if (weak.has(point.toString('hex')))
    return 'this key proves nothing: anybody can sign with it; make one with `keepwatch key new`';
  return raw;
}

function fromBase64(text: string): Buffer | string {
  // (a text that is no base64 is cut short by Buffer, not refused)
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === rawBytes && bytes.toString('base64') === text) return bytes;
  return 'this is not an Ed25519 public key; write its 32 bytes in base64 (44 characters), or PEM';
}

function fromPem(text: string): Buffer | string {
  if (text.includes('PRIVATE KEY'))
    return 'this is a private key; write the public one, and make a new pair, because this one has been shown';
  try {
    const key = createPublicKey(text);
    if (key.asymmetricKeyType !== 'ed25519')
      return `this is a key of the kind ${key.asymmetricKeyType}; make an Ed25519 key with \`keepwatch key new\``;
    return rawOf(key);
  } catch {
    return 'this is not a public key in PEM; write one that has -----BEGIN PUBLIC KEY-----';
  }
}

/** The 32 bytes of an Ed25519 key object. */
export function rawOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' }).subarray(-rawBytes);
}

/** From the 32 bytes in base64. */
export function publicKeyOf(base64: string): KeyObject {
  const der = Buffer.concat([derHead, Buffer.from(base64, 'base64')]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

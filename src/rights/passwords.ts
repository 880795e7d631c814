// Passwords as they are kept: a salted scrypt hash with its own parameters in one line of text, so that they can be
// raised later and old ones still be checked. Knows neither who has which password nor how often one may be tried.

import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** 32 MiB and about a third of a second on a Raspberry Pi: dear to whoever tries them all, bearable at a login. */
const today = { ln: 15, r: 8, p: 3 } as const;
/** A hash from elsewhere must not take the gateway's memory: 128 · 2^17 · 8 are 128 MiB. */
const most = { ln: 17, r: 16, p: 8, bytes: 128 * 2 ** 17 * 8 } as const;
const saltBytes = 16;
const keyBytes = 32;

export const shortestPassword = 10;
/** In characters. It bounds what one request can have hashed. */
export const longestPassword = 200;

interface Hash {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly key: Buffer;
}

const form =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,88})\$([A-Za-z0-9+/]{43,88})$/;

/** undefined: this is no hash of ours, or one whose parameters are out of bounds. */
function read(text: string): Hash | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const [ln, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const sound =
    ln >= 10 &&
    ln <= most.ln &&
    r >= 1 &&
    r <= most.r &&
    p >= 1 &&
    p <= most.p &&
    128 * 2 ** ln * r <= most.bytes;
  if (!sound) return undefined;
  return { ln, r, p, salt: Buffer.from(match[4]!, 'base64'), key: Buffer.from(match[5]!, 'base64') };
}

export function isHash(text: string): boolean {
  return read(text) !== undefined;
}

/** What is wrong with a new password; undefined: nothing. */
export function faultOfPassword(password: string, name: string): string | undefined {
  const length = [...password].length;
  if (length < shortestPassword) return `a password has ${shortestPassword} characters or more`;
  if (length > longestPassword) return `a password has ${longestPassword} characters or less`;
  if (password.toLowerCase().includes(name.toLowerCase()) && length < name.length + shortestPassword)
    return 'the password is little more than the name';
  if (new Set(password).size < 4) return 'the password is the same few characters again and again';
  return undefined;
}

export async function hashOf(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const key = await derive(password, { ...today, salt, key: Buffer.alloc(keyBytes) });
  const text = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
  return `$scrypt$ln=${today.ln},r=${today.r},p=${today.p}$${text(salt)}$${text(key)}`;
}

/** A hash that no password fits, and that takes as long: for names that there are none of. */
export const nobodysHash = `$scrypt$ln=${today.ln},r=${today.r},p=${today.p}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Is this the password? Works in a thread of the pool. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  const kept = read(hash);
  if (kept === undefined || [...password].length > longestPassword) return false;
  return timingSafeEqual(await derive(password, kept), kept.key);
}

function derive(password: string, { ln, r, p, salt, key }: Hash): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: 2 * most.bytes };
  return new Promise((resolve, reject) => {
    // the same letters, however the keyboard composes them
    scrypt(password.normalize('NFC'), salt, key.length, options, (error, made) =>
      error ? reject(error) : resolve(made),
    );
  });
}

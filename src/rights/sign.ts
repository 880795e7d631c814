// The other side of the gate: puts a command into its envelope and signs it. For the command line and for tests; the
// daemon never loads it, because it has no private key.

import { createPrivateKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { signedBytes } from './envelope.ts';

export interface Signing {
  /** id in keys.yaml */
  readonly key: string;
  readonly privateKey: KeyObject;
  readonly premises: string;
  /** when it is signed, ms since 1970 */
  readonly nowMs: number;
  /** how long it is valid, ms */
  readonly lifeMs: number;
  /** of the gateway's present status; needed while its clock is not synchronised */
  readonly session?: string;
  /** default: drawn */
  readonly nonce?: string;
}

/** The whole command, to be published as it is. `by` is the key's id where the fields name nobody. */
export function signCommand(
  fields: { readonly id: string; readonly verb: string; readonly [field: string]: unknown },
  signing: Signing,
): Readonly<Record<string, unknown>> {
  const whole: Record<string, unknown> = {
    by: signing.key,
    ...fields,
    premises: signing.premises,
    key: signing.key,
    at: new Date(signing.nowMs).toISOString(),
    until: new Date(signing.nowMs + signing.lifeMs).toISOString(),
    nonce: signing.nonce ?? randomBytes(18).toString('base64url'),
    ...(signing.session !== undefined && { session: signing.session }),
  };
  return { ...whole, signature: sign(null, signedBytes(whole), signing.privateKey).toString('base64') };
}

/**
 * From PEM; throws an Error with `hint` for anything but a private Ed25519 key. `where` names the file; the text is
 * never repeated.
 */
export function privateKeyOf(pem: string, where: string): KeyObject {
  const named = 'name the file that `keepwatch key new` wrote';
  if (pem.includes('-----BEGIN PUBLIC KEY-----'))
    throw hinted(`${where} holds a public key, which can't sign`, named);
  if (/-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(pem))
    throw hinted(
      `the key in ${where} is locked with a password`,
      `take that off with \`openssl pkey\`, or ${named}`,
    );
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw hinted(`${where} is not a private key in PEM`, named);
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw hinted(
      `${where} holds a key of the kind ${key.asymmetricKeyType}, and commands are signed with Ed25519`,
      'make one with `keepwatch key new`',
    );
  return key;
}

function hinted(message: string, hint: string): Error {
  return Object.assign(new Error(message), { hint });
}

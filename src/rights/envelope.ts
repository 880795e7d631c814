// What a signed command carries beside its verb and fields, and the bytes that are signed. Pure; it judges the form
// alone, not who signed nor when.

import type { Command } from '../core/types.ts';
import { canonicalJson, hasCanonicalForm } from '../lib/canonical-json.ts';

export interface Envelope {
  /** id of the key in keys.yaml */
  readonly key: string;
  readonly premises: string;
  readonly atMs: number;
  readonly untilMs: number;
  readonly nonce: string;
  /** of the run of the gateway that is meant; needed while its clock can't be trusted */
  readonly session?: string;
  readonly signature: Buffer;
}

/** Fields of the envelope; the house never sees them, but for `key`. */
const own = ['premises', 'at', 'until', 'nonce', 'session', 'signature'] as const;
const shortestNonce = 16;
const longestNonce = 128;
const longestWord = 128;
const signatureBytes = 64;
const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Does it claim to be signed? Whoever names a key must prove it. */
export function claimsKey(command: { readonly [field: string]: unknown }): boolean {
  return command.signature !== undefined || command.key !== undefined;
}

/** The envelope, or what is wrong with its form. */
export function envelopeOf(command: { readonly [field: string]: unknown }): Envelope | string {
  const { key, premises, nonce, session } = command;
  for (const [name, value] of Object.entries({ key, premises }))
    if (!isWord(value)) return `${name}: a text of 1 to ${longestWord} characters is needed`;
  if (session !== undefined && !isWord(session))
    return `session: a text of 1 to ${longestWord} characters is needed`;
  const atMs = momentOf(command.at);
  const untilMs = momentOf(command.until);
  for (const [name, value] of Object.entries({ at: atMs, until: untilMs }))
    if (value === undefined) return `${name}: a moment such as 2026-11-22T01:02:03Z is needed`;
  if (untilMs! <= atMs!) return 'until: must be later than at';
  if (typeof nonce !== 'string' || nonce.length < shortestNonce || nonce.length > longestNonce)
    return `nonce: a text of ${shortestNonce} to ${longestNonce} characters is needed, another one each time`;
  const signature = signatureOf(command.signature);
  if (signature === undefined) return `signature: ${signatureBytes} bytes in base64 are needed`;
  if (!hasCanonicalForm(command))
    return 'a number is too large, or a text is not Unicode: it can’t be signed';
  return {
    key: key as string,
    premises: premises as string,
    atMs: atMs!,
    untilMs: untilMs!,
    nonce,
    ...(session !== undefined && { session: session as string }),
    signature,
  };
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= longestWord;
}

function momentOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !moment.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isFinite(ms) ? ms : undefined;
}

function signatureOf(value: unknown): Buffer | undefined {
  if (typeof value !== 'string' || value.length > 2 * signatureBytes) return undefined;
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === signatureBytes && bytes.toString('base64') === value ? bytes : undefined;
}

/**
 * The bytes that are signed: a line that says for what, so that a signature made for anything else is none here, and
 * the canonical JSON of all fields but `signature`.
 */
export function signedBytes(fields: { readonly [field: string]: unknown }): Buffer {
  const { signature: _signature, ...rest } = fields;
  return Buffer.from(`keepwatch-command-v1\n${canonicalJson(rest)}`, 'utf8');
}

/** What the house gets: the verb with its fields, and whose key it was. */
export function withoutEnvelope(command: Command): Command {
  const rest: Record<string, unknown> = { ...command };
  for (const field of own) delete rest[field];
  return rest as unknown as Command;
}

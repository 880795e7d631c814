// Judges the shape of what arrives on the command and receipt topics: bytes from outside become a command, a
// refusal that can be answered, or something to be dropped. Pure; what a verb means is the engine's business.

import type { Command, Reply } from '../core/types.ts';

export const largestCommand = 16_384;
const deepest = 8;
const longestId = 128;
const longestBy = 64;
const longestVerb = 64;
/** keys that a careless merge further in could turn into a prototype */
const poisonous: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export type Judged =
  | { readonly command: Command }
  | { readonly refusal: Reply }
  /** nobody could be answered */
  | { readonly dropped: string };

function refusal(id: string, message: string): Judged {
  return { refusal: { id, ok: false, code: 'badRequest', message } };
}

/** The `id` of something that is not to be parsed, or cannot be. */
function guessId(text: string): string | undefined {
  const found = /"id"\s*:\s*("(?:[^"\\\u0000-\u001f]|\\.){1,600}")/.exec(text.slice(0, largestCommand));
  if (found === null) return undefined;
  try {
    const id: unknown = JSON.parse(found[1] as string);
    return isId(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && id.length >= 1 && id.length <= longestId;
}

/** What is wrong inside, if anything; never goes deeper than it allows. */
function faultOf(value: unknown, depth: number): string | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (depth > deepest) return `nested deeper than ${deepest} levels`;
  for (const key of Object.keys(value)) {
    if (poisonous.has(key)) return `the key ${key} is not allowed`;
    const fault = faultOf((value as Record<string, unknown>)[key], depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function parse(payload: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) };
  } catch {
    return undefined;
  }
}

export function judgeCommand(payload: Buffer): Judged {
  const unparsed = (what: string): Judged => {
    const id = guessId(payload.subarray(0, largestCommand).toString('utf8'));
    return id === undefined ? { dropped: what } : refusal(id, what);
  };
  if (payload.length > largestCommand) return unparsed(`larger than ${largestCommand} bytes`);
  const parsed = parse(payload);
  if (parsed === undefined) return unparsed('not JSON in UTF-8');
  const { value } = parsed;
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return { dropped: 'not an object' };
  const fields = value as Record<string, unknown>;
  const { id, verb, by } = fields;
  if (!isId(id)) return { dropped: `id: a text of 1 to ${longestId} characters is needed` };
  const fault = faultOf(fields, 1);
  if (fault !== undefined) return refusal(id, fault);
  if (typeof by !== 'string' || by.trim() === '' || by.length > longestBy) {
    return refusal(id, `by: a name of 1 to ${longestBy} characters is needed`);
  }
  if (typeof verb !== 'string' || verb.length < 1 || verb.length > longestVerb) {
    return refusal(id, `verb: a text of 1 to ${longestVerb} characters is needed`);
  }
  // last, so that nobody can claim another origin
  return { command: { ...fields, id, verb, by, origin: 'mqtt' } };
}

/** The seq of a receipt; undefined for anything else. */
export function judgeReceipt(payload: Buffer): number | undefined {
  if (payload.length > largestCommand) return undefined;
  const value = parse(payload)?.value;
  if (value === null || typeof value !== 'object' || !('seq' in value)) return undefined;
  const { seq } = value;
  return Number.isSafeInteger(seq) && (seq as number) >= 0 ? (seq as number) : undefined;
}

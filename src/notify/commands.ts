// Judges the shape of what arrives on the command and receipt topics: bytes from outside become a command, a
// refusal that can be answered, or something to be dropped. Pure; what a verb means is the engine's business.

import type { Command, Language, Reply } from '../core/types.ts';
import { isLanguage, noLanguage } from '../core/vocabulary.ts';

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

interface Said {
  readonly zh: string;
  readonly en: string;
}

const say = {
  tooLarge: { zh: `超过 ${largestCommand} 字节`, en: `larger than ${largestCommand} bytes` },
  noJson: { zh: '不是 UTF-8 编码的 JSON', en: 'not JSON in UTF-8' },
  by: {
    zh: `by 应为 1 到 ${longestBy} 字的姓名`,
    en: `by: a name of 1 to ${longestBy} characters is needed`,
  },
  verb: {
    zh: `verb 应为 1 到 ${longestVerb} 字的文本`,
    en: `verb: a text of 1 to ${longestVerb} characters is needed`,
  },
  tooDeep: { zh: `嵌套超过 ${deepest} 层`, en: `nested deeper than ${deepest} levels` },
  key: (key: string): Said => ({ zh: `不允许使用键 ${key}`, en: `the key ${key} is not allowed` }),
} as const;

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
function faultOf(value: unknown, depth: number): Said | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (depth > deepest) return say.tooDeep;
  for (const key of Object.keys(value)) {
    if (poisonous.has(key)) return say.key(key);
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

/** @param language of refusals, where the command asks for none */
export function judgeCommand(payload: Buffer, language: Language = 'en'): Judged {
  const refusal = (id: string, what: Said, asked: unknown): Judged => {
    const message = what[isLanguage(asked) ? asked : language];
    return { refusal: { id, ok: false, code: 'badRequest', message } };
  };
  const unparsed = (what: Said): Judged => {
    const id = guessId(payload.subarray(0, largestCommand).toString('utf8'));
    return id === undefined ? { dropped: what.en } : refusal(id, what, undefined);
  };
  if (payload.length > largestCommand) return unparsed(say.tooLarge);
  const parsed = parse(payload);
  if (parsed === undefined) return unparsed(say.noJson);
  const { value } = parsed;
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return { dropped: 'not an object' };
  const fields = value as Record<string, unknown>;
  const { id, verb, by, language: asked } = fields;
  if (!isId(id)) return { dropped: `id: a text of 1 to ${longestId} characters is needed` };
  const fault = faultOf(fields, 1);
  if (fault !== undefined) return refusal(id, fault, asked);
  if (asked !== undefined && !isLanguage(asked)) return refusal(id, noLanguage, asked);
  if (typeof by !== 'string' || by.trim() === '' || by.length > longestBy) {
    return refusal(id, say.by, asked);
  }
  if (typeof verb !== 'string' || verb.length < 1 || verb.length > longestVerb) {
    return refusal(id, say.verb, asked);
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

// What a web server's answer means for a letter. Robots answer 200 also to what they refuse, with a code in the body;
// and a portal in between answers 200 to everything. Pure.

import type { Outcome } from './channel.ts';
import { oneLine } from './faults.ts';
import type { Template } from './templates.ts';

export interface Answer {
  readonly status: number;
  /** undefined: it was not read, or had no end */
  readonly body?: string;
  /** as the header has it */
  readonly retryAfter?: string | null;
  /** host that a redirect leads to */
  readonly location?: string;
}

/** statuses of the fours that say "later", not "no" */
const later: ReadonlySet<number> = new Set([408, 421, 423, 425, 429]);
const shortestWaitMs = 1000;
/** beyond it the person's next channel is the better way */
const longestWaitMs = 300_000;

/** What `Retry-After` asks for, ms, within bounds; undefined where it says nothing that makes sense. */
export function retryAfterMs(header: string | null | undefined, wallMs: number): number | undefined {
  if (header === null || header === undefined || header.trim() === '') return undefined;
  const seconds = /^\s*\d{1,9}\s*$/.test(header) ? Number(header) : (Date.parse(header) - wallMs) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  return Math.min(longestWaitMs, Math.max(shortestWaitMs, seconds * 1000));
}

/** `conceal` strikes out of its words what they must not show. */
export function judge(
  answer: Answer,
  template: Template,
  wallMs: number,
  conceal = (text: string): string => text,
): Outcome {
  const { status } = answer;
  const asked = retryAfterMs(answer.retryAfter, wallMs);
  const wait = asked === undefined ? {} : { waitMs: asked };
  const code = codeOf(answer.body, template, conceal);
  if (code !== undefined && code.code !== 0) {
    const because = `${code.words} (code ${code.code})`;
    if (template.again?.includes(code.code)) return { outcome: 'retry', because, whole: true, ...wait };
    const hint = template.hints?.[code.code];
    return { outcome: 'refused', because: hint === undefined ? because : `${because}: ${hint}`, whole: true };
  }
  if (status >= 200 && status < 300) {
    if (template.answer === undefined || code !== undefined) return { outcome: 'delivered' };
    return { outcome: 'retry', because: `its answer (HTTP ${status}) is not that of a robot`, whole: true };
  }
  if (status >= 300 && status < 400) {
    const where = answer.location === undefined ? 'elsewhere' : `to ${answer.location}`;
    const because = `it redirects ${where}, which is not followed: put the final address into \`url\``;
    return { outcome: 'refused', because, whole: true };
  }
  const because = `HTTP ${status}${meanings[status] === undefined ? '' : `, ${meanings[status]}`}`;
  if (status >= 500 || later.has(status)) return { outcome: 'retry', because, whole: true, ...wait };
  return { outcome: 'refused', because, whole: status !== 400 && status !== 413 && status !== 422 };
}

const meanings: Readonly<Record<number, string>> = {
  400: 'it does not take this body',
  401: 'it wants other credentials',
  403: 'it does not allow this',
  404: 'there is nothing at this address',
  405: 'it takes no POST there',
  410: 'the address is gone for good',
  413: 'it takes no body of this size',
  429: 'too many requests',
  500: 'it failed',
  502: 'what is behind it failed',
  503: 'it is not available now',
  504: 'what is behind it did not answer',
};

function codeOf(
  body: string | undefined,
  { answer }: Template,
  conceal: (text: string) => string,
): { readonly code: number; readonly words: string } | undefined {
  if (answer === undefined || body === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (value === null || typeof value !== 'object') return undefined;
  const fields = value as Record<string, unknown>;
  const key = answer.codes.find((each) => typeof fields[each] === 'number');
  if (key === undefined) return undefined;
  const words = answer.words.map((each) => fields[each]).find((each) => typeof each === 'string');
  return {
    code: fields[key] as number,
    words: words === undefined ? 'no delivery' : oneLine(conceal(words as string)),
  };
}

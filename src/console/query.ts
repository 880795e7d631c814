// Values of a query and of headers as text, made into what they mean, with one clear sentence for what they can't. Knows no route.

import { Refusal, type Words } from './types.ts';

function bad(said: Words): Refusal {
  return new Refusal(400, 'badRequest', said);
}

/** (what else Date.parse makes sense of differs from one version to the next) */
const isoForm = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** A moment as ISO 8601 in UTC, which sorts as text does; given as ISO 8601 or in ms since 1970. */
export function momentOf(query: Readonly<Record<string, string>>, key: string): string {
  const text = query[key];
  const form = {
    zh: `${key} 应为时间，例如 2026-11-01T00:00:00Z`,
    en: `\`${key}\` must be a moment such as 2026-11-01T00:00:00Z`,
  };
  if (text === undefined || text.length > 40) throw bad(form);
  const atMs = /^\d{1,15}$/.test(text) ? Number(text) : isoForm.test(text) ? Date.parse(text) : Number.NaN;
  // (years of five digits would not sort as text)
  if (!Number.isFinite(atMs) || atMs < 0 || atMs >= 253_402_300_800_000) throw bad(form);
  return new Date(atMs).toISOString();
}

/** A whole number within bounds, both included; `otherwise` where there is none. */
export function numberOf(
  query: Readonly<Record<string, string>>,
  key: string,
  bounds: { readonly least: number; readonly most: number; readonly otherwise: number },
): number {
  const text = query[key];
  if (text === undefined) return bounds.otherwise;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= bounds.least && value <= bounds.most))
    throw bad({
      zh: `${key} 应为 ${bounds.least} 到 ${bounds.most} 的整数`,
      en: `\`${key}\` must be a whole number from ${bounds.least} to ${bounds.most}`,
    });
  return value;
}

export function isTrue(query: Readonly<Record<string, string>>, key: string): boolean {
  const text = query[key];
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw bad({ zh: `${key} 应为 true 或 false`, en: `\`${key}\` must be true or false` });
}

/** One of these words. */
export function wordOf<T extends string>(
  query: Readonly<Record<string, string>>,
  key: string,
  words: readonly T[],
  otherwise: T,
): T {
  const text = query[key];
  if (text === undefined) return otherwise;
  const word = words.find((each) => each === text);
  if (word === undefined)
    throw bad({
      zh: `${key} 应为 ${words.join('、')} 之一`,
      en: `\`${key}\` must be one of: ${words.join(', ')}`,
    });
  return word;
}

/** The tags of an `If-Match` header, `*` as it stands; undefined: there is none. */
export function tagsIn(header: string | undefined): readonly string[] | undefined {
  return header?.split(',').map((tag) => /^"?([^"]*)"?$/.exec(tag.trim())?.[1] ?? '');
}

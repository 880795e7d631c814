// Text as it may stand in a message: one line of it, in one language, cut to a length; and what people call an
// incident. Knows no channel and no sentences.

import type { Language, Text } from '../core/types.ts';

/** Text from people and devices as it may stand in a line: no control characters, no tricks with direction. */
export function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, '')
    .replace(/ {2,}/g, ' ')
    .trim();
}

export function textIn(text: Text, language: Language): string {
  return plain(typeof text === 'string' ? text : text[language]);
}

/** The beginning of a text, at most so many characters, whole ones, with an ellipsis where it is cut. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  let kept = '';
  for (const character of text) {
    if (kept.length + character.length > most - 1) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}

/** `i12` of `i12_kdqv`: what people say and type. */
export function numberOf(incident: string): string {
  return incident.split('_')[0]!;
}

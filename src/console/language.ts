// Which language somebody is answered in, by what their browser or program asks for. Pure; knows no words.

import { isLanguage } from '../core/vocabulary.ts';
import type { Language } from './api.ts';

/** A longer one is nobody's wish. */
const mostLetters = 400;

/** The one of ours that `accept-language` wants most; undefined: it asks for none of them. */
export function languageWanted(header: string | undefined): Language | undefined {
  let best: { readonly language: Language; readonly share: number } | undefined;
  for (const each of (header ?? '').slice(0, mostLetters).split(',')) {
    const [range = '', ...parameters] = each.trim().toLowerCase().split(';');
    const language = range.trim().split('-')[0];
    if (!isLanguage(language)) continue;
    const weight = parameters.find((one) => one.trim().startsWith('q='))?.split('=')[1];
    const share = weight === undefined ? 1 : Number(weight);
    // (of two that are wanted alike the first one counts)
    if (share > 0 && share > (best?.share ?? 0)) best = { language, share };
  }
  return best?.language;
}

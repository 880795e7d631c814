// The words of one view or of a few that belong together: loaded with them, so that the first view stays small. Both
// languages have the same keys, which the types see to. Knows no view.

import { language } from '../preferences.ts';

/** A word or a sentence by its key; `{name}` in it is put in from `values`. */
export type Say<Key extends string> = (
  key: Key,
  values?: Readonly<Record<string, string | number>>,
) => string;

export function wordsOf<Key extends string>(
  en: Readonly<Record<Key, string>>,
  zh: Readonly<Record<NoInfer<Key>, string>>,
): Say<Key> {
  return (key, values = {}) =>
    (language.value === 'zh' ? zh : en)[key].replace(/\{(\w+)\}/g, (_, name: string) =>
      String(values[name] ?? ''),
    );
}

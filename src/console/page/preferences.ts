// What a browser remembers of its user: language, colours, name, whether it may sound. Kept in the browser alone, and
// never needed: a browser that keeps nothing gets the defaults each time.

import { effect, signal } from '@preact/signals';
import type { Language } from '../api.ts';

export type Theme = 'auto' | 'dark' | 'light';

export function stored(key: string): string | undefined {
  try {
    return localStorage.getItem(`keepwatch.${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

export function store(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`keepwatch.${key}`);
    else localStorage.setItem(`keepwatch.${key}`, value);
  } catch {
    // (a private window, or no space: it is remembered until the page is closed)
  }
}

const chosen = stored('language');
/** has the person chosen, or is it still the browser's or the premises'? */
export const languageChosen = signal(chosen === 'zh' || chosen === 'en');
export const language = signal<Language>(
  chosen === 'zh' || chosen === 'en' ? chosen : navigator.language.startsWith('zh') ? 'zh' : 'en',
);

export function chooseLanguage(to: Language): void {
  language.value = to;
  languageChosen.value = true;
  store('language', to);
}

const theme0 = stored('theme');
export const theme = signal<Theme>(theme0 === 'dark' || theme0 === 'light' ? theme0 : 'auto');

export function chooseTheme(to: Theme): void {
  theme.value = to;
  store('theme', to === 'auto' ? undefined : to);
}

/** Name of who works here without a login; stands behind what they do. */
export const personName = signal(stored('name') ?? '');

export function rememberName(name: string): void {
  personName.value = name;
  store('name', name === '' ? undefined : name);
}

effect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
});
effect(() => {
  if (theme.value === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});

// A condition of the site file as people say it: names in the place of ids, words in the place of signs. What it does not
// know (functions of the language) stays as it was written. Pure.

import type { Language } from './types.ts';

type Both = Readonly<Record<Language, string>>;

const values: Readonly<Record<string, Both>> = {
  true: { zh: '动作', en: 'active' },
  false: { zh: '未动作', en: 'not active' },
  unknown: { zh: '未知', en: 'unknown' },
};

/** What a condition has seen of a point. */
export function valueIn(value: string, language: Language): string {
  return Object.hasOwn(values, value) ? values[value]![language] : value;
}

/** (a person's own words may look like one: what no condition has is left alone) */
export function isCondition(text: string): boolean {
  return /^[\w\s.,()[\]<>=!&|+\-*/'"]+$/.test(text);
}

const signs: Readonly<Record<string, Both>> = {
  '&&': { zh: '并且', en: 'and' },
  '||': { zh: '或', en: 'or' },
  '>=': { zh: '不低于', en: 'at least' },
  '<=': { zh: '不高于', en: 'at most' },
  '==': { zh: '等于', en: 'is' },
  '!=': { zh: '不等于', en: 'is not' },
  '>': { zh: '高于', en: 'above' },
  '<': { zh: '低于', en: 'below' },
  '!': { zh: '非', en: 'not' },
};

const pieces =
  /(?<id>[a-z_][\w-]*(?:\.[\w-]+)+)|\s*(?<sign>&&|\|\||[><=!]=|[><!])\s*|(?<whole>\b\d+)\.0+\b/gi;

/** `a.smoke && a.t > 57.0` → `烟感 并且 温度 高于 57` */
export function conditionIn(text: string, language: Language, point: (id: string) => string): string {
  return text
    .replace(pieces, (piece, id?: string, sign?: string, whole?: string) => {
      if (id !== undefined) return point(id);
      return sign === undefined ? (whole ?? piece) : ` ${signs[sign]![language]} `;
    })
    .replace(/\( /g, '(')
    .replace(/ {2,}/g, ' ')
    .trim();
}

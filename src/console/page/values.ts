// A point's value as people read it: with its unit, or in words.

import type { PointView } from '../api.ts';
import { t, word } from './words/index.ts';

export function valueText(point: Pick<PointView, 'value' | 'unit' | 'quality'>): string {
  const { value, unit, quality } = point;
  if (value === null) return `${t('unknown')} (${word.quality(quality)})`;
  if (typeof value === 'boolean') return word.title(value ? 'on' : 'off');
  if (typeof value === 'string') return value;
  return unit === undefined || unit === '' ? number(value) : `${number(value)} ${unit}`;
}

/** Four digits that say something. */
export function number(value: number): string {
  return String(Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 4)));
}

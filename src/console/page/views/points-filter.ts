// Which points a list shows, and on which page: pure, so that 2,000 points are sorted out in a moment and tests can
// say what they want of it. Knows no page and no signal.

import type { Text } from '../../../core/types.ts';
import type { PointView, SiteView } from '../../api.ts';
import { stateOf } from './point-state.ts';

export interface PointFilter {
  readonly text: string;
  readonly zone: string;
  readonly device: string;
  readonly kind: string;
  readonly show: '' | 'active' | 'unknown' | 'disabled';
}

export const noFilter: PointFilter = { text: '', zone: '', device: '', kind: '', show: '' };
/** stands for "no zone" and "no kind" among the choices; no id looks like it */
export const none = '-';
export const rowsOfPage = 50;

export interface PointNames {
  readonly zones: ReadonlyMap<string, Text>;
  readonly devices: ReadonlyMap<string, Text>;
}

export function namesOfSite(site: SiteView | undefined): PointNames {
  return {
    zones: new Map(site?.zones.map(({ id, name }) => [id, name])),
    devices: new Map(site?.devices.map(({ id, name }) => [id, name ?? id])),
  };
}

export function fits(point: PointView, filter: PointFilter, names: PointNames): boolean {
  const { zone, device, kind, show } = filter;
  if (zone !== '' && (point.zone ?? none) !== zone) return false;
  if (device !== '' && point.device !== device) return false;
  if (kind !== '' && (point.kind ?? none) !== kind) return false;
  if (show === 'active' && stateOf(point) !== 'active') return false;
  if (show === 'unknown' && stateOf(point) !== 'unknown') return false;
  if (show === 'disabled' && point.disabled === undefined) return false;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const haystack = [
    point.id,
    point.name,
    point.zone && (names.zones.get(point.zone) ?? point.zone),
    names.devices.get(point.device) ?? point.device,
  ]
    .map((text) => (typeof text === 'object' ? `${text.zh} ${text.en}` : (text ?? '')))
    .join(' ')
    .toLowerCase();
  return words.every((word) => haystack.includes(word));
}

/** The page of a list, with the number brought within what there is. */
export function pageOf<T>(
  rows: readonly T[],
  page: number,
): { rows: readonly T[]; page: number; pages: number } {
  const pages = Math.max(1, Math.ceil(rows.length / rowsOfPage));
  const within = Math.min(Math.max(1, page), pages);
  return { rows: rows.slice((within - 1) * rowsOfPage, within * rowsOfPage), page: within, pages };
}

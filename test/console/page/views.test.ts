// What the console's views work out before they show it: which points a list has, where things lie on a floor plan, what
// is said of a trend, and which line a finding is about. Pure parts; the views themselves are tried in a browser.

import { describe, expect, it } from 'vitest';
import type { PointView } from '../../../src/console/api.ts';
import { lineOf, unturned } from '../../../src/console/page/views/finding-line.ts';
import {
  type Draft,
  isOn,
  leastSize,
  movedBy,
  newId,
  placedAt,
  same,
  sizedBy,
  takenOff,
} from '../../../src/console/page/views/floor-plan.ts';
import { stateOf } from '../../../src/console/page/views/point-state.ts';
import {
  fits,
  namesOfSite,
  noFilter,
  none,
  pageOf,
  rowsOfPage,
} from '../../../src/console/page/views/points-filter.ts';
import {
  aloneIn,
  gapsOf,
  percentOf,
  stepsOf,
  summaryOf,
} from '../../../src/console/page/views/trend-figures.ts';

const point = (more: Partial<PointView>): PointView => ({
  id: 'inputs.smoke',
  name: { zh: '中庭烟感', en: 'Smoke detector atrium' },
  device: 'inputs',
  bus: 'io',
  zone: 'atrium',
  kind: 'smoke',
  type: 'bool',
  value: false,
  quality: 'good',
  at: '2026-11-24T00:00:00.000Z',
  active: false,
  ...more,
});

describe('what stands out of a point', () => {
  it('is out of service before unknown before active', () => {
    const disabled = { of: 'zone', id: 'atrium', reason: 'welding' } as const;
    expect(stateOf(point({ active: true, value: null, quality: 'stale', disabled }))).toBe('disabled');
    expect(stateOf(point({ active: true, value: null, quality: 'bad' }))).toBe('unknown');
    expect(stateOf(point({ active: true, value: true }))).toBe('active');
    expect(stateOf(point({}))).toBe('rest');
  });

  it('never calls active or at rest what nobody has given a meaning', () => {
    const { kind: _, ...plain } = point({ active: true, value: true });
    expect(stateOf(plain)).toBe('plain');
    expect(stateOf(point({ type: 'number', value: 21, kind: 'temperature' }))).toBe('plain');
    expect(stateOf(point({ type: 'number', value: 60, alarmAbove: 57, active: true }))).toBe('active');
  });
});

describe('the list of points', () => {
  const { zone: _, kind: __, ...nowhere } = point({ id: 'meter.power', name: 'Leistung', device: 'meter' });
  const all = [point({}), point({ id: 'gas.ppm', name: 'Gas', kind: 'gas', zone: 'kitchen' }), nowhere];
  const names = namesOfSite(undefined);
  const ids = (filter: object): string[] =>
    all.filter((each) => fits(each, { ...noFilter, ...filter }, names)).map(({ id }) => id);

  it('finds by every word, in either language, in name, id, zone and device', () => {
    expect(ids({ text: '烟感' })).toEqual(['inputs.smoke']);
    expect(ids({ text: 'ATRIUM smoke' })).toEqual(['inputs.smoke']);
    expect(ids({ text: 'meter.' })).toEqual(['meter.power']);
    expect(ids({ text: 'atrium gas' })).toEqual([]);
    expect(ids({ text: '  ' })).toHaveLength(3);
  });

  it('narrows by zone, device and kind, also to those without', () => {
    expect(ids({ zone: 'kitchen' })).toEqual(['gas.ppm']);
    expect(ids({ zone: none })).toEqual(['meter.power']);
    expect(ids({ kind: none })).toEqual(['meter.power']);
    expect(ids({ kind: 'smoke', device: 'inputs' })).toEqual(['inputs.smoke']);
  });

  it('keeps the page within what there is', () => {
    const rows = Array.from({ length: rowsOfPage + 1 }, (_, index) => index);
    expect(pageOf(rows, 2)).toEqual({ rows: [rowsOfPage], page: 2, pages: 2 });
    expect(pageOf(rows, 9).page).toBe(2);
    expect(pageOf([], 3)).toEqual({ rows: [], page: 1, pages: 1 });
  });
});

describe('a floor plan', () => {
  const empty: Draft = { id: 'ground', name: 'Ground', points: {}, zones: {} };
  const smoke = { of: 'point', id: 'inputs.smoke' } as const;
  const atrium = { of: 'zone', id: 'atrium' } as const;

  it('keeps everything within the picture', () => {
    let draft = placedAt(placedAt(empty, smoke, 0.5, 0.5), atrium, 0.5, 0.5);
    expect(draft.zones.atrium).toEqual([0.4, 0.4, 0.2, 0.2]);
    draft = movedBy(movedBy(draft, smoke, 2, -2), atrium, 2, -2);
    expect(draft.points['inputs.smoke']).toEqual([1, 0]);
    expect(draft.zones.atrium).toEqual([0.8, 0, 0.2, 0.2]);
    expect(sizedBy(draft, 'atrium', 5, 5).zones.atrium).toEqual([0.8, 0, 0.2, 1]);
    expect(sizedBy(draft, 'atrium', -5, -5).zones.atrium).toEqual([0.8, 0, leastSize, leastSize]);
  });

  it('knows whether it was changed, whatever the order', () => {
    const one = placedAt(placedAt(empty, smoke, 0.1, 0.1), { of: 'point', id: 'a.b' }, 0.2, 0.2);
    const other = placedAt(placedAt(empty, { of: 'point', id: 'a.b' }, 0.2, 0.2), smoke, 0.1, 0.1);
    expect(same(one, other)).toBe(true);
    expect(same(takenOff(one, smoke), other)).toBe(false);
    expect(takenOff(takenOff(one, smoke), { of: 'point', id: 'a.b' }).points).toEqual({});
  });

  it('finds an incident by its zone, its cause and its active signals', () => {
    const draft = placedAt(placedAt(empty, smoke, 0.5, 0.5), atrium, 0.5, 0.5);
    const quiet = { cause: {}, signals: [] };
    expect(isOn(draft, { ...quiet, zone: 'atrium' })).toBe(true);
    expect(isOn(draft, { cause: { point: 'inputs.smoke' }, signals: [] })).toBe(true);
    expect(isOn(draft, { cause: {}, signals: [{ point: 'inputs.smoke', active: true }] })).toBe(true);
    expect(isOn(draft, { cause: {}, signals: [{ point: 'inputs.smoke', active: false }] })).toBe(false);
    expect(isOn(draft, { ...quiet, zone: 'toString' })).toBe(false);
  });

  it('makes ids that name files and are not taken', () => {
    expect(newId('Ground floor (2)', new Set())).toBe('ground_floor_2');
    expect(newId('一层', new Set(['floor_1']))).toBe('floor_2');
    expect(newId('../../etc', new Set())).toBe('etc');
    expect(newId('constructor', new Set())).toBe('floor');
    expect(newId('Ground', new Set(['ground']))).toBe('ground_1');
    for (const name of ['42', '', '___', 'Ü', 'a'.repeat(500)])
      expect(newId(name, new Set())).toMatch(/^[a-z][a-z0-9_]{0,63}$/);
  });
});

describe('a trend in figures', () => {
  const trend = {
    point: 'meter.voltage',
    from: '2026-11-24T00:00:00.000Z',
    stepMs: 60_000,
    last: [null, 230, null, null, 231, 229],
    min: [null, 228, null, null, 230, 229],
    max: [null, 233, null, 1, 231, 240],
    unsynced: [],
  };

  it('says the extremes and how long nothing was known', () => {
    expect(summaryOf(trend)).toMatchObject({ known: 4, min: 228, max: 240, last: 229 });
    expect(summaryOf(trend).unknownShare).toBeCloseTo(1 / 3);
    expect(gapsOf(trend)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(aloneIn(trend.last)).toEqual([1]);
  });

  it('has fewer rows for a table, the newest first', () => {
    expect(stepsOf(trend, 3)).toEqual([
      { atMs: Date.parse(trend.from) + 240_000, min: 229, last: 229, max: 240 },
      { atMs: Date.parse(trend.from) + 120_000, min: null, last: null, max: 1 },
      { atMs: Date.parse(trend.from), min: 228, last: 230, max: 233 },
    ]);
  });

  it('never rounds a little to nothing', () => {
    expect([0, 0.001, 0.5, 0.999, 1].map(percentOf)).toEqual(['0 %', '< 1 %', '50 %', '> 99 %', '100 %']);
  });
});

describe('a finding of the check', () => {
  it('leads to a line of the site file only', () => {
    expect(lineOf('site.yaml:12:5: unknown key', '/etc/keepwatch/site.yaml')).toBe(12);
    expect(lineOf('/etc/keepwatch/site.yaml:3:1: no', '/etc/keepwatch/site.yaml')).toBe(3);
    expect(lineOf('contacts.yaml:12:5: unknown key', '/etc/keepwatch/site.yaml')).toBeUndefined();
    expect(lineOf('the file is not there', '/etc/keepwatch/site.yaml')).toBeUndefined();
  });

  it('hides nothing behind characters that turn the order about', () => {
    expect(unturned('name: "\u202egnihton" # عربي 中文')).toBe('name: "[U+202E]gnihton" # عربي 中文');
  });
});

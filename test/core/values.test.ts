// What a raw value means: scale, offset, inversion, sentinels and limits of the possible. Whatever is no value
// turns the point bad and its value null; it never passes for zero or for normal.

import { describe, expect, it } from 'vitest';
import { scaled } from '../../src/core/points.ts';
import type { Point, Quality, Raw, Value } from '../../src/core/types.ts';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, measure, rule } from '../support/site.ts';

type Case = readonly [what: string, point: Point, raw: Raw, value: Value | null, quality: Quality];

const cases: readonly Case[] = [
  ['a number as it is', measure('a.p'), 7, 7, 'good'],
  ['scale', measure('a.p', { scale: 0.1 }), 2301, 230.1, 'good'],
  ['offset', measure('a.p', { offset: -40 }), 65, 25, 'good'],
  ['scale before offset', measure('a.p', { scale: 0.5, offset: 10 }), 8, 14, 'good'],
  ['negative scale', measure('a.p', { scale: -1 }), 3, -3, 'good'],
  ['zero is a value', measure('a.p'), 0, 0, 'good'],
  ['a number written as text', measure('a.p'), '21.5', 21.5, 'good'],
  ['an empty text', measure('a.p'), '', null, 'bad'],
  ['blanks', measure('a.p', { offset: 5 }), '   ', null, 'bad'],
  ['dashes', measure('a.p'), '---', null, 'bad'],
  ['null', measure('a.p'), null, null, 'bad'],
  ['NaN', measure('a.p'), Number.NaN, null, 'bad'],
  ['infinity', measure('a.p'), Number.POSITIVE_INFINITY, null, 'bad'],
  ['a product beyond all numbers', measure('a.p', { scale: 1e10 }), 1e308, null, 'bad'],
  ['a sentinel', measure('a.p', { invalid: [0xffff, -32768] }), -32768, null, 'bad'],
  ['a sentinel is raw, not scaled', measure('a.p', { scale: 0.1, invalid: [100] }), 1000, 100, 'good'],
  ['below the least possible', measure('a.p', { min: 0 }), -1, null, 'bad'],
  ['the least possible itself', measure('a.p', { min: 0 }), 0, 0, 'good'],
  ['above the most possible', measure('a.p', { max: 100 }), 101, null, 'bad'],
  ['the most possible itself', measure('a.p', { max: 100 }), 100, 100, 'good'],
  ['limits look at the scaled value', measure('a.p', { scale: 0.1, max: 100 }), 1000, 100, 'good'],
  ['true', contact('a.p'), true, true, 'good'],
  ['inverted true', contact('a.p', { invert: true }), true, false, 'good'],
  ['inverted false', contact('a.p', { invert: true }), false, true, 'good'],
  ['one as a contact', contact('a.p'), 1, true, 'good'],
  ['zero as a contact', contact('a.p'), 0, false, 'good'],
  ['no value of a contact', contact('a.p'), null, null, 'bad'],
  ['no value of an inverted contact', contact('a.p', { invert: true }), null, null, 'bad'],
  ['NaN as a contact', contact('a.p', { invert: true }), Number.NaN, null, 'bad'],
  ['a sentinel as a contact', contact('a.p', { invalid: [255] }), 255, null, 'bad'],
  ['a text', contact('a.p', { type: 'string' }), 'E07', 'E07', 'good'],
];

describe('raw values', () => {
  it.each(cases)('%s', (_what, point, raw, value, quality) => {
    const meant = scaled(point, raw);
    expect([meant.value, meant.quality]).toEqual([value, quality]);
    expect(meant.because === undefined, 'bad says why').toBe(quality === 'good');
  });

  it('a value that is none neither opens nor clears', () => {
    const site = makeSite({
      points: [measure('gas.ppm', { alarmAbove: 100, invalid: [999], max: 5000 })],
      rules: [rule('gas', active('gas.ppm'), { plan: 'gas-leak' })],
    });
    const run = scenario(site);
    for (const nothing of [null, Number.NaN, 999, 9999, ''])
      run.after('1s').reading({ 'gas.ppm': nothing }).expectPoints({ 'gas.ppm': 'bad' });
    run.expectEvents(['incident.opened gateway-trouble device:gas']); // bad for 3 s
    run
      .reading({ 'gas.ppm': 101 })
      .expectEvents([
        'incident.returned gateway-trouble device:gas',
        'incident.closed gateway-trouble device:gas',
        'incident.opened gas-leak',
      ]);
    for (const nothing of [null, Number.NaN, 999, 9999, ''])
      run.after('500ms').reading({ 'gas.ppm': nothing });
    run.expectEvents([]).expectIncident('gas-leak', { active: true });
    run.reading({ 'gas.ppm': 0 }).expectEvents(['incident.returned gas-leak']);
  });

  it('ignores readings of points that the site does not have', () => {
    scenario(makeSite({ points: [contact('a.p')] }))
      .reading({ 'a.unknown': true, 'b.p': 1 })
      .expectNothing();
  });

  it('takes all values of one reading before it looks at the rules', () => {
    scenario(makeSite({ points: [contact('a.p'), contact('a.q')], rules: [rule('r', 'a.p && !a.q')] }))
      .reading({ 'a.p': false, 'a.q': false })
      .reading({ 'a.p': true, 'a.q': true })
      .expectEvents([])
      .reading({ 'a.q': false })
      .expectEvents(['incident.opened fire']);
  });
});

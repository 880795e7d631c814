// Supervised loops: each number is one thing and one only, a wire that is cut or shorted is never quiet, and
// bands that can't be told apart are refused before anything runs with them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameReason, loopFaults, loopMeaning, type Place, placeBefore } from '../../src/core/loops.ts';
import type { Loop } from '../../src/core/types.ts';
import { folder, premises } from '../config/support.ts';
import { scenario } from '../support/scenario.ts';
import { active, makeSite, measure, rule } from '../support/site.ts';

const loop: Loop = {
  short: [0, 200],
  alarm: [400, 600],
  normal: [900, 1100],
  tamper: [1400, 1800],
  open: [3000, 4095],
  hysteresis: 20,
};

function said(value: number, before?: Place): string {
  const { value: truth, quality, because } = loopMeaning(loop, value, before);
  return because ?? `${truth} ${quality}`;
}

describe('a number on a loop', () => {
  it.each([
    [0, 'loop short'],
    [200, 'loop short'],
    [201, 'between bands (201)'],
    [399.5, 'between bands (399.5)'],
    [400, 'true good'],
    [600, 'true good'],
    [731, 'between bands (731)'],
    [900, 'false good'],
    [1100, 'false good'],
    [1600, 'tamper'],
    [2000, 'between bands (2000)'],
    [3000, 'loop open'],
    [4095, 'loop open'],
    [-1, 'between bands (-1)'],
    [65535, 'between bands (65535)'],
  ])('%d: %s', (value, meaning) => {
    expect(said(value)).toBe(meaning);
  });

  it('stays in its band as far as the hysteresis goes, and enters another at its edge', () => {
    expect([879, 880, 1120, 1121].map((value) => said(value, 'normal'))).toEqual([
      'between bands (879)',
      'false good',
      'false good',
      'between bands (1121)',
    ]);
    expect(said(885, 'alarm')).toBe('between bands (885)');
    expect(said(890)).toBe('between bands (890)');
    expect(said(2985, 'open')).toBe('loop open');
    expect(said(400, 'short')).toBe('true good');
  });
});

/** Bands that part a range, with gaps wider than the hysteresis, in any order of meaning. */
const sound = fc
  .record({
    edges: fc.uniqueArray(fc.integer({ min: -500, max: 5000 }), { minLength: 10, maxLength: 10 }),
    order: fc.shuffledSubarray(['normal', 'alarm', 'short', 'open', 'tamper'] as const, { minLength: 5 }),
    share: fc.double({ min: 0, max: 0.99, noNaN: true }),
  })
  .map(({ edges, order, share }): Loop => {
    edges.sort((a, b) => a - b);
    const bands = Object.fromEntries(order.map((place, at) => [place, [edges[2 * at]!, edges[2 * at + 1]!]]));
    const gaps = [1, 3, 5, 7].map((at) => edges[at + 1]! - edges[at]!);
    return { ...(bands as unknown as Omit<Loop, 'hysteresis'>), hysteresis: Math.min(...gaps) * share };
  });
const numbers = fc.oneof(
  fc.integer({ min: -600, max: 5100 }),
  fc.double({ min: -600, max: 5100, noNaN: true }),
);
const befores = fc.constantFrom<(Place | undefined)[]>(
  ...(['short', 'open', 'tamper', 'alarm', 'normal', undefined] as const),
);
const inBand = (band: readonly [number, number] | undefined, value: number, margin = 0): boolean =>
  band !== undefined && value >= band[0] - margin && value <= band[1] + margin;

describe('every number', () => {
  it('has exactly one meaning, whatever came before', () => {
    fc.assert(
      fc.property(sound, numbers, befores, (bands, value, before) => {
        expect(loopFaults(bands)).toEqual([]);
        const meaning = loopMeaning(bands, value, before);
        const outcomes = [
          meaning.value === true && meaning.quality === 'good' && meaning.because === undefined,
          meaning.value === false && meaning.quality === 'good' && meaning.because === undefined,
          ...['loop short', 'loop open', 'tamper'].map((because) => meaning.because === because),
          meaning.because === `between bands (${value})`,
        ];
        expect(outcomes.filter(Boolean)).toHaveLength(1);
        if (meaning.because !== undefined) expect(meaning).toMatchObject({ value: null, quality: 'bad' });
        if (inBand(bands.normal, value)) expect(meaning.value).toBe(false);
        if (inBand(bands.alarm, value)) expect(meaning.value).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('of a wire that is cut, shorted or tampered with is never normal, nor is one far from normal', () => {
    fc.assert(
      fc.property(sound, numbers, befores, (bands, value, before) => {
        const faulty = [bands.short, bands.open, bands.tamper].some((band) => inBand(band, value));
        const far = !inBand(bands.normal, value, bands.hysteresis);
        if (faulty || far) expect(loopMeaning(bands, value, before).value).not.toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('is found again in what is believed of it', () => {
    fc.assert(
      fc.property(sound, numbers, befores, (bands, value, before) => {
        const first = loopMeaning(bands, value, before);
        const again = loopMeaning(bands, value, placeBefore(first.value, first.because));
        expect(again).toEqual(first);
      }),
    );
  });
});

describe('reasons', () => {
  it('are the same but for the number in brackets', () => {
    expect(isSameReason('between bands (731)', 'between bands (1)')).toBe(true);
    expect(isSameReason('loop short', 'loop open')).toBe(false);
    expect(isSameReason(undefined, undefined)).toBe(true);
    expect(isSameReason(undefined, 'tamper')).toBe(false);
  });
});

const zone = measure('adc.zone1', { type: 'bool', kind: 'smoke', loop });
const site = makeSite({
  points: [zone, measure('adc.slow', { type: 'bool', loop, debounceMs: 1000 })],
  rules: [
    rule('smoke', active('adc.zone1'), { zone: 'atrium' }),
    rule('both', 'adc.zone1 && adc.slow', { plan: 'robbery' }),
  ],
});

describe('a loop of a site', () => {
  it('alarms, comes back, and is a contact to rules', () => {
    scenario(site)
      .reading({ 'adc.zone1': 1000 })
      .expectPoints({ 'adc.zone1': false })
      .reading({ 'adc.zone1': 500 })
      .expectPoints({ 'adc.zone1': true })
      .expectEvents(['incident.opened fire atrium'])
      .reading({ 'adc.slow': 500 })
      .after('1s')
      .expectEvents(['incident.opened robbery'])
      .reading({ 'adc.zone1': 1000 })
      .expectEvents(['incident.returned fire atrium', 'incident.returned robbery']);
  });

  it('that is cut is a trouble, and neither opens nor ends an alarm', () => {
    const run = scenario(site).reading({ 'adc.zone1': 500 });
    run.expectEvents(['incident.opened fire atrium']).reading({ 'adc.zone1': 4000 });
    run.expectPoints({ 'adc.zone1': 'bad' }).expectEvents([]).after('3s');
    run.expectEvents(['incident.opened gateway-trouble device:adc']);
    expect(run.incident('device:adc').signals[0]!.because).toBe('adc.zone1: loop open');
    run
      .reading({ 'adc.zone1': 1000 })
      .expectEvents([
        'incident.returned gateway-trouble device:adc',
        'incident.closed gateway-trouble device:adc',
        'incident.returned fire atrium',
      ]);
  });

  it('tells one fault of the wire from the next, and takes no notice of noise between two bands', () => {
    const run = scenario(site).reading({ 'adc.zone1': 731 });
    const because = (): string | undefined => run.state.live.becauses[0];
    expect(because()).toBe('between bands (731)');
    run.reading({ 'adc.zone1': 745 }).expectNothing();
    run.reading({ 'adc.zone1': 100 });
    expect(because()).toBe('loop short');
    run.reading({ 'adc.zone1': 3500 });
    expect(because()).toBe('loop open');
    run.reading({ 'adc.zone1': 1500 });
    expect(because()).toBe('tamper');
    run.reading({ 'adc.zone1': null });
    expect(because()).toBe('no valid value');
  });

  it('keeps to its band by hysteresis', () => {
    scenario(site)
      .reading({ 'adc.zone1': 1000 })
      .reading({ 'adc.zone1': 1115 })
      .expectNothing()
      .reading({ 'adc.zone1': 1121 })
      .expectPoints({ 'adc.zone1': 'bad' })
      .reading({ 'adc.zone1': 1115 })
      .expectPoints({ 'adc.zone1': 'bad' })
      .reading({ 'adc.zone1': 1100 })
      .expectPoints({ 'adc.zone1': false });
  });

  it('is debounced by its band, whatever noise the number has', () => {
    const run = scenario(site).reading({ 'adc.slow': 1000 }).after('1s').expectPoints({ 'adc.slow': false });
    for (let step = 0; step < 9; step += 1) run.reading({ 'adc.slow': 500 + step }).after('100ms');
    run.expectPoints({ 'adc.slow': false }).after('100ms').expectPoints({ 'adc.slow': true });
    run.reading({ 'adc.slow': 1000 }).after('900ms').reading({ 'adc.slow': 500 }).after('5s');
    run.expectPoints({ 'adc.slow': true });
    run.reading({ 'adc.slow': 4000 }).after('900ms').reading({ 'adc.slow': 1000 }).after('900ms');
    run.expectPoints({ 'adc.slow': true }).after('100ms').expectPoints({ 'adc.slow': false });
  });

  it('that flips between normal and open chatters, though no fault stands for long', () => {
    const run = scenario(site);
    for (let time = 0; time < 12; time += 1)
      run.after('1s').reading({ 'adc.zone1': time % 2 === 0 ? 1000 : 4000 });
    expect(run.incident('device:adc').signals[0]).toMatchObject({ rule: 'point_chatter' });
  });
});

describe('bands as they are written', () => {
  function faults(text: string, more = ''): string[] {
    const point = `{ read: "input:0:u16", loop: { ${text} }${more} }`;
    const site = `${premises}buses:\n  line: { driver: modbus-rtu, path: /dev/x }\ndevices:\n  adc: { bus: line, unit: 1, points: { loop1: ${point} } }\nrules:\n  fire: { when: adc.loop1, plan: fire }\n`;
    return folder()
      .faults(site)
      .map((fault) => fault.replace(/^\d+:\d+ /, ''));
  }

  it('are good', () => {
    expect(faults('normal: [900, 1100], alarm: [400, 600]')).toEqual([]);
    expect(
      faults('short: [-5, 0.2], normal: [9, 11], alarm: [4, 6], hysteresis: 1', ', scale: 0.01'),
    ).toEqual([]);
  });

  it.each([
    ['normal: [900, 1100]', /alarm/],
    ['alarm: [900, 1100]', /normal/],
    ['normal: [900, 1100], alarm: [1000, 1200]', /`normal` \[900, 1100\] and `alarm` \[1000, 1200\] overlap/],
    ['normal: [900, 1100], alarm: [1100, 1200]', /overlap; part them/],
    ['normal: [0, 5000], alarm: [10, 20]', /overlap/],
    ['normal: [1100, 900], alarm: [400, 600]', /`normal` \[1100, 900\] does not go up; write the smaller/],
    ['normal: [900, 900], alarm: [400, 600]', /does not go up/],
    [
      'normal: [900, 1100], alarm: [400, 600], hysteresis: 300',
      /`hysteresis` \(300\) reaches.*write less than 300/,
    ],
    ['normal: [900, 1100], alarm: [400, 600], hysteresis: -1', /hysteresis/],
    ['normal: 900, alarm: [400, 600]', /900 is not a band; write its two ends/],
    ['normal: [900, 1000, 1100], alarm: [400, 600]', /band|two/],
    ['normal: [900, 1100], alarm: [400, 600], shorted: [0, 5]', /shorted.*short/],
  ])('are refused: %s', (text, words) => {
    expect(faults(text)[0]).toMatch(words);
    expect(faults(text)).toHaveLength(1);
  });

  it('do not go with limits, nor with what is no number', () => {
    const bands = 'normal: [900, 1100], alarm: [400, 600]';
    expect(faults(bands, ', alarmAbove: 5')).toEqual([expect.stringContaining('`alarmAbove` beside `loop`')]);
    const text = `${premises}buses:\n  line: { driver: modbus-rtu, path: /dev/x }\ndevices:\n  adc: { bus: line, unit: 1, points: { x: { read: "coil:1", loop: { ${bands} } } } }\n`;
    expect(folder().faults(text)).toEqual([expect.stringContaining('`loop` is for measured numbers')]);
  });

  it('make a contact of the number, for rules and for kinds', () => {
    const text = `${premises}buses:\n  line: { driver: modbus-rtu, path: /dev/x }\ndevices:\n  adc: { bus: line, unit: 1, points: { x: { read: "input:1", kind: gas, loop: { normal: [900, 1100], alarm: [400, 600] } } } }\nrules:\n  wrong: { when: adc.x > 5.0, plan: fire }\n`;
    const [fault, ...rest] = folder().faults(text);
    expect(fault).toMatch(/`>` can't take true or false and a number/);
    expect(rest).toEqual([]);
    const loaded = folder().load(text.replace('adc.x > 5.0', 'adc.x'));
    expect(loaded).toMatchObject({
      config: {
        site: { points: [{ id: 'adc.x', type: 'bool', loop: { normal: [900, 1100], hysteresis: 0 } }] },
      },
    });
  });
});

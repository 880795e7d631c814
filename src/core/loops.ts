// Supervised loops: a detector's contact with resistors at the end of its wire, measured as a number. Bands of
// that number tell alarm, normal, a short, a cut and a tamper switch apart; whatever lies between them is no
// value, so that a damaged wire never passes for a quiet one. Knows no readings, time or troubles.

import type { Loop, Quality, Value } from './types.ts';

/** Where on a loop a number may lie; the faults of the wire come first. */
const places = ['short', 'open', 'tamper', 'alarm', 'normal'] as const;
export type Place = (typeof places)[number];

export interface Meaning {
  readonly value: boolean | null;
  readonly quality: Quality;
  readonly because?: string;
}

const meanings: Readonly<Record<Place, Meaning>> = {
  alarm: { value: true, quality: 'good' },
  normal: { value: false, quality: 'good' },
  short: { value: null, quality: 'bad', because: 'loop short' },
  open: { value: null, quality: 'bad', because: 'loop open' },
  tamper: { value: null, quality: 'bad', because: 'tamper' },
};

function lies(loop: Loop, place: Place, value: number, margin: number): boolean {
  const band = loop[place];
  return band !== undefined && value >= band[0] - margin && value <= band[1] + margin;
}

/**
 * The band that a number is in; `before` is the one that the loop was in, wider by the hysteresis. A band proper
 * goes before a widened one: hysteresis can hold on to nothing that another band claims.
 */
export function placeOf(loop: Loop, value: number, before?: Place): Place | undefined {
  const exact = places.find((place) => lies(loop, place, value, 0));
  if (exact !== undefined || before === undefined) return exact;
  return lies(loop, before, value, loop.hysteresis) ? before : undefined;
}

/** The band that a believed value came from. */
export function placeBefore(value: Value | null, because: string | undefined): Place | undefined {
  if (value !== null) return value === true ? 'alarm' : 'normal';
  return because === undefined ? undefined : places.find((place) => meanings[place].because === because);
}

/** What a scaled number means on a loop that was in the band `before`. */
export function loopMeaning(loop: Loop, value: number, before?: Place): Meaning {
  const place = placeOf(loop, value, before);
  return place === undefined
    ? { value: null, quality: 'bad', because: `between bands (${value})` }
    : meanings[place];
}

/** Without the number in brackets: noise between two bands is no news, another fault of the wire is. */
export function isSameReason(a: string | undefined, b: string | undefined): boolean {
  const kind = (because: string | undefined): string | undefined => because?.replace(/ \(.*$/, '');
  return kind(a) === kind(b);
}

export interface LoopFault {
  readonly key: Place | 'hysteresis';
  readonly what: string;
  readonly todo: string;
}

/** What is wrong with the bands as they are written. */
export function loopFaults(loop: Loop): LoopFault[] {
  const bands = places.flatMap((place) => {
    const band = loop[place];
    return band === undefined ? [] : [{ place, low: band[0], high: band[1] }];
  });
  const said = ({ place, low, high }: (typeof bands)[number]): string => `\`${place}\` [${low}, ${high}]`;
  const turned = bands.filter(({ low, high }) => low >= high);
  if (turned.length > 0) {
    return turned.map((band) => ({
      key: band.place,
      what: `${said(band)} does not go up`,
      todo: 'write the smaller number first',
    }));
  }
  bands.sort((a, b) => a.low - b.low);
  return bands.slice(1).flatMap((band, at): LoopFault[] => {
    // the widest of those before: one band may lie within another
    const below = bands.slice(0, at + 1).reduce((a, b) => (b.high > a.high ? b : a));
    const gap = band.low - below.high;
    if (gap <= 0) {
      return [{ key: band.place, what: `${said(below)} and ${said(band)} overlap`, todo: 'part them' }];
    }
    if (loop.hysteresis < gap) return [];
    return [
      {
        key: 'hysteresis',
        what: `\`hysteresis\` (${loop.hysteresis}) reaches from ${said(below)} to ${said(band)}`,
        todo: `write less than ${gap}`,
      },
    ];
  });
}

// How far the clocks of a time zone are ahead of UTC, as a table from the system's own zone file. The same zone
// always gives the same table, whenever it is asked, because it becomes part of the site and of its hash.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Calendar } from '../core/types.ts';

type Offsets = Calendar['offsets'];

export const zoneFolder = '/usr/share/zoneinfo';
const everMs = -8_640_000_000_000_000;
const fromMs = Date.UTC(2020, 0, 1);
const toMs = Date.UTC(2051, 0, 1);
const minuteMs = 60_000;

/** The table of a zone from 2020 to 2050; what comes before is as in 2020. */
export function offsetsOf(zone: string, folder = zoneFolder): Offsets {
  return offsetsFromFile(path.join(folder, zone)) ?? offsetsFromIntl(zone);
}

/** Undefined where the file is missing or its clocks go on changing by a rule, which the file does not write out. */
function offsetsFromFile(file: string): Offsets | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  const text = bytes.toString('latin1');
  const footer = text.slice(text.lastIndexOf('\n', text.length - 2) + 1).trimEnd();
  // POSIX counts the other way round: `CST-8` is eight hours ahead
  const fixed = /^(?:[A-Za-z]{3,}|<[+\-\w]+>)([+-]?)(\d{1,3})(?::(\d{2}))?(?::\d{2})?$/.exec(footer);
  if (fixed === null) return undefined;
  const minutes = (fixed[1] === '-' ? 1 : -1) * (Number(fixed[2]) * 60 + Number(fixed[3] ?? 0));
  try {
    return withTransitions(bytes, minutes + 0);
  } catch {
    return [[everMs, minutes + 0]];
  }
}

/** The changes that the file lists, such as those of Morocco, whose rule no footer could say. RFC 9636, version 2. */
function withTransitions(bytes: Buffer, lastMinutes: number): Offsets {
  const header = (at: number): number[] =>
    [0, 1, 2, 3, 4, 5].map((each) => bytes.readUInt32BE(at + 20 + each * 4));
  const [utcs, walls, leaps, times, types, characters] = header(0) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const second = 44 + times * 5 + types * 6 + characters + leaps * 8 + walls + utcs;
  const [, , , count, kinds] = header(second) as [number, number, number, number, number];
  const timesAt = second + 44;
  const indexAt = timesAt + count * 8;
  const kindsAt = indexAt + count;
  const minutesOf = (kind: number): number => Math.round(bytes.readInt32BE(kindsAt + kind * 6) / 60);
  if (count === 0 || kinds === 0) return [[everMs, lastMinutes]];
  const offsets: (readonly [number, number])[] = [[everMs, minutesOf(0)]];
  for (let at = 0; at < count; at += 1) {
    const whenMs = Number(bytes.readBigInt64BE(timesAt + at * 8)) * 1000;
    const minutes = minutesOf(bytes.readUInt8(indexAt + at));
    if (whenMs <= fromMs) offsets[0] = [everMs, minutes];
    else if (whenMs < toMs && minutes !== offsets.at(-1)![1]) offsets.push([whenMs, minutes]);
  }
  return offsets;
}

/** By the runtime's own tables, which are 5 MB: only for zones whose clocks change by a rule. */
function offsetsFromIntl(zone: string): Offsets {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const minutesAt = (ms: number): number => {
    const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')!.value;
    const match = /^GMT([+-])(\d{2}):(\d{2})/.exec(name);
    return match === null ? 0 : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) + 0;
  };
  const stepMs = 7 * 86_400_000;
  const offsets: (readonly [number, number])[] = [[everMs, minutesAt(fromMs)]];
  for (let atMs = fromMs; atMs < toMs; atMs += stepMs) {
    const before = offsets.at(-1)![1];
    const after = minutesAt(Math.min(atMs + stepMs, toMs));
    if (after === before) continue;
    let low = atMs;
    let high = Math.min(atMs + stepMs, toMs);
    while (high - low > minuteMs) {
      const middle = low + Math.floor((high - low) / minuteMs / 2) * minuteMs;
      if (minutesAt(middle) === before) low = middle;
      else high = middle;
    }
    offsets.push([high, after]);
  }
  return offsets;
}

// What a scan shows to people: the units that were found, what they probably are and why, and the lines to copy
// into a site file. Asks nothing.

import type * as z from 'zod';
import type { Language, Text } from '../core/types.ts';
import type { Settings } from '../driver.ts';
import { busLine, deviceLine } from '../probe/block.ts';
import type { Guess } from '../probe/guess.ts';
import type { FoundUnit, SweepResult } from '../probe/sweep.ts';
import { serialText } from '../probe/tap.ts';
import { scanWords } from '../probe/words.ts';
import { type Cell, paint, type Screen, table } from '../terminal/paint.ts';
import { span } from '../terminal/words.ts';
import { caveatLines } from './probe-lines.ts';
import type { Target } from './probe-scan.ts';

export interface ScannedUnit extends FoundUnit {
  /** the likeliest first */
  readonly guesses: readonly Guess[];
  /** of the likeliest product */
  readonly profile?: string;
  readonly verified?: boolean;
  readonly caveats?: readonly Text[];
  /** the device of the site file that has this unit */
  readonly device?: string;
}

export interface Scanned {
  readonly target: Target;
  readonly swept: SweepResult;
  readonly scanned: readonly ScannedUnit[];
  readonly asked: number;
  readonly tookMs: number;
}

const mostTelling = 4;
const mostOthers = 2;

export function scanLines(
  screen: Pick<Screen, 'colours' | 'columns'>,
  { target, swept, scanned, asked, tookMs }: Scanned,
  language: Language,
): string[] {
  const say = scanWords[language];
  const lines: string[] = [];
  const { path, host, port } = target.settings;
  const name = path === undefined ? `${host}:${port}` : String(path);
  lines.push(`${name}: ${say.summary(scanned.length, asked, span(tookMs))}`);
  if (swept.anyUnit) lines.push(say.anyUnit);
  if (swept.stopped !== undefined) lines.push(paint(screen, 'yellow', `${say.stopped}: ${swept.stopped}`));
  for (const { unit } of swept.noise.slice(0, 5)) lines.push(paint(screen, 'yellow', say.noise(unit)));
  if (scanned.length === 0) return [...lines, say.none];
  const rows = scanned.map((unit): (string | Cell)[] => {
    const best = unit.guesses[0];
    return [
      String(unit.unit),
      settingOf(unit),
      unit.answered,
      best ? best.profile : { text: say.unknown, colour: 'yellow' },
      best ? say.sureness[best.sureness] : '',
      [best ? reasons(best, language) : '', unit.slow ? say.slow : ''].filter(Boolean).join('; '),
    ];
  });
  const columns = [
    { title: say.unit, side: 'left' as const },
    { title: say.line },
    { title: say.answered },
    { title: say.guess },
    { title: '' },
    { title: say.because, flexible: true },
  ];
  lines.push('', ...table(screen, columns, rows), ...caveatLines(screen, scanned, language));
  return [...lines, '', `# ${say.copy}`, ...blocks(target, scanned, language)];
}

function settingOf({ setting }: FoundUnit): string {
  return setting ? serialText({ ...setting, dataBits: 8, stopBits: 1 }) : '';
}

function reasons(guess: Guess, language: Language): string {
  const say = scanWords[language];
  if (guess.mute) return say.readable(guess.of);
  const values = guess.telling.slice(0, mostTelling).map(({ point, value, unit }) => {
    const shown = typeof value === 'number' ? Number(value.toPrecision(5)) : value;
    return `${point} ${shown}${unit ? ` ${unit}` : ''}`;
  });
  return [...values, ...(guess.agrees ? [say.agrees] : []), say.fitting(guess.fitting, guess.of)].join(', ');
}

/** One bus, and its devices, for each setting of the line at which units were found. */
function blocks(target: Target, scanned: readonly ScannedUnit[], language: Language): string[] {
  const settings = new Map<string, ScannedUnit[]>();
  for (const unit of scanned) {
    const key = settingOf(unit);
    settings.set(key, [...(settings.get(key) ?? []), unit]);
  }
  return [...settings.values()].flatMap((units) => {
    return [
      'buses:',
      busLine(target.bus, target.driver.id, needed(target, units[0]!.setting)),
      'devices:',
      ...units.flatMap((unit) => deviceLines(target, unit, language)),
    ];
  });
}

/** What need not be written is what the driver takes anyway; the speed and parity that were found are written. */
function needed({ driver, settings }: Target, setting: FoundUnit['setting']): Settings {
  const usual = (key: string): unknown => (driver.keys.bus[key] as z.ZodType).safeParse(undefined).data;
  const kept = Object.entries(settings).filter(([key, value]) => value !== usual(key));
  return { ...Object.fromEntries(kept), ...setting };
}

function deviceLines({ bus }: Target, unit: ScannedUnit, language: Language): string[] {
  const say = scanWords[language];
  if (unit.device !== undefined) return [`  # ${say.unit} ${unit.unit}: ${say.known} ${unit.device}`];
  const [best, ...others] = unit.guesses;
  const id = `unit_${unit.unit}`;
  if (!best) {
    const read = /^(\w+:\d+) = /.exec(unit.answered)?.[1] ?? 'holding:0';
    return [
      `  # ${say.unit} ${unit.unit}: ${say.noProfile}`,
      deviceLine(id, { bus, unit: unit.unit, points: { value: { read } } }),
    ];
  }
  const also = others.slice(0, best.sureness === 'sure' ? 0 : mostOthers).map(({ profile }) => profile);
  const comment = also.length > 0 ? [`  # ${id}: ${say.otherwise} ${also.join(', ')}`] : [];
  return [...comment, deviceLine(id, { bus, unit: unit.unit, profile: best.profile })];
}

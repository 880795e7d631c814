// What `probe` shows to people: the table of what was read, raw beside scaled, and under it what must be known of
// the products. Reads nothing.

import type { Language, Value } from '../core/types.ts';
import { scanWords } from '../probe/words.ts';
import { type Cell, paint, type Screen, table } from '../terminal/paint.ts';
import { inLanguage, words } from '../terminal/words.ts';
import { valueText } from './points.ts';
import type { ProbedDevice } from './probe-read.ts';

export function probeLines(
  screen: Pick<Screen, 'colours' | 'columns'>,
  results: readonly ProbedDevice[],
  language: Language,
): string[] {
  const { title, quality } = words[language];
  const rows = results.flatMap((device): (string | Cell)[][] => {
    const lines = device.points
      .filter(({ raw }) => raw !== undefined)
      .map((point): (string | Cell)[] => {
        const { value, unit, because } = point;
        const good = point.quality === 'good';
        return [
          device.device,
          point.point.slice(device.device.length + 1),
          point.raw === null || point.raw === undefined ? '—' : short(point.raw, language),
          value === null ? { text: '—', colour: 'yellow' } : short(value, language),
          unit ?? '',
          good ? quality.good : { text: quality[point.quality], colour: 'yellow' },
          because ?? '',
        ];
      });
    if (device.ok) return lines;
    const failure: (string | Cell)[] = [
      device.device,
      '',
      '',
      { text: `✗ ${title.down}`, colour: 'red' },
      '',
      '',
      device.because ?? '',
    ];
    return [...lines, failure];
  });
  const columns = [
    { title: title.device },
    { title: title.point },
    { title: title.raw, side: 'left' as const },
    { title: title.value, side: 'left' as const },
    { title: '' },
    { title: title.quality },
    { title: title.because, flexible: true },
  ];
  return [...table(screen, columns, rows), ...caveatLines(screen, results, language)];
}

/** A float of 32 bits has seven digits; what a double makes of it past them is noise. */
function short(value: Value, language: Language): string {
  const rounded =
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(7)) : value;
  return valueText(rounded, language);
}

/** What must be known of each product, once, whatever number of devices there are of it. */
export function caveatLines(
  screen: Pick<Screen, 'colours'>,
  products: readonly Pick<ProbedDevice, 'profile' | 'verified' | 'caveats'>[],
  language: Language,
): string[] {
  const { caveats: mind, unverified } = scanWords[language];
  const told = new Set<string>();
  return products.flatMap(({ profile, verified, caveats }) => {
    if (profile === undefined || told.has(profile)) return [];
    told.add(profile);
    if (verified && caveats?.length === 0) return [];
    const head = `${mind}: ${profile}${verified ? '' : ` (${unverified})`}`;
    return [
      '',
      paint(screen, 'yellow', head),
      ...(caveats ?? []).map((text) => `  - ${inLanguage(text, language)}`),
    ];
  });
}

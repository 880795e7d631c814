// Finds a GPIO line by its name or by chip and offset, and gives the number that sysfs wants; pure. That
// number is the chip's base plus the offset, and the base differs from kernel to kernel (512 on a Pi 4, 571
// or 399 on a Pi 5), so none is ever assumed. Reads no files.

import { AddressFault } from '../../src/driver.ts';

export interface Chip {
  /** as the kernel labels it, such as `pinctrl-bcm2711` */
  readonly label: string;
  /** as the character device is called, such as `gpiochip0`; undefined where sysfs leads to it */
  readonly device?: string;
  /** sysfs number of the line with offset 0; 0 where the character device leads to it */
  readonly base: number;
  /** how many lines it has */
  readonly lines: number;
  /** names by offset, as far as they are known; '' for a line without one */
  readonly names: readonly string[];
}

export interface Line {
  readonly chip: Chip;
  readonly offset: number;
  /** what sysfs calls it: base + offset */
  readonly number: number;
}

/** Chips of the Raspberry Pi's header: the line called GPIOn in every document has the offset n. */
export const headerChips: readonly string[] = ['pinctrl-bcm2835', 'pinctrl-bcm2711', 'pinctrl-rp1'];

/** How a site file writes a line: `GPIO17`, `pinctrl-bcm2711:17`, or `17` beside the bus key `chip`. */
export type Spelling =
  | { readonly name: string }
  | { readonly label: string | undefined; readonly offset: number };

export function parseLine(text: string): Spelling {
  const split = /^(?:(.+):)?(\d+)$/.exec(text);
  return split ? { label: split[1], offset: Number(split[2]) } : { name: text };
}

/** One word for one line as far as that can be told without the chip: an offset of a header chip is GPIOn. */
export function claimOf(text: string, chip: string | undefined): string {
  const spelling = parseLine(text);
  if ('name' in spelling) return `line ${spelling.name}`;
  const label = spelling.label ?? chip;
  if (label !== undefined && headerChips.includes(label)) return `line GPIO${spelling.offset}`;
  return `line ${label ?? ''}:${spelling.offset}`;
}

function lineOf(chip: Chip, offset: number, text: string): Line {
  if (offset >= chip.lines) {
    throw new AddressFault(
      'line',
      `${text}: ${chip.label} has ${chip.lines} lines only`,
      `write an offset from 0 to ${chip.lines - 1}`,
    );
  }
  return { chip, offset, number: chip.base + offset };
}

function describe(chip: Chip): string {
  return `${chip.label} (${chip.lines} lines)`;
}

/** Lines 2 to 27 are on the pins of the header; 0 and 1 are for the memory of a board on top. */
const onHeader = (offset: number): boolean => offset >= 2 && offset <= 27;

/** Every name that a line may be called by on these chips. */
export function knownNames(chips: readonly Chip[]): string[] {
  const names = chips.flatMap((chip) => {
    if (headerChips.includes(chip.label)) {
      // some kernels call a line by its other use, such as SDA1
      return Array.from({ length: chip.lines }, (_, offset) => [
        chip.names[offset] || `GPIO${offset}`,
        ...(onHeader(offset) ? [`GPIO${offset}`] : []),
      ]).flat();
    }
    return chip.names.filter((name) => name !== '');
  });
  return [...new Set(names)];
}

function withName(chips: readonly Chip[], name: string): Line[] {
  const named = chips.flatMap((chip) =>
    chip.names.flatMap((known, offset) => (known === name ? [lineOf(chip, offset, name)] : [])),
  );
  if (named.length > 0) return named;
  const number = /^GPIO(\d+)$/.exec(name)?.[1];
  if (number === undefined) return [];
  return chips
    .filter((chip) => headerChips.includes(chip.label) && Number(number) < chip.lines)
    .map((chip) => lineOf(chip, Number(number), name));
}

/** The one line that `text` means on these chips; throws AddressFault where there is none, or more than one. */
export function resolveLine(listing: readonly Chip[], text: string, chip?: string): Line {
  const spelling = parseLine(text);
  const label = ('offset' in spelling ? spelling.label : undefined) ?? chip;
  const chips = label === undefined ? listing : listing.filter((each) => each.label === label);
  if (chips.length === 0) {
    const present = listing.map(describe).join(', ') || 'none';
    throw new AddressFault(
      'line',
      `${text}: there is no chip ${label ?? 'at all'}`,
      `chips of this machine: ${present}`,
    );
  }
  if ('offset' in spelling) {
    if (chips.length > 1) {
      const present = chips.map(describe).join(', ');
      throw new AddressFault(
        'line',
        `${text} may be on any of ${present}`,
        'write the line as CHIP:OFFSET, or by its name',
      );
    }
    return lineOf(chips[0]!, spelling.offset, text);
  }
  const found = withName(chips, spelling.name);
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    const places = found.map((line) => `${line.chip.label}:${line.offset}`).join(', ');
    throw new AddressFault(
      'line',
      `${text} is the name of ${found.length} lines: ${places}`,
      'write one of these instead of the name',
    );
  }
  const names = knownNames(chips).join(' ') || 'none';
  const offsets = chips.map((each) => `${each.label}:0 … ${each.label}:${each.lines - 1}`).join(', ');
  throw new AddressFault(
    'line',
    `no line is called ${text}`,
    `names here: ${names}; or by offset: ${offsets}`,
  );
}

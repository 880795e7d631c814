// The command lines and the output of libgpiod's tools, for version 1 (Debian 12) and version 2 (Debian 13),
// which share names and little else; pure. Lines are always named by chip and offset: a name may be there twice.
// Sources: the tools' own --help and tools/*.c of libgpiod 1.6.3 and 2.2. Starts no process.

export type ToolsVersion = 1 | 2;

/** A line as the tools want it. */
export interface ToolLine {
  /** such as `gpiochip0` */
  readonly device: string;
  readonly offset: number;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** From `gpiodetect --version`: `gpiodetect (libgpiod) v1.6.3`. Undefined for a version that is not known here. */
export function parseVersion(text: string): ToolsVersion | undefined {
  const major = /\(libgpiod\) v?(\d+)\./.exec(text)?.[1];
  return major === '1' ? 1 : major === '2' ? 2 : undefined;
}

/**
 * A child that does not outlive the daemon, however that ends: whatever held a line on would keep it from the next
 * one. The kernel sends the signal when the parent is gone; the process stays the same through every `exec`.
 */
function bound(words: readonly string[]): Command {
  return { file: 'setpriv', args: ['--pdeathsig', 'TERM', '--', ...words] };
}

function chipAndOffset(version: ToolsVersion, { device, offset }: ToolLine, value = ''): string[] {
  return [...(version === 1 ? [] : ['--chip']), device, `${offset}${value}`];
}

function get(version: ToolsVersion, line: ToolLine, asIs: boolean): string[] {
  // version 1 can't but make the line an input
  const options = version === 1 ? [] : ['--numeric', ...(asIs ? ['--as-is'] : [])];
  return ['gpioget', ...options, ...chipAndOffset(version, line)];
}

/**
 * Prints the level, then a line for each edge until it is stopped. A line has one owner, so the level can't be
 * read while gpiomon watches; one process after the other, in one shell, leaves the shortest time in between.
 */
export function watchCommand(version: ToolsVersion, line: ToolLine): Command {
  const monitor =
    version === 1
      ? ['gpiomon', '--line-buffered', '--format=%e %s %n', ...chipAndOffset(version, line)]
      : ['gpiomon', '--edges=both', '--format=%e %S', ...chipAndOffset(version, line)];
  const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');
  return bound(['sh', '-c', `${quoted(get(version, line, false))} && exec ${quoted(monitor)}`]);
}

/** Reads the level of a line without making an input of an output; undefined where the tools can't. */
export function peekCommand(version: ToolsVersion, line: ToolLine, direction: string): Command | undefined {
  if (version === 1 && direction !== 'input') return undefined;
  return bound(get(version, line, true));
}

/** Drives a line, and holds it until it is stopped. */
export function holdCommand(version: ToolsVersion, line: ToolLine, level: boolean): Command {
  const mode = version === 1 ? ['--mode=signal'] : [];
  return bound(['gpioset', ...mode, ...chipAndOffset(version, line, `=${level ? 1 : 0}`)]);
}

/** `0` or `1`, as both versions print one level. */
export function parseLevel(text: string): boolean | undefined {
  const word = text.trim();
  return word === '1' ? true : word === '0' ? false : undefined;
}

export interface Edge {
  /** the level after it */
  readonly level: boolean;
  /** by the kernel's clock that counts from the boot, ms */
  readonly atMs: number;
}

/** `1 18 689797596` of version 1 (1 up, 0 down), `2 18.689797596` of version 2 (1 up, 2 down). */
export function parseEdge(version: ToolsVersion, text: string): Edge | undefined {
  const match = (version === 1 ? /^([01]) +(\d+) +(\d+)$/ : /^([12]) +(\d+)\.(\d{9})$/).exec(text.trim());
  if (!match) return undefined;
  return { level: match[1] === '1', atMs: Number(match[2]) * 1000 + Number(match[3]) / 1e6 };
}

export interface ToolLineInfo {
  /** '' for a line without one */
  readonly name: string;
  readonly direction: 'input' | 'output';
  /** who holds it; undefined: nobody */
  readonly consumer?: string;
}

export interface ToolChip {
  /** such as `gpiochip0` */
  readonly device: string;
  readonly label: string;
  readonly lines: number;
  readonly infos: readonly ToolLineInfo[];
}

/**
 * A line of `gpioinfo`. Version 1: name, consumer, direction and polarity in columns, `[used]` at the end where it
 * is. Version 2: name and direction, then words such as `consumer="…"` where it is used.
 */
function parseInfo(text: string): { offset: number; info: ToolLineInfo } | undefined {
  const match = /^\s+line\s+(\d+):\s+(?:"([^"]*)"|unnamed)\s+(.*)$/.exec(text);
  if (!match) return undefined;
  const [, offset, name = '', rest] = match;
  const first = /^(?:"([^"]*)"|unused|kernel)\s+(input|output)\s+active-\w+\s*(.*)$/.exec(rest!);
  const second = /^(input|output)\b(.*)$/.exec(rest!);
  const direction = (first?.[2] ?? second?.[1]) === 'output' ? 'output' : 'input';
  const named = /consumer=(?:"([^"]*)"|(\S+))/.exec(second?.[2] ?? '');
  const consumer = first?.[3]?.includes('used') ? (first[1] ?? 'kernel') : (named?.[1] ?? named?.[2]);
  return {
    offset: Number(offset),
    info: { name, direction, ...(consumer !== undefined && { consumer }) },
  };
}

/** Joins the output of `gpiodetect` (`gpiochip0 [pinctrl-rp1] (54 lines)`) and `gpioinfo`. */
export function parseTools(detect: string, info: string): ToolChip[] {
  const infos = new Map<string, ToolLineInfo[]>();
  let current: ToolLineInfo[] = [];
  for (const line of info.split('\n')) {
    const chip = /^(\S+) - \d+ lines?:/.exec(line)?.[1];
    if (chip !== undefined) {
      current = [];
      infos.set(chip, current);
    }
    const parsed = parseInfo(line);
    if (parsed) current[parsed.offset] = parsed.info;
  }
  const chips = [...detect.matchAll(/^(\S+) \[(.*)\] \((\d+) lines?\)/gm)].map((match) => ({
    device: match[1]!,
    label: match[2]!,
    lines: Number(match[3]),
    infos: infos.get(match[1]!) ?? [],
  }));
  // some kernels of the Pi 5 have a second name for its header, which version 1 lists as the same chip once more
  return chips.filter((chip, at) => chips.findIndex(({ device }) => device === chip.device) === at);
}

/** The names of a chip's lines by offset. */
export function namesOf(chip: ToolChip): string[] {
  return Array.from(chip.infos, (info) => info?.name ?? '');
}

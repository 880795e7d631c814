// Reads systemd unit files as far as the doctor wants them: keys with their values, and the drop-ins that change them.
// Pure but for the files; knows nothing of what a key means.

import type { Machine } from './machine.ts';

export const unitName = 'keepwatch.service';
/** the first that has the file wins, as for systemd */
const folders = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

/** Values by key, in order; an empty value takes back those before, as systemd has it. */
export type UnitSettings = ReadonlyMap<string, readonly string[]>;

export interface InstalledUnit {
  readonly file: string;
  /** the file alone */
  readonly own: UnitSettings;
  readonly dropIns: readonly string[];
  /** the file and its drop-ins */
  readonly settings: UnitSettings;
}

export function parseUnit(text: string, before: UnitSettings = new Map()): UnitSettings {
  const settings = new Map(before);
  const joined = text.replaceAll(/\\\n/g, ' ');
  for (const line of joined.split('\n')) {
    const match = /^([A-Za-z]+)=(.*)$/.exec(line.trim());
    if (!match) continue;
    const [, key, value] = match as unknown as [string, string, string];
    const words = value.trim().replaceAll(/\s+/g, ' ');
    settings.set(key, words === '' ? [] : [...(settings.get(key) ?? []), words]);
  }
  return settings;
}

/** The installed unit as systemd would read it; undefined where none is installed. */
export function effectiveUnit(machine: Machine): InstalledUnit | undefined {
  const file = folders
    .map((folder) => `${folder}/${unitName}`)
    .find((each) => machine.stat(each)?.kind === 'file');
  if (file === undefined) return undefined;
  const own = parseUnit(machine.read(file) ?? '');
  // one name in two folders: the more important folder's counts
  const named = new Map<string, string>();
  for (const folder of [...folders].reverse())
    for (const name of machine.list(`${folder}/${unitName}.d`).filter((each) => each.endsWith('.conf')))
      named.set(name, `${folder}/${unitName}.d/${name}`);
  const dropIns = [...named.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  let settings: UnitSettings = own;
  for (const dropIn of dropIns) settings = parseUnit(machine.read(dropIn) ?? '', settings);
  return { file, own, dropIns, settings };
}

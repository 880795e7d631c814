// `keepwatch probe --scan`: which line to look on, with which settings; then the sweep, the guesses, and what
// people and machines are told. Refuses where a daemon owns the port.

import * as z from 'zod';
import { loadAllProfiles, type Profile, profileFolders } from '../config/profiles.ts';
import type { Config } from '../config/types.ts';
import type { Driver, Settings } from '../driver.ts';
import { systemClock } from '../lib/clock.ts';
import { openLine } from '../probe/ask.ts';
import { type Guess, guessProfile } from '../probe/guess.ts';
import { type FoundUnit, type LineSetting, type SweepResult, sweep } from '../probe/sweep.ts';
import { serialText } from '../probe/tap.ts';
import { languageOf } from '../terminal/words.ts';
import { busOf, loadSite, refusedByDaemon } from './probe-read.ts';
import { type ScannedUnit, scanLines } from './probe-scan-lines.ts';
import { interruption, type ProbeOptions, watchedLinks } from './probe-watch.ts';
import { output, print, printJson, say, UsageFault } from './verb.ts';

/** tried in this order where nobody says what the line has: as delivered, the most common first */
const usualBauds = [9600, 4800, 2400, 19_200, 38_400, 115_200];
const serialTimeoutMs = 200;
const tcpTimeoutMs = 1000;
/** a unit that was found gets more time for longer reads */
const guessTimeoutMs = 500;

export interface Target {
  /** id of the bus in the blocks to copy */
  readonly bus: string;
  readonly driver: Driver;
  readonly settings: Settings;
  /** undefined: there is no site file */
  readonly config: Config | undefined;
}

export async function scan(bus: string | undefined, options: ProbeOptions): Promise<number> {
  const target = await targetOf(bus, options);
  if (target === undefined) return 1;
  if (target.config && (await refusedByDaemon(target.config))) return 1;
  const isSerial = target.driver.link(target.settings)?.kind === 'serial';
  const settings = settingsToTry(target, options, isSerial);
  const units = unitsToAsk(options, isSerial);
  const { profiles, faults } = loadAllProfiles(profileFolders(target.config?.file));
  for (const fault of faults) say(`${fault.file}: ${fault.what}; left out`);
  const clock = systemClock();
  const watched = watchedLinks(options, target.driver.id, clock);
  const { signal, release } = interruption();
  const tell = progress();
  const guesses = new Map<FoundUnit, readonly Guess[]>();
  const startMs = clock.steadyMs();
  const timeoutMs = options.timeout ?? (isSerial ? serialTimeoutMs : tcpTimeoutMs);
  let asked = 0;
  let swept: SweepResult;
  try {
    swept = await sweep({
      settings,
      units,
      timeoutMs,
      exhaustive: options.exhaustive === true,
      signal,
      open: (setting) => {
        const chosen = { ...target.settings, ...setting };
        return openLine({ ...target, settings: chosen, openLink: watched.openLink, clock, signal });
      },
      async look(line, found) {
        for (const each of found) {
          if (signal.aborted) break;
          tell.state(`unit ${each.unit}: reading what it could be`);
          guesses.set(
            each,
            await guessProfile(line, each.unit, profiles, Math.max(timeoutMs, guessTimeoutMs)),
          );
        }
      },
      closing: (line) => {
        asked += line.asked;
      },
      progress: ({ setting, unit, done, of, found }) =>
        tell.state(`${settingText(setting)}unit ${unit}, ${done} of ${of} asked, ${found} found`),
      onFound: ({ unit, setting, answered }) => tell.line(`${settingText(setting)}unit ${unit}: ${answered}`),
    });
  } catch (error) {
    tell.end();
    say(`keepwatch: ${refusal(error as Error)}`);
    return 1;
  } finally {
    watched.done();
    release();
  }
  tell.end();
  const scanned = swept.found.map((each) => scannedUnit(target, each, guesses.get(each) ?? [], profiles));
  const tookMs = clock.steadyMs() - startMs;
  const language = languageOf(options.lang, target.config?.premises.language);
  if (options.json) printJson({ ...swept, found: scanned, asked, tookMs: Math.round(tookMs) });
  else
    for (const line of scanLines(output(), { target, swept, scanned, asked, tookMs }, language)) print(line);
  return scanned.length > 0 && swept.stopped === undefined ? 0 : 1;
}

/** The line that is meant; undefined after saying the faults of the site file. Throws UsageFault. */
async function targetOf(bus: string | undefined, options: ProbeOptions): Promise<Target | undefined> {
  const { drivers } = await import('../app.ts');
  const driverOf = (id: string): Driver => drivers.find((driver) => driver.id === id)!;
  const { path, host, port } = options;
  if (path !== undefined || host !== undefined) {
    if (path !== undefined && host !== undefined) throw new UsageFault('--path or --host, not both');
    if (bus !== undefined || options.config !== undefined)
      throw new UsageFault('a bus of a site file, or --path or --host, not both');
    if (path !== undefined && port !== undefined) throw new UsageFault('--port goes with --host');
    const driver = driverOf(path === undefined ? 'modbus-tcp' : 'modbus-rtu');
    const given = path === undefined ? { host, ...(port === undefined ? {} : { port }) } : { path };
    const settings = z.strictObject(driver.keys.bus).parse(given) as Settings;
    return { bus: path === undefined ? 'lan1' : 'line1', driver, settings, config: undefined };
  }
  if (options.port !== undefined) throw new UsageFault('--port goes with --host');
  const config = await loadSite(options.config);
  if (config === undefined) return undefined;
  busOf(config, bus);
  const able = config.buses.filter(({ driver }) => driver === 'modbus-rtu' || driver === 'modbus-tcp');
  const chosen = bus === undefined ? able : able.filter(({ id }) => id === bus);
  if (chosen.length === 1) {
    const { id, driver, settings } = chosen[0]!;
    return { bus: id, driver: driverOf(driver), settings, config };
  }
  const known = able.map(({ id }) => id).join(', ');
  if (bus !== undefined)
    throw new UsageFault(`only Modbus buses can be scanned; ${known || 'there are none'}`);
  throw new UsageFault(
    known ? `name the bus to scan: ${known}` : 'no Modbus bus to scan; give --path or --host',
  );
}

function settingsToTry(
  target: Target,
  options: ProbeOptions,
  isSerial: boolean,
): readonly (LineSetting | undefined)[] {
  const { bauds, parities } = options;
  if (!isSerial) {
    if (bauds || parities) throw new UsageFault('--bauds and --parities are for serial lines');
    return [undefined];
  }
  const own = target.settings as { baudRate: number; parity: LineSetting['parity'] };
  const known = target.config !== undefined;
  const rates = bauds ?? (known ? [own.baudRate] : usualBauds);
  const each = parities ?? (known ? [own.parity] : (['none', 'even'] as const));
  // every rate without parity first: most lines have none
  return each.flatMap((parity) => rates.map((baudRate) => ({ baudRate, parity })));
}

/** 255 is the factory address of some relay boards; 248 to 254 are nobody's. */
function unitsToAsk({ from, to }: ProbeOptions, isSerial: boolean): number[] {
  const first = from ?? 1;
  const last = to ?? 247;
  if (first > last) throw new UsageFault(`--from ${first} is above --to ${last}`);
  const units = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  if (!isSerial) return units;
  const real = units.filter((unit) => unit >= 1 && (unit <= 247 || unit === 255));
  if (from === undefined && to === undefined) real.push(255);
  if (real.length === 0) throw new UsageFault('units on a serial line are 1 to 247, and 255');
  return real;
}

function scannedUnit(
  target: Target,
  found: FoundUnit,
  guesses: readonly Guess[],
  profiles: readonly Profile[],
): ScannedUnit {
  const device = target.config?.devices.find(
    ({ bus, settings }) => bus === target.bus && settings.unit === found.unit,
  );
  const best = profiles.find(({ id }) => id === guesses[0]?.profile);
  return {
    ...found,
    guesses,
    ...(device ? { device: device.id } : {}),
    ...(best ? { profile: best.id, verified: best.verified, caveats: best.caveats } : {}),
  };
}

function settingText(setting: LineSetting | undefined): string {
  return setting ? `${serialText({ ...setting, dataBits: 8, stopBits: 1 })} ` : '';
}

function refusal({ message }: Error): string {
  return /in use by another/.test(message)
    ? `${message}; where that is keepwatch, stop it first (systemctl stop keepwatch), or ask it: keepwatch points`
    : message;
}

interface Progress {
  /** where it is; overwritten by the next */
  state(text: string): void;
  line(text: string): void;
  end(): void;
}

/** On a terminal one line that changes; in a file or pipe only what stays true. */
function progress(): Progress {
  const { stderr } = process;
  const live = stderr.isTTY === true;
  const clear = (): void => {
    if (live) stderr.write('\r\u001b[K');
  };
  return {
    state(text) {
      clear();
      if (live) stderr.write(text.slice(0, (stderr.columns || 80) - 1));
    },
    line(text) {
      clear();
      say(text);
    },
    end: clear,
  };
}

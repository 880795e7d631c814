// The `buses:` section: each bus with the driver that speaks on it, and what nobody may own twice. It opens
// nothing.

import path from 'node:path';
import { AddressFault, type Driver, type LinkSettings, type Settings } from '../driver.ts';
import { type Context, entries } from './context.ts';
import type { FaultList, Place } from './faults.ts';
import { check, type Where, warnOfPlain } from './issues.ts';
import { suggestion } from './nearest.ts';
import type { BusConfig } from './types.ts';
import { show } from './words.ts';
import { isMapping } from './yaml.ts';

export interface ResolvedBus {
  readonly id: string;
  readonly where: Where;
  /** undefined: the driver is unknown */
  readonly driver: Driver | undefined;
  /** undefined: the settings have faults */
  readonly settings: Settings | undefined;
  readonly config: BusConfig | undefined;
  /** what is claimed on this bus is claimed on every bus of the same scope: two buses may share one line */
  readonly scope: string;
}

/** Says who owns a word; a second owner is a fault. */
export interface Claims {
  claim(scope: string, words: readonly string[], owner: string, place: (word: string) => Place): void;
}

/** A register of what is owned. */
export function claims(context: Context): Claims {
  const owners = new Map<string, string>();
  return {
    claim(scope, words, owner, place) {
      for (const word of new Set(words)) {
        const key = JSON.stringify([scope, word]);
        const first = owners.get(key);
        if (first === undefined) owners.set(key, owner);
        else {
          const what = `\`${owner}\` takes ${word}, which \`${first}\` has`;
          context.faults.fault(place(word), what, 'correct one of the two, or remove it');
        }
      }
    },
  };
}

/** The place of the key in a part that a claim such as `line GPIO17` is most likely about. */
export function claimPlace(where: Where, settings: Settings | undefined): (word: string) => Place {
  return (word) => {
    const keys = Object.keys(settings ?? {});
    const key =
      keys.find((name) => word.startsWith(`${name} `)) ??
      keys.find((name) => word.includes(String(settings?.[name])));
    return key === undefined ? where.key([]) : where.value([key]);
  };
}

/** All buses, sound or not, by id. */
export function resolveBuses(context: Context, owned: Claims): Map<string, ResolvedBus> {
  const buses = new Map<string, ResolvedBus>();
  for (const { id, raw, where } of entries(context, 'buses')) {
    buses.set(id, resolveBus(context, owned, id, raw, where));
  }
  return buses;
}

function resolveBus(context: Context, owned: Claims, id: string, raw: unknown, where: Where): ResolvedBus {
  const { faults, drivers, parts } = context;
  const broken: ResolvedBus = {
    id,
    where,
    driver: undefined,
    settings: undefined,
    config: undefined,
    scope: id,
  };
  if (!isMapping(raw)) {
    faults.fault(where.value([]), `bus \`${id}\`: ${show(raw)} is not a map`, 'write `{ driver: … }`');
    return broken;
  }
  const word = raw.driver;
  const driver = typeof word === 'string' ? drivers.get(word) : undefined;
  if (driver === undefined) {
    if (word === undefined) {
      if (!where.unresolved(['driver'])) {
        faults.fault(
          where.key([]),
          `\`driver\` of bus \`${id}\` is missing`,
          `write one of ${[...drivers.keys()].join(', ')}`,
        );
      }
    } else {
      const todo = suggestion(String(word), drivers.keys(), 'remove the bus');
      faults.fault(where.value(['driver']), `unknown driver ${show(word)}`, todo);
    }
    owned.claim('', portWords(raw.path), `buses.${id}`, claimPlace(where, raw));
    return broken;
  }
  const checked = check(parts.bus(driver), raw, where, faults);
  if (checked === undefined) {
    owned.claim('', portWords(raw.path), `buses.${id}`, claimPlace(where, raw));
    return { ...broken, driver };
  }
  warnOfPlain(raw.password, where, 'password', `${id}_password`, faults);
  const { driver: _, ...settings } = checked.value as Settings & { driver: string };
  if (!checked.sound) {
    // its other keys say what it takes all the same: two mistakes are told at once
    const words = [...portWords(settings.path), ...claimed(driver, { bus: settings })];
    owned.claim('', words, `buses.${id}`, claimPlace(where, settings));
    return { ...broken, driver, settings };
  }
  let link: LinkSettings | undefined;
  try {
    link = driver.link(settings);
  } catch (error) {
    addressFault(faults, error, where);
    owned.claim('', portWords(settings.path), `buses.${id}`, claimPlace(where, settings));
    return { ...broken, driver };
  }
  const port = link?.kind === 'serial' ? portWords(link.path) : [];
  owned.claim(
    '',
    [...port, ...claimed(driver, { bus: settings })],
    `buses.${id}`,
    claimPlace(where, settings),
  );
  const config: BusConfig = { id, driver: driver.id, settings, ...(link === undefined ? {} : { link }) };
  const scope = link?.kind === 'tcp' ? `${link.host}:${link.port}` : JSON.stringify([driver.id, settings]);
  return { id, where, driver, settings, config, scope };
}

/** A serial port can be opened once only, whatever speaks on it and however its path is written. */
export function portWords(port: unknown): readonly string[] {
  return typeof port === 'string' ? [`path ${path.posix.normalize(port)}`] : [];
}

/** What a driver claims for a place; nothing where its keys have faults, which are found elsewhere. */
export function claimed(driver: Driver, place: Parameters<Driver['claims']>[0]): readonly string[] {
  try {
    return driver.claims(place);
  } catch (error) {
    if (error instanceof AddressFault) return [];
    throw error;
  }
}

/** Puts what a driver threw at the key that it names. */
export function addressFault(faults: FaultList, error: unknown, where: Where): void {
  if (error instanceof AddressFault) {
    faults.fault(where.value([error.key]), `\`${error.key}\`: ${error.message}`, error.hint);
  } else {
    faults.fault(where.key([]), `\`${where.name}\`: ${(error as Error).message}`, 'correct its keys');
  }
}

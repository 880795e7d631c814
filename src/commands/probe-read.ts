// Reads every device of a site once, through the same device layer as the daemon, and gathers raw and scaled
// values with what must be known of each product. Drives no output, keeps nothing and publishes nothing.

import path from 'node:path';
import { faultList } from '../config/faults.ts';
import { loadProfile, type Profile } from '../config/profiles.ts';
import type { Config, DeviceConfig } from '../config/types.ts';
import { callDaemon, NoDaemon } from '../control/client.ts';
import { socketName } from '../control/types.ts';
import { scaled } from '../core/points.ts';
import type { Quality, Raw, Text, Value } from '../core/types.ts';
import { createDevices } from '../devices/index.ts';
import type { DeviceInput } from '../devices/types.ts';
import { sleep, systemClock } from '../lib/clock.ts';
import { languageOf } from '../terminal/words.ts';
import { probeLines } from './probe-lines.ts';
import { interruption, type ProbeOptions, watchedLinks } from './probe-watch.ts';
import { output, print, printJson, say, UsageFault } from './verb.ts';
import { siteFile } from './where.ts';

const longestMs = 10_000;

export interface ProbedPoint {
  readonly point: string;
  /** absent: nothing was read */
  readonly raw?: Raw;
  readonly value: Value | null;
  readonly quality: Quality;
  readonly unit?: string;
  readonly because?: string;
}

export interface ProbedDevice {
  readonly device: string;
  readonly bus: string;
  readonly ok: boolean;
  readonly because?: string;
  readonly profile?: string;
  /** false: the profile was not tried on a real device */
  readonly verified?: boolean;
  readonly caveats?: readonly Text[];
  readonly points: readonly ProbedPoint[];
}

export async function read(bus: string | undefined, options: ProbeOptions): Promise<number> {
  const config = await loadSite(options.config);
  if (config === undefined) return 1;
  busOf(config, bus);
  if (await refusedByDaemon(config)) return 1;
  const wanted = narrowed(config, bus);
  if (options.record !== undefined && wanted.buses.length !== 1)
    throw new UsageFault('a recording is of one line; name the bus');
  const clock = systemClock();
  const watched = watchedLinks(options, wanted.buses[0]?.driver ?? '', clock);
  const { signal, release } = interruption();
  const seen = observe(wanted);
  const { drivers } = await import('../app.ts');
  const devices = createDevices({ drivers, clock, log: quiet, push: seen.push, openLink: watched.openLink });
  const why = new Map<string, string>();
  try {
    await Promise.race([devices.use(wanted), limit(longestMs, signal)]);
    await Promise.race([seen.complete, limit(longestMs, signal)]);
    if (options.for !== undefined) await sleep(clock, options.for, signal);
    for (const figures of devices.figures()) {
      for (const device of figures.devices) {
        const because = device.because ?? figures.because;
        if (because) why.set(device.id, because);
      }
    }
  } finally {
    await Promise.race([devices.stop(), limit(2000)]);
    watched.done();
    release();
  }
  const profiles = profilesOf(config);
  const results = wanted.devices.map((device) => {
    const probed = result(wanted, device, seen, why.get(device.id));
    const profile = device.profile === undefined ? undefined : profiles.get(device.profile);
    if (!profile) return probed;
    return { ...probed, profile: profile.id, verified: profile.verified, caveats: profile.caveats };
  });
  if (options.json) printJson(results);
  else
    for (const line of probeLines(output(), results, languageOf(options.lang, config.premises.language)))
      print(line);
  return results.every(({ ok }) => ok) && !signal.aborted ? 0 : 1;
}

/** The site's config; undefined after saying its faults. */
export async function loadSite(named: string | undefined): Promise<Config | undefined> {
  const file = siteFile(named);
  if (file === undefined) throw new UsageFault('no site file here; name one with -c FILE');
  const [{ drivers }, { loadConfig, formatFault }] = await Promise.all([
    import('../app.ts'),
    import('../config/load.ts'),
  ]);
  const { config, faults } = loadConfig(file, { drivers });
  if (!config) for (const fault of faults) say(formatFault(fault));
  return config;
}

/** Is there a bus of this name? Throws UsageFault. */
export function busOf(config: Config, bus: string | undefined): void {
  if (bus === undefined || config.buses.some(({ id }) => id === bus)) return;
  const known = config.buses.map(({ id }) => id).join(', ');
  throw new UsageFault(`there is no bus "${bus}" in ${config.file}; there are ${known || 'none'}`);
}

/** Does a daemon own the ports of this site, also one that we have no right to ask? Says so. */
export async function refusedByDaemon(config: Config): Promise<boolean> {
  try {
    await callDaemon(path.join(config.data, socketName), 'status', {}, 3000);
  } catch (error) {
    if (error instanceof NoDaemon) return false;
  }
  say(
    `keepwatch: a daemon runs on ${config.data} and owns its ports; stop it first, or ask it: keepwatch points`,
  );
  return true;
}

/** One bus or all; never outputs: to probe must move nothing. */
function narrowed(config: Config, bus: string | undefined): Config {
  const ours = <T extends { readonly bus: string }>(items: readonly T[]): T[] =>
    items.filter((item) => bus === undefined || item.bus === bus);
  return {
    ...config,
    outputs: [],
    devices: ours(config.devices),
    buses: config.buses.filter(({ id }) => bus === undefined || id === bus),
  };
}

/** The profiles that the site has read, by id, for what must be known of them. */
function profilesOf(config: Config): ReadonlyMap<string, Profile> {
  const wanted = new Set(config.devices.map(({ profile }) => profile));
  const found = new Map<string, Profile>();
  for (const file of config.files) {
    if (!wanted.has(path.basename(file).replace(/\.ya?ml$/, ''))) continue;
    const profile = loadProfile(file, faultList(file));
    if (profile) found.set(profile.id, profile);
  }
  return found;
}

interface Observed {
  readonly raws: ReadonlyMap<string, Raw>;
  readonly down: ReadonlyMap<string, string>;
  /** every device has answered for all its points, or has failed */
  readonly complete: Promise<void>;
  push(input: DeviceInput): void;
}

/** Collects the last reading of every point and the first failure of every device. */
export function observe(config: Pick<Config, 'devices'>): Observed {
  const raws = new Map<string, Raw>();
  const down = new Map<string, string>();
  const waiting = new Map(
    config.devices.map((device) => [device.id, new Set(device.points.map(({ address }) => address.id))]),
  );
  let finish: () => void = () => {};
  const complete = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const failed = (device: string, because: string): void => {
    if (waiting.delete(device)) down.set(device, because);
  };
  const finishIfDone = (): void => {
    for (const [device, points] of waiting) if (points.size === 0) waiting.delete(device);
    if (waiting.size === 0) finish();
  };
  finishIfDone();
  return {
    raws,
    down,
    complete,
    push(input) {
      if (input.type === 'reading') {
        for (const [id, raw] of input.values) {
          raws.set(id, raw);
          for (const points of waiting.values()) points.delete(id);
        }
      } else if (input.type === 'link' && !input.up) {
        for (const device of config.devices) {
          if (device.id === input.id || (input.of === 'bus' && device.bus === input.id))
            failed(device.id, input.because);
        }
      }
      finishIfDone();
    },
  };
}

function result(config: Config, device: DeviceConfig, seen: Observed, why: string | undefined): ProbedDevice {
  const points = device.points.map(({ address }): ProbedPoint => {
    const point = config.site.points.find(({ id }) => id === address.id);
    const raw = seen.raws.get(address.id);
    if (raw === undefined || !point) return { point: address.id, value: null, quality: 'stale' };
    const { unit } = point;
    return { point: address.id, raw, ...scaled(point, raw), ...(unit === undefined ? {} : { unit }) };
  });
  const missing = points.filter(({ raw }) => raw === undefined).length;
  if (missing === 0) return { device: device.id, bus: device.bus, ok: true, points };
  const nothing = `${missing} of ${points.length} points gave nothing in ${longestMs / 1000} s`;
  const because = seen.down.get(device.id) ?? why ?? nothing;
  return { device: device.id, bus: device.bus, ok: false, because, points };
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Resolves after a while, or when the signal is aborted; does not keep the program alive by itself. */
function limit(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    setTimeout(resolve, ms).unref();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

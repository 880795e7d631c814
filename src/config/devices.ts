// The `devices:` section: each device on its bus, its profile merged with what the site says, and its points.

import type { Device } from '../core/types.ts';
import type { Driver, RequestLimits } from '../driver.ts';
import { type Claims, claimed, claimPlace, type ResolvedBus } from './buses.ts';
import { type Context, defined, entries, mapEntries, pick, refers, type Section } from './context.ts';
import { type PointType, reservedDevice, reservedPoint } from './expressions.ts';
import { check, partOf, type Where } from './issues.ts';
import { type ResolvedPoint, resolvePoint } from './points.ts';
import type { Profile, Profiles } from './profiles.ts';
import { show } from './words.ts';
import { isMapping, type Mapping, type Path } from './yaml.ts';

const defaultEveryMs = 1000;
const defaultTimeoutMs = 1000;

export interface ResolvedDevice {
  readonly id: string;
  readonly where: Where;
  readonly zone?: string;
  /** `any`: which points it has is not known */
  readonly types: ReadonlyMap<string, PointType> | 'any';
  readonly points: readonly ResolvedPoint[];
  /** undefined: it has faults */
  readonly device: Device | undefined;
  readonly settings: Mapping;
  readonly profile?: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly limits: RequestLimits;
}

/** The profiles that the devices name, with the places of the names. */
export function wantedProfiles(
  context: Context,
): { readonly id: string; readonly place: ReturnType<Where['key']> }[] {
  const devices = context.tree.value.devices;
  if (!isMapping(devices)) return [];
  return Object.entries(devices).flatMap(([id, raw]) => {
    const profile = isMapping(raw) ? raw.profile : undefined;
    return typeof profile === 'string'
      ? [{ id: profile, place: context.tree.valueAt(['devices', id, 'profile']) }]
      : [];
  });
}

/** All devices, sound or not. */
export function resolveDevices(
  context: Context,
  buses: ReadonlyMap<string, ResolvedBus>,
  profiles: Profiles,
  owned: Claims,
): ResolvedDevice[] {
  return entries(context, 'devices').map((entry) => resolveDevice(context, entry, buses, profiles, owned));
}

/** The device's keys over the defaults that its profile has. */
function overProfile(raw: Mapping, profile: Profile | undefined, driver: Driver | undefined): Mapping {
  if (profile?.unit === undefined || driver === undefined || !('unit' in driver.keys.device)) return raw;
  return { unit: profile.unit, ...raw };
}

function resolveDevice(
  context: Context,
  { id, raw: given, where }: Section,
  buses: ReadonlyMap<string, ResolvedBus>,
  profiles: Profiles,
  owned: Claims,
): ResolvedDevice {
  const { faults, parts } = context;
  const reserved = reservedDevice(id);
  if (reserved !== undefined) faults.fault(where.key([]), reserved, 'choose another id for the device');
  if (!isMapping(given))
    faults.fault(where.value([]), `device \`${id}\`: ${show(given)} is not a map`, 'write `{ bus: … }`');
  const written: Mapping = isMapping(given) ? given : {};
  const bus = typeof written.bus === 'string' ? buses.get(written.bus) : undefined;
  const driver = bus?.driver;
  const profileId = typeof written.profile === 'string' ? written.profile : undefined;
  const profile = profileId === undefined ? undefined : profiles.sound.get(profileId);
  const raw = overProfile(written, profile, driver);
  const checked = isMapping(given) ? check(parts.device(driver), raw, where, faults, true) : undefined;
  const keys = checked?.value;
  if (keys !== undefined) refers(faults, 'bus', keys.bus, buses, () => where.value(['bus']));
  if (profile !== undefined && driver !== undefined && !profile.drivers.includes(driver.id)) {
    const what = `profile \`${profile.id}\` is for ${profile.drivers.join(', ')}; bus \`${bus!.id}\` speaks ${driver.id}`;
    faults.fault(
      where.value(['profile']),
      what.replace('; ', ', and '),
      'choose another bus or another profile',
    );
  }

  const deviceSettings =
    checked?.whole && driver !== undefined ? pick(checked.value, driver.keys.device) : undefined;
  const everyMs = keys?.every ?? profile?.every ?? defaultEveryMs;
  const timeoutMs = keys?.timeout ?? profile?.timeout ?? defaultTimeoutMs;
  const around = {
    device: id,
    where,
    driver,
    written,
    busSettings: bus?.settings,
    deviceSettings,
    zone: keys?.zone,
    everyMs,
    timeoutMs,
  };
  const points = mergedPoints(context, written, profile, where).map(([name, merged, place]) =>
    resolvePoint(context, around, name, merged, place),
  );
  if (checked?.sound && points.length === 0 && profileId === undefined) {
    faults.warn(where.key([]), `device \`${id}\` has no points`, 'add `points:` or `profile:`, or remove it');
  }
  if (driver !== undefined && bus?.settings !== undefined && deviceSettings !== undefined) {
    claimAll(driver, bus, id, deviceSettings, points, where, owned);
  }
  const unknownPoints = (profileId !== undefined && profile === undefined) || !isMapping(given);
  return {
    id,
    where,
    types: unknownPoints
      ? 'any'
      : new Map(points.map((point) => [point.id.slice(id.length + 1), point.type])),
    points,
    device: checked?.sound
      ? (defined({ id, bus: keys!.bus, name: keys!.name, zone: keys!.zone }) as Device)
      : undefined,
    settings: deviceSettings ?? {},
    everyMs,
    timeoutMs,
    limits: narrowed(driver?.limits ?? { most: 1, gap: 0, even: false }, profile?.limits, keys?.limits),
    ...defined({ zone: keys?.zone, profile: profileId }),
  };
}

type Narrowing = { readonly [K in keyof RequestLimits]?: RequestLimits[K] | undefined } | undefined;

/** Profile and site may ask for shorter requests than the driver can make, not for longer ones. */
function narrowed(driver: RequestLimits, profile: Narrowing, device: Narrowing): RequestLimits {
  return {
    most: Math.min(driver.most, device?.most ?? profile?.most ?? driver.most),
    gap: device?.gap ?? profile?.gap ?? driver.gap,
    even: device?.even ?? profile?.even ?? driver.even,
  };
}

/** Points of the profile with the site's keys over them, and those that only the site has. */
function mergedPoints(
  { tree, faults }: Context,
  written: Mapping,
  profile: Profile | undefined,
  where: Where,
): (readonly [name: string, merged: Mapping, where: Where])[] {
  const base: Path = ['devices', where.name.slice('devices.'.length), 'points'];
  const own = new Map(
    mapEntries(written.points, partOf(tree, base), 'points', faults).map(({ id, raw }) => [id, raw]),
  );
  if (profile !== undefined) mapEntries(profile.points, partOf(profile.tree, ['points']), 'points', faults);
  const names = new Set([...Object.keys(profile?.points ?? {}), ...own.keys()]);
  return [...names].map((name) => {
    const inSite = partOf(tree, [...base, name]);
    const inProfile =
      profile && Object.hasOwn(profile.points, name) ? partOf(profile.tree, ['points', name]) : undefined;
    const reserved = reservedPoint(name);
    const site = own.get(name);
    const first = inProfile ?? inSite;
    if (reserved !== undefined) faults.fault(first.key([]), reserved, 'choose another id for the point');
    const map = (raw: unknown, place: Where): Mapping => {
      if (isMapping(raw)) return raw;
      if (raw !== undefined && !place.unresolved([])) {
        faults.fault(
          place.value([]),
          `point \`${name}\`: ${show(raw)} is not a map`,
          'write `{ … }` with its keys',
        );
      }
      return {};
    };
    const over = map(site, inSite);
    const merged = inProfile === undefined ? over : { ...map(profile!.points[name], inProfile), ...over };
    return [name, merged, inProfile === undefined ? inSite : either(inSite, inProfile, over)] as const;
  });
}

/** Places of a merged point: in the site for keys that the site has, else in the profile. */
function either(site: Where, profile: Where, over: Mapping): Where {
  const one = (path: Path): Where => (path.length > 0 && Object.hasOwn(over, path[0]!) ? site : profile);
  return {
    name: site.name,
    key: (path) => one(path).key(path),
    value: (path) => one(path).value(path),
    hidden: (path) => one(path).hidden(path),
    unresolved: (path) => site.unresolved(path) || profile.unresolved(path),
    overridden: (path) => one(path).overridden(path),
  };
}

function claimAll(
  driver: Driver,
  bus: ResolvedBus,
  device: string,
  settings: Mapping,
  points: readonly ResolvedPoint[],
  where: Where,
  owned: Claims,
): void {
  const place = { bus: bus.settings!, device: settings };
  const ofBus = claimed(driver, { bus: bus.settings! });
  const ofDevice = claimed(driver, place).filter((word) => !ofBus.includes(word));
  owned.claim(bus.scope, ofDevice, device, claimPlace(where, settings));
  for (const { id, settings: point, where: at } of points) {
    if (point === undefined) continue;
    const words = claimed(driver, { ...place, point });
    const ofPoint = words.filter((word) => !ofBus.includes(word) && !ofDevice.includes(word));
    owned.claim(bus.scope, ofPoint, id, claimPlace(at, point));
  }
}

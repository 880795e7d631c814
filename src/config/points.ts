// One point of a device: its keys, from the profile and the site together, become an address for the driver
// and a Point for the engine. Limits and signs are checked here; whether its zone or plan exists, elsewhere.

import * as z from 'zod';
import { kinds } from '../core/kinds.ts';
import { loopFaults } from '../core/loops.ts';
import type { Point } from '../core/types.ts';
import { AddressFault, type Driver, type PointAddress, type Settings } from '../driver.ts';
import { addressFault } from './buses.ts';
import { type Context, defined, pick } from './context.ts';
import type { PointType } from './expressions.ts';
import { check, type Where } from './issues.ts';
import { suggestion } from './nearest.ts';
import type { Parts } from './schema.ts';
import { show } from './words.ts';
import type { Mapping } from './yaml.ts';

export interface ResolvedPoint {
  readonly id: string;
  readonly type: PointType;
  readonly where: Where;
  readonly zone?: string;
  readonly kind?: string;
  /** `rule: none` */
  readonly noRule: boolean;
  /** undefined: it has faults */
  readonly point: Point | undefined;
  readonly address: PointAddress | undefined;
  readonly everyMs: number;
  /** the driver's keys; undefined: they have faults */
  readonly settings: Mapping | undefined;
}

/** What a point takes from its device. */
export interface Surroundings {
  readonly device: string;
  /** where the device stands */
  readonly where: Where;
  readonly driver: Driver | undefined;
  /** the device's keys as the file has them */
  readonly written: Mapping;
  /** undefined: they have faults */
  readonly busSettings: Settings | undefined;
  readonly deviceSettings: Settings | undefined;
  readonly zone: string | undefined;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

type Keys = z.output<ReturnType<Parts['point']>>;

const shortestStaleMs = 5000;
const numberOnly = [
  'scale',
  'offset',
  'invalid',
  'min',
  'max',
  'alarmAbove',
  'clearBelow',
  'alarmBelow',
  'clearAbove',
] as const;

/** A point by its keys, whatever faults it has. */
export function resolvePoint(
  context: Context,
  around: Surroundings,
  name: string,
  raw: Mapping,
  where: Where,
): ResolvedPoint {
  const { faults, parts } = context;
  const id = `${around.device}.${name}`;
  const broken = {
    id,
    type: 'any' as PointType,
    where,
    noRule: false,
    point: undefined,
    address: undefined,
    settings: undefined,
  };
  const checked = check(parts.point(around.driver), raw, where, faults, true);
  if (checked === undefined) return { ...broken, everyMs: around.everyMs };
  const keys = checked.value as Keys;
  const everyMs = keys.every ?? around.everyMs;
  const settings = checked.whole && around.driver ? pick(keys, around.driver.keys.point) : undefined;
  const address = resolveAddress(context, around, id, settings, where);
  if (around.driver === undefined) refuseByShape(context, around, raw, where);
  if (keys.kind !== undefined && !Object.hasOwn(kinds, keys.kind)) {
    faults.fault(
      where.value(['kind']),
      `unknown kind ${show(keys.kind)}`,
      suggestion(keys.kind, Object.keys(kinds), ''),
    );
  }
  if (keys.invert !== undefined && keys.activeLow !== undefined) {
    faults.fault(where.key(['activeLow']), '`activeLow` and `invert` mean the same', 'keep one of them');
  }
  const limits = checkLimits(context, keys, where);
  if (address !== undefined) checkType(context, keys, address.type, where);
  const isLoop = raw.loop !== undefined;
  const soundLoop = checkLoop(context, keys, where);
  // a loop is measured as a number and believed as true or false
  const type: PointType = isLoop ? 'bool' : (address?.type ?? 'any');
  const common = {
    ...broken,
    type,
    noRule: keys.rule === 'none',
    everyMs,
    settings: address === undefined ? undefined : settings,
    ...defined({ zone: keys.zone, kind: keys.kind }),
  };
  // `unasked`: the device speaks of itself, and may rightly be silent for days
  const unasked = (address?.detail as { unasked?: unknown } | null | undefined)?.unasked === true;
  const polledStaleMs = Math.max(shortestStaleMs, 3 * everyMs + around.timeoutMs);
  const staleAfterMs = keys.staleAfter ?? (unasked ? 0 : polledStaleMs);
  if (keys.staleAfter !== undefined && keys.staleAfter > 0 && keys.staleAfter < everyMs && !unasked) {
    const what = `\`staleAfter\` (${keys.staleAfter} ms) is shorter than \`every\` (${everyMs} ms)`;
    faults.fault(where.value(['staleAfter']), what, 'write three times `every`, or more');
  }
  if (address === undefined || !checked.sound || !soundLoop) return common;
  const point: Point = defined({
    id,
    device: around.device,
    name: keys.name,
    kind: keys.kind,
    zone: keys.zone ?? around.zone,
    type: isLoop ? 'bool' : address.type,
    unit: keys.unit,
    scale: keys.scale,
    offset: keys.offset,
    invert: keys.invert ?? keys.activeLow,
    invalid: keys.invalid === undefined ? undefined : [keys.invalid].flat(),
    min: keys.min,
    max: keys.max,
    debounceMs: keys.debounce,
    loop: keys.loop,
    ...(address.type === 'number' && !isLoop ? limits : {}),
    staleAfterMs,
  }) as Point;
  return { ...common, point, address };
}

function resolveAddress(
  context: Context,
  around: Surroundings,
  id: string,
  settings: Settings | undefined,
  where: Where,
): PointAddress | undefined {
  const { driver, busSettings, deviceSettings } = around;
  if (
    driver === undefined ||
    busSettings === undefined ||
    deviceSettings === undefined ||
    settings === undefined
  ) {
    return undefined;
  }
  try {
    return { ...driver.point(busSettings, deviceSettings, settings), id, device: around.device };
  } catch (error) {
    const ofDevice = error instanceof AddressFault && !(error.key in settings) && error.key in deviceSettings;
    addressFault(context.faults, error, ofDevice ? around.where : where);
    return undefined;
  }
}

/**
 * Where the driver is not known: an address that no driver would take whose keys these are is a fault all the same.
 * Only where the device has keys of its own, such as `unit`: a point's keys alone, such as `read`, fit too many.
 */
function refuseByShape(
  { faults, drivers, parts }: Context,
  around: Surroundings,
  raw: Mapping,
  where: Where,
): void {
  const point = without(raw, parts.point(undefined).shape);
  const device = without(around.written, parts.device(undefined).shape);
  if (Object.keys(device).length === 0) return;
  let first: AddressFault | undefined;
  for (const driver of drivers.values()) {
    if (!isAmong(device, driver.keys.device) || !isAmong(point, driver.keys.point)) continue;
    const verdict = verdictOf(driver, device, point);
    if (verdict === 'taken') return;
    if (verdict instanceof AddressFault) first ??= verdict;
  }
  if (first !== undefined) addressFault(faults, first, where);
}

/** What a driver says of an address without its bus; undefined where it must know the bus. */
function verdictOf(driver: Driver, device: Mapping, point: Mapping): 'taken' | AddressFault | undefined {
  const ofDevice = z.object(driver.keys.device).safeParse(device);
  const ofPoint = z.object(driver.keys.point).safeParse(point);
  if (!ofDevice.success || !ofPoint.success) return undefined;
  try {
    driver.point({}, ofDevice.data, ofPoint.data);
    return 'taken';
  } catch (error) {
    return error instanceof AddressFault && Object.hasOwn(point, error.key) ? error : undefined;
  }
}

function without(map: Mapping, keys: object): Mapping {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !(key in keys)));
}

function isAmong(map: Mapping, keys: object): boolean {
  return Object.keys(map).every((key) => key in keys);
}

type Limits = Pick<Point, 'alarmAbove' | 'clearBelow' | 'alarmBelow' | 'clearAbove'>;

/** The limits with their defaults filled in, those of the kind where the point has none. */
function checkLimits({ faults }: Context, keys: Keys, where: Where): Limits {
  const own = defined(pick(keys, { alarmAbove: 0, clearBelow: 0, alarmBelow: 0, clearAbove: 0 })) as Limits;
  const kind = keys.kind !== undefined && Object.hasOwn(kinds, keys.kind) ? kinds[keys.kind] : undefined;
  const given: Limits =
    Object.keys(own).length > 0 || kind === undefined
      ? own
      : (defined(
          pick({ ...kind }, { alarmAbove: 0, clearBelow: 0, alarmBelow: 0, clearAbove: 0 }),
        ) as Limits);
  const { alarmAbove, alarmBelow } = given;
  const clearBelow = given.clearBelow ?? alarmAbove;
  const clearAbove = given.clearAbove ?? alarmBelow;
  const wrong = (key: keyof Limits, what: string, todo: string): void =>
    faults.fault(where.value([key]), what, todo);
  if (clearBelow !== undefined && alarmAbove === undefined) {
    wrong('clearBelow', '`clearBelow` without `alarmAbove`', 'add `alarmAbove: …`');
  } else if (clearBelow! > alarmAbove!) {
    wrong(
      'clearBelow',
      `\`clearBelow\` (${clearBelow}) is above \`alarmAbove\` (${alarmAbove})`,
      'write a smaller value',
    );
  }
  if (clearAbove !== undefined && alarmBelow === undefined) {
    wrong('clearAbove', '`clearAbove` without `alarmBelow`', 'add `alarmBelow: …`');
  } else if (clearAbove! < alarmBelow!) {
    wrong(
      'clearAbove',
      `\`clearAbove\` (${clearAbove}) is below \`alarmBelow\` (${alarmBelow})`,
      'write a larger value',
    );
  }
  if (alarmAbove !== undefined && alarmBelow !== undefined && alarmBelow >= alarmAbove) {
    wrong(
      'alarmBelow',
      `\`alarmBelow\` (${alarmBelow}) is not below \`alarmAbove\` (${alarmAbove})`,
      'exchange the two',
    );
  }
  if (keys.min !== undefined && keys.max !== undefined && keys.min > keys.max) {
    faults.fault(
      where.value(['min']),
      `\`min\` (${keys.min}) is above \`max\` (${keys.max})`,
      'exchange the two',
    );
  }
  return defined({ alarmAbove, clearBelow, alarmBelow, clearAbove }) as Limits;
}

/** False where the bands can't be told apart: such a loop is none. */
function checkLoop({ faults }: Context, keys: Keys, where: Where): boolean {
  const { loop } = keys;
  if (loop === undefined) return true;
  for (const key of ['alarmAbove', 'clearBelow', 'alarmBelow', 'clearAbove'] as const) {
    if (keys[key] === undefined) continue;
    faults.fault(
      where.key([key]),
      `\`${key}\` beside \`loop\`, whose bands say what is active`,
      `remove \`${key}\``,
    );
  }
  const wrong = loopFaults(defined({ ...loop }) as NonNullable<Point['loop']>);
  for (const { key, what, todo } of wrong) faults.fault(where.value(['loop', key]), what, todo);
  return wrong.length === 0;
}

function checkType({ faults }: Context, keys: Keys, type: Point['type'], where: Where): void {
  const names = { bool: 'true or false', number: 'a number', string: 'a text' };
  if (keys.loop !== undefined && type !== 'number') {
    const what = `\`loop\` is for measured numbers, and this point is ${names[type]}`;
    faults.fault(where.key(['loop']), what, 'remove `loop`');
  }
  if (type !== 'number') {
    for (const key of numberOnly) {
      if (keys[key] === undefined) continue;
      faults.fault(
        where.key([key]),
        `\`${key}\` is for numbers, and this point is ${names[type]}`,
        `remove \`${key}\``,
      );
    }
  }
  if (type !== 'bool') {
    for (const key of ['invert', 'activeLow'] as const) {
      if (keys[key] === undefined) continue;
      const what = `\`${key}\` is for contacts, and this point is ${names[type]}`;
      faults.fault(where.key([key]), what, `remove \`${key}\``);
    }
  }
}

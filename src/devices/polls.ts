// The reading plan of one bus as data: what is asked of whom, when it is due, and which is next. Computed once
// when the bus is opened. Knows no links and no time but the one it is given.

import type { DeviceConfig } from '../config/types.ts';
import type { Raw, ReadRequest, RequestLimits } from '../driver.ts';
import { backoffMs } from '../lib/backoff.ts';
import { mergeReads } from './merge.ts';
import type { Station } from './stations.ts';

/** failures in a row after which a device is down */
export const failuresToDown = 3;
const shortBackoff = { firstMs: 500, mostMs: 5000 };
const longBackoff = { firstMs: 500, mostMs: 30_000 };
/** a request that alone stays unanswered while its device is alive */
const pollBackoff = { firstMs: 1000, mostMs: 30_000 };
/** alarm requests in a row after which a meter that is due gets one turn */
const alarmsInARow = 4;

export interface DeviceState {
  readonly id: string;
  readonly timeoutMs: number;
  readonly limits: RequestLimits;
  failures: number;
  /** not asked before */
  retryAtMs: number;
  /** undefined until the first contact or verdict */
  up: boolean | undefined;
  because: string | undefined;
  lastGoodMs: number | undefined;
  /** that it is down was written to the log */
  saidDown: boolean;
  /** the same unit's outputs, where it has any */
  station: Station | undefined;
}

export interface Poll {
  readonly device: DeviceState;
  readonly request: ReadRequest;
  readonly everyMs: number;
  readonly lane: 'alarm' | 'meter';
  dueMs: number;
  /** not asked before: a late answer to another question could be taken for this one's */
  heldUntilMs: number;
  /** the steady schedule, from which a retry may stray */
  nominalMs: number;
  failures: number;
  lastGoodMs: number | undefined;
  /** what was pushed last; pushed again as it is while nothing changed */
  values: readonly (readonly [string, Raw])[] | undefined;
}

export function deviceState(config: DeviceConfig): DeviceState {
  return {
    id: config.id,
    timeoutMs: config.timeoutMs,
    limits: config.limits,
    failures: 0,
    retryAtMs: Number.NEGATIVE_INFINITY,
    up: undefined,
    because: undefined,
    lastGoodMs: undefined,
    saidDown: true,
    station: undefined,
  };
}

export function planPolls(config: DeviceConfig, device: DeviceState): Poll[] {
  const groups = new Map<string, typeof config.points>();
  for (const point of config.points) {
    const key = `${point.lane} ${point.everyMs}`;
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  return [...groups.values()].flatMap((points) =>
    mergeReads(
      points.map((point) => point.address),
      config.limits,
    ).map((request) => poll(device, request, points[0]!.everyMs, points[0]!.lane)),
  );
}

export function poll(
  device: DeviceState,
  request: ReadRequest,
  everyMs: number,
  lane: 'alarm' | 'meter',
  dueMs = 0,
): Poll {
  const never = {
    failures: 0,
    lastGoodMs: undefined,
    values: undefined,
    heldUntilMs: Number.NEGATIVE_INFINITY,
  };
  return { device, request, everyMs, lane, dueMs, nominalMs: dueMs, ...never };
}

/** The plan without reading across cells that no point wants: for a device that refuses such a request. */
export function withoutGaps(whole: Poll): Poll[] {
  const limits = { ...whole.device.limits, gap: 0 };
  return mergeReads(whole.request.points, limits).map((request) =>
    poll(whole.device, request, whole.everyMs, whole.lane, whole.dueMs),
  );
}

/** Puts the steady schedule past `now`: no drift, and no burst after a delay. */
export function advance(each: Poll, now: number): void {
  if (each.everyMs <= 0) {
    each.nominalMs = now;
    return;
  }
  const behind = now - each.nominalMs;
  if (behind >= 0) each.nominalMs += (Math.floor(behind / each.everyMs) + 1) * each.everyMs;
}

/** Its device is back: what was not asked meanwhile is asked now, not at its next turn, which may be far. */
export function makeDue(
  polls: readonly Poll[],
  device: DeviceState,
  answered: Poll | undefined,
  now: number,
): void {
  for (const each of polls) {
    if (each.device !== device || each === answered) continue;
    each.failures = 0;
    each.dueMs = Math.min(each.dueMs, Math.max(now, each.heldUntilMs));
  }
}

export interface Choice {
  /** what is due, if anything is */
  poll: Poll | undefined;
  /** when something will be */
  nextMs: number;
}

/**
 * Alarm points before meters, the longest due first, and now and then a meter on a line full of alarm points. Devices
 * that are down wait until `deadUntilMs` as well: together they have their share of the line, however many they are.
 * `livingFirst`: the last question had no answer, and the next one is put to a device that gives one.
 */
export function choose(
  polls: readonly Poll[],
  now: number,
  alarmStreak: number,
  deadUntilMs: number,
  livingFirst: boolean,
  into: Choice,
): void {
  let alarm: Poll | undefined;
  let meter: Poll | undefined;
  let nextMs = Number.POSITIVE_INFINITY;
  for (const each of polls) {
    let readyMs = each.dueMs > each.device.retryAtMs ? each.dueMs : each.device.retryAtMs;
    if (readyMs < deadUntilMs && each.device.up === false) readyMs = deadUntilMs;
    if (readyMs > now) {
      if (readyMs < nextMs) nextMs = readyMs;
    } else if (each.lane === 'alarm') {
      if (!alarm || isBefore(each, alarm, livingFirst)) alarm = each;
    } else if (!meter || isBefore(each, meter, livingFirst)) meter = each;
  }
  const meterFirst =
    livingFirst && alarm && meter
      ? !isLiving(alarm) && isLiving(meter)
      : meter !== undefined && alarmStreak >= alarmsInARow;
  into.poll = alarm && !meterFirst ? alarm : meter;
  into.nextMs = nextMs;
}

/** It answered last time or nearly, or was not asked so far. */
export function isLiving({ device }: Poll): boolean {
  return device.up === true || (device.up === undefined && device.failures === 0);
}

/**
 * Fewest failures first. Of as many the one that failed last is asked again at once: some slaves take a question that
 * follows one to a silent unit for that unit's answer, and only hear the next.
 */
function isBefore(each: Poll, other: Poll, livingFirst: boolean): boolean {
  if (livingFirst) {
    const [mine, others] = [promise(each), promise(other)];
    if (mine !== others) return mine > others;
    if (each.device.up && each.device.failures > 0) return each.dueMs > other.dueMs;
  }
  return each.dueMs < other.dueMs;
}

function promise(each: Poll): number {
  if (!isLiving(each)) return 0;
  return each.device.up ? 1 + failuresToDown - each.device.failures : 1;
}

/**
 * Takes a failure and sets when to ask again: at once at first, then ever more rarely, so that a dead device costs
 * the living little. True where the device went down by it. `alone`: no other device waits for the line.
 */
export function failing(each: Poll, alone: boolean, now: number, random: () => number): boolean {
  const { device } = each;
  device.failures += 1;
  each.failures += 1;
  each.dueMs = now;
  if (device.up === false || device.failures >= failuresToDown) {
    const limits = alone ? shortBackoff : longBackoff;
    device.retryAtMs = now + backoffMs(device.failures - failuresToDown + 1, limits, random);
    return device.up !== false;
  }
  if (each.failures >= failuresToDown) {
    each.dueMs = now + backoffMs(each.failures - failuresToDown + 1, pollBackoff, random);
  }
  return false;
}

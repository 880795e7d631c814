// What people rely on: each condition that holds is an open incident, one and no more, and none that does not; a dead line
// or device is a trouble within its bound, and only then; shelves end on time, whatever the wall clock says.

import type { Event, Incident } from '../../../src/core/types.ts';
import { slackMs } from '../hearing.ts';
import type { World } from '../world-types.ts';
import type { Invariant } from './types.ts';

/** by then a device that says nothing is down, and a bus that can't be opened: the slowest is asked every 90 s, ms */
const deadWithinMs = 130_000;
const outWithinMs = 20_000;
/** by then what answers again is no trouble any more: the dead have a small share of the line, ms */
const backWithinMs = 15_000;
const brokerTroubleAfterMs = 30_000;
/** a value that came so soon was there from the return, ms */
const atOnceMs = 500;

function ruleOf(event: Event): string | undefined {
  const { incident } = event;
  if (incident === undefined) return undefined;
  if (event.type === 'incident.opened') return incident.cause.rule;
  return undefined;
}

/** The points that people took out, or that are tried, tell rules nothing. */
function isHeard(world: World, points: readonly string[]): boolean {
  const loop = world.house.run!.loop!;
  return points.every((point) => !loop.state.live.unheard.has(loop.model.index.get(point) ?? -1));
}

export function whatHoldsIsOpen(): Invariant {
  return {
    name: 'whatHoldsIsOpen',
    look(world, run) {
      const { state, model } = run.loop!;
      for (const { rule } of model.rules.values()) {
        const standing = world.hearing.standing(rule.id);
        const conditions = world.hearing.conditions.get(rule.id);
        if (standing?.when !== true || conditions === undefined || !isHeard(world, conditions.points))
          continue;
        if (rule.until !== undefined && standing.until !== false) continue;
        const sinceMs = Math.max(standing.whenSinceMs, rule.until === undefined ? 0 : standing.untilSinceMs);
        if (world.time.nowMs - sinceMs < rule.forMs + slackMs || outOfServiceLately(world, conditions.points))
          continue;
        const phase = state.durable.rules[rule.id];
        const since = `${rule.id} holds for ${(world.time.nowMs - standing.whenSinceMs) / 1000} s`;
        if (phase?.phase !== 'active') return `${since}, and stands at ${phase?.phase ?? 'nothing'}`;
        const incident = state.durable.incidents[phase.incident];
        const signal = incident?.signals.find((one) => one.rule === rule.id);
        if (incident === undefined || !signal?.active)
          return `${since}, and ${phase.incident} does not say so`;
        if (incident.plan !== rule.plan || incident.zone !== rule.zone)
          return `${rule.id} is in ${incident.id}, which is ${incident.plan} of ${incident.zone}`;
      }
      return undefined;
    },
  };
}

/** What was enabled again waits its time anew, which the wire does not tell. */
function outOfServiceLately(world: World, points: readonly string[]): boolean {
  return points.some(
    (point) => world.time.nowMs - (world.enabledMs.get(point) ?? Number.NEGATIVE_INFINITY) < 15 * 60_000,
  );
}

export function whatIsOverIsNot(): Invariant {
  return {
    name: 'whatIsOverIsNot',
    look(world, run) {
      const { state, model } = run.loop!;
      for (const { rule } of model.rules.values()) {
        const standing = world.hearing.standing(rule.id);
        const conditions = world.hearing.conditions.get(rule.id);
        if (standing === undefined || conditions === undefined || !isHeard(world, conditions.points))
          continue;
        const phase = state.durable.rules[rule.id]?.phase;
        const { nowMs } = world.time;
        if (
          standing.when === false &&
          nowMs - standing.whenSinceMs > slackMs &&
          phase === 'pending' &&
          rule.suppress === undefined
        )
          return `${rule.id} waits to open, and does not hold for ${(nowMs - standing.whenSinceMs) / 1000} s`;
        if (standing.until !== true || nowMs - standing.untilSinceMs < rule.holdMs + slackMs) continue;
        if (outOfServiceLately(world, conditions.points)) continue;
        if (phase === 'active')
          return `${rule.id} is over for ${(nowMs - standing.untilSinceMs) / 1000} s, and active`;
        if (phase === 'latched' && !rule.latch) return `${rule.id} is latched`;
      }
      return undefined;
    },
  };
}

export function nothingOpensWithoutCause(): Invariant {
  return {
    name: 'nothingOpensWithoutCause',
    committed(world, events) {
      // what waited for the disk opened at another time than now
      if (world.storedSinceMs === undefined) return undefined;
      for (const event of events) {
        const rule = ruleOf(event);
        if (rule === undefined) continue;
        const conditions = world.hearing.conditions.get(rule);
        const fault = conditions ? baseless(world, rule) : troubleOf(world, event);
        if (fault !== undefined) return `${event.incident!.id}: ${fault}`;
      }
      return undefined;
    },
  };
}

function baseless(world: World, rule: string): string | undefined {
  const early = tooEarly(world, rule);
  if (early !== undefined) return early;
  const standing = world.hearing.standing(rule);
  if (standing?.when !== false) return undefined;
  const forMs = world.time.nowMs - standing.whenSinceMs;
  return forMs < slackMs ? undefined : `${rule} opened, and does not hold for ${forMs / 1000} s`;
}

/** Did a value of the point come with the return of its line or device, and no other since? */
function isHeardAtOnce(world: World, device: string, point: string): boolean {
  const { nowMs } = world.time;
  const { model } = world.house.run!.loop!;
  const clearMs = world.hearing.clearSinceMs(device);
  const stoodMs = world.hearing.stoodSinceMs(point);
  if (clearMs === undefined || stoodMs === undefined || world.hearing.lastNullMs(point) >= clearMs)
    return false;
  const [busMs = 0, deviceMs = 0] = [
    world.foundMs.get(`bus:${model.devices.get(device)?.bus}`),
    world.foundMs.get(`device:${device}`),
  ];
  // (a line that is back counts as such before its devices were asked)
  const backMs = nowMs - busMs < 10 * 60_000 ? busMs : deviceMs;
  return nowMs - stoodMs > slackMs && stoodMs < backMs + atOnceMs && clearMs < backMs + atOnceMs;
}

/** A contact that is to stand for a while has stood for it, also where the daemon has only just begun to listen. */
function tooEarly(world: World, rule: string): string | undefined {
  const loop = world.house.run!.loop!;
  const conditions = world.hearing.conditions.get(rule)!;
  const point = loop.model.points[loop.model.index.get(conditions.points[0]!)!]!;
  const sinceMs = world.hearing.stoodSinceMs(point.id);
  if (conditions.points.length > 1 || sinceMs === undefined || point.debounceMs === undefined)
    return undefined;
  // (what was believed before opens at once when it is back in service)
  if (outOfServiceLately(world, conditions.points)) return undefined;
  // a reload may have made it shorter while it stood
  const stoodMs = world.time.nowMs - sinceMs;
  return stoodMs < Math.min(point.debounceMs, 45_000) - 100
    ? `${point.id} has stood for ${stoodMs / 1000} s only`
    : undefined;
}

function troubleOf(world: World, { incident, because }: Event): string | undefined {
  const { rule, subject = '', point = '' } = incident!.cause;
  const { nowMs } = world.time;
  const [, id = ''] = subject.split(':');
  // (a device that says it has no value may be silent after that, and the wait goes on)
  if (rule === 'point_bad' && !because.includes('no valid value')) {
    if (isHeardAtOnce(world, subject.slice(subject.indexOf(':') + 1), point))
      return `${point} has a value since its device is back: ${because}`;
  }
  if (rule === 'device_lost' || rule === 'bus_silent') {
    const devices =
      rule === 'device_lost' ? [id] : devicesOn(world, id).filter((each) => !isOut(world, each));
    if (devices.every((device) => nowMs - world.hearing.lastFailureMs(device) > 5 * 60_000))
      return `${rule} of ${id}, which always answered: ${because}`;
    if (devices.some((device) => (world.hearing.clearSinceMs(device) ?? nowMs) < nowMs - backWithinMs))
      return `${rule} of ${id}, which answers: ${because}`;
  }
  if (rule === 'bus_lost' && !world.outSinceMs.has(pathOf(world, id)))
    return `${rule} of ${id}, which is plugged in: ${because}`;
  if (rule === 'health_broker' && nowMs - (world.broker.wellSinceMs ?? nowMs) > brokerTroubleAfterMs)
    return `the broker is well: ${because}`;
  if (rule.startsWith('health_stuck')) return `nothing stands still: ${because}`;
  return undefined;
}

/** Is a device out of service, by itself or with its zone? */
function isOut(world: World, device: string): boolean {
  const { state, model } = world.house.run!.loop!;
  const zone = model.devices.get(device)?.zone;
  return [`device:${device}`, `zone:${zone}`].some((key) => state.durable.disabled[key] !== undefined);
}

function devicesOn(world: World, bus: string): string[] {
  return (world.house.run?.loop?.model.site.devices ?? [])
    .filter((device) => device.bus === bus)
    .map(({ id }) => id);
}

export const pathOf = (_world: World, bus: string): string => `/dev/simulated/${bus}`;

export function oneIncidentForOneCause(): Invariant {
  const opened = new Set<string>();
  return {
    name: 'oneIncidentForOneCause',
    committed(_world, events) {
      for (const { type, incident } of events) {
        if (type !== 'incident.opened') continue;
        if (opened.has(incident!.id)) return `${incident!.id} opened twice`;
        opened.add(incident!.id);
      }
      return undefined;
    },
    look(_world, run) {
      const seen = new Map<string, string>();
      for (const incident of Object.values(run.loop!.state.durable.incidents)) {
        const key = keyOf(incident);
        if (key === undefined) continue;
        const other = seen.get(key);
        if (other !== undefined) return `${other} and ${incident.id} are both ${key}`;
        seen.set(key, incident.id);
      }
      return undefined;
    },
  };
}

function keyOf({ plan, zone, drill, signals, cause }: Incident): string | undefined {
  if (drill) return undefined;
  if (cause.subject !== undefined) return cause.subject;
  return signals.some(({ rule }) => rule !== 'by_hand') ? `${plan} ${zone ?? ''}` : undefined;
}

export function theDeadAreTroubles(): Invariant {
  return {
    name: 'theDeadAreTroubles',
    look(world, run) {
      const { state, model } = run.loop!;
      const { nowMs } = world.time;
      const told = new Set<string>();
      for (const { signals } of Object.values(state.durable.incidents))
        for (const { rule, subject, active } of signals)
          if (active && /^(device_lost|bus_lost|bus_silent)$/.test(rule)) told.add(subject!);
      for (const { id: bus } of model.site.buses) {
        const outMs = world.outSinceMs.get(pathOf(world, bus));
        const isTold = told.has(`bus:${bus}`);
        if (outMs !== undefined && nowMs - Math.max(outMs, run.startedMs) > outWithinMs && !isTold)
          return `${bus} is pulled out for ${(nowMs - outMs) / 1000} s, and nobody is told`;
        for (const device of devicesOn(world, bus)) {
          const deafMs = world.hearing.deafSinceMs(device);
          if (
            outMs === undefined &&
            deafMs !== undefined &&
            !isOut(world, device) &&
            !isTold &&
            !told.has(`device:${device}`)
          ) {
            if (nowMs - deafMs > deadWithinMs)
              return `${device} is silent for ${(nowMs - deafMs) / 1000} s, and nobody is told`;
          }
          const clearMs = world.hearing.clearSinceMs(device);
          // (one that is out of service says nothing of its bus)
          if (clearMs === undefined || nowMs - clearMs < backWithinMs || isOut(world, device)) continue;
          if (told.has(`device:${device}`) || isTold)
            return `${device} answers for ${(nowMs - clearMs) / 1000} s, and is told to be lost`;
        }
      }
      return undefined;
    },
  };
}

/** Deadlines are of the steady time: neither a step of the wall clock nor a restart moves them. */
export function shelvesEndOnTime(): Invariant {
  const shelves = new Map<string, { dueMs: number; boots: number }>();
  const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000 };
  return {
    name: 'shelvesEndOnTime',
    committed(world, events) {
      const { nowMs } = world.time;
      for (const { type, incident, because } of events) {
        if (incident === undefined) continue;
        const shelf = shelves.get(incident.id);
        // (what waited for the disk happened before this moment)
        if (type === 'incident.shelved' && world.storedSinceMs === undefined) {
          shelves.delete(incident.id);
          continue;
        }
        const given = type === 'incident.shelved' ? /for (\d+)(m|h)/.exec(because) : null;
        if (given)
          shelves.set(incident.id, {
            dueMs: nowMs + Number(given[1]) * units[given[2]!]!,
            boots: world.boots,
          });
        if (type !== 'incident.unshelved' && type !== 'incident.closed') continue;
        shelves.delete(incident.id);
        // the wall clock carries steady time over a boot, and may be wrong
        if (shelf === undefined || shelf.boots !== world.boots || !because.includes('time on the shelf'))
          continue;
        if (nowMs < shelf.dueMs - slackMs)
          return `${incident.id} left its shelf ${(shelf.dueMs - nowMs) / 1000} s early`;
      }
      return undefined;
    },
    look(world, run) {
      const { nowMs } = world.time;
      for (const [id, { dueMs, boots }] of shelves) {
        const incident = run.loop!.state.durable.incidents[id];
        if (incident?.shelvedUntilMs === undefined) shelves.delete(id);
        else if (boots === world.boots && nowMs - Math.max(dueMs, run.startedMs) > slackMs + 1000)
          return `${id} should have left its shelf ${(nowMs - dueMs) / 1000} s ago`;
      }
      return undefined;
    },
  };
}

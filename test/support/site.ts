// Small builders for sites of tests: each part with its defaults, so that a test names only what it is about.
// Devices and buses that points and outputs speak of are there without being asked for.

import type {
  Bus,
  Calendar,
  Condition,
  Device,
  Output,
  Person,
  Plan,
  Point,
  Rule,
  Rung,
  Site,
  Telling,
  Window,
  Zone,
} from '../../src/core/types.ts';

/** A contact, `device.point`. */
export function contact(id: string, more: Partial<Point> = {}): Point {
  return { id, device: id.slice(0, id.indexOf('.')), type: 'bool', staleAfterMs: 0, ...more };
}

/** A measured number, `device.point`. */
export function measure(id: string, more: Partial<Point> = {}): Point {
  return contact(id, { type: 'number', ...more });
}

/** The condition of a default rule: the point is true, non-zero or past its limit. */
export function active(point: string): Condition {
  return { active: point };
}

/** A rule for plan `fire`; a text is CEL. */
export function rule(
  id: string,
  when: Condition | string,
  more: Partial<Omit<Rule, 'until'>> & { readonly until?: Condition | string } = {},
): Rule {
  const { until, ...rest } = more;
  return {
    id,
    when: conditionOf(when),
    ...(until !== undefined && { until: conditionOf(until) }),
    forMs: 0,
    holdMs: 0,
    latch: false,
    plan: 'fire',
    outputs: {},
    ...rest,
  };
}

function conditionOf(given: Condition | string): Condition {
  return typeof given === 'string' ? { cel: given } : given;
}

/** An alarm that a person closes. */
export function plan(id: string, more: Partial<Plan> = {}): Plan {
  return {
    id,
    title: { zh: `${id} 预案`, en: `Plan ${id}` },
    category: 'alarm',
    level: 'major',
    closing: 'person',
    closingRequires: [],
    silent: false,
    steps: [],
    ...more,
  };
}

export function output(id: string, more: Partial<Output> = {}): Output {
  return { id, bus: 'header', normal: false, silenceable: false, ...more };
}

export function zone(id: string): Zone {
  return { id, name: { zh: `区 ${id}`, en: `Zone ${id}` } };
}

/** A rung that is climbed at once, for one role or several. */
export function rung(roles: string | readonly string[], more: Partial<Omit<Rung, 'roles'>> = {}): Rung {
  return { roles: typeof roles === 'string' ? [roles] : roles, after: 0, ...more };
}

/** Someone with the role of their own id, always on duty, who is reached by `app`, then `sms`. */
export function person(id: string, more: Partial<Person> = {}): Person {
  return { id, name: id, language: 'en', roles: [id], channels: ['app', 'sms'], ...more };
}

/** These people, and a minute for each channel that they use. */
export function telling(people: readonly Person[], more: Partial<Telling> = {}): Telling {
  const ids = new Set(people.flatMap(({ channels }) => channels));
  return { mqtt: false, people, channels: [...ids].map((id) => ({ id, withinMs: 60_000 })), ...more };
}

/** `09:00`–`18:00`, minutes since midnight. */
export function hours(from: string, to: string, ...days: readonly Window['days'][number][]): Window {
  const minute = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  return { days: days.length > 0 ? days : ['workday'], fromMinute: minute(from), toMinute: minute(to) };
}

/** Eight hours ahead of UTC, working on workdays from 9 to 18, night from 22 to 7. */
export function calendar(more: Partial<Calendar> = {}): Calendar {
  return {
    offsets: [[0, 480]],
    workdays: ['mon', 'tue', 'wed', 'thu', 'fri'],
    working: [hours('09:00', '18:00')],
    night: { fromMinute: 1320, toMinute: 420 },
    holidays: [],
    makeUpDays: [],
    ...more,
  };
}

/** Everything of a site; what is left out is empty, or made up from the rest. */
export function makeSite(parts: Partial<Site>): Site {
  const points = parts.points ?? [];
  const outputs = parts.outputs ?? [];
  const rules = parts.rules ?? [];
  const given = parts.devices ?? [];
  const devices: Device[] = [...given];
  for (const { device } of points) {
    if (!devices.some(({ id }) => id === device)) devices.push({ id: device, bus: 'line1' });
  }
  const buses: Bus[] = [...(parts.buses ?? [])];
  for (const id of [...devices.map(({ bus }) => bus), ...outputs.map(({ bus }) => bus)]) {
    if (!buses.some((bus) => bus.id === id)) buses.push({ id });
  }
  const zones = [...(parts.zones ?? [])];
  const named = [...points, ...devices, ...rules].flatMap((part) =>
    part.zone === undefined ? [] : [part.zone],
  );
  for (const id of named) if (!zones.some((one) => one.id === id)) zones.push(zone(id));
  const plans = [...(parts.plans ?? [])];
  for (const id of ['fire', ...rules.map((one) => one.plan)]) {
    if (!plans.some((one) => one.id === id)) plans.push(plan(id));
  }
  return {
    ...parts,
    premises: parts.premises ?? 'store_0042',
    language: parts.language ?? 'en',
    zones,
    buses,
    devices,
    points,
    rules,
    plans,
    outputs,
  };
}

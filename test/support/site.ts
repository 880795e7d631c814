// Small builders for sites of tests: each part with its defaults, so that a test names only what it is about.
// Devices and buses that points and outputs speak of are there without being asked for.

import type { Bus, Condition, Device, Output, Plan, Point, Rule, Site, Zone } from '../../src/core/types.ts';

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

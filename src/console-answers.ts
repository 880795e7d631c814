// What the console shows of the house: the site, and each point with its name, state and what was done with it. Reads the
// engine's state and the configuration in force; changes nothing.

import type { Config } from './config/types.ts';
import type { Incident, PointView, SiteView } from './console/api.ts';
import { kinds } from './core/kinds.ts';
import { nextOf } from './core/ladder-view.ts';
import { isActive, pointName } from './core/model.ts';
import { isOnDuty } from './core/people.ts';
import type { Incident as IncidentRecord, Point, Text } from './core/types.ts';
import { rolesZh } from './core/vocabulary.ts';
import type { Loop } from './loop.ts';

type Disabled = NonNullable<PointView['disabled']>;

/** With who is told next, which a wall shows of every open incident. */
export function withNextTelling(loop: Loop, incident: IncidentRecord): Incident {
  const { model, state } = loop;
  // (whether it falls into its hours is only known then: promised is what is certain)
  const next = nextOf(incident, model, state.durable.timers, loop.stamp()).find(
    ({ kind, at, hours }) => kind === 'rung' && at !== undefined && hours === undefined,
  );
  return next?.at === undefined ? incident : { ...incident, nextTelling: { at: next.at, roles: next.roles } };
}

/** All points, in the order of the site file. */
export function pointViews(loop: Loop): PointView[] {
  return loop.model.points.map((_, index) => viewOf(loop, index));
}

export function pointView(loop: Loop, id: string): PointView | undefined {
  const index = loop.model.index.get(id);
  return index === undefined ? undefined : viewOf(loop, index);
}

function viewOf(loop: Loop, index: number): PointView {
  const { model, state } = loop;
  const point = model.points[index]!;
  const { live, durable } = state;
  const device = model.devices.get(point.device);
  const zone = point.zone ?? device?.zone;
  const value = live.values[index] ?? null;
  const changedAtMs = live.changedAtMs[index]!;
  const exercisedMs = durable.upkeep.exercised[point.id];
  const disabled = disabledOf(loop, point, zone);
  return {
    id: point.id,
    name: pointName(point),
    device: point.device,
    bus: device?.bus ?? '',
    ...(zone !== undefined && { zone }),
    ...(point.kind !== undefined && { kind: point.kind }),
    type: point.type,
    ...(point.unit !== undefined && { unit: point.unit }),
    ...(point.alarmAbove !== undefined && { alarmAbove: point.alarmAbove }),
    ...(point.alarmBelow !== undefined && { alarmBelow: point.alarmBelow }),
    value,
    quality: live.qualities[index] ?? 'stale',
    // (a moment of now would make a sensor that was never there look fresh)
    ...(changedAtMs !== 0 && { at: new Date(changedAtMs).toISOString() }),
    active: value !== null && isAlarming(point) && isActive(model, index, value, durable.alarms),
    ...(exercisedMs !== undefined && { exercisedAt: new Date(exercisedMs).toISOString() }),
    ...(disabled && { disabled }),
  };
}

/** A temperature of 21 degrees is not zero, and yet nothing to see to: of numbers only those with a limit are active. */
function isAlarming({ type, alarmAbove, alarmBelow }: Point): boolean {
  return type === 'bool' || alarmAbove !== undefined || alarmBelow !== undefined;
}

function disabledOf({ state }: Loop, point: Point, zone: string | undefined): Disabled | undefined {
  const { disabled } = state.durable;
  if (Object.keys(disabled).length === 0) return undefined;
  const found = Object.values(disabled).find(
    ({ of, id }) =>
      (of === 'point' && id === point.id) ||
      (of === 'device' && id === point.device) ||
      (of === 'zone' && id === zone),
  );
  return found && { of: found.of, id: found.id, reason: found.reason };
}

function kindsOf(points: readonly Point[]): Record<string, Text> {
  const used = new Set(points.flatMap(({ kind }) => kind ?? []));
  return Object.fromEntries(
    [...used].map((id) => {
      const kind = kinds[id];
      return [id, kind ? { zh: kind.zh, en: kind.en } : id];
    }),
  );
}

export function siteView(config: Config, wallMs: number): SiteView {
  const { site } = config;
  const roles = new Set([
    ...site.plans.flatMap(({ notify, steps }) => [
      ...(notify ?? []).flatMap((rung) => rung.roles),
      ...steps.flatMap(({ role }) => role ?? []),
    ]),
    ...(site.telling?.people ?? []).flatMap((person) => person.roles),
  ]);
  return {
    zones: site.zones.map(({ id, name }) => ({ id, name })),
    buses: config.buses.map(({ id, driver }) => ({ id, driver })),
    devices: site.devices.map(({ id, bus, name, zone }) => ({
      id,
      bus,
      ...(name !== undefined && { name }),
      ...(zone !== undefined && { zone }),
    })),
    outputs: site.outputs.map(({ id, name, zone, silenceable, maxOnMs }) => ({
      id,
      ...(name !== undefined && { name }),
      ...(zone !== undefined && { zone }),
      silenceable,
      ...(maxOnMs !== undefined && { maxOnMs }),
    })),
    plans: site.plans.map((plan) => ({
      id: plan.id,
      title: plan.title,
      category: plan.category,
      level: plan.level,
      closing: plan.closing,
      closingRequires: plan.closingRequires,
      silent: plan.silent,
      steps: plan.steps.map(({ id, text, role }) => ({ id, text, ...(role !== undefined && { role }) })),
      drill: plan.drillEveryMs !== undefined,
    })),
    kinds: kindsOf(site.points),
    roles: Object.fromEntries([...roles].map((role) => [role, roleWords(role)])),
    people: (site.telling?.people ?? []).map((person) => ({
      id: person.id,
      name: person.name,
      roles: person.roles,
      channels: person.channels,
      onDuty: isOnDuty(person, site.calendar, wallMs),
      ...(person.deputy !== undefined && { deputy: person.deputy }),
    })),
    numbers: site.numbers ?? {},
    articles: (site.duties?.articles ?? []).map(({ id, name, place, amount, unit, expires }) => ({
      id,
      name,
      ...(place !== undefined && { place }),
      ...(amount !== undefined && { amount }),
      ...(unit !== undefined && { unit }),
      ...(expires !== undefined && { expires }),
    })),
  };
}

/** A site's own role stands as it is written. */
function roleWords(role: string): Text {
  return Object.hasOwn(rolesZh, role) ? { zh: rolesZh[role]!, en: role.replaceAll('_', ' ') } : role;
}

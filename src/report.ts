// What the house says of itself, read off the engine's state: levels for the ways out, the status report for
// the local socket. Reads only.

import type { Config } from './config/types.ts';
import type {
  ChannelReport,
  NamesReport,
  OutputReport,
  SignedReport,
  StatusReport,
} from './control/types.ts';
import { redated } from './core/clock-corrections.ts';
import { drillsRunning } from './core/drills.ts';
import { dutiesOf } from './core/duties.ts';
import { isSuppressed } from './core/rules.ts';
import type { SignedOff, State } from './core/state.ts';
import type { Category, Incident, Site, Stamp, Text } from './core/types.ts';
import { leftToHear } from './core/walk-test.ts';
import type { BusFigures } from './devices/types.ts';
import type { WatchedState } from './lib/supervisor.ts';
import type { Loop } from './loop.ts';
import type { GatewayStatus, Levels, PointState } from './notify/types.ts';
import type { StoreFigures } from './store/types.ts';
import type { TelemetryState } from './telemetry/types.ts';

export function levelsOf(loop: Loop, self: { session: string; version: string }): Levels {
  const pointAt = (index: number): PointState => {
    const { live } = loop.state;
    const point = loop.model.points[index]!;
    const changedAtMs = live.changedAtMs[index]!;
    return {
      id: point.id,
      value: live.values[index] ?? null,
      quality: live.qualities[index] ?? 'stale',
      ...(point.unit !== undefined && { unit: point.unit }),
      at: new Date(changedAtMs === 0 ? loop.stamp().wallMs : changedAtMs).toISOString(),
    };
  };
  return {
    status: (): GatewayStatus => ({
      state: 'online',
      session: self.session,
      version: self.version,
      epoch: loop.state.durable.epoch,
      at: new Date(loop.stamp().wallMs).toISOString(),
      lastSeq: loop.storedSeq(),
      open: openCounts(loop),
      drill: drillsRunning(loop.state.durable.incidents),
    }),
    *points() {
      for (let index = 0; index < loop.model.points.length; index += 1) yield pointAt(index);
    },
    point(id) {
      const index = loop.model.index.get(id);
      return index === undefined ? undefined : pointAt(index);
    },
    openIncidents: () => Object.values(loop.state.durable.incidents),
    redated: (event) => redated(event, loop.state.durable.corrections),
  };
}

export function openCounts(loop: Loop): Record<Category, number> {
  const open: Record<Category, number> = { alarm: 0, supervisory: 0, trouble: 0 };
  for (const incident of Object.values<Incident>(loop.state.durable.incidents)) open[incident.category] += 1;
  return open;
}

export function statusReport(of: {
  config: Config;
  loop: Loop;
  session: string;
  version: string;
  startedAtMs: number;
  nowMs: number;
  figures?: StoreFigures | undefined;
  mqtt?: Omit<NonNullable<StatusReport['mqtt']>, 'url'>;
  buses: readonly BusFigures[];
  warnings: readonly string[];
  channels?: readonly ChannelReport[];
  telemetry?: TelemetryState | undefined;
  parts?: readonly WatchedState[];
}): StatusReport {
  const { config, loop } = of;
  const { durable } = loop.state;
  const stamp = loop.stamp();
  return {
    premises: config.premises,
    version: of.version,
    session: of.session,
    epoch: durable.epoch,
    lastSeq: loop.storedSeq(),
    startedAt: new Date(of.startedAtMs).toISOString(),
    uptimeMs: of.nowMs - of.startedAtMs,
    clock: stamp.clock,
    open: openCounts(loop),
    ...(config.mqtt && of.mqtt && { mqtt: { url: config.mqtt.url, ...of.mqtt } }),
    store: loop.storage(),
    ...(of.figures && { history: of.figures }),
    buses: of.buses,
    outputs: Object.entries(durable.outputs).map(([id, record]) => ({
      id,
      desired: record.desired,
      actual: record.actual,
      because: record.because,
      ...(record.fault !== undefined && { fault: record.fault }),
      ...(durable.overrides[id] && { manual: manualOf(durable.overrides[id], stamp) }),
    })),
    disabled: Object.values(durable.disabled).map(({ untilMs, ...rest }) => ({
      ...rest,
      ...(untilMs !== undefined && {
        until: new Date(stamp.wallMs + untilMs - stamp.steadyMs).toISOString(),
      }),
    })),
    ...upkeepOf(loop),
    ...(of.channels && config.people.length > 0 && { people: { channels: of.channels } }),
    ...(of.telemetry && { telemetry: of.telemetry }),
    ...(of.parts && { parts: of.parts }),
    warnings: of.warnings,
  };
}

function manualOf(
  override: State['durable']['overrides'][string],
  stamp: Stamp,
): NonNullable<OutputReport['manual']> {
  const until = new Date(stamp.wallMs + override.untilMs - stamp.steadyMs).toISOString();
  return { value: override.value, by: override.by, until };
}

function signedReport({ atMs, ...rest }: SignedOff): SignedReport {
  return { at: new Date(atMs).toISOString(), ...rest };
}

/** Drills, walk test, suppressed rules, what is due and what was signed off. */
function upkeepOf(
  loop: Loop,
): Pick<StatusReport, 'suppressed' | 'drills' | 'walkTest' | 'duties' | 'signed' | 'contactsChecked'> {
  const { durable } = loop.state;
  const stamp = loop.stamp();
  const { walkTest } = durable;
  const isoAt = (steadyMs: number): string =>
    new Date(stamp.wallMs + steadyMs - stamp.steadyMs).toISOString();
  return {
    suppressed: [...loop.model.rules.values()]
      .filter((compiled) => isSuppressed(compiled, loop.model, durable.alarms))
      .map(({ rule }) => rule.id),
    drills: Object.values(durable.incidents)
      .filter(({ drill }) => drill)
      .map(({ id, plan, zone, openedAt }) => ({
        incident: id,
        plan,
        ...(zone !== undefined && { zone }),
        since: openedAt,
      })),
    ...(walkTest && {
      walkTest: {
        incident: walkTest.incident,
        ...(walkTest.zone !== undefined && { zone: walkTest.zone }),
        by: walkTest.by,
        until: isoAt(durable.timers['walktest:'] ?? walkTest.untilMs),
        ending: walkTest.ending !== undefined,
        heard: Object.keys(walkTest.proven).length,
        proven: Object.keys(walkTest.proven),
        left: leftToHear(loop.state, loop.model),
      },
    }),
    duties: dutiesOf(loop.model, durable.upkeep).map(({ kind, subject, name, what, dueMs, remindMs }) => ({
      kind,
      subject,
      name,
      what,
      due: new Date(dueMs).toISOString(),
      reminded: stamp.wallMs >= remindMs,
      overdue: stamp.wallMs >= dueMs,
    })),
    signed: Object.fromEntries(
      Object.entries(durable.upkeep.signed).map(([id, signed]) => [id, signedReport(signed)]),
    ),
    ...(durable.upkeep.contacts && { contactsChecked: signedReport(durable.upkeep.contacts) }),
  };
}

/** What ids are called on site; those without a name of their own are left out. */
export function namesOf(site: Site): NamesReport {
  const named = <T extends { readonly id: string }>(
    of: readonly T[],
    name: (one: T) => Text | undefined,
  ): Record<string, Text> =>
    Object.fromEntries(
      of.flatMap((one) => {
        const text = name(one);
        return text === undefined ? [] : [[one.id, text]];
      }),
    );
  return {
    plans: named(site.plans, ({ title }) => title),
    zones: named(site.zones, ({ name }) => name),
    people: named(site.telling?.people ?? [], ({ name }) => name),
    points: named(site.points, ({ name }) => name),
    outputs: named(site.outputs, ({ name }) => name),
  };
}

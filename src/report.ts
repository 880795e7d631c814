// What the house says of itself, read off the engine's state: levels for the ways out, the status report for
// the local socket. Reads only.

import type { Config } from './config/types.ts';
import type { StatusReport } from './control/types.ts';
import type { Category, Incident } from './core/types.ts';
import type { BusFigures } from './devices/types.ts';
import type { Loop } from './loop.ts';
import type { GatewayStatus, Levels, PointState } from './notify/types.ts';

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
      at: new Date(loop.stamp().wallMs).toISOString(),
      lastSeq: loop.storedSeq(),
      open: openCounts(loop),
      drill: false,
    }),
    *points() {
      for (let index = 0; index < loop.model.points.length; index += 1) yield pointAt(index);
    },
    point(id) {
      const index = loop.model.index.get(id);
      return index === undefined ? undefined : pointAt(index);
    },
    openIncidents: () => Object.values(loop.state.durable.incidents),
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
  mqtt?: Omit<NonNullable<StatusReport['mqtt']>, 'url'>;
  buses: readonly BusFigures[];
  warnings: readonly string[];
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
    buses: of.buses,
    outputs: Object.entries(durable.outputs).map(([id, record]) => ({
      id,
      desired: record.desired,
      actual: record.actual,
      because: record.because,
      ...(record.fault !== undefined && { fault: record.fault }),
    })),
    disabled: Object.values(durable.disabled).map(({ untilMs, ...rest }) => ({
      ...rest,
      ...(untilMs !== undefined && {
        until: new Date(stamp.wallMs + untilMs - stamp.steadyMs).toISOString(),
      }),
    })),
    warnings: of.warnings,
  };
}

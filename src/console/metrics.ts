// What `GET /metrics` answers, in Prometheus' text format. Made anew from the house's own figures each time, so that
// nothing is counted twice and nothing at all is done between two scrapes, but for looking how late timers are, which the
// first one begins. Loaded by the first scrape; the only place that knows the library.

import { readdirSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, type Metric as LibraryMetric, Registry } from 'prom-client';
import { machineView } from './machine.ts';
import type { Seen } from './metric-form.ts';
import { commitSeconds, metrics } from './metric-list.ts';
import type { House } from './route.ts';
import type { HouseFigures } from './types.ts';

const prefix = 'keepwatch_';
/** Ten looks a second are nothing, also for a Raspberry Pi. */
const lookEveryMs = 100;
/** Who asks soon after another one sees the same. */
const windowMs = 5000;

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  stop(): void;
}

export function createMetrics(house: Pick<House, 'host' | 'sessions' | 'stream'>): Metrics {
  const delay = monitorEventLoopDelay({ resolution: lookEveryMs });
  delay.enable();
  let sinceMs = performance.now();

  const delayNow = (): Pick<Seen, 'delay'> => {
    const found = delayFigures(delay);
    if (performance.now() - sinceMs >= windowMs) {
      delay.reset();
      sinceMs = performance.now();
    }
    return found;
  };

  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    async text() {
      const { host } = house;
      const figures = host.figures();
      const seen: Seen = {
        house: figures,
        machine: machineView({ data: host.data, clock: host.clockState() }),
        console: { sessions: house.sessions.count(), streams: house.stream.listeners() },
        process: processFigures(),
        ...delayNow(),
      };
      return written(seen).metrics();
    },
    stop: () => void delay.disable(),
  };
}

function written(seen: Seen): Registry {
  const registry = new Registry();
  for (const { name, help, type, labels, values } of metrics) {
    const found = values(seen);
    if (found.length === 0) continue;
    const settings = { name: prefix + name, help, labelNames: [...labels], registers: [registry] };
    const metric = type === 'counter' ? new Counter(settings) : new Gauge(settings);
    for (const [value, ...rest] of found)
      metric.inc(Object.fromEntries(labels.map((label, at) => [label, rest[at]!])), value);
  }
  registry.registerMetric(histogramOf(seen.house.commits) as unknown as LibraryMetric);
  return registry;
}

/** The library's own histogram counts by itself; this one has been counted. */
function histogramOf({ within, count, sumMs }: HouseFigures['commits']): object {
  const name = prefix + commitSeconds.name;
  const values = [
    ...within.map(([limitMs, value]) => ({
      metricName: `${name}_bucket`,
      labels: { le: limitMs / 1000 },
      value,
    })),
    { metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels: {}, value: sumMs / 1000 },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];
  const { help } = commitSeconds;
  return { name, get: async () => ({ name, help, type: 'histogram', values }) };
}

function processFigures(): Seen['process'] {
  const { user, system } = process.cpuUsage();
  const openFiles = countOpenFiles();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    uptimeSeconds: process.uptime(),
    ...(openFiles !== undefined && { openFiles }),
  };
}

function countOpenFiles(): number | undefined {
  try {
    // (one of them is the folder itself)
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}

/** What is measured is the time between two looks: how late they were is what goes beyond it. */
function delayFigures(delay: IntervalHistogram): Pick<Seen, 'delay'> {
  if (delay.count === 0) return {};
  const lateMs = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - lookEveryMs);
  return {
    delay: {
      meanMs: lateMs(delay.mean),
      p99Ms: lateMs(delay.percentile(99)),
      longestMs: lateMs(delay.max),
    },
  };
}

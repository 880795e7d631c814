// Telemetry as the house keeps it: which points are numbers, what is believed of them, and what the site file in force
// says of how long it is kept. The wiring between the loop and `telemetry/`; decides nothing.

import type { Config } from './config/types.ts';
import type { Log } from './driver.ts';
import type { Clock } from './lib/clock.ts';
import type { Loop } from './loop.ts';
import { startTelemetry, type Telemetry } from './telemetry/telemetry.ts';
import type { Backlog, TelemetryState, Trend, TrendRange } from './telemetry/types.ts';

export interface KeptTelemetry {
  readonly backlog: Backlog;
  changed(points: Iterable<string>): void;
  /** This configuration is in force now. */
  use(config: Config): void;
  /** Rejects, with a `code`, where there is nothing to tell. */
  trend(point: string, range: TrendRange): Promise<Trend>;
  /** undefined: nothing is recorded */
  state(): TelemetryState | undefined;
  stop(): void;
}

/** Opens no file yet; while the site records nothing it does nothing. */
export function keepTelemetry(
  house: {
    readonly clock: Clock;
    readonly log: Log;
    readonly loop: Loop;
    /** a sentence that a person should see */
    warn(said: string): void;
    /** there may be more to publish */
    recorded(): void;
  },
  config: Config,
): KeptTelemetry {
  const { loop, warn, recorded } = house;
  const host = {
    stamp: loop.stamp,
    points: () => loop.model.points.filter(({ type }) => type === 'number'),
    believed(point: string) {
      const index = loop.model.index.get(point);
      const { values, qualities } = loop.state.live;
      if (index === undefined) return { value: null, quality: 'stale' as const };
      return { value: values[index] ?? null, quality: qualities[index] ?? 'stale' };
    },
    warn,
    grown: recorded,
  };
  const start = ({ data, telemetry: settings }: Config): Telemetry | undefined =>
    settings && startTelemetry({ ...house, folder: data, settings, host });
  let kept = start(config);

  return {
    backlog: {
      next: (after) => kept?.backlog.next(after),
      acknowledge: (block) => kept?.backlog.acknowledge(block),
      refuse: (block) => kept?.backlog.refuse(block),
    },
    changed: (points) => kept?.changed(points),
    use(next) {
      if (kept !== undefined && next.telemetry !== undefined) {
        kept.use(next.telemetry);
        return;
      }
      kept?.stop();
      kept = start(next);
    },
    async trend(point, range) {
      if (kept === undefined) throw refusal('refused', 'nothing is recorded here: `telemetry.keep` is 0s');
      const trend = await kept.trend(point, range);
      if (trend !== undefined) return trend;
      const isPoint = loop.model.index.has(point);
      throw refusal(
        'notFound',
        isPoint
          ? `${point} is no number: only numbers are recorded`
          : `there is no point ${point}; \`keepwatch points\` lists them`,
      );
    },
    state: () => kept?.state(),
    stop: () => kept?.stop(),
  };
}

function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

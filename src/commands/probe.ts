// `keepwatch probe`: reads every device of a site once, through the same device layer as the daemon, and
// shows raw and scaled values. Drives no output, keeps nothing and publishes nothing.

import path from 'node:path';
import type { Config, DeviceConfig } from '../config/types.ts';
import { callDaemon, NoDaemon } from '../control/client.ts';
import { socketName } from '../control/types.ts';
import { scaled } from '../core/points.ts';
import type { Quality, Raw, Value } from '../core/types.ts';
import type { DeviceInput } from '../devices/types.ts';
import { systemClock } from '../lib/clock.ts';
import { type Cell, type Screen, table } from '../terminal/paint.ts';
import { languageOf, words } from '../terminal/words.ts';
import { valueText } from './points.ts';
import {
  type Define,
  output,
  print,
  printJson,
  say,
  UsageFault,
  withConfig,
  withExample,
  withLanguage,
} from './verb.ts';
import { siteFile } from './where.ts';

const longestMs = 10_000;

interface Options {
  readonly config?: string;
  readonly json?: boolean;
  readonly lang?: string;
}

export interface ProbedPoint {
  readonly point: string;
  /** absent: nothing was read */
  readonly raw?: Raw;
  readonly value: Value | null;
  readonly quality: Quality;
  readonly unit?: string;
  readonly because?: string;
}

export interface ProbedDevice {
  readonly device: string;
  readonly bus: string;
  readonly ok: boolean;
  readonly because?: string;
  readonly points: readonly ProbedPoint[];
}

export const define: Define = (command, act) => {
  withExample(withLanguage(withConfig(command)), 'keepwatch probe -c site.yaml line1')
    .argument('[bus]', 'only the devices of this bus')
    .option('--json', 'print JSON for machines')
    .action(act(probe));
};

async function probe(bus: string | undefined, options: Options): Promise<number> {
  const file = siteFile(options.config);
  if (file === undefined) throw new UsageFault('no site file here; name one with -c FILE');
  const [{ drivers }, { loadConfig, formatFault }, { createDevices }] = await Promise.all([
    import('../app.ts'),
    import('../config/load.ts'),
    import('../devices/index.ts'),
  ]);
  const { config, faults } = loadConfig(file, { drivers });
  if (!config) {
    for (const fault of faults) say(formatFault(fault));
    return 1;
  }
  if (bus !== undefined && !config.buses.some(({ id }) => id === bus)) {
    const known = config.buses.map(({ id }) => id).join(', ');
    throw new UsageFault(`there is no bus "${bus}" in ${file}; there are ${known || 'none'}`);
  }
  if (await answers(config.data)) {
    say(
      `keepwatch: a daemon runs on ${config.data} and owns its ports; stop it first, or ask it: keepwatch points`,
    );
    return 1;
  }
  const wanted = narrowed(config, bus);
  const seen = observe(wanted);
  const devices = createDevices({ drivers, clock: systemClock(), log: quiet, push: seen.push });
  const why = new Map<string, string>();
  try {
    await Promise.race([devices.use(wanted), pause(longestMs)]);
    await Promise.race([seen.complete, pause(longestMs)]);
    for (const figures of devices.figures()) {
      for (const device of figures.devices) {
        const because = device.because ?? figures.because;
        if (because) why.set(device.id, because);
      }
    }
  } finally {
    await Promise.race([devices.stop(), pause(2000)]);
  }
  const results = wanted.devices.map((device) => result(wanted, device, seen, why.get(device.id)));
  if (options.json) printJson(results);
  else
    for (const line of probeLines(output(), results, languageOf(options.lang, config.premises.language)))
      print(line);
  return results.every(({ ok }) => ok) ? 0 : 1;
}

/** Is a daemon there, also one that we have no right to ask? */
async function answers(data: string): Promise<boolean> {
  try {
    await callDaemon(path.join(data, socketName), 'status', {}, 3000);
    return true;
  } catch (error) {
    return !(error instanceof NoDaemon);
  }
}

/** One bus or all; never outputs: to probe must move nothing. */
function narrowed(config: Config, bus: string | undefined): Config {
  const ours = <T extends { readonly bus: string }>(items: readonly T[]): T[] =>
    items.filter((item) => bus === undefined || item.bus === bus);
  return {
    ...config,
    outputs: [],
    devices: ours(config.devices),
    buses: config.buses.filter(({ id }) => bus === undefined || id === bus),
  };
}

interface Observed {
  readonly raws: ReadonlyMap<string, Raw>;
  readonly down: ReadonlyMap<string, string>;
  /** every device has answered for all its points, or has failed */
  readonly complete: Promise<void>;
  push(input: DeviceInput): void;
}

/** Collects the first reading of every point and the first failure of every device. */
export function observe(config: Pick<Config, 'devices'>): Observed {
  const raws = new Map<string, Raw>();
  const down = new Map<string, string>();
  const waiting = new Map(
    config.devices.map((device) => [device.id, new Set(device.points.map(({ address }) => address.id))]),
  );
  let finish: () => void = () => {};
  const complete = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const failed = (device: string, because: string): void => {
    if (waiting.delete(device)) down.set(device, because);
  };
  const finishIfDone = (): void => {
    for (const [device, points] of waiting) if (points.size === 0) waiting.delete(device);
    if (waiting.size === 0) finish();
  };
  finishIfDone();
  return {
    raws,
    down,
    complete,
    push(input) {
      if (input.type === 'reading') {
        for (const [id, raw] of input.values) {
          if (!raws.has(id)) raws.set(id, raw);
          for (const points of waiting.values()) points.delete(id);
        }
      } else if (input.type === 'link' && !input.up) {
        for (const device of config.devices) {
          if (device.id === input.id || (input.of === 'bus' && device.bus === input.id))
            failed(device.id, input.because);
        }
      }
      finishIfDone();
    },
  };
}

function result(config: Config, device: DeviceConfig, seen: Observed, why: string | undefined): ProbedDevice {
  const points = device.points.map(({ address }): ProbedPoint => {
    const point = config.site.points.find(({ id }) => id === address.id);
    const raw = seen.raws.get(address.id);
    if (raw === undefined || !point) return { point: address.id, value: null, quality: 'stale' };
    const { unit } = point;
    return { point: address.id, raw, ...scaled(point, raw), ...(unit === undefined ? {} : { unit }) };
  });
  const missing = points.filter(({ raw }) => raw === undefined).length;
  if (missing === 0) return { device: device.id, bus: device.bus, ok: true, points };
  const nothing = `${missing} of ${points.length} points gave nothing in ${longestMs / 1000} s`;
  const because = seen.down.get(device.id) ?? why ?? nothing;
  return { device: device.id, bus: device.bus, ok: false, because, points };
}

export function probeLines(
  screen: Pick<Screen, 'colours' | 'columns'>,
  results: readonly ProbedDevice[],
  language: 'zh' | 'en',
): string[] {
  const { title } = words[language];
  const rows = results.flatMap((device): (string | Cell)[][] => {
    const lines = device.points
      .filter(({ raw }) => raw !== undefined)
      .map(({ point, raw, value, unit, because }): (string | Cell)[] => {
        const shown = value === null ? { text: '—', colour: 'yellow' as const } : valueText(value, language);
        return [
          device.device,
          point.slice(device.device.length + 1),
          raw === null ? '—' : String(raw),
          shown,
          unit ?? '',
          because ?? '',
        ];
      });
    if (device.ok) return lines;
    const failure: (string | Cell)[] = [
      device.device,
      '',
      '',
      { text: `✗ ${title.down}`, colour: 'red' },
      '',
      device.because ?? '',
    ];
    return [...lines, failure];
  });
  const columns = [
    { title: title.device },
    { title: title.point },
    { title: title.raw, side: 'left' as const },
    { title: title.value, side: 'left' as const },
    { title: '' },
    { title: title.because, flexible: true },
  ];
  return table(screen, columns, rows);
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

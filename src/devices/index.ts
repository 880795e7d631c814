// The device layer: every bus of a config, opened, polled and reconciled, once for all drivers. Knows drivers by
// their contract only and the engine by its inputs only.

import { createHash } from 'node:crypto';
import type { BusConfig, Config, DeviceConfig, OutputConfig } from '../config/types.ts';
import type { Driver } from '../driver.ts';
import { atMost } from '../lib/clock.ts';
import { Bus } from './bus.ts';
import { openLink } from './link.ts';
import type { Wanted } from './outputs.ts';
import { createPacer } from './pacer.ts';
import { type AnyBus, startable } from './strands.ts';
import type { Devices, DevicesOptions } from './types.ts';

interface Running {
  readonly part: Part;
  readonly bus: AnyBus;
  /** of the settings that it was started with */
  readonly settings: string;
}

interface Part {
  readonly bus: BusConfig;
  readonly devices: DeviceConfig[];
  readonly outputs: OutputConfig[];
}

/** Parts of a period over which buses are spread: few, as each is a wake-up, but thousands are too many for one. */
const beats = 8;
/** An orderly stop writes outputs, and closes: each has limits of its own below this. */
const letGoMs = 15_000;

export function createDevices(options: DevicesOptions): Devices {
  const running = new Map<string, Running>();
  let desired: ReadonlyMap<string, Wanted> = new Map();
  let count = 0;
  let turn: Promise<void> = Promise.resolve();
  let stopped = false;
  // a link of a test lives in a time of its own
  const pacer = options.openLink ? undefined : createPacer(options.clock);

  const start = (part: Part, settings: string): void => {
    const driver = driverOf(options.drivers, part.bus.driver);
    count += 1;
    const bus = startable(
      {
        ...part,
        driver,
        clock: options.clock,
        log: options.log,
        random: options.random ?? Math.random,
        openLink: options.openLink ?? openLink,
        push: options.push,
        phase: ((count - 1) % beats) / beats,
        wanted: (output) => desired.get(output) ?? 'keep',
        ...(pacer ? { pacer } : {}),
      },
      (each) => new Bus(each),
    );
    running.set(part.bus.id, { part, bus, settings });
    bus.start();
  };

  /** One that does not stop is left behind: a reload must come to its end. */
  const letGo = async (bus: AnyBus, leaves: (output: string) => boolean): Promise<void> => {
    if (!(await atMost(options.clock, letGoMs, bus.stop(leaves)))) bus.abandon();
  };

  const change = async (config: Config): Promise<void> => {
    if (stopped) return;
    const parts = new Map(
      partsOf(config).map((part) => [part.bus.id, { part, settings: fingerprint(part) }]),
    );
    const leaving = [...running].filter(([id, each]) => parts.get(id)?.settings !== each.settings);
    for (const [id] of leaving) running.delete(id);
    // a port that moves from one bus to another is free before it is opened again
    const staying = new Set(config.outputs.map(({ id }) => id));
    await Promise.all(leaving.map(([, { bus }]) => letGo(bus, (output) => !staying.has(output))));
    if (stopped) return;
    for (const [id, { part, settings }] of parts) if (!running.has(id)) start(part, settings);
  };

  return {
    use(config) {
      const next = turn.then(() => change(config));
      turn = next.catch(() => {});
      return next;
    },
    drive(wanted) {
      desired = new Map(wanted);
      for (const { bus } of running.values()) bus.drive();
    },
    watched: () =>
      [...running].map(([id, { part, bus, settings }]) => ({
        id: `bus_${id}`,
        progressMs: () => bus.progressMs(),
        mostMs: bus.mostStillMs,
        restart() {
          // a reload may have replaced it meanwhile
          if (stopped || running.get(id)?.bus !== bus) return;
          bus.abandon();
          start(part, settings);
        },
      })),
    figures: () => [...running.values()].map(({ bus }) => bus.figures()),
    async stop() {
      stopped = true;
      const all = [...running.values()];
      await Promise.all(all.map(({ bus }) => bus.stop()));
      await turn;
      running.clear();
      pacer?.stop();
    },
  };
}

/** Stands for all settings of a bus; the text itself would be kept for thousands of them. */
function fingerprint(part: Part): string {
  return createHash('sha256').update(JSON.stringify(part)).digest('base64');
}

function driverOf(drivers: readonly Driver[], id: string): Driver {
  const driver = drivers.find((each) => each.id === id);
  if (!driver) throw new Error(`no driver "${id}"`);
  return driver;
}

function partsOf(config: Config): Part[] {
  const parts = new Map<string, Part>(config.buses.map((bus) => [bus.id, { bus, devices: [], outputs: [] }]));
  for (const device of config.devices) parts.get(device.bus)?.devices.push(device);
  for (const output of config.outputs) parts.get(output.bus)?.outputs.push(output);
  return [...parts.values()];
}

// A device layer under test: configs written short, the real Modbus drivers, and all that was pushed. Knows no
// engine and no loader.

import { modbusRtu, modbusTcp } from '../../drivers/modbus/driver.ts';
import type { Config, DeviceConfig, OutputConfig } from '../../src/config/types.ts';
import { createDevices } from '../../src/devices/index.ts';
import type { LinkOpener } from '../../src/devices/link.ts';
import type { DeviceInput, Devices } from '../../src/devices/types.ts';
import type { Driver, Log, RequestLimits, Settings } from '../../src/driver.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';

export interface ShortDevice {
  readonly id: string;
  readonly settings: Settings;
  readonly everyMs?: number;
  readonly timeoutMs?: number;
  readonly lane?: 'alarm' | 'meter';
  readonly limits?: Partial<RequestLimits>;
  /** id → the point's keys, or its `read` */
  readonly points: Readonly<Record<string, string | Settings>>;
}

export interface ShortBus {
  readonly id: string;
  readonly driver: Driver;
  readonly settings: Settings;
  readonly devices: readonly ShortDevice[];
  readonly outputs?: Readonly<Record<string, Settings & { readonly activeLow?: boolean }>>;
}

export function config(...buses: readonly ShortBus[]): Config {
  const devices: DeviceConfig[] = buses.flatMap((bus) =>
    bus.devices.map((device) => ({
      id: device.id,
      bus: bus.id,
      settings: device.settings,
      everyMs: device.everyMs ?? 1000,
      timeoutMs: device.timeoutMs ?? 1000,
      limits: { ...bus.driver.limits, ...device.limits },
      points: Object.entries(device.points).map(([id, keys]) => ({
        address: {
          id: `${device.id}.${id}`,
          device: device.id,
          ...bus.driver.point(
            bus.settings,
            device.settings,
            typeof keys === 'string' ? { read: keys } : keys,
          ),
        },
        everyMs: device.everyMs ?? 1000,
        lane: device.lane ?? ('meter' as const),
      })),
    })),
  );
  const outputs: OutputConfig[] = buses.flatMap((bus) =>
    Object.entries(bus.outputs ?? {}).map(([id, { activeLow, ...settings }]) => ({
      id,
      bus: bus.id,
      address: { id, ...bus.driver.output(bus.settings, settings) },
      activeLow: activeLow === true,
    })),
  );
  return {
    buses: buses.map((bus) => {
      const link = bus.driver.link(bus.settings);
      return { id: bus.id, driver: bus.driver.id, settings: bus.settings, ...(link ? { link } : {}) };
    }),
    devices,
    outputs,
  } as unknown as Config;
}

export function line1(devices: readonly ShortDevice[], more: Partial<ShortBus> = {}): ShortBus {
  const settings = { path: '/dev/line1', baudRate: 9600, parity: 'none', dataBits: 8, stopBits: 1 };
  return { id: 'line1', driver: modbusRtu, settings, devices, ...more };
}

export function lan1(devices: readonly ShortDevice[], more: Partial<ShortBus> = {}): ShortBus {
  return { id: 'lan1', driver: modbusTcp, settings: { host: '10.0.0.5', port: 502 }, devices, ...more };
}

export interface Rig {
  readonly devices: Devices;
  readonly pushed: DeviceInput[];
  /** values pushed for a point, oldest first */
  values(point: string): unknown[];
  /** `id up|down because` of each link input */
  links(): string[];
  outputs(): string[];
  readonly logged: string[];
}

export function rig(
  options: {
    clock?: Clock;
    openLink?: LinkOpener;
    drivers?: readonly Driver[];
    onPush?: (input: DeviceInput) => void;
  } = {},
): Rig {
  const pushed: DeviceInput[] = [];
  const logged: string[] = [];
  const say = (level: string) => (_fields: object, message: string) => {
    logged.push(`${level} ${message}`);
  };
  const log: Log = { debug: () => {}, info: say('info'), warn: say('warn'), error: say('error') };
  const devices = createDevices({
    drivers: options.drivers ?? [modbusRtu, modbusTcp],
    clock: options.clock ?? systemClock(),
    log,
    random: () => 0,
    push: (input) => {
      pushed.push(input);
      options.onPush?.(input);
    },
    ...(options.openLink ? { openLink: options.openLink } : {}),
  });
  return {
    devices,
    pushed,
    logged,
    values: (point) =>
      pushed.flatMap((input) =>
        input.type === 'reading' ? input.values.filter(([id]) => id === point).map(([, raw]) => raw) : [],
      ),
    links: () =>
      pushed.flatMap((input) =>
        input.type === 'link' ? [`${input.id} ${input.up ? 'up' : 'down'}: ${input.because}`] : [],
      ),
    outputs: () =>
      pushed.flatMap((input) =>
        input.type === 'output'
          ? [`${input.output} ${input.actual}${input.fault ? ` ${input.fault}` : ''}`]
          : [],
      ),
  };
}

/** Waits in real time until it holds. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = 5000): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error('it did not come to hold in time');
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

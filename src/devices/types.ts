// What the device layer takes and gives: everything between drivers and the engine's door. Types only.

import type { Config } from '../config/types.ts';
import type { Input } from '../core/types.ts';
import type { Driver, Log } from '../driver.ts';
import type { Clock } from '../lib/clock.ts';
import type { Watched } from '../lib/supervisor.ts';
import type { LinkOpener } from './link.ts';

type WithoutStamp<T> = T extends unknown ? Omit<T, 'at'> : never;
/** Inputs that the device layer pushes through the door; the door puts on the stamp at once. */
export type DeviceInput = WithoutStamp<Extract<Input, { type: 'reading' | 'link' | 'output' }>>;

export interface DevicesOptions {
  readonly drivers: readonly Driver[];
  readonly clock: Clock;
  readonly log: Log;
  readonly push: (input: DeviceInput) => void;
  /** opens byte links; default: real serial ports and sockets */
  readonly openLink?: LinkOpener;
  /** 0…1 for the jitter of back-off; default Math.random */
  readonly random?: () => number;
}

/** Figures of one bus since start, for `status`. */
export interface BusFigures {
  readonly id: string;
  readonly driver: string;
  readonly up: boolean;
  /** why it is down */
  readonly because?: string;
  readonly requests: number;
  readonly errors: Readonly<Record<'timeout' | 'exception' | 'garbled' | 'foreign' | 'link', number>>;
  /** share of the last minute or two that a request was out, 0…1 */
  readonly utilisation: number;
  /** age of the oldest point that should be fresh, ms */
  readonly oldestMs: number;
  /** age of the last good answer of any device, ms */
  readonly lastGoodMs?: number;
  readonly devices: readonly {
    readonly id: string;
    readonly up: boolean /** age of the last good answer, ms */;
    readonly lastGoodMs?: number;
    readonly because?: string;
  }[];
}

export interface Devices {
  /** Opens the buses of this config and begins to poll; with another running, only buses that differ are reopened. */
  use(config: Config): Promise<void>;
  /** Wanted values; reconciled with read-back until they hold. Returns at once, GPIO already driven. */
  drive(desired: ReadonlyMap<string, boolean | 'keep'>): void;
  figures(): readonly BusFigures[];
  /** the buses, as the supervisor watches them */
  watched(): readonly Watched[];
  stop(): Promise<void>;
}

// A bus of the serial driver on a link of the test's own: opens a protocol for some points, and keeps what it
// emits and logs. Knows no protocol.

import { serial } from '../../drivers/serial/driver.ts';
import type { Connection, Host, PointAddress, Raw, Settings } from '../../src/driver.ts';
import { type FakeLink, fakeLink } from './ups.ts';

export interface SerialBus {
  readonly connection: Connection;
  readonly link: FakeLink;
  /** one list for each call of emit, points by id */
  readonly emitted: (readonly [string, Raw])[][];
  readonly warnings: { readonly fields: object; readonly message: string }[];
}

/** A point with its keys, as the config hands it to the driver. */
export function pointOf(bus: Settings, id: string, keys: Settings, device: Settings = {}): PointAddress {
  return { id, device: id.split('.')[0]!, ...serial.point(bus, device, keys) };
}

export async function openSerialBus(
  bus: Settings,
  points: readonly PointAddress[],
  link: FakeLink = fakeLink(),
): Promise<SerialBus> {
  const emitted: SerialBus['emitted'] = [];
  const warnings: SerialBus['warnings'] = [];
  const quiet = (): void => {};
  const host: Host = {
    link,
    points,
    outputs: [],
    emit: (values) => void emitted.push(values.map(([point, value]) => [point.id, value] as const)),
    fail: quiet,
    log: {
      debug: quiet,
      info: quiet,
      error: quiet,
      warn: (fields, message) => void warnings.push({ fields, message }),
    },
  };
  return { connection: await serial.open(bus, host), link, emitted, warnings };
}

/** Reads points as the house does that share a space. */
export function readPoints(
  connection: Connection,
  points: readonly PointAddress[],
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly Raw[]> {
  const { device, space } = points[0]!;
  return connection.read!({ device, space, start: 0, length: 1, points }, signal);
}

/** Pieces of the given sizes, begun anew when they are used up. */
export function* chop(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

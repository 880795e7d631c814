// A Modbus connection by itself over a link in memory: what it wrote, and bytes said to it by hand. Knows no schedule.

import type { Connection, DeviceFault, Driver, Host, ReadRequest, Settings } from '../../../src/driver.ts';

export interface Bench {
  readonly warned: string[];
  readonly connection: Connection;
  readonly written: Buffer[];
  readonly failed: Error[];
  say(bytes: Buffer): void;
}

export async function bench(driver: Driver, settings: Settings = {}): Promise<Bench> {
  let listener: (bytes: Uint8Array) => void = () => {};
  const written: Buffer[] = [];
  const failed: Error[] = [];
  const warned: string[] = [];
  const host: Host = {
    link: {
      write: (bytes) => {
        written.push(Buffer.from(bytes));
      },
      onData: (each) => {
        listener = each;
      },
    },
    points: [],
    outputs: [],
    emit: () => {},
    fail: (error) => failed.push(error),
    log: { debug: () => {}, info: () => {}, warn: (_fields, text) => warned.push(text), error: () => {} },
  };
  return {
    connection: await driver.open(settings, host),
    warned,
    written,
    failed,
    say: (bytes) => listener(bytes),
  };
}

export function request(driver: Driver, unit: number, ...reads: readonly string[]): ReadRequest {
  const points = reads.map((read, index) => ({
    id: `d.p${index}`,
    device: 'd',
    ...driver.point({}, { unit }, { read }),
  }));
  const start = Math.min(...points.map((each) => each.start));
  const length = Math.max(...points.map((each) => each.start + each.length)) - start;
  return { device: 'd', space: points[0]!.space, start, length, points };
}

export const verdict = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (values) => values,
    (fault: DeviceFault) => `${fault.kind}: ${fault.message}`,
  );

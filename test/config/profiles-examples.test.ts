// The examples of every profile, fed through the real driver and the engine's own scaling: raw in, points out. How
// raw bytes reach a driver is said here once for each driver; an example that can't be fed is a failure.

import { expect, test } from 'vitest';
import * as z from 'zod';
import { drivers } from '../../drivers/index.ts';
import { protocolOf } from '../../src/commands/profiles.ts';
import { loadAllProfiles, type Profile } from '../../src/config/profiles.ts';
import { scaled } from '../../src/core/points.ts';
import type { Point } from '../../src/core/types.ts';
import type { Driver, PointAddress, Raw, Settings } from '../../src/driver.ts';
import { answerRtu, answerTcp, type Cells } from '../support/modbus/memory.ts';

type Given = Readonly<Record<string, unknown>>;
/** Answers what is written to the line; undefined: silence. */
type Answering = (written: Buffer) => Buffer | undefined;

interface Feed {
  /** where the line is; the rest of the bus is as the profile has the product delivered */
  readonly place: Settings;
  answering(given: Given): Answering;
}

/** `input:0x46` → the cells from there on. */
function cellsOf(given: Given, table: string): Map<number, number> {
  const cells = new Map<number, number>();
  for (const [place, values] of Object.entries(given)) {
    const [name, address] = place.split(':');
    if (!['coil', 'discrete', 'input', 'holding'].includes(name!)) throw new Error(`${place} is no place`);
    if (name !== table) continue;
    for (const [index, value] of (values as number[]).entries()) cells.set(Number(address) + index, value);
  }
  return cells;
}

const tables = ['', 'coil', 'discrete', 'holding', 'input'];

function modbus(answer: (frame: Buffer, cells: Cells) => Buffer, codeAt: number, place: Settings): Feed {
  return {
    place,
    answering: (given) => (frame) => {
      const cells = cellsOf(given, tables[frame[codeAt]!]!);
      const bit = (address: number): boolean | undefined =>
        cells.has(address) ? cells.get(address) === 1 : undefined;
      return answer(frame, { register: (address) => cells.get(address), bit });
    },
  };
}

/** `reply` is a line without its carriage return, `text` is sent as it is, `bytes` is any bytes as hex. */
function spoken({ reply, text, bytes }: Given): Answering {
  if (typeof reply === 'string') return () => Buffer.from(`${reply}\r`, 'latin1');
  if (typeof text === 'string') return () => Buffer.from(text);
  if (typeof bytes === 'string') return () => Buffer.from(bytes.replace(/\s/g, ''), 'hex');
  throw new Error('an example that is no Modbus gives `reply`, `text` or `bytes`');
}

const feeds: Readonly<Record<string, Feed>> = {
  'modbus-rtu': modbus(answerRtu, 1, { path: '/dev/x' }),
  'modbus-tcp': modbus(answerTcp, 7, { host: 'x' }),
  serial: { place: { path: '/dev/x' }, answering: spoken },
  nut: { place: { host: 'x' }, answering: spoken },
};

/** The keys of these that a place of the driver has. */
function keysFor(driver: Driver, place: 'bus' | 'device', from: Given): Settings {
  return Object.fromEntries(Object.entries(from).filter(([key]) => key in driver.keys[place]));
}

/** What each named point becomes, read alone: examples need not fill the cells between. */
async function read(profile: Profile, driver: Driver, given: Given, names: readonly string[]) {
  const feed = feeds[driver.id];
  if (!feed) throw new Error(`say here how examples of ${driver.id} are fed`);
  const written = {
    ...feed.place,
    ...protocolOf(profile, driver),
    ...keysFor(driver, 'bus', profile.link ?? {}),
  };
  const bus = z.strictObject(driver.keys.bus).parse(written) as Settings;
  // keys of the device that the product needs stand in the example, such as the address of a module
  const unit = profile.unit === undefined ? {} : { unit: profile.unit };
  const device = keysFor(driver, 'device', { ...unit, ...given });
  const answering = feed.answering(given);
  const addresses = names.map((name): PointAddress => {
    const point = profile.points[name] as Settings | undefined;
    if (!point) throw new Error(`the profile has no point ${name}`);
    return { ...driver.point(bus, device, point), id: name, device: profile.id };
  });
  let listener: (bytes: Uint8Array) => void = () => {};
  let asked = 0;
  const raws = new Map<string, Raw>();
  const connection = await driver.open(bus, {
    link: {
      write(bytes) {
        asked += 1;
        const answer = answering(Buffer.from(bytes));
        if (answer) setImmediate(() => listener(answer));
      },
      onData: (each) => {
        listener = each;
      },
    },
    points: addresses,
    outputs: [],
    emit: (values) => {
      for (const [point, raw] of values) raws.set(point.id, raw);
    },
    fail: (fault) => {
      throw fault;
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  for (const address of addresses) {
    const { space, start, length } = address;
    const request = { device: profile.id, space, start, length, points: [address] };
    const before = asked;
    const reading = connection.read?.(request, AbortSignal.timeout(1000));
    // a product that speaks unasked
    if (asked === before) listener(answering(Buffer.alloc(0)) ?? Buffer.alloc(0));
    if (!reading) continue;
    const [raw] = await reading.catch((fault: { kind?: string }) => {
      // a refusal leaves the point unknown, as the house does
      if (fault.kind === 'exception') return [null];
      throw fault;
    });
    raws.set(address.id, raw ?? null);
  }
  await connection.close();
  return Object.fromEntries(
    addresses.map(({ id, type }) => {
      const keys = profile.points[id] as Settings;
      const invalid = keys.invalid === undefined ? {} : { invalid: [keys.invalid].flat() };
      return [id, scaled({ ...keys, ...invalid, id, type } as unknown as Point, raws.get(id) ?? null).value];
    }),
  );
}

const { profiles } = loadAllProfiles();
const each = profiles.flatMap((profile) =>
  profile.drivers.map((driver) => [profile.id, driver, profile] as const),
);

test.each(each)('%s on %s', async (_id, name, profile) => {
  const driver = drivers.find(({ id }) => id === name)!;
  expect(profile.examples.length).toBeGreaterThan(0);
  for (const { given, points } of profile.examples) {
    const values = await read(profile, driver, given, Object.keys(points));
    for (const [point, wanted] of Object.entries(points)) {
      // floats have seven digits
      if (typeof wanted === 'number' && typeof values[point] === 'number')
        expect(values[point], point).toBeCloseTo(wanted, Math.abs(wanted) > 1000 ? 2 : 4);
      else expect(values[point], point).toBe(wanted);
    }
  }
});

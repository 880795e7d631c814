// The `recording` driver: plays a recorded line back to the driver that spoke on it, so that a fault in the field
// becomes a test. Everything but the bytes is the other driver's: its addresses, its limits, its conversation.
// Outputs are remembered and drive nothing.

import { existsSync, readFileSync, statSync } from 'node:fs';
import * as z from 'zod';
import { AddressFault, type Driver, type Settings } from '../../src/driver.ts';
import { parseRecording } from './format.ts';
import { createPlayer, type Player } from './player.ts';

/** the largest that `probe --record` writes, and room to edit it */
const largestBytes = 32_000_000;
const own = new Set(['file', 'of', 'speed']);

type Place = 'bus' | 'device' | 'point' | 'output';

export function recordingOf(playable: readonly Driver[]): Driver {
  const names = playable.map(({ id }) => id);
  // a line that was lost goes on where it was after it is opened again; its settings are the same object then
  const players = new WeakMap<Settings, Player>();

  const driverOf = (bus: Settings): Driver => {
    const found = playable.find(({ id }) => id === bus.of);
    if (!found)
      throw new AddressFault('of', `"${bus.of}" can't be played back`, `one of ${names.join(', ')}`);
    return found;
  };

  /** The other driver's settings, with its own defaults; throws AddressFault for what it would not take. */
  const settingsOf = (driver: Driver, place: Place, given: Settings): Settings => {
    const shape = driver.keys[place];
    const theirs = Object.fromEntries(
      Object.entries(given).filter(
        ([key, value]) => value !== undefined && !(place === 'bus' && own.has(key)),
      ),
    );
    // nothing is opened, so the line needs no name but that of its recording
    for (const key of place === 'bus' ? ['path', 'host'] : []) {
      const wanted = shape[key] as z.ZodType | undefined;
      if (wanted && theirs[key] === undefined && !wanted.safeParse(undefined).success)
        theirs[key] = String(given.file);
    }
    const parsed = z.strictObject(shape).safeParse(theirs);
    if (parsed.success) return parsed.data as Settings;
    const issue = parsed.error.issues[0]!;
    const key = String(issue.path[0] ?? (issue as { keys?: string[] }).keys?.[0] ?? '');
    throw new AddressFault(key, issue.message, `write it as on a bus of ${driver.id}`);
  };

  const inner = (bus: Settings) => {
    const driver = driverOf(bus);
    return { driver, bus: settingsOf(driver, 'bus', bus) };
  };

  return {
    id: 'recording',
    summary: `a recorded line (probe --record) played back; of ${names.join(', ')}`,
    keys: {
      bus: {
        ...anyOf(playable, 'bus'),
        file: z
          .string()
          .min(1)
          .describe('recording to play; a relative path counts from where keepwatch runs'),
        of: z.enum(names as [string, ...string[]]).describe('driver that spoke on the recorded line'),
        speed: z.number().min(0.1).max(1000).default(1).describe('times faster than it was'),
      },
      device: anyOf(playable, 'device'),
      point: anyOf(playable, 'point'),
      output: anyOf(playable, 'output'),
    },
    link(bus) {
      inner(bus);
      const file = String(bus.file);
      if (!existsSync(file))
        throw new AddressFault(
          'file',
          `there is no file ${file}`,
          'name a file of `keepwatch probe --record`',
        );
      return undefined;
    },
    limits: playable[0]!.limits,
    claims({ bus, device, point, output }) {
      const { driver, bus: theirs } = inner(bus);
      return driver.claims({
        bus: theirs,
        ...(device ? { device: settingsOf(driver, 'device', device) } : {}),
        ...(point ? { point: settingsOf(driver, 'point', point) } : {}),
        ...(output ? { output: settingsOf(driver, 'output', output) } : {}),
      });
    },
    point(bus, device, point) {
      const { driver, bus: theirs } = inner(bus);
      return driver.point(theirs, settingsOf(driver, 'device', device), settingsOf(driver, 'point', point));
    },
    output(bus, output) {
      const { driver, bus: theirs } = inner(bus);
      return driver.output(theirs, settingsOf(driver, 'output', output));
    },
    async open(bus, host) {
      const { driver, bus: theirs } = inner(bus);
      let player = players.get(bus);
      if (!player) {
        player = load(bus, driver.id === 'modbus-tcp');
        players.set(bus, player);
        host.log.warn(
          { code: 'RECORDING', file: bus.file },
          'this bus is a recording: nothing on it is real',
        );
      }
      const playing = player;
      const link = playing.connect((because) => host.fail(new Error(because)));
      const connection = await driver.open(theirs, { ...host, link });
      const driven = new Map<string, boolean>();
      const { read } = connection;
      return {
        ...(read ? { read: read.bind(connection) } : {}),
        async drive(output, value) {
          driven.set(output.id, value);
        },
        async observe(output) {
          return driven.get(output.id) ?? null;
        },
        async close() {
          link.close();
          await connection.close();
          host.log.info(
            { code: 'RECORDING_CLOSED', file: bus.file, ...playing.figures() },
            'the recording was closed',
          );
        },
      };
    },
  };
}

function load(bus: Settings, numbered: boolean): Player {
  const file = String(bus.file);
  if (statSync(file).size > largestBytes) throw new Error(`${file} is larger than ${largestBytes / 1e6} MB`);
  try {
    const exchanges = parseRecording(readFileSync(file, 'utf8'));
    return createPlayer(exchanges, { speed: bus.speed as number, numbered });
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`);
  }
}

/** Every key of any of the drivers, none of them needed: which are, depends on `of` and is checked by that driver. */
function anyOf(drivers: readonly Driver[], place: Place): z.ZodRawShape {
  const found = new Map<string, z.ZodType[]>();
  for (const driver of drivers) {
    for (const [key, schema] of Object.entries(driver.keys[place])) {
      found.set(key, [...(found.get(key) ?? []), withoutDefault(schema as z.ZodType)]);
    }
  }
  return Object.fromEntries(
    [...found].map(([key, schemas]) => {
      const one = schemas.length === 1 ? schemas[0]! : z.union(schemas as [z.ZodType, z.ZodType]);
      const described = schemas.find((schema) => schema.description)?.description;
      return [key, described ? one.optional().describe(described) : one.optional()];
    }),
  );
}

/** A default of one driver would be an unknown key to another. */
function withoutDefault(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional) inner = inner.unwrap() as z.ZodType;
  return inner;
}

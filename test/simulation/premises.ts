// The premises as they really are: what each contact and each measure truly is, and where a slave shows it. Read from the
// same site file as the daemon's, by means of its own. Knows nothing of what the daemon makes of it.

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Slave } from './lines.ts';

export type Truth = boolean | number;

export interface Sensor {
  /** `device.point` */
  readonly id: string;
  readonly device: string;
  readonly line: string;
  readonly unit: number;
  readonly table: 'discrete' | 'input';
  readonly start: number;
  readonly type: 'bool' | 'u16' | 'i16' | 'f32';
  readonly scale: number;
  readonly inverted: boolean;
}

interface SiteFile {
  readonly buses: Record<string, { readonly path: string }>;
  readonly devices: Record<
    string,
    {
      readonly bus: string;
      readonly unit: number;
      readonly points: Record<string, { readonly read: string; scale?: number; activeLow?: boolean }>;
    }
  >;
}

export interface Premises {
  readonly sensors: readonly Sensor[];
  /** path → units */
  readonly lines: Readonly<Record<string, readonly number[]>>;
  readonly truths: ReadonlyMap<string, Truth>;
  /** Something happens: the slave shows it from now on. */
  set(sensor: Sensor, truth: Truth): void;
}

export function readPremises(siteFile: string, slaveOf: (line: string, unit: number) => Slave): Premises {
  const site = parse(readFileSync(siteFile, 'utf8')) as SiteFile;
  const sensors = Object.entries(site.devices).flatMap(([device, { bus, unit, points }]) =>
    Object.entries(points).map(([point, { read, scale = 1, activeLow = false }]): Sensor => {
      const [table, start, type = table === 'discrete' ? 'bool' : 'u16'] = read.split(':');
      return {
        id: `${device}.${point}`,
        device,
        line: site.buses[bus]!.path,
        unit,
        table: table as Sensor['table'],
        start: Number(start),
        type: type as Sensor['type'],
        scale,
        inverted: activeLow,
      };
    }),
  );
  const lines: Record<string, number[]> = {};
  for (const { line, unit } of sensors) {
    lines[line] ??= [];
    if (!lines[line].includes(unit)) lines[line].push(unit);
  }
  const truths = new Map<string, Truth>();
  return {
    sensors,
    lines,
    truths,
    set(sensor, truth) {
      truths.set(sensor.id, truth);
      show(slaveOf(sensor.line, sensor.unit), sensor, truth);
    },
  };
}

function show(slave: Slave, sensor: Sensor, truth: Truth): void {
  const { start } = sensor;
  if (typeof truth === 'boolean') {
    slave.discretes[start] = truth !== sensor.inverted;
    return;
  }
  const raw = Math.round(truth / sensor.scale);
  if (sensor.type === 'f32') {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatBE(truth);
    slave.inputs[start] = bytes.readUInt16BE(0);
    slave.inputs[start + 1] = bytes.readUInt16BE(2);
  } else slave.inputs[start] = raw & 0xffff;
}

/** What the cells of an answer say of a sensor; undefined where they don't cover it. */
export function meaningOf(
  sensor: Sensor,
  start: number,
  cells: readonly (boolean | number)[],
): Truth | undefined {
  const at = sensor.start - start;
  const first = cells[at];
  if (at < 0 || first === undefined) return undefined;
  if (typeof first === 'boolean') return first !== sensor.inverted;
  if (sensor.type === 'f32') {
    const second = cells[at + 1];
    if (typeof second !== 'number') return undefined;
    const bytes = Buffer.alloc(4);
    bytes.writeUInt16BE(first, 0);
    bytes.writeUInt16BE(second, 2);
    return bytes.readFloatBE(0);
  }
  const raw = sensor.type === 'i16' && first > 0x7fff ? first - 0x10000 : first;
  return raw * sensor.scale;
}

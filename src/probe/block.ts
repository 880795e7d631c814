// Writes parts of a site file, ready to be copied: a bus, and a device on it. What it gives is YAML that the loader
// takes; a test holds it to that.

import type { Settings } from '../driver.ts';

/** What a plain YAML scalar may look like without being taken for something else. */
const plain = /^[A-Za-z_/][A-Za-z0-9_./-]*$/;
const words = /^(true|false|yes|no|on|off|null|y|n)$/i;

function scalar(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  return plain.test(value) && !words.test(value) ? value : JSON.stringify(value);
}

function flow(value: unknown): string {
  if (typeof value !== 'object' || value === null) return scalar(value);
  const pairs = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{ ${pairs.map(([key, inner]) => `${key}: ${flow(inner)}`).join(', ')} }`;
}

/** `  line1: { driver: modbus-rtu, path: … }` */
export function busLine(id: string, driver: string, settings: Settings): string {
  return `  ${id}: ${flow({ driver, ...settings })}`;
}

/** `  unit_3: { bus: line1, unit: 3, profile: … }` */
export function deviceLine(id: string, keys: Settings): string {
  return `  ${id}: ${flow(keys)}`;
}

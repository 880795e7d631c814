// The cookies of a login and of a device: their names, how they are written and how they are found. With TLS their names make
// browsers hold to it that they came over TLS and from this host alone. Knows no login.

import type { ConsoleConfig } from '../config/types.ts';
import { logins } from './limits.ts';

type Place = Pick<ConsoleConfig, 'cert' | 'listen'>;

function nameOf({ cert, listen }: Place): string {
  // browsers keep cookies by host and not by port: two gateways on one machine must not end each other's logins
  return cert === undefined ? `keepwatch-${listen.port}` : '__Host-keepwatch';
}

const deviceNameOf = (place: Place): string => `${nameOf(place)}-device`;

/** The `Set-Cookie` header; undefined: no login any more. */
export function cookieOf(secret: string | undefined, place: Place): string {
  return written(nameOf(place), secret ?? '', place, secret === undefined ? 0 : undefined);
}

/** The same of what the device is known by. */
export function deviceCookieOf(value: string, place: Place): string {
  return written(deviceNameOf(place), value, place, logins.deviceDays * 86_400);
}

function written(name: string, value: string, { cert }: Place, maxAge: number | undefined): string {
  const parts = [
    `${name}=${value}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    ...(cert === undefined ? [] : ['Secure']),
    ...(maxAge === undefined ? [] : [`Max-Age=${maxAge}`]),
  ];
  return parts.join('; ');
}

/** The secret in a `Cookie` header. */
export function secretIn(header: string | undefined, place: Place): string | undefined {
  return valueIn(header, nameOf(place), /^[A-Za-z0-9_-]{20,100}$/);
}

/** What the device is known by. */
export function deviceIn(header: string | undefined, place: Place): string | undefined {
  return valueIn(header, deviceNameOf(place), /^[A-Za-z0-9_.-]{20,1000}$/);
}

function valueIn(header: string | undefined, name: string, form: RegExp): string | undefined {
  if (header === undefined || header.length > 8192) return undefined;
  for (const part of header.split(';')) {
    const cut = part.indexOf('=');
    if (cut < 0 || part.slice(0, cut).trim() !== name) continue;
    const value = part.slice(cut + 1).trim();
    if (form.test(value)) return value;
  }
  return undefined;
}

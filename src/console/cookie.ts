// The cookie of a login: its name, how it is written and how it is found. With TLS its name makes browsers hold to it that
// it came over TLS and from this host alone. Knows no login.

import type { ConsoleConfig } from '../config/types.ts';

type Place = Pick<ConsoleConfig, 'cert' | 'listen'>;

function nameOf({ cert, listen }: Place): string {
  // browsers keep cookies by host and not by port: two gateways on one machine must not end each other's logins
  return cert === undefined ? `keepwatch-${listen.port}` : '__Host-keepwatch';
}

/** The `Set-Cookie` header; undefined: no login any more. */
export function cookieOf(secret: string | undefined, place: Place): string {
  const parts = [
    `${nameOf(place)}=${secret ?? ''}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    ...(place.cert === undefined ? [] : ['Secure']),
    ...(secret === undefined ? ['Max-Age=0'] : []),
  ];
  return parts.join('; ');
}

/** The secret in a `Cookie` header. */
export function secretIn(header: string | undefined, place: Place): string | undefined {
  if (header === undefined || header.length > 8192) return undefined;
  const name = nameOf(place);
  for (const part of header.split(';')) {
    const cut = part.indexOf('=');
    if (cut < 0 || part.slice(0, cut).trim() !== name) continue;
    const value = part.slice(cut + 1).trim();
    if (/^[A-Za-z0-9_-]{20,100}$/.test(value)) return value;
  }
  return undefined;
}

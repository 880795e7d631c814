// Does a request come to the name that is ours, and from a page of ours? Names that others chose (DNS rebinding) and
// pages of others are turned away before anything else is looked at. Decides by headers alone; knows no user.

import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { isLoopback } from '../lib/loopback.ts';

export interface Headers {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

/** Which names of a host are ours. */
export type NameCheck = (name: string) => boolean;

/**
 * On loopback the names of loopback and the address itself; with a certificate also the names and addresses in it. An
 * address in figures can't be turned to us by somebody else's name server, so with TLS each is good.
 */
export function namesOf(listenHost: string, certificate: string | undefined): NameCheck {
  const own = listenHost.toLowerCase();
  const parsed = certificate === undefined ? undefined : certificateOf(certificate);
  const tls = certificate !== undefined;
  return (name) =>
    isLoopback(name) ||
    name === own ||
    (tls && isIP(name.replace(/^\[|\]$/g, '')) !== 0) ||
    (parsed !== undefined && isIP(name) === 0 && parsed.checkHost(name) !== undefined);
}

function certificateOf(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** The host of a `Host` header without its port, in small letters; undefined: it is no such header. */
export function hostName(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 300) return undefined;
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(header);
  return match?.[1]?.toLowerCase();
}

/** What is wrong with where it goes and where it comes from; undefined: nothing. */
export function faultOfOrigin(
  headers: Headers,
  place: { readonly scheme: 'http' | 'https'; readonly isOurs: NameCheck },
): 'wrongHost' | 'wrongOrigin' | undefined {
  const name = hostName(headers.host);
  if (name === undefined || !place.isOurs(name)) return 'wrongHost';
  const { origin } = headers;
  if (origin !== undefined && origin.toLowerCase() !== `${place.scheme}://${headers.host!.toLowerCase()}`)
    return 'wrongOrigin';
  const site = headers['sec-fetch-site'];
  // what the person typed or followed a link to says `none` or comes with a navigation, which asks for no data
  if (origin === undefined && site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'wrongOrigin';
  return undefined;
}

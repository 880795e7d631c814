// Listens in on byte links: wraps an opener so that all that goes over its links is told, with the time. Changes
// nothing on the way and knows no protocol.

import type { Link, LinkOpener } from '../devices/link.ts';
import type { LinkSettings } from '../driver.ts';
import type { Clock } from '../lib/clock.ts';

/** One thing that happened on a link; `atMs` counts from when the tap was made. */
export type Tapped = { readonly atMs: number; readonly link: string } & (
  | { readonly what: 'opened'; readonly settings: LinkSettings }
  | { readonly what: 'out' | 'in'; readonly bytes: Uint8Array }
  | { readonly what: 'lost'; readonly because: string }
  | { readonly what: 'closed' }
);

export type Listener = (tapped: Tapped) => void;

export function tapped(open: LinkOpener, clock: Clock, listen: Listener): LinkOpener {
  const startMs = clock.steadyMs();
  const since = (): number => clock.steadyMs() - startMs;
  return async (settings, host) => {
    const name = settings.kind === 'serial' ? settings.path : `${settings.host}:${settings.port}`;
    const link = await open(settings, {
      ...host,
      lost(because) {
        listen({ atMs: since(), link: name, what: 'lost', because });
        host.lost(because);
      },
    });
    listen({ atMs: since(), link: name, what: 'opened', settings });
    // `Object.create` keeps whatever else a link has, its getters among them, as the link's own
    return Object.create(link, {
      write: {
        value(bytes: Uint8Array) {
          listen({ atMs: since(), link: name, what: 'out', bytes });
          link.write(bytes);
        },
      },
      onData: {
        value(listener: (bytes: Uint8Array) => void) {
          link.onData((bytes) => {
            listen({ atMs: since(), link: name, what: 'in', bytes });
            listener(bytes);
          });
        },
      },
      close: {
        async value() {
          await link.close();
          listen({ atMs: since(), link: name, what: 'closed' });
        },
      },
    }) as Link;
  };
}

/** `01 04 00 FF`. */
export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ');
}

/** One line of a trace for people: milliseconds, direction, bytes. */
export function traceLine(tapped: Tapped): string {
  const head = `${tapped.atMs.toFixed(1).padStart(9)} ms  ${tapped.link}`;
  switch (tapped.what) {
    case 'out':
      return `${head}  →  ${hex(tapped.bytes)}`;
    case 'in':
      return `${head}  ←  ${hex(tapped.bytes)}`;
    case 'opened':
      return `${head}  opened${tapped.settings.kind === 'serial' ? ` (${serialText(tapped.settings)})` : ''}`;
    case 'lost':
      return `${head}  lost: ${tapped.because}`;
    case 'closed':
      return `${head}  closed`;
  }
}

/** `9600 8N1`. */
export function serialText(settings: Omit<LinkSettings & { kind: 'serial' }, 'kind' | 'path'>): string {
  const { baudRate, dataBits, parity, stopBits } = settings;
  return `${baudRate} ${dataBits}${parity[0]!.toUpperCase()}${stopBits}`;
}

// Opens and owns byte links: a serial port, locked for us alone, or a TCP socket. Tells once when a link is lost,
// without needing a write to notice, and by then its descriptor is closed. Knows no protocol.

import { connect, type Socket } from 'node:net';
import type { ByteLink, LinkSettings } from '../driver.ts';
import type { Clock } from '../lib/clock.ts';
import { openSerial } from './serial-link.ts';

const connectTimeoutMs = 5000;
const keepAliveMs = 10_000;

export interface Link extends ByteLink {
  /** what people call it: the path, or `host:port` */
  readonly name: string;
  /** steady time of the last byte that came, on a serial line also of the end of what was sent; -Infinity at first */
  readonly lastByteMs: number;
  /** Resolves when the descriptor is closed. */
  close(): Promise<void>;
}

export interface LinkHost {
  readonly clock: Clock;
  /** gives up an opening that takes long */
  readonly signal: AbortSignal;
  /** the link went by itself, and is closed now */
  lost(because: string): void;
}

/** Opens a link; rejects with an Error whose message is fit for people. */
export type LinkOpener = (settings: LinkSettings, host: LinkHost) => Promise<Link>;

export const openLink: LinkOpener = (settings, host) =>
  settings.kind === 'serial' ? openSerial(settings, host) : openTcp(settings, host);

/** All sockets read into one buffer; what a listener gets is a small copy. A buffer for each would be 64 KB. */
const shared = Buffer.allocUnsafe(65_536);

function openTcp(settings: LinkSettings & { kind: 'tcp' }, host: LinkHost): Promise<Link> {
  const name = `${settings.host}:${settings.port}`;
  return new Promise((resolve, reject) => {
    let listener: (bytes: Uint8Array) => void = () => {};
    let lastByteMs = Number.NEGATIVE_INFINITY;
    let open = false;
    let asked = false;
    let problem: NodeJS.ErrnoException | undefined;
    const socket: Socket = connect({
      host: settings.host,
      port: settings.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
      onread: {
        buffer: shared,
        callback: (count, buffer) => {
          lastByteMs = host.clock.steadyMs();
          listener(Buffer.from(buffer.subarray(0, count)));
          return true;
        },
      },
    });
    const giveUp = (): void => {
      socket.destroy(new Error('given up'));
    };
    const timer = host.clock.after(connectTimeoutMs, () => {
      socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
    });
    host.signal.addEventListener('abort', giveUp, { once: true });
    const settled = (): void => {
      timer.cancel();
      host.signal.removeEventListener('abort', giveUp);
    };
    socket.on('error', (error: NodeJS.ErrnoException) => {
      problem = error;
    });
    socket.once('close', () => {
      settled();
      if (!open) reject(new Error(tcpText(name, settings.host, problem)));
      else if (!asked) host.lost(tcpText(name, settings.host, problem));
    });
    socket.once('end', () => socket.destroy());
    socket.once('connect', () => {
      settled();
      open = true;
      resolve({
        name,
        get lastByteMs() {
          return lastByteMs;
        },
        write: (bytes) => {
          socket.write(bytes);
        },
        onData: (each) => {
          listener = each;
        },
        close() {
          asked = true;
          if (socket.closed) return Promise.resolve();
          return new Promise<void>((done) => {
            socket.once('close', () => done());
            socket.destroy();
          });
        },
      });
    });
  });
}

function tcpText(name: string, host: string, error: NodeJS.ErrnoException | undefined): string {
  switch (error?.code) {
    case undefined:
      return error ? `connection to ${name} failed: ${error.message}` : `${name} closed the connection`;
    case 'ECONNREFUSED':
      return `connection to ${name} refused`;
    case 'ETIMEDOUT':
      return `no answer from ${name}`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `connection to ${name} was reset`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${name} can't be reached from here`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${host} can't be resolved`;
    default:
      return `connection to ${name} failed: ${error?.message}`;
  }
}

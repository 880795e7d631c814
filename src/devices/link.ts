// Opens and owns byte links: a serial port, locked for us alone, or a TCP socket. Tells once when a link is lost,
// without needing a write to notice, and by then its descriptor is closed. Knows no protocol.

import { connect, type Socket } from 'node:net';
import type { ByteLink, LinkSettings } from '../driver.ts';
import type { Clock } from '../lib/clock.ts';

const connectTimeoutMs = 5000;
const keepAliveMs = 10_000;

export interface Link extends ByteLink {
  /** what people call it: the path, or `host:port` */
  readonly name: string;
  /** steady time of the last byte that came; -Infinity before the first */
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

async function openSerial(settings: LinkSettings & { kind: 'serial' }, host: LinkHost): Promise<Link> {
  // loaded only where a serial port is used: the native part costs memory
  const { SerialPort } = await import('serialport');
  const { path, baudRate, parity, dataBits, stopBits } = settings;
  const port = new SerialPort({
    path,
    baudRate,
    parity,
    dataBits,
    stopBits,
    lock: true,
    autoOpen: false,
    highWaterMark: 4096,
  });
  let listener: (bytes: Uint8Array) => void = () => {};
  let lastByteMs = Number.NEGATIVE_INFINITY;
  let asked = false;
  let complaint: Error | null = null;
  port.on('error', (error) => {
    complaint = error;
  });
  // the reading that this starts is also what notices a vanished port
  port.on('data', (bytes: Buffer) => {
    lastByteMs = host.clock.steadyMs();
    listener(bytes);
  });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error ? reject(new Error(serialText(path, error))) : resolve()));
  });
  const closed = new Promise<void>((resolve) => {
    port.once('close', (error: Error | null) => {
      resolve();
      if (!asked) host.lost(vanishedText(path, error ?? complaint));
    });
  });
  // bytes that lie in the driver's buffer answered somebody else's question
  await new Promise<void>((resolve) => port.flush(() => resolve()));
  return {
    name: path,
    get lastByteMs() {
      return lastByteMs;
    },
    write: (bytes) => {
      port.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    },
    onData: (each) => {
      listener = each;
    },
    close() {
      asked = true;
      if (!port.isOpen) return closed;
      return new Promise<void>((resolve) => port.close(() => resolve()));
    },
  };
}

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

function serialText(path: string, error: Error): string {
  const text = error.message;
  if (/no such file|no such device/i.test(text)) return `${path} is missing`;
  if (/permission denied/i.test(text)) return `no permission to open ${path}; its group is usually dialout`;
  if (/cannot lock|busy/i.test(text)) return `${path} is in use by another program`;
  if (/inappropriate ioctl|not a tty/i.test(text)) return `${path} is no serial port`;
  return `${path} can't be opened: ${text}`;
}

function vanishedText(path: string, error: Error | null): string {
  return error ? `${path} vanished (${error.message})` : `${path} vanished`;
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

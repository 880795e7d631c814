// A serial port as a byte link. The serialport package opens, locks and closes it and watches its descriptor; bytes
// are read and written at once, in the call that found them ready, instead of in a thread pool: a line at 9600 baud
// brings a byte a millisecond, and every tenth of one counts in its silences. Knows no protocol.

import { readSync, writeSync } from 'node:fs';
import type { LinkSettings } from '../driver.ts';
import type { Link, LinkHost } from './link.ts';
import { switchDirectionByKernel } from './rs485.ts';

type Port = LinkSettings & { kind: 'serial' };

/** Time of one character on the wire, ms. */
export function characterMs(port: Port): number {
  const bits = 1 + port.dataBits + (port.parity === 'none' ? 0 : 1) + port.stopBits;
  return (bits * 1000) / port.baudRate;
}

export async function openSerial(settings: Port, host: LinkHost): Promise<Link> {
  // loaded only where a serial port is used: the native part costs memory
  const { SerialPort } = await import('serialport');
  const { path, baudRate, parity, dataBits, stopBits } = settings;
  const opening = SerialPort.binding.open({ path, baudRate, parity, dataBits, stopBits, lock: true });
  const port = await (opening as unknown as Promise<LinuxPort>).catch((error: Error) => {
    throw new Error(serialText(path, error));
  });
  if (settings.rs485 && port.fd !== null) {
    try {
      await switchDirectionByKernel(port.fd, path);
    } catch (error) {
      await port.close().catch(() => {});
      throw error;
    }
  }
  const eachMs = characterMs(settings);
  const buffer = Buffer.allocUnsafe(1024);
  let listener: (bytes: Uint8Array) => void = () => {};
  let lastByteMs = Number.NEGATIVE_INFINITY;
  let leaving: Promise<void> | undefined;
  let writing: Promise<void> | undefined;

  const leave = (): Promise<void> => {
    // not within the call of a poller that this destroys; a descriptor that can't be closed is gone as well
    leaving ??= Promise.resolve().then(() => port.close().catch(() => {}));
    return leaving;
  };
  const lose = (error: Error | null): void => {
    if (leaving) return;
    leave().then(() => host.lost(vanishedText(path, error)));
  };
  /** Takes what is there; returns whether the port still is. */
  const drain = (): boolean => {
    for (let count = buffer.length; count === buffer.length; ) {
      if (leaving || port.fd === null) return false;
      try {
        count = readSync(port.fd, buffer, 0, buffer.length, null);
      } catch (fault) {
        if (notNow(fault)) return true;
        lose(fault as Error);
        return false;
      }
      // readable, and nothing to read: what a port that was pulled out says for ever
      if (count === 0) {
        lose(null);
        return false;
      }
      lastByteMs = host.clock.steadyMs();
      listener(buffer.subarray(0, count));
    }
    return !leaving;
  };
  const readable = (error: Error | null): void => {
    if (leaving) return;
    if (error) lose(error);
    else if (drain()) port.poller.once('readable', readable);
  };
  const push = (bytes: Uint8Array): void => {
    let sent = 0;
    if (!writing && port.fd !== null) {
      try {
        sent = writeSync(port.fd, bytes);
      } catch (fault) {
        if (!notNow(fault)) {
          lose(fault as Error);
          return;
        }
      }
    }
    if (sent === bytes.length) return;
    // the port's buffer is full: the package waits for room; rare, as one question is out at a time
    const rest = Buffer.from(bytes.subarray(sent));
    const turn = (writing ?? Promise.resolve()).then(() => port.write(rest));
    const mine = turn.then(
      () => {
        if (writing === mine) writing = undefined;
      },
      (fault: Error) => lose(fault),
    );
    writing = mine;
  };

  // bytes that lie in the driver's buffer answered somebody else's question
  await port.flush().catch(() => {});
  // the reading is also what notices a vanished port
  port.poller.once('readable', readable);
  return {
    name: path,
    // the end of the last byte on the wire, theirs or ours
    get lastByteMs() {
      return lastByteMs;
    },
    write(bytes) {
      if (leaving) return;
      lastByteMs = Math.max(lastByteMs, host.clock.steadyMs()) + bytes.length * eachMs;
      push(bytes);
    },
    onData(each) {
      listener = each;
    },
    close: leave,
  };
}

/** What serialport's binding for Linux gives; its types are those of all systems in common. */
interface LinuxPort {
  readonly fd: number | null;
  readonly poller: { once(event: 'readable', listener: (error: Error | null) => void): void };
  write(bytes: Buffer): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

function notNow(fault: unknown): boolean {
  const { code } = fault as NodeJS.ErrnoException;
  return code === 'EAGAIN' || code === 'EWOULDBLOCK' || code === 'EINTR';
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

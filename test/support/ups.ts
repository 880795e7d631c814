// A UPS at the end of a serial line: a pty made by socat, behind it a program that answers as the test says.
// Knows no protocol: requests and replies are bytes that the test brings. Also the links that a host opens.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SerialPort } from 'serialport';
import type { ByteLink } from '../../src/driver.ts';

/** Why ptys can't be had here; undefined where they can. Under CI a missing tool is a failure. */
export const noPty: string | undefined = (() => {
  if (spawnSync('socat', ['-V']).status === 0) return undefined;
  if (process.env.CI === 'true') throw new Error('socat is missing: apt-get install socat');
  return 'socat is not installed';
})();

export interface PtyUps {
  /** of the gateway's end */
  readonly path: string;
  /** every command that came, without its carriage return */
  readonly commands: readonly string[];
  /** sends unasked */
  say(bytes: Uint8Array): void;
  /** what is answered to a command; undefined: nothing */
  reply: (command: string) => Uint8Array | undefined;
  close(): Promise<void>;
}

export async function until(met: () => boolean, limitMs = 5000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!met()) {
    if (performance.now() > end) throw new Error(`not so within ${limitMs} ms: ${met}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function startPtyUps(reply: PtyUps['reply']): Promise<PtyUps> {
  const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-ups-'));
  const port = path.join(folder, 'ups');
  const commands: string[] = [];
  let socket: Socket | undefined;
  const server = createServer((connected) => {
    socket = connected;
    let pending = '';
    connected.on('error', () => {});
    connected.on('data', (bytes) => {
      const whole = (pending + bytes.toString('latin1')).split('\r');
      pending = whole.pop()!;
      for (const command of whole) {
        commands.push(command);
        const answer = ups.reply(command);
        if (answer) connected.write(answer);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const socat: ChildProcess = spawn(
    'socat',
    [`PTY,link=${port},raw,echo=0`, `TCP:127.0.0.1:${address.port},nodelay`],
    { stdio: 'ignore' },
  );
  const ups: PtyUps = {
    path: port,
    commands,
    reply,
    say: (bytes) => void socket?.write(bytes),
    async close() {
      if (socat.exitCode === null && socat.signalCode === null) {
        const ended = new Promise((resolve) => socat.once('exit', resolve));
        socat.kill();
        await ended;
      }
      socket?.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await until(() => existsSync(port) && socket !== undefined);
  } catch (error) {
    await ups.close();
    throw error;
  }
  return ups;
}

export interface OpenLink extends ByteLink {
  close(): Promise<void>;
}

/** Opens a serial port as a host does. */
export async function openPort(path: string, baudRate = 2400): Promise<OpenLink> {
  const port = new SerialPort({ path, baudRate, autoOpen: false });
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  return {
    write: (bytes) => void port.write(Buffer.from(bytes)),
    onData: (listener) => void port.on('data', listener),
    close: () => new Promise((resolve) => port.close(() => resolve())),
  };
}

/** Opens a TCP connection as a host does. */
export async function openSocket(port: number): Promise<OpenLink> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return {
    write: (bytes) => void socket.write(bytes),
    onData: (listener) => void socket.on('data', listener),
    close: () =>
      new Promise((resolve) => {
        socket.once('close', () => resolve());
        socket.destroy();
      }),
  };
}

/** A link made of two functions, for tests that chop the bytes themselves. */
export interface FakeLink extends ByteLink {
  readonly written: Uint8Array[];
  arrive(bytes: Uint8Array): void;
}

export function fakeLink(): FakeLink {
  let listener: (bytes: Uint8Array) => void = () => {};
  const written: Uint8Array[] = [];
  return {
    written,
    write: (bytes) => void written.push(bytes),
    onData: (given) => {
      listener = given;
    },
    arrive: (bytes) => listener(bytes),
  };
}

// Serial lines without hardware: pseudo terminals made by socat, either a plain pair or one end with a function of
// the test behind it, which may answer, delay, drop or spoil bytes. Ptys know neither baud rate nor direction.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haveTools } from './need.ts';

export function haveSocat(): boolean {
  return haveTools(['socat', '-V']);
}

export interface SerialPair {
  /** paths of the two ends; they stay the same through `unplug` and `plug` */
  readonly a: string;
  readonly b: string;
  /** Both ends vanish, as when a USB adapter is pulled. */
  unplug(): Promise<void>;
  plug(): Promise<void>;
  stop(): Promise<void>;
}

export async function serialPair(): Promise<SerialPair> {
  const folder = mkdtempSync(join(tmpdir(), 'keepwatch-line-'));
  const a = join(folder, 'a');
  const b = join(folder, 'b');
  let child: ChildProcess | undefined;
  const pair: SerialPair = {
    a,
    b,
    async plug() {
      child = socat(pty(a), pty(b));
      await until(() => existsSync(a) && existsSync(b));
    },
    async unplug() {
      await stopChild(child);
      child = undefined;
      // socat killed outright leaves its links
      rmSync(a, { force: true });
      rmSync(b, { force: true });
    },
    async stop() {
      await pair.unplug();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await pair.plug();
  return pair;
}

export interface SerialEnd {
  readonly path: string;
  /** Sends bytes to whoever opened the path. */
  send(bytes: Uint8Array): void;
  unplug(): Promise<void>;
  plug(): Promise<void>;
  stop(): Promise<void>;
}

/** One pty; what is written to it goes to `heard`. */
export async function serialEnd(heard: (bytes: Buffer, end: SerialEnd) => void): Promise<SerialEnd> {
  const folder = mkdtempSync(join(tmpdir(), 'keepwatch-line-'));
  const path = join(folder, 'tty');
  let socket: Socket | undefined;
  let child: ChildProcess | undefined;
  const server: Server = createServer((each) => {
    socket = each;
    each.setNoDelay(true);
    each.on('error', () => {});
    each.on('data', (bytes) => heard(bytes, end));
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  const end: SerialEnd = {
    path,
    send: (bytes) => {
      socket?.write(bytes);
    },
    async plug() {
      child = socat(pty(path), `TCP:127.0.0.1:${port},nodelay`);
      await until(() => existsSync(path) && socket !== undefined && !socket.destroyed);
    },
    async unplug() {
      await stopChild(child);
      child = undefined;
      socket?.destroy();
      socket = undefined;
      rmSync(path, { force: true });
    },
    async stop() {
      await end.unplug();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await end.plug();
  return end;
}

/** What a proxy does with the bytes that pass; an empty list drops them. */
export type Tamper = (bytes: Buffer, towards: 'a' | 'b') => readonly { bytes: Buffer; afterMs: number }[];

export interface ProxiedLine {
  readonly a: string;
  readonly b: string;
  stop(): Promise<void>;
}

/** Two ptys with a proxy between them. */
export async function proxiedLine(tamper: Tamper): Promise<ProxiedLine> {
  const pass =
    (other: () => SerialEnd, towards: 'a' | 'b') =>
    (bytes: Buffer): void => {
      for (const part of tamper(bytes, towards)) {
        if (part.afterMs <= 0) other().send(part.bytes);
        else setTimeout(() => other().send(part.bytes), part.afterMs);
      }
    };
  const a: SerialEnd = await serialEnd(pass(() => b, 'b'));
  const b: SerialEnd = await serialEnd(pass(() => a, 'a'));
  return {
    a: a.path,
    b: b.path,
    async stop() {
      await Promise.all([a.stop(), b.stop()]);
    },
  };
}

function pty(link: string): string {
  return `PTY,raw,echo=0,link=${link}`;
}

function socat(...ends: readonly [string, string]): ChildProcess {
  return spawn('socat', [...ends], { stdio: 'ignore' });
}

async function stopChild(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await exited;
}

async function until(holds: () => boolean): Promise<void> {
  const endMs = Date.now() + 5000;
  while (!holds()) {
    if (Date.now() > endMs) throw new Error('socat made no pty within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

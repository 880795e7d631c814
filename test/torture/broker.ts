// A mosquitto that goes down in the two ways that one does: stopped, when it keeps what it holds for others on its
// disk, and killed, when by its defaults it keeps nothing. Knows no gateway.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, pause } from '../support/broker.ts';

export interface Mosquitto {
  readonly port: number;
  running(): boolean;
  start(): Promise<void>;
  /** SIGTERM: it writes what it holds, and ends */
  stop(): Promise<void>;
  kill(): Promise<void>;
  close(): Promise<void>;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const told = (open: boolean) => (): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', told(true)).once('error', told(false));
  });
}

/** Not started yet; `at`: the port, if not a free one. */
export async function mosquitto(at?: number): Promise<Mosquitto> {
  const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-torture-broker-'));
  const port = at ?? (await freePort());
  const file = path.join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence true',
    `persistence_location ${folder}/`,
    // what waits for a witness who is not there yet must not be thrown away for being much
    'max_queued_messages 0',
    'set_tcp_nodelay true',
    'log_dest none',
  ];
  if (process.getuid?.() === 0) lines.push('user root');
  writeFileSync(file, `${lines.join('\n')}\n`);
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill(signal);
    await gone;
  };
  return {
    port,
    running: () => child !== undefined,
    async start() {
      const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
      const starting = spawn('mosquitto', ['-c', file], { stdio: 'ignore', env });
      child = starting;
      const endMs = performance.now() + 10_000;
      while (!(await listens(port))) {
        if (starting.exitCode !== null || performance.now() > endMs)
          throw new Error(`mosquitto does not listen on ${port}`);
        await pause(10);
      }
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async close() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

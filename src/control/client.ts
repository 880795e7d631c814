// The commands' end of the local socket: asks a running daemon one thing, or follows its events. Says
// `NoDaemon` where nobody answers; knows nothing of configs or of how an answer is shown.

import net from 'node:net';
import { createInterface } from 'node:readline';
import type { Event } from '../core/types.ts';
import { type Reachable, reachable, socketOf } from './socket.ts';
import type { Answer, Method, Results } from './types.ts';

/** Nobody answers on the socket: exit code 3. */
export class NoDaemon extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = 'NoDaemon';
    this.hint = hint;
  }
}

/** The daemon answered with an error: `badRequest notFound refused internal …`. */
export class DaemonRefused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'DaemonRefused';
    this.code = code;
  }
}

/** Asks the daemon of a data folder (or on a socket). Rejects with NoDaemon or DaemonRefused. */
export function callDaemon<M extends Method>(
  socketOrFolder: string,
  method: M,
  params: object = {},
  timeoutMs = 15_000,
): Promise<Results[M]> {
  return converse(socketOrFolder, method, params, timeoutMs, (answer, done) => done(answer.result));
}

/** Gives every event from now on to the listener, until the signal is aborted or the daemon goes (NoDaemon). */
export function followDaemon(
  socketOrFolder: string,
  listener: (event: Event) => void,
  signal?: AbortSignal,
): Promise<void> {
  return converse(socketOrFolder, 'follow', {}, 0, (answer, done) => {
    if ('event' in answer) listener(answer.event as Event);
    else if (signal?.aborted) done(undefined);
    else signal?.addEventListener('abort', () => done(undefined), { once: true });
  });
}

function converse<T>(
  socketOrFolder: string,
  method: string,
  params: object,
  timeoutMs: number,
  heard: (answer: Answer, done: (result: unknown) => void) => void,
): Promise<T> {
  const shown = socketOf(socketOrFolder);
  return new Promise((resolve, reject) => {
    let address: Reachable;
    try {
      address = reachable(shown);
    } catch (error) {
      reject(absent(shown, error as NodeJS.ErrnoException));
      return;
    }
    const socket = net.connect({ path: address.path });
    const settle = (act: () => void): void => {
      socket.destroy();
      address.release();
      act();
    };
    if (timeoutMs > 0) {
      socket.setTimeout(timeoutMs, () => {
        const hint = 'it may hang or be overloaded; look at its log';
        settle(() =>
          reject(new NoDaemon(`the daemon on ${shown} gave no answer in ${timeoutMs / 1000} s`, hint)),
        );
      });
    }
    socket.once('connect', () => socket.write(`${JSON.stringify({ id: 1, method, params })}\n`));
    socket.once('error', (error) => settle(() => reject(absent(shown, error))));
    socket.once('close', () =>
      settle(() =>
        reject(
          new NoDaemon(`the daemon on ${shown} closed the connection`, 'it is stopping or was restarted'),
        ),
      ),
    );
    const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on('error', () => {}); // the socket's own listener says it
    lines.on('line', (text) => {
      if (text === '') return;
      let answer: Answer;
      try {
        answer = JSON.parse(text) as Answer;
      } catch {
        settle(() =>
          reject(new NoDaemon(`what answers on ${shown} is not keepwatch`, 'give the right --socket')),
        );
        return;
      }
      if (answer.ok === false) {
        const { code, message } = answer.error ?? { code: 'internal', message: 'no reason given' };
        settle(() => reject(new DaemonRefused(code, message)));
        return;
      }
      heard(answer, (result) => settle(() => resolve(result as T)));
    });
  });
}

function absent(shown: string, error: NodeJS.ErrnoException): NoDaemon {
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new NoDaemon(
      `no right to use ${shown}`,
      "run this as the daemon's user, a member of its group, or with sudo",
    );
  }
  const hint =
    'start it with `keepwatch run`, or name its config with -c FILE or its socket with --socket PATH';
  return new NoDaemon(`no daemon answers on ${shown}`, hint);
}

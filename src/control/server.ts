// The daemon's end of the local socket: who may connect, how lines are read and answered, and how a client
// that floods or stops reading is kept from hurting the daemon. Knows the methods, not what they mean: all
// meaning is the host's.

import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from '../core/types.ts';
import type { Log } from '../driver.ts';
import type { TrendRange } from '../telemetry/types.ts';
import { reachable, socketOf } from './socket.ts';
import {
  type Answer,
  type ControlHost,
  idleMs,
  longestRequestBytes,
  mostConnections,
  mostSteps,
  mostUnreadBytes,
  usualSteps,
} from './types.ts';

export interface ControlOptions {
  /** the data folder, or the socket's own path */
  readonly folder: string;
  readonly host: ControlHost;
  readonly log: Log;
}

export interface Control {
  readonly path: string;
  close(): Promise<void>;
}

class BadRequest extends Error {
  readonly code: string;
  constructor(message: string, code = 'badRequest') {
    super(message);
    this.code = code;
  }
}

/** Listens on the socket of a data folder. Rejects with an Error with `hint` where another daemon answers there. */
export async function startControl(options: ControlOptions): Promise<Control> {
  const { host, log } = options;
  const socketPath = socketOf(options.folder);
  // Kept until the server is closed: closing unlinks the socket by this same name.
  const address = reachable(socketPath);
  const connections = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    if (connections.size >= mostConnections) {
      refuse(socket, `more than ${mostConnections} connections`);
      return;
    }
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serve(socket, host, log);
  });
  try {
    await clearStale(address.path, socketPath);
    await listen(server, address.path);
  } catch (error) {
    address.release();
    throw error;
  }
  server.on('error', (error) =>
    log.error({ code: 'CONTROL', because: error.message }, 'the local socket failed'),
  );
  return {
    path: socketPath,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          address.release();
          resolve();
        });
        for (const socket of connections) socket.destroy();
      }),
  };
}

function listen(server: net.Server, address: string): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    // The socket is made inside listen(): with this umask it is 0660 from its first moment.
    const before = process.umask(0o117);
    try {
      server.once('error', reject);
      server.listen({ path: address }, () => {
        server.removeListener('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  }).then(() => chmodSync(address, 0o660)); // where a folder's default ACL has overruled the umask
}

/** Removes a socket that nobody answers on; anything else in the way is left and named. */
async function clearStale(address: string, shown: string): Promise<void> {
  const found = lstatSync(address, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) {
    throw hinted(`${shown} is in the way: it is not a socket`, 'move it away, or choose another data folder');
  }
  const outcome = await new Promise<string>((resolve) => {
    const probe = net.connect({ path: address });
    probe.once('connect', () => {
      probe.destroy();
      resolve('answered');
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
  });
  if (outcome === 'ENOENT') return;
  if (outcome !== 'ECONNREFUSED') {
    throw hinted(
      `another keepwatch answers on ${shown} (${outcome})`,
      'stop it first, or choose another data folder',
    );
  }
  unlinkSync(address);
}

function hinted(message: string, hint: string): Error {
  return Object.assign(new Error(message), { hint, code: 'busy' });
}

function refuse(socket: net.Socket, message: string): void {
  socket.on('error', () => {});
  socket.end(line({ id: null, ok: false, error: { code: 'busy', message } }), () => socket.destroy());
}

function line(answer: object): string {
  return `${JSON.stringify(answer)}\n`;
}

function serve(socket: net.Socket, host: ControlHost, log: Log): void {
  const decoder = new StringDecoder('utf8');
  let partial = '';
  const waiting: string[] = [];
  let working = false;
  let ended = false;
  let unfollow: (() => void) | undefined;

  const send = (answer: object): void => {
    if (socket.destroyed) return;
    if (socket.writableLength > mostUnreadBytes) {
      log.warn({ code: 'SLOW_READER' }, 'a client of the local socket does not read: dropped');
      socket.destroy();
      return;
    }
    socket.write(line(answer));
  };
  const give = (listener: object): void => send({ event: listener });

  // One request at a time, in order; nothing more is read from the socket meanwhile.
  const work = async (): Promise<void> => {
    if (working) return;
    working = true;
    socket.pause();
    for (let next = waiting.shift(); next !== undefined && !socket.destroyed; next = waiting.shift()) {
      send(
        await answerTo(next, host, log, () => {
          unfollow ??= host.follow(give);
          socket.setTimeout(0);
        }),
      );
    }
    working = false;
    if (ended) socket.end();
    else socket.resume();
  };

  socket.setTimeout(idleMs, () => {
    if (!working) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => unfollow?.());
  socket.on('end', () => {
    ended = true;
    // A client that asked by `echo … | socat` has shut its side and still wants its answer. Of one that follows
    // it can't be told from one that has gone.
    if (!working) socket.end();
  });
  socket.on('data', (bytes) => {
    const pieces = (partial + decoder.write(bytes)).split('\n');
    partial = pieces.pop() ?? '';
    if ([partial, ...pieces].some((piece) => Buffer.byteLength(piece) >= longestRequestBytes)) {
      partial = '';
      send({ id: null, ok: false, error: { code: 'badRequest', message: 'the line is longer than 64 KiB' } });
      socket.end(() => socket.destroy());
      return;
    }
    for (const piece of pieces) if (piece.trim() !== '') waiting.push(piece);
    if (waiting.length > 0) void work();
  });
}

async function answerTo(text: string, host: ControlHost, log: Log, follow: () => void): Promise<Answer> {
  let id: string | number | null = null;
  try {
    const request = parse(text);
    id = typeof request.id === 'string' || typeof request.id === 'number' ? request.id : null;
    const params = request.params ?? {};
    if (!isObject(params)) throw new BadRequest('`params` must be an object');
    const result = await call(String(request.method), params, host, follow);
    return { id, ok: true, result: result ?? null };
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (!(error instanceof BadRequest))
      log.warn({ code: 'CONTROL', because: String(message) }, 'a request failed');
    return {
      id,
      ok: false,
      error: { code: typeof code === 'string' ? code : 'internal', message: String(message) },
    };
  }
}

function parse(text: string): Record<string, unknown> {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    throw new BadRequest('the line is not JSON');
  }
  if (!isObject(request) || typeof request.method !== 'string') {
    throw new BadRequest('a request is an object: {"id":1,"method":"status","params":{}}');
  }
  return request;
}

function call(
  method: string,
  params: Record<string, unknown>,
  host: ControlHost,
  follow: () => void,
): unknown {
  switch (method) {
    case 'status':
      return host.status();
    case 'points':
      return host.points();
    case 'incidents':
      return host.incidents(params.all === true);
    case 'explain':
      return host.explain(word(params, 'incident'));
    case 'history':
      return host.history({ ...pageOf(params), from: moment(params, 'from'), to: moment(params, 'to') });
    case 'names':
      return host.names();
    case 'journal':
      return host.journal(count(params, 'after'));
    case 'trend':
      return host.trend(word(params, 'point'), rangeOf(params));
    case 'verify':
      return host.verify(params.head === undefined ? undefined : word(params, 'head'));
    case 'backup':
      return host.backup();
    case 'backupTaken':
      return host.backupTaken(word(params, 'file'));
    case 'restart':
      return host.restart();
    case 'command':
      return host.command(commandIn(params.command));
    case 'demo': {
      const scenario = word(params, 'scenario');
      if (!host.demo) throw new BadRequest('this daemon runs a site, not the demo', 'refused');
      return begun(host.demo(scenario));
    }
    case 'follow':
      follow();
      return null;
    default:
      throw new BadRequest(
        `there is no method "${method}"; there are status, points, incidents, command, explain, history, names, journal, trend, verify, backup, backupTaken, restart, demo, follow`,
      );
  }
}

/** A scene plays for half a minute; whoever asked for it only wants to know that it began. */
async function begun(playing: Promise<void>): Promise<null> {
  playing.catch(() => {}); // a fault after the answer is the demo's own to tell
  await Promise.race([playing, sleep(100)]);
  return null;
}

function commandIn(given: unknown): Command {
  if (!isObject(given)) throw new BadRequest('`params.command` must be an object');
  const by = word(given, 'by');
  // Whoever asks over this socket asks from this machine, whatever the request says.
  return { ...given, id: word(given, 'id'), verb: word(given, 'verb'), by, origin: 'cli' };
}

function word(fields: Record<string, unknown>, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string' || value === '') throw new BadRequest(`\`${key}\` must be a text`);
  return value;
}

/** A moment as ISO 8601 in UTC, which sorts as text does. */
function moment(fields: Record<string, unknown>, key: string): string {
  const atMs = Date.parse(word(fields, key));
  if (!Number.isFinite(atMs))
    throw new BadRequest(`\`${key}\` must be a moment such as 2026-11-01T00:00:00Z`);
  return new Date(atMs).toISOString();
}

/** Moments in ms, and how many steps lie between them at most. */
function rangeOf(params: Record<string, unknown>): TrendRange {
  const [fromMs, toMs] = [Date.parse(moment(params, 'from')), Date.parse(moment(params, 'to'))];
  const most = params.most === undefined ? usualSteps : count(params, 'most');
  if (fromMs >= toMs) throw new BadRequest('`from` must be before `to`');
  if (most < 1 || most > mostSteps) throw new BadRequest(`\`most\` must be 1 to ${mostSteps}`);
  return { fromMs, toMs, most };
}

function pageOf({ after }: Record<string, unknown>): { after?: number } {
  if (after === undefined) return {};
  if (!Number.isSafeInteger(after)) throw new BadRequest('`after` must be the `next` of the page before');
  return { after: after as number };
}

function count(fields: Record<string, unknown>, key: string): number {
  const value = fields[key];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new BadRequest(`\`${key}\` must be a whole number, 0 or more`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

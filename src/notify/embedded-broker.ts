// A small broker inside the daemon, for the demo and for sites without one of their own (`url: embedded`).
// Speaks MQTT 3.1.1 and keeps everything in memory, within limits; knows nothing of what passes through it.

import type { EventEmitter } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Aedes, AuthenticateError, Client } from 'aedes';
import type { MqttConfig } from '../config/types.ts';
import { isLoopback } from '../lib/loopback.ts';
import type { Log } from './log.ts';

const largestPayload = 65_536;
/** topic, packet id and header come on top of the payload */
const largestPacket = largestPayload + 4096;
const mostConnections = 100;
const mostRetained = 10_000;
const queueLimit = 100;
const drainWithinMs = 10_000;
const connectWithinMs = 10_000;
const badCredentials = 4;
const defaultPort = 1883;

export interface EmbeddedBroker {
  /** where it really listens */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Listens on `config.listen`; where that is the default port and it is taken, on a free one (logged, and in
 * `url`). With a user name in the config, everyone must give it and the password. Rejects with the error of
 * `listen`.
 */
export async function startEmbeddedBroker(
  config: Pick<MqttConfig, 'listen' | 'username' | 'password'>,
  log: Log,
): Promise<EmbeddedBroker> {
  const { Aedes } = await import('aedes');
  const broker = await Aedes.createBroker({
    connectTimeout: connectWithinMs,
    drainTimeout: drainWithinMs,
    queueLimit,
    maxInflightInbound: queueLimit,
  });
  // an `error` without a listener would end the daemon
  const emitter: EventEmitter = broker;
  emitter.on('error', (fault) =>
    log.warn({ code: 'BROKER_FAULT', fault: String(fault) }, 'the embedded broker had a fault'),
  );
  limit(broker);
  if (config.username !== undefined) demandCredentials(broker, config.username, config.password ?? '');

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    broker.handle(new FramedSocket(socket));
  });
  server.maxConnections = mostConnections;
  try {
    await listen(server, config.listen, log);
  } catch (fault) {
    broker.close();
    throw fault;
  }
  const { host } = config.listen;
  const port = portOf(server);
  if (!isLoopback(host)) {
    const open = config.username === undefined;
    log.warn(
      { code: 'BROKER_OPEN', host, port },
      `the embedded broker listens on the network${open ? ', open to everyone there' : ''}`,
    );
  }
  return {
    url: `mqtt://${reachable(host)}:${port}`,
    async close() {
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** No sessions are kept for absent clients (their queues would grow without end), and not too many retained topics. */
function limit(broker: Aedes): void {
  const retained = new Set<string>();
  broker.preConnect = (_client, packet, done) => {
    packet.clean = true;
    done(null, true);
  };
  broker.authorizePublish = (_client, packet, done) => {
    if (packet.topic.startsWith('$')) return done(new Error('this topic is reserved'));
    if (packet.payload.length > largestPayload) return done(new Error('the payload is too large'));
    if (packet.retain) {
      if (packet.payload.length === 0) retained.delete(packet.topic);
      else if (retained.size < mostRetained || retained.has(packet.topic)) retained.add(packet.topic);
      else return done(new Error('too many retained topics'));
    }
    done();
  };
}

function demandCredentials(broker: Aedes, username: string, password: string): void {
  broker.authenticate = (_client: Client, givenName, givenPassword, done) => {
    if (givenName === username && givenPassword?.toString('utf8') === password) return done(null, true);
    const refusal = Object.assign(new Error('bad user name or password'), { returnCode: badCredentials });
    done(refusal as AuthenticateError, null);
  };
}

function listen(server: Server, { host, port }: MqttConfig['listen'], log: Log): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (fault: NodeJS.ErrnoException): void => {
      if (fault.code !== 'EADDRINUSE' || port !== defaultPort) {
        reject(fault);
        return;
      }
      server.once('error', reject);
      server.listen({ host, port: 0 }, () => {
        log.warn(
          { code: 'BROKER_PORT_TAKEN', port: portOf(server) },
          `port ${port} is taken: the embedded broker listens on another one`,
        );
        resolve();
      });
    };
    server.once('error', failed);
    server.listen({ host, port }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** A socket that ends itself when a packet announces more than may come, before the parser gathers it. */
class FramedSocket extends Duplex {
  readonly #socket: Socket;
  /** bytes left of the packet's body */
  #left = 0;
  #state: 'type' | 'length' | 'body' = 'type';
  #length = 0;
  #shift = 0;

  constructor(socket: Socket) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      if (!this.#fits(chunk)) this.destroy(new Error('a packet is larger than the embedded broker takes'));
      else if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (fault) => this.destroy(fault));
    socket.on('close', () => this.destroy());
  }

  #fits(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'body') {
        const taken = Math.min(this.#left, chunk.length - at);
        at += taken;
        this.#left -= taken;
        if (this.#left === 0) this.#state = 'type';
      } else if (this.#state === 'type') {
        at += 1;
        this.#state = 'length';
        this.#length = 0;
        this.#shift = 0;
      } else {
        const byte = chunk[at] as number;
        at += 1;
        this.#length += (byte & 0x7f) * 2 ** this.#shift;
        this.#shift += 7;
        if (this.#length > largestPacket || this.#shift > 28) return false;
        if ((byte & 0x80) === 0) {
          this.#left = this.#length;
          this.#state = this.#left === 0 ? 'type' : 'body';
        }
      }
    }
    return true;
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (fault?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (fault?: Error | null) => void,
  ): void {
    this.#socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (fault?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(fault: Error | null, done: (fault?: Error | null) => void): void {
    this.#socket.destroy();
    done(fault);
  }
}

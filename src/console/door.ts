// The door that everything comes in by: how many connections there may be, how slowly they may talk, and requests let in
// one in a turn of the daemon's loop, so that an alarm never stands behind more than one of them. Knows neither who asks
// nor what.

import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Clock } from '../lib/clock.ts';
import { createRate } from './rate.ts';

const mostConnections = 300;
const mostOfOneAddress = 200;
/** A handshake takes the processor longer than most requests: fifty pages may come back at once, then few. */
const handshakesAtOnce = 120;
const handshakesPerSecond = 20;
/** No browser sends a second request before the first is answered. */
const mostAtOnce = 4;
const mostHeaderBytes = 16 * 1024;
const headersWithinMs = 10_000;
const requestWithinMs = 30_000;
const keepAliveMs = 15_000;
const silentMs = 60_000;
/** What took longer than this is followed by as long a rest. */
const restAfterMs = 2;
const longestRestMs = 100;
/** Answers that nobody takes, of all connections together. */
const mostUnreadBytes = 48 * 1024 * 1024;

/** Of a client that sends slowly, or nothing at all. */
const limits = {
  maxHeaderSize: mostHeaderBytes,
  headersTimeout: headersWithinMs,
  requestTimeout: requestWithinMs,
  keepAliveTimeout: keepAliveMs,
  connectionsCheckingInterval: 2000,
};

export interface Door {
  /** A server behind this door. */
  serve(handle: RequestListener): http.Server;
  /** Cuts all connections. */
  cut(): void;
}

/** @param tls certificate and key, where it speaks TLS */
export function createDoor(clock: Clock, tls: { cert: string; key: string } | undefined): Door {
  const sockets = new Set<Socket>();
  const byAddress = new Map<string, number>();
  const handshakes = createRate(clock, handshakesAtOnce, handshakesPerSecond);
  const asking = new WeakMap<Socket, number>();
  const waiting: (() => void)[] = [];
  let busy = false;

  const meet = (socket: Socket): void => {
    const address = socket.remoteAddress ?? '';
    const count = (byAddress.get(address) ?? 0) + 1;
    byAddress.set(address, count);
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left > 0) byAddress.set(address, left);
      else byAddress.delete(address);
    });
    if (count > mostOfOneAddress || (tls && !handshakes.take(address))) socket.destroy();
  };

  const next = (): void => {
    const work = waiting.shift();
    busy = work !== undefined;
    if (work === undefined) return;
    const beganMs = performance.now();
    try {
      work();
    } finally {
      // (what follows at once, such as making text of the answer, is done before this)
      setImmediate(() => {
        const tookMs = performance.now() - beganMs;
        if (tookMs < restAfterMs) next();
        else setTimeout(next, Math.min(tookMs, longestRestMs));
      });
    }
  };

  const unread = (): number => {
    let bytes = 0;
    for (const socket of sockets) bytes += socket.writableLength;
    return bytes;
  };

  const admit = (handle: RequestListener, request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    if (socket.destroyed) return;
    const count = (asking.get(socket) ?? 0) + 1;
    if (count > mostAtOnce) {
      socket.destroy();
      return;
    }
    asking.set(socket, count);
    response.once('close', () => asking.set(socket, (asking.get(socket) ?? 1) - 1));
    waiting.push(() => {
      if (socket.destroyed) return;
      if (unread() <= mostUnreadBytes) handle(request, response);
      else response.writeHead(503, { 'retry-after': '5', connection: 'close' }).end();
    });
    if (!busy) next();
  };

  return {
    serve(handle) {
      const listener: RequestListener = (request, response) => admit(handle, request, response);
      const server = tls
        ? https.createServer(
            { ...limits, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: headersWithinMs },
            listener,
          )
        : http.createServer(limits, listener);
      server.setTimeout(silentMs);
      server.maxConnections = mostConnections;
      server.on('connection', meet);
      return server;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

// The door that everything comes in by: how many connections there may be and which gives way where there are too many,
// how slowly they may talk, and requests let in one in a turn of the daemon's loop. Knows neither who asks nor what.

import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import { connections as limits } from './limits.ts';
import { createRate } from './rate.ts';
import type { Turns } from './turns.ts';

/** Of a client that sends slowly, or nothing at all. */
const patience = {
  maxHeaderSize: limits.mostHeaderBytes,
  headersTimeout: limits.headersWithinMs,
  requestTimeout: limits.requestWithinMs,
  keepAliveTimeout: limits.keepAliveMs,
  connectionsCheckingInterval: 2000,
};
/** Connections that were just cut and are not gone yet. */
const goingAway = 100;

export interface Door {
  /** A server behind this door. */
  serve(handle: RequestListener): http.Server;
  /** Cuts all connections. */
  cut(): void;
}

export interface DoorOptions {
  readonly clock: Clock;
  readonly turns: Turns;
  /** certificate and key, where it speaks TLS */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Is this one let in before those that wait already? */
  readonly isUrgent?: (request: IncomingMessage) => boolean;
}

interface Guest {
  /** (of a connection with TLS the inner one, as soon as it is known: what waits to be read waits there) */
  socket: Socket;
  readonly address: string;
  /** requests that have no whole answer yet, and all so far */
  open: number;
  asked: number;
  quietSinceMs: number;
}

export function createDoor({ clock, turns, tls, isUrgent = () => false }: DoorOptions): Door {
  // by the other end, which is the same for a connection and for the TLS within it; the oldest first
  const guests = new Map<string, Guest>();
  const handshakes = createRate(clock, {
    atOnce: limits.handshakesAtOnce,
    perSecond: limits.handshakesPerSecond,
  });

  const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

  /** Somebody in danger must get in, also where somebody else holds all connections that there are. */
  const makeRoom = (among: readonly Guest[]): void => {
    const worst = among.reduce((one, other) => (isWorse(other, one) ? other : one));
    guests.delete(endOf(worst.socket));
    worst.socket.destroy();
  };

  const meet = (socket: Socket): void => {
    const address = socket.remoteAddress ?? '';
    if (tls && !handshakes.take(address)) {
      socket.destroy();
      return;
    }
    const own = [...guests.values()].filter((guest) => guest.address === address);
    if (own.length >= limits.mostOfOneAddress) makeRoom(own);
    else if (guests.size >= limits.most) makeRoom(ofOneWithMost([...guests.values()]));
    const guest = { socket, address, open: 0, asked: 0, quietSinceMs: clock.steadyMs() };
    const end = endOf(socket);
    guests.set(end, guest);
    socket.once('close', () => {
      // (it no longer says where its other end is)
      if (guests.get(end) === guest) guests.delete(end);
    });
  };

  const unread = (): number => {
    let bytes = 0;
    for (const { socket } of guests.values()) bytes += socket.writableLength;
    return bytes;
  };

  const admit = (handle: RequestListener, request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    const guest = guests.get(endOf(socket));
    if (socket.destroyed || guest === undefined) return;
    if (guest.open >= limits.mostAtOnce) {
      socket.destroy();
      return;
    }
    guest.socket = socket;
    guest.open += 1;
    guest.asked += 1;
    response.once('close', () => {
      guest.open -= 1;
      guest.quietSinceMs = clock.steadyMs();
    });
    turns.add(() => {
      if (socket.destroyed) return;
      if (unread() <= limits.mostUnreadBytes) handle(request, response);
      else response.writeHead(503, { 'retry-after': '5', connection: 'close' }).end();
    }, isUrgent(request));
  };

  return {
    serve(handle) {
      const listener: RequestListener = (request, response) => admit(handle, request, response);
      const server = tls
        ? https.createServer(
            { ...patience, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: limits.headersWithinMs },
            listener,
          )
        : http.createServer(patience, listener);
      server.setTimeout(limits.silentMs);
      server.maxConnections = limits.most + goingAway;
      server.on('connection', meet);
      return server;
    },
    cut() {
      for (const { socket } of guests.values()) socket.destroy();
    },
  };
}

/**
 * One that asks nothing gives way first, the longest quiet before the others; then one that does not take its answer; then
 * one that is being answered, the one that asked most before the others.
 */
function isWorse(one: Guest, other: Guest): boolean {
  const [own, others] = [uselessness(one), uselessness(other)];
  if (own !== others) return own > others;
  return one.open === 0 ? one.quietSinceMs < other.quietSinceMs : one.asked > other.asked;
}

function uselessness({ open, socket }: Guest): number {
  if (open === 0) return 2;
  return socket.writableLength > 0 ? 1 : 0;
}

function ofOneWithMost(guests: readonly Guest[]): readonly Guest[] {
  const byAddress = new Map<string, Guest[]>();
  for (const guest of guests) {
    const own = byAddress.get(guest.address);
    if (own) own.push(guest);
    else byAddress.set(guest.address, [guest]);
  }
  return [...byAddress.values()].reduce((most, own) => (own.length > most.length ? own : most), []);
}

// A real web server that answers as the test says and keeps what it was posted. Knows nothing of the code under test.

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface Posted {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: a receiver knows no types
  readonly json: any;
}

export type Answering = (response: ServerResponse, posted: Posted) => void;

export interface Receiver {
  readonly port: number;
  readonly posted: Posted[];
  /** most requests that were open at once */
  most: number;
  answer: Answering;
  close(): Promise<void>;
}

export function answering(
  status: number,
  body: unknown = '',
  headers: Record<string, string> = {},
): Answering {
  return (response) => {
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

export async function startReceiver(tls?: { key: Buffer; cert: Buffer }): Promise<Receiver> {
  let open = 0;
  const receiver: Omit<Receiver, 'port' | 'close'> = { posted: [], most: 0, answer: answering(200) };
  const serve: Parameters<typeof createServer>[1] = (request, response) => {
    open += 1;
    receiver.most = Math.max(receiver.most, open);
    response.once('close', () => {
      open -= 1;
    });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const posted = { path: request.url ?? '', headers: request.headers, body, json: parsed(body) };
      receiver.posted.push(posted);
      receiver.answer(response, posted);
    });
  };
  const server = tls ? createSecure(tls, serve) : createServer(serve);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(receiver, {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

// The door of the console's server: whatever comes in at once, the loop behind it never stands still for longer than one
// request takes, and what nobody reads does not pile up in memory.

import type { RequestListener } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createDoor, type DoorOptions } from '../../src/console/door.ts';
import { connections } from '../../src/console/limits.ts';
import { createTurns } from '../../src/console/turns.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { eventually } from '../support/daemon.ts';

let shut: (() => void) | undefined;
afterEach(() => shut?.());

async function open(handle: RequestListener, more: Pick<DoorOptions, 'isUrgent'> = {}): Promise<number> {
  const door = createDoor({ clock: systemClock(), turns: createTurns(), ...more });
  const server = door.serve(handle);
  shut = () => {
    door.cut();
    server.close();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const ask = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

function visitor(port: number): net.Socket {
  const socket = net.connect(port, '127.0.0.1', () => socket.write(ask));
  return socket.on('error', () => {});
}

test('many who ask at once for what takes long hold up the loop no longer than one', async () => {
  const tookMs = 20;
  const guests = 60;
  let answered = 0;
  const port = await open((_request, response) => {
    const untilMs = performance.now() + tookMs;
    while (performance.now() < untilMs);
    answered += 1;
    response.end('done');
  });
  let longestMs = 0;
  let lastMs = performance.now();
  const watch = setInterval(() => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  }, 1);
  const sockets = Array.from({ length: guests }, () => visitor(port));
  await eventually(
    'all have their answer',
    () => answered,
    (count) => count === guests,
  );
  clearInterval(watch);
  for (const socket of sockets) socket.destroy();
  // without the door it is all of them: 1200 ms
  expect(longestMs).toBeLessThan((guests * tookMs) / 3);
});

test('who asks without end before an answer is there is cut off', async () => {
  let asked = 0;
  const port = await open(() => {
    asked += 1;
  });
  const socket = visitor(port);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(ask.repeat(100));
  await closed;
  expect(asked).toBeLessThan(5);
});

test('answers that nobody takes are not made without end', async () => {
  const answer = Buffer.alloc(8 * 1024 * 1024);
  let made = 0;
  const port = await open((_request, response) => {
    made += 1;
    response.end(answer);
  });
  const deaf = Array.from({ length: 30 }, () => visitor(port).pause());
  const late = (): Promise<string> =>
    new Promise((resolve) => {
      const socket = visitor(port);
      socket.once('data', (piece: Buffer) => {
        socket.destroy();
        resolve(piece.toString('latin1').slice(0, 12));
      });
    });
  await eventually('it is refused', late, (said) => said === 'HTTP/1.1 503');
  expect(made).toBeLessThan(15);
  for (const socket of deaf) socket.destroy();
  await eventually('it is given again', late, (said) => said === 'HTTP/1.1 200');
});

test('where one address has all connections, one that is idle gives way to a newcomer', async () => {
  const port = await open((_request, response) => response.end('done'));
  const idle = Array.from({ length: connections.mostOfOneAddress }, () =>
    net.connect(port, '127.0.0.1').on('error', () => {}),
  );
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  let cut = 0;
  for (const socket of idle) socket.once('close', () => (cut += 1));
  const said = await new Promise<string>((resolve) => {
    const socket = visitor(port);
    socket.once('data', (piece: Buffer) => resolve(piece.toString('latin1').slice(0, 12)));
    socket.once('close', () => resolve('cut off'));
  });
  expect(said).toBe('HTTP/1.1 200');
  await eventually(
    'one is cut',
    () => cut,
    (count) => count === 1,
  );
  for (const socket of idle) socket.destroy();
});

test('also where each of them asks without end; and what is urgent waits behind none of them', async () => {
  const tookMs = 15;
  const port = await open(
    (request, response) => {
      const untilMs = performance.now() + (request.url === '/alarm' ? 0 : tookMs);
      while (performance.now() < untilMs);
      response.end('done');
    },
    { isUrgent: ({ url }) => url === '/alarm' },
  );
  let over = false;
  const flood = (): net.Socket => {
    const socket = visitor(port);
    socket.on('data', () => void socket.write(ask));
    socket.once('close', () => {
      if (!over) setTimeout(() => over || sockets.push(flood()), 50);
    });
    return socket;
  };
  const sockets = Array.from({ length: connections.mostOfOneAddress }, flood);
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  const beganMs = performance.now();
  const said = await new Promise<string>((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () =>
      socket.write('POST /alarm HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n'),
    );
    socket.once('data', (piece: Buffer) => resolve(piece.toString('latin1').slice(0, 12)));
    socket.once('close', () => resolve('cut off'));
    socket.on('error', () => {});
  });
  const waitedMs = performance.now() - beganMs;
  over = true;
  for (const socket of sockets) socket.destroy();
  expect(said).toBe('HTTP/1.1 200');
  // behind all others: 200 × (15 ms and as long a rest) are six seconds
  expect(waitedMs).toBeLessThan(2000);
});

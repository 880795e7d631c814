// The door of the console's server: whatever comes in at once, the loop behind it never stands still for longer than one
// request takes, and what nobody reads does not pile up in memory.

import type { RequestListener } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createDoor } from '../../src/console/door.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { eventually } from '../support/daemon.ts';

let shut: (() => void) | undefined;
afterEach(() => shut?.());

async function open(handle: RequestListener): Promise<number> {
  const door = createDoor(systemClock(), undefined);
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

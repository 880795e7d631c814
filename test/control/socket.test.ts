// The local socket from both ends: answers, faults in what is sent, who may connect, and what is done with a
// socket left behind, a path that is too long, a client that floods or does not read.

import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callDaemon, DaemonRefused, followDaemon, NoDaemon } from '../../src/control/client.ts';
import { type Control, startControl } from '../../src/control/server.ts';
import { mostConnections } from '../../src/control/types.ts';
import type { Event } from '../../src/core/types.ts';
import { event, incident, quiet, status, type TestHost, testHost } from './host.ts';

let folder: string;
let open: Control[] = [];
let sockets: net.Socket[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'keepwatch-control-'));
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const control of open) await control.close();
  open = [];
  sockets = [];
  rmSync(folder, { recursive: true, force: true });
});

async function serve(host: TestHost = testHost(), where = folder): Promise<Control> {
  const control = await startControl({ folder: where, host, log: quiet });
  open.push(control);
  return control;
}

/** A raw client: sends text, gives the lines that come. */
async function raw(
  target: string,
): Promise<{ socket: net.Socket; next(): Promise<Record<string, unknown>>; closed: Promise<void> }> {
  const socket = net.connect({ path: target, allowHalfOpen: true });
  sockets.push(socket);
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let partial = '';
  socket.setEncoding('utf8');
  socket.on('error', () => {});
  socket.on('data', (text: string) => {
    const pieces = (partial + text).split('\n');
    partial = pieces.pop() ?? '';
    for (const piece of pieces) (waiting.shift() ?? ((line) => lines.push(line)))(piece);
  });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.once('end', () => resolve());
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const next = async (): Promise<Record<string, unknown>> => {
    const line = lines.shift() ?? (await new Promise<string>((resolve) => waiting.push(resolve)));
    return JSON.parse(line) as Record<string, unknown>;
  };
  return { socket, next, closed };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('answers', () => {
  test('every method', async () => {
    const host = testHost({ demo: async () => {} });
    await serve(host);
    expect(await callDaemon(folder, 'status')).toEqual(status);
    expect(await callDaemon(folder, 'points')).toEqual(host.points());
    expect(await callDaemon(folder, 'incidents')).toEqual([incident]);
    expect(await callDaemon(folder, 'incidents', { all: true })).toHaveLength(2);
    expect(await callDaemon(folder, 'explain', { incident: 'i1' })).toEqual({ incident, events: [event] });
    const range = { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' };
    expect(await callDaemon(folder, 'history', range)).toEqual({ incidents: [incident] });
    expect(await callDaemon(folder, 'names')).toEqual(host.names());
    expect(await callDaemon(folder, 'demo', { scenario: 'smoke' })).toBe(null);
    const command = { id: 'c1', verb: 'ack', by: 'lina', origin: 'http', incident: 'i1' };
    expect(await callDaemon(folder, 'command', { command })).toMatchObject({ id: 'c1', ok: true });
    expect(host.commands).toEqual([{ ...command, origin: 'cli' }]);
  });

  test('a scene that plays on is answered when it has begun; one that is none is refused', async () => {
    await serve(
      testHost({
        demo: (scenario) =>
          scenario === 'smoke' ? new Promise(() => {}) : Promise.reject(new Error('no such scene')),
      }),
    );
    expect(await callDaemon(folder, 'demo', { scenario: 'smoke' })).toBe(null);
    await expect(callDaemon(folder, 'demo', { scenario: 'flood' })).rejects.toThrow('no such scene');
  });

  test('a site has no scenes', async () => {
    await serve();
    const refused = await callDaemon(folder, 'demo', { scenario: 'smoke' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DaemonRefused);
    expect((refused as DaemonRefused).code).toBe('refused');
  });

  test('several requests in one piece, in order; a request in pieces within a character', async () => {
    const control = await serve();
    const client = await raw(control.path);
    client.socket.write('{"id":1,"method":"status"}\n\n{"id":"two","method":"points"}\n');
    expect(await client.next()).toMatchObject({ id: 1, ok: true });
    expect(await client.next()).toMatchObject({ id: 'two', ok: true });
    const bytes = Buffer.from('{"id":3,"method":"explain","params":{"incident":"火"}}\n');
    client.socket.write(bytes.subarray(0, 48));
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.socket.write(bytes.subarray(48));
    expect(await client.next()).toEqual({ id: 3, ok: true, result: { events: [] } });
  });

  test('a client that has shut its side still gets its answer', async () => {
    const control = await serve();
    const client = await raw(control.path);
    client.socket.end('{"id":1,"method":"status"}\n');
    expect(await client.next()).toMatchObject({ id: 1, ok: true });
    await client.closed;
  });

  test('a host that throws is answered with `internal`', async () => {
    await serve(
      testHost({
        status: () => {
          throw new Error('disk on fire');
        },
      }),
    );
    await expect(callDaemon(folder, 'status')).rejects.toMatchObject({
      code: 'internal',
      message: 'disk on fire',
    });
    expect(await callDaemon(folder, 'incidents')).toHaveLength(1);
  });
});

describe('what is sent wrong', () => {
  test.each([
    ['nonsense', null],
    ['[]', null],
    ['{"id":5}', null],
    ['{"id":5,"method":"reboot"}', 5],
    ['{"id":5,"method":"constructor"}', 5],
    ['{"id":5,"method":"status","params":7}', 5],
    ['{"id":5,"method":"explain","params":{}}', 5],
    ['{"id":5,"method":"command","params":{"command":{"id":"x","verb":"ack"}}}', 5],
  ])('%s', async (line, id) => {
    const control = await serve();
    const client = await raw(control.path);
    client.socket.write(`${line}\n{"id":6,"method":"status"}\n`);
    expect(await client.next()).toMatchObject({ id, ok: false, error: { code: 'badRequest' } });
    expect(await client.next()).toMatchObject({ id: 6, ok: true });
  });

  test('a line longer than 64 KiB is refused and ends the connection', async () => {
    const control = await serve();
    const client = await raw(control.path);
    client.socket.write('x'.repeat(70_000));
    expect(await client.next()).toMatchObject({ ok: false, error: { code: 'badRequest' } });
    await client.closed;
    expect(await callDaemon(folder, 'status')).toEqual(status);
  });

  test('a line just below the limit is read', async () => {
    const control = await serve();
    const client = await raw(control.path);
    const request = JSON.stringify({ id: 1, method: 'status', params: { fill: '' } });
    client.socket.write(`${request.replace('""', `"${'x'.repeat(65_535 - request.length)}"`)}\n`);
    expect(await client.next()).toMatchObject({ id: 1, ok: true });
  });
});

describe('follow', () => {
  test('gives events until it is ended', async () => {
    const host = testHost();
    await serve(host);
    const seen: Event[] = [];
    const stop = new AbortController();
    const following = followDaemon(folder, (one) => seen.push(one), stop.signal);
    await until(() => host.followers() === 1);
    host.tell(event);
    await until(() => seen.length === 1);
    expect(seen).toEqual([event]);
    stop.abort();
    await following;
    await until(() => host.followers() === 0);
  });

  test('ends with NoDaemon when the daemon goes', async () => {
    const host = testHost();
    const control = await serve(host);
    const following = followDaemon(folder, () => {});
    await until(() => host.followers() === 1);
    const ended = expect(following).rejects.toBeInstanceOf(NoDaemon);
    await control.close();
    open = [];
    await ended;
  });

  test('who does not read is dropped, others are not', async () => {
    const host = testHost();
    const control = await serve(host);
    const slow = await raw(control.path);
    slow.socket.write('{"id":1,"method":"follow"}\n');
    await slow.next();
    slow.socket.pause();
    const big = { ...event, because: 'x'.repeat(100_000) };
    for (let sent = 0; sent < 200 && host.followers() > 0; sent += 1) {
      host.tell(big);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => host.followers() === 0);
    expect(await callDaemon(folder, 'status')).toEqual(status);
  });
});

describe('the socket', () => {
  test('is 0660 whatever the umask', async () => {
    const before = process.umask(0o077);
    try {
      const control = await serve();
      expect(statSync(control.path).mode & 0o777).toBe(0o660);
      expect(process.umask()).toBe(0o077);
    } finally {
      process.umask(before);
    }
  });

  test('works in a folder whose path is too long for a socket', async () => {
    const deep = path.join(folder, 'a'.repeat(60), '深'.repeat(30), 'b'.repeat(60));
    mkdirSync(deep, { recursive: true });
    const control = await serve(testHost(), deep);
    expect(control.path).toBe(path.join(deep, 'keepwatch.sock'));
    expect(statSync(control.path).mode & 0o777).toBe(0o660);
    expect(await callDaemon(deep, 'status')).toEqual(status);
    await expect(startControl({ folder: deep, host: testHost(), log: quiet })).rejects.toThrow(
      'another keepwatch',
    );
    await control.close();
    open = [];
    expect(statSync(control.path, { throwIfNoEntry: false })).toBeUndefined();
    await expect(callDaemon(deep, 'status')).rejects.toBeInstanceOf(NoDaemon);
  });

  test('may be named itself', async () => {
    const named = path.join(folder, 'other');
    const control = await serve(testHost(), named);
    expect(control.path).toBe(named);
    expect(await callDaemon(named, 'status')).toEqual(status);
  });

  test('one left behind by a daemon that was killed is taken over', async () => {
    const target = path.join(folder, 'keepwatch.sock');
    // closed by its descriptor alone, as a kill does it: the file stays
    const { spawnSync } = await import('node:child_process');
    const script = `require('net').createServer().listen(${JSON.stringify(target)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    expect(statSync(target).isSocket()).toBe(true);
    await expect(callDaemon(folder, 'status')).rejects.toBeInstanceOf(NoDaemon);
    await serve();
    expect(await callDaemon(folder, 'status')).toEqual(status);
  });

  test('one that is answered on is left, and says so', async () => {
    await serve();
    await expect(startControl({ folder, host: testHost(), log: quiet })).rejects.toMatchObject({
      message: expect.stringContaining('another keepwatch answers'),
      hint: expect.any(String),
    });
    expect(await callDaemon(folder, 'status')).toEqual(status);
  });

  test('a file in its place is left alone', async () => {
    writeFileSync(path.join(folder, 'keepwatch.sock'), 'precious');
    await expect(startControl({ folder, host: testHost(), log: quiet })).rejects.toThrow('in the way');
    expect(statSync(path.join(folder, 'keepwatch.sock')).size).toBe(8);
  });

  test('is gone after close', async () => {
    const control = await serve();
    await control.close();
    open = [];
    expect(statSync(control.path, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('takes only so many connections', async () => {
    const control = await serve();
    for (let count = 0; count < mostConnections; count += 1) {
      const client = await raw(control.path);
      client.socket.write('{"id":1,"method":"incidents"}\n');
      await client.next();
    }
    const late = await raw(control.path);
    expect(await late.next()).toMatchObject({ ok: false, error: { code: 'busy' } });
    await late.closed;
    sockets[0]!.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await callDaemon(folder, 'status')).toEqual(status);
  });

  test('no daemon, no folder', async () => {
    await expect(callDaemon(path.join(folder, 'none'), 'status')).rejects.toBeInstanceOf(NoDaemon);
    await expect(callDaemon(path.join(folder, 'x'.repeat(200)), 'status')).rejects.toBeInstanceOf(NoDaemon);
  });

  test('one that never answers is NoDaemon after a time', async () => {
    const target = path.join(folder, 'keepwatch.sock');
    const mute = net.createServer(() => {}).listen(target);
    try {
      await expect(callDaemon(folder, 'status', {}, 200)).rejects.toBeInstanceOf(NoDaemon);
    } finally {
      mute.close();
    }
  });
});

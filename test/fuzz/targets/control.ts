// The local socket, for real: whatever lines come in whatever pieces, each gets one answer of the declared shape, what
// reaches the house is well formed, and the next client is served as if nothing had been.

import net from 'node:net';
import path from 'node:path';
import { type Control, startControl } from '../../../src/control/server.ts';
import type { ControlHost } from '../../../src/control/types.ts';
import type { Command } from '../../../src/core/types.ts';
import { must, outline, piecesOf, type Target, wordsOf } from '../target.ts';
import { scratch } from './scratch.ts';

const place = scratch();
const silent = { debug() {}, info() {}, warn() {}, error() {} };
let control: Control;
let faults: string[] = [];

const isMoment = (text: unknown): boolean =>
  typeof text === 'string' && new Date(text).toISOString() === text;

/** What does not hold is kept: the server would turn it into an answer. */
function holds(what: boolean, words: string): void {
  if (!what) faults.push(words);
}

const host = {
  status: () => ({ ok: 'status' }),
  points: () => [],
  incidents: (all: boolean) => [typeof all],
  explain(id: string) {
    holds(typeof id === 'string' && id !== '', 'explain without an id');
    if (id.length > 20) throw Object.assign(new Error('there is none'), { code: 'notFound' });
    return { events: [] };
  },
  history({ from, to, after }: { from: string; to: string; after?: number }) {
    holds(isMoment(from) && isMoment(to), `history from ${from} to ${to}`);
    holds(after === undefined || Number.isSafeInteger(after), `history after ${after}`);
    return { incidents: [] };
  },
  names: () => ({}),
  journal(after: number) {
    holds(Number.isSafeInteger(after) && after >= 0, `journal after ${after}`);
    return [];
  },
  async command(command: Command) {
    const { id, verb, by, origin } = command;
    holds(
      [id, verb, by].every((each) => typeof each === 'string' && each !== ''),
      'a command without its fields',
    );
    holds(origin === 'cli', `origin ${origin}`);
    return { id, ok: true, code: 'ok', message: '' };
  },
  follow: () => () => {},
} as unknown as ControlHost;

/** Everything that the server says to these bytes until it ends the connection. */
function converse(pieces: readonly Uint8Array[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path: control.path });
    let said = '';
    socket.setEncoding('utf8');
    socket.on('data', (text) => {
      said += text;
    });
    // (a server that refuses a line ends the connection, also while more is written)
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EPIPE' || error.code === 'ECONNRESET' ? resolve(said) : reject(error),
    );
    socket.on('close', () => resolve(said));
    for (const piece of pieces) socket.write(piece);
    socket.end();
  });
}

export const controlSocket: Target = {
  name: 'control',
  what: 'lines on the local socket: one answer of the declared shape to each, only well-formed requests reach the house',
  seeds: [
    '{"id":1,"method":"status"}\n',
    '{"id":"a","method":"history","params":{"from":"2026-11-01T00:00:00Z","to":"2026-12-01","after":3}}\n{"id":2,"method":"names","params":{}}\n',
    '{"id":3,"method":"command","params":{"command":{"id":"c","verb":"ack","by":"w","origin":"mqtt"}}}\n',
    '{"method":"journal","params":{"after":0}}\n\n[1]\nnull\n{"method":"explain","params":{"incident":"i1"}}\n',
    '{"id":{},"method":"follow"}\n{"id":4,"method":"points","params":[]}\n',
    '{"id":5,"method":"incidents","params":{"all":true}}',
  ],
  words: [
    '"method":"',
    '"params":{',
    '"id":',
    '"command":{',
    '"after":',
    '"from":"',
    '"incident":"',
    '\n',
    '{',
    '}',
    '"verb":"',
    '"by":"',
    '1e999',
    '-1',
    '"__proto__":{',
    '+275760-09-13',
    'status',
    'toString',
  ],
  largestBytes: 2000,
  executions: 50_000,
  async open() {
    const close = await place.open();
    control = await startControl({ folder: path.join(place.path(), 's'), host, log: silent as never });
    return async () => {
      await control.close();
      await close();
    };
  },
  async run(bytes) {
    faults = [];
    const said = await converse(piecesOf(bytes));
    must(faults.length === 0, () => faults.join('; '));
    // as the server reads it: an unfinished last line is none
    const asked = Buffer.from(bytes)
      .toString('utf8')
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.trim() !== '');
    const lines = said.split('\n');
    must(lines.pop() === '', 'an unfinished answer');
    must(lines.length === asked.length, () => `${lines.length} answers to ${asked.length} requests`);
    const kinds = lines.map((line) => {
      const { id, ok, result, error } = JSON.parse(line) as Record<string, unknown> & {
        error?: { code: unknown; message: unknown };
      };
      must(id === null || typeof id === 'string' || typeof id === 'number', () => `id ${id}`);
      if (ok === true) return outline(result, 1);
      must(ok === false && typeof error?.code === 'string' && typeof error.message === 'string', () => line);
      must(error.code !== 'internal', () => line);
      return wordsOf(error.message);
    });
    return [...new Set(kinds)].join('|');
  },
};

// The byte links of the simulation: serial lines with Modbus slaves on them, which answer after virtual time, late,
// chopped, corrupted, for somebody else or not at all. Tells which answers came through whole, and what was in them;
// knows neither the daemon's devices nor what a value means.

import type { Link, LinkOpener } from '../../src/devices/link.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Chance } from './chance.ts';
import type { WorldTime } from './time.ts';

export interface Slave {
  readonly unit: number;
  readonly discretes: boolean[];
  readonly coils: boolean[];
  readonly inputs: number[];
  /** without power: says nothing */
  silent: boolean;
  /** busy: refuses each question */
  refusing: boolean;
  /** when its supply failed last and its relays fell, or when it last refused, world ms */
  fellMs: number;
}

export interface Exchange {
  readonly line: string;
  readonly unit: number;
  readonly code: number;
  readonly start: number;
  readonly count: number;
  /** `good` came whole; `refused` by an exception; `lost` did not come, or not as it was sent */
  readonly outcome: 'good' | 'refused' | 'lost';
  /** what stood in the cells when they were asked for */
  readonly cells: readonly (boolean | number)[];
}

export interface SerialLine {
  readonly path: string;
  readonly slaves: ReadonlyMap<number, Slave>;
  /** plugged in */
  readonly up: boolean;
  /** share of the answers that something happens to */
  trouble: number;
  unplug(because: string): void;
  plugIn(): void;
}

export interface Lines {
  readonly all: ReadonlyMap<string, SerialLine>;
  /** as one run of the daemon sees them */
  openerOf(run: { alive(): boolean; entered(): void; readonly clock: Clock }): LinkOpener;
  readonly faults: Record<string, number>;
}

const turnaroundMs = [2, 14] as const;
const characterMs = 11 / 9.6;
const latestMs = 1800;

export function crcOf(bytes: Uint8Array, length = bytes.length): number {
  let crc = 0xffff;
  for (let at = 0; at < length; at += 1) {
    crc ^= bytes[at]!;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}

function framed(...bytes: number[]): Buffer {
  const frame = Buffer.alloc(bytes.length + 2);
  frame.set(bytes);
  frame.writeUInt16LE(crcOf(frame, bytes.length), bytes.length);
  return frame;
}

function packed(bits: readonly boolean[], start: number, count: number): number[] {
  const bytes = new Array<number>(Math.ceil(count / 8)).fill(0);
  for (let at = 0; at < count; at += 1) if (bits[start + at]) bytes[at >> 3]! |= 1 << (at & 7);
  return bytes;
}

function answerOf(slave: Slave, code: number, start: number, count: number): Buffer {
  if (slave.refusing) return framed(slave.unit, code | 0x80, 6);
  if (code === 5) {
    slave.coils[start] = count === 0xff00;
    return framed(slave.unit, code, start >> 8, start & 255, count >> 8, count & 255);
  }
  const data =
    code === 1
      ? packed(slave.coils, start, count)
      : code === 2
        ? packed(slave.discretes, start, count)
        : Array.from({ length: count }, (_, at) => slave.inputs[start + at] ?? 0).flatMap((word) => [
            word >> 8,
            word & 255,
          ]);
  return framed(slave.unit, code, data.length, ...data);
}

/** What becomes of an answer: pieces of bytes, each so many ms after the one before. */
type Fate = { readonly pieces: readonly (readonly [ms: number, bytes: Buffer])[]; readonly whole: boolean };

function fateOf(frame: Buffer, chance: Chance, trouble: number, count: (kind: string) => void): Fate {
  const whole = (ms: number, bytes: Buffer): Fate => ({ pieces: [[ms, bytes]], whole: true });
  if (!chance.happens(trouble)) return whole(0, frame);
  const kind = chance.one(['chopped', 'corrupted', 'silent', 'late', 'foreign', 'noise', 'short'] as const);
  count(kind);
  switch (kind) {
    case 'chopped': {
      const cut = chance.whole(1, frame.length - 1);
      return {
        pieces: [
          [0, frame.subarray(0, cut)],
          [chance.between(1, 40), frame.subarray(cut)],
        ],
        whole: true,
      };
    }
    case 'corrupted': {
      const bytes = Buffer.from(frame);
      const at = chance.whole(0, bytes.length - 1);
      bytes[at]! ^= 1 << chance.whole(0, 7);
      return { pieces: [[0, bytes]], whole: false };
    }
    case 'silent':
      return { pieces: [], whole: false };
    case 'late':
      return { pieces: [[chance.between(1050, latestMs), frame]], whole: false };
    case 'foreign': {
      const other = framed((frame[0]! % 9) + 11, 2, 1, chance.whole(0, 255));
      return {
        pieces: [
          [0, other],
          [chance.between(1, 30), frame],
        ],
        whole: true,
      };
    }
    case 'noise':
      return whole(0, Buffer.concat([Buffer.from([0]), frame]));
    case 'short':
      return { pieces: [[0, frame.subarray(0, frame.length - 1 - chance.whole(0, 2))]], whole: false };
  }
}

export function createLines(options: {
  readonly time: WorldTime;
  readonly chance: Chance;
  /** path → units */
  readonly lines: Readonly<Record<string, readonly number[]>>;
  readonly exchanged: (exchange: Exchange) => void;
  readonly lost: (path: string) => void;
}): Lines {
  const { time, chance } = options;
  const faults: Record<string, number> = {};
  const count = (kind: string): void => {
    faults[`answer ${kind}`] = (faults[`answer ${kind}`] ?? 0) + 1;
  };
  const losers = new Map<string, (because: string) => void>();

  const lineOf = (path: string, units: readonly number[]): SerialLine => {
    let up = true;
    return {
      path,
      trouble: 0,
      slaves: new Map(
        units.map((unit) => [
          unit,
          {
            unit,
            discretes: new Array<boolean>(16).fill(false),
            coils: new Array<boolean>(8).fill(false),
            inputs: new Array<number>(16).fill(0),
            silent: false,
            refusing: false,
            fellMs: 0,
          },
        ]),
      ),
      get up() {
        return up;
      },
      unplug(because) {
        up = false;
        options.lost(path);
        const lose = losers.get(path);
        losers.delete(path);
        lose?.(because);
      },
      plugIn() {
        up = true;
      },
    };
  };
  const all = new Map(Object.entries(options.lines).map(([path, units]) => [path, lineOf(path, units)]));

  const openerOf: Lines['openerOf'] =
    ({ alive, entered, clock }) =>
    (settings, host) =>
      new Promise<Link>((resolve, reject) => {
        const path = settings.kind === 'serial' ? settings.path : '';
        const line = all.get(path);
        const open = (): void => {
          if (!alive()) return;
          entered();
          if (!alive()) return;
          if (!line?.up) reject(new Error(`${path}: no such port`));
          else if (losers.has(path)) reject(new Error(`${path} is open already`));
          else resolve(linkOf(line));
        };
        time.after(chance.between(1, 20), open);

        const linkOf = (on: SerialLine): Link => {
          let listener: (bytes: Uint8Array) => void = () => {};
          let lastByteMs = Number.NEGATIVE_INFINITY;
          let closed = false;
          const lose = (because: string): void => {
            if (closed) return;
            closed = true;
            time.after(0, () => {
              if (alive()) host.lost(`${path}: ${because}`);
            });
          };
          losers.set(path, lose);

          const deliver = (bytes: Buffer): void => {
            if (closed || !alive()) return;
            entered();
            if (!alive()) return;
            lastByteMs = clock.steadyMs();
            listener(Buffer.from(bytes));
          };
          const ask = (frame: Buffer): void => {
            const [unit, code] = [frame[0]!, frame[1]!];
            const [start, cells] = [frame.readUInt16BE(2), frame.readUInt16BE(4)];
            const slave = on.slaves.get(unit);
            const table = code === 2 ? slave?.discretes : code === 4 ? slave?.inputs : undefined;
            const asked = table?.slice(start, start + cells) ?? [];
            const refused = slave?.refusing === true;
            const tell = (outcome: Exchange['outcome']): void =>
              options.exchanged({ line: path, unit, code, start, count: cells, outcome, cells: asked });
            if (!slave || slave.silent || frame.readUInt16LE(6) !== crcOf(frame, 6)) {
              tell('lost');
              return;
            }
            const answer = answerOf(slave, code, start, cells);
            const { pieces, whole } = fateOf(answer, chance, on.trouble, count);
            let atMs = chance.between(...turnaroundMs) + answer.length * characterMs;
            pieces.forEach(([ms, bytes], index) => {
              atMs += ms;
              const last = index === pieces.length - 1;
              time.after(atMs, () => {
                // what came before it may have ended the process or the link
                if (last && whole && !closed && alive()) tell(refused ? 'refused' : 'good');
                deliver(bytes);
              });
            });
            if (!whole) tell('lost');
          };

          return {
            name: path,
            get lastByteMs() {
              return lastByteMs;
            },
            write(bytes) {
              if (closed || !alive()) return;
              entered();
              if (!alive()) return;
              const frame = Buffer.from(bytes);
              const sentMs = frame.length * characterMs;
              lastByteMs = clock.steadyMs() + sentMs;
              time.after(sentMs, () => {
                if (!closed && alive()) ask(frame);
              });
            },
            onData(each) {
              listener = each;
            },
            close() {
              if (!closed) losers.delete(path);
              closed = true;
              return Promise.resolve();
            },
          };
        };
      });

  return {
    all,
    faults,
    openerOf(run) {
      // the ports of a process that is gone are free
      losers.clear();
      return openerOf(run);
    },
  };
}

// Modbus stations in memory, for tests on a virtual clock: a link opener whose far end is a function, and the
// plainest possible answers to requests. Written from the standard, apart from the driver's codec.

import type { LinkOpener } from '../../../src/devices/link.ts';
import type { Clock } from '../../../src/lib/clock.ts';

export interface FarEnd {
  /** Bytes towards the gateway, after a while. */
  send(bytes: Buffer, afterMs?: number): void;
  /** The link goes. */
  cut(because: string): void;
}

export interface MemoryLinks {
  readonly open: LinkOpener;
  /** opened and not closed */
  alive(): number;
  opened(): number;
  refuse(because: string | undefined): void;
  cut(because: string): void;
}

/** `heard` gets each frame that the gateway writes. */
export function memoryLinks(clock: Clock, heard: (frame: Buffer, far: FarEnd) => void): MemoryLinks {
  let alive = 0;
  let opened = 0;
  let refusal: string | undefined;
  const ends = new Set<FarEnd>();
  return {
    alive: () => alive,
    opened: () => opened,
    refuse: (because) => {
      refusal = because;
    },
    cut: (because) => {
      for (const end of [...ends]) end.cut(because);
    },
    async open(settings, host) {
      if (refusal !== undefined) throw new Error(refusal);
      alive += 1;
      opened += 1;
      let listener: (bytes: Uint8Array) => void = () => {};
      let lastByteMs = Number.NEGATIVE_INFINITY;
      let closed = false;
      const leave = (): void => {
        if (closed) return;
        closed = true;
        alive -= 1;
        ends.delete(far);
      };
      const far: FarEnd = {
        send(bytes, afterMs = 1) {
          clock.after(afterMs, () => {
            if (closed) return;
            lastByteMs = clock.steadyMs();
            listener(bytes);
          });
        },
        cut(because) {
          if (closed) return;
          leave();
          host.lost(because);
        },
      };
      ends.add(far);
      return {
        name: settings.kind === 'serial' ? settings.path : `${settings.host}:${settings.port}`,
        get lastByteMs() {
          return lastByteMs;
        },
        write: (bytes) => {
          if (!closed) heard(Buffer.from(bytes), far);
        },
        onData: (each) => {
          listener = each;
        },
        close: async () => leave(),
      };
    },
  };
}

export function crc(bytes: Uint8Array): Buffer {
  let value = 0xffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xa001 : value >>> 1;
  }
  return Buffer.from([value & 0xff, value >> 8]);
}

/** An RTU frame out of hex without its checksum. */
export function rtu(hex: string): Buffer {
  const body = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  return Buffer.concat([body, crc(body)]);
}

export interface Cells {
  /** register by address; undefined: the address is refused */
  register?(address: number): number | undefined;
  bit?(address: number): boolean | undefined;
  write?(address: number, value: number): void;
}

/** The body (unit, function, data) that answers a request's body. */
export function answer(body: Buffer, cells: Cells): Buffer {
  const unit = body[0]!;
  const code = body[1]!;
  const address = body.readUInt16BE(2);
  const count = body.readUInt16BE(4);
  const refuse = Buffer.from([unit, code | 0x80, 2]);
  if (code === 5 || code === 6) {
    cells.write?.(address, count);
    return body;
  }
  if (code <= 2) {
    const data = Buffer.alloc(Math.ceil(count / 8));
    for (let index = 0; index < count; index += 1) {
      const bit = cells.bit?.(address + index);
      if (bit === undefined) return refuse;
      if (bit) data[index >> 3]! |= 1 << (index & 7);
    }
    return Buffer.concat([Buffer.from([unit, code, data.length]), data]);
  }
  const data = Buffer.alloc(count * 2);
  for (let index = 0; index < count; index += 1) {
    const register = cells.register?.(address + index);
    if (register === undefined) return refuse;
    data.writeUInt16BE(register & 0xffff, index * 2);
  }
  return Buffer.concat([Buffer.from([unit, code, data.length]), data]);
}

/** Takes a frame apart and gives the answer in the same framing. */
export function answerRtu(frame: Buffer, cells: Cells): Buffer {
  const body = answer(frame.subarray(0, -2), cells);
  return Buffer.concat([body, crc(body)]);
}

export function answerTcp(frame: Buffer, cells: Cells): Buffer {
  const body = answer(frame.subarray(6), cells);
  const head = Buffer.from(frame.subarray(0, 6));
  head.writeUInt16BE(body.length, 4);
  return Buffer.concat([head, body]);
}

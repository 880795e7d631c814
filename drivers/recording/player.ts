// Plays recorded exchanges back as the far end of a byte link: each request gets what the same request got, the
// first time what it got the first time, with the recorded delays. A request that was never made is met with
// silence and counted. Knows no driver, but that Modbus TCP numbers its requests.

import type { ByteLink } from '../../src/driver.ts';
import type { Exchange, Piece } from './format.ts';

export interface PlayerOptions {
  /** how many times faster than it was */
  readonly speed: number;
  /** the first two bytes number the requests (Modbus TCP), and a replay has numbers of its own */
  readonly numbered: boolean;
}

export interface PlayerFigures {
  readonly played: number;
  /** requests that are not in the recording at all */
  readonly unknown: number;
  /** requests that were made more often than in the recording */
  readonly exhausted: number;
  /** recorded exchanges that nobody has asked for yet */
  readonly left: number;
}

export interface Player {
  /** A link for one opening of the line; `lost` is called where the recorded line was lost. */
  connect(lost: (because: string) => void): ByteLink & { close(): void };
  figures(): PlayerFigures;
}

export function createPlayer(exchanges: readonly Exchange[], options: PlayerOptions): Player {
  const { speed, numbered } = options;
  const keyOf = (bytes: Uint8Array): string =>
    Buffer.from(numbered ? bytes.subarray(2) : bytes).toString('hex');
  const waiting = new Map<string, Exchange[]>();
  const openings = exchanges.filter(({ request }) => request === undefined);
  for (const exchange of exchanges) {
    if (exchange.request === undefined) continue;
    const key = keyOf(exchange.request);
    const list = waiting.get(key);
    if (list) list.push(exchange);
    else waiting.set(key, [exchange]);
  }
  const counts = { played: 0, unknown: 0, exhausted: 0 };

  return {
    connect(lost) {
      let listener: (bytes: Uint8Array) => void = () => {};
      let timers: NodeJS.Timeout[] = [];
      let closed = false;
      const after = (ms: number, run: () => void): void => {
        timers.push(setTimeout(run, ms / speed));
      };
      // what is still to come for an earlier request came, when it was recorded, before this one was written:
      // nobody waited for it then, and nobody may get it now
      const forget = (): void => {
        for (const timer of timers) clearTimeout(timer);
        timers = [];
      };
      const play = (exchange: Exchange, request?: Uint8Array): void => {
        for (const piece of exchange.pieces)
          after(piece.afterMs, () => listener(renumbered(piece, exchange, request)));
        const end = exchange.lost;
        if (end) after(end.afterMs, () => lost(end.because));
      };
      const renumbered = (
        { bytes }: Piece,
        exchange: Exchange,
        request: Uint8Array | undefined,
      ): Uint8Array => {
        const asked = exchange.request;
        if (!numbered || !request || !asked || bytes[0] !== asked[0] || bytes[1] !== asked[1]) return bytes;
        const copy = Uint8Array.from(bytes);
        copy.set(request.subarray(0, 2));
        return copy;
      };
      const opening = openings.shift();
      if (opening) play(opening);
      return {
        onData(each) {
          listener = each;
        },
        write(bytes) {
          if (closed) return;
          forget();
          const list = waiting.get(keyOf(bytes));
          const exchange = list?.shift();
          if (!list) counts.unknown += 1;
          else if (!exchange) counts.exhausted += 1;
          else {
            counts.played += 1;
            // the driver that writes may keep and change its buffer
            play(exchange, Uint8Array.from(bytes));
          }
        },
        close() {
          closed = true;
          forget();
        },
      };
    },
    figures() {
      let left = 0;
      for (const list of waiting.values()) left += list.length;
      return { ...counts, left };
    },
  };
}

// Joins the parts of long messages that come in, in any order. What is never completed is given out as it is, with
// its gaps marked: half an answer is better than none. Knows no modem.

import type { Clock, Timer } from '../../../src/lib/clock.ts';
import type { Delivered } from './pdu.ts';

export interface Message {
  /** with `+` and country code where the network gave one */
  readonly number: string;
  readonly text: string;
  /** when the service centre took it, ms since 1970; null where it gave no time that makes sense */
  readonly sentAtMs: number | null;
}

export interface Inbox {
  take(delivered: Delivered): void;
  close(): void;
}

const patienceMs = 10 * 60_000;
const mostWaiting = 16;
const gap = '[…]';

interface Unfinished {
  readonly first: Delivered;
  readonly parts: (string | undefined)[];
  readonly timer: Timer;
}

export function createInbox(clock: Clock, give: (message: Message) => void): Inbox {
  const waiting = new Map<string, Unfinished>();

  function finish(key: string): void {
    const { first, parts, timer } = waiting.get(key)!;
    waiting.delete(key);
    timer.cancel();
    const text = Array.from(parts, (part) => part ?? gap).join('');
    give({ number: first.number, text, sentAtMs: first.sentAtMs });
  }

  return {
    take(delivered) {
      const { number, text, sentAtMs, part } = delivered;
      if (!part || part.total < 2 || part.number < 1 || part.number > part.total) {
        give({ number, text, sentAtMs });
        return;
      }
      const key = `${number} ${part.reference} ${part.total}`;
      let unfinished = waiting.get(key);
      if (!unfinished) {
        // nobody can fill the memory with first parts
        if (waiting.size >= mostWaiting) finish([...waiting.keys()][0]!);
        const parts = new Array<string | undefined>(part.total).fill(undefined);
        unfinished = { first: delivered, parts, timer: clock.after(patienceMs, () => finish(key)) };
        waiting.set(key, unfinished);
      }
      unfinished.parts[part.number - 1] = text;
      if (unfinished.parts.every((each) => each !== undefined)) finish(key);
    },
    close() {
      for (const { timer } of waiting.values()) timer.cancel();
      waiting.clear();
    },
  };
}

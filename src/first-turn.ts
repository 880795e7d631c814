// Tells systemd that the premises are watched: when every bus has been opened, or has said why it can't be, and after
// that the loop has gone round once, its commit included. Does nothing where no systemd waits. Knows no drivers.

import { type Clock, sleep } from './lib/clock.ts';
import { awaitedBySystemd, notifySystemd } from './lib/notify-systemd.ts';
import type { Loop } from './loop.ts';

/** A bus whose opening hangs must not keep the others from counting as watched. */
const openedWithinMs = 15_000;

export interface FirstTurn {
  /** a bus was opened or could not be */
  said(bus: string): void;
  /** what comes before has been started */
  begin(): void;
  /** Nothing is told any more. */
  end(): void;
}

export function firstTurn(clock: Clock, loop: Pick<Loop, 'pulse'>, buses: readonly string[]): FirstTurn {
  if (!awaitedBySystemd()) return { said() {}, begin() {}, end() {} };
  const silent = new Set(buses);
  const opened = new AbortController();
  let ended = false;
  if (silent.size === 0) opened.abort();
  const tell = async (): Promise<void> => {
    await sleep(clock, openedWithinMs, opened.signal);
    if (ended) return;
    await loop.pulse();
    if (!ended) await notifySystemd('ready');
  };
  return {
    said(bus) {
      silent.delete(bus);
      if (silent.size === 0) opened.abort();
    },
    begin: () => void tell(),
    end() {
      ended = true;
      opened.abort();
    },
  };
}

// One command at a time to a modem and its final answer, with a time limit; what the modem says of itself in
// between goes to a listener. Knows no messages, and does not retry.

import type { ByteLink } from '../../../src/driver.ts';
import { type Clock, sleep } from '../../../src/lib/clock.ts';
import { commands, createSaidReader, type ModemError, mayRetry, type Said } from './codec.ts';

/** `timeout`: no answer, and what was sent may have gone out; `refused`: the modem says why; `closed`: by us. */
export type ModemFaultKind = 'timeout' | 'refused' | 'number' | 'sim' | 'closed';

export class ModemFault extends Error {
  readonly kind: ModemFaultKind;
  /** the same may be tried again with some hope */
  readonly retry: boolean;
  constructor(kind: ModemFaultKind, message: string, retry: boolean) {
    super(message);
    this.name = 'ModemFault';
    this.kind = kind;
    this.retry = retry;
  }
}

function refused(command: string, error: ModemError): ModemFault {
  const word = command.replace(/[=?\r].*$/s, '');
  return new ModemFault('refused', `${word}: ${error.text}`, mayRetry(error));
}

export interface Talk {
  /** Sends a command; gives the lines before its OK. `then`: sent when the prompt comes. Rejects with ModemFault. */
  command(text: string, limitMs: number, then?: string): Promise<readonly string[]>;
  /** Runs when nothing else does; commands of several turns never mix. */
  turn<T>(run: () => Promise<T>): Promise<T>;
  close(): void;
}

interface Waiting {
  take(said: Said): void;
  fail(fault: ModemFault): void;
}

/** After an answer that never came: so long the line must bring nothing to be trusted again. */
const quietMs = 1000;
const mostQuietTries = 5;
const attentionMs = 1000;
const attentionTries = 5;

export function createTalk(link: ByteLink, clock: Clock, unasked: (said: Said) => void): Talk {
  const reader = createSaidReader();
  const stop = new AbortController();
  let waiting: Waiting | undefined;
  /** an answer may still come that would be taken for the next one; so at the beginning too */
  let doubtful = true;
  let heardAtMs = Number.NEGATIVE_INFINITY;
  let last: Promise<unknown> = Promise.resolve();

  link.onData((bytes) => {
    heardAtMs = clock.steadyMs();
    for (const said of reader.push(bytes)) {
      if (said.type === 'stored' || said.type === 'message') unasked(said);
      else waiting?.take(said);
    }
  });

  function write(text: string): void {
    link.write(Buffer.from(text, 'latin1'));
  }

  function exchange(text: string, limitMs: number, then?: string): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const lines: string[] = [];
      let prompted = false;
      const end = (): void => {
        waiting = undefined;
        timer.cancel();
      };
      const timer = clock.after(limitMs, () => {
        end();
        doubtful = true;
        const word = text.replace(/[=?\r].*$/s, '');
        reject(new ModemFault('timeout', `${word}: the modem does not answer`, true));
      });
      waiting = {
        fail(fault) {
          end();
          reject(fault);
        },
        take(said) {
          if (said.type === 'line') lines.push(said.text);
          else if (said.type === 'prompt' && then !== undefined && !prompted) {
            prompted = true;
            write(then);
          } else if (said.type === 'error') {
            end();
            reject(refused(text, said.error));
          } else if (said.type === 'ok' && (then === undefined || prompted)) {
            end();
            resolve(lines);
          }
        },
      };
      write(text);
    });
  }

  /** Leaves a prompt, lets late answers pass by, and makes sure that the modem listens. */
  async function settle(): Promise<void> {
    write(commands.abandon);
    for (let tries = 0; tries < mostQuietTries; tries++) {
      const fromMs = clock.steadyMs();
      await sleep(clock, quietMs, stop.signal);
      if (heardAtMs < fromMs) break;
    }
    for (let tries = 1; ; tries++) {
      if (stop.signal.aborted) throw new ModemFault('closed', 'the modem was closed', true);
      try {
        await exchange(commands.attention, attentionMs);
        break;
      } catch (error) {
        // the first one may stand behind rubbish, or be needed to find the baud rate
        if (tries >= attentionTries || (error as ModemFault).kind === 'closed') throw error;
      }
    }
    doubtful = false;
  }

  return {
    async command(text, limitMs, then) {
      if (stop.signal.aborted) throw new ModemFault('closed', 'the modem was closed', true);
      if (doubtful) await settle();
      return exchange(text, limitMs, then);
    },
    turn(run) {
      const mine = last.then(run, run);
      last = mine.catch(() => {});
      return mine;
    },
    close() {
      stop.abort();
      waiting?.fail(new ModemFault('closed', 'the modem was closed', true));
    },
  };
}

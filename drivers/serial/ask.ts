// One question and its answer on a line without transaction numbers, for protocols that only speak when spoken
// to. The protocol brings the question and a reader that knows an answer when it sees one; when to ask, and
// whether to ask again, is not decided here.

import { type ByteLink, DeviceFault } from '../../src/driver.ts';

export type Verdict<T> = { readonly answer: T } | { readonly fault: DeviceFault };

/** Reads one answer; made anew for each question. */
export interface AnswerReader<T> {
  /** Takes the next bytes, in any pieces; undefined: no whole answer yet. */
  push(bytes: Uint8Array): Verdict<T> | undefined;
  /** Why there is no answer, now that the time is up. */
  late(): DeviceFault;
}

export interface Asker {
  /** Writes the question (if any) and waits; rejects with DeviceFault. One at a time. */
  ask<T>(question: Uint8Array | undefined, reader: AnswerReader<T>, signal: AbortSignal): Promise<T>;
  /** Refuses what is still waiting. */
  close(): void;
}

/** Takes the link's bytes; those that nobody waits for go to `unasked`: late answers, or a device that speaks up. */
export function createAsker(link: ByteLink, unasked: (bytes: Uint8Array) => void = () => {}): Asker {
  let waiting: { take(bytes: Uint8Array): void; refuse(fault: DeviceFault): void } | undefined;
  link.onData((bytes) => {
    if (waiting) waiting.take(bytes);
    else unasked(bytes);
  });
  return {
    ask<T>(question: Uint8Array | undefined, reader: AnswerReader<T>, signal: AbortSignal): Promise<T> {
      return new Promise((resolve, reject) => {
        const refuse = (fault: DeviceFault): void => {
          waiting = undefined;
          signal.removeEventListener('abort', late);
          reject(fault);
        };
        const late = (): void => refuse(reader.late());
        if (signal.aborted) return late();
        signal.addEventListener('abort', late, { once: true });
        waiting = {
          refuse,
          take(bytes) {
            const verdict = reader.push(bytes);
            if (!verdict) return;
            if ('fault' in verdict) return refuse(verdict.fault);
            waiting = undefined;
            signal.removeEventListener('abort', late);
            resolve(verdict.answer);
          },
        };
        if (question) link.write(question);
      });
    },
    close() {
      waiting?.refuse(new DeviceFault('link', 'closed while waiting'));
    },
  };
}

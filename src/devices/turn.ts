// The one request that is out on a connection: its time limit, its signal, and how long lines are busy. Knows
// nothing of what is asked.

import type { Clock, Timer } from '../lib/clock.ts';

/** What a driver gets after the signal to let go of a request, before its connection is thrown away. */
const letGoMs = 1000;
/** The process itself was held up for longer than this: an answer may have come in time and lie unread. */
const heldUpMs = 10;
/** so long there is for reading it */
const lookAgainMs = 20;

export class Turn {
  busy = false;
  startedMs = 0;
  finishedMs = Number.NEGATIVE_INFINITY;
  private ranOut = false;
  private dueMs = 0;
  private readonly clock: Clock;
  private readonly stuck: () => void;
  // used again until it aborts: a fresh one for each request would cost more than the rest of the turn
  private controller = new AbortController();
  private timer: Timer | undefined;

  /** `stuck` is called where a request goes on long after its signal was aborted. */
  constructor(clock: Clock, stuck: () => void) {
    this.clock = clock;
    this.stuck = stuck;
  }

  begin(now: number, timeoutMs: number): AbortSignal {
    this.busy = true;
    this.ranOut = false;
    this.startedMs = now;
    this.dueMs = now + timeoutMs;
    this.timer = this.clock.after(timeoutMs, this.timedOut);
    return this.controller.signal;
  }

  /** Ends the turn; returns whether it ran out of time. */
  finish(now: number): boolean {
    this.timer?.cancel();
    this.busy = false;
    this.finishedMs = now;
    return this.ranOut;
  }

  close(): void {
    this.timer?.cancel();
    this.controller.abort();
  }

  private readonly timedOut = (): void => {
    if (this.clock.steadyMs() - this.dueMs > heldUpMs) {
      // a slow disk or a busy machine is no silence of the device
      this.dueMs = Number.POSITIVE_INFINITY;
      this.timer = this.clock.after(lookAgainMs, this.timedOut);
      return;
    }
    const { controller } = this;
    this.controller = new AbortController();
    this.ranOut = true;
    this.timer = this.clock.after(letGoMs, this.stuck);
    controller.abort();
  };
}

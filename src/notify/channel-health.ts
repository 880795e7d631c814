// Whether a way to people works, judged by what became of its letters and by its own line: told when it has failed for
// longer than letters may wait on it, and again at the first delivery. Knows no letter.

import type { Clock, Timer } from '../lib/clock.ts';

export interface ChannelHealth {
  delivered(): void;
  /** `surely`: it will not mend by itself. `begunMs`: when the attempt began, steady ms. */
  failed(because: string, surely: boolean, begunMs: number): void;
  /** of a channel with a standing line of its own */
  line(up: boolean, because: string): void;
  ok(): boolean;
  /** why it does not work, also before that is long enough to be told */
  because(): string | undefined;
  stop(): void;
}

export function watchChannel(options: {
  readonly withinMs: number;
  readonly clock: Clock;
  tell(ok: boolean, because: string): void;
}): ChannelHealth {
  const { withinMs, clock } = options;
  let told: boolean | undefined;
  let because: string | undefined;
  /** one failure that nobody tried again, because the letter was no longer wanted, proves nothing */
  let failures = 0;
  let certain = false;
  let lineDown = false;
  /** one attempt alone took as long as letters may wait: its letter went another way, and nobody tries again */
  let lasted = false;
  let deliveredAtMs = Number.NEGATIVE_INFINITY;
  let timer: Timer | undefined;

  const due = (): void => {
    timer = undefined;
    if (failures < 2 && !certain && !lineDown && !lasted) {
      failures = 0;
      return;
    }
    if (told === false) return;
    told = false;
    options.tell(false, because ?? 'no delivery');
  };

  const well = (words: string): void => {
    timer?.cancel();
    timer = undefined;
    failures = 0;
    certain = false;
    lineDown = false;
    lasted = false;
    because = undefined;
    if (told === true) return;
    told = true;
    options.tell(true, words);
  };

  const fail = (why: string, waitMs = withinMs): void => {
    because = why;
    if (told !== false) timer ??= clock.after(waitMs, due);
  };

  return {
    delivered() {
      deliveredAtMs = clock.steadyMs();
      well('a message was delivered');
    },
    failed(why, surely, begunMs) {
      const lastedMs = clock.steadyMs() - Math.max(begunMs, deliveredAtMs);
      failures += 1;
      certain ||= surely;
      lasted ||= lastedMs >= withinMs;
      fail(why, Math.max(0, withinMs - lastedMs));
    },
    line(up, why) {
      if (up) {
        lineDown = false;
        // letters that are refused all the same are not mended by it
        if (failures === 0 && !certain) well(why);
        return;
      }
      lineDown = true;
      fail(why);
    },
    ok: () => told !== false,
    because: () => because,
    stop: () => timer?.cancel(),
  };
}

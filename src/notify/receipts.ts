// Watches whether the monitoring centre says that it has what we sent: a broker's acknowledgement is not the
// centre's. Without a receipt in the time that the site allows, the premises are told.

import type { Clock, Timer } from '../lib/clock.ts';

export interface Receipts {
  /** an event of this number is on its way */
  published(seq: number): void;
  /** the centre has everything up to this number */
  received(seq: number): void;
  stop(): void;
}

/** @param overdue called with false when a receipt is overdue and with true when it has come */
export function watchReceipts(
  clock: Clock,
  withinMs: number,
  overdue: (ok: boolean, because: string) => void,
): Receipts {
  let sent = 0;
  let got = 0;
  let late = false;
  let timer: Timer | undefined;
  const watch = (): void => {
    timer ??= clock.after(withinMs, () => {
      timer = undefined;
      late = true;
      overdue(
        false,
        `the monitoring centre has not confirmed event ${got + 1} and later within ${withinMs / 1000} s`,
      );
    });
  };
  return {
    published(seq) {
      sent = Math.max(sent, seq);
      if (got < sent && !late) watch();
    },
    received(seq) {
      // A centre that claims more than was sent is wrong about us; what it confirms of ours still counts.
      got = Math.max(got, Math.min(seq, sent));
      timer?.cancel();
      timer = undefined;
      if (got < sent) {
        if (!late) watch();
        return;
      }
      if (late) overdue(true, 'the monitoring centre confirms again');
      late = false;
    },
    stop() {
      timer?.cancel();
    },
  };
}

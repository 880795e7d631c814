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

export interface ReceiptsOptions {
  /** the last number that the centre has confirmed */
  readonly confirmed: number;
  /** a receipt was overdue when this watch began */
  readonly late: boolean;
  /** called with false when a receipt is overdue and with true when it has come */
  overdue(ok: boolean, because: string): void;
  /** a higher number was confirmed */
  keep(seq: number): void;
}

export function watchReceipts(clock: Clock, withinMs: number, options: ReceiptsOptions): Receipts {
  let sent = 0;
  let confirmed = options.confirmed;
  let { late } = options;
  let timer: Timer | undefined;
  const watch = (): void => {
    timer ??= clock.after(withinMs, () => {
      timer = undefined;
      late = true;
      options.overdue(
        false,
        `the monitoring centre has not confirmed event ${confirmed + 1} and later within ${withinMs / 1000} s`,
      );
    });
  };
  return {
    published(seq) {
      sent = Math.max(sent, seq);
      if (confirmed < sent && !late) watch();
    },
    received(seq) {
      // A centre that claims more than was sent is wrong about us; what it confirms of ours still counts.
      const now = Math.min(seq, sent);
      if (now <= confirmed && !late) return;
      if (now > confirmed) options.keep(now);
      confirmed = Math.max(confirmed, now);
      timer?.cancel();
      timer = undefined;
      if (late) options.overdue(true, 'the monitoring centre confirms again');
      late = false;
      if (confirmed < sent) watch();
    },
    stop() {
      timer?.cancel();
    },
  };
}

// How much of the time a line is in use, over the last minute or two, and the share of it that devices may have
// which do not answer. Data and plain functions; knows no protocol.

const windowMs = 60_000;
/** of the line's time, for asking devices that are down while others live */
const deadShare = 0.1;

export interface WireShare {
  sinceMs: number;
  busyMs: number;
  beforeMs: number;
  beforeBusyMs: number;
  /** devices that are down are not asked before */
  deadUntilMs: number;
}

export function wireShare(now: number): WireShare {
  return { sinceMs: now, busyMs: 0, beforeMs: 0, beforeBusyMs: 0, deadUntilMs: Number.NEGATIVE_INFINITY };
}

/** A request was out from `startedMs` until now. */
export function used(share: WireShare, startedMs: number, now: number): void {
  if (now - share.sinceMs >= windowMs) {
    share.beforeMs = now - share.sinceMs;
    share.beforeBusyMs = share.busyMs;
    share.sinceMs = now;
    share.busyMs = 0;
  }
  share.busyMs += now - startedMs;
}

/** A device that is down was asked in vain: its kind waits until that was a tenth of the time. */
export function wasted(share: WireShare, startedMs: number, now: number): void {
  share.deadUntilMs = now + (now - startedMs) * (1 / deadShare - 1);
}

/** 0…1 */
export function utilisation(share: WireShare, now: number): number {
  return Math.min(1, (share.beforeBusyMs + share.busyMs) / Math.max(1, share.beforeMs + now - share.sinceMs));
}

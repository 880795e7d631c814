// How late the answers of a device can be, learnt from those that came when nobody waited for them any more. A line without
// transaction ids must not ask the same again before such an answer would have come. Data and plain functions; knows no
// protocol and no wire.

/** No answer is waited for longer than this, or than four time limits where that is more. */
const mostHoldMs = 5000;
/** The next one may be somewhat later than the latest so far. */
const marginShare = 0.25;
const leastMarginMs = 50;
/** After so long without a late answer half of what was learnt is forgotten: what is only lost is no lesson. */
const forgetAfterMs = 600_000;

interface Record {
  /** when the last question that ran out of time was asked, and the first of those with no good answer between */
  ranOutMs: number;
  firstMs: number;
  timeoutMs: number;
  /** after so long an answer has come; 0: none was late */
  lateMs: number;
  /** a good answer came since */
  answeredSince: boolean;
  /** nothing was learnt, and nothing forgotten, since */
  calmSinceMs: number;
}

/** By space: the questions that could take each other's answers for their own. */
export type Lateness = Map<string, Record>;

const holdMs = ({ timeoutMs, lateMs }: Record): number => {
  const seenMs = lateMs === 0 ? 0 : lateMs + Math.max(leastMarginMs, lateMs * marginShare);
  return Math.min(Math.max(2 * timeoutMs, seenMs), mostMs(timeoutMs));
};
const mostMs = (timeoutMs: number): number => Math.max(mostHoldMs, 4 * timeoutMs);

/** A question ran out of time; gives back until when its space is not to be asked again. */
export function ranOut(lateness: Lateness, space: string, startedMs: number, timeoutMs: number): number {
  const before = lateness.get(space);
  const fresh = {
    ranOutMs: 0,
    firstMs: 0,
    timeoutMs,
    lateMs: 0,
    answeredSince: true,
    calmSinceMs: startedMs,
  };
  const record = before ?? fresh;
  lateness.set(space, record);
  record.ranOutMs = startedMs;
  if (record.answeredSince) record.firstMs = startedMs;
  record.timeoutMs = timeoutMs;
  record.answeredSince = false;
  return startedMs + holdMs(record);
}

/**
 * A whole answer came that nobody waits for. Gives back how late it is, ms, where that is later than was reckoned with.
 * Which question it answers can't be told: the first that ran out of time is taken, unless that is too long ago.
 */
export function strayed(lateness: Lateness, space: string, now: number): number | undefined {
  const record = lateness.get(space);
  if (record === undefined) return undefined;
  const [fromFirstMs, fromLastMs] = [now - record.firstMs, now - record.ranOutMs];
  const most = mostMs(record.timeoutMs);
  const lateMs = fromFirstMs <= most ? fromFirstMs : fromLastMs;
  if (lateMs > most) return undefined;
  const reckonedMs = holdMs(record);
  record.lateMs = Math.max(record.lateMs, lateMs);
  record.calmSinceMs = now;
  return lateMs > reckonedMs ? lateMs : undefined;
}

/** A good answer in time. */
export function answered(lateness: Lateness, space: string, now: number): void {
  const record = lateness.get(space);
  if (record === undefined) return;
  record.answeredSince = true;
  if (now - record.calmSinceMs < forgetAfterMs) return;
  record.calmSinceMs = now;
  record.lateMs /= 2;
  if (record.lateMs <= record.timeoutMs) lateness.delete(space);
}

// Two hundred gateways' lines to one broker in one process, and how the moments of their attempts are spread. Real
// connections; only when each means to try again is taken down, so that a busy machine is not taken for a herd.

import type { Clock } from '../../src/lib/clock.ts';
import { keepLine, type Line } from '../../src/notify/line.ts';

export const gateways = 200;
const bucketMs = 100;
/** of all gateways, within any tenth of a second that a round of attempts is cut into */
export const mostInBucket = gateways / 5;

export interface Fleet {
  /** when each gateway meant to try for the nth time after the loss of its connection, by the clock it was given */
  rounds(): readonly (readonly number[])[];
  /** when each was connected last */
  readonly up: ReadonlyMap<number, number>;
  close(): Promise<unknown>;
}

/** Two hundred gateways' lines to one broker, in one process. */
export function fleet(port: number, clock: Clock): Fleet {
  const up = new Map<number, number>();
  const rounds: number[][] = [];
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const lineOf = (index: number): Line => {
    let lastWaitMs = 0;
    let losses = 0;
    const watched: Clock = {
      ...clock,
      after(ms, run) {
        lastWaitMs = ms;
        return clock.after(ms, run);
      },
    };
    return keepLine({
      config: {
        url: `mqtt://127.0.0.1:${port}`,
        listen: { host: '127.0.0.1', port: 1883 },
        prefix: 'keepwatch',
        clientId: `gateway-${index}`,
        heartbeatMs: 30_000,
      },
      clock: watched,
      log: quiet,
      random: Math.random,
      clientId: () => `gateway-${index}`,
      will: () => ({ topic: `will/${index}`, payload: 'offline', retain: false }),
      connected() {
        losses = 0;
        up.set(index, performance.now());
      },
      // the wait for the next attempt has just begun
      lost() {
        up.delete(index);
        rounds[losses] ??= [];
        rounds[losses]!.push(clock.steadyMs() + lastWaitMs);
        losses += 1;
      },
      pushedOff() {},
      message() {},
    });
  };
  const lines = Array.from({ length: gateways }, (_, index) => lineOf(index));
  return { rounds: () => rounds, up, close: () => Promise.all(lines.map((line) => line.close(false))) };
}

/** The fullest of the buckets that these moments are cut into. */
export function fullest(moments: readonly number[]): number {
  const began = Math.min(...moments);
  const buckets = new Map<number, number>();
  for (const atMs of moments) {
    const bucket = Math.floor((atMs - began) / bucketMs);
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }
  return Math.max(...buckets.values());
}

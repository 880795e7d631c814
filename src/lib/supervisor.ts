// Watches that everything which goes on by itself does go on: each bus, the way to the broker, each way to people, the
// self-checks. What stands still for too long is started anew alone, and people are told. The engine's own turns are
// watched from outside, by systemd's watchdog. Knows no part by its kind.

import type { Log } from '../driver.ts';
import type { Clock, Timer } from './clock.ts';

/** Something of the daemon's that goes on by itself. */
export interface Watched {
  /** also the end of a health's name: letters, digits and `_` */
  readonly id: string;
  /** when it last went on, steady time, ms; undefined: nothing is expected of it now */
  progressMs(): number | undefined;
  /** standing still for longer than this is being stuck, ms */
  readonly mostMs: number;
  /** Throws the stuck one away and begins a new one. Must not wait for the stuck one. */
  restart(): Promise<void> | void;
}

/** How one of them is, for `status`. */
export interface WatchedState {
  readonly id: string;
  /** since it last went on, ms; absent: nothing is expected of it now */
  readonly ageMs?: number;
  readonly restarts: number;
}

export interface Supervisor {
  state(): readonly WatchedState[];
  /** Does the supervisor itself go on? */
  alive(): boolean;
  stop(): void;
}

const checkPrefix = 'stuck_';
const everyMs = 5000;
/** A look later than this: the whole process stood still, which is nobody's fault in here. */
const stoppedMs = 2 * everyMs;
/** After a restart it must go on for so long beyond its limit until the trouble ends. */
const provenMs = 60_000;

interface Record {
  restarts: number;
  /** ages count from here at the earliest: it was begun, or the process went on, then */
  floorMs: number;
  /** when it was last seen to be stuck */
  stuckMs?: number | undefined;
}

export function supervise(options: {
  readonly clock: Clock;
  readonly log: Log;
  watched(): Iterable<Watched>;
  /** is a trouble of this check open, perhaps from before a restart? */
  failing(check: string): boolean;
  health(check: string, ok: boolean, because: string): void;
  /** checks of which a trouble is open, whether the part is still there or not */
  open(): Iterable<string>;
}): Supervisor {
  const { clock, log } = options;
  const records = new Map<string, Record>();
  let lookedMs = clock.steadyMs();
  let timer: Timer;

  const recordOf = (id: string, nowMs: number): Record => {
    let record = records.get(id);
    if (record === undefined) {
      record = { restarts: 0, floorMs: nowMs };
      records.set(id, record);
    }
    return record;
  };

  const ageMs = (each: Watched, record: Record, nowMs: number): number | undefined => {
    const atMs = each.progressMs();
    return atMs === undefined ? undefined : nowMs - Math.max(atMs, record.floorMs);
  };

  const restart = (each: Watched, record: Record, nowMs: number, stillMs: number): void => {
    record.restarts += 1;
    record.floorMs = nowMs;
    record.stuckMs = nowMs;
    const because = `${each.id} stood still for ${Math.round(stillMs / 1000)} s and was started anew`;
    log.error({ code: 'STUCK', part: each.id, restarts: record.restarts }, because);
    options.health(checkOf(each.id), false, because);
    Promise.resolve()
      .then(() => each.restart())
      .catch((error: unknown) =>
        log.error(
          { code: 'RESTART_FAILED', part: each.id, error: String(error) },
          'it could not be started anew',
        ),
      );
  };

  const judge = (each: Watched, nowMs: number): void => {
    const record = recordOf(each.id, nowMs);
    const age = ageMs(each, record, nowMs);
    if (age !== undefined && age > each.mostMs) {
      restart(each, record, nowMs, age);
      return;
    }
    // beginning is not going on: only what outlives its own limit has not got stuck again
    const provenAtMs =
      (record.stuckMs === undefined ? record.floorMs : record.stuckMs + each.mostMs) + provenMs;
    if (nowMs < provenAtMs) return;
    record.stuckMs = undefined;
    const check = checkOf(each.id);
    if (options.failing(check)) options.health(check, true, `${each.id} goes on`);
  };

  const endOfTheGone = (there: ReadonlySet<string>): void => {
    for (const check of [...options.open()])
      if (check.startsWith(checkPrefix) && !there.has(check.slice(checkPrefix.length)))
        options.health(check, true, 'removed from the configuration');
  };

  const look = (): void => {
    const nowMs = clock.steadyMs();
    if (nowMs - lookedMs > stoppedMs) {
      log.warn({ code: 'STOOD_STILL', forMs: Math.round(nowMs - lookedMs) }, 'the whole process stood still');
      for (const record of records.values()) record.floorMs = nowMs;
    }
    lookedMs = nowMs;
    timer = clock.after(everyMs, look);
    const there = new Set<string>();
    for (const each of options.watched()) {
      there.add(each.id);
      judge(each, nowMs);
    }
    for (const id of records.keys()) if (!there.has(id)) records.delete(id);
    endOfTheGone(there);
  };
  timer = clock.after(everyMs, look);

  return {
    state() {
      const nowMs = clock.steadyMs();
      return [...options.watched()].map((each) => {
        const record = recordOf(each.id, nowMs);
        const age = ageMs(each, record, nowMs);
        return {
          id: each.id,
          ...(age !== undefined && { ageMs: Math.round(age) }),
          restarts: record.restarts,
        };
      });
    },
    alive: () => clock.steadyMs() - lookedMs <= 2 * stoppedMs,
    stop: () => timer.cancel(),
  };
}

function checkOf(id: string): string {
  return checkPrefix + id;
}

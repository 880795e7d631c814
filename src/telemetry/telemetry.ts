// Keeps what numbers did: gathers them minute by minute as they change, lays them down in blocks every ten minutes, and
// gives them out again as trends and to the way out. Telemetry is no alarm: what it loses is counted, and nothing waits
// for it. Knows the engine only as stamps and believed values.

import { setImmediate as turn } from 'node:timers/promises';
import type { Stamp } from '../core/types.ts';
import type { Log } from '../driver.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { packed } from './file.ts';
import { type Believed, gatherMinutes, type Minutes } from './minutes.ts';
import { openShelf } from './shelf.ts';
import { type Thinning, thin } from './trend.ts';
import type { Backlog, Block, StoredBlock, TelemetryState, Trend, TrendRange } from './types.ts';

/** What a kill loses at most, and how often a card is written to. */
const blockMs = 10 * 60_000;
/** A block is one message when it is published: small enough not to hold up an alarm on a slow line. */
const mostPoints = 25;
/** While the disk fails, this much is kept in memory; then the oldest is given up. */
const mostHeldMs = 60 * 60_000;
/** Blocks that are unpacked in one go for a trend, so that no reading waits for it. */
const unpackedAtOnce = 8;
const entriesAtOnce = 200;
/** and those that are packed in one go */
const packedAtOnce = 8;

export interface TelemetrySettings {
  readonly keepMs: number;
  readonly mostBytes: number;
  readonly everyMs: number;
  readonly publish: boolean;
}

/** A point that is recorded: a number. */
export interface Recorded {
  readonly id: string;
  readonly unit?: string;
}

/** The house as telemetry sees it. */
export interface TelemetryHost {
  stamp(): Stamp;
  points(): readonly Recorded[];
  believed(point: string): Believed;
  /** a sentence that a person should see */
  warn(said: string): void;
  /** there is more to be published */
  grown(): void;
}

export interface Telemetry {
  readonly backlog: Backlog;
  /** These points may be believed to be something else than before. */
  changed(points: Iterable<string>): void;
  /** Other settings, or other points, from now on. */
  use(settings: TelemetrySettings): void;
  /** Undefined for a point that is not recorded and of which nothing is kept. */
  trend(point: string, range: TrendRange): Promise<Trend | undefined>;
  state(): TelemetryState;
  /** Lays down what has been gathered. */
  stop(): void;
}

export function startTelemetry(options: {
  /** the data folder */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly host: TelemetryHost;
  readonly settings: TelemetrySettings;
}): Telemetry {
  const { clock, log, host } = options;
  let { settings } = options;
  const shelf = openShelf({ ...options, warn: host.warn });
  let groups: readonly Minutes[] = [];
  const groupOf = new Map<string, Minutes>();
  let held: Block[] = [];
  /** samples given up before they reached the file */
  let lost = 0;
  /** blocks of this run lie in the file with a wall time that nobody vouched for */
  let unvouched = false;
  /** the minute under way, and the first of the block under way, in engine time */
  let minute = 0;
  let firstMinute = 0;
  let timer: Timer | undefined;
  let stopped = false;

  const minuteOf = (stamp: Stamp): number => Math.floor(stamp.steadyMs / settings.everyMs);

  const begin = (): void => {
    const points = host.points().map(({ id }) => id);
    const made: Minutes[] = [];
    groupOf.clear();
    for (let at = 0; at < points.length; at += mostPoints) {
      const group = gatherMinutes(points.slice(at, at + mostPoints), host.believed);
      for (const point of group.points) groupOf.set(point, group);
      made.push(group);
    }
    groups = made;
    minute = minuteOf(host.stamp());
    firstMinute = minute;
  };

  const blockOf = (group: Minutes, samples: Block['samples'], stamp: Stamp): Block => {
    const fromMs = firstMinute * settings.everyMs;
    return {
      fromMs,
      wallMs: fromMs + stamp.wallMs - stamp.steadyMs,
      clock: stamp.clock,
      everyMs: settings.everyMs,
      points: group.points,
      samples,
    };
  };

  /** What was gathered becomes blocks, stamped by the wall clock as it is now. */
  const seal = (stamp: Stamp): void => {
    for (const group of groups) if (group.ended() > 0) held.push(blockOf(group, group.take(), stamp));
    firstMinute = minute;
  };

  const flush = (stamp: Stamp): void => {
    vouch(stamp);
    if (held.length === 0) return;
    const { keepMs, mostBytes, publish } = settings;
    const gone = shelf.write((file) => file.write(held, { keepMs, mostBytes, publish }, lost));
    if (gone === undefined) {
      bound();
      return;
    }
    if (gone + lost > 0)
      log.warn(
        { code: 'TELEMETRY_DROPPED', dropped: gone + lost },
        'the oldest telemetry was dropped, for want of room or before the broker had it',
      );
    unvouched ||= held.some((block) => block.clock === 'unsynced');
    held = [];
    lost = 0;
    host.grown();
  };

  /** A gateway without a battery boots in the wrong year: once the time is known, it is known for all of this run. */
  const vouch = (stamp: Stamp): void => {
    if (stamp.clock !== 'synced') return;
    const offsetMs = stamp.wallMs - stamp.steadyMs;
    held = held.map((block) =>
      block.clock === 'synced' ? block : { ...block, clock: 'synced', wallMs: block.fromMs + offsetMs },
    );
    if (!unvouched) return;
    const done = shelf.write((file) => {
      file.restamp(offsetMs);
      return true;
    });
    if (done) unvouched = false;
  };

  const bound = (): void => {
    const most = groups.length * Math.ceil(mostHeldMs / blockMs);
    for (const { samples } of held.splice(0, Math.max(0, held.length - most)))
      lost += samples.length * samples[0]!.length;
  };

  const tick = (): void => {
    const stamp = host.stamp();
    const now = minuteOf(stamp);
    if (now > minute) {
      for (const group of groups) group.end();
      const gap = now > minute + 1;
      minute += 1;
      // nobody looked at what lies between: a block has no holes, so the next one begins after it
      if (gap) {
        seal(stamp);
        minute = now;
        firstMinute = now;
      }
      if (gap || (minute - firstMinute) * settings.everyMs >= Math.max(blockMs, settings.everyMs)) {
        seal(stamp);
        layDown(stamp);
      }
    }
    arm();
  };

  /** Many blocks are packed one at a turn, so that no reading waits for all of them. */
  const layDown = (stamp: Stamp): void => {
    if (groups.length <= packedAtOnce) flush(stamp);
    else void packThenFlush();
  };
  const packThenFlush = async (): Promise<void> => {
    for (const block of [...held]) {
      packed(block);
      await turn();
      if (stopped) return;
    }
    flush(host.stamp());
  };

  const arm = (): void => {
    const dueMs = (minute + 1) * settings.everyMs - host.stamp().steadyMs;
    timer = clock.after(Math.max(1, Math.ceil(dueMs)), tick);
  };

  const trend = async (point: string, range: TrendRange): Promise<Trend | undefined> => {
    const recorded = host.points().find(({ id }) => id === point);
    const thinning = thin(range, settings.everyMs);
    const found = await addStored(point, range, thinning);
    if (!found && recorded === undefined) return undefined;
    for (const block of held) addTo(thinning, block, point);
    const stamp = host.stamp();
    const group = groupOf.get(point);
    if (group !== undefined && group.ended() > 0)
      addTo(thinning, blockOf(group, group.samples(), stamp), point);
    return thinning.trend(point, recorded?.unit);
  };

  /** Resolves in the turn in which the file's end was reached: what is still in memory goes on from there. */
  const addStored = async (point: string, range: TrendRange, into: Thinning): Promise<boolean> => {
    let found = false;
    let file: string | undefined;
    for (let after = 0; ; ) {
      const page = shelf.read(({ id, entries }) => ({ id, entries: entries(after, entriesAtOnce) }));
      // set aside meanwhile: the numbers mean others now
      if (page === undefined || (file !== undefined && page.id !== file)) return found;
      file = page.id;
      let unpacked = 0;
      for (const { number, wallMs, everyMs, minutes, points } of page.entries) {
        after = number;
        if (!points.includes(point)) continue;
        found = true;
        if (wallMs >= range.toMs || wallMs + minutes * everyMs <= range.fromMs) continue;
        const block = blockIn(number, page.id);
        if (block) addTo(into, block, point);
        unpacked += 1;
        if (unpacked >= unpackedAtOnce) break;
      }
      if (page.entries.length === 0) return found;
      await turn();
    }
  };

  const blockIn = (number: number, id: string): StoredBlock | undefined =>
    shelf.read((file) => {
      try {
        return file.id === id ? file.block(number) : undefined;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        log.warn({ code: 'TELEMETRY_BLOCK' }, error.message);
        return undefined;
      }
    });

  const backlog: Backlog = {
    next(after) {
      for (let from = after; ; ) {
        const next = shelf.read((file) => {
          const number = file.next(from?.file === file.id ? from.number : file.figures().acknowledged);
          return number === undefined ? undefined : { file: file.id, number };
        });
        if (next === undefined) return undefined;
        const block = blockIn(next.number, next.file);
        if (block !== undefined) return block;
        from = { ...next } as StoredBlock;
      }
    },
    acknowledge: (block) => void settle(block, 0),
    refuse: (block) => void settle(block, block.points.length * block.samples[0]!.length),
  };
  const settle = (block: StoredBlock, refused: number): void => {
    shelf.write((file) => {
      if (file.id === block.file) file.acknowledge(block.number, refused);
    });
  };

  begin();
  arm();
  return {
    backlog,
    changed(points) {
      for (const point of points) groupOf.get(point)?.note(point, host.believed(point));
    },
    use(next) {
      const points = host.points().map(({ id }) => id);
      const same = next.everyMs === settings.everyMs && String(points) === String([...groupOf.keys()]);
      if (!same) {
        const stamp = host.stamp();
        seal(stamp);
        flush(stamp);
      }
      settings = next;
      if (same) return;
      timer?.cancel();
      begin();
      arm();
    },
    trend,
    state() {
      const figures = shelf.read((file) => file.figures());
      const because = shelf.failing();
      const waiting = figures && figures.last - Math.max(figures.acknowledged, figures.first - 1);
      return {
        ok: because === undefined,
        ...(because !== undefined && { because }),
        bytes: figures?.bytes ?? 0,
        ...(figures?.oldestMs !== undefined && { from: new Date(figures.oldestMs).toISOString() }),
        dropped: (figures?.dropped ?? 0) + lost,
        ...(settings.publish && { waiting: waiting ?? 0 }),
      };
    },
    stop() {
      stopped = true;
      timer?.cancel();
      const stamp = host.stamp();
      seal(stamp);
      flush(stamp);
      shelf.close();
    },
  };
}

function addTo(thinning: Thinning, block: Block, point: string): void {
  const slot = block.points.indexOf(point);
  if (slot >= 0) thinning.add(block, slot);
}

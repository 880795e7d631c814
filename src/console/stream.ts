// The live stream: what happens in the house, told to every open page as server-sent events. Each thing is put into
// words once for all listeners; points are gathered for a moment; who comes back gets the events that were missed, out of
// the journal, without a gap and none twice; who does not read is dropped, and where all places are taken somebody with many
// gives way to somebody with few. Knows a response to write to, no route.

import type { StatusReport } from '../control/types.ts';
import type { Event } from '../core/types.ts';
import type { Log } from '../driver.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { beatEveryMs, type Told } from './api.ts';
import { streams as limits } from './limits.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { ConsoleHost } from './types.ts';

const gatherPointsMs = 100;
const gatherIncidentsMs = 20;
/** The state is looked at after each event, and so often besides. */
const lookEveryMs = 2000;
const tellStatusEveryMs = 20_000;
const pageOfEvents = 50;

/** A response, as far as the stream writes to it. */
export interface Listening {
  write(text: string): void;
  /** bytes that were written and not taken yet */
  unread(): number;
  /** resolves when what waits was taken, or it was closed */
  drained(): Promise<void>;
  close(): void;
}

/** Whose page it is. */
export interface Listens {
  /** id of a user who is logged in, or an address */
  readonly owner: string;
  /** absent: nobody is logged in */
  readonly login?: string | undefined;
}

interface Listener extends Listens {
  readonly to: Listening;
  /** bytes of the greeting, which may be large and waits for nobody */
  allowance: number;
  lastSeq: number;
  live: boolean;
  gone: boolean;
}

export interface Stream {
  /**
   * Begins to tell. `after`: number of the last event that was heard in this epoch; undefined: from now on. Gives how to
   * end it, or undefined where there are too many listeners and nobody gives way.
   */
  join(to: Listening, who: Listens, after: number | undefined): (() => void) | undefined;
  /** Committed events, in order. */
  events(events: readonly Event[]): void;
  /** What changed in a turn, by id. */
  changed(points: Iterable<string>, incidents: Iterable<string>): void;
  /** The site was read again: everything is said anew. */
  reloaded(): void;
  /** Ends what belongs to a login that is none any more, however it came to its end. */
  dropEnded(isGood: (login: string) => boolean): void;
  /** Ends what belongs to no login. */
  dropAnonymous(): void;
  listeners(): number;
  /** Ends all; others may join later. */
  close(): void;
}

export function createStream(options: {
  readonly clock: Clock;
  readonly host: ConsoleHost;
  readonly log: Log;
  readonly session: string;
  readonly version: string;
}): Stream {
  const { clock, host, log } = options;
  const listeners = new Set<Listener>();
  const points = new Set<string>();
  const incidents = new Set<string>();
  let site = 0;
  let pointsTimer: Timer | undefined;
  let incidentsTimer: Timer | undefined;
  let beatTimer: Timer | undefined;
  let greeting: string | undefined;
  // who comes back reads the journal one page at a time, and one listener after the other
  const pages = oneAtATime(limits.most);
  let toldStatus: { readonly seen: string; readonly atMs: number } | undefined;
  let lookedMs = Number.NEGATIVE_INFINITY;
  let lookSoon = false;

  const frame = (told: Told, id?: string): string =>
    `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(told)}\n\n`;

  const leave = (listener: Listener): void => {
    if (listener.gone) return;
    listener.gone = true;
    listeners.delete(listener);
    if (listeners.size === 0) rest();
  };

  const write = (listener: Listener, text: string): void => {
    if (listener.gone) return;
    if (listener.to.unread() > limits.mostUnreadBytes + listener.allowance) {
      log.warn({ code: 'SLOW_READER' }, 'a page does not read its stream: dropped');
      leave(listener);
      listener.to.close();
      return;
    }
    if (listener.allowance > 0 && listener.to.unread() === 0) listener.allowance = 0;
    listener.to.write(text);
  };

  const tell = (text: string): void => {
    for (const listener of listeners) if (listener.live) write(listener, text);
  };

  const tellEvent = (listener: Listener, event: Event, text: string): void => {
    if (event.seq <= listener.lastSeq) return;
    listener.lastSeq = event.seq;
    write(listener, text);
  };

  const frameOf = (event: Event): string => frame({ type: 'event', event }, `${host.epoch()}-${event.seq}`);

  const hello = (): string => {
    greeting ??= frame({
      type: 'hello',
      session: options.session,
      version: options.version,
      site,
      status: host.status(),
      incidents: host.incidents(false),
    });
    return greeting;
  };

  const beat = (): void => {
    greeting = undefined;
    tell(
      frame({
        type: 'beat',
        at: new Date(clock.wallMs()).toISOString(),
        lastSeq: host.lastSeq(),
        clock: host.clockState(),
      }),
    );
    if (lookSoon || clock.steadyMs() - lookedMs >= lookEveryMs) look();
    beatTimer = listeners.size === 0 ? undefined : clock.after(beatEveryMs, beat);
  };

  const look = (): void => {
    lookSoon = false;
    lookedMs = clock.steadyMs();
    const status = host.status();
    const seen = visibleOf(status);
    const due = toldStatus === undefined || lookedMs - toldStatus.atMs >= tellStatusEveryMs;
    if (!due && toldStatus?.seen === seen) return;
    toldStatus = { seen, atMs: lookedMs };
    tell(frame({ type: 'status', status }));
  };

  const flushPoints = (): void => {
    pointsTimer = undefined;
    const told = [...points].flatMap((id) => {
      const point = host.point(id);
      if (point === undefined) return [];
      const { value, quality, at, active, disabled, exercisedAt } = point;
      return [
        {
          id,
          value,
          quality,
          ...(at !== undefined && { at }),
          active,
          ...(disabled && { disabled }),
          ...(exercisedAt && { exercisedAt }),
        },
      ];
    });
    points.clear();
    if (told.length > 0) tell(frame({ type: 'points', points: told }));
  };

  const flushIncidents = (): void => {
    incidentsTimer = undefined;
    for (const id of incidents) {
      const incident = host.incident(id);
      if (incident !== undefined) tell(frame({ type: 'incident', incident }));
    }
    incidents.clear();
    look();
  };

  /** Nobody listens: nothing is made. */
  const rest = (): void => {
    for (const timer of [pointsTimer, incidentsTimer, beatTimer]) timer?.cancel();
    pointsTimer = undefined;
    incidentsTimer = undefined;
    beatTimer = undefined;
    toldStatus = undefined;
    greeting = undefined;
    points.clear();
    incidents.clear();
  };

  const drop = (listener: Listener | undefined): boolean => {
    if (listener === undefined) return false;
    leave(listener);
    listener.to.close();
    return true;
  };

  const end = (which: (listener: Listener) => boolean): void => {
    for (const listener of [...listeners]) if (which(listener)) drop(listener);
  };

  /**
   * Is there a place? What one login has too many of is taken from itself. Where all are taken, the oldest of whoever has
   * most gives way: always to a person who is logged in, and to others only if that one still has more than they.
   */
  const hasRoomFor = ({ owner, login }: Listens): boolean => {
    const ofLogin = [...listeners].filter((each) => login !== undefined && each.login === login);
    if (ofLogin.length >= limits.mostOfOneLogin) drop(ofLogin[0]);
    if (listeners.size < limits.most) return true;
    const counts = new Map<string, number>();
    for (const each of listeners) counts.set(each.owner, (counts.get(each.owner) ?? 0) + 1);
    const most = Math.max(...counts.values());
    if (login === undefined && (counts.get(owner) ?? 0) + 1 >= most) return false;
    return drop([...listeners].find((each) => counts.get(each.owner) === most));
  };

  /** The journal page by page, as fast as it is read; between the last page and being live nothing can happen. */
  const catchUp = async (listener: Listener): Promise<void> => {
    for (;;) {
      if (listener.gone) return;
      const more = await pages.run(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        if (listener.gone) return false;
        const missed = host.eventsAfter(listener.lastSeq, pageOfEvents);
        for (const event of missed) tellEvent(listener, event, frameOf(event));
        if (missed.length > 0) return true;
        listener.live = true;
        // what changed while it caught up
        write(listener, hello());
        return false;
      });
      if (!more) return;
      await listener.to.drained();
    }
  };

  return {
    join(to, who, after) {
      if (!hasRoomFor(who)) return undefined;
      const lastSeq = host.lastSeq();
      const listener: Listener = {
        ...who,
        to,
        allowance: 0,
        lastSeq: Math.min(after ?? lastSeq, lastSeq),
        live: after === undefined || after >= lastSeq,
        gone: false,
      };
      listeners.add(listener);
      const text = hello();
      listener.allowance = Buffer.byteLength(text);
      write(listener, text);
      beatTimer ??= clock.after(beatEveryMs, beat);
      if (!listener.live) {
        catchUp(listener).catch((error: Error) => {
          log.warn({ code: 'STREAM_FAILED', because: error.message }, 'missed events could not be read');
          leave(listener);
          to.close();
        });
      }
      return () => leave(listener);
    },
    events(events) {
      if (listeners.size === 0) return;
      greeting = undefined;
      lookSoon = true;
      for (const event of events) {
        const text = frameOf(event);
        for (const listener of listeners) if (listener.live) tellEvent(listener, event, text);
      }
    },
    changed(changedPoints, changedIncidents) {
      if (listeners.size === 0) return;
      greeting = undefined;
      for (const id of changedPoints) points.add(id);
      for (const id of changedIncidents) incidents.add(id);
      if (points.size > 0) pointsTimer ??= clock.after(gatherPointsMs, flushPoints);
      if (incidents.size > 0) incidentsTimer ??= clock.after(gatherIncidentsMs, flushIncidents);
    },
    reloaded() {
      site += 1;
      if (listeners.size === 0) return;
      greeting = undefined;
      tell(hello());
    },
    dropEnded: (isGood) => end(({ login }) => login !== undefined && !isGood(login)),
    dropAnonymous: () => end(({ login }) => login === undefined),
    listeners: () => listeners.size,
    close: () => end(() => true),
  };
}

/** What of the status people should see as soon as it differs; figures that only count are left out. */
function visibleOf(status: StatusReport): string {
  const { open, mqtt, store, buses, outputs, disabled, suppressed, drills, walkTest, duties, people } =
    status;
  return JSON.stringify([
    open,
    mqtt && [mqtt.connected, mqtt.because],
    store,
    buses.map(({ id, up, devices }) => [
      id,
      up,
      devices.filter((device) => !device.up).map((each) => each.id),
    ]),
    outputs,
    disabled.map(({ of, id, reason, by }) => [of, id, reason, by]),
    suppressed,
    drills,
    walkTest && [walkTest.incident, walkTest.heard, walkTest.left, walkTest.ending],
    duties?.map(({ kind, subject, reminded, overdue }) => [kind, subject, reminded, overdue]),
    people?.channels.map(({ id, ok }) => [id, ok]),
    status.warnings,
    status.signed,
    status.contactsChecked,
    status.clock,
  ]);
}

/** Number of the last event that was heard, of `EPOCH-SEQ` or a bare number; undefined: nothing that can be gone on from. */
export function heardBefore(id: string | undefined, epoch: string): number | undefined {
  const match = /^(?:([a-z0-9]{1,64})-)?(\d{1,15})$/.exec(id ?? '');
  if (match === null || (match[1] !== undefined && match[1] !== epoch)) return undefined;
  return Number(match[2]);
}

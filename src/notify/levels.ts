// The lane of the levels: points and open incidents as retained messages that end up equal to the house.
// Only ids are remembered; the value is read when it is sent, so a slow broker costs no memory and gets the
// latest. Knows no connection.

import type { Clock, Timer } from '../lib/clock.ts';
import type { Store } from '../store/types.ts';
import { explainReason } from './explain.ts';
import { type Log, rarely } from './log.ts';
import { type Lane, longestRetryMs, refusedForGood, shortestRetryMs } from './sender.ts';
import type { Topics } from './topics.ts';
import type { Levels } from './types.ts';

/** so many connections in a row ended by the broker with nothing but levels unanswered: alarms come first */
const mostBreaks = 3;
const quietMs = 600_000;

interface Refusal {
  readonly pauseMs: number;
  /** when it is offered again; gone once it is */
  dueMs?: number | undefined;
  readonly redo: () => void;
}

export interface LevelLane extends Lane {
  changed(points: Iterable<string>, incidents: Iterable<string>): void;
  /** This lies at the broker, of a run before this one. */
  found(topic: string, payload: Buffer): void;
  /** Everything is to be published again, and what no longer stands to be emptied; on each new connection. */
  begin(): void;
  /** No more levels: the daemon stops. */
  halt(): void;
}

export function createLevelLane(options: {
  readonly topics: Topics;
  readonly levels: Levels;
  readonly store: Pick<Store, 'retained' | 'retain'>;
  readonly clock: Clock;
  readonly log: Log;
  pump(): void;
}): LevelLane {
  const { topics, levels, store, clock, log } = options;
  const mayLog = rarely(clock);
  const incidents = new Set<string>();
  const points = new Set<string>();
  /** topics to be emptied of which no id is known: left by another configuration or an earlier run */
  const ghosts = new Set<string>();
  /** one message for a topic at a time; what changes meanwhile waits here as the latest only */
  const inFlight = new Map<string, () => void>();
  const again = new Set<string>();
  /** topics that we have left at the broker, and those of them that the store was not yet told of */
  const known = new Set<string>();
  const unsaved = new Set<string>();
  let live = false;
  let breaks = 0;
  let resume: Timer | undefined;
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  /** by topic: not taken for now, until taken at last */
  const refusals = new Map<string, Refusal>();
  let retryTimer: Timer | undefined;
  let retryAtMs = Number.POSITIVE_INFINITY;

  const remember = (added: readonly string[], gone: readonly string[]): void => {
    for (const topic of added) {
      if (known.has(topic)) continue;
      known.add(topic);
      unsaved.add(topic);
    }
    for (const topic of gone) {
      known.delete(topic);
      unsaved.delete(topic);
    }
    if (unsaved.size === 0 && gone.length === 0) return;
    try {
      store.retain([...unsaved], gone);
      unsaved.clear();
    } catch (fault) {
      if (mayLog('retain'))
        log.warn({ code: 'TOPICS_NOT_NOTED', fault: String(fault) }, 'retained topics could not be noted');
    }
  };

  const pointMessage = (id: string): { topic: string; payload: string } => {
    const state = levels.point(id);
    const payload =
      state === undefined
        ? ''
        : JSON.stringify({
            value: state.quality === 'good' ? state.value : null,
            quality: state.quality,
            unit: state.unit ?? null,
            at: state.at,
          });
    return { topic: topics.point(id), payload };
  };

  const incidentMessage = (id: string): { topic: string; payload: string } => {
    for (const incident of levels.openIncidents()) {
      if (incident.id === id) return { topic: topics.incident(id), payload: JSON.stringify(incident) };
    }
    return { topic: topics.incident(id), payload: '' };
  };

  /** An incident's number may be given again where the first was lost with a disk: it may be open by now. */
  const ghostMessage = (topic: string): { topic: string; payload: string } => {
    const id = topics.incidentOf(topic);
    return id === undefined ? { topic, payload: '' } : incidentMessage(id);
  };

  /** The first of a set that may be sent now; the rest stays. */
  const take = (
    from: Set<string>,
    messageOf: (id: string) => { topic: string; payload: string },
  ): { topic: string; payload: string } | undefined => {
    for (const id of from) {
      from.delete(id);
      const message = messageOf(id);
      // opened and closed before it was ever published
      if (message.payload === '' && !known.has(message.topic)) continue;
      // offered again later, as it stands then
      if (refusals.get(message.topic)?.dueMs !== undefined) continue;
      if (!inFlight.has(message.topic)) {
        inFlight.set(message.topic, () => from.add(id));
        return message;
      }
      again.add(message.topic);
    }
    return undefined;
  };

  const stopRetry = (): void => {
    retryTimer?.cancel();
    retryTimer = undefined;
    retryAtMs = Number.POSITIVE_INFINITY;
  };

  const retryAt = (dueMs: number): void => {
    if (dueMs >= retryAtMs) return;
    stopRetry();
    retryAtMs = dueMs;
    retryTimer = clock.after(dueMs - clock.steadyMs(), retry);
  };

  const retry = (): void => {
    stopRetry();
    const nowMs = clock.steadyMs();
    for (const refusal of refusals.values()) {
      if (refusal.dueMs === undefined) continue;
      if (refusal.dueMs > nowMs) {
        retryAt(refusal.dueMs);
        continue;
      }
      refusal.dueMs = undefined;
      refusal.redo();
    }
    options.pump();
  };

  const notNow = (topic: string, redo: () => void): void => {
    const before = refusals.get(topic);
    const pauseMs = before === undefined ? shortestRetryMs : Math.min(longestRetryMs, before.pauseMs * 2);
    const dueMs = clock.steadyMs() + pauseMs;
    refusals.set(topic, { pauseMs, dueMs, redo });
    retryAt(dueMs);
  };

  const forget = (): void => {
    resume?.cancel();
    resume = undefined;
    stopRetry();
    refusals.clear();
    live = false;
    incidents.clear();
    points.clear();
    ghosts.clear();
  };

  const begin = (): void => {
    const quietLeftMs = quietUntilMs - clock.steadyMs();
    if (quietLeftMs > 0) {
      resume ??= clock.after(quietLeftMs, () => {
        resume = undefined;
        begin();
        options.pump();
      });
      return;
    }
    live = true;
    const standing = [topics.status];
    for (const { id } of levels.openIncidents()) {
      incidents.add(id);
      standing.push(topics.incident(id));
    }
    for (const { id } of levels.points()) {
      points.add(id);
      standing.push(topics.point(id));
    }
    try {
      for (const topic of store.retained()) known.add(topic);
    } catch (fault) {
      if (mayLog('retained'))
        log.warn({ code: 'TOPICS_UNREADABLE', fault: String(fault) }, 'retained topics could not be read');
    }
    // noted before they are published: after a crash they can be emptied
    remember(standing, []);
    const stands = new Set(standing);
    for (const topic of known) if (!stands.has(topic)) ghosts.add(topic);
  };

  const settled = (topic: string, payload: string, reason: number): void => {
    const redo = inFlight.get(topic);
    inFlight.delete(topic);
    const changed = again.delete(topic);
    if (reason >= 0x80) {
      const because = explainReason(reason);
      if (mayLog(because))
        log.warn({ code: 'LEVEL_REFUSED', topic, because }, 'the broker refused a retained level');
      if (live && redo !== undefined && !refusedForGood.has(reason)) {
        notNow(topic, redo);
        return;
      }
    } else {
      breaks = 0;
      if (payload === '') remember([], [topic]);
    }
    refusals.delete(topic);
    if (changed && live) redo?.();
  };

  return {
    polite: true,
    changed(changedPoints, changedIncidents) {
      // without a connection nothing is noted: the next one begins with everything
      if (!live) return;
      for (const id of changedIncidents) {
        incidents.add(id);
        // rare and worth it: not held back by a refusal of what it was before
        refusals.delete(topics.incident(id));
      }
      for (const id of changedPoints) points.add(id);
    },
    found(topic, payload) {
      const id = topics.incidentOf(topic);
      // what another gateway under this name has told is not ours to empty
      const ours = id?.endsWith(`_${levels.status().epoch.slice(0, 4)}`) === true;
      if (!live || !ours || payload.length === 0 || incidentMessage(id).payload !== '') return;
      // told while the disk failed, and forgotten by a kill before it was noted
      known.add(topic);
      ghosts.add(topic);
      options.pump();
    },
    begin,
    halt: forget,
    next() {
      const message =
        take(incidents, incidentMessage) ?? take(ghosts, ghostMessage) ?? take(points, pointMessage);
      if (message === undefined) return undefined;
      const { topic, payload } = message;
      if (payload !== '') remember([topic], []);
      return { topic, payload, retain: true, settled: (reason) => settled(topic, payload, reason) };
    },
    lost(hungUp) {
      if (hungUp !== 'no' && inFlight.size > 0 && ++breaks >= mostBreaks) {
        breaks = 0;
        quietUntilMs = clock.steadyMs() + quietMs;
        log.error(
          { code: 'LEVELS_PAUSED', forMs: quietMs },
          'the broker hangs up whenever levels are published; they pause, events go on',
        );
      }
      forget();
      inFlight.clear();
      again.clear();
    },
  };
}

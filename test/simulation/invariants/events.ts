// What the monitoring centre may rely on: every event, in order, none before it is on disk, none lost without a word, and
// a new one soon where the broker is well.

import type { Event } from '../../../src/core/types.ts';
import { isEvent } from '../centre.ts';
import { stateDatabase } from '../sqlite.ts';
import type { Invariant } from './types.ts';

/** without a backlog and with a broker that is well, ms */
const soonMs = 2000;
/** after which a broker that became well has had the backlog, also where it had asked for patience, ms */
const wellForMs = 75_000;

/** a broker that refuses one may have taken those behind it, which then come again, ms */
const patienceMs = 60_000;

/** Events that the store says the broker refused for good. */
export function setAside(): Set<number> {
  const rows = stateDatabase()?.prepare('SELECT seq FROM set_aside').pluck().all() ?? [];
  return new Set(rows as number[]);
}

export function eventsComeInOrder(): Invariant {
  const bodies = new Map<number, string>();
  let epoch = '';
  return {
    name: 'eventsComeInOrder',
    received(world, message) {
      if (!isEvent(message)) return undefined;
      const event = JSON.parse(message.payload) as Event;
      if (epoch !== '' && event.epoch !== epoch) return `a new epoch ${event.epoch} after ${epoch}`;
      epoch = event.epoch;
      const known = bodies.get(event.seq);
      if (!event.id.startsWith(`${event.epoch}-`) || !event.id.endsWith(`-${event.seq}`))
        return `event ${event.seq} is called ${event.id}`;
      if (known !== undefined)
        return known === message.payload ? undefined : `event ${event.id} is not what it was: ${known}`;
      const last = world.centre.lastSeq(epoch);
      if (event.seq > last + 1 && world.broker.refusedMs < world.time.nowMs - patienceMs) {
        const aside = setAside();
        for (let seq = last + 1; seq < event.seq; seq += 1)
          if (!aside.has(seq)) return `event ${event.seq} came after ${last}: ${seq} is missing`;
      }
      bodies.set(event.seq, message.payload);
      if (bodies.size > 5000) bodies.delete(bodies.keys().next().value as number);
      return undefined;
    },
  };
}

export function nothingIsPublishedBeforeItIsStored(): Invariant {
  return {
    name: 'nothingIsPublishedBeforeItIsStored',
    received(_world, message) {
      if (!isEvent(message)) return undefined;
      const { seq, id } = JSON.parse(message.payload) as Event;
      const database = stateDatabase();
      if (database === undefined) return undefined;
      if (database.inTransaction) return `${id} was published within a transaction`;
      const row = database.prepare('SELECT 1 FROM event WHERE seq = ?').get(seq);
      return row === undefined ? `${id} was published and is not in the store` : undefined;
    },
  };
}

export function numbersAreNeverReused(): Invariant {
  let last = 0;
  return {
    name: 'numbersAreNeverReused',
    committed(_world, events) {
      for (const { seq, type } of events) {
        if (seq <= last) return `${type} has the number ${seq} after ${last}`;
        // what was stored at the moment of a kill was not handed out
        last = seq;
      }
      return undefined;
    },
  };
}

export function eventsReachTheCentre(): Invariant {
  let waiting: { seq: number; atMs: number }[] = [];
  return {
    name: 'eventsReachTheCentre',
    committed(world, events) {
      for (const { seq } of events) waiting.push({ seq, atMs: world.time.nowMs });
      return undefined;
    },
    look(world, run) {
      const { epoch } = run.loop!.state.durable;
      const has = world.centre.lastSeq(epoch);
      waiting = waiting.filter(({ seq }) => seq > has);
      const { wellSinceMs } = world.broker;
      const nowMs = world.time.nowMs;
      if (wellSinceMs === undefined || nowMs - Math.max(wellSinceMs, run.startedMs) < wellForMs)
        return undefined;
      const late = waiting.find(({ atMs }) => nowMs - atMs > soonMs);
      if (late === undefined || setAside().has(late.seq)) return undefined;
      return `event ${late.seq} was stored ${(nowMs - late.atMs) / 1000} s ago, the broker is well for ${(nowMs - wellSinceMs) / 1000} s, and has up to ${has}`;
    },
    atEnd(world, run) {
      const { epoch, seq } = run.loop!.state.durable;
      const has = world.centre.lastSeq(epoch);
      return has === seq ? undefined : `the last event is ${seq}, and the centre has up to ${has}`;
    },
  };
}

export function storedEventsSurvive(): Invariant {
  let [stored, epoch] = [0, ''];
  let checked: unknown;
  return {
    name: 'storedEventsSurvive',
    committed(_world, events) {
      const last = events[events.length - 1]!;
      [stored, epoch] = [last.seq, last.epoch];
      return undefined;
    },
    look(_world, run) {
      if (checked === run) return undefined;
      checked = run;
      const { durable } = run.loop!.state;
      if (epoch !== '' && durable.epoch !== epoch)
        return `the state begins anew as ${durable.epoch} after ${epoch}`;
      return durable.seq < stored
        ? `${stored} was stored, and the next run goes on from ${durable.seq}`
        : undefined;
    },
  };
}

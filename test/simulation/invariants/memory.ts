// What is remembered: the journal replays to the live state, commands are run once, nothing outgrows its bound, and the
// log never speaks of a fault of our own.

import { cpSync, rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Durable } from '../../../src/core/state.ts';
import { recall } from '../../../src/recall.ts';
import { base } from '../centre.ts';
import type { Run } from '../house.ts';
import { stateDatabase } from '../sqlite.ts';
import type { World } from '../world-types.ts';
import type { Fault, Invariant } from './types.ts';

const replayEveryMs = 4 * 3_600_000;
const answeredWithinMs = 15_000;

/** All but the last stamp seen, which an input without consequences moves too. */
function remembered(durable: Durable): Record<string, unknown> {
  const { steadyMs: _steadyMs, wallMs: _wallMs, ...rest } = JSON.parse(JSON.stringify(durable)) as Durable;
  return rest;
}

export function replayEqualsTheLiveState(): Invariant {
  let nextMs = 0;
  return {
    name: 'replayEqualsTheLiveState',
    look(world, run) {
      if (world.time.nowMs < nextMs || world.storedSinceMs === undefined) return undefined;
      nextMs = world.time.nowMs + replayEveryMs;
      return replayed(world, run);
    },
    atEnd: replayed,
  };
}

/** As a start after a kill at this moment would recall it. */
function replayed(world: World, run: Run): Fault {
  const copy = `${world.house.dataFolder}.copy`;
  rmSync(copy, { recursive: true, force: true });
  cpSync(world.house.dataFolder, copy, { recursive: true });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const { model, state } = run.loop!;
  const boot = () => ({ id: 'a copy', uptimeMs: 0 });
  const again = recall({ folder: copy }, model.site, model, { clock: run.clock, log, boot, warn() {} });
  try {
    const [mine, live] = [remembered(again.state.durable), remembered(state.durable)];
    if (isDeepStrictEqual(mine, live)) return undefined;
    const keys = [...new Set([...Object.keys(mine), ...Object.keys(live)])];
    const differs = keys.filter((key) => !isDeepStrictEqual(mine[key], live[key]));
    const shown = differs.map(
      (key) => `${key}: ${JSON.stringify(mine[key])} and not ${JSON.stringify(live[key])}`,
    );
    return `a replay comes to ${shown.join('; ').slice(0, 2000)}`;
  } finally {
    again.store.close();
    rmSync(copy, { recursive: true, force: true });
  }
}

export function commandsAreRunOnce(): Invariant {
  const notes = new Map<string, number>();
  return {
    name: 'commandsAreRunOnce',
    committed(_world, events) {
      for (const { type, note, seq } of events) {
        if (type !== 'incident.note' || note === undefined || !note.startsWith('seen ')) continue;
        if (notes.has(note)) return `the note "${note}" is in event ${notes.get(note)} and ${seq}`;
        notes.set(note, seq);
      }
      return undefined;
    },
    received(world, { topic, payload }) {
      if (topic !== `${base}/reply`) return undefined;
      const { id } = JSON.parse(payload) as { id: string };
      const answers = (world.operators.sent.get(id)?.replies ?? [])
        .map(({ reply }) => JSON.stringify(reply))
        // what could not be stored may be forgotten, and be run again
        .filter((text) => !text.includes('"stored":false') && !text.includes('"tooMany"'));
      const other = answers.find((text) => text !== answers[0]);
      return other === undefined ? undefined : `${id} was answered ${answers[0]} and then ${other}`;
    },
    look(world, run) {
      const { nowMs } = world.time;
      const { wellSinceMs } = world.broker;
      if (wellSinceMs === undefined) return undefined;
      for (const { id, deliveredMs, replies } of world.operators.sent.values()) {
        const lastMs = deliveredMs.at(-1);
        if (lastMs === undefined || nowMs - lastMs < answeredWithinMs || nowMs - lastMs > 120_000) continue;
        if (
          lastMs < Math.max(wellSinceMs, run.startedMs) + 1000 ||
          (world.storedSinceMs ?? nowMs) > lastMs - 1000
        )
          continue;
        if (!replies.some(({ atMs }) => atMs >= lastMs))
          return `${id} was not answered in ${(nowMs - lastMs) / 1000} s`;
      }
      return undefined;
    },
  };
}

const boundsEveryMs = 30 * 60_000;
const mostTimers = 600;
const mostInFlight = 100;
const mostRows = 300_000;

export function nothingOutgrowsItsBound(): Invariant {
  let nextMs = 0;
  return {
    name: 'nothingOutgrowsItsBound',
    look(world, run) {
      if (world.time.nowMs < nextMs) return undefined;
      nextMs = world.time.nowMs + boundsEveryMs;
      if (world.time.pending() > mostTimers) return `${world.time.pending()} timers wait`;
      if (world.broker.mostInFlight > mostInFlight)
        return `${world.broker.mostInFlight} messages were in flight at once`;
      const messages = Object.keys(run.loop!.state.durable.messages).length;
      if (messages > 3000) return `${messages} messages to people wait`;
      const database = stateDatabase();
      for (const table of database === undefined ? [] : ['journal', 'outbox', 'retained']) {
        const rows = Number(database?.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
        if (rows > mostRows) return `${table} has ${rows} rows`;
      }
      return undefined;
    },
  };
}

/** by then what waited for the disk is on it, ms */
const storedWithinMs = 20_000;

export function aGoodDiskIsUsed(): Invariant {
  const wellForMs = ({ house, time }: World, run: Run | undefined): number =>
    house.disk === 'well' ? time.nowMs - Math.max(house.diskTurnedMs, run?.startedMs ?? time.nowMs) : 0;
  return {
    name: 'aGoodDiskIsUsed',
    look(world, run) {
      const { ok, because } = run.loop!.storage();
      const forMs = wellForMs(world, run);
      return ok || forMs < storedWithinMs
        ? undefined
        : `the disk is well for ${forMs / 1000} s, and nothing is stored: ${because}`;
    },
    logged(world, { message, fields }) {
      const gaveUp = fields.code === 'STORE_LOST' || fields.code === 'STORE_DROPPED';
      return gaveUp && wellForMs(world, world.house.run) > storedWithinMs ? message : undefined;
    },
  };
}

export function theLogSpeaksOfNoFaultOfOurs(): Invariant {
  const ours =
    /fault inside|could not be judged|did not replay|could not be handed on|driver failed|STOP_FAILED|could not be set aside|started anew/;
  return {
    name: 'theLogSpeaksOfNoFaultOfOurs',
    logged(_world, { message, fields }) {
      const text = `${message} ${JSON.stringify(fields, (_key, value: unknown) => (value instanceof Error ? value.stack : value))}`;
      return ours.test(text) ? text : undefined;
    },
  };
}

// Replays the journal from the last snapshot, also where a fact of it can't be replayed: a daemon that ends at the same
// fact again and again guards nobody. What fails is left out, as if it had not been noted, and counted. Knows the engine
// and what the store remembers, no files.

import { createState } from './core/engine.ts';
import type { Model } from './core/model.ts';
import type { Durable, State } from './core/state.ts';
import type { Fact } from './core/types.ts';
import type { Log } from './driver.ts';
import { replayFacts } from './loop.ts';
import { storeFault } from './store/faults.ts';
import type { Remembered } from './store/types.ts';

/** Where more than this fail, the fault is not in single facts: all from the first of them on are left out. */
const mostLeftOut = 16;

export interface Replayed {
  readonly state: State;
  /** the model in force at the journal's end */
  readonly inForce: Model;
  /** so many facts could not be replayed */
  readonly leftOut: number;
}

export interface ReplayOptions {
  /** of a state that is begun; one that is there brings its own */
  readonly epoch: string;
  /** the model under which the snapshot was taken */
  readonly model: Model;
  readonly modelOf: (siteHash: string) => Model | undefined;
  /** has a state to which facts are missing the incidents that were stored, each under its own number? */
  readonly agrees: (state: State) => boolean;
  readonly log: Log;
}

/** Throws StoreFault `damaged` where the snapshot is not one. */
export function replayJournal(remembered: Remembered, options: ReplayOptions): Replayed {
  const { facts, unreadable } = remembered;
  const leftOut = new Set<number>();
  const firstMissing = (): number => Math.min(...leftOut, unreadable?.after ?? facts.length);
  const endAtFirst = (): void => {
    for (let at = firstMissing(); at < facts.length; at += 1) leftOut.add(at);
  };
  for (;;) {
    // from the beginning each time: a step that throws may have changed half of what it meant to
    const outcome = attempt(remembered, options, leftOut);
    if ('state' in outcome) {
      const whole = firstMissing() === facts.length && unreadable === undefined;
      const ended = leftOut.size === facts.length - firstMissing();
      if (whole || ended || options.agrees(outcome.state)) return { ...outcome, leftOut: leftOut.size };
      // without the fact that is missing, those after it mean something else
      endAtFirst();
      continue;
    }
    options.log.error(
      { code: 'REPLAY_FAILED', fact: describe(remembered.facts[outcome.failedAt]!), error: outcome.error },
      'a fact of the journal could not be replayed and is left out',
    );
    leftOut.add(outcome.failedAt);
    if (leftOut.size > mostLeftOut) endAtFirst();
  }
}

function attempt(
  { snapshot, facts }: Remembered,
  { epoch, model, modelOf }: ReplayOptions,
  leftOut: ReadonlySet<number>,
): { state: State; inForce: Model } | { failedAt: number; error: unknown } {
  const state = begin(snapshot, model, epoch);
  let inForce = model;
  for (let at = 0; at < facts.length; at += 1) {
    if (leftOut.has(at)) continue;
    try {
      inForce = replayFacts(state, [facts[at]!], inForce, modelOf);
    } catch (error) {
      return { failedAt: at, error };
    }
  }
  return { state, inForce };
}

function begin(snapshot: string | undefined, model: Model, epoch: string): State {
  if (snapshot === undefined) return createState(model, epoch);
  try {
    const durable = JSON.parse(snapshot) as Durable;
    if (!isDurable(durable)) throw new TypeError('it has not the shape of one');
    return createState(model, epoch, durable);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw storeFault('damaged', `the snapshot of the state can't be used: ${why}`, error);
  }
}

function isDurable(given: unknown): given is Durable {
  if (given === null || typeof given !== 'object') return false;
  const { version, epoch, seq, incidentCount, steadyMs, incidents, keys, rules, timers } = given as Durable;
  const areObjects = [incidents, keys, rules, timers].every((each) => each && typeof each === 'object');
  const areNumbers = [seq, incidentCount, steadyMs].every((each) => Number.isFinite(each));
  return version === 1 && typeof epoch === 'string' && areObjects && areNumbers;
}

function describe({ input }: Fact): object {
  return { type: input.type, steadyMs: input.at.steadyMs, wallMs: input.at.wallMs };
}

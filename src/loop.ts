// The shell's heart: every input is stamped at the door and stepped at once, outputs are driven at once, and
// all that came in one turn of the event loop is made durable in one transaction before it is published. If
// that fails, outputs and retained levels go on, and what could not be stored is kept and tried again.

import { replay, step, wakeAt } from './core/engine.ts';
import type { Model } from './core/model.ts';
import { desiredOutputs } from './core/outputs.ts';
import type { State } from './core/state.ts';
import { isFailing } from './core/troubles.ts';
import type { Command, Effects, Event, Fact, Incident, Input, Reply, Site, Stamp } from './core/types.ts';
import type { Log } from './driver.ts';
import type { Clock, Timer } from './lib/clock.ts';
import { createDurations, type DurationFigures } from './lib/durations.ts';
import { type Store, StoreFault } from './store/types.ts';
import { createSurvival, check as engineCheck, quietMs } from './survival.ts';

type WithoutStamp<T> = T extends unknown ? Omit<T, 'at'> : never;
export type Unstamped = WithoutStamp<Input>;

/** Where a turn's results go. */
export interface Outlets {
  /** wanted values of all outputs; called before anything is stored */
  drive(desired: ReadonlyMap<string, boolean | 'keep'>): void;
  /** events are durable now; levels may be told even when storing failed */
  publish(events: readonly Event[], points: ReadonlySet<string>, incidents: ReadonlySet<string>): void;
  /** the messages to people that stand in the state are others than before; told stored or not */
  tell(): void;
}

/** What is not on the disk yet: facts after what is stored, or after a state that stands in its place. */
export interface Unstored {
  readonly facts: readonly Fact[];
  readonly base?: { readonly durable: string; readonly model: Model };
}

export interface LoopOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly model: Model;
  readonly state: State;
  /** engine time at the clock's zero */
  readonly baseMs: number;
  readonly outlets: Outlets;
  readonly log: Log;
  /** Makes the state again, from what is stored and what is not; without it an engine that throws is the caller's affair. */
  readonly rebuild?: (unstored: Unstored, model: Model) => State;
  /** The state can't be made again: the process is to end; default: by an error that nobody catches. */
  readonly end?: (error: Error) => void;
  /** every stamp, before anything is made of it */
  readonly onStamp?: (stamp: Stamp) => void;
}

export interface Loop {
  readonly state: State;
  readonly model: Model;
  stamp(): Stamp;
  push(input: Unstamped): void;
  /** Hands out the wanted values of all outputs again. */
  drive(): void;
  /** Runs a command once for each id; resolves when its effects are durable. */
  command(command: Command): Promise<Reply>;
  /** The answer that a command of this id got, or is about to get; undefined where none is kept. */
  answerTo(id: string): Promise<Reply> | undefined;
  /** From now on this model is in force. */
  reload(model: Model, siteHash: string): void;
  /** Resolves after one whole turn: the proof of life that the watchdog is fed with. */
  pulse(): Promise<void>;
  /** number of the last event that is on disk */
  storedSeq(): number;
  /** How long the longest commit took since this was last asked, ms. */
  slowestCommitMs(): number;
  /** of all attempts since the start, and how many of them failed */
  commits(): DurationFigures & { readonly failed: number };
  /** Is everything stored? If not, why. */
  storage(): { ok: boolean; because?: string };
  stop(because: string): void;
}

/** What a restart has to replay at most; a snapshot costs no more than a few facts. */
const snapshotEveryFacts = 250;
/** After a flood a snapshot is large, and a card wears: each megabyte of the last one makes the next as much rarer. */
const snapshotBytes = 1_000_000;
const snapshotAtMostRarer = 8;
const retryAfterMs = 2000;
/** A commit longer than this is a slow disk's, which the detectors must not wait for time and again. */
const slowCommitMs = 100;
const mostRestMs = 2000;
/** Kept in memory while the disk fails; beyond it the oldest notes of it are dropped, counted and said. */
const mostUnstored = 20_000;

export function createLoop(options: LoopOptions): Loop {
  const { clock, store, outlets, log, state } = options;
  let { model } = options;
  let batch = emptyBatch();
  let scheduled = false;
  let failing: string | undefined;
  let storedSeq = state.durable.seq;
  let factsSinceSnapshot = 0;
  let snapshotEvery = snapshotEveryFacts;
  let timer: Timer | undefined;
  let armedForMs = Number.POSITIVE_INFINITY;
  let stopped = false;
  /** waits for the end of a trouble of the engine */
  let quiet: Timer | undefined;
  let rest: Timer | undefined;
  let restUntilMs = Number.NEGATIVE_INFINITY;
  let slowestCommitMs = 0;
  const commits = createDurations();
  let failedCommits = 0;
  const pulses: (() => void)[] = [];
  const underway = new Map<string, Promise<Reply>>();

  const stamp = (): Stamp => {
    const made: Stamp = {
      steadyMs: options.baseMs + clock.steadyMs(),
      wallMs: clock.wallMs(),
      clock: clock.synced() ? 'synced' : 'unsynced',
    };
    options.onStamp?.(made);
    return made;
  };

  const push = (input: Unstamped): void => {
    if (stopped) return;
    const at = stamp();
    if (input.type === 'reading') {
      for (const values of withoutRepeats(input.values)) take({ type: 'reading', values, at });
    } else {
      take({ ...input, at } as Input);
    }
    arm();
  };

  const take = (input: Input): Reply | undefined => {
    if (stopped) return undefined;
    const allowed = survival.allowed(input);
    if (allowed === undefined) return survival.refusal(input);
    let effects: Effects;
    try {
      effects = step(state, allowed, model);
    } catch (error) {
      // neither is left out: without them the state is not that of this process and this site
      if (!options.rebuild || input.type === 'started' || input.type === 'reloaded') throw error;
      return survival.survive(allowed, error);
    }
    return gather(effects);
  };

  const gather = (effects: Effects): Reply | undefined => {
    if (effects.outputs) drive();
    for (const point of effects.points) batch.points.add(point);
    for (const [id, incident] of effects.incidents) {
      batch.incidents.set(id, incident);
      batch.touched.add(id);
    }
    for (const event of effects.events) batch.events.push(event);
    if (effects.messages) batch.messages = true;
    if (effects.fact) batch.facts.push(effects.fact);
    if (effects.reply) batch.replies.push(effects.reply);
    if (effects.fact || effects.reply || effects.points.size > 0) schedule();
    return effects.reply;
  };

  const drive = (): void => {
    const desired = new Map<string, boolean | 'keep'>();
    for (const [id, { value }] of desiredOutputs(state, model)) desired.set(id, value);
    outlets.drive(desired);
  };

  const survival = createSurvival({
    state,
    log,
    model: () => model,
    nowMs: () => clock.steadyMs(),
    rebuild() {
      const facts = batch.facts.slice(batch.base?.facts ?? 0);
      return options.rebuild!({ facts, ...(batch.base && { base: batch.base }) }, model);
    },
    exchanged() {
      const { durable } = state;
      // no number is given twice
      durable.seq = Math.max(durable.seq, storedSeq, batch.events.at(-1)?.seq ?? 0);
      for (const id of batch.incidents.keys()) {
        const whole = durable.incidents[id] ?? durable.leaving[id];
        if (whole) batch.incidents.set(id, whole);
      }
      batch.messages = true;
      schedule();
      drive();
      watchQuiet();
    },
    base() {
      batch.base = { durable: JSON.stringify(state.durable), model, facts: batch.facts.length };
      batch.snapshot = true;
    },
    gather: (effects) => void gather(effects),
    end(error) {
      stopped = true;
      timer?.cancel();
      log.error({ code: 'ENGINE_FAILED', error }, `the state can't be made again: ${error.message}`);
      const end = options.end ?? ((fault: Error) => void setImmediate(() => void raise(fault)));
      end(error);
    },
  });

  /** The trouble of inputs that were left out ends when there were none for a while. */
  const watchQuiet = (): void => {
    quiet ??= clock.after(quietMs, () => {
      quiet = undefined;
      if (stopped || !isFailing(state.durable, engineCheck)) return;
      if (survival.isQuiet()) {
        const because = `no input had to be left out for ${quietMs / 60_000} min`;
        push({ type: 'health', check: engineCheck, ok: true, because });
      } else watchQuiet();
    });
  };

  // Behind everything that is ready to be read: a flood of readings becomes one transaction, not hundreds.
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    const turn = (): void => {
      scheduled = false;
      if (stopped) return;
      // Nothing is read while a commit blocks. After a slow one the lines have as long for themselves, but an event
      // never waits.
      const restMs = batch.events.length > 0 ? 0 : restUntilMs - clock.steadyMs();
      if (restMs <= 0) finish();
      else
        rest ??= clock.after(restMs, () => {
          rest = undefined;
          schedule();
        });
    };
    setImmediate(turn);
  };

  const finish = (): void => {
    if (failing === undefined) {
      const fault = commit();
      if (fault === undefined) handOver();
      else failed(fault);
    }
    if (failing !== undefined) {
      // Levels are no history: they are told, stored or not; and so are people. Events wait for the disk.
      outlets.publish([], new Set(batch.points), new Set(batch.touched));
      if (batch.messages) outlets.tell();
      batch.messages = false;
      batch.points.clear();
      batch.touched.clear();
      for (const resolve of batch.resolvers.splice(0)) resolve(false);
      bound();
    }
    for (const resolve of pulses.splice(0)) resolve();
  };

  const handOver = (): void => {
    const { events, points, touched, resolvers, messages } = batch;
    batch = emptyBatch();
    outlets.publish(events, points, touched);
    if (messages) outlets.tell();
    for (const resolve of resolvers) resolve(true);
  };

  /** Stores the batch; gives back what went wrong. */
  const commit = (): Error | undefined => {
    if (batch.facts.length === 0 && batch.replies.length === 0 && batch.site === undefined && !batch.snapshot)
      return undefined;
    const snapshot = batch.snapshot || factsSinceSnapshot + batch.facts.length >= snapshotEvery;
    const beganMs = clock.steadyMs();
    try {
      const body = snapshot ? JSON.stringify(state.durable) : undefined;
      if (body !== undefined) batch.base = { durable: body, model, facts: batch.facts.length };
      store.commit({
        facts: batch.facts,
        events: batch.events,
        incidents: [...batch.incidents.values()],
        replies: batch.replies,
        ...(body !== undefined && { snapshot: body }),
        ...(batch.site && { site: batch.site }),
      });
      const last = batch.events[batch.events.length - 1];
      if (last) storedSeq = last.seq;
      if (body !== undefined) {
        const rarer = Math.min(snapshotAtMostRarer, Math.ceil(body.length / snapshotBytes));
        snapshotEvery = snapshotEveryFacts * rarer;
      }
      factsSinceSnapshot = snapshot ? 0 : factsSinceSnapshot + batch.facts.length;
      return undefined;
    } catch (error) {
      failedCommits += 1;
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      const tookMs = clock.steadyMs() - beganMs;
      commits.took(tookMs);
      slowestCommitMs = Math.max(slowestCommitMs, tookMs);
      if (tookMs > slowCommitMs) restUntilMs = beganMs + tookMs + Math.min(tookMs, mostRestMs);
    }
  };

  const failed = (fault: Error): void => {
    failing = fault.message;
    log.error(
      { code: 'STORE_FAILED', ...(fault instanceof StoreFault && { hint: fault.hint }) },
      fault.message,
    );
    take({ type: 'health', check: 'storage', ok: false, because: fault.message, at: stamp() });
    clock.after(retryAfterMs, retry);
  };

  const retry = (): void => {
    if (stopped) return;
    // What the facts did is in the state: a snapshot says it in one piece.
    batch.facts = [];
    batch.snapshot = true;
    if (commit() !== undefined) {
      clock.after(retryAfterMs, retry);
      return;
    }
    log.info({ code: 'STORE_RECOVERED', after: failing }, 'the disk takes writes again');
    failing = undefined;
    handOver();
    push({ type: 'health', check: 'storage', ok: true, because: 'the disk takes writes again' });
  };

  const giveUp = (fault: Error): void => {
    const lost = { events: batch.events.length, incidents: Object.keys(state.durable.incidents) };
    log.error({ code: 'STORE_LOST', ...lost }, `stopped with what could not be stored: ${fault.message}`);
    for (const resolve of batch.resolvers.splice(0)) resolve(false);
  };

  const bound = (): void => {
    batch.replies.splice(0, batch.replies.length - mostUnstored);
    for (const [id, incident] of batch.incidents) {
      if (batch.incidents.size <= mostUnstored) break;
      if (incident.state === 'closed') batch.incidents.delete(id);
    }
    const over = batch.events.length - mostUnstored;
    if (over <= 0) return;
    batch.events.splice(0, over);
    log.error(
      { code: 'STORE_DROPPED', dropped: over },
      'too much could not be stored: the oldest events were given up',
    );
  };

  const arm = (): void => {
    const at = wakeAt(state);
    if (at === undefined || at >= armedForMs) return;
    timer?.cancel();
    armedForMs = at;
    const atMs = Math.max(at, survival.restUntilMs());
    timer = clock.after(Math.max(0, Math.ceil(atMs - options.baseMs - clock.steadyMs())), () => {
      armedForMs = Number.POSITIVE_INFINITY;
      push({ type: 'tick' });
    });
  };

  // (one that is open from before a restart)
  if (isFailing(state.durable, engineCheck)) watchQuiet();

  const answerTo = (id: string): Promise<Reply> | undefined => {
    const same = underway.get(id);
    if (same) return same;
    // Not under way and still in the batch: the disk fails, and a kill would undo what the command did.
    const unstored = batch.replies.find((reply) => reply.id === id);
    const before = unstored ? { ...unstored, stored: false } : store.reply(id);
    return before && Promise.resolve(before);
  };

  return {
    state,
    get model() {
      return model;
    },
    stamp,
    push,
    drive,
    answerTo,
    async command(command) {
      const before = answerTo(command.id);
      if (before) return before;
      const answer = new Promise<Reply>((resolve) => {
        const at = stamp();
        const input = { type: 'command', command, at } as const;
        const reply = take(input) ?? survival.refusal(input)!;
        batch.resolvers.push((stored) => {
          underway.delete(command.id);
          resolve(stored ? reply : { ...reply, stored: false });
        });
        arm();
      });
      underway.set(command.id, answer);
      return answer;
    },
    reload(next, siteHash) {
      const before = { model, site: batch.site };
      model = next;
      batch.site = next.site;
      batch.snapshot = true;
      const input: Input = { type: 'reloaded', site: siteHash, at: stamp() };
      try {
        take(input);
      } catch (error) {
        model = before.model;
        batch.site = before.site;
        if (options.rebuild) survival.rebuild(input);
        throw error;
      }
      drive();
      arm();
    },
    pulse() {
      return new Promise((resolve) => {
        pulses.push(resolve);
        push({ type: 'tick' });
        schedule();
      });
    },
    storedSeq: () => storedSeq,
    slowestCommitMs() {
      const ms = slowestCommitMs;
      slowestCommitMs = 0;
      return ms;
    },
    commits: () => ({ ...commits.figures(), failed: failedCommits }),
    storage: () => (failing === undefined ? { ok: true } : { ok: false, because: failing }),
    stop(because) {
      // (it can't go on, and what it has is half changed)
      if (stopped) return;
      take({ type: 'stopping', because, at: stamp() });
      // Also after a failure: the disk may have recovered since, and this is the last chance.
      batch.snapshot = true;
      const fault = commit();
      if (fault === undefined) handOver();
      else giveUp(fault);
      stopped = true;
      timer?.cancel();
      rest?.cancel();
      quiet?.cancel();
    },
  };
}

/**
 * A device may tell an event and its opposite in one breath (a panel's printer: RESET, FIRE). The engine takes
 * each point once in a reading, so such a breath becomes several, in order.
 */
function withoutRepeats<T extends readonly [string, unknown]>(
  values: readonly T[],
): readonly (readonly T[])[] {
  if (new Set(values.map(([id]) => id)).size === values.length) return [values];
  const parts: T[][] = [];
  let seen = new Set<string>();
  for (const value of values) {
    if (parts.length === 0 || seen.has(value[0])) {
      parts.push([]);
      seen = new Set();
    }
    seen.add(value[0]);
    parts[parts.length - 1]!.push(value);
  }
  return parts;
}

/** Brings a state to where its journal ends. `modelOf` gives the model of another site where the journal changes to it. */
export function replayFacts(
  state: State,
  facts: readonly Fact[],
  model: Model,
  modelOf: (siteHash: string) => Model | undefined,
): Model {
  let current = model;
  for (const fact of facts) {
    if (fact.input.type === 'reloaded') current = modelOf(fact.input.site) ?? current;
    replay(state, fact, current);
  }
  return current;
}

function raise(error: Error): never {
  throw error;
}

interface Batch {
  facts: Fact[];
  readonly events: Event[];
  readonly incidents: Map<string, Incident>;
  readonly points: Set<string>;
  /** incidents whose retained state has not been told yet */
  readonly touched: Set<string>;
  readonly replies: Reply[];
  readonly resolvers: ((stored: boolean) => void)[];
  messages: boolean;
  snapshot: boolean;
  /** the state as so many of the facts had made it, where it was put into one piece meanwhile */
  base: { readonly durable: string; readonly model: Model; readonly facts: number } | undefined;
  site: Site | undefined;
}

function emptyBatch(): Batch {
  return {
    facts: [],
    events: [],
    incidents: new Map(),
    points: new Set(),
    touched: new Set(),
    replies: [],
    resolvers: [],
    messages: false,
    snapshot: false,
    base: undefined,
    site: undefined,
  };
}

// What becomes of an input at which the engine throws. The step may have changed half of what it meant to, so the
// state is made again from its facts; then the part of the input that is at fault is found, left out and kept away for a
// while, and the rest of it is taken. Decides what is tried again and when it is enough; stores and drives nothing.

import { resume, step } from './core/engine.ts';
import type { Model } from './core/model.ts';
import type { State } from './core/state.ts';
import { allDue, clearTimer, setTimer } from './core/timers.ts';
import type { Effects, Input, Raw, Reply } from './core/types.ts';
import { isLanguage } from './core/vocabulary.ts';
import type { Log } from './driver.ts';

/** The first time a part is kept away so long, each further time four times longer. */
const firstHoldMs = 1000;
const mostHoldMs = 3_600_000;
/** So many inputs within a minute: it is not single ones, and a fresh process is worth more. */
const mostFailures = 30;
/** Each costs one for itself, and two for each part that is at fault: a module of 64 contacts may be, three times. */
const mostRebuilds = 400;
const withinMs = 60_000;
/** A tick that throws for no deadline's sake must not come again at once. */
const tickRestMs = 1000;
/** The trouble ends when nothing had to be left out for so long. */
export const quietMs = 600_000;

export const check = 'engine';

export interface SurvivalHost {
  /** the one object that all look at; what is in it is exchanged */
  readonly state: State;
  readonly log: Log;
  model(): Model;
  /** the state that the facts make so far, stored or not; may throw */
  rebuild(): State;
  /** The state was exchanged: what was gathered before must not point into the old one. */
  exchanged(): void;
  /** From now on the state as it is now is what facts are added to. */
  base(): void;
  gather(effects: Effects): void;
  nowMs(): number;
  /** It can't go on. Nothing more is taken after this. */
  end(error: Error): void;
}

export interface Survival {
  /** Without what is kept away for now; undefined: nothing is left of it. */
  allowed(input: Input): Input | undefined;
  /** The engine threw at this input. */
  survive(input: Input, error: unknown): Reply | undefined;
  /** The answer to a command that is left out. */
  refusal(input: Input): Reply | undefined;
  /** Makes the state again, and no more. */
  rebuild(input: Input): void;
  /** no tick before, steady ms */
  restUntilMs(): number;
  /** is something kept away, or was lately left out? */
  isQuiet(): boolean;
}

class Ended extends Error {}

export function createSurvival(host: SurvivalHost): Survival {
  const { state, log } = host;
  const held = new Map<string, { failures: number; untilMs: number }>();
  const failures: number[] = [];
  const rebuilds: number[] = [];
  let restUntilMs = Number.NEGATIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;

  const isHeld = (key: string): boolean => {
    const one = held.get(key);
    return one !== undefined && one.untilMs > host.nowMs();
  };

  /** How long it is kept away from now on, ms. */
  const hold = (key: string): number => {
    const nowMs = host.nowMs();
    for (const [other, { untilMs }] of held) if (nowMs - untilMs > mostHoldMs) held.delete(other);
    const failures = (held.get(key)?.failures ?? 0) + 1;
    const forMs = Math.min(mostHoldMs, firstHoldMs * 4 ** (failures - 1));
    held.set(key, { failures, untilMs: nowMs + forMs });
    return forMs;
  };

  const exchange = (input: Input, quietly: boolean): void => {
    const before = state.live;
    Object.assign(state, host.rebuild());
    const readings = input.type === 'reading' ? input.values : [];
    try {
      host.gather(resume(state, before, readings, input.at, host.model(), quietly));
    } catch (error) {
      // (for the second attempt)
      state.live = before;
      throw error;
    }
    host.exchanged();
    host.base();
  };

  const rebuild = (input: Input): void => {
    try {
      if (countWithin(failures, host.nowMs(), 0) > mostFailures)
        throw new Error(`the engine failed ${mostFailures} times within ${withinMs / 1000} s`);
      if (countWithin(rebuilds, host.nowMs(), 1) > mostRebuilds)
        throw new Error(`the state was made again ${mostRebuilds} times within ${withinMs / 1000} s`);
      try {
        exchange(input, false);
      } catch (error) {
        log.warn({ code: 'STEP_FAILED', input: 'resume', error }, 'rules can not look at what is in doubt');
        exchange(input, true);
      }
    } catch (error) {
      host.end(error instanceof Error ? error : new Error(String(error)));
      throw new Ended();
    }
  };

  /** What can be tried alone: values of a reading; at a tick, the points whose debounce is over and the deadlines. */
  const partsOf = (input: Input): readonly Part[] => {
    if (input.type === 'reading') return input.values;
    if (input.type !== 'tick') return [];
    const { points, pending } = state.live;
    const over = [...pending].filter(([, { dueMs }]) => dueMs <= input.at.steadyMs);
    return [
      ...over.map(([index, { raw }]) => [points[index]!.id, raw] as const),
      ...allDue(state.timers, input.at.steadyMs),
    ];
  };

  const stepPart = (input: Input, parts: readonly Part[]): Effects => {
    if (input.type === 'reading')
      return step(state, { ...input, values: parts as typeof input.values }, host.model());
    if (input.type !== 'tick') return step(state, input, host.model());
    const others = allDue(state.timers, input.at.steadyMs)
      .filter((name) => !parts.includes(name))
      .map((name) => [name, state.timers.due[name]!] as const);
    const { live } = state;
    const waiting = [...live.pending].filter(([, { dueMs }]) => dueMs <= input.at.steadyMs);
    for (const [name] of others) clearTimer(state.timers, name);
    for (const [index] of waiting) live.pending.delete(index);
    for (const part of parts) if (typeof part !== 'string') wait(part, input.at.steadyMs);
    const mine = new Set(live.pending.keys());
    try {
      return step(state, input, host.model());
    } finally {
      // (where it threw, what waits is taken from here, and deadlines from the facts)
      for (const [index, pending] of waiting) if (!mine.has(index)) live.pending.set(index, pending);
      for (const [name, dueMs] of others) setTimer(state.timers, name, dueMs);
    }
  };

  const take = (input: Input, parts: readonly Part[], leftOut: string[]): void => {
    let effects: Effects;
    try {
      effects = stepPart(input, parts);
    } catch (error) {
      failed(input, parts, error, leftOut);
      return;
    }
    host.gather(effects);
    // its fact would take the deadlines that were hidden from it as well
    if (input.type === 'tick') host.base();
  };

  /** The value counts from then on, as one does whose debounce is over. */
  const wait = ([id, raw]: Value, dueMs: number): void => {
    const index = host.model().index.get(id);
    if (index === undefined) return;
    state.live.raws[index] = raw;
    state.live.pending.set(index, { raw, dueMs });
  };

  const seen = (id: string, atMs: number): void => {
    const { live } = state;
    const index = host.model().index.get(id);
    if (index === undefined) return;
    live.seenAtMs[index] = atMs;
    const { staleAfterMs } = live.points[index]!;
    if (staleAfterMs > 0) live.staleCheckMs = Math.min(live.staleCheckMs, atMs + staleAfterMs);
  };

  const putOff = (part: Part, nowMs: number, forMs: number): void => {
    if (typeof part === 'string') {
      setTimer(state.timers, part, nowMs + forMs);
      host.base();
      return;
    }
    // its device may tell it only once
    wait(part, nowMs + forMs);
    seen(part[0], nowMs);
  };

  /** What is read of a point that is kept away: the latest of it is what will be tried. */
  const keepAway = (value: Value, input: Input): void => {
    const index = host.model().index.get(value[0]);
    const until = held.get(keyOf(input, value));
    if (index === undefined || until === undefined) return;
    const forMs = Math.max(until.untilMs - host.nowMs(), state.live.points[index]!.debounceMs ?? 0);
    wait(value, input.at.steadyMs + forMs);
    seen(value[0], input.at.steadyMs);
  };

  /** The state is half changed. */
  const failed = (input: Input, parts: readonly Part[], error: unknown, leftOut: string[]): void => {
    rebuild(input);
    if (parts.length > 1) {
      const middle = parts.length >> 1;
      take(input, parts.slice(0, middle), leftOut);
      take(input, parts.slice(middle), leftOut);
      return;
    }
    const key = keyOf(input, parts[0]);
    const again = ['reading', 'tick', 'command'].includes(input.type) ? hold(key) : undefined;
    const [part] = parts;
    if (part !== undefined) putOff(part, input.at.steadyMs, again!);
    else if (input.type === 'tick') restUntilMs = input.at.steadyMs + tickRestMs;
    lastMs = host.nowMs();
    leftOut.push(key);
    log.error(
      { code: 'STEP_FAILED', input: input.type, leftOut: key, ...(again && { againAfterMs: again }), error },
      'the engine failed at an input, which is left out; the state was made again',
    );
  };

  const tellTrouble = (input: Input, leftOut: readonly string[]): void => {
    const more = leftOut.length > 1 ? ` and ${leftOut.length - 1} more` : '';
    const because = `the engine failed at an input and left it out: ${leftOut[0]}${more}`;
    try {
      host.gather(step(state, { type: 'health', check, ok: false, because, at: input.at }, host.model()));
    } catch (error) {
      log.error({ code: 'STEP_FAILED', input: 'health', error }, 'the trouble could not be opened either');
      rebuild(input);
    }
  };

  const refusal = (input: Input): Reply | undefined => {
    if (input.type !== 'command') return undefined;
    const { language } = input.command;
    const zh = (isLanguage(language) ? language : host.model().site.language) === 'zh';
    const reply: Reply = {
      id: input.command.id,
      ok: false,
      code: 'internal',
      message: zh
        ? '网关内部故障，此操作未执行'
        : 'the gateway failed at this command inside: nothing was changed',
    };
    host.gather({
      events: [],
      incidents: new Map(),
      points: new Set(),
      outputs: false,
      messages: false,
      reply,
    });
    return reply;
  };

  return {
    allowed(input) {
      if (held.size === 0) return input;
      if (input.type === 'reading') {
        const values = input.values.filter((value) => !isHeld(keyOf(input, value)));
        if (values.length === input.values.length) return input;
        for (const value of input.values) if (!values.includes(value)) keepAway(value, input);
        return values.length === 0 ? undefined : { ...input, values };
      }
      return input.type === 'command' && isHeld(keyOf(input, undefined)) ? undefined : input;
    },
    survive(input, error) {
      const leftOut: string[] = [];
      countWithin(failures, host.nowMs(), 1);
      try {
        // deadlines are looked up when the state is whole again
        if (input.type === 'tick') {
          rebuild(input);
          const parts = partsOf(input);
          if (parts.length > 0) take(input, parts, leftOut);
          else failed(input, parts, error, leftOut);
        } else failed(input, partsOf(input), error, leftOut);
        if (leftOut.length === 0) {
          // it went well in parts, or what is in doubt is unknown now
          lastMs = host.nowMs();
          leftOut.push(keyOf(input, undefined));
          log.error({ code: 'STEP_FAILED', input: input.type, error }, 'the engine failed at an input');
        }
        tellTrouble(input, leftOut);
        return refusal(input);
      } catch (fault) {
        if (fault instanceof Ended) return refusal(input);
        throw fault;
      }
    },
    refusal,
    rebuild,
    restUntilMs: () => restUntilMs,
    isQuiet() {
      const nowMs = host.nowMs();
      return nowMs - lastMs >= quietMs && [...held.values()].every(({ untilMs }) => untilMs <= nowMs);
    },
  };
}

/** How many there were of late; adds `more` of now. */
function countWithin(times: number[], nowMs: number, more: 0 | 1): number {
  if (more === 1) times.push(nowMs);
  while (times.length > 0 && nowMs - times[0]! > withinMs) times.shift();
  return times.length;
}

type Value = readonly [string, Raw];
/** A value of a point, just read or behind its debounce, or the name of a deadline. */
type Part = string | Value;

/** What a person may read of it, and what it is known by when it comes again. */
function keyOf(input: Input, part: Part | undefined): string {
  // (what is read of a point is kept away as well while what waited is)
  if (part !== undefined && typeof part !== 'string') return `reading ${part[0]}`;
  switch (input.type) {
    case 'reading':
      return 'reading';
    case 'tick':
      return `tick ${part ?? ''}`.trimEnd();
    case 'link':
      return `link ${input.of} ${input.id}`;
    case 'output':
      return `output ${input.output}`;
    case 'health':
      return `health ${input.check}`;
    case 'command': {
      const { id: _id, by: _by, verb, origin: _origin, ...fields } = input.command;
      return `command ${verb} ${JSON.stringify(fields)}`.slice(0, 200);
    }
    default:
      return input.type;
  }
}

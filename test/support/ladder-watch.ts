// One random timeline on the real engine, with ticks when it asks for them, restarts and reloads; the laws are
// checked after every input, and replay at every restart and at the end. A planted mistake may be put between.

import { isDeepStrictEqual } from 'node:util';
import { createState, replay, step, wakeAt } from '../../src/core/engine.ts';
import { compile, type Model } from '../../src/core/model.ts';
import type { Durable, State } from '../../src/core/state.ts';
import type { Fact, Input, Site } from '../../src/core/types.ts';
import { newAccount } from './ladder-account.ts';
import { checkLaws } from './ladder-laws.ts';
import { type Act, sites, type Timed } from './ladder-sites.ts';
import { epoch, remembered, zeroWallMs } from './scenario.ts';

const truth = sites.map(compile);
const mostTicks = 20_000;
const afterwardsMs = 1_500_000;

/** A mistake: what the engine is given, or what it remembers, is not what the laws know of. */
export interface Mistake {
  site?(site: Site): Site;
  /** undefined: the input is lost */
  input?(input: Input): Input | undefined;
  before?(state: State, input: Input): void;
  after?(state: State, input: Input): void;
}

type WithoutStamp<T> = T extends unknown ? Omit<T, 'at'> : never;
type Given = WithoutStamp<Input>;

export interface Watched {
  inputs: number;
  told: number;
  delivered: number;
  closed: number;
}

/** Throws at the first law that is broken. `cut` says how often a snapshot is taken. */
export function watch(timeline: readonly Timed[], cut: number, mistake: Mistake = {}): Watched {
  const models = mistake.site ? sites.map((site) => compile(mistake.site!(site))) : truth;
  const account = newAccount();
  const seen: Watched = { inputs: 0, told: 0, delivered: 0, closed: 0 };
  const snapshotEvery = 1 + (cut % 17);
  const facts: Fact[] = [];
  let snapshot: { readonly facts: number; readonly body: string; readonly site: number } | undefined;
  let site = 0;
  let state = createState(models[site]!, epoch);
  let nowMs = 1000;
  let wallAheadMs = zeroWallMs;

  const take = (what: Given): void => {
    const input = { ...what, at: { steadyMs: nowMs, wallMs: nowMs + wallAheadMs, clock: 'synced' } } as Input;
    seen.inputs += 1;
    const activeBefore = new Set(
      Object.values(state.durable.incidents).flatMap(({ id, active }) => (active ? [id] : [])),
    );
    mistake.before?.(state, input);
    const given = mistake.input ? mistake.input(input) : input;
    const lost: Input = { type: 'delivery', at: input.at, message: 'none', outcome: 'failed' };
    const effects = step(state, given ?? lost, models[site]!);
    mistake.after?.(state, input);
    if (effects.fact) {
      facts.push(effects.fact);
      if (facts.length % snapshotEvery === 0)
        snapshot = { facts: facts.length, body: JSON.stringify(state.durable), site };
    }
    const moment = { account, input, effects, state, model: models[site]!, site: sites[site]!, activeBefore };
    checkLaws(moment);
    if (input.type === 'delivery' && effects.fact) seen.delivered += 1;
    for (const { type } of effects.events) if (type === 'incident.closed') seen.closed += 1;
  };

  const tickTo = (untilMs: number): void => {
    for (let ticks = 0; ; ticks += 1) {
      const wantedMs = wakeAt(state);
      if (wantedMs === undefined || wantedMs > untilMs) break;
      if (ticks > mostTicks) throw new Error('law: the engine asks for ticks without end');
      nowMs = Math.max(nowMs, wantedMs);
      take({ type: 'tick' });
    }
    nowMs = Math.max(nowMs, untilMs);
  };

  const again = (from: typeof snapshot): State => {
    const model = models[from?.site ?? 0]!;
    const made = createState(model, epoch, from && (JSON.parse(from.body) as Durable));
    let current: Model = model;
    for (const fact of facts.slice(from?.facts ?? 0)) {
      if (fact.input.type === 'reloaded') current = models[Number(fact.input.site)]!;
      replay(made, fact, current);
    }
    return made;
  };
  const replayed = (from: typeof snapshot): State => {
    const made = again(from);
    const [live, came] = [remembered(state.durable), remembered(made.durable)];
    if (!isDeepStrictEqual(live, came))
      throw new Error(
        `law: replay comes to the live state\n${JSON.stringify(live)}\n${JSON.stringify(came)}`,
      );
    return made;
  };

  take({ type: 'started', because: 'first start' });
  timeline.forEach(({ gapMs, what }, order) => {
    if (what.act === 'restart') {
      state = replayed(snapshot);
      nowMs += what.downMs;
      take({ type: 'started', because: 'restarted' });
    } else {
      tickTo(nowMs + gapMs);
      if (what.act === 'clock') wallAheadMs = what.wallMs - nowMs;
      else if (what.act === 'reload') {
        site = what.site;
        take({ type: 'reloaded', site: String(site) });
      } else {
        for (const input of inputsOf(what, state, `c${order}`)) take(input);
      }
    }
    tickTo(nowMs);
  });
  tickTo(nowMs + afterwardsMs);
  replayed(cut % 2 === 0 ? snapshot : undefined);
  seen.told = [...account.numbers.values()].reduce((sum, one) => sum + one, 0);
  return seen;
}

function inputsOf(what: Act, state: State, id: string): readonly Given[] {
  const { incidents, messages } = state.durable;
  const pick = (which: number): string => {
    const open = Object.keys(incidents);
    return open[which % Math.max(1, open.length)] ?? 'i0_none';
  };
  const command = (verb: string, fields: object = {}): Given => ({
    type: 'command',
    command: { id, verb, by: 'li', origin: 'cli', ...fields },
  });
  switch (what.act) {
    case 'raise':
      return [command('raise', { plan: what.plan, ...(what.hall && { zone: 'hall' }) })];
    case 'read':
      return [{ type: 'reading', values: [[what.point, what.value]] }];
    case 'readBack':
      return [{ type: 'output', output: 'siren', actual: what.value }];
    case 'verb':
      return [command(what.verb, { incident: pick(what.which), verdict: 'real' })];
    case 'finish': {
      const incident = pick(what.which);
      return ['ack', 'reset', 'close'].map((verb) => command(verb, { incident, verdict: 'real' }));
    }
    case 'silence':
      return [command('silence')];
    case 'shelve':
      return [command('shelve', { incident: pick(what.which), for: `${what.seconds}s`, reason: 'tried' })];
    case 'level':
      return [command('level', { incident: pick(what.which), level: what.level })];
    case 'step':
      return [command('step', { incident: pick(what.which), step: what.step })];
    case 'drill':
      return [command('drill', { ...what, action: 'start' })];
    case 'endDrill':
      return [command('drill', { action: 'stop' })];
    case 'deliver': {
      const under = Object.keys(messages);
      const message = under[what.which % Math.max(1, under.length)];
      if (message === undefined) return [];
      return [{ type: 'delivery', message, outcome: what.outcome, because: what.outcome }];
    }
    default:
      return [];
  }
}

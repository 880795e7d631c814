// The heart: one input in, its effects out. Pure in the sense that counts: the same state and inputs give the
// same effects, whatever the clock, the disk or the network do; it never waits and never asks the time.
// `settle` looks at the wires and touches only `live`; `advance` changes what is remembered. A fact is the
// input of `advance`, so that a restart replays facts and comes to the same state.

import { carryChatter, chatterAt, chatterWakeAt, countChanges } from './chatter.ts';
import { correctionsKnown } from './clock-corrections.ts';
import { run } from './commands.ts';
import { carryAnew, deliverySeen, messageLate, tellAnew } from './deliveries.ts';
import { endDrills } from './drills.ts';
import { dutiesDue, exercised, markSince } from './duties.ts';
import { disabledChanged, enable, outOfService } from './equipment-verbs.ts';
import { unshelve } from './incident-verbs.ts';
import { emit, type Turn } from './incidents.ts';
import { evaluateInterlock } from './interlocks.ts';
import { hasten, raiseLevels, tend } from './ladder.ts';
import { look, type Model } from './model.ts';
import { outputExpired, outputsChanged, tellAgain } from './outputs.ts';
import { accept, believe, lose, pointsWakeAt, settle } from './points.ts';
import { carryBack } from './recovery.ts';
import { evaluate, release } from './rules.ts';
import { allKnown, type Durable, type Live, makeState, newDurable, newLive, type State } from './state.ts';
import { tickAutomatic } from './steps.ts';
import { basketDue } from './telling.ts';
import { nextDue, takeDue } from './timers.ts';
import {
  awaitRest,
  chatterChanged,
  endTroublesOfTheGone,
  healthChanged,
  judgeAll,
  judgePoint,
  linkChanged,
  outputTrouble,
  pointStillBad,
  stillAwaited,
} from './troubles.ts';
import type { Change, Chatter, Effects, Fact, Incident, Input, Raw, Stamp } from './types.ts';
import { endWalkTest, hear, spokeTooLong, testedPoints, walkTestOver, watchEnding } from './walk-test.ts';

const nothing: readonly Change[] = [];

/** State for a gateway that remembers nothing, or what `durable` says. */
export function createState(model: Model, epoch: string, durable: Durable = newDurable(epoch)): State {
  const state = makeState(durable, model.points);
  believe(state.live, model.index, Object.values(durable.known), durable.wallMs);
  state.live.disabled = outOfService(model, durable);
  testedPoints(state, model);
  return state;
}

/** Takes one input. Effects are empty, and no fact is made, where nothing changed. */
export function step(state: State, input: Input, model: Model): Effects {
  const effects = noEffects();
  if (input.type === 'reading') {
    const changes = accept(state.live, model, input.values, input.at.steadyMs);
    if (changes === undefined) return effects;
    const chatter = countChanges(state.live, model, changes, input.at.steadyMs);
    advance(state, { type: 'points', at: input.at, ...(chatter && { chatter }) }, changes, model, effects);
    return effects;
  }
  let changes: readonly Change[] = nothing;
  let chatter: readonly Chatter[] | undefined;
  if (input.type === 'tick') {
    changes = settle(state.live, model, input.at.steadyMs) ?? nothing;
    const due = nextDue(state.timers);
    chatter = chatterAt(state.live, model, changes, input.at.steadyMs);
    if (changes === nothing && !chatter && (due === undefined || due > input.at.steadyMs)) return effects;
  } else if (input.type === 'link' && !input.up) {
    const devices = input.of === 'device' ? [input.id] : (model.devicesOn.get(input.id) ?? []);
    changes = devices.flatMap((device) => lose(state.live, model, device, input.because));
  }
  advance(state, chatter ? ({ ...input, chatter } as Fact['input']) : input, changes, model, effects);
  return effects;
}

/** Runs a remembered fact again. Effects are of no use to the caller but for tests. */
export function replay(state: State, fact: Fact, model: Model): Effects {
  const effects = noEffects();
  // What was skipped was seen by the site before, if this fact is the change to another one.
  const index =
    state.live.points === model.points
      ? model.index
      : new Map(state.live.points.map((point, at) => [point.id, at]));
  believe(state.live, index, fact.live, fact.input.at.wallMs);
  for (const change of fact.live) state.live.unjournaled.set(change[0], change);
  advance(state, fact.input, fact.changes, model, effects);
  state.live.unjournaled.clear();
  return effects;
}

/**
 * The state was made again from its facts after a step that threw: what the wires said before goes on, and points that
 * the step may have touched are unknown until they are read again. `quietly`: the rules are not asked about these now.
 */
export function resume(
  state: State,
  before: Live,
  readings: readonly (readonly [string, Raw])[],
  at: Stamp,
  model: Model,
  quietly: boolean,
): Effects {
  const effects = noEffects();
  const doubtful = carryBack(state, before, readings, model, at);
  awaitRest({ state, model, at, effects });
  // whatever was told of them last is told anew
  for (const id of [...before.unjournaled.keys(), ...readings.map(([point]) => point)])
    if (model.index.has(id)) effects.points.add(id);
  if (quietly) {
    believe(state.live, model.index, doubtful, at.wallMs);
    for (const change of doubtful) {
      state.live.unjournaled.set(change[0], change);
      effects.points.add(change[0]);
    }
    return effects;
  }
  advance(state, { type: 'points', at }, doubtful, model, effects);
  return effects;
}

/** When the engine next wants a tick, steady ms; undefined: not by itself. */
export function wakeAt(state: State): number | undefined {
  const due = nextDue(state.timers) ?? Number.POSITIVE_INFINITY;
  const at = Math.min(pointsWakeAt(state.live), chatterWakeAt(state.live), due);
  return Number.isFinite(at) ? at : undefined;
}

function advance(
  state: State,
  input: Fact['input'],
  changes: readonly Change[],
  model: Model,
  effects: Effects,
): void {
  const { live, durable } = state;
  const turn: Turn = { state, model, at: input.at, effects };
  state.dirty = false;
  look(model, live.values, live.unheard);
  // Stamps come in the order of the queue; a reading may be a little older than the tick before it.
  durable.steadyMs = Math.max(durable.steadyMs, input.at.steadyMs);
  durable.wallMs = input.at.wallMs;

  if (input.type === 'reloaded' || input.type === 'started') rebuild(turn, input.type);
  if (changes.length > 0) applyChanges(turn, changes);
  // after the rules have seen the change: the alarm comes first, that its contact chatters second
  if ('chatter' in input) for (const one of input.chatter ?? []) chatterChanged(turn, one);
  switch (input.type) {
    case 'link':
      linkChanged(turn, input.of, input.id, input.up, input.because);
      break;
    case 'output':
      outputSeen(turn, input);
      break;
    case 'health':
      healthChanged(turn, input.check, input.ok, input.because);
      break;
    case 'command':
      effects.reply = run(turn, input.command);
      break;
    case 'delivery':
      hurry(turn, deliverySeen(turn, input));
      break;
    case 'started':
      if (input.run !== undefined) durable.run = input.run;
      emit(turn, 'gateway.started', input.because);
      carryAnew(turn);
      markSince(turn);
      break;
    case 'clockSet':
      correctionsKnown(turn, input.corrections, input.because);
      break;
    case 'stopping':
      emit(turn, 'gateway.stopped', input.because);
      break;
    case 'tick':
      for (
        let name = takeDue(state.timers, input.at.steadyMs);
        name !== undefined;
        name = takeDue(state.timers, input.at.steadyMs)
      ) {
        state.dirty = true;
        timerFired(turn, name);
      }
      break;
  }
  if (durable.walkTest?.ending) watchEnding(turn);
  // first the levels: what rose may be a real alarm now, and weighs more among the demands
  const all = input.type === 'reloaded' || input.type === 'started';
  // (most changes of points touch no incident, and pay for none of this)
  if (all || effects.incidents.size > 0) {
    raiseLevels(turn, all);
    endDrills(turn);
    endWalkTest(turn);
  }
  if (effects.outputs) driveAnew(turn);
  if (effects.outputs || input.type === 'output') tickAutomatic(turn);
  if (all || effects.incidents.size > 0) tend(turn, all);

  if (state.dirty) {
    effects.fact = { input, changes, live: [...live.unjournaled.values()] };
    if (all) durable.known = allKnown(live);
    else for (const change of [...effects.fact.live, ...changes]) durable.known[change[0]] = change;
    live.unjournaled.clear();
  } else {
    for (const change of changes) live.unjournaled.set(change[0], change);
  }
  state.dirty = false;
}

function applyChanges(turn: Turn, changes: readonly Change[]): void {
  const { model, effects, at } = turn;
  const { live } = turn.state;
  const wasGood = changes.map(([id]) => live.qualities[model.index.get(id) ?? -1] === 'good');
  believe(live, model.index, changes, at.wallMs);
  changes.forEach(([id, value], order) => {
    const index = model.index.get(id);
    if (index === undefined) return;
    effects.points.add(id);
    if (model.limited[index] && typeof value === 'number') sideOfLimit(turn, index, value);
    if (!wasGood[order] || live.qualities[index] !== 'good') judgePoint(turn, index);
    exercised(turn, index);
    hear(turn, index);
  });
  // Rules are looked at when all values of the reading are in place: two points read together change together.
  for (const [id] of changes) {
    const index = model.index.get(id);
    if (index === undefined) continue;
    for (const compiled of model.rulesOf[index]!) evaluate(turn, compiled, id);
    for (const compiled of model.interlocksOf.get(index) ?? []) evaluateInterlock(turn, compiled);
  }
}

/** Keeps on which side of its limits a number was last seen: in between, it stays what it was. */
function sideOfLimit(turn: Turn, index: number, value: number): void {
  const point = turn.model.points[index]!;
  const { alarms } = turn.state.durable;
  const before = alarms[point.id];
  let side = before;
  if (point.alarmAbove !== undefined && value > point.alarmAbove) side = 'above';
  else if (point.alarmBelow !== undefined && value < point.alarmBelow) side = 'below';
  // (a limit that a reload took away holds nothing)
  else if (before === 'above' && value <= (point.clearBelow ?? point.alarmAbove ?? Number.POSITIVE_INFINITY))
    side = undefined;
  else if (before === 'below' && value >= (point.clearAbove ?? point.alarmBelow ?? Number.NEGATIVE_INFINITY))
    side = undefined;
  if (side === before) return;
  turn.state.dirty = true;
  if (side === undefined) delete alarms[point.id];
  else alarms[point.id] = side;
}

function timerFired(turn: Turn, name: string): void {
  const { state, model } = turn;
  const cut = name.indexOf(':');
  const kind = name.slice(0, cut);
  const id = name.slice(cut + 1);
  switch (kind) {
    case 'for':
    case 'hold': {
      const compiled = model.rules.get(id);
      if (compiled) evaluate(turn, compiled);
      break;
    }
    case 'bad': {
      const index = model.index.get(id);
      if (index !== undefined) pointStillBad(turn, index);
      break;
    }
    case 'answer':
      stillAwaited(turn, id);
      break;
    case 'output':
      outputTrouble(turn, id, state.durable.outputs[id]?.fault);
      break;
    case 'maxOn':
      outputExpired(turn, id);
      break;
    case 'override':
      delete state.durable.overrides[id];
      turn.effects.outputs = true;
      break;
    case 'shelve': {
      const incident = state.durable.incidents[id];
      if (incident) unshelve(turn, incident, 'its time on the shelf is over');
      break;
    }
    case 'rung':
    case 'rise':
    case 'step': {
      const incident = state.durable.incidents[id.slice(0, id.indexOf(':'))];
      if (incident) turn.effects.incidents.set(incident.id, incident);
      break;
    }
    case 'tell':
      basketDue(turn, id);
      break;
    case 'hand':
      hurry(turn, messageLate(turn, id));
      break;
    case 'chirp':
      delete state.durable.chirps[id];
      turn.effects.outputs = true;
      break;
    case 'walktest':
      walkTestOver(turn, 'its time is over');
      break;
    case 'spoken':
      spokeTooLong(turn, id);
      break;
    case 'duties':
      dutiesDue(turn);
      break;
    case 'disabled':
      enable(turn, id, `${id.slice(id.indexOf(':') + 1)} back in service: its time is over`);
      break;
  }
}

/** Tellings that reached nobody at all bring the next rung forward. */
function hurry(turn: Turn, unreached: readonly Incident[]): void {
  for (const incident of unreached) hasten(turn, incident);
}

function driveAnew(turn: Turn): void {
  tellAgain(turn);
  outputsChanged(turn);
}

function outputSeen(turn: Turn, input: Extract<Input, { type: 'output' }>): void {
  const { outputs } = turn.state.durable;
  const record = Object.hasOwn(outputs, input.output) ? outputs[input.output] : undefined;
  if (!record || (record.actual === input.actual && record.fault === input.fault)) return;
  turn.state.dirty = true;
  record.actual = input.actual;
  if (input.fault === undefined) delete record.fault;
  else record.fault = input.fault;
  outputTrouble(turn, input.output, input.fault);
}

/** The site is another one, or the process is new: indexes are laid anew, and what is gone is let go. */
function rebuild(turn: Turn, type: 'started' | 'reloaded'): void {
  const { state, model } = turn;
  const { durable } = state;
  const fresh = newLive(model.points);
  // what is gone changed as well: nobody is to go on believing its last value
  for (const point of state.live.points) turn.effects.points.add(point.id);
  if (type === 'reloaded') carryOver(state.live, fresh, model);
  Object.assign(state.live, fresh);
  look(model, state.live.values, state.live.unheard);
  for (const point of model.points) turn.effects.points.add(point.id);
  turn.effects.outputs = true;
  state.dirty = true;
  awaitRest(turn);
  if (type === 'reloaded') {
    for (const id of Object.keys(durable.rules))
      if (!model.rules.has(id)) release(turn, id, 'the rule was removed from the configuration');
    for (const id of Object.keys(durable.alarms))
      if (!model.limited[model.index.get(id) ?? -1]) delete durable.alarms[id];
    for (const key of Object.keys(durable.disabled)) {
      const [of, id] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)];
      const known = of === 'point' ? model.index : of === 'device' ? model.devices : model.zones;
      if (!known.has(id)) enable(turn, key, `${id} was removed from the configuration`);
    }
    for (const key of Object.keys(durable.down)) {
      const [of, id] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)];
      const there = of === 'bus' ? model.site.buses.some((bus) => bus.id === id) : model.devices.has(id);
      if (!there) linkChanged(turn, of as 'bus' | 'device', id, true, 'removed from the configuration');
    }
    endTroublesOfTheGone(turn);
    judgeAll(turn);
    hurry(turn, tellAnew(turn));
  }
  disabledChanged(turn, 'out of service');
  dutiesDue(turn);
  // Rules may be new, or say something else about what is already so; after a start all is unknown, and a hold
  // that was running must not go on over what nobody saw.
  for (const compiled of model.rules.values()) evaluate(turn, compiled);
  durable.interlocks = {};
  for (const compiled of model.interlocks) evaluateInterlock(turn, compiled);
}

/** What is known of points that a reload left as they were stays known. */
function carryOver(from: Live, to: Live, model: Model): void {
  const old = new Map(from.points.map((point, index) => [point.id, index]));
  model.points.forEach((point, index) => {
    const at = old.get(point.id);
    if (at === undefined || JSON.stringify(from.points[at]) !== JSON.stringify(point)) return;
    to.raws[index] = from.raws[at];
    to.values[index] = from.values[at]!;
    to.qualities[index] = from.qualities[at]!;
    to.becauses[index] = from.becauses[at];
    to.seenAtMs[index] = from.seenAtMs[at]!;
    to.changedAtMs[index] = from.changedAtMs[at]!;
    const pending = from.pending.get(at);
    if (pending) to.pending.set(index, pending);
    carryChatter(from, at, to, index);
  });
  to.staleCheckMs = from.staleCheckMs;
  for (const [id, change] of from.unjournaled) to.unjournaled.set(id, change);
}

function noEffects(): Effects {
  return { events: [], incidents: new Map(), points: new Set(), outputs: false, messages: false };
}

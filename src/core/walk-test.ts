// The walk test: an installer trips detector after detector; each is confirmed and none is alarmed, while all that
// is not in the test guards on. It ends by itself: when its time is over, when all were heard, or when there is a real
// alarm. What is still active at its end stays in it until it rests; what speaks for ten minutes is an alarm.

import { type Act, duration, optionalText, Refusal, text } from './command-fields.ts';
import { emit, endSignals, isoOf, isRealAlarm, raiseSignal, type Turn, touch } from './incidents.ts';
import { kinds } from './kinds.ts';
import { isActive, look, type Model, pointName, titled, truthOf, withAllHeard } from './model.ts';
import { evaluate } from './rules.ts';
import type { State, WalkTest } from './state.ts';
import { clearTimer, setTimer } from './timers.ts';
import type { Incident } from './types.ts';

const usualMs = 2 * 3_600_000;
const longestMs = 8 * 3_600_000;
/** Buttons that people press for help: in a test only where that is asked for. */
const buttons: ReadonlySet<string> = new Set(['panic', 'holdUp', 'liftAlarm']);
/** Longer than it takes to trip a detector and clear the smoke: what speaks so long is no test any more. */
const spokenMs = 10 * 60_000;
/** While there is a real alarm elsewhere. */
const spokenInAlarmMs = 60_000;
const endingMs = 10 * 60_000;
const chirpMs = 1000;
const signalRule = 'walk_test';

export const walkTestVerbs = {
  walktest(turn, command) {
    const { state, model, at } = turn;
    const action = text(command, 'action');
    const running = state.durable.walkTest;
    if (action === 'stop') {
      if (running === undefined)
        throw new Refusal('refused', '没有正在进行的探测器测试', 'no walk test is running');
      const { incident } = running;
      walkTestOver(turn, `stopped by ${command.by}`);
      return { message: { zh: '探测器测试已结束', en: 'walk test ended' }, incident };
    }
    if (action !== 'start')
      throw new Refusal('badRequest', 'action 应为 start 或 stop', 'action must be start or stop');
    if (running !== undefined)
      throw new Refusal('refused', `${running.by} 的测试正在进行`, `a walk test of ${running.by} is running`);
    const zone = optionalText(command, 'zone');
    if (zone !== undefined && !model.zones.has(zone))
      throw new Refusal('notFound', `没有区域 ${zone}`, `there is no zone ${zone}`);
    const forMs = command.for === undefined ? usualMs : duration(command, 'for');
    if (forMs > longestMs)
      throw new Refusal('badRequest', '探测器测试最长 8 小时', 'a walk test lasts 8h at most');
    const real = Object.values(state.durable.incidents).find(
      (one) => isRealAlarm(one) && concerns(one, zone),
    );
    if (real !== undefined)
      throw new Refusal(
        'refused',
        `有真实警情 ${real.id} 未关闭，不能测试`,
        `the real alarm ${real.id} is open: no walk test now`,
      );
    const withButtons = command.buttons === true;
    const inTest = detectors(model, zone, withButtons);
    if (inTest.length === 0)
      throw new Refusal('refused', '没有可测试的探测器', 'there are no detectors to test');
    const incident = raiseSignal(turn, {
      key: 'walktest',
      plan: model.plans.get('walk-test')!,
      ...(zone !== undefined && { zone }),
      rule: signalRule,
      value: null,
      because: `walk test of ${inTest.length} detectors by ${command.by}`,
      by: command.by,
    });
    state.durable.walkTest = {
      ...(zone !== undefined && { zone }),
      ...(withButtons && { buttons: true }),
      by: command.by,
      incident,
      untilMs: at.steadyMs + forMs,
      proven: {},
    };
    setTimer(state.timers, 'walktest:', at.steadyMs + forMs);
    membersChanged(turn);
    return {
      message: {
        zh: `探测器测试开始，共 ${inTest.length} 个`,
        en: `walk test of ${inTest.length} detectors begun`,
      },
      incident,
    };
  },
} satisfies Record<string, Act>;

/** Is an incident about the premises that a walk test is about? */
function concerns(incident: Incident, zone: string | undefined): boolean {
  return zone === undefined || incident.zone === zone;
}

/** Indexes of the points that a walk test of this zone, or of all, has to hear. */
export function detectors(model: Model, zone: string | undefined, withButtons = false): number[] {
  return model.points.flatMap((point, index) => {
    const where = point.zone ?? model.devices.get(point.device)?.zone;
    const watched =
      point.kind !== undefined &&
      kinds[point.kind]?.plan !== undefined &&
      (withButtons || !buttons.has(point.kind)) &&
      // (a number without limits speaks by a rule, or not at all)
      (point.type === 'bool' || model.limited[index] || model.rulesOf[index]!.length > 0);
    return watched && (zone === undefined || zone === where) ? [index] : [];
  });
}

/** Works out anew which points are in the test, from what is remembered. */
export function testedPoints(state: State, model: Model): void {
  const { live, durable } = state;
  const { walkTest } = durable;
  const ids = walkTest?.ending && new Set(walkTest.ending);
  const out = new Set(walkTest?.out);
  const isIn = (index: number): boolean => {
    const { id } = model.points[index]!;
    return !out.has(id) && (ids === undefined || ids.has(id));
  };
  live.tested = new Set(
    walkTest === undefined ? [] : detectors(model, walkTest.zone, walkTest.buttons).filter(isIn),
  );
  live.unheard = live.tested.size === 0 ? live.disabled : new Set([...live.disabled, ...live.tested]);
}

/** Detectors came into the test or left it: the rules that name them look again. */
function membersChanged(turn: Turn): void {
  const { state, model } = turn;
  const before = state.live.tested;
  testedPoints(state, model);
  look(model, state.live.values, state.live.unheard);
  turn.state.dirty = true;
  for (let index = 0; index < model.points.length; index += 1) {
    if (before.has(index) === state.live.tested.has(index)) continue;
    for (const compiled of model.rulesOf[index]!) evaluate(turn, compiled, model.points[index]!.id);
  }
}

/** Does this point say what it is there to say? A number without limits does where a rule that names it is true. */
export function speaks({ state, model }: Turn, index: number): boolean {
  const value = state.live.values[index];
  if (value === null || value === undefined) return false;
  const { alarms } = state.durable;
  if (typeof value !== 'number' || model.limited[index]) return isActive(model, index, value, alarms);
  return withAllHeard(model, state.live.disabled, () =>
    model.rulesOf[index]!.some(({ when }) => truthOf(when, model, alarms) === true),
  );
}

/** A detector in the test changed: if it speaks, it is confirmed. */
export function hear(turn: Turn, index: number): void {
  const { state, model, at } = turn;
  const { walkTest, chirps } = state.durable;
  if (walkTest === undefined || !state.live.tested.has(index)) return;
  const timer = `spoken:${model.points[index]!.id}`;
  const since = state.timers.due[timer];
  if (!speaks(turn, index)) {
    // (one that is unknown for a moment has not come to rest)
    if (since === undefined || state.live.values[index] === null) return;
    clearTimer(state.timers, timer);
    state.dirty = true;
    return;
  }
  if (since === undefined) {
    const alarmed = Object.values(state.durable.incidents).some(isRealAlarm);
    setTimer(state.timers, timer, at.steadyMs + (alarmed ? spokenInAlarmMs : spokenMs));
    state.dirty = true;
  }
  for (const output of model.outputs.values()) {
    if (output.chirp !== true) continue;
    chirps[output.id] = at.steadyMs + chirpMs;
    setTimer(state.timers, `chirp:${output.id}`, at.steadyMs + chirpMs);
    turn.effects.outputs = true;
    state.dirty = true;
  }
  const point = model.points[index]!;
  if (walkTest.proven[point.id] !== undefined) return;
  state.dirty = true;
  walkTest.proven[point.id] = isoOf(at);
  const incident = state.durable.incidents[walkTest.incident];
  const left = leftToHear(state, model).length;
  if (incident) {
    touch(turn, incident);
    const name = titled(pointName(point))[model.site.language];
    const words = { zh: `${name} 正常，余 ${left} 个`, en: `${name} heard, ${left} to go` };
    emit(turn, 'incident.note', `walk test: ${point.id} heard`, {
      incident,
      by: walkTest.by,
      note: words[model.site.language],
    });
  }
  if (left === 0 && walkTest.ending === undefined) walkTestOver(turn, 'all detectors were heard');
}

/** Ids of the detectors in the test that were not heard yet. */
export function leftToHear(state: State, model: Model): string[] {
  const { walkTest } = state.durable;
  if (walkTest === undefined) return [];
  return detectors(model, walkTest.zone, walkTest.buttons)
    .map((index) => model.points[index]!.id)
    .filter((id) => walkTest.proven[id] === undefined);
}

/** Ends the test, but for detectors that are still active; the second time for those too. */
export function walkTestOver(turn: Turn, why: string): void {
  const { state, model, at } = turn;
  const { walkTest } = state.durable;
  if (walkTest === undefined) return;
  const tripped = [...state.live.tested].filter((index) => speaks(turn, index));
  const incident = state.durable.incidents[walkTest.incident];
  if (walkTest.ending === undefined) {
    const left = leftToHear(state, model);
    const heard = Object.keys(walkTest.proven).length;
    const rest = left.length === 0 ? '' : `; not heard: ${left.join(', ')}`;
    keepResult(turn, walkTest);
    if (incident)
      emit(turn, 'incident.note', `walk test over, ${why}`, {
        incident,
        by: walkTest.by,
        note: `${heard}/${heard + left.length}${rest}`.slice(0, 2000),
      });
    if (tripped.length > 0) {
      walkTest.ending = tripped.map((index) => model.points[index]!.id);
      setTimer(state.timers, 'walktest:', at.steadyMs + endingMs);
      membersChanged(turn);
      return;
    }
  }
  end(turn, walkTest, why);
}

/** The test is forgotten at its end; what it found stays with its incident, for the report. */
function keepResult(turn: Turn, walkTest: WalkTest): void {
  const { state, model } = turn;
  const incident = state.durable.incidents[walkTest.incident];
  if (incident === undefined) return;
  const { by, proven } = walkTest;
  const found = detectors(model, walkTest.zone, walkTest.buttons).map((index) => {
    const { id, device, kind, zone = model.devices.get(device)?.zone } = model.points[index]!;
    return {
      point: id,
      ...(zone !== undefined && { zone }),
      ...(kind !== undefined && { kind }),
      ...(proven[id] !== undefined && { heardAt: proven[id] }),
    };
  });
  const there = new Set(found.map(({ point }) => point));
  // (heard, and taken out of the site since)
  const gone = Object.entries(proven).flatMap(([point, heardAt]) =>
    there.has(point) ? [] : [{ point, heardAt }],
  );
  incident.tested = { by, detectors: [...found, ...gone] };
  touch(turn, incident);
}

function end(turn: Turn, walkTest: WalkTest, why: string): void {
  const { state } = turn;
  keepResult(turn, walkTest);
  delete state.durable.walkTest;
  clearTimer(state.timers, 'walktest:');
  for (const index of state.live.tested) clearTimer(state.timers, `spoken:${turn.model.points[index]!.id}`);
  membersChanged(turn);
  endSignals(turn, walkTest.incident, (signal) => signal.rule === signalRule, why);
}

/**
 * A real alarm stands in this turn. Where it is about the place of the test, nothing is a test any more, and what is
 * active now is an alarm as well; where it is elsewhere, the test goes on, but what speaks for a minute is an alarm.
 */
export function endWalkTest(turn: Turn): void {
  const { walkTest } = turn.state.durable;
  if (walkTest === undefined) return;
  const reals = [...turn.effects.incidents.values()].filter(isRealAlarm);
  if (reals.length === 0) return;
  const real = reals.find((one) => concerns(one, walkTest.zone));
  if (real === undefined) {
    hurryTested(turn);
    return;
  }
  const incident = turn.state.durable.incidents[walkTest.incident];
  const why = `walk test over: ${real.id} is real`;
  if (incident) emit(turn, 'incident.note', why, { incident, by: walkTest.by, note: why });
  end(turn, walkTest, why);
}

function hurryTested({ state, model, at }: Turn): void {
  const dueMs = at.steadyMs + spokenInAlarmMs;
  for (const index of state.live.tested) {
    const timer = `spoken:${model.points[index]!.id}`;
    if ((state.timers.due[timer] ?? 0) <= dueMs) continue;
    setTimer(state.timers, timer, dueMs);
    state.dirty = true;
  }
}

/** A detector has spoken for too long to be only tested: it leaves the test, and its rules look at it. */
export function spokeTooLong(turn: Turn, point: string): void {
  const { state, model } = turn;
  const { walkTest } = state.durable;
  const index = model.index.get(point);
  if (walkTest === undefined || index === undefined || !state.live.tested.has(index)) return;
  walkTest.out = [...(walkTest.out ?? []), point];
  const incident = state.durable.incidents[walkTest.incident];
  const why = `${point} speaks for too long: no longer in the walk test`;
  if (incident) emit(turn, 'incident.note', why, { incident, by: walkTest.by, note: why });
  membersChanged(turn);
}

/** While a test is ending: each detector leaves it as it comes to rest. */
export function watchEnding(turn: Turn): void {
  const { state, model } = turn;
  const { walkTest } = state.durable;
  if (walkTest?.ending === undefined) return;
  // after a restart nobody knows yet whether it is at rest
  const still = [...state.live.tested].filter(
    (index) => state.live.values[index] === null || speaks(turn, index),
  );
  if (still.length === state.live.tested.size) return;
  if (still.length === 0) {
    walkTestOver(turn, 'all detectors are at rest');
    return;
  }
  walkTest.ending = still.map((index) => model.points[index]!.id);
  membersChanged(turn);
}

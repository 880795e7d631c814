// What people may do to equipment: take points, devices and zones out of service and back, and set outputs by
// hand for a time. One function for each verb, and what being out of service means to rules and troubles.

import { type Act, because, duration, Refusal, text } from './command-fields.ts';
import { endSignals, isoOf, raiseSignal, type Turn } from './incidents.ts';
import { evaluateInterlock, holdOn, mustBe, onOrOff } from './interlocks.ts';
import { look, type Model, pointName } from './model.ts';
import { evaluate, release } from './rules.ts';
import type { Durable } from './state.ts';
import { clearTimer, setTimer } from './timers.ts';
import { judgeAll } from './troubles.ts';
import type { Command, Text } from './types.ts';
import { testedPoints } from './walk-test.ts';

export const equipmentVerbs = {
  disable(turn, command) {
    const target = targetOf(turn, command);
    const reason = text(command, 'reason');
    const forMs = command.for === undefined ? undefined : duration(command, 'for');
    const key = `${target.of}:${target.id}`;
    turn.state.dirty = true;
    turn.state.durable.disabled[key] = {
      ...target,
      by: command.by,
      reason,
      at: isoOf(turn.at),
      ...(forMs !== undefined && { untilMs: turn.at.steadyMs + forMs }),
    };
    if (forMs === undefined) clearTimer(turn.state.timers, `disabled:${key}`);
    else setTimer(turn.state.timers, `disabled:${key}`, turn.at.steadyMs + forMs);
    const zone = zoneOf(turn.model, target);
    raiseSignal(turn, {
      key: `disabled:${key}`,
      plan: turn.model.plans.get('out-of-service')!,
      ...(zone !== undefined && { zone }),
      about: nameOf(turn.model, target),
      rule: 'out_of_service',
      subject: key,
      value: null,
      because: because(command, `${target.id} taken out of service (${reason})`),
      by: command.by,
    });
    disabledChanged(turn, because(command, `${target.id} taken out of service`));
    const named = called(nameOf(turn.model, target));
    return { message: { zh: `${named.zh} 已停用`, en: `${named.en} is out of service` } };
  },

  enable(turn, command) {
    const target = targetOf(turn, command);
    const key = `${target.of}:${target.id}`;
    const named = called(nameOf(turn.model, target));
    if (turn.state.durable.disabled[key] === undefined)
      return { message: { zh: `${named.zh} 未停用`, en: `${named.en} was not disabled` } };
    enable(turn, key, because(command, `${target.id} back in service`));
    return { message: { zh: `${named.zh} 已启用`, en: `${named.en} is back in service` } };
  },

  output(turn, command) {
    const { state, model, at } = turn;
    const id = text(command, 'output');
    if (!model.outputs.has(id)) throw new Refusal('notFound', `没有输出 ${id}`, `there is no output ${id}`);
    const named = called(model.outputs.get(id)!.name ?? id);
    const value = command.value;
    if (value === 'auto') {
      state.dirty = true;
      delete state.durable.overrides[id];
      clearTimer(state.timers, `override:${id}`);
      turn.effects.outputs = true;
      return { message: { zh: `${named.zh} 恢复自动`, en: `${named.en} is automatic again` } };
    }
    const on =
      value === true || value === 'on' ? true : value === false || value === 'off' ? false : undefined;
    if (on === undefined)
      throw new Refusal('badRequest', 'value 应为 true、false 或 auto', 'value must be true, false or auto');
    const forMs = duration(command, 'for');
    const hold = holdOn(state, model, id);
    if (hold !== undefined && mustBe(hold) !== on)
      throw new Refusal(
        'refused',
        `联锁 ${hold.id} 不允许 ${id} ${on ? '开' : '关'}：${hold.because}`,
        `interlock ${hold.id} forbids ${id} ${onOrOff(on)}: ${hold.because}`,
      );
    state.dirty = true;
    state.durable.overrides[id] = { value: on, by: command.by, untilMs: at.steadyMs + forMs };
    setTimer(state.timers, `override:${id}`, at.steadyMs + forMs);
    turn.effects.outputs = true;
    return {
      message: {
        zh: `${named.zh} 手动${on ? '开' : '关'}`,
        en: `${named.en} set ${on ? 'on' : 'off'} by hand`,
      },
    };
  },
} satisfies Record<string, Act>;

/** Puts a point, device or zone back into service. */
export function enable(turn: Turn, key: string, why: string): void {
  turn.state.dirty = true;
  delete turn.state.durable.disabled[key];
  clearTimer(turn.state.timers, `disabled:${key}`);
  const shown = turn.state.durable.keys[`disabled:${key}`];
  if (shown !== undefined) endSignals(turn, shown, ({ rule }) => rule === 'out_of_service', why);
  disabledChanged(turn, why);
}

interface Target {
  readonly of: 'point' | 'device' | 'zone';
  readonly id: string;
}

function zoneOf(model: Model, { of, id }: Target): string | undefined {
  if (of === 'zone') return id;
  const point = of === 'point' ? model.points[model.index.get(id)!] : undefined;
  return point?.zone ?? model.devices.get(point?.device ?? id)?.zone;
}

function nameOf(model: Model, { of, id }: Target): Text {
  if (of === 'zone') return model.zones.get(id)?.name ?? id;
  return of === 'device'
    ? (model.devices.get(id)?.name ?? id)
    : pointName(model.points[model.index.get(id)!]!);
}

/** In both languages: what a reply calls it. */
function called(name: Text): { readonly zh: string; readonly en: string } {
  return typeof name === 'string' ? { zh: name, en: name } : name;
}

/** Indexes of the points that are out of service, themselves or with their device or zone. */
export function outOfService(model: Model, { disabled }: Durable): Set<number> {
  const found = new Set<number>();
  if (Object.keys(disabled).length === 0) return found;
  model.points.forEach((point, index) => {
    const zone = point.zone ?? model.devices.get(point.device)?.zone;
    if (
      disabled[`point:${point.id}`] ||
      disabled[`device:${point.device}`] ||
      (zone !== undefined && disabled[`zone:${zone}`])
    )
      found.add(index);
  });
  return found;
}

/** Recomputes which points are out of service, and lets go or looks again at the rules that name them. */
export function disabledChanged(turn: Turn, why: string): void {
  const { state, model } = turn;
  const before = state.live.disabled;
  const now = outOfService(model, state.durable);
  state.live.disabled = now;
  testedPoints(state, model);
  look(model, state.live.values, state.live.unheard);
  for (let index = 0; index < model.points.length; index += 1) {
    if (before.has(index) === now.has(index)) continue;
    turn.effects.points.add(model.points[index]!.id);
    for (const compiled of model.rulesOf[index]!) {
      if (now.has(index) && compiled.when.kind === 'point') release(turn, compiled.rule.id, why);
      else evaluate(turn, compiled, model.points[index]!.id);
    }
    for (const compiled of model.interlocksOf.get(index) ?? []) evaluateInterlock(turn, compiled);
  }
  judgeAll(turn);
}

function targetOf(turn: Turn, command: Command): Target {
  const { model } = turn;
  const known = { point: model.index, device: model.devices, zone: model.zones } as const;
  const named = (['point', 'device', 'zone'] as const).filter((of) => command[of] !== undefined);
  if (named.length > 1) {
    throw new Refusal(
      'badRequest',
      '只能指明 point、device、zone 之一',
      `name one of ${named.join(' and ')}, not both`,
    );
  }
  for (const of of named) {
    const id = text(command, of);
    if (!known[of].has(id)) throw new Refusal('notFound', `没有 ${id}`, `there is no ${of} ${id}`);
    return { of, id };
  }
  throw new Refusal('badRequest', '请指明 point、device 或 zone', 'name a point, a device or a zone');
}

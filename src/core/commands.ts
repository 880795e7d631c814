// What people may do to incidents, points and outputs: one function for each verb, each judging whether it
// may be done and saying why not. Who has the right to ask is judged before, at the door.

import {
  closeIncident,
  emit,
  endSignals,
  higher,
  isoOf,
  raiseSignal,
  settleState,
  type Turn,
  touch,
} from './incidents.ts';
import { type Model, truthOf } from './model.ts';
import { evaluate, incidentKey, release } from './rules.ts';
import type { Durable } from './state.ts';
import { clearTimer, setTimer } from './timers.ts';
import { judgeAll } from './troubles.ts';
import type { Command, Incident, Level, Reply, Text, Verb, Verdict } from './types.ts';

const levels: readonly Level[] = ['general', 'major', 'urgent'];
const verdicts: readonly Verdict[] = ['real', 'false', 'test', 'maintenance'];
const textLimit = 2000;
const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Thrown inside a verb; becomes the reply. Nothing has been changed when it is thrown. */
class Refusal extends Error {
  readonly code: string;
  readonly text: Text;
  constructor(code: string, zh: string, en: string) {
    super(en);
    this.code = code;
    this.text = { zh, en };
  }
}

type Done = { readonly message: Text; readonly incident?: string };
type Act = (turn: Turn, command: Command) => Done;

const verbs: Readonly<Record<Verb, Act>> = {
  raise(turn, command) {
    const { model, state } = turn;
    const plan = model.plans.get(text(command, 'plan'));
    if (!plan)
      throw new Refusal(
        'notFound',
        `没有预案 ${command.plan}`,
        `there is no plan ${command.plan}; known: ${[...model.plans.keys()].join(', ')}`,
      );
    const zone = optionalText(command, 'zone');
    if (zone !== undefined && !model.zones.has(zone))
      throw new Refusal('notFound', `没有区域 ${zone}`, `there is no zone ${zone}`);
    const level = optionalChoice(command, 'level', levels);
    const note = optionalText(command, 'note');
    const key = incidentKey(plan.id, zone);
    // Two thefts are two incidents; but what a sensor already told of is the same fire.
    const open = state.durable.incidents[state.durable.keys[key] ?? ''];
    if (open?.signals.every((signal) => signal.rule === byHand)) delete state.durable.keys[key];
    const because = note === undefined ? `raised by ${command.by}` : `raised by ${command.by}: ${note}`;
    const incident = raiseSignal(turn, {
      key,
      plan,
      ...(zone !== undefined && { zone }),
      ...(level !== undefined && { level }),
      rule: byHand,
      value: null,
      because,
      by: command.by,
    });
    return { message: { zh: `已启动 ${incident}`, en: `raised as ${incident}` }, incident };
  },

  ack(turn, command) {
    const incident = openIncident(turn, command);
    if (incident.acknowledged) {
      return said(
        incident,
        `已由 ${incident.acknowledgedBy} 确认`,
        `already acknowledged by ${incident.acknowledgedBy}`,
      );
    }
    change(turn, incident, () => {
      incident.acknowledged = true;
      incident.acknowledgedBy = command.by;
      incident.acknowledgedAt = isoOf(turn.at);
    });
    emit(turn, 'incident.acknowledged', because(command, 'acknowledged'), {
      incident,
      by: command.by,
      ...noteOf(command),
    });
    return said(incident, '已确认', 'acknowledged');
  },

  silence(turn, command) {
    const all = Object.values(turn.state.durable.incidents);
    const chosen = command.incident === undefined ? all : [openIncident(turn, command)];
    for (const incident of chosen.filter((one) => !one.silenced)) {
      change(turn, incident, () => {
        incident.silenced = true;
      });
      emit(turn, 'incident.note', because(command, 'silenced'), {
        incident,
        by: command.by,
        note: optionalText(command, 'note') ?? 'silenced',
      });
    }
    return {
      message: { zh: `已消音，共 ${chosen.length} 起`, en: `silenced, ${chosen.length} incident(s)` },
      ...(chosen.length === 1 && { incident: chosen[0]!.id }),
    };
  },

  reset(turn, command) {
    const incident = openIncident(turn, command);
    const { durable } = turn.state;
    const mine = Object.entries(durable.rules).filter(
      ([, standing]) => standing.phase !== 'pending' && standing.incident === incident.id,
    );
    const holding = mine.filter(
      ([id, standing]) => standing.phase === 'active' && turn.model.rules.get(id)?.rule.latch,
    );
    const latched = mine.filter(([, standing]) => standing.phase === 'latched');
    const byHandStill = incident.signals.some((signal) => signal.active && signal.rule === byHand);
    const stuck = latched.filter(([id]) => {
      const compiled = turn.model.rules.get(id);
      return compiled !== undefined && truthOf(compiled.when, turn.model, durable.alarms) === undefined;
    });
    if (holding.length > 0 && latched.length === 0 && !byHandStill) {
      const names = holding.map(([id]) => id).join(', ');
      throw new Refusal('refused', `条件仍然成立：${names}`, `still active: ${names}`);
    }
    if (latched.length > 0 && stuck.length === latched.length && !byHandStill) {
      const names = stuck.map(([id]) => id).join(', ');
      throw new Refusal(
        'refused',
        `传感器状态未知，不能复位：${names}`,
        `its sensors are unknown, so nobody can say that it is over: ${names}`,
      );
    }
    if (latched.length === 0 && !byHandStill) {
      if (incident.active) throw new Refusal('refused', '条件仍然成立', 'still active');
      return said(incident, '无需复位', 'nothing to reset');
    }
    emit(turn, 'incident.note', because(command, 'reset'), {
      incident,
      by: command.by,
      note: optionalText(command, 'note') ?? 'reset',
    });
    for (const [id] of latched.filter((one) => !stuck.includes(one)))
      release(turn, id, because(command, 'reset'));
    endSignals(turn, incident.id, (signal) => signal.rule === byHand, because(command, 'reset'));
    return said(incident, '已复位', 'reset');
  },

  close(turn, command) {
    const incident = openIncident(turn, command);
    const plan = turn.model.plans.get(incident.plan);
    const verdict = optionalChoice(command, 'verdict', verdicts);
    const needed = plan?.closing === 'person' ? plan.closingRequires : [];
    if (plan?.closing === 'person' && verdict === undefined) {
      throw new Refusal(
        'badRequest',
        '请给出结论 verdict：real、false、test、maintenance',
        'verdict is missing: one of real, false, test, maintenance',
      );
    }
    const record = {
      cause: optionalText(command, 'cause'),
      remedy: optionalText(command, 'remedy'),
      losses: optionalText(command, 'losses'),
    };
    const missing = needed.filter((field) => record[field] === undefined);
    if (missing.length > 0) {
      throw new Refusal(
        'badRequest',
        `预案要求填写：${missing.join('、')}`,
        `the plan ${incident.plan} demands: ${missing.join(', ')}`,
      );
    }
    if (!incident.acknowledged)
      throw new Refusal('refused', '尚未确认，请先确认', 'not acknowledged yet: acknowledge it first');
    const active = incident.signals.filter((signal) => signal.active && signal.rule !== byHand);
    if (active.length > 0) {
      const latched = active.every((signal) => signal.latched);
      const names = active.map((signal) => signal.point ?? signal.subject ?? signal.rule).join(', ');
      throw latched
        ? new Refusal('refused', `已锁存，请先复位：${names}`, `latched, reset it first: ${names}`)
        : new Refusal('refused', `条件仍然成立：${names}`, `still active: ${names}`);
    }
    const open = incident.steps
      .filter((step) => step.required && step.doneAt === undefined)
      .map((step) => step.id);
    if (open.length > 0)
      throw new Refusal(
        'refused',
        `必做步骤未完成：${open.join('、')}`,
        `steps that must be done first: ${open.join(', ')}`,
      );
    if (verdict !== undefined) incident.verdict = verdict;
    if (record.cause !== undefined) incident.closingCause = record.cause;
    if (record.remedy !== undefined) incident.remedy = record.remedy;
    if (record.losses !== undefined) incident.losses = record.losses;
    closeIncident(
      turn,
      incident,
      because(command, verdict === undefined ? 'closed' : `closed as ${verdict}`),
      command.by,
    );
    return said(incident, '已关闭', 'closed');
  },

  step(turn, command) {
    const incident = openIncident(turn, command);
    const id = text(command, 'step');
    const step = incident.steps.find((one) => one.id === id);
    if (!step)
      throw new Refusal(
        'notFound',
        `预案中没有步骤 ${id}`,
        `the plan ${incident.plan} has no step ${id}; steps: ${incident.steps.map((one) => one.id).join(', ')}`,
      );
    if (step.doneAt !== undefined)
      return said(incident, `已由 ${step.doneBy} 完成`, `already done by ${step.doneBy}`);
    const note = optionalText(command, 'note');
    change(turn, incident, () => {
      step.doneBy = command.by;
      step.doneAt = isoOf(turn.at);
      if (note !== undefined) step.note = note;
    });
    emit(turn, 'incident.step', because(command, `step ${id} done`), {
      incident,
      by: command.by,
      step: id,
      ...noteOf(command),
    });
    return said(incident, '已记录', 'recorded');
  },

  note(turn, command) {
    const incident = openIncident(turn, command);
    const note = text(command, 'text');
    touch(turn, incident);
    emit(turn, 'incident.note', because(command, 'note'), { incident, by: command.by, note });
    return said(incident, '已记录', 'noted');
  },

  level(turn, command) {
    const incident = openIncident(turn, command);
    const level = choice(command, 'level', levels);
    if (level === incident.level) return said(incident, `级别已是 ${level}`, `the level is ${level} already`);
    if (higher(level, incident.level) !== level) {
      throw new Refusal(
        'refused',
        `级别只升不降，当前 ${incident.level}`,
        `a level is raised, never lowered; it is ${incident.level}`,
      );
    }
    change(turn, incident, () => {
      incident.level = level;
    });
    emit(turn, 'incident.escalated', because(command, `level raised to ${level}`), {
      incident,
      by: command.by,
      ...noteOf(command),
    });
    return said(incident, `级别升为 ${level}`, `level raised to ${level}`);
  },

  shelve(turn, command) {
    const incident = openIncident(turn, command);
    const forMs = duration(command, 'for');
    text(command, 'reason');
    change(turn, incident, () => {
      incident.shelvedUntilMs = turn.at.steadyMs + forMs;
    });
    setTimer(turn.state.timers, `shelve:${incident.id}`, turn.at.steadyMs + forMs);
    emit(turn, 'incident.shelved', because(command, `shelved for ${command.for}: ${command.reason}`), {
      incident,
      by: command.by,
    });
    return said(incident, '已搁置', 'shelved');
  },

  unshelve(turn, command) {
    const incident = openIncident(turn, command);
    if (incident.shelvedUntilMs === undefined) return said(incident, '未搁置', 'not shelved');
    unshelve(turn, incident, because(command, 'unshelved'), command.by);
    return said(incident, '已恢复', 'unshelved');
  },

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
    disabledChanged(turn, because(command, `${target.id} taken out of service`));
    return { message: { zh: `${target.id} 已停用`, en: `${target.id} is out of service` } };
  },

  enable(turn, command) {
    const target = targetOf(turn, command);
    const key = `${target.of}:${target.id}`;
    if (turn.state.durable.disabled[key] === undefined)
      return { message: { zh: `${target.id} 未停用`, en: `${target.id} was not disabled` } };
    enable(turn, key, because(command, `${target.id} back in service`));
    return { message: { zh: `${target.id} 已启用`, en: `${target.id} is back in service` } };
  },

  output(turn, command) {
    const { state, model, at } = turn;
    const id = text(command, 'output');
    if (!model.outputs.has(id)) throw new Refusal('notFound', `没有输出 ${id}`, `there is no output ${id}`);
    const value = command.value;
    if (value === 'auto') {
      state.dirty = true;
      delete state.durable.overrides[id];
      clearTimer(state.timers, `override:${id}`);
      turn.effects.outputs = true;
      return { message: { zh: `${id} 恢复自动`, en: `${id} is automatic again` } };
    }
    const on =
      value === true || value === 'on' ? true : value === false || value === 'off' ? false : undefined;
    if (on === undefined)
      throw new Refusal('badRequest', 'value 应为 true、false 或 auto', 'value must be true, false or auto');
    const forMs = duration(command, 'for');
    state.dirty = true;
    state.durable.overrides[id] = { value: on, by: command.by, untilMs: at.steadyMs + forMs };
    setTimer(state.timers, `override:${id}`, at.steadyMs + forMs);
    turn.effects.outputs = true;
    return { message: { zh: `${id} 手动${on ? '开' : '关'}`, en: `${id} set ${on ? 'on' : 'off'} by hand` } };
  },
};

const byHand = 'by_hand';

/** Runs a command whose shape the door has checked. Always gives a reply; a refused one has changed nothing. */
export function run(turn: Turn, command: Command): Reply {
  const { language } = turn.model.site;
  const reply = (ok: boolean, code: string, message: Text, more: object = {}): Reply => ({
    id: command.id,
    ok,
    code,
    message: typeof message === 'string' ? message : message[language],
    ...more,
  });
  const act = Object.hasOwn(verbs, command.verb) ? verbs[command.verb as Verb] : undefined;
  if (!act)
    return reply(false, 'unknownVerb', {
      zh: `未知的操作 ${command.verb}`,
      en: `unknown verb ${command.verb}`,
    });
  try {
    optionalText(command, 'note'); // every verb takes one, and must not find it wrong halfway
    const { message, incident } = act(turn, command);
    return reply(true, 'ok', message, incident === undefined ? {} : { incident });
  } catch (error) {
    if (error instanceof Refusal) return reply(false, error.code, error.text);
    throw error;
  }
}

/** A shelf's time is over, or a person took the incident off it. */
export function unshelve(turn: Turn, incident: Incident, why: string, by?: string): void {
  change(turn, incident, () => {
    delete incident.shelvedUntilMs;
  });
  clearTimer(turn.state.timers, `shelve:${incident.id}`);
  emit(turn, 'incident.unshelved', why, { incident, ...(by !== undefined && { by }) });
}

/** Puts a point, device or zone back into service. */
export function enable(turn: Turn, key: string, why: string): void {
  turn.state.dirty = true;
  delete turn.state.durable.disabled[key];
  clearTimer(turn.state.timers, `disabled:${key}`);
  disabledChanged(turn, why);
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
  model.view.disabled = now;
  for (let index = 0; index < model.points.length; index += 1) {
    if (before.has(index) === now.has(index)) continue;
    turn.effects.points.add(model.points[index]!.id);
    for (const compiled of model.rulesOf[index]!) {
      if (now.has(index) && compiled.when.kind === 'point') release(turn, compiled.rule.id, why);
      else evaluate(turn, compiled, model.points[index]!.id);
    }
  }
  judgeAll(turn);
}

function openIncident(turn: Turn, command: Command): Incident {
  const given = text(command, 'incident');
  const { incidents } = turn.state.durable;
  const found = Object.hasOwn(incidents, given)
    ? incidents[given]
    : Object.values(incidents).find((one) => one.id.startsWith(`${given}_`));
  if (!found)
    throw new Refusal('notFound', `没有未关闭的事件 ${given}`, `there is no open incident ${given}`);
  return found;
}

function change(turn: Turn, incident: Incident, how: () => void): void {
  how();
  settleState(incident);
  turn.state.dirty = true;
  turn.effects.outputs = true;
  touch(turn, incident);
}

function targetOf(turn: Turn, command: Command): { of: 'point' | 'device' | 'zone'; id: string } {
  const { model } = turn;
  const known = { point: model.index, device: model.devices, zone: model.zones } as const;
  for (const of of ['point', 'device', 'zone'] as const) {
    if (command[of] === undefined) continue;
    const id = text(command, of);
    if (!known[of].has(id)) throw new Refusal('notFound', `没有 ${id}`, `there is no ${of} ${id}`);
    return { of, id };
  }
  throw new Refusal('badRequest', '请指明 point、device 或 zone', 'name a point, a device or a zone');
}

function said(incident: Incident, zh: string, en: string): Done {
  return { message: { zh: `${incident.id}：${zh}`, en: `${incident.id}: ${en}` }, incident: incident.id };
}

function because(command: Command, what: string): string {
  const note = optionalText(command, 'note');
  return note === undefined ? `${what} by ${command.by}` : `${what} by ${command.by}: ${note}`;
}

function noteOf(command: Command): { note?: string } {
  const note = optionalText(command, 'note');
  return note === undefined ? {} : { note };
}

function text(command: Command, field: string): string {
  const value = optionalText(command, field);
  if (value === undefined) throw new Refusal('badRequest', `缺少 ${field}`, `${field} is missing`);
  return value;
}

function optionalText(command: Command, field: string): string | undefined {
  const value = command[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.trim() === '' || value.length > textLimit) {
    throw new Refusal(
      'badRequest',
      `${field} 应为 1 到 ${textLimit} 字的文本`,
      `${field} must be a text of 1 to ${textLimit} characters`,
    );
  }
  return value;
}

function optionalChoice<T extends string>(
  command: Command,
  field: string,
  choices: readonly T[],
): T | undefined {
  return command[field] === undefined ? undefined : choice(command, field, choices);
}

function choice<T extends string>(command: Command, field: string, choices: readonly T[]): T {
  const value = command[field];
  if (!choices.includes(value as T)) {
    throw new Refusal(
      'badRequest',
      `${field} 应为 ${choices.join('、')} 之一`,
      `${field} must be one of ${choices.join(', ')}`,
    );
  }
  return value as T;
}

function duration(command: Command, field: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text(command, field));
  const ms = match ? Number(match[1]) * unitsMs[match[2]!]! : 0;
  if (!(ms > 0) || ms > 366 * 86_400_000) {
    throw new Refusal(
      'badRequest',
      `${field} 应为时长，例如 10m`,
      `${field} must be a duration such as 10m, at most a year`,
    );
  }
  return ms;
}

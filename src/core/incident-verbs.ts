// What people may do to incidents: one function for each verb, each judging whether it may be done and saying
// why not. Who has the right to ask is judged before, at the door.

import {
  type Act,
  because,
  choice,
  type Done,
  duration,
  levels,
  noteOf,
  optionalChoice,
  optionalText,
  Refusal,
  text,
  verdicts,
} from './command-fields.ts';
import {
  byHand,
  change,
  closeIncident,
  emit,
  endSignals,
  endsByPerson,
  higher,
  isoOf,
  raiseSignal,
  type Turn,
  touch,
} from './incidents.ts';
import { pointName, titled, truthOf } from './model.ts';
import { incidentKey, release } from './rules.ts';
import { clearTimer, setTimer } from './timers.ts';
import type { Command, Incident, Signal } from './types.ts';
import { levelsZh } from './vocabulary.ts';

/** Evidence that nobody gave a time for is kept so long. */
const evidenceKeptMs = 30 * 86_400_000;
const mostEvidence = 100;

const closingFieldsZh = {
  cause: '原因（cause）',
  remedy: '处理措施（remedy）',
  losses: '损失（losses）',
} as const;

export const incidentVerbs = {
  raise(turn, command) {
    const { model, state } = turn;
    const plan = model.plans.get(text(command, 'plan'));
    if (!plan)
      throw new Refusal(
        'notFound',
        `没有预案 ${command.plan}；可用 keepwatch plans 查看全部编号`,
        `there is no plan ${command.plan}; known: ${[...model.plans.keys()].join(', ')}`,
      );
    const zone = optionalText(command, 'zone');
    if (zone !== undefined && !model.zones.has(zone))
      throw new Refusal('notFound', `没有区域 ${zone}`, `there is no zone ${zone}`);
    const level = optionalChoice(command, 'level', levels);
    const note = optionalText(command, 'note');
    const finder = optionalText(command, 'finder');
    const phone = optionalText(command, 'phone');
    const place = optionalText(command, 'place');
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
      ...((finder ?? phone) !== undefined && {
        finder: { name: finder ?? command.by, ...(phone !== undefined && { phone }) },
      }),
      ...(place !== undefined && { place }),
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
    // Whose points are all out of service can't be asked any more: a person's word is enough.
    const abandoned = mine.filter(([id]) =>
      turn.model.rules.get(id)?.points.every((index) => turn.state.live.disabled.has(index)),
    );
    const holding = mine.filter(
      ([id, standing]) => standing.phase === 'active' && turn.model.rules.get(id)?.rule.latch,
    );
    const latched = mine.filter((one) => one[1].phase === 'latched' || abandoned.includes(one));
    const byHandStill = incident.signals.some((signal) => signal.active && endsByPerson(signal));
    const stuck = latched.filter((one) => {
      const [id] = one;
      if (abandoned.includes(one)) return false;
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
    endSignals(turn, incident.id, endsByPerson, because(command, 'reset'));
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
        '请给出结论（verdict）：real 真实、false 误报、test 测试、maintenance 检修',
        'verdict is missing: one of real, false, test, maintenance',
      );
    }
    const record = {
      cause: optionalText(command, 'cause'),
      remedy: optionalText(command, 'remedy'),
      losses: optionalText(command, 'losses'),
    };
    if (!incident.acknowledged)
      throw new Refusal('refused', '尚未确认，请先确认', 'not acknowledged yet: acknowledge it first');
    // (what a drill is about is over when a person says so)
    const active = incident.signals.filter(
      (signal) => signal.active && signal.rule !== byHand && !incident.drill,
    );
    if (active.length > 0) {
      const latched = active.every((signal) => signal.latched);
      const names = active.map((signal) => signal.point ?? signal.subject ?? signal.rule).join(', ');
      const namesZh = active.map((signal) => signalNameZh(turn, signal)).join('、');
      throw latched
        ? new Refusal('refused', `已锁存，请先复位：${namesZh}`, `latched, reset it first: ${names}`)
        : new Refusal('refused', `条件仍然成立：${namesZh}`, `still active: ${names}`);
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
    const missing = needed.filter((field) => record[field] === undefined);
    if (missing.length > 0) {
      throw new Refusal(
        'badRequest',
        `预案要求填写：${missing.map((field) => closingFieldsZh[field]).join('、')}`,
        `the plan ${incident.plan} demands: ${missing.join(', ')}`,
      );
    }
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
    if (level === incident.level)
      return said(incident, `级别已是${levelsZh[level]}`, `the level is ${level} already`);
    if (higher(level, incident.level) !== level) {
      throw new Refusal(
        'refused',
        `级别只升不降，当前为${levelsZh[incident.level]}`,
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
    return said(incident, `级别升为${levelsZh[level]}`, `level raised to ${level}`);
  },

  evidence(turn, command) {
    const incident = openIncident(turn, command);
    const id = optionalText(command, 'evidence');
    const note = optionalText(command, 'note');
    const keepMs = command.for === undefined ? undefined : duration(command, 'for');
    incident.evidence ??= [];
    const wanted = incident.evidence.find((one) => one.id === id);
    if (id !== undefined && !wanted)
      throw new Refusal(
        'notFound',
        `没有证据项 ${id}`,
        `there is no evidence ${id}; there are: ${incident.evidence.map((one) => one.id).join(', ') || 'none'}`,
      );
    const secured = {
      by: command.by,
      at: isoOf(turn.at),
      ...(keepMs !== undefined && { keepMs: Math.max(keepMs, wanted?.keepMs ?? 0) }),
      ...(note !== undefined && { note }),
    };
    if (wanted === undefined && incident.evidence.length >= mostEvidence)
      throw new Refusal('refused', '证据项过多', `more than ${mostEvidence} pieces of evidence`);
    const what = wanted?.text ?? titled(text(command, 'text'));
    change(turn, incident, () => {
      if (wanted) Object.assign(wanted, secured);
      else
        incident.evidence!.push({
          id: `e${incident.evidence!.length + 1}`,
          text: what,
          keepMs: evidenceKeptMs,
          ...secured,
        });
    });
    emit(turn, 'incident.note', because(command, 'evidence secured'), {
      incident,
      by: command.by,
      note:
        note === undefined ? what[turn.model.site.language] : `${what[turn.model.site.language]}: ${note}`,
    });
    return said(incident, '证据已登记', 'evidence recorded');
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
} satisfies Record<string, Act>;

/** A shelf's time is over, or a person took the incident off it. */
export function unshelve(turn: Turn, incident: Incident, why: string, by?: string): void {
  change(turn, incident, () => {
    delete incident.shelvedUntilMs;
  });
  clearTimer(turn.state.timers, `shelve:${incident.id}`);
  emit(turn, 'incident.unshelved', why, { incident, ...(by !== undefined && { by }) });
}

/** The open incident that a command names, also by the beginning of its id. */
export function openIncident(turn: Turn, command: Command): Incident {
  const given = text(command, 'incident');
  const { incidents } = turn.state.durable;
  const found = Object.hasOwn(incidents, given)
    ? incidents[given]
    : Object.values(incidents).find((one) => one.id.startsWith(`${given}_`));
  if (!found)
    throw new Refusal('notFound', `没有未关闭的事件 ${given}`, `there is no open incident ${given}`);
  return found;
}

/** The same, or where none is named the only one of these. */
export function incidentOrOnly(
  turn: Turn,
  command: Command,
  of: (incident: Incident) => boolean,
  what: string,
): Incident {
  const found = Object.values(turn.state.durable.incidents).filter(of);
  const named = command.incident === undefined ? undefined : openIncident(turn, command);
  if (named !== undefined && !found.includes(named))
    throw new Refusal('refused', `${named.id} 不是演练`, `${named.id} is no ${what}`);
  if (named === undefined && found.length !== 1)
    throw new Refusal(
      found.length === 0 ? 'notFound' : 'badRequest',
      found.length === 0 ? '没有正在进行的演练' : '请指明 incident',
      found.length === 0 ? `no ${what} is running` : `several are running: name one as incident`,
    );
  return named ?? found[0]!;
}

/** What a person would call what a signal is about. */
function signalNameZh({ model }: Turn, { point, subject, rule }: Signal): string {
  const index = point === undefined ? undefined : model.index.get(point);
  return index === undefined ? (subject ?? rule) : titled(pointName(model.points[index]!)).zh;
}

function said(incident: Incident, zh: string, en: string): Done {
  return { message: { zh: `${incident.id}：${zh}`, en: `${incident.id}: ${en}` }, incident: incident.id };
}

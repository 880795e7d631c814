// Trouble with the equipment itself: links that are down, points without a valid value, outputs that do not
// follow, the daemon's own health. One cause is one incident: a dead bus inhibits the troubles of its
// devices, a dead device those of its points.

import { chattersStill, forgetChatter } from './chatter.ts';
import { endSignals, endsByPerson, raiseSignal, type Turn } from './incidents.ts';
import { pointName } from './model.ts';
import type { Durable } from './state.ts';
import { clearTimer, setTimer } from './timers.ts';
import type { Chatter, Signal, Text } from './types.ts';

/** A point must be without a value this long and its debounce, on a living device, to be a trouble of its own. */
export const pointTroubleAfterMs = 3000;
/** A bus that is back asks its devices one after the other: until each has answered or failed, or this long, its points are excused. */
const answerWithinMs = 30_000;
/** A device that is back may have registers that rest for a late answer still to come: so long until all are read again. */
const rereadWithinMs = 15_000;
/** An output's fault that outlasts the loss of its device by this much is a trouble of its own. */
const outputTroubleAfterMs = 10_000;

/** What each trouble is called, by its rule. */
export const troubleWords: Readonly<Record<string, Text>> = {
  bus_lost: { zh: '总线中断', en: 'Bus lost' },
  bus_silent: { zh: '总线上设备全部无应答', en: 'No device on the bus answers' },
  device_lost: { zh: '设备无应答', en: 'Device does not answer' },
  point_bad: { zh: '读数无效', en: 'No valid reading' },
  point_chatter: { zh: '触点抖动', en: 'Contact chatters' },
  output_fault: { zh: '输出故障', en: 'Output fault' },
  health_state: { zh: '存储的运行记录受损', en: 'Stored state was damaged' },
  health_engine: { zh: '网关内部故障，有输入未处理', en: 'Internal fault: an input was left out' },
  health_storage: { zh: '存储故障', en: 'Storage fault' },
  health_channel: { zh: '通知通道故障', en: 'Channel to people fails' },
  health_broker: { zh: '消息服务器连接中断', en: 'Broker connection lost' },
  health_disk: { zh: '磁盘空间不足', en: 'Disk is nearly full' },
  health_slow_disk: { zh: '存储写入过慢', en: 'Disk is slow' },
  health_clock: { zh: '时钟未同步', en: 'Clock not synchronised' },
  health_identity: { zh: '两台网关使用同一身份', en: 'Two gateways under one name' },
  health_stuck: { zh: '网关部件停滞，已重启该部件', en: 'A part of the gateway was stuck' },
  health_console: { zh: '控制台网页无法打开', en: 'Console can’t be opened' },
  health_receipt: { zh: '监控中心未确认', en: 'No receipt from the monitoring centre' },
};

/** A bus or device was found or lost. `because` is kept while it is down. */
export function linkChanged(
  turn: Turn,
  of: 'bus' | 'device',
  id: string,
  up: boolean,
  because: string,
): void {
  const { state, model } = turn;
  const { down } = state.durable;
  const key = `${of}:${id}`;
  const awaited = of === 'device' && isAwaited(turn, id);
  if (!awaited && (up ? down[key] === undefined : down[key] === because)) return;
  state.dirty = true;
  if (up) delete down[key];
  else down[key] = because;
  if (of === 'bus') {
    // What its devices do is unknown until the bus is back and they have been asked again.
    for (const device of model.devicesOn.get(id) ?? []) {
      delete down[`device:${device}`];
      if (up) setTimer(state.timers, answerTimer(device), turn.at.steadyMs + answerWithinMs);
      else clearTimer(state.timers, answerTimer(device));
    }
    judgeBus(turn, id);
    // The same holds for its outputs: a fault that outlasts the loss will be told again.
    for (const output of model.outputs.values()) {
      if (output.bus !== id) continue;
      delete state.durable.outputs[output.id]?.fault;
      outputTrouble(turn, output.id, undefined);
    }
  } else {
    clearTimer(state.timers, answerTimer(id));
    const bus = model.devices.get(id)?.bus;
    if (bus !== undefined) judgeBus(turn, bus);
    if (up) awaitReading(turn, id);
    for (const output of model.outputs.values()) {
      if (output.device !== id) continue;
      // A fault while the device is lost has that cause; one that is still there after its return is its own.
      if (up) setTimer(state.timers, `output:${output.id}`, turn.at.steadyMs + outputTroubleAfterMs);
      else outputTrouble(turn, output.id, undefined);
    }
  }
}

/** Points of a device that is back and not read yet: their wait is longer. */
function awaitReading({ state, model, at }: Turn, device: string): void {
  for (const index of model.pointsOf.get(device) ?? []) {
    const { id, debounceMs } = model.points[index]!;
    const timer = `bad:${id}`;
    if (state.durable.timers[timer] === undefined || state.live.qualities[index] !== 'stale') continue;
    setTimer(state.timers, timer, at.steadyMs + rereadWithinMs + (debounceMs ?? 0));
  }
}

const answerTimer = (device: string): string => `answer:${device}`;

/** Its bus is back, and nothing is known of it since. */
function isAwaited(turn: Turn, device: string): boolean {
  return turn.state.durable.timers[answerTimer(device)] !== undefined;
}

/** A device that has neither answered nor failed since its bus is back, such as one that speaks only on events. */
export function stillAwaited(turn: Turn, device: string): void {
  for (const index of turn.model.pointsOf.get(device) ?? []) judgePoint(turn, index);
}

/** Opens and ends the troubles of a bus and all its devices by what is known of its links. */
function judgeBus(turn: Turn, bus: string): void {
  const { down } = turn.state.durable;
  const devices = turn.model.devicesOn.get(bus) ?? [];
  const lost = down[`bus:${bus}`];
  const watched = devices.filter((device) => !isDisabled(turn, 'device', device));
  const silent =
    lost === undefined &&
    watched.length > 1 &&
    watched.every((device) => down[`device:${device}`] !== undefined);
  judge(turn, {
    rule: 'bus_lost',
    subject: `bus:${bus}`,
    name: bus,
    on: lost !== undefined,
    because: lost ?? 'the bus is back',
  });
  judge(turn, {
    rule: 'bus_silent',
    subject: `bus:${bus}`,
    name: bus,
    on: silent,
    because: silent
      ? `none of ${watched.length} devices answers: ${watched.map((device) => down[`device:${device}`])[0]}`
      : 'a device answers again',
  });
  const inhibited = lost !== undefined || silent;
  for (const device of devices) judgeDevice(turn, device, inhibited);
}

function judgeDevice(turn: Turn, id: string, inhibited: boolean): void {
  const { model, state } = turn;
  const device = model.devices.get(id);
  const because = state.durable.down[`device:${id}`];
  const on = because !== undefined && !inhibited && !isDisabled(turn, 'device', id);
  judge(turn, {
    rule: 'device_lost',
    subject: `device:${id}`,
    name: device?.name ?? id,
    ...(device?.zone !== undefined && { zone: device.zone }),
    on,
    because: on ? because : inhibited ? 'inhibited: the whole bus is lost' : 'the device answers again',
  });
  for (const index of model.pointsOf.get(id) ?? []) judgePoint(turn, index);
}

/** Watches one point's quality: without a value for a while, on a living device, it is a trouble. */
export function judgePoint(turn: Turn, index: number): void {
  const { state, model } = turn;
  const point = model.points[index]!;
  const timer = `bad:${point.id}`;
  if (!isReachable(turn, index)) {
    forgetChatter(state.live, index);
    chatterChanged(turn, { point: point.id, on: false, because: 'lost or out of service' });
  }
  const suffering = isSuffering(turn, index);
  const subject = `device:${point.device}`;
  const waiting = state.durable.timers[timer] !== undefined;
  const standing = state.durable.incidents[state.durable.keys[subject] ?? '']?.signals.some(
    (signal) => signal.active && signal.rule === 'point_bad' && signal.point === point.id,
  );
  // a value that came back is believed only after its debounce
  const dueMs = turn.at.steadyMs + pointTroubleAfterMs + (point.debounceMs ?? 0);
  const isEarlier = waiting && state.live.qualities[index] === 'bad' && dueMs < state.durable.timers[timer]!;
  if (suffering && !standing && (!waiting || isEarlier)) {
    state.dirty = true;
    setTimer(state.timers, timer, dueMs);
  } else if (!suffering) {
    if (waiting) {
      state.dirty = true;
      clearTimer(state.timers, timer);
    }
    if (standing && !isUnheard(turn, index))
      judge(turn, { ...pointTrouble(turn, index), on: false, because: `${point.id} is good again` });
  }
}

/** The wait of `judgePoint` is over. */
export function pointStillBad(turn: Turn, index: number): void {
  if (isSuffering(turn, index)) judge(turn, { ...pointTrouble(turn, index), on: true });
}

/** A contact has begun to chatter, or is at rest again. */
export function chatterChanged(turn: Turn, { point, on, because }: Chatter): void {
  const index = turn.model.index.get(point);
  if (index === undefined) return;
  const trouble = { ...pointTrouble(turn, index), rule: 'point_chatter', because: `${point}: ${because}` };
  judge(turn, { ...trouble, on: on && isReachable(turn, index) });
}

/** After a restart or a reload nobody knows when a contact that chattered last changed: its rest begins now. */
export function awaitRest({ state, model, at }: Turn): void {
  for (const { signals } of Object.values(state.durable.incidents)) {
    for (const { rule, active, point } of signals) {
      const index =
        rule === 'point_chatter' && active && point !== undefined ? model.index.get(point) : undefined;
      if (index !== undefined) chattersStill(state.live, index, at.steadyMs);
    }
  }
}

function pointTrouble(turn: Turn, index: number) {
  const point = turn.model.points[index]!;
  const zone = point.zone ?? turn.model.devices.get(point.device)?.zone;
  return {
    rule: 'point_bad',
    subject: `device:${point.device}`,
    point: point.id,
    name: pointName(point),
    ...(zone !== undefined && { zone }),
    because: `${point.id}: ${turn.state.live.becauses[index] ?? 'no valid value'}`,
  };
}

function isSuffering(turn: Turn, index: number): boolean {
  const { qualities, becauses } = turn.state.live;
  // a point that was never read has nothing to lose: its link tells the tale
  return (
    (qualities[index] === 'bad' || (qualities[index] === 'stale' && becauses[index] !== undefined)) &&
    isReachable(turn, index) &&
    !isAwaited(turn, turn.model.points[index]!.device)
  );
}

/** Not read yet since the start: whether it is still bad nobody can say, so an open trouble stays. */
function isUnheard(turn: Turn, index: number): boolean {
  const { qualities, becauses } = turn.state.live;
  return qualities[index] === 'stale' && becauses[index] === undefined && isReachable(turn, index);
}

function isReachable(turn: Turn, index: number): boolean {
  const { state, model } = turn;
  const { device } = model.points[index]!;
  const { down } = state.durable;
  return (
    !state.live.disabled.has(index) &&
    down[`device:${device}`] === undefined &&
    down[`bus:${model.devices.get(device)?.bus}`] === undefined
  );
}

/** An output could not be driven or read back; undefined: it follows again. */
export function outputTrouble(turn: Turn, id: string, fault: string | undefined): void {
  const output = turn.model.outputs.get(id);
  const { down } = turn.state.durable;
  const inhibited =
    down[`bus:${output?.bus}`] !== undefined || down[`device:${output?.device}`] !== undefined;
  judge(turn, {
    rule: 'output_fault',
    subject: `output:${id}`,
    name: output?.name ?? id,
    ...(output?.zone !== undefined && { zone: output.zone }),
    on: fault !== undefined && !inhibited,
    because: fault ?? 'the output follows again',
  });
}

const healthKey = 'health:';

/** Is a trouble of this check open, perhaps from before a restart? */
export function isFailing(durable: Durable, check: string): boolean {
  return durable.keys[healthKey + check] !== undefined;
}

/** Checks of the daemon's own of which a trouble is open. */
export function openChecks(durable: Durable): string[] {
  return Object.keys(durable.keys)
    .filter((key) => key.startsWith(healthKey))
    .map((key) => key.slice(healthKey.length));
}

/** Checks of which there are many, such as one for each channel, share their words. */
function ofMany(rule: string): Text | undefined {
  const kind = /^health_(channel|stuck)_/.exec(rule)?.[1];
  return kind === undefined ? undefined : troubleWords[`health_${kind}`];
}

/** One of the daemon's own checks failed or passed. */
export function healthChanged(turn: Turn, check: string, ok: boolean, because: string): void {
  const name = /^(?:channel|stuck)_(.+)$/.exec(check)?.[1];
  judge(turn, {
    rule: `health_${check}`,
    subject: healthKey + check,
    ...(name !== undefined && { name }),
    on: !ok,
    because,
  });
  if (!ok && endsByPerson({ rule: `health_${check}` })) latch(turn, healthKey + check);
}

/** What was lost is not mended by going on: the trouble stays until a person has seen it and resets it. */
function latch({ state, effects }: Turn, subject: string): void {
  const incident = state.durable.incidents[state.durable.keys[subject] ?? ''];
  if (incident === undefined) return;
  for (const signal of incident.signals) if (signal.active) signal.latched = true;
  effects.incidents.set(incident.id, incident);
}

interface Judgement {
  readonly rule: string;
  readonly subject: string;
  readonly point?: string;
  readonly name?: Text;
  readonly zone?: string;
  readonly on: boolean;
  readonly because: string;
}

function judge(turn: Turn, what: Judgement): void {
  const { durable } = turn.state;
  if (!what.on) {
    const open = durable.keys[what.subject];
    if (open !== undefined) {
      endSignals(
        turn,
        open,
        (signal) => signal.rule === what.rule && signal.point === what.point,
        what.because,
      );
    }
    return;
  }
  raiseSignal(turn, {
    key: what.subject,
    plan: turn.model.plans.get('gateway-trouble')!,
    ...(what.zone !== undefined && { zone: what.zone }),
    title: troubleWords[what.rule] ??
      ofMany(what.rule) ?? {
        zh: '网关自身故障',
        en: 'Gateway trouble',
      },
    ...(what.name !== undefined && { about: what.name }),
    rule: what.rule,
    subject: what.subject,
    ...(what.point !== undefined && { point: what.point }),
    value: null,
    because: what.because,
  });
}

/** Judges everything anew, after the site or what is out of service changed. */
export function judgeAll(turn: Turn): void {
  for (const bus of new Set([...turn.model.site.buses.map(({ id }) => id), ...turn.model.devicesOn.keys()]))
    judgeBus(turn, bus);
}

/** Ends the troubles of what another site no longer has. */
export function endTroublesOfTheGone(turn: Turn): void {
  const { model, state } = turn;
  const there: Readonly<Record<string, { has(id: string): boolean }>> = {
    bus: new Set(model.site.buses.map(({ id }) => id)),
    device: model.devices,
    output: model.outputs,
  };
  const isGone = ({ subject, point }: Signal): boolean => {
    if (subject === undefined) return false;
    if (point !== undefined && !model.index.has(point)) return true;
    const cut = subject.indexOf(':');
    return there[subject.slice(0, cut)]?.has(subject.slice(cut + 1)) === false;
  };
  for (const id of Object.keys(state.durable.incidents))
    endSignals(turn, id, isGone, 'removed from the configuration');
}

function isDisabled(turn: Turn, of: 'device', id: string): boolean {
  const { disabled } = turn.state.durable;
  if (disabled[`${of}:${id}`] !== undefined) return true;
  const zone = turn.model.devices.get(id)?.zone;
  return zone !== undefined && disabled[`zone:${zone}`] !== undefined;
}

// Levels: what hangs on the wires and lies at the broker equals the house, once there was time for it.

import { desiredOutputs } from '../../../src/core/outputs.ts';
import { base } from '../centre.ts';
import { slackMs } from '../hearing.ts';
import type { Run } from '../house.ts';
import type { World } from '../world-types.ts';
import type { Invariant } from './types.ts';

const coils: Readonly<Record<string, number>> = { siren: 0, gas_valve: 1 };
const relayLine = '/dev/simulated/line1';
const relayUnit = 3;
/** an output is read back this often in the simulation, and driven anew where it fell, ms */
const followsMs = 45_000;
/** levels are quiet at the broker this long after their last change, ms */
const quietMs = 3000;
/** an event without an incident waits for the next heartbeat to be counted in the status, ms */
const heartbeatMs = 62_000;
/** the longest pause that the courier makes after a refusal, ms */
const wellForMs = 75_000;

export function outputsFollow(): Invariant {
  let wanted = new Map<string, { value: boolean | 'keep'; sinceMs: number }>();
  return {
    name: 'outputsFollow',
    // what changed and changed back between two looks is wanted anew
    committed(_world, events) {
      for (const { output } of events) if (output) wanted.delete(output.id);
      return undefined;
    },
    look(world, run) {
      const { nowMs } = world.time;
      const before = wanted;
      wanted = new Map();
      const slave = world.lines.all.get(relayLine)!.slaves.get(relayUnit)!;
      const clearMs = world.hearing.clearSinceMs('relays');
      for (const [id, { value, because }] of desiredOutputs(run.loop!.state, run.loop!.model)) {
        const known = before.get(id);
        const sinceMs = known?.value === value ? known.sinceMs : nowMs;
        wanted.set(id, { value, sinceMs });
        if (value === 'keep' || clearMs === undefined || slave.refusing) continue;
        if (nowMs - Math.max(sinceMs, clearMs, slave.fellMs, run.startedMs) < followsMs) continue;
        if (slave.coils[coils[id]!] !== value)
          return `${id} should be ${value} since ${(nowMs - sinceMs) / 1000} s: ${because}`;
      }
      return undefined;
    },
  };
}

/** By what is true of the premises alone: gas shuts the valve, and without any incident nothing sounds. */
export function theWiresAreSafe(): Invariant {
  let [gasMs, calmMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  return {
    name: 'theWiresAreSafe',
    died() {
      [gasMs, calmMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      return undefined;
    },
    look(world, run) {
      const { nowMs } = world.time;
      const { durable, live } = run.loop!.state;
      const slave = world.lines.all.get(relayLine)!.slaves.get(relayUnit)!;
      const clearMs = world.hearing.clearSinceMs('relays');
      const heard = live.unheard.size === 0;
      const isGas =
        heard &&
        (world.hearing.certain('gas.alarm') === true || Number(world.hearing.certain('gas.ppm')) > 2500);
      gasMs = isGas ? Math.min(gasMs, nowMs) : Number.POSITIVE_INFINITY;
      const isCalm =
        Object.keys(durable.incidents).length === 0 && Object.keys(durable.overrides).length === 0;
      calmMs = isCalm ? Math.min(calmMs, nowMs) : Number.POSITIVE_INFINITY;
      if (clearMs === undefined || slave.refusing) return undefined;
      const forMs = (sinceMs: number): number =>
        nowMs - Math.max(sinceMs, clearMs, slave.fellMs, run.startedMs);
      if (forMs(gasMs) > followsMs && slave.coils[1])
        return `gas for ${forMs(gasMs) / 1000} s, and the valve is open`;
      if (forMs(calmMs) > followsMs && slave.coils[0])
        return `nothing is open for ${forMs(calmMs) / 1000} s, and the siren sounds`;
      return undefined;
    },
  };
}

/** What came whole over the wire is what the house believes; what nobody has heard is unknown. */
export function pointsAreTrue(): Invariant {
  return {
    name: 'pointsAreTrue',
    look(world, run) {
      const { state, model } = run.loop!;
      for (let index = 0; index < model.points.length; index += 1) {
        const { id, device, staleAfterMs } = model.points[index]!;
        const [value, quality] = [state.live.values[index], state.live.qualities[index]];
        const truth = world.hearing.certain(id);
        if (quality !== 'good' && value !== null) return `${id} is ${quality} and has the value ${value}`;
        if (truth !== undefined) {
          const same = typeof truth === 'number' ? Math.abs(truth - Number(value)) < 0.01 : truth === value;
          if (quality !== 'good' || !same)
            return `${id} is ${truth} on the wire, and ${value} (${quality}) to the house`;
        }
        const deafMs = world.hearing.deafSinceMs(device);
        if (
          quality === 'good' &&
          staleAfterMs > 0 &&
          deafMs !== undefined &&
          world.time.nowMs - deafMs > staleAfterMs + slackMs + 40_000
        )
          return `${id} counts as good, and ${device} is silent for ${(world.time.nowMs - deafMs) / 1000} s`;
      }
      return undefined;
    },
  };
}

export function retainedEqualsTheHouse(): Invariant {
  let eventMs = 0;
  /** what was compared and found equal; nothing changed since then */
  let equal = '';
  return {
    name: 'retainedEqualsTheHouse',
    committed(world) {
      eventMs = world.time.nowMs;
      return undefined;
    },
    look(world, run) {
      const { nowMs } = world.time;
      const { wellSinceMs } = world.broker;
      const quiet = nowMs - Math.max(world.changedMs, run.startedMs) > quietMs;
      if (!quiet || wellSinceMs === undefined || nowMs - wellSinceMs < wellForMs) return undefined;
      if (
        nowMs < world.levelsPausedUntilMs ||
        world.storedSinceMs === undefined ||
        nowMs - world.storedSinceMs < wellForMs
      )
        return undefined;
      const isSaid = nowMs - eventMs > heartbeatMs;
      const standing = `${run.number} ${world.changedMs} ${wellSinceMs} ${isSaid}`;
      if (standing === equal) return undefined;
      const fault = compare(world, run, isSaid);
      if (fault === undefined) equal = standing;
      return fault;
    },
  };
}

function compare(world: World, run: Run, isSaid: boolean): string | undefined {
  const { state, model } = run.loop!;
  const { durable, live } = state;
  const left = new Map(world.broker.retained);
  const taken = (topic: string): string | undefined => {
    const payload = left.get(`${base}/${topic}`);
    left.delete(`${base}/${topic}`);
    return payload;
  };
  const take = (topic: string): unknown => {
    const payload = taken(topic);
    return payload === undefined ? undefined : JSON.parse(payload);
  };
  const status = take('status') as
    | { state: string; lastSeq: number; open: Record<string, number>; session: string }
    | undefined;
  if (status?.state !== 'online') return `the status is ${status?.state}`;
  if (isSaid && status.lastSeq !== durable.seq)
    return `the status says ${status.lastSeq}, and the last event is ${durable.seq}`;
  const open: Record<string, number> = { alarm: 0, supervisory: 0, trouble: 0 };
  for (const incident of Object.values(durable.incidents)) {
    open[incident.category]! += 1;
    const shown = taken(`incident/${incident.id}`);
    if (shown !== JSON.stringify(incident)) return `${incident.id} lies there as ${shown}`;
  }
  for (const [category, count] of Object.entries(open))
    if (status.open[category] !== count)
      return `the status says ${status.open[category]} ${category}, and ${count} are open`;
  for (let index = 0; index < model.points.length; index += 1) {
    const { id } = model.points[index]!;
    const shown = take(`point/${id.replace('.', '/')}`) as { value: unknown; quality: unknown } | undefined;
    if (shown?.value !== live.values[index] || shown?.quality !== live.qualities[index])
      return `${id} lies there as ${JSON.stringify(shown)}, and is ${live.values[index]} (${live.qualities[index]})`;
  }
  const ghost = left.keys().next().value;
  return ghost === undefined ? undefined : `${ghost} is left at the broker: ${left.get(ghost)}`;
}

export function theWillIsOfItsSession(): Invariant {
  const sessions = new Set<string>();
  return {
    name: 'theWillIsOfItsSession',
    received(_world, { topic, payload }) {
      if (topic !== `${base}/status`) return undefined;
      const { state, session } = JSON.parse(payload) as { state: string; session: string };
      if (state === 'online') sessions.add(session);
      return undefined;
    },
    willed(_world, { topic, payload, retain }) {
      const { state, session } = JSON.parse(payload) as { state: string; session: string };
      if (topic !== `${base}/status` || state !== 'offline' || !retain)
        return `the will is ${payload} on ${topic}`;
      // (one that was hung up on before it could say anything has said nothing)
      return sessions.size === 0 || sessions.has(session) || /^[0-9a-f-]{36}$/.test(session)
        ? undefined
        : `the will is of the session ${session}`;
    },
  };
}

// Runs the real engine and the oracle side by side over one generated timeline, and says where they first
// differ. Mutants change what the real engine is given, so that the comparison itself can be put to the test.

import { createState, replay, step, wakeAt } from '../../src/core/engine.ts';
import { compile, type Model } from '../../src/core/model.ts';
import { desiredOutputs } from '../../src/core/outputs.ts';
import type { Durable, State } from '../../src/core/state.ts';
import type { Effects, Event, Fact, Input, Site } from '../../src/core/types.ts';
import type { Act, Generated } from './generated.ts';
import { type Comparable, Oracle } from './oracle.ts';

export interface Mutation {
  readonly site?: (site: Site, generated: Generated) => Site;
  readonly input?: (input: Input) => Input;
  /** ticks do not come when asked for, only those of the timeline */
  readonly deaf?: boolean;
}

export interface Ended {
  readonly model: Model;
  readonly state: State;
  readonly facts: readonly Fact[];
  /** durable state after each fact */
  readonly snapshots: readonly string[];
  readonly events: number;
}

const epoch = 'abcd1234';

function comparable(state: State, model: Model): Comparable {
  const { live, durable } = state;
  return {
    points: model.points.map((point, at) => [point.id, live.values[at]!, live.qualities[at]!] as const),
    open: Object.values(durable.incidents).map((one) => {
      const signals = one.signals.map((signal) => `${signal.rule}${signal.active ? '+' : '-'}`);
      const number = one.id.slice(0, one.id.indexOf('_'));
      return [
        ...[
          number,
          one.plan,
          one.zone ?? '-',
          one.cause.subject ?? '-',
          one.state,
          one.active,
          one.acknowledged,
        ],
        ...[one.silenced, one.level, ...signals],
      ].join(' ');
    }),
    outputs: [...desiredOutputs(state, model)].map(([id, { value }]) => [id, value] as const),
  };
}

function told(event: Event): string {
  if (event.output) return `${event.type} ${event.output.id} ${event.output.value}`;
  const { incident } = event;
  return [event.type, incident?.plan, incident?.zone, incident?.cause.subject]
    .filter((part) => part !== undefined)
    .join(' ');
}

export function inputOf(
  act: Act,
  generated: Generated,
  state: State,
  at: Input['at'],
  commandId: string,
): Input | undefined {
  const { site } = generated;
  const command = (fields: object): Input => ({
    type: 'command',
    at,
    command: { id: commandId, by: 'li', origin: 'cli', verb: '', ...fields },
  });
  switch (act.act) {
    case 'reading': {
      const values = new Map(act.values.map(([point, raw]) => generated.rawOf(point, raw)));
      return { type: 'reading', at, values: [...values] };
    }
    case 'link': {
      const all = act.of === 'bus' ? site.buses : site.devices;
      return {
        type: 'link',
        at,
        of: act.of,
        id: all[act.which % all.length]!.id,
        up: act.up,
        because: act.up ? 'answers' : 'no answer',
      };
    }
    case 'command': {
      const open = Object.keys(state.durable.incidents);
      const incident = open[act.incident % Math.max(1, open.length)] ?? 'i0_none';
      return command({ verb: act.verb, incident, ...(act.verb === 'close' && { verdict: 'real' }) });
    }
    case 'silenceAll':
      return command({ verb: 'silence' });
    case 'output': {
      const chosen = site.outputs[act.which % Math.max(1, site.outputs.length)];
      return (
        chosen && command({ verb: 'output', output: chosen.id, value: act.value, for: `${act.forMs}ms` })
      );
    }
    case 'tick':
      return { type: 'tick', at };
    case 'restart':
      return { type: 'started', at, because: 'restarted' };
  }
}

/** Throws at the first difference, saying after what. Returns how it ended otherwise. */
export function duel(
  generated: Generated,
  mutation: Mutation = {},
  seen: (effects: Effects, input: Input) => void = () => {},
): Ended {
  const model = compile(mutation.site?.(generated.site, generated) ?? generated.site);
  let state = createState(model, epoch);
  const oracle = new Oracle(generated);
  const facts: Fact[] = [];
  const snapshots: string[] = [];
  let nowMs = 1000;
  let events = 0;
  let inputs = 0;

  const differ = (what: string, real: unknown, naive: unknown): never => {
    throw new Error(`${what}\n  engine: ${JSON.stringify(real)}\n  oracle: ${JSON.stringify(naive)}`);
  };
  const same = (what: string, real: unknown, naive: unknown): void => {
    if (JSON.stringify(real) !== JSON.stringify(naive)) differ(what, real, naive);
  };

  const take = (input: Input): void => {
    inputs += 1;
    const where = `after input ${inputs}, ${JSON.stringify(input)}:`;
    const given = mutation.input?.(input) ?? input;
    const effects = step(state, given, model);
    seen(effects, given);
    const answer = oracle.take(input);
    if (effects.fact) {
      facts.push(JSON.parse(JSON.stringify(effects.fact)) as Fact);
      snapshots.push(JSON.stringify(state.durable));
    }
    for (const event of effects.events) {
      events += 1;
      if (event.seq !== events) differ(`${where} numbers of events`, event.seq, events);
    }
    if (effects.reply) same(`${where} reply`, effects.reply.ok, answer.granted);
    same(`${where} events`, effects.events.map(told), answer.told);
    const [real, naive] = [comparable(state, model), oracle.comparable()];
    same(`${where} points`, real.points, naive.points);
    same(`${where} incidents`, real.open, naive.open);
    same(`${where} outputs`, real.outputs, naive.outputs);
    for (const [id, value] of real.outputs)
      same(`${where} recorded ${id}`, state.durable.outputs[id]?.desired, value);
    if (!mutation.deaf && (wakeAt(state) ?? Infinity) > (oracle.deadline() ?? Infinity)) {
      differ(`${where} the engine wants to wake too late`, wakeAt(state), oracle.deadline());
    }
  };
  const stamp = (): Input['at'] => ({ steadyMs: nowMs, wallMs: 1_795_309_200_000 + nowMs, clock: 'synced' });
  const tickTo = (untilMs: number): void => {
    for (let ticks = 0; !mutation.deaf; ticks += 1) {
      const wantedMs = wakeAt(state);
      if (wantedMs === undefined || wantedMs > untilMs) break;
      if (ticks > 1000 || (ticks > 0 && wantedMs < nowMs))
        differ(`at ${nowMs} the engine asks for ticks in the past`, wantedMs, nowMs);
      nowMs = Math.max(nowMs, wantedMs);
      take({ type: 'tick', at: stamp() });
    }
    nowMs = Math.max(nowMs, untilMs);
  };

  take({ type: 'started', at: stamp(), because: 'first start' });
  generated.timeline.forEach(({ gapMs, what }, order) => {
    if (what.act === 'restart') {
      // The process is gone for the gap: no ticks in between, the state comes back from snapshot and journal.
      const from = Math.floor(snapshots.length / 2);
      state = replayed({ model, state, facts, snapshots, events }, from);
      nowMs += gapMs;
    } else {
      tickTo(nowMs + gapMs);
    }
    const input = inputOf(what, generated, state, stamp(), `c${order}`);
    if (input) take(input);
    tickTo(nowMs);
  });
  tickTo(nowMs + 30_000);
  return { model, state, facts, snapshots, events };
}

/** The state that a restart would come to from the snapshot after so many facts; 0: from nothing. */
export function replayed({ model, facts, snapshots }: Ended, from: number): State {
  const body = from === 0 ? undefined : (JSON.parse(snapshots[from - 1]!) as Durable);
  const state = createState(model, epoch, body);
  for (const fact of facts.slice(from)) replay(state, fact, model);
  return state;
}

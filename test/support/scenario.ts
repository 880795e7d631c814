// Scenarios on virtual time that read as a timeline: at this time this comes in, then that is expected. Drives
// `step` as the loop does, with a tick exactly when the engine asks for it, and keeps the facts. What must
// hold in any scenario is checked after every input and, by itself, when the test is over.

import { expect, onTestFinished } from 'vitest';
import { createState, replay, step, wakeAt } from '../../src/core/engine.ts';
import { compile, type Model } from '../../src/core/model.ts';
import { desiredOutputs } from '../../src/core/outputs.ts';
import type { Durable, State } from '../../src/core/state.ts';
import type {
  Effects,
  Event,
  Fact,
  Incident,
  Input,
  Quality,
  Raw,
  Reply,
  Site,
  Told,
  Value,
} from '../../src/core/types.ts';

export const epoch = 'abcd1234';
/** Wall time of the scenarios' zero: 2026-11-22 01:00 UTC. */
export const zeroWallMs = 1_795_309_200_000;
const mostTicks = 100_000;
const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

type WithoutStamp<T> = T extends unknown ? Omit<T, 'at'> : never;

export interface Scenario {
  readonly state: State;
  readonly model: Model;
  readonly facts: readonly Fact[];
  /** every event since the beginning */
  readonly events: readonly Event[];
  /** effects of the last input that was given by hand */
  readonly effects: Effects;
  /** Goes to this time since the beginning, with all ticks between. */
  at(time: string): Scenario;
  after(time: string): Scenario;
  give(input: WithoutStamp<Input>): Scenario;
  reading(values: Readonly<Record<string, Raw>>): Scenario;
  /** `bus:line1` or `device:meter` */
  lost(link: string, because?: string): Scenario;
  found(link: string): Scenario;
  health(check: string, ok: boolean): Scenario;
  /** `incident` may be given as `fire`, `fire|atrium` or `device:meter`: the open one about it */
  command(verb: string, fields?: Readonly<Record<string, unknown>>): Scenario;
  /** The process ends and another begins, so much later, from snapshot and journal. */
  restart(downFor?: string): Scenario;
  reload(site: Site): Scenario;
  /** The wall clock says something else from now on, such as `2026-11-23T10:00+08:00`; steady time goes on. */
  wall(time: string): Scenario;
  /** What became of the first message to `ann`, or to `ann@sms`, or to a role. */
  deliver(to: string, outcome?: 'delivered' | 'failed' | 'refused', because?: string): Scenario;
  /** All that is on its way, such as `ann@app` or, where it tells of three things, `ann@app 3`. */
  expectMessages(expected: readonly string[]): Scenario;
  /**
   * What was told of an incident since the last expectation: `shift: ann bob`, `shift: nobody`, `manager left out`,
   * `overdue tell: ann`.
   */
  expectTold(about: string, expected: readonly string[]): Scenario;
  /** All events since the last expectation, without those of outputs, of the gateway and of what is out of service. */
  expectEvents(expected: readonly string[]): Scenario;
  /** All changes of outputs since the last expectation, such as `siren true`. */
  expectOutputEvents(expected: readonly string[]): Scenario;
  expectOutputs(expected: Readonly<Record<string, boolean | 'keep'>>): Scenario;
  expectPoints(expected: Readonly<Record<string, Value | Exclude<Quality, 'good'>>>): Scenario;
  expectOpen(expected: readonly string[]): Scenario;
  expectIncident(about: string, expected: Partial<Incident>): Scenario;
  expectReply(expected: Partial<Reply>): Scenario;
  /** The last input by hand changed nothing: no fact, no event, no point. */
  expectNothing(): Scenario;
  incident(about: string): Incident;
}

export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (!match) throw new Error(`${text} is no duration`);
  return Number(match[1]) * unitsMs[match[2]!]!;
}

/** What a replay must come to: all but the last stamp seen, which an input without consequences moves too. */
export function remembered(durable: Durable): unknown {
  const { steadyMs: _steadyMs, wallMs: _wallMs, ...rest } = JSON.parse(JSON.stringify(durable)) as Durable;
  return rest;
}

function named(event: Event): string {
  const { incident } = event;
  const parts = [event.type, incident?.plan, incident?.zone, incident?.cause.subject];
  return parts.filter((part) => part !== undefined).join(' ');
}

export interface ScenarioOptions {
  readonly unstarted?: boolean;
  /** replays from so many snapshots are checked, spread over all; default: from each */
  readonly replays?: number;
  /** what the wall clock says at the beginning; default: `zeroWallMs` */
  readonly wall?: string;
}

function toldText({ kind, rung, roles, skipped, to }: Told): string {
  if (skipped) return `${roles.join(' ')} left out`;
  const people = to.length === 0 ? 'nobody' : to.join(' ');
  return `${kind === 'rung' ? roles.join(' ') : `${kind} ${rung}`.trim()}: ${people}`;
}

export function scenario(site: Site, options: ScenarioOptions = {}): Scenario {
  let model = compile(site);
  const models = [model];
  let state = createState(model, epoch);
  let nowMs = 0;
  let wallAheadMs = options.wall === undefined ? zeroWallMs : Date.parse(options.wall);
  let commands = 0;
  let effects: Effects = {
    events: [],
    incidents: new Map(),
    points: new Set(),
    outputs: false,
    messages: false,
  };
  const facts: Fact[] = [];
  /** durable state as the loop would snapshot it, after so many facts, and which model it was under */
  const snapshots: { readonly facts: number; readonly body: string; readonly model: Model }[] = [];
  const events: Event[] = [];
  let told = 0;
  let toldOfOutputs = 0;
  /** by incident, the number of the last telling that was looked at */
  const toldOf = new Map<string, number>();

  const take = (input: WithoutStamp<Input>): void => {
    const at = { steadyMs: nowMs, wallMs: wallAheadMs + nowMs, clock: 'synced' } as const;
    const before = remembered(state.durable);
    effects = step(state, { ...input, at } as Input, model);
    for (const event of effects.events) {
      expect(event.seq, 'seq rises by one').toBe((events.at(-1)?.seq ?? 0) + 1);
      events.push(JSON.parse(JSON.stringify(event)) as Event);
    }
    expect(state.durable.seq).toBe(events.length);
    if (effects.fact) {
      facts.push(JSON.parse(JSON.stringify(effects.fact)) as Fact);
      snapshots.push({ facts: facts.length, body: JSON.stringify(state.durable), model });
    } else {
      expect(remembered(state.durable), 'without a fact nothing durable changed').toEqual(before);
      expect(effects.events).toEqual([]);
    }
    if (effects.reply?.ok === false)
      expect(remembered(state.durable), 'a refusal changes nothing').toEqual(before);
    for (const [id, desired] of desiredOutputs(state, model)) {
      const record = state.durable.outputs[id];
      if (record) expect(record.desired, `recorded value of output ${id}`).toBe(desired.value);
    }
  };

  const runTo = (untilMs: number): void => {
    for (let ticks = 0; ; ticks += 1) {
      if (ticks > mostTicks) throw new Error('the engine asks for ticks without end');
      const wantedMs = wakeAt(state);
      if (wantedMs === undefined || wantedMs > untilMs) break;
      nowMs = Math.max(nowMs, wantedMs);
      take({ type: 'tick' });
      expect(wakeAt(state) ?? Number.POSITIVE_INFINITY, 'wakeAt after a tick').toBeGreaterThan(nowMs);
    }
    nowMs = Math.max(nowMs, untilMs);
  };

  /** Facts from this one on, over the state as it was before it. */
  const replayed = (from: number, body: string | undefined, first: Model): State => {
    const again = createState(first, epoch, body === undefined ? undefined : (JSON.parse(body) as Durable));
    let current = first;
    for (const fact of facts.slice(from)) {
      if (fact.input.type === 'reloaded') current = models[Number(fact.input.site)]!;
      replay(again, fact, current);
    }
    return again;
  };

  const link = (given: string, up: boolean, because: string): void => {
    const [of, id] = given.split(':') as ['bus' | 'device', string];
    take({ type: 'link', of, id, up, because });
  };

  const find = (about: string): Incident | undefined => {
    const { incidents, keys } = state.durable;
    return incidents[keys[about] ?? keys[`${about}|`] ?? ''] ?? incidents[about];
  };

  onTestFinished(() => {
    const live = remembered(state.durable);
    expect(new Set(events.map(({ id }) => id)).size, 'ids of events are unique').toBe(events.length);
    expect(remembered(replayed(0, undefined, models[0]!).durable), 'replay of all facts').toEqual(live);
    const apart = Math.max(1, Math.ceil(snapshots.length / (options.replays ?? snapshots.length)));
    for (const { facts: count, body, model: under } of snapshots.filter((_, at) => at % apart === 0)) {
      expect(
        remembered(replayed(count, body, under).durable),
        `replay from the snapshot after fact ${count}`,
      ).toEqual(live);
    }
  });

  const self: Scenario = {
    get state() {
      return state;
    },
    get model() {
      return model;
    },
    get effects() {
      return effects;
    },
    facts,
    events,
    at(time) {
      runTo(durationMs(time));
      return self;
    },
    after(time) {
      runTo(nowMs + durationMs(time));
      return self;
    },
    give(input) {
      take(input);
      return self;
    },
    reading: (values) => self.give({ type: 'reading', values: Object.entries(values) }),
    lost(given, because = 'no answer') {
      link(given, false, because);
      return self;
    },
    found(given) {
      link(given, true, 'answers');
      return self;
    },
    health: (check, ok) => self.give({ type: 'health', check, ok, because: ok ? 'passed' : 'failed' }),
    command(verb, fields = {}) {
      commands += 1;
      const { incident } = fields;
      const meant = typeof incident === 'string' ? { incident: find(incident)?.id ?? incident } : {};
      return self.give({
        type: 'command',
        command: { id: `c${commands}`, verb, by: 'li', origin: 'cli', ...fields, ...meant },
      });
    },
    restart(downFor = '1s') {
      const last = snapshots.at(Math.floor(snapshots.length / 2));
      state = replayed(last?.facts ?? 0, last?.body, last?.model ?? models[0]!);
      nowMs += durationMs(downFor);
      take({ type: 'started', because: 'restarted' });
      runTo(nowMs);
      return self;
    },
    reload(next) {
      model = compile(next);
      models.push(model);
      take({ type: 'reloaded', site: String(models.length - 1) });
      runTo(nowMs);
      return self;
    },
    wall(time) {
      wallAheadMs = Date.parse(time) - nowMs;
      return self;
    },
    deliver(to, outcome = 'delivered', because = outcome) {
      const found = Object.values(state.durable.messages).find(({ person, role, channel }) =>
        [person, role, `${person}@${channel}`].includes(to),
      );
      if (!found) throw new Error(`no message to ${to}`);
      return self.give({ type: 'delivery', message: found.id, outcome, because });
    },
    expectMessages(expected) {
      const under = Object.values(state.durable.messages).map(
        ({ person, role, channel, about }) =>
          `${person ?? role}@${channel}${about.length > 1 ? ` ${about.length}` : ''}`,
      );
      expect(under).toEqual(expected);
      return self;
    },
    expectTold(about, expected) {
      const { id, told: all = [] } = self.incident(about);
      const fresh = all.filter(({ number }) => number > (toldOf.get(id) ?? 0));
      toldOf.set(id, all.at(-1)?.number ?? 0);
      expect(fresh.map(toldText)).toEqual(expected);
      return self;
    },
    expectEvents(expected) {
      const fresh = events
        .slice(told)
        .filter(({ type, incident }) => type.startsWith('incident.') && incident?.plan !== 'out-of-service');
      told = events.length;
      expect(fresh.map(named)).toEqual(expected);
      return self;
    },
    expectOutputEvents(expected) {
      const fresh = events
        .slice(toldOfOutputs)
        .flatMap(({ output }) => (output ? [`${output.id} ${output.value}`] : []));
      toldOfOutputs = events.length;
      expect(fresh).toEqual(expected);
      return self;
    },
    expectOutputs(expected) {
      const desired = Object.fromEntries(
        [...desiredOutputs(state, model)].map(([id, { value }]) => [id, value]),
      );
      expect(desired).toMatchObject(expected);
      return self;
    },
    expectPoints(expected) {
      for (const [id, wanted] of Object.entries(expected)) {
        const at = model.index.get(id)!;
        const shown = state.live.qualities[at] === 'good' ? state.live.values[at] : state.live.qualities[at];
        expect(shown, id).toBe(wanted);
        if (shown !== state.live.values[at]) expect(state.live.values[at], `${id} is unknown`).toBeNull();
      }
      return self;
    },
    expectOpen(expected) {
      const open = Object.values(state.durable.incidents).map((one) =>
        [one.plan, one.zone, one.cause.subject].filter(Boolean).join(' '),
      );
      expect(open).toEqual(expected);
      return self;
    },
    expectIncident(about, expected) {
      expect(self.incident(about)).toMatchObject(expected);
      return self;
    },
    expectReply(expected) {
      expect(effects.reply).toMatchObject(expected);
      return self;
    },
    expectNothing() {
      expect(effects.fact).toBeUndefined();
      expect(effects.events).toEqual([]);
      expect([...effects.points]).toEqual([]);
      return self;
    },
    incident(about) {
      const found = find(about);
      if (!found) throw new Error(`no open incident about ${about}`);
      return found;
    },
  };
  if (!options.unstarted) take({ type: 'started', because: 'first start' });
  return self;
}

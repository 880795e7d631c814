// The house around a courier in tests: an outbox in memory, levels to set, a record of what the courier said,
// and a clock whose timers run faster. Knows no broker.

import type { MqttConfig } from '../../src/config/types.ts';
import type { Command, Event, Incident, Reply } from '../../src/core/types.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { startMqtt } from '../../src/notify/mqtt.ts';
import type { Courier, CourierHost, GatewayStatus, Notices, PointState } from '../../src/notify/types.ts';
import { createGate, type Gate } from '../../src/rights/gate.ts';
import type { Store } from '../../src/store/types.ts';

/** The system's clock with steady time and timers `factor` times as fast: waiting for a timeout costs little. */
export function fastClock(factor: number): Clock {
  const real = systemClock();
  return {
    ...real,
    steadyMs: () => real.steadyMs() * factor,
    after: (ms, run) => real.after(ms / factor, run),
  };
}

export const premises = 'store_0042';

export function sampleEvent(seq: number, more: Partial<Event> = {}): Event {
  return {
    v: 1,
    premises,
    epoch: 'abcdefgh',
    seq,
    id: `event-${seq}`,
    type: 'incident.signal',
    at: new Date(1_790_000_000_000 + seq).toISOString(),
    clock: 'synced',
    replayed: false,
    drill: false,
    because: 'test',
    ...more,
  };
}

export function sampleIncident(id: string, more: Partial<Incident> = {}): Incident {
  return {
    id,
    plan: 'fire',
    category: 'alarm',
    level: 'urgent',
    state: 'unacknowledged',
    active: true,
    acknowledged: false,
    silenced: false,
    openedAt: '2026-11-22T01:02:03.456Z',
    title: { zh: '火灾', en: 'Fire' },
    cause: { rule: 'smoke', point: 'inputs.smoke', value: true },
    signals: [],
    signalCount: 0,
    steps: [],
    drill: false,
    ...more,
  };
}

/** Takes commands as they come, as where the broker is on loopback. */
export function openDoor(clock: Clock): Gate {
  return createGate({
    rights: () => ({ accept: 'open', keys: [] }),
    premises,
    language: 'en',
    session: 'session-1',
    clock,
    note: () => undefined,
    failed: () => undefined,
  });
}

type CourierStore = Pick<
  Store,
  'outbox' | 'outboxSize' | 'delivered' | 'setAside' | 'retained' | 'retain' | 'events' | 'reply' | 'commit'
>;

export interface MemoryStore extends CourierStore {
  readonly journal: Event[];
  readonly aside: Map<number, string>;
  readonly topics: Set<string>;
  readonly replies: Map<string, Reply>;
  /** commits are refused */
  full: boolean;
  /** highest seq ever told delivered, and how many calls it took */
  calls: number;
  forgetBefore: number;
}

/** What the disk keeps, as far as a courier sees it; outlives couriers as the disk outlives the daemon. */
export function memoryStore(): MemoryStore {
  const journal: Event[] = [];
  const done = new Set<number>();
  const aside = new Map<number, string>();
  const topics = new Set<string>();
  const replies = new Map<string, Reply>();
  const waiting = (): Event[] => journal.filter(({ seq }) => !done.has(seq) && !aside.has(seq));
  const store: MemoryStore = {
    journal,
    aside,
    topics,
    replies,
    full: false,
    calls: 0,
    forgetBefore: 0,
    outbox: (afterSeq, limit) =>
      waiting()
        .filter(({ seq }) => seq > afterSeq)
        .slice(0, limit),
    outboxSize: () => waiting().length,
    delivered(seqs) {
      store.calls += 1;
      for (const seq of seqs) done.add(seq);
    },
    setAside: (seq, because) => void aside.set(seq, because),
    reply: (id) => replies.get(id),
    commit(turn) {
      if (store.full) throw new Error('no space left');
      for (const reply of turn.replies) if (!replies.has(reply.id)) replies.set(reply.id, reply);
    },
    retained: () => [...topics],
    retain(added, forget) {
      for (const topic of added) topics.add(topic);
      for (const topic of forget) topics.delete(topic);
    },
    events: ({ from, to, limit }) =>
      journal
        .filter(
          ({ seq }) => seq >= Math.max(from, store.forgetBefore) && seq <= (to ?? Number.POSITIVE_INFINITY),
        )
        .slice(0, limit),
  };
  return store;
}

export interface House {
  readonly courier: Courier;
  readonly store: MemoryStore;
  readonly points: Map<string, PointState>;
  readonly incidents: Map<string, Incident>;
  readonly commands: Command[];
  readonly receipts: number[];
  readonly healths: { ok: boolean; because: string }[];
  readonly identities: { ok: boolean; because: string }[];
  readonly aheads: number[];
  readonly logged: { level: string; message: string; fields: object }[];
  answer: (command: Command) => Promise<Reply>;
  /** commits events with the next numbers and hands them to the courier */
  commit(count?: number, more?: Partial<Event>): void;
  set(id: string, value: PointState['value']): void;
}

export function startHouse(options: {
  readonly url: string;
  readonly config?: Partial<MqttConfig>;
  readonly clock?: Clock;
  readonly store?: MemoryStore;
  readonly session?: string;
  readonly points?: Iterable<[string, PointState['value']]>;
  readonly incidents?: readonly Incident[];
  readonly notices?: Notices;
  /** default: open */
  readonly gate?: Gate;
}): House {
  const clock = options.clock ?? systemClock();
  const store = options.store ?? memoryStore();
  const session = options.session ?? 'session-1';
  const logged: House['logged'] = [];
  const note =
    (level: string) =>
    (fields: object, message: string): void =>
      void logged.push({ level, message, fields });
  const point = (id: string, value: PointState['value']): PointState => ({
    id,
    value,
    quality: value === null ? 'stale' : 'good',
    unit: 'ppm',
    at: new Date().toISOString(),
  });
  const points = new Map([...(options.points ?? [])].map(([id, value]) => [id, point(id, value)]));
  const incidents = new Map((options.incidents ?? []).map((incident) => [incident.id, incident]));
  const status = (): GatewayStatus => ({
    state: 'online',
    session,
    version: '1.2.3',
    at: new Date().toISOString(),
    epoch: 'abcdefgh',
    lastSeq: store.journal.at(-1)?.seq ?? 0,
    open: { alarm: incidents.size, supervisory: 0, trouble: 0 },
    drill: false,
  });
  const house: Omit<House, 'courier'> = {
    store,
    points,
    incidents,
    commands: [],
    receipts: [],
    healths: [],
    identities: [],
    aheads: [],
    logged,
    answer: async ({ id }) => ({ id, ok: true, code: 'ok', message: 'done' }),
    commit(count = 1, more = {}) {
      const first = (store.journal.at(-1)?.seq ?? 0) + 1;
      const events = Array.from({ length: count }, (_, index) => sampleEvent(first + index, more));
      store.journal.push(...events);
      courier.events(events);
    },
    set(id, value) {
      points.set(id, point(id, value));
      courier.changed([id], []);
    },
  };
  const host: CourierHost = {
    ...(options.notices && { notices: options.notices }),
    levels: {
      status,
      points: () => points.values(),
      point: (id) => points.get(id),
      openIncidents: () => incidents.values(),
      redated: (event) => event,
    },
    command(command) {
      house.commands.push(command);
      return house.answer(command);
    },
    answerTo(id) {
      const reply = store.replies.get(id);
      return reply && Promise.resolve(reply);
    },
    gate: options.gate ?? openDoor(clock),
    receipt: (seq) => void house.receipts.push(seq),
    health: (ok, because) => void house.healths.push({ ok, because }),
    ahead: (seq) => void house.aheads.push(seq),
    identity: (ok, because) => void house.identities.push({ ok, because }),
  };
  const courier = startMqtt({
    config: {
      url: options.url,
      listen: { host: '127.0.0.1', port: 1883 },
      prefix: 'keepwatch',
      clientId: `keepwatch-${premises}`,
      heartbeatMs: 30_000,
      ...options.config,
    },
    premises,
    session,
    version: '1.2.3',
    clock,
    log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    store,
    host,
  });
  return Object.assign(house, { courier });
}

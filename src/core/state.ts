// What the engine remembers. `durable` is plain JSON, stored and replayed; `live` is what the wires say just
// now, forgotten at a restart because an old value must never pass for a fresh one.

import { type Chattering, newChattering } from './chatter.ts';
import { makeTimers, type Timers } from './timers.ts';
import type {
  Change,
  ClockCorrection,
  Incident,
  Message,
  MessageAbout,
  Point,
  Quality,
  Raw,
  Value,
} from './types.ts';

/** Where a rule stands; a rule without an entry is idle. */
export type RulePhase =
  | { readonly phase: 'pending'; readonly sinceMs: number; readonly point?: string }
  | { readonly phase: 'active'; readonly incident: string; readonly clearingSinceMs?: number }
  /** the condition is gone, a person's reset is awaited */
  | { readonly phase: 'latched'; readonly incident: string };

export interface OutputRecord {
  desired: boolean | 'keep';
  because: string;
  /** `maxOn` has passed for the present demand */
  expired: boolean;
  actual: boolean | null;
  fault?: string;
  /** the interlock that withholds what is wanted */
  heldBy?: string;
}

/** Where an interlock stands; one without an entry was not looked at yet and counts as unknown. */
export interface InterlockRecord {
  readonly standing: 'true' | 'false' | 'unknown';
  readonly because: string;
}

export interface Disabled {
  readonly of: 'point' | 'device' | 'zone';
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  readonly at: string;
  readonly untilMs?: number;
}

/** What a person is to be told with the next message; real things and drills never share one. */
export interface Basket {
  readonly person: string;
  readonly drill: boolean;
  readonly about: MessageAbout[];
}

/** Detectors are tripped on purpose: what they say is confirmed and not alarmed. */
export interface WalkTest {
  /** undefined: the whole premises */
  readonly zone?: string;
  readonly by: string;
  readonly incident: string;
  readonly untilMs: number;
  /** point → when it was heard, ISO 8601 */
  readonly proven: Record<string, string>;
  /** the buttons that people press for help are in it too */
  readonly buttons?: boolean;
  /** what spoke for too long to be a test: no longer in it */
  out?: string[];
  /** it is over but for these, which still have to come to rest */
  ending?: string[];
}

export interface SignedOff {
  readonly atMs: number;
  readonly by: string;
  readonly amount?: number;
  readonly expires?: string;
  readonly note?: string;
}

/** What was done between incidents, and when, in wall time; what is due follows from it. */
export interface Upkeep {
  /** the first wall time that could be true: what was never done counts from here */
  sinceMs?: number;
  readonly drilled: Record<string, number>;
  readonly exercised: Record<string, number>;
  readonly signed: Record<string, SignedOff>;
  contacts?: SignedOff;
}

export interface Durable {
  readonly version: 1;
  readonly epoch: string;
  seq: number;
  /** stands in the ids of events: a disk that lost what it had acknowledged gives the same numbers out again */
  run?: string;
  incidentCount: number;
  /** the last stamp seen */
  steadyMs: number;
  wallMs: number;
  rules: Record<string, RulePhase>;
  /** points beyond a limit, and which */
  alarms: Record<string, 'above' | 'below'>;
  /** open incidents by id */
  incidents: Record<string, Incident>;
  /** what an open incident is about (`fire|atrium`, `device:meter`) → its id */
  keys: Record<string, string>;
  /** links that are down, `bus:line1` or `device:meter`, and why */
  down: Record<string, string>;
  outputs: Record<string, OutputRecord>;
  overrides: Record<string, { readonly value: boolean; readonly by: string; readonly untilMs: number }>;
  interlocks: Record<string, InterlockRecord>;
  disabled: Record<string, Disabled>;
  timers: Record<string, number>;
  /** what the journal has told of points since the last start, so that replay can go on from a snapshot */
  known: Record<string, Change>;
  messageCount: number;
  /** what is being carried to people and roles, by id */
  messages: Record<string, Message>;
  /** by person, and `person~drill` */
  baskets: Record<string, Basket>;
  /** when a person's last message was made, steady ms */
  lastToldMs: Record<string, number>;
  /** what of incidents that close by themselves was told lately, and when, steady ms */
  lately: Record<string, number>;
  /** messages that were withdrawn when they may have been going out already, the latest last */
  recalled: { readonly id: string; readonly about: readonly MessageAbout[] }[];
  /** closed incidents that people are still told of */
  leaving: Record<string, Incident>;
  walkTest?: WalkTest;
  upkeep: Upkeep;
  /** outputs that chirp, until when, steady ms */
  chirps: Record<string, number>;
  /** how to read the times of earlier events, the latest last */
  corrections?: readonly ClockCorrection[];
}

/** A raw value that waits out its debounce, or one at which the engine threw, until it is tried again. */
export interface Pending {
  readonly raw: Raw;
  readonly dueMs: number;
}

export interface Live {
  /** what the indexes below mean */
  points: readonly Point[];
  /** last raw value by point index; undefined: none since the point was last unknown */
  raws: (Raw | undefined)[];
  values: (Value | null)[];
  qualities: Quality[];
  /** why it is unknown, where something is to be said */
  becauses: (string | undefined)[];
  /** steady ms of the last reading; of what the staleness sweep looks at */
  seenAtMs: Float64Array;
  /** wall ms of the last change */
  changedAtMs: Float64Array;
  pending: Map<number, Pending>;
  chatter: Chattering;
  /** no point can become stale before this, steady ms */
  staleCheckMs: number;
  /** changes since the last journaled fact, latest for each point */
  unjournaled: Map<string, Change>;
  disabled: Set<number>;
  /** in the walk test */
  tested: Set<number>;
  /** both: rules take these for unknown */
  unheard: ReadonlySet<number>;
}

export interface State {
  durable: Durable;
  live: Live;
  timers: Timers;
  /** set by whatever changes `durable`; read and cleared by each step */
  dirty: boolean;
}

export function newDurable(epoch: string): Durable {
  return {
    version: 1,
    epoch,
    seq: 0,
    incidentCount: 0,
    steadyMs: 0,
    wallMs: 0,
    rules: {},
    alarms: {},
    incidents: {},
    keys: {},
    down: {},
    outputs: {},
    overrides: {},
    interlocks: {},
    disabled: {},
    timers: {},
    known: {},
    ...newTelling(),
  };
}

function newTelling() {
  return {
    messageCount: 0,
    messages: {},
    baskets: {},
    lastToldMs: {},
    leaving: {},
    lately: {},
    recalled: [],
    upkeep: { drilled: {}, exercised: {}, signed: {} },
    chirps: {},
  };
}

export function newLive(of: readonly Point[]): Live {
  const points = of.length;
  return {
    points: of,
    raws: new Array(points).fill(undefined),
    values: new Array(points).fill(null),
    qualities: new Array(points).fill('stale'),
    becauses: new Array(points).fill(undefined),
    seenAtMs: new Float64Array(points),
    changedAtMs: new Float64Array(points),
    pending: new Map(),
    chatter: newChattering(),
    staleCheckMs: Number.POSITIVE_INFINITY,
    unjournaled: new Map(),
    disabled: new Set(),
    tested: new Set(),
    unheard: new Set(),
  };
}

/** Every point of which anything is known, as changes. */
export function allKnown(live: Live): Record<string, Change> {
  const known: Record<string, Change> = {};
  live.points.forEach(({ id }, index) => {
    const [value, quality, because] = [live.values[index]!, live.qualities[index]!, live.becauses[index]];
    if (value === null && quality === 'stale' && because === undefined) return;
    known[id] = because === undefined ? [id, value, quality] : [id, value, quality, because];
  });
  return known;
}

/** State for a durable part that is new or was read from the store. Everything on the wires is unknown yet. */
export function makeState(durable: Durable, points: readonly Point[]): State {
  // a snapshot of an older version lacks what there was not yet
  const whole: Durable = Object.assign(durable, { ...newDurable(durable.epoch), ...durable });
  return { durable: whole, live: newLive(points), timers: makeTimers(whole.timers), dirty: false };
}

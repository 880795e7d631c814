// What comes in, what is remembered and what goes out, as types; what a site is stands in site-types.ts. Plain
// JSON-able data only, because inputs and state are stored and replayed. Knows nothing of drivers, disks, brokers
// or clocks.

import type { Category, Level, Quality, Unless, Value } from './site-types.ts';

export type * from './site-types.ts';

/** `synced`: the system says its wall clock is disciplined (NTP). */
export type ClockState = 'synced' | 'unsynced';

/** When something passed the door. `steadyMs` never jumps and continues across restarts; `wallMs` may lie. */
export interface Stamp {
  readonly steadyMs: number;
  readonly wallMs: number;
  readonly clock: ClockState;
}

// ---- what comes in ----------------------------------------------------------------------------------

/** What a driver read: raw value, or null where the device gave no value (sentinel, NaN, a field of dashes). */
export type Raw = Value | null;

export type Verb =
  | 'raise'
  | 'ack'
  | 'silence'
  | 'reset'
  | 'close'
  | 'step'
  | 'note'
  | 'level'
  | 'shelve'
  | 'unshelve'
  | 'evidence'
  | 'disable'
  | 'enable'
  | 'output'
  | 'drill'
  | 'walktest'
  | 'readiness'
  | 'contacts';

export type Verdict = 'real' | 'false' | 'test' | 'maintenance';

/** An operator's action, checked for shape at the door (`commands.ts` of the engine checks meaning). */
export interface Command {
  readonly id: string;
  readonly verb: string;
  readonly by: string;
  readonly origin: 'mqtt' | 'cli' | 'http' | 'sms';
  /** `zh` or `en`: of the reply's message; absent: that of the premises */
  readonly language?: unknown;
  readonly [field: string]: unknown;
}

export type Input =
  /** values read from a device, or sent by it unasked; `at` of the input is when the value was taken */
  | {
      readonly type: 'reading';
      readonly at: Stamp;
      readonly values: readonly (readonly [point: string, raw: Raw])[];
    }
  /** the link to a bus (port, socket, chip) or to a device on it was found or lost */
  | {
      readonly type: 'link';
      readonly at: Stamp;
      readonly of: 'bus' | 'device';
      readonly id: string;
      readonly up: boolean;
      readonly because: string;
    }
  /** what an output was read back as; `fault` where it could not be driven or read */
  | {
      readonly type: 'output';
      readonly at: Stamp;
      readonly output: string;
      readonly actual: boolean | null;
      readonly fault?: string;
    }
  /** the daemon's own health: `storage`, `broker`, `clock`, … */
  | {
      readonly type: 'health';
      readonly at: Stamp;
      readonly check: string;
      readonly ok: boolean;
      readonly because: string;
    }
  /** the wall clock is known to be right now, and so is by how much earlier events are to be moved */
  | {
      readonly type: 'clockSet';
      readonly at: Stamp;
      readonly corrections: readonly ClockCorrection[];
      readonly because: string;
    }
  | { readonly type: 'command'; readonly at: Stamp; readonly command: Command }
  /** what became of a message to people; `refused`: trying it again on this channel is of no use */
  | {
      readonly type: 'delivery';
      readonly at: Stamp;
      readonly message: string;
      readonly outcome: 'delivered' | 'failed' | 'refused';
      readonly because?: string;
    }
  /** `chatter` is put in by the engine itself */
  | { readonly type: 'tick'; readonly at: Stamp; readonly chatter?: readonly Chatter[] }
  /** `run`: some letters of this run of the daemon, for the ids of its events */
  | { readonly type: 'started'; readonly at: Stamp; readonly because: string; readonly run?: string }
  | { readonly type: 'stopping'; readonly at: Stamp; readonly because: string }
  /** the model given to `step` with this input and from then on is another one */
  | { readonly type: 'reloaded'; readonly at: Stamp; readonly site: string };

/** A point's new believed value: null while unknown, and then why. */
export type Change = readonly [point: string, value: Value | null, quality: Quality, because?: string];

/** A contact has begun to chatter, or has come to rest. */
export interface Chatter {
  readonly point: string;
  readonly on: boolean;
  readonly because: string;
}

/**
 * What the journal keeps of an input that changed something durable: the input with its readings already
 * settled (debounced, scaled, judged) as `changes`, and in `live` the changes before it that changed nothing durable.
 */
export interface Fact {
  readonly input:
    | Exclude<Input, { type: 'reading' }>
    | { readonly type: 'points'; readonly at: Stamp; readonly chatter?: readonly Chatter[] };
  readonly changes: readonly Change[];
  readonly live: readonly Change[];
}

// ---- what is remembered -----------------------------------------------------------------------------

export interface Signal {
  readonly rule: string;
  readonly point?: string;
  /** bus, device or output that a trouble is about */
  readonly subject?: string;
  readonly value: Value | null;
  readonly because: string;
  readonly at: string;
  active: boolean;
  /** times it came while the incident was open, the first one included */
  count: number;
  latched?: boolean;
}

export type IncidentState = 'unacknowledged' | 'acknowledged' | 'returned' | 'shelved' | 'closed';

/** What a walk test has found. */
export interface Tested {
  readonly by: string;
  /** all that were in it, in the order of the site file */
  readonly detectors: readonly {
    readonly point: string;
    readonly zone?: string;
    readonly kind?: string;
    /** ISO 8601; absent: it was not heard */
    readonly heardAt?: string;
  }[];
}

export interface Incident {
  readonly id: string;
  readonly plan: string;
  readonly category: Category;
  level: Level;
  readonly zone?: string;
  state: IncidentState;
  active: boolean;
  acknowledged: boolean;
  silenced: boolean;
  readonly openedAt: string;
  readonly title: { readonly zh: string; readonly en: string };
  readonly cause: {
    readonly rule: string;
    readonly point?: string;
    readonly subject?: string;
    readonly value: Value | null;
  };
  /** first-out first; in an event the first and the latest where there are many */
  signals: Signal[];
  signalCount: number;
  steps: StepRecord[];
  readonly drill: boolean;
  /** ladders begun: at the opening, and whenever it becomes active again after an acknowledgement */
  activation?: number;
  /** when the present one began */
  activatedMs?: number;
  activatedAt?: string;
  /** when it last became active, within an activation too: what waits for its return counts from here */
  activeSinceMs?: number;
  activeSinceAt?: string;
  /** who was told, and what was not told and why; the latest at the end */
  told?: Told[];
  evidence?: Evidence[];
  /** who found it, where it was raised by hand */
  finder?: { readonly name: string; readonly phone?: string };
  place?: string;
  /** of a walk test, from its end on; in no event */
  tested?: Tested;
  /** of a drill: what is let out of the house for it */
  readonly allow?: { readonly outputs: boolean; readonly channels: boolean };
  acknowledgedBy?: string;
  acknowledgedAt?: string;
  returnedAt?: string;
  shelvedUntilMs?: number;
  closedBy?: string;
  closedAt?: string;
  verdict?: Verdict;
  closingCause?: string;
  remedy?: string;
  losses?: string;
}

export interface StepRecord {
  readonly id: string;
  readonly text: { readonly zh: string; readonly en: string };
  readonly role?: string;
  readonly required: boolean;
  doneBy?: string;
  doneAt?: string;
  note?: string;
  /** the number to call, as people dial it */
  readonly call?: string;
  /** until when it should be done, ISO 8601; absent: no limit, or one that has not begun */
  dueAt?: string;
  dueMs?: number;
  /** its limit passed undone */
  overdueAt?: string;
}

/** One rung that was climbed or left out, or one further telling (`overdue`, `closed`). */
export interface Told {
  /** identifies it within the incident: counts from 1 */
  readonly number: number;
  readonly activation: number;
  readonly kind: 'rung' | 'overdue' | 'closed';
  /** of a rung: which (see `rungKey`); of an overdue step: its id */
  readonly rung: string;
  readonly roles: readonly string[];
  readonly at: string;
  readonly atMs: number;
  /** why it was told, or why it was left out */
  readonly because: string;
  /** of a rung: how long it waited, ms, and what would have made it needless */
  readonly afterMs?: number;
  readonly unless?: Unless;
  /** not told: what it would have asked for was so already, or it is for other hours */
  readonly skipped: boolean;
  /** brought forward, because nobody could be reached before */
  readonly early?: true;
  /** ids of the people who are to be reached, also by way of their deputies */
  readonly to: string[];
  /** how often all channels of a person have failed */
  rounds?: Record<string, number>;
  /** roles that nobody has, or nobody who could be reached */
  readonly nobody?: readonly string[];
  readonly deliveries: Delivery[];
}

/** The record of one message to one person, or to one role over MQTT. */
export interface Delivery {
  readonly message: string;
  /** a channel's id, or `mqtt` */
  readonly channel: string;
  readonly person?: string;
  readonly role?: string;
  /** `waiting`: under way; `withdrawn`: no longer needed before it went out; `held`: a drill tells nobody outside */
  state: 'waiting' | 'delivered' | 'failed' | 'withdrawn' | 'held';
  readonly at: string;
  endedAt?: string;
  because?: string;
}

export interface Evidence {
  readonly id: string;
  readonly text: { readonly zh: string; readonly en: string };
  /** at least how long it is kept, ms; until the incident is closed in any case */
  readonly keepMs: number;
  /** until when, ISO 8601; known once the incident is closed */
  keepUntil?: string;
  /** who holds it where; absent: demanded by the plan and not secured yet */
  by?: string;
  at?: string;
  note?: string;
}

/** What is to be carried to a person or a role; lives until it is delivered or no longer wanted. */
export interface Message {
  readonly id: string;
  /** a channel's id, or `mqtt` */
  readonly channel: string;
  /** person's id; absent on `mqtt`, which tells a role */
  readonly person?: string;
  readonly role?: string;
  readonly drill: boolean;
  /** what it tells of: incidents, and the number of the telling in each; the first to happen first */
  readonly about: readonly MessageAbout[];
  readonly sinceMs: number;
}

export interface MessageAbout {
  readonly incident: string;
  readonly told: number;
  /** `mqtt`: how often this role has been told of this incident, from 1 */
  readonly attempt?: number;
}

export type EventType =
  | 'incident.opened'
  | 'incident.signal'
  | 'incident.acknowledged'
  | 'incident.escalated'
  | 'incident.step'
  | 'incident.note'
  | 'incident.shelved'
  | 'incident.unshelved'
  | 'incident.returned'
  | 'incident.closed'
  | 'output.changed'
  | 'drill.started'
  | 'drill.ended'
  | 'gateway.started'
  | 'gateway.stopped'
  | 'gateway.clockSet';

/** Events of these numbers, both included, were written under a wrong clock: `byMs` later is when they were. */
export interface ClockCorrection {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly byMs: number;
}

export interface Event {
  readonly v: 1;
  readonly premises: string;
  readonly epoch: string;
  readonly seq: number;
  readonly id: string;
  readonly type: EventType;
  readonly at: string;
  readonly clock: ClockState;
  readonly replayed: boolean;
  readonly drill: boolean;
  readonly because: string;
  readonly by?: string;
  /** as it stood at this moment; its steps, evidence and who was told are in the retained incident */
  readonly incident?: Omit<Incident, 'steps' | 'told' | 'evidence'>;
  readonly output?: { readonly id: string; readonly value: boolean | 'keep' };
  readonly note?: string;
  readonly step?: string;
  /** of `gateway.clockSet` */
  readonly corrections?: readonly ClockCorrection[];
  /** where it is told again and the clock was found to have been wrong: when it truly was */
  readonly correctedAt?: string;
}

export interface Reply {
  readonly id: string;
  readonly ok: boolean;
  /** `ok`, or `badRequest unknownVerb notFound notAllowed refused`; `internal`: the engine failed at it, nothing changed */
  readonly code: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** What one step asks the shell to do. Empty arrays where nothing changed. */
export interface Effects {
  /** set where durable state changed: to be journaled */
  fact?: Fact;
  events: Event[];
  /** incidents that opened, changed or closed, as they stand after this step */
  incidents: Map<string, Incident>;
  /** ids of points whose published value or quality changed */
  points: Set<string>;
  /** the wanted values of outputs may differ from before */
  outputs: boolean;
  /** messages to people came up or are no longer wanted */
  messages: boolean;
  reply?: Reply;
}

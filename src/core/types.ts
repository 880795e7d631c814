// The words of the house as types: what a site is, what comes in, what is remembered, what goes out.
// Plain JSON-able data only, because sites, inputs and state are stored and replayed. Knows nothing of
// drivers, disks, brokers or clocks.

/** A text for people: one string, or one for each language. */
export type Text = string | { readonly zh: string; readonly en: string };
export type Language = 'zh' | 'en';

export type Category = 'alarm' | 'supervisory' | 'trouble';
export type Level = 'general' | 'major' | 'urgent';
export type Quality = 'good' | 'stale' | 'bad';
/** `synced`: the system says its wall clock is disciplined (NTP). */
export type ClockState = 'synced' | 'unsynced';
export type Value = boolean | number | string;
export type ValueType = 'bool' | 'number' | 'string';

/** When something passed the door. `steadyMs` never jumps and continues across restarts; `wallMs` may lie. */
export interface Stamp {
  readonly steadyMs: number;
  readonly wallMs: number;
  readonly clock: ClockState;
}

// ---- the site: what the configuration says, resolved ------------------------------------------------

export interface Zone {
  readonly id: string;
  readonly name: Text;
}

export interface Bus {
  readonly id: string;
}

export interface Device {
  readonly id: string;
  readonly bus: string;
  readonly name?: Text;
  readonly zone?: string;
}

/** Bands of a supervised loop, ends included; no two overlap, even widened by the hysteresis. */
export interface Loop {
  readonly normal: readonly [low: number, high: number];
  readonly alarm: readonly [low: number, high: number];
  readonly short?: readonly [low: number, high: number];
  readonly open?: readonly [low: number, high: number];
  readonly tamper?: readonly [low: number, high: number];
  /** widens the band that the loop is in */
  readonly hysteresis: number;
}

export interface Point {
  /** `device.point` */
  readonly id: string;
  readonly device: string;
  readonly name?: Text;
  readonly kind?: string;
  readonly zone?: string;
  readonly type: ValueType;
  readonly unit?: string;
  /** value = raw × scale + offset, numbers only */
  readonly scale?: number;
  readonly offset?: number;
  /** booleans only: value = not raw (also set by `activeLow`) */
  readonly invert?: boolean;
  /** the raw number, once scaled, is a loop's and means true, false or a fault of the wire; `type` is bool */
  readonly loop?: Loop;
  /** raw values that mean "no value": the point turns bad */
  readonly invalid?: readonly number[];
  /** scaled values outside are bad */
  readonly min?: number;
  readonly max?: number;
  /** a new value must stand this long before it is believed */
  readonly debounceMs?: number;
  readonly alarmAbove?: number;
  readonly clearBelow?: number;
  readonly alarmBelow?: number;
  readonly clearAbove?: number;
  /** without a reading for this long the point is stale; 0: never (a device that speaks only on events) */
  readonly staleAfterMs: number;
}

/** A rule's condition: a CEL expression over points, or "this point is active" (true, non-zero, or past its alarm limit). */
export type Condition = { readonly cel: string } | { readonly active: string };

export interface Rule {
  readonly id: string;
  readonly when: Condition;
  /** default: not `when` */
  readonly until?: Condition;
  readonly forMs: number;
  readonly holdMs: number;
  readonly latch: boolean;
  readonly plan: string;
  readonly zone?: string;
  readonly level?: Level;
  /** output id → value wanted while the rule is active */
  readonly outputs: Readonly<Record<string, boolean>>;
}

export interface Output {
  readonly id: string;
  readonly name?: Text;
  readonly bus: string;
  /** the device that it is part of, where that is known: its loss is the cause of the output's faults */
  readonly device?: string;
  readonly zone?: string;
  /** what it rests at without a demand; `keep`: left as it is */
  readonly normal: boolean | 'keep';
  readonly silenceable: boolean;
  /** longest time on from one demand, ms */
  readonly maxOnMs?: number;
}

/** What an output must never be while a condition holds, or while nobody knows whether it does. */
export interface Interlock {
  readonly id: string;
  readonly name?: Text;
  readonly output: string;
  /** the value that is forbidden */
  readonly never: boolean;
  readonly while: Condition;
}

export interface Step {
  readonly id: string;
  readonly text: Text;
  readonly role?: string;
  readonly withinMs?: number;
  readonly required: boolean;
}

export interface Plan {
  readonly id: string;
  readonly title: Text;
  readonly category: Category;
  readonly level: Level;
  readonly closing: 'person' | 'itself';
  /** fields that `close` must carry, beside `verdict` for plans closed by a person */
  readonly closingRequires: readonly ('cause' | 'remedy' | 'losses')[];
  /** no local sound: outputs that are `silenceable` are not driven by its incidents */
  readonly silent: boolean;
  readonly steps: readonly Step[];
}

export interface Site {
  readonly premises: string;
  readonly language: Language;
  readonly zones: readonly Zone[];
  readonly buses: readonly Bus[];
  readonly devices: readonly Device[];
  readonly points: readonly Point[];
  readonly rules: readonly Rule[];
  readonly plans: readonly Plan[];
  readonly outputs: readonly Output[];
  /** in order of the file: where two contradict each other, the first wins */
  readonly interlocks?: readonly Interlock[];
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
  | 'disable'
  | 'enable'
  | 'output';

export type Verdict = 'real' | 'false' | 'test' | 'maintenance';

/** An operator's action, checked for shape at the door (`commands.ts` of the engine checks meaning). */
export interface Command {
  readonly id: string;
  readonly verb: string;
  readonly by: string;
  readonly origin: 'mqtt' | 'cli' | 'http';
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
  | { readonly type: 'command'; readonly at: Stamp; readonly command: Command }
  /** `chatter` is put in by the engine itself */
  | { readonly type: 'tick'; readonly at: Stamp; readonly chatter?: readonly Chatter[] }
  | { readonly type: 'started'; readonly at: Stamp; readonly because: string }
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
  /** times it came back while the incident was open */
  count: number;
  latched?: boolean;
}

export type IncidentState = 'unacknowledged' | 'acknowledged' | 'returned' | 'shelved' | 'closed';

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
  | 'gateway.stopped';

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
  /** as it stood at this moment; its steps are in the retained incident */
  readonly incident?: Omit<Incident, 'steps'>;
  readonly output?: { readonly id: string; readonly value: boolean | 'keep' };
  readonly note?: string;
  readonly step?: string;
}

export interface Reply {
  readonly id: string;
  readonly ok: boolean;
  /** `ok`, or `badRequest unknownVerb notFound notAllowed refused` */
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
  reply?: Reply;
}

// What a site is, as types: the configuration resolved, and nothing that happens. Plain JSON-able data only, because
// sites are stored and hashed. Addresses, links and secrets are not here: the engine names people and channels by id.

/** A text for people: one string, or one for each language. */
export type Text = string | { readonly zh: string; readonly en: string };
export type Language = 'zh' | 'en';

export type Category = 'alarm' | 'supervisory' | 'trouble';
export type Level = 'general' | 'major' | 'urgent';
export type Quality = 'good' | 'stale' | 'bad';
export type Value = boolean | number | string;
export type ValueType = 'bool' | 'number' | 'string';

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
  /** must have been active once in this time, ms of wall time, or it is a duty to try it */
  readonly exerciseWithinMs?: number;
}

/** A rule's condition: a CEL expression over points, or "this point is active" (true, non-zero, or past its alarm limit). */
export type Condition = { readonly cel: string } | { readonly active: string };

export interface Rule {
  readonly id: string;
  readonly when: Condition;
  /** default: not `when` */
  readonly until?: Condition;
  /** while this is true the rule does not open: suppressed by design (ISA-18.2), such as a freezer's defrosting */
  readonly suppress?: Condition;
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
  /** a local sound or lamp: on by itself while an incident is open that is at least this */
  readonly tells?: {
    readonly category: Category;
    readonly level: Level;
    /** until all such incidents are acknowledged, or until they are closed */
    readonly until: 'acknowledged' | 'closed';
  };
  /** sounds for a second when a walk test has heard a detector */
  readonly chirp?: boolean;
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

/** A length of time that may be another one on days off and at night; ms. What is left out is as on a workday. */
export type Limit =
  | number
  | { readonly workday: number; readonly holiday?: number | undefined; readonly night?: number | undefined };

/** What makes a rung or a rise needless: somebody acknowledged, the condition is gone, a step was ticked. */
export type Unless = 'acknowledged' | 'returned' | { readonly step: string };

/** One rung of a ladder: these roles are told, so long after the incident became active. */
export interface Rung {
  readonly roles: readonly string[];
  readonly after: Limit;
  readonly unless?: Unless | undefined;
  /** only from this level on; of an incident whose level rises later it is due then */
  readonly level?: Level | undefined;
  /** only if it falls into working hours, or outside them; default: always */
  readonly hours?: 'working' | 'outside' | undefined;
}

/** The level rises by itself when nobody acts. */
export interface Rise {
  readonly level: Level;
  readonly after: Limit;
  readonly unless?: Unless | undefined;
}

export interface Step {
  readonly id: string;
  readonly text: Text;
  readonly role?: string;
  readonly within?: Limit;
  /** `within` counts from when this step was ticked; default: from the opening */
  readonly after?: string;
  readonly required: boolean;
  /** the outside number that somebody must call: its id in `numbers`, or the number itself */
  readonly call?: string;
  /**
   * Ticked by the engine once every output that the incident's rules switch on (or off) reads back so; where its
   * rules switch none, it stays with people.
   */
  readonly automatic?: 'on' | 'off';
}

/** What is kept of an incident, such as the video, and at least how long, ms; until it is closed in any case. */
export interface Keep {
  readonly id: string;
  readonly text: Text;
  readonly forMs: number;
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
  readonly notify?: readonly Rung[];
  readonly rises?: readonly Rise[];
  readonly keeps?: readonly Keep[];
  /** a drill is due so often, ms of wall time; undefined: not marked for drill */
  readonly drillEveryMs?: number;
}

// ---- people and their time --------------------------------------------------------------------------

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';
export type Day = 'workday' | 'holiday' | Weekday;

/** A part of days, minutes since midnight of the premises; `to` at or before `from` is on the day after. */
export interface Window {
  readonly days: readonly Day[];
  readonly fromMinute: number;
  readonly toMinute: number;
}

export interface Calendar {
  /** from which wall time on the premises are how many minutes ahead of UTC; in order, the first from ever */
  readonly offsets: readonly (readonly [fromMs: number, minutes: number])[];
  /** days of the week on which people work, holidays apart */
  readonly workdays: readonly Weekday[];
  /** empty: nobody said what they are, and no rung hangs on them */
  readonly working: readonly Window[];
  readonly night: { readonly fromMinute: number; readonly toMinute: number };
  /** days off, `YYYY-MM-DD`, whatever the day of the week */
  readonly holidays: readonly string[];
  /** workdays that make up for a holiday, whatever the day of the week */
  readonly makeUpDays: readonly string[];
}

export interface Person {
  readonly id: string;
  readonly name: Text;
  readonly language: Language;
  readonly roles: readonly string[];
  /** when on duty; undefined: always */
  readonly duty?: readonly Window[];
  /** who stands in off duty: another person's id */
  readonly deputy?: string;
  /** ids of channels on which this person has an address, in the order in which they are tried */
  readonly channels: readonly string[];
}

/** A way to reach people. What it is and where it leads only the shell knows. */
export interface TellingChannel {
  readonly id: string;
  /** what is not delivered by then is tried on the person's next channel, ms; at most ten minutes */
  readonly withinMs: number;
}

/** Who is told, and how. */
export interface Telling {
  /** `notify/<role>` is published */
  readonly mqtt: boolean;
  readonly channels: readonly TellingChannel[];
  readonly people: readonly Person[];
}

/** An article of the stock and inspection list. */
export interface Article {
  readonly id: string;
  readonly name: Text;
  readonly place?: Text;
  readonly amount?: number;
  readonly unit?: Text;
  /** `YYYY-MM-DD` */
  readonly expires?: string;
  /** looked at and signed off so often, ms of wall time */
  readonly checkEveryMs?: number;
  readonly role?: string;
}

/** What must be done between incidents, and when somebody is reminded of it. */
export interface Duties {
  /** told so long before, ms of wall time */
  readonly remindBeforeMs: number;
  readonly articles: readonly Article[];
  /** every plan marked for drill is drilled once in the time before these dates */
  readonly drillBefore: readonly { readonly date: string; readonly name: Text; readonly withinMs: number }[];
  /** the contacts are looked through so often; counted from `contactsCheckedOn` */
  readonly contactsEveryMs?: number;
  readonly contactsCheckedOn?: string;
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
  readonly calendar?: Calendar;
  readonly telling?: Telling;
  /** outside numbers by id, as people dial them */
  readonly numbers?: Readonly<Record<string, string>>;
  readonly duties?: Duties;
}

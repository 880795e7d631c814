// What reports are, as data: the stable JSON that `--format json` prints and from which every other format is made.
// Types only. Moments are ISO 8601, lengths of time milliseconds; texts for people in both languages.

import type { Category, ClockState, Incident, Level, Text, Told, Value, Verdict } from '../core/types.ts';

export interface Premises {
  readonly id: string;
  readonly name: Text;
  readonly timezone: string;
}

/** What ids are called on site; an id that is not here stands for itself. */
export interface Names {
  readonly plans: Readonly<Record<string, Text>>;
  readonly zones: Readonly<Record<string, Text>>;
  readonly people: Readonly<Record<string, Text>>;
  readonly points: Readonly<Record<string, Text>>;
  readonly outputs?: Readonly<Record<string, Text>>;
}

interface ReportHead {
  readonly v: 1;
  readonly premises: Premises;
  /** when it was made */
  readonly madeAt: string;
}

// ---- one incident -----------------------------------------------------------------------------------

export interface IncidentReport extends ReportHead {
  readonly kind: 'incident';
  readonly incident: IncidentHead;
  readonly signals: readonly ReportSignal[];
  /** signals that came in all; of many only the first and the latest are kept */
  readonly signalCount: number;
  /** in the order of the journal, with the tellings put in by their time */
  /** what points and outputs are called that its reasons name; absent: none has a name */
  readonly called?: Readonly<Record<string, Text>>;
  readonly timeline: readonly TimelineRow[];
  readonly tellings: readonly Telling[];
  readonly steps: readonly ReportStep[];
  readonly calls: readonly {
    readonly number: string;
    readonly step: Text;
    readonly at?: string;
    readonly by?: string;
  }[];
  readonly evidence: readonly ReportEvidence[];
  readonly figures: IncidentFigures;
  readonly closing: {
    readonly verdict?: Verdict;
    readonly cause?: string;
    readonly remedy?: string;
    readonly losses?: string;
  };
  readonly improvements: readonly (Improvement | NotHeard)[];
  /** of a walk test that is over: what it found, to be accepted by */
  readonly walkTest?: WalkTestResult;
  /** of a drill only */
  readonly score?: DrillScore;
}

export interface WalkTestResult {
  readonly by: string;
  readonly heard: number;
  /** in the order of the site file */
  readonly detectors: readonly {
    readonly point: string;
    readonly name: Text;
    readonly zone?: string;
    readonly zoneName?: Text;
    readonly kind?: string;
    readonly kindName?: Text;
    /** absent: it was not heard */
    readonly heardAt?: string;
  }[];
}

export interface IncidentHead {
  readonly id: string;
  readonly plan: string;
  readonly planTitle: Text;
  readonly title: Text;
  readonly category: Category;
  readonly level: Level;
  readonly state: Incident['state'];
  readonly drill: boolean;
  readonly zone?: string;
  readonly zoneName?: Text;
  readonly place?: string;
  readonly finder?: { readonly name: string; readonly phone?: string };
  readonly openedAt: string;
  readonly acknowledgedAt?: string;
  readonly acknowledgedBy?: string;
  readonly returnedAt?: string;
  readonly closedAt?: string;
  readonly closedBy?: string;
  readonly firstCause: {
    readonly rule: string;
    readonly about?: string;
    readonly aboutName?: Text;
    readonly value: Value | null;
    readonly because?: string;
  };
}

export interface ReportSignal {
  readonly at: string;
  readonly rule: string;
  /** the point, or what a trouble is about */
  readonly about?: string;
  readonly aboutName?: Text;
  readonly value: Value | null;
  readonly because: string;
  readonly active: boolean;
  /** times it came, the first one included */
  readonly count: number;
}

export interface TimelineRow {
  readonly at: string;
  readonly clock?: ClockState;
  /** type of the event, or `told` */
  readonly what: string;
  readonly by?: string;
  readonly step?: string;
  readonly stepText?: Text;
  readonly roles?: readonly string[];
  readonly because: string;
  readonly note?: string;
}

export interface Telling {
  readonly at: string;
  readonly kind: Told['kind'];
  readonly roles: readonly string[];
  readonly because: string;
  readonly skipped: boolean;
  /** roles that reached nobody */
  readonly nobody: readonly string[];
  readonly deliveries: readonly ReportDelivery[];
}

export interface ReportDelivery {
  readonly channel: string;
  readonly person?: string;
  readonly personName?: Text;
  readonly role?: string;
  readonly state: 'waiting' | 'delivered' | 'failed' | 'withdrawn' | 'held';
  readonly at: string;
  readonly endedAt?: string;
  readonly because?: string;
}

export interface ReportStep {
  readonly id: string;
  readonly text: Text;
  readonly role?: string;
  readonly required: boolean;
  readonly dueAt?: string;
  readonly doneAt?: string;
  readonly doneBy?: string;
  readonly note?: string;
  readonly late: boolean;
}

export interface ReportEvidence {
  readonly id: string;
  readonly text: Text;
  readonly keepMs: number;
  readonly keepUntil?: string;
  readonly by?: string;
  readonly at?: string;
  readonly note?: string;
}

/** Counted from the opening; absent: it has not happened, or the clock was turned back between. */
export interface IncidentFigures {
  readonly acknowledgeMs?: number;
  readonly firstToldMs?: number;
  readonly firstDeliveredMs?: number;
  readonly returnMs?: number;
  readonly closeMs?: number;
  readonly steps: readonly { readonly id: string; readonly ms?: number; readonly limitMs?: number }[];
}

/** What went not as the plan has it. */
export type Improvement =
  | { readonly kind: 'notAcknowledged' }
  | { readonly kind: 'acknowledgedLate'; readonly ms: number; readonly limitMs: number }
  | { readonly kind: 'stepMissed'; readonly step: string; readonly text: Text; readonly role?: string }
  | {
      readonly kind: 'stepLate';
      readonly step: string;
      readonly text: Text;
      readonly role?: string;
      readonly lateMs?: number;
    }
  | { readonly kind: 'nobody'; readonly role: string }
  | {
      readonly kind: 'notDelivered';
      readonly to: string;
      readonly channel: string;
      readonly because?: string;
    };

/** Of a walk test: so many detectors. */
export interface NotHeard {
  readonly kind: 'notHeard';
  readonly count: number;
  readonly of: number;
}

export interface DrillScore {
  /** 0 to 100: the share of what was judged that went as the plan has it */
  readonly score: number;
  readonly kept: number;
  readonly judged: number;
  readonly acknowledge: Judged;
  readonly steps: readonly (Judged & { readonly id: string; readonly text: Text; readonly role?: string })[];
  readonly allClear: Judged;
  readonly improvements: readonly Improvement[];
}

/** `ms` from the opening; `good` is absent where nothing can be said (yet). */
export interface Judged {
  readonly ms?: number;
  readonly limitMs?: number;
  readonly good?: boolean;
}

// ---- one month --------------------------------------------------------------------------------------

export interface MonthReport extends ReportHead {
  readonly kind: 'month';
  /** `YYYY-MM` */
  readonly month: string;
  readonly from: string;
  /** the first moment of the next month */
  readonly to: string;
  /** real incidents that opened in the month; drills are counted apart */
  readonly incidentCount: number;
  readonly drillCount: number;
  readonly counts: {
    readonly category: Readonly<Record<Category, number>>;
    readonly level: Readonly<Record<Level, number>>;
    readonly plan: readonly Count[];
    readonly zone: readonly Count[];
  };
  readonly toAcknowledge: Spread;
  readonly toClose: Spread;
  readonly sensors: readonly SensorFigures[];
  readonly repeats: readonly Repeat[];
  readonly falseAlarms: { readonly judged: number; readonly false: number; readonly rate?: number };
  readonly open: readonly IncidentRow[];
  readonly drills: readonly DrillRow[];
  readonly walkTests: readonly IncidentRow[];
  readonly duties: readonly IncidentRow[];
  readonly outOfService: { readonly count: number; readonly totalMs: number; readonly longestMs: number };
  readonly troubles: { readonly count: number; readonly open: number; readonly totalMs: number };
  readonly channels: readonly ChannelFigures[];
  readonly alarmRate: AlarmRate;
  /** every incident of the month, by opening */
  readonly incidents: readonly IncidentRow[];
}

export interface Count {
  readonly id: string;
  readonly name: Text;
  readonly count: number;
}

/** Times of those that have one; ms. Absent where there are none. */
export interface Spread {
  readonly count: number;
  readonly medianMs?: number;
  readonly p90Ms?: number;
  readonly worstMs?: number;
  /** incident with the longest */
  readonly worst?: string;
}

export interface SensorFigures {
  readonly id: string;
  readonly name: Text;
  /** incidents that it opened */
  readonly opened: number;
  /** its signals in any incident, returns counted */
  readonly signals: number;
  readonly falseAlarms: number;
}

export interface Repeat {
  readonly sensor: string;
  readonly name: Text;
  readonly plan: string;
  readonly planTitle: Text;
  readonly count: number;
}

export interface ChannelFigures {
  readonly channel: string;
  readonly sent: number;
  /** reached somebody */
  readonly delivered: number;
  /** a broker has them, which is not to say that a person has */
  readonly handed: number;
  readonly failed: number;
  readonly waiting: number;
  readonly withdrawn: number;
  readonly held: number;
}

/** Openings of real alarms, as ISA-18.2 and EEMUA 191 look at them. */
export interface AlarmRate {
  readonly alarms: number;
  /** over the part of the month that is past */
  readonly perHour: number;
  readonly perDay: number;
  readonly busiestHour?: { readonly from: string; readonly count: number };
  /** most within any ten minutes */
  readonly peakIn10Minutes: number;
  /** times with more than ten within ten minutes */
  readonly floods: readonly { readonly from: string; readonly to: string; readonly count: number }[];
  readonly floodMs: number;
  readonly floodShare: number;
}

/** An incident in one line. */
export interface IncidentRow {
  readonly id: string;
  readonly openedAt: string;
  readonly plan: string;
  readonly planTitle: Text;
  readonly title: Text;
  readonly category: Category;
  readonly level: Level;
  readonly zone?: string;
  readonly zoneName?: Text;
  readonly state: Incident['state'];
  readonly drill: boolean;
  readonly sensor?: string;
  readonly signals: number;
  readonly acknowledgedAt?: string;
  readonly acknowledgedBy?: string;
  readonly acknowledgeMs?: number;
  readonly returnedAt?: string;
  readonly closedAt?: string;
  readonly closeMs?: number;
  readonly verdict?: Verdict;
  readonly cause?: string;
  readonly remedy?: string;
  readonly losses?: string;
  readonly stepsDone: number;
  readonly stepsLate: number;
  readonly steps: number;
}

export interface DrillRow {
  readonly incident: string;
  readonly plan: string;
  readonly planTitle: Text;
  readonly openedAt: string;
  readonly score: DrillScore;
}

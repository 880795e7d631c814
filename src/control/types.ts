// The local API of a running daemon: JSON lines over a unix socket, one request in a line, one answer in a
// line. What the app must offer to be reached (`ControlHost`) and what `status` reports. Types and limits
// only; knows nothing of sockets.

import type { Next } from '../core/ladder-view.ts';
import type { Category, ClockState, Command, Event, Incident, Language, Reply, Text } from '../core/types.ts';
import type { BusFigures } from '../devices/types.ts';
import type { WatchedState } from '../lib/supervisor.ts';
import type { PointState } from '../notify/types.ts';
import type { JournalRow, StoreFigures, Verdict } from '../store/types.ts';
import type { TelemetryState, Trend, TrendRange } from '../telemetry/types.ts';

export const socketName = 'keepwatch.sock';
/** Longest line either way in, bytes with its newline. */
export const longestRequestBytes = 64 * 1024;
export const mostConnections = 50;
/** What may wait for a reader before it is dropped. */
export const mostUnreadBytes = 4 * 1024 * 1024;
/** Facts in one answer: read between two turns of the loop, so that none waits for it. */
export const longestPage = 500;
/** Steps of a trend in one answer; asked for without a number it has so many as a screen is wide. */
export const mostSteps = 5000;
export const usualSteps = 300;
/** A connection that asks nothing and follows nothing is closed after this. */
export const idleMs = 60_000;

/** An output as it is wanted and as it is. */
export interface OutputReport {
  readonly id: string;
  readonly desired: boolean | 'keep';
  /** as read back; null where it is not known */
  readonly actual: boolean | null;
  readonly because: string;
  /** why it can't be driven or read */
  readonly fault?: string;
  /** set by hand, until a moment (ISO 8601) */
  readonly manual?: { readonly value: boolean; readonly by: string; readonly until: string };
}

export interface DisabledReport {
  readonly of: 'point' | 'device' | 'zone';
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  readonly at: string;
  /** ISO 8601; absent: until somebody enables it */
  readonly until?: string;
}

export interface DrillReport {
  readonly incident: string;
  readonly plan: string;
  readonly zone?: string;
  readonly since: string;
}

export interface WalkTestReport {
  readonly incident: string;
  readonly zone?: string;
  readonly by: string;
  /** ISO 8601 */
  readonly until: string;
  /** over, but for detectors that still have to come to rest */
  readonly ending: boolean;
  readonly heard: number;
  /** ids of points that were heard, the latest last */
  readonly proven: readonly string[];
  /** ids of points that were not heard yet */
  readonly left: readonly string[];
}

export interface DutyReport {
  readonly kind: 'drill' | 'readiness' | 'contacts' | 'exercise';
  readonly subject: string;
  readonly name: Text;
  readonly what: Text;
  /** ISO 8601 */
  readonly due: string;
  /** people are being told of it */
  readonly reminded: boolean;
  readonly overdue: boolean;
}

/** Somebody has looked at something and found it so. */
export interface SignedReport {
  /** ISO 8601 */
  readonly at: string;
  readonly by: string;
  readonly note?: string;
  readonly amount?: number;
  /** `2027-05-01` */
  readonly expires?: string;
}

/** A way to people, and how it is. */
export interface ChannelReport {
  readonly id: string;
  readonly type: string;
  readonly ok: boolean;
  readonly because?: string;
  /** messages under way */
  readonly waiting: number;
}

/** What `keepwatch status --json` prints. */
export interface StatusReport {
  readonly premises: {
    readonly id: string;
    readonly name: Text;
    readonly timezone: string;
    readonly language: Language;
  };
  readonly version: string;
  readonly session: string;
  readonly epoch: string;
  readonly lastSeq: number;
  readonly startedAt: string;
  readonly uptimeMs: number;
  readonly clock: ClockState;
  readonly open: Readonly<Record<Category, number>>;
  /** absent: this site publishes nowhere */
  readonly mqtt?: {
    /** without credentials */
    readonly url: string;
    readonly connected: boolean;
    readonly protocol?: 4 | 5;
    /** events that wait to be published */
    readonly waiting: number;
    readonly because?: string;
  };
  readonly store: { readonly ok: boolean; readonly because?: string };
  /** absent: the disk can't be read */
  readonly history?: StoreFigures;
  readonly buses: readonly BusFigures[];
  readonly outputs: readonly OutputReport[];
  readonly disabled: readonly DisabledReport[];
  /** rules that are suppressed by design just now */
  readonly suppressed?: readonly string[];
  readonly drills?: readonly DrillReport[];
  readonly walkTest?: WalkTestReport;
  /** what is due or will be, the earliest first */
  readonly duties?: readonly DutyReport[];
  /** articles by id, as they were last signed off */
  readonly signed?: Readonly<Record<string, SignedReport>>;
  /** when the contacts were last looked through */
  readonly contactsChecked?: SignedReport;
  /** absent: there are no people to tell */
  readonly people?: { readonly channels: readonly ChannelReport[] };
  /** what goes on by itself: how long ago it last did, and how often it was stuck and started anew */
  readonly parts?: readonly WatchedState[];
  /** what is kept of numbers; absent: nothing is recorded */
  readonly telemetry?: TelemetryState;
  /** sentences: what a person should look at, such as a configuration that could not be reloaded */
  readonly warnings: readonly string[];
}

export interface Explanation {
  readonly incident?: Incident;
  /** what the journal has of it, by seq */
  readonly events: readonly Event[];
  /** of an open incident: what comes if nobody acts */
  readonly next?: readonly Next[];
}

export interface BackupReport {
  /** absolute path of the copy, to be moved away by whoever asked */
  readonly file: string;
  /** files of the site that are not in it, because they lie outside of its folder */
  readonly outside: readonly string[];
}

/** A page of incidents, oldest first; `next` is where the next one begins, absent at the end. */
export interface History {
  readonly incidents: readonly Incident[];
  readonly next?: number;
}

/** What ids are called on site. */
export interface NamesReport {
  readonly plans: Readonly<Record<string, Text>>;
  readonly zones: Readonly<Record<string, Text>>;
  readonly people: Readonly<Record<string, Text>>;
  readonly points: Readonly<Record<string, Text>>;
  readonly outputs: Readonly<Record<string, Text>>;
}

/** The app as the socket sees it. A method that throws is answered with `internal`, or with the error's own `code`. */
export interface ControlHost {
  status(): StatusReport;
  points(): PointState[];
  /** open ones, or with `all` the closed ones too; newest first */
  incidents(all: boolean): Incident[];
  /** Judges and runs a command; resolves when its effects are committed. Ids of incidents may be abbreviated. */
  command(command: Command): Promise<Reply>;
  /** `incident` may be a unique beginning of an id */
  explain(incident: string): Explanation;
  /** Incidents that opened from one moment (ISO 8601) up to another, and those of before that are open still, in pages. */
  history(range: { from: string; to: string; after?: number }): History;
  names(): NamesReport;
  /** the journal after the fact of this number, at most `longestPage` facts; empty: that was the last */
  journal(afterId: number): JournalRow[];
  /** What a point that is a number did in a range of wall time; rejects, with a `code`, for what is not recorded. */
  trend(point: string, range: TrendRange): Promise<Trend>;
  /** walks the chain of the journal, between the turns of the loop */
  verify(head?: string): Promise<Verdict>;
  /** makes a copy of state and config in the data folder, for whoever asked to take it and say so */
  backup(): Promise<BackupReport>;
  /** the copy of this name was taken */
  backupTaken(file: string): void;
  /** ends and begins again in the same process, once the answer is out; refused where the site file has faults */
  restart(): void;
  /** plays a scenario, to its end; only a demo has it */
  demo?(scenario: string): Promise<void>;
  /** Calls the listener with every committed event; returns how to end that. */
  follow(listener: (event: Event) => void): () => void;
}

/** Where a running app can be reached, for the banner. */
export interface Reach {
  readonly premises: StatusReport['premises'];
  readonly socket: string;
  readonly data: string;
  /** where the embedded broker listens */
  readonly broker?: { readonly host: string; readonly port: number };
  /** first word of all topics */
  readonly prefix?: string;
  /** where the page is */
  readonly console?: string;
  /** only the demo has scenarios */
  readonly scenarios?: readonly string[];
}

/** Results by method: what `callDaemon` gives back. */
export interface Results {
  readonly status: StatusReport;
  readonly points: PointState[];
  readonly incidents: Incident[];
  readonly command: Reply;
  readonly explain: Explanation;
  readonly history: History;
  readonly names: NamesReport;
  readonly journal: JournalRow[];
  readonly trend: Trend;
  readonly verify: Verdict;
  readonly backup: BackupReport;
  readonly backupTaken: null;
  readonly restart: null;
  readonly demo: null;
}
export type Method = keyof Results;

export interface Answer {
  readonly id: string | number | null;
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

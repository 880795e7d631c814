// What the console needs of the house, and who may ask it. Types only; the app gives the host, and knows nothing of
// HTTP in return.

import type { ConsoleUser } from '../config/types.ts';
import type { ControlHost, StatusReport } from '../control/types.ts';
import type { Category, Event, Incident, Level, Quality } from '../core/types.ts';
import type { Log } from '../driver.ts';
import type { Clock } from '../lib/clock.ts';
import type { DurationFigures } from '../lib/durations.ts';
import type { Role } from '../rights/roles.ts';
import type { PointView, Session, SiteView } from './api.ts';

/** Incidents that opened since the daemon began. */
export interface Opened {
  readonly category: Category;
  readonly level: Level;
  readonly drill: boolean;
  readonly count: number;
}

/** What machines watch the house by: counted, and without a value of any point. */
export interface HouseFigures {
  readonly status: StatusReport;
  /** the open ones */
  readonly incidents: readonly Incident[];
  readonly opened: readonly Opened[];
  /** of alarms and others that nobody has acknowledged, and that are no drill: since when the oldest of each waits, ms */
  readonly unacknowledgedMs: Readonly<Partial<Record<Category, number>>>;
  readonly points: Readonly<Record<Quality, number>>;
  /** points, alone or with their device or zone */
  readonly outOfService: number;
  /** the daemon's own checks of which a trouble is open */
  readonly failing: readonly string[];
  readonly commits: DurationFigures & { readonly failed: number };
  /** age of the oldest event that the broker does not have, by the wall clock, ms; absent: none waits */
  readonly oldestWaitingMs?: number;
}

/** The house as the console sees it. */
export interface ConsoleHost
  extends Pick<
    ControlHost,
    'status' | 'incidents' | 'command' | 'explain' | 'history' | 'names' | 'trend' | 'demo'
  > {
  readonly scenarios?: readonly string[];
  premises(): StatusReport['premises'];
  site(): SiteView;
  /** how far the clocks of the premises are ahead of UTC; undefined: not known */
  clocks(): Session['clocks'];
  points(): readonly PointView[];
  /** undefined: there is none of this id */
  point(id: string): PointView | undefined;
  figures(): HouseFigures;
  /** an open incident as it stands, or a closed one as it ended */
  incident(id: string): Incident | undefined;
  /** closed and open ones, newest first; `before`: only those that opened before this one */
  past(filter: { limit: number; before?: string }): readonly Incident[];
  /** identity of the state, in which events are numbered; number of the last one that is on disk */
  epoch(): string;
  lastSeq(): number;
  clockState(): 'synced' | 'unsynced';
  /** committed events after this one, in order, a page of them */
  eventsAfter(seq: number, limit: number): readonly Event[];
  /** absolute path of the site file, and its text as it is in force */
  readonly siteFile: string;
  siteText(): string;
  /** path of the local socket; undefined: there is none, so no other process can ask this one */
  socket(): string | undefined;
  /** folder of the state, whose disk is looked at */
  readonly data: string;
}

export interface ConsoleParts {
  readonly host: ConsoleHost;
  readonly clock: Clock;
  readonly log: Log;
  /** the command line's own program, for what is made in a process of its own */
  readonly program: string;
  readonly version: string;
  readonly session: string;
}

/** Who asks, as far as that is known. */
export interface Who {
  /** without an end of its own: another computer's address, for limits */
  readonly address: string;
  /** the console can't be reached from other machines */
  readonly local: boolean;
  readonly user?: ConsoleUser;
  /** key of the login in the list of sessions */
  readonly login?: string;
  /** what may be done; absent: nothing */
  readonly role?: Role;
}

/** A sentence for people, in each language. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** An answer that is an error: `code` is stable, `said` a sentence for people. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly said: Words;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, code: string, said: Words, headers: Readonly<Record<string, string>> = {}) {
    super(said.en);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
    this.said = said;
    this.headers = headers;
  }
}

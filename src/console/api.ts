// What goes over HTTP between the console and the daemon, as types: shared by the server and the page, and the
// source of the OpenAPI document's words. Types and limits only; knows neither of HTTP nor of a browser.

import type { Explanation, StatusReport } from '../control/types.ts';
import type {
  Category,
  Event,
  Incident as IncidentRecord,
  Language,
  Level,
  Quality,
  Reply,
  Text,
  Value,
} from '../core/types.ts';
import type { Role } from '../rights/roles.ts';

/** All paths begin with it. */
export const apiBase = '/api/v1';
/** Name of the request header that carries `Session.csrf` with everything that changes something. */
export const csrfHeader = 'x-keepwatch-csrf';
/** The stream says something at least so often; a page that has heard nothing for three times as long is stale. */
export const beatEveryMs = 1000;

/** `GET /session`: who asks, and what they may do. */
export interface Session {
  readonly premises: StatusReport['premises'];
  /** minutes that the premises' clocks are ahead of UTC, each from a moment on; a browser's own tables take long to load */
  readonly clocks?: readonly (readonly [fromMs: number, minutes: number])[];
  readonly version: string;
  /** absent: nobody is logged in */
  readonly user?: { readonly id: string; readonly name: Text; readonly role: Role };
  /** what may be done now, with or without a login; absent: nothing at all before a login */
  readonly role?: Role;
  /** there are users, so there is something to log in to */
  readonly canLogIn: boolean;
  /** sent back as the header `csrfHeader` */
  readonly csrf: string;
  /** verbs that may be run now, for buttons; each request is judged again */
  readonly verbs: readonly string[];
  /** plans that may be raised now without a login, by the panic key; empty: none */
  readonly panicPlans: readonly string[];
  /** where this console stands: the panic key raises there */
  readonly zone?: string;
  /** only a demo has scenes to play */
  readonly scenarios?: readonly string[];
  /** ISO 8601; when the login ends if nothing is done */
  readonly endsAt?: string;
}

/** `GET /start`: what a page draws first, in one answer; the stream and the other lists come after it. */
export interface Start {
  /** ISO 8601; when this was so */
  readonly at: string;
  readonly session: Session;
  /** these two only where they may be seen without a login, or with the one that there is */
  readonly status?: StatusReport;
  /** the open ones */
  readonly incidents?: readonly Incident[];
}

/** `POST /login` */
export interface Login {
  readonly name: string;
  readonly password: string;
}

/** What a person needs of a plan: for raising by hand, for its steps and for its closing. */
export interface PlanView {
  readonly id: string;
  readonly title: Text;
  readonly description?: Text;
  readonly category: Category;
  readonly level: Level;
  readonly closing: 'person' | 'itself';
  readonly closingRequires: readonly ('cause' | 'remedy' | 'losses')[];
  readonly silent: boolean;
  readonly steps: readonly { readonly id: string; readonly text: Text; readonly role?: string }[];
  /** may be drilled */
  readonly drill: boolean;
}

/** `GET /points`: a point with all that the page shows of it. */
export interface PointView {
  readonly id: string;
  readonly name: Text;
  readonly device: string;
  readonly bus: string;
  readonly zone?: string;
  readonly kind?: string;
  readonly type: 'bool' | 'number' | 'string';
  readonly unit?: string;
  readonly alarmAbove?: number;
  readonly alarmBelow?: number;
  readonly value: Value | null;
  readonly quality: Quality;
  /** ISO 8601; of the last change; absent: nothing was ever read of it */
  readonly at?: string;
  /** past its limit, or true: what its kind calls an alarm, a fault … */
  readonly active: boolean;
  /** ISO 8601; when it was last seen active, where that is looked after */
  readonly exercisedAt?: string;
  /** out of service: of the point, its device or its zone */
  readonly disabled?: {
    readonly of: 'point' | 'device' | 'zone';
    readonly id: string;
    readonly reason: string;
  };
}

/** `GET /site`: what does not change until the site file is read again. */
export interface SiteView {
  readonly zones: readonly { readonly id: string; readonly name: Text }[];
  readonly buses: readonly { readonly id: string; readonly driver: string }[];
  readonly devices: readonly {
    readonly id: string;
    readonly bus: string;
    readonly name?: Text;
    readonly zone?: string;
  }[];
  readonly outputs: readonly {
    readonly id: string;
    readonly name?: Text;
    readonly zone?: string;
    readonly silenceable: boolean;
    /** ms */
    readonly maxOnMs?: number;
  }[];
  readonly plans: readonly PlanView[];
  /** what the kinds of its points are called */
  readonly kinds: Readonly<Record<string, Text>>;
  /** ids of roles with their words */
  readonly roles: Readonly<Record<string, Text>>;
  readonly people: readonly {
    readonly id: string;
    readonly name: Text;
    readonly roles: readonly string[];
    readonly channels: readonly string[];
    readonly onDuty: boolean;
    readonly deputy?: string;
  }[];
  /** outside numbers by id */
  readonly numbers: Readonly<Record<string, string>>;
  /** the stock and inspection list */
  readonly articles: readonly {
    readonly id: string;
    readonly name: Text;
    readonly place?: Text;
    readonly amount?: number;
    readonly unit?: Text;
    readonly expires?: string;
  }[];
}

/** An incident as it stands, as lists and the stream tell it. */
export interface Incident extends IncidentRecord {
  /** of an open one: who is told next if nobody acts, and when (ISO 8601); absent: nobody by itself */
  readonly nextTelling?: { readonly at: string; readonly roles: readonly string[] };
}

/** `GET /incidents/ID` */
export type IncidentView = Explanation;

/** `GET /incidents?all=true&after=…`: newest first. */
export interface IncidentsPage {
  readonly incidents: readonly Incident[];
}

/**
 * What the stream (`GET /stream`, server-sent events) says. `event` lines carry their `seq` as the id, so a browser
 * that comes back with `Last-Event-ID` gets what it has missed, out of the journal; all else is the latest state.
 */
export type Told =
  /** first, and again after every reload of the site: everything that the wall shows */
  | {
      readonly type: 'hello';
      readonly session: string;
      readonly version: string;
      /** rises by one with each reload: `GET /site` again */
      readonly site: number;
      readonly status: StatusReport;
      readonly incidents: readonly Incident[];
    }
  | { readonly type: 'event'; readonly event: Event }
  /** an open incident as it stands, or a closed one as it ended */
  | { readonly type: 'incident'; readonly incident: Incident }
  /** points that changed, gathered for a moment */
  | {
      readonly type: 'points';
      /** `disabled` and `exercisedAt` absent: not out of service, never exercised */
      readonly points: readonly Pick<
        PointView,
        'id' | 'value' | 'quality' | 'at' | 'active' | 'disabled' | 'exercisedAt'
      >[];
    }
  /** every `beatEveryMs` */
  | {
      readonly type: 'beat';
      readonly at: string;
      readonly lastSeq: number;
      readonly clock: 'synced' | 'unsynced';
    }
  /** a few times a minute and whenever it differs in a way that people should see */
  | { readonly type: 'status'; readonly status: StatusReport };

/** A floor plan, kept in the config folder as `floors/ID.yaml` beside its picture `ID.svg` or `ID.png`. */
export interface Floor {
  readonly id: string;
  readonly name: Text;
  /** path of the picture under `apiBase`, absent: none yet */
  readonly image?: string;
  /** places in shares of the picture's width and height, 0…1 */
  readonly points: Readonly<Record<string, readonly [x: number, y: number]>>;
  readonly zones: Readonly<Record<string, readonly [x: number, y: number, width: number, height: number]>>;
  /** another one whenever anything of it is; sent back as `If-Match: "ETAG"`, a change is made to this state alone */
  readonly etag: string;
}

/** `GET /settings` */
export interface SettingsView {
  readonly file: string;
  /** the site file as it is on the disk, what is secret blanked */
  readonly text: string;
  /** what `check` says of the file as it is on the disk */
  readonly findings: readonly { readonly severity: 'fault' | 'warning'; readonly line: string }[];
  /** what a reload would change now, a line each; empty: nothing */
  readonly changes: readonly string[];
  readonly machine: MachineView;
}

/** `GET /doctor`: what `keepwatch doctor` finds, in the order of its looks. */
export interface DoctorView {
  /** ISO 8601; when it was done */
  readonly at: string;
  /** nothing has to be mended */
  readonly well: boolean;
  readonly looks: readonly {
    readonly id: string;
    readonly name: Text;
    readonly findings: readonly {
      /** `note`: worth knowing, and nothing that keeps the premises from being guarded */
      readonly state: 'good' | 'note' | 'fault';
      /** stable */
      readonly code: string;
      readonly what: Text;
      /** what to do */
      readonly mend?: Text;
    }[];
  }[];
}

/** The health of the machine, from /proc and /sys; what is not there is absent. */
export interface MachineView {
  readonly model?: string;
  readonly uptimeMs: number;
  readonly load: readonly [number, number, number];
  readonly memory: { readonly totalBytes: number; readonly freeBytes: number; readonly ownBytes: number };
  readonly disk?: { readonly totalBytes: number; readonly freeBytes: number };
  readonly temperatureC?: number;
  /** the supply was too low, now or since the start (Raspberry Pi) */
  readonly underVoltage?: { readonly now: boolean; readonly since: boolean };
  readonly clock: 'synced' | 'unsynced';
  readonly node: string;
}

/** What an error looks like, of any status from 400 on. `code` is stable. */
export interface ApiError {
  readonly code: string;
  readonly message: string;
}

export type { Category, Event, Language, Level, Reply };

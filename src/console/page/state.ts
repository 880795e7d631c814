// All that the page knows of the premises, as signals, and how it comes in: the stream replaces everything with each
// `hello` and then tells what changes. Shows nothing itself; views read the signals.

import { batch, computed, effect, signal } from '@preact/signals';
import type { StatusReport } from '../../control/types.ts';
import type { Event, Incident, PointView, Session, SiteView, Told } from '../api.ts';
import { ApiFailure, get, sessionEnded } from './api.ts';
import { askFirst, type First } from './first.ts';
import { isOpenToEyes, pointsOf, revealedForMs, withoutSilent } from './hush.ts';
import { language, languageChosen, theme } from './preferences.ts';
import { route } from './router.ts';
import { may, session } from './session.ts';
import { openStream, type Stream } from './stream.ts';
import { drawn } from './timing.ts';

export { language, may, session, theme };

export interface Connection {
  /** false: nothing was heard for too long, what is shown is old */
  readonly alive: boolean;
  /** the page's own clock, ms; 0: nothing was heard yet */
  readonly lastHeardMs: number;
}

/** Nothing heard for longer than this is a dead connection. The stream speaks every second. */
export const deadAfterMs = 2300;
const askAgainMs = 1500;
/** The latest events that came while this page was open, newest last. */
const mostEvents = 300;

type PointChange = Extract<Told, { type: 'points' }>['points'][number];

export const site = signal<SiteView | undefined>(undefined);
export const status = signal<StatusReport | undefined>(undefined);
/** open ones, by id, with those that this screen does not show */
export const everyIncident = signal<ReadonlyMap<string, Incident>>(new Map());
/** those that closed while this page was open, as they ended; a few */
const everyClosed = signal<ReadonlyMap<string, Incident>>(new Map());
export const points = signal<ReadonlyMap<string, PointView>>(new Map());
export const events = signal<readonly Event[]>([]);
export const connection = signal<Connection>({ alive: false, lastHeardMs: 0 });
/** Is it known how the premises stand? */
export const loaded = signal(false);
/** Wall time as the gateway has it, ms; ticks every second. */
export const now = signal(Date.now());
/** of the last heartbeat: does the gateway vouch for its clock? */
export const clockState = signal<'synced' | 'unsynced'>('synced');
/** the gateway runs another version than the one that this page came with */
export const outdated = signal(false);

/** of the gateway's clock, ms; until then somebody wants to see what the screen keeps to itself */
const revealedUntilMs = signal(0);
/** Does this screen keep silent incidents to itself? */
export const discreet = computed(() => isOpenToEyes(session.value) && now.value >= revealedUntilMs.value);
/** open ones that are shown, by id */
export const incidents = computed(() =>
  discreet.value ? withoutSilent(everyIncident.value, site.value) : everyIncident.value,
);
export const closed = computed(() =>
  discreet.value ? withoutSilent(everyClosed.value, site.value) : everyClosed.value,
);
/** open ones that are not shown */
export const hushed = computed(
  () => new Map([...everyIncident.value].filter(([id]) => !incidents.value.has(id))),
);
/** points whose state says nothing of what is not shown */
export const shownPoints = computed(() => {
  const telling = pointsOf(hushed.value.values());
  if (telling.size === 0) return points.value;
  return new Map([...points.value].filter(([id]) => !telling.has(id)));
});

export function reveal(): void {
  revealedUntilMs.value = now.value + revealedForMs;
}

/** of the premises, such as `Asia/Shanghai` */
export const timezone = computed(() => session.value?.premises.timezone ?? 'UTC');

let stream: Stream | undefined;
let startedVersion: string | undefined;
let siteNumber: string | undefined;
let wantedSite: string | undefined;
/** what to add to the page's clock to have the gateway's */
let offsetMs = 0;

/** Asks who is here and how the premises stand, and opens the stream, where that may be. */
export async function start(): Promise<void> {
  watchTheClock();
  const first = await askFirst();
  if (first === undefined) await refreshSession();
  else {
    begin(first);
    // (the stream tells the same again, and asking for it would stand in the way of the first drawing)
    if (loaded.value) await drawn();
  }
  openUp();
}

function begin({ start: { at, session: given, status: report, incidents: open }, heardMs }: First): void {
  batch(() => {
    took(given);
    offsetMs = Date.parse(at) - heardMs;
    tick();
    if (report === undefined || open === undefined) return;
    stands(report, open);
    connection.value = { alive: true, lastHeardMs: heardMs };
  });
}

/**
 * Resolves when it is known who is here and, where that may be seen, how the premises stand; or after a moment. What is
 * drawn before would be drawn again, which on a slow tablet takes as long as all the rest.
 */
export function sessionOrSoon(): Promise<void> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (session.value && (session.value.role === undefined || loaded.value)) resolve();
    });
    setTimeout(() => {
      stop();
      resolve();
    }, 1000);
  });
}

export async function refreshSession(): Promise<void> {
  for (let waitMs = 500; ; waitMs = Math.min(waitMs * 2, 5000)) {
    try {
      took(await get<Session>('/session'));
      return;
    } catch (error) {
      if (isRefused(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

/** Asking again would not help. (429 is only a matter of time.) */
function isRefused(error: unknown): boolean {
  return error instanceof ApiFailure && (error.status === 401 || error.status === 403);
}

function took(given: Session): void {
  session.value = given;
  // (empty before a login: not for everybody to know)
  startedVersion ||= given.version;
  if (!languageChosen.value) language.value = given.premises.language;
}

export function openUp(): void {
  stream?.close();
  stream = undefined;
  if (session.value?.role === undefined) {
    // nothing may be seen before a login, but the panic key stays
    if (route.value.name !== 'panic') sessionEnded();
    return;
  }
  stream = openStream({
    heard: () => {
      const lastHeardMs = Date.now();
      const { alive } = connection.value;
      connection.value = { alive: alive || loaded.value, lastHeardMs };
    },
    told,
    unauthorised: () => {
      void refreshSession().then(openUp);
    },
  });
}

/** What was shown to one person is not left to the next. */
export function forgetAll(): void {
  stream?.close();
  stream = undefined;
  batch(() => {
    loaded.value = false;
    everyIncident.value = new Map();
    everyClosed.value = new Map();
    revealedUntilMs.value = 0;
    points.value = new Map();
    events.value = [];
    site.value = undefined;
    status.value = undefined;
    connection.value = { alive: false, lastHeardMs: 0 };
  });
  siteNumber = undefined;
  pointsAsked += 1;
  early = undefined;
}

function told(said: Told): void {
  switch (said.type) {
    case 'hello':
      hello(said);
      return;
    case 'event':
      events.value = [...events.value.slice(1 - mostEvents), said.event];
      return;
    case 'incident':
      incident(said.incident);
      return;
    case 'points':
      pointsChanged(said.points);
      return;
    case 'beat':
      offsetMs = Date.parse(said.at) - Date.now();
      clockState.value = said.clock;
      tick();
      return;
    case 'status':
      status.value = said.status;
      return;
  }
}

function hello(said: Extract<Told, { type: 'hello' }>): void {
  batch(() => {
    stands(said.status, said.incidents);
    connection.value = { alive: true, lastHeardMs: Date.now() };
    outdated.value = startedVersion !== undefined && said.version !== startedVersion;
  });
  const number = `${said.session} ${said.site}`;
  if (number !== siteNumber) void loadSite(number);
  wantedSite = number;
  void loadPoints();
}

function stands(report: StatusReport, open: readonly Incident[]): void {
  status.value = report;
  clockState.value = report.clock;
  everyIncident.value = new Map(open.map((one) => [one.id, one]));
  loaded.value = true;
}

async function loadSite(number: string): Promise<void> {
  try {
    // (rights may have changed with the site; at the beginning they have just been asked for)
    const first = site.value === undefined;
    const [freshSite, freshSession] = await Promise.all([
      get<SiteView>('/site'),
      first ? undefined : get<Session>('/session'),
    ]);
    batch(() => {
      site.value = freshSite;
      if (freshSession) took(freshSession);
    });
    siteNumber = number;
  } catch (error) {
    // (names are shown as ids until then)
    siteNumber = undefined;
    if (isRefused(error)) return;
    await new Promise((resolve) => setTimeout(resolve, askAgainMs));
    if (number === wantedSite && siteNumber === undefined && loaded.value) void loadSite(number);
  }
}

/** Points that the stream tells of while the list is on its way are newer than the list. */
let early: Map<string, PointChange> | undefined;
/** Only the list that was asked for last counts: after an outage two `hello` come one behind the other. */
let pointsAsked = 0;

/** Until the list is there: what was seen before an outage must not stand there as if it were of now. */
async function loadPoints(): Promise<void> {
  pointsAsked += 1;
  const mine = pointsAsked;
  const newer = new Map<string, PointChange>();
  early = newer;
  for (;;) {
    try {
      const list = await get<readonly PointView[]>('/points');
      if (mine !== pointsAsked) return;
      early = undefined;
      points.value = new Map(
        list.map((point) => {
          const change = newer.get(point.id);
          const isNewer = change !== undefined && (change.at ?? '') >= (point.at ?? '');
          return [point.id, isNewer ? changedBy(point, change) : point];
        }),
      );
      return;
    } catch (error) {
      if (mine !== pointsAsked || isRefused(error)) return;
      await new Promise((resolve) => setTimeout(resolve, askAgainMs));
      if (mine !== pointsAsked) return;
    }
  }
}

function changedBy(point: PointView, change: PointChange): PointView {
  // (what a change does not carry is no more)
  const { disabled: _, exercisedAt: __, ...rest } = point;
  return { ...rest, ...change };
}

function incident(one: Incident): void {
  const open = new Map(everyIncident.value);
  if (one.state === 'closed') {
    open.delete(one.id);
    const ended = new Map([...everyClosed.value].slice(-49));
    everyClosed.value = ended.set(one.id, one);
  } else open.set(one.id, one);
  everyIncident.value = open;
}

function pointsChanged(changed: readonly PointChange[]): void {
  const fresh = new Map(points.value);
  for (const change of changed) {
    early?.set(change.id, change);
    const known = fresh.get(change.id);
    if (known) fresh.set(change.id, changedBy(known, change));
  }
  points.value = fresh;
}

function tick(): void {
  const at = Date.now() + offsetMs;
  // (whole seconds, so that nothing is drawn twice for one)
  if (Math.floor(at / 1000) !== Math.floor(now.value / 1000)) now.value = at;
}

let watching = false;

/** Is anything heard? Measured by the wall clock, so that a page that hung itself, or slept, says so at once. */
function watchTheClock(): void {
  if (watching) return;
  watching = true;
  setInterval(() => {
    tick();
    const { alive, lastHeardMs } = connection.value;
    // (a clock that was set back must not make a dead line look alive until it has caught up)
    if (alive && Math.abs(Date.now() - lastHeardMs) > deadAfterMs) {
      connection.value = { alive: false, lastHeardMs };
      stream?.hurry();
    }
  }, 250);
  const wake = (): void => stream?.hurry();
  addEventListener('online', wake);
  addEventListener('visibilitychange', wake);
}

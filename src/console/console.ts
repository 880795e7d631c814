// The console as the house opens it: what outlives a new address (logins, limits, the stream), and the server that
// listens. The one door to this folder; loaded only where a site has a console.

import type { ConsoleConfig } from '../config/types.ts';
import type { Event } from '../core/types.ts';
import type { Timer } from '../lib/clock.ts';
import { createFloors } from './floors.ts';
import { commands, logins, raising } from './limits.ts';
import { createLockout } from './lockout.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { type Page, readPages } from './pages.ts';
import { createPlaces } from './places.ts';
import { createPressed } from './pressed.ts';
import { createRate } from './rate.ts';
import type { House } from './route.ts';
import { type ConsoleServer, listenConsole } from './server.ts';
import { createSessions } from './sessions.ts';
import { createShared } from './shared.ts';
import { createStream } from './stream.ts';
import { createTurns } from './turns.ts';
import type { ConsoleParts } from './types.ts';
import { createWork } from './work.ts';

const sweepEveryMs = 15_000;

export interface Console {
  /** Listens as this configuration says; rejects where that can't be, and then listens nowhere. */
  listen(config: ConsoleConfig): Promise<void>;
  /** This configuration is in force now; where it listens stays. */
  use(config: ConsoleConfig): void;
  /** Certificate and key are read again. Throws where they can't be used. */
  renew(): void;
  /** undefined: it listens nowhere just now */
  url(): string | undefined;
  events(events: readonly Event[]): void;
  changed(points: Iterable<string>, incidents: Iterable<string>): void;
  /** the site was read again */
  reloaded(): void;
  /** Stops listening; logins and what they may do stay. */
  rest(): Promise<void>;
  close(): Promise<void>;
}

export interface ConsoleOptions extends ConsoleParts {
  readonly config: ConsoleConfig;
  /** folder of the built page; may not be there */
  readonly pages: string;
}

export async function createConsole(options: ConsoleOptions): Promise<Console> {
  const { clock, log } = options;
  let config = options.config;
  let server: ConsoleServer | undefined;
  let sweepTimer: Timer | undefined;
  const settings = (): ConsoleConfig => config;
  const sessions = createSessions({ clock, settings });
  const stream = createStream(options);
  const work = createWork(options.program);
  const shared = createShared(clock);
  let plans: ReadonlySet<string> | undefined;
  const house: House = {
    ...options,
    settings,
    sessions,
    stream,
    work,
    lockout: createLockout(clock),
    checks: oneAtATime(logins.mostWaiting),
    waiting: createPlaces(logins.mostOfOne),
    commands: createRate(clock, commands),
    raising: createRate(clock, raising),
    plans() {
      plans ??= new Set(options.host.site().plans.map(({ id }) => id));
      return plans;
    },
    turns: createTurns(),
    shared,
    pressed: createPressed(),
    floors: createFloors(() => config.floors),
  };
  const pages: ReadonlyMap<string, Page> = await readPages(options.pages);
  if (!pages.has('/')) log.warn({ code: 'NO_PAGE' }, 'the page was not built: only the HTTP API is there');

  const sweep = (): void => {
    sessions.sweep();
    stream.dropEnded(sessions.holds);
    sweepTimer?.cancel();
    sweepTimer = clock.after(sweepEveryMs, sweep);
  };
  sweep();

  return {
    async listen(given) {
      config = given;
      server = await listenConsole(given, house, pages);
      log.info({ code: 'CONSOLE', url: server.url }, `the console listens on ${server.url}`);
      sweep();
    },
    use(given) {
      const before = config;
      config = given;
      sweep();
      // what was open without a login is judged anew
      if (before.withoutLogin !== given.withoutLogin) stream.dropAnonymous();
    },
    renew: () => server?.renew(),
    url: () => server?.url,
    events(events) {
      shared.forget();
      stream.events(events);
    },
    changed(points, incidents) {
      shared.forget();
      stream.changed(points, incidents);
    },
    reloaded() {
      plans = undefined;
      shared.forget();
      stream.reloaded();
    },
    async rest() {
      const closing = server;
      server = undefined;
      stream.close();
      await closing?.close();
    },
    async close() {
      sweepTimer?.cancel();
      work.close();
      const closing = server;
      server = undefined;
      stream.close();
      await closing?.close();
    },
  };
}

// The console as the house keeps it: opened where the site file asks for one, tried again where it can't listen, changed
// with the site file. That it is not there is a trouble and never a reason not to guard. Loads nothing of it for a site
// without; decides nothing of what it shows.

import { readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Config, ConsoleConfig } from './config/types.ts';
import type { Console } from './console/console.ts';
import type { ConsoleHost } from './console/types.ts';
import { pointView, pointViews, siteView, withNextTelling } from './console-answers.ts';
import type { ControlHost } from './control/types.ts';
import { redated } from './core/clock-corrections.ts';
import { isFailing } from './core/troubles.ts';
import type { Event } from './core/types.ts';
import type { Log } from './driver.ts';
import { packageRoot } from './lib/assets.ts';
import type { Clock, Timer } from './lib/clock.ts';
import type { Loop } from './loop.ts';
import { figuresFor, type OpenedCount } from './metric-figures.ts';
import type { Store } from './store/types.ts';

const tryAgainMs = 10_000;
/** Certificates are renewed by other programs, which tell nobody. */
const lookAtCertificateMs = 60_000;
const demoPortTaken = 'EADDRINUSE';

export interface KeptConsole {
  /** where it listens; undefined: nowhere */
  url(): string | undefined;
  events(events: readonly Event[]): void;
  changed(points: Iterable<string>, incidents: Iterable<string>): void;
  /** Listens as this configuration says. Where it can't, what was there before goes on, and the reason is given back. */
  use(config: Config): Promise<Error | undefined>;
  /** This configuration is in force now. */
  inForce(): void;
  stop(): Promise<void>;
}

export interface ConsoleWiring {
  readonly clock: Clock;
  readonly log: Log;
  readonly loop: Loop;
  readonly store: Store;
  readonly session: string;
  readonly version: string;
  readonly control: ControlHost;
  /** counts from the daemon's first event on */
  readonly opened: OpenedCount;
  readonly scenarios?: readonly string[];
  readonly config: () => Config;
  readonly socket: () => string | undefined;
  /** the command line's program; a seam */
  readonly program?: string;
  /** where the built page is; a seam */
  readonly pages?: string;
}

export function keepConsole(house: ConsoleWiring): KeptConsole {
  const { clock, log, loop } = house;
  let console: Console | undefined;
  let open: ConsoleConfig | undefined;
  let timer: Timer | undefined;
  let certificate = '';
  let siteText = '';
  let stopped = false;

  const health = (ok: boolean, because: string): void => {
    if (!ok || isFailing(loop.state.durable, 'console'))
      loop.push({ type: 'health', check: 'console', ok, because });
  };
  const again = (afterMs: number, work: () => void): void => {
    timer?.cancel();
    timer = stopped ? undefined : clock.after(afterMs, work);
  };

  const listen = async (wanted: ConsoleConfig): Promise<void> => {
    console ??= await load(house, wanted, () => siteText);
    certificate = changedAt(wanted);
    try {
      await console.listen(wanted);
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === demoPortTaken;
      if (!taken || house.scenarios === undefined) throw error;
      // any port will do for a demo, which says where it is
      await console.listen({ ...wanted, listen: { ...wanted.listen, port: 0 } });
      log.warn(
        { code: 'CONSOLE_PORT_TAKEN', port: wanted.listen.port, url: console.url() },
        'the console’s port is taken; it listens on another one',
      );
    }
    open = wanted;
    health(true, 'the console listens again');
    again(lookAtCertificateMs, lookAtCertificate);
  };

  /** The first time and after a failure: it is told and tried again. */
  const tryListening = async (wanted: ConsoleConfig): Promise<void> => {
    if (stopped) return;
    try {
      await listen(wanted);
    } catch (error) {
      open = undefined;
      const because = reasonOf(error, wanted);
      log.error({ code: 'CONSOLE', because }, 'the console can’t be opened; it is tried again');
      health(false, because);
      again(tryAgainMs, () => void tryListening(wanted));
    }
  };

  const lookAtCertificate = (): void => {
    again(lookAtCertificateMs, lookAtCertificate);
    if (open === undefined || console === undefined) return;
    const now = changedAt(open);
    if (now === certificate && !isFailing(loop.state.durable, 'console')) return;
    try {
      console.renew();
      if (now !== certificate) log.info({ code: 'CONSOLE' }, 'the certificate of the console was read again');
      certificate = now;
      health(true, 'the console listens again');
    } catch (error) {
      // (the old one serves on; both files may just be in the midst of being written)
      health(false, reasonOf(error, open));
    }
  };

  const shut = async (): Promise<void> => {
    timer?.cancel();
    open = undefined;
    await console?.rest();
  };

  return {
    url: () => console?.url(),
    events: (events) => console?.events(events),
    changed: (points, incidents) => console?.changed(points, incidents),
    async use({ console: wanted }) {
      const before = open;
      if (wanted === undefined) {
        await shut();
        if (before === undefined && console === undefined) {
          // also a trouble of before a restart
          health(true, 'removed from the configuration');
          return undefined;
        }
        await console?.close();
        console = undefined;
        health(true, 'removed from the configuration');
        return undefined;
      }
      if (before === undefined) {
        await tryListening(wanted);
        return undefined;
      }
      if (placeOf(before) === placeOf(wanted)) {
        open = wanted;
        console?.use(wanted);
        lookAtCertificate();
        return undefined;
      }
      await shut();
      try {
        await listen(wanted);
        return undefined;
      } catch (error) {
        await tryListening(before);
        return new Error(reasonOf(error, wanted));
      }
    },
    inForce() {
      if (house.config().console === undefined) return;
      siteText = textOf(house.config().file);
      console?.reloaded();
    },
    async stop() {
      stopped = true;
      timer?.cancel();
      await console?.close();
    },
  };
}

/** What only a new server can change. */
function placeOf({ listen, cert, key }: ConsoleConfig): string {
  return JSON.stringify([listen, cert, key]);
}

function reasonOf(error: unknown, { listen }: ConsoleConfig): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const place = `${listen.host}:${listen.port}`;
  if (code === 'EADDRINUSE') return `${place} is taken by another program`;
  if (code === 'EADDRNOTAVAIL') return `this machine has no address ${listen.host}`;
  if (code === 'EACCES' && /listen/.test(message)) return `no right to listen on ${place}`;
  return `the console can't listen on ${place}: ${message}`;
}

/** When certificate and key were last changed, as one text. */
function changedAt({ cert, key }: ConsoleConfig): string {
  return [cert, key]
    .map((file) => {
      const found = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
      return found === undefined ? '' : `${found.mtimeMs} ${found.size} ${found.ino}`;
    })
    .join(' ');
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

async function load(house: ConsoleWiring, config: ConsoleConfig, siteText: () => string): Promise<Console> {
  const { createConsole } = await import('./console/console.ts');
  const { clock, log, session, version } = house;
  const program = house.program ?? ownProgram();
  return createConsole({
    clock,
    log,
    session,
    version,
    config,
    program,
    pages: house.pages ?? path.join(path.dirname(program), 'console'),
    host: hostOf(house, siteText),
  });
}

/** The file that this process was started with; elsewhere (a test's process) the built one. */
function ownProgram(): string {
  const started = process.argv[1];
  try {
    const file = realpathSync(started ?? '');
    if (path.basename(file) === 'main.js') return file;
  } catch {
    // started in another way
  }
  return path.join(packageRoot, 'dist', 'main.js');
}

function hostOf(house: ConsoleWiring, siteText: () => string): ConsoleHost {
  const { loop, store, control, config, clock } = house;
  return {
    ...control,
    ...(house.scenarios && { scenarios: house.scenarios }),
    premises: () => config().premises,
    site: () => siteView(config(), clock.wallMs()),
    clocks: () => config().site.calendar?.offsets,
    points: () => pointViews(loop),
    point: (id) => pointView(loop, id),
    figures: () => figuresFor({ loop, store, status: control.status(), opened: house.opened.opened() }),
    incidents: (all) =>
      all ? control.incidents(true) : control.incidents(false).map((one) => withNextTelling(loop, one)),
    incident: (id) => {
      const open = loop.state.durable.incidents[id];
      return open ? withNextTelling(loop, open) : store.incident(id);
    },
    past: (filter) => store.incidents(filter),
    epoch: () => loop.state.durable.epoch,
    lastSeq: () => loop.storedSeq(),
    clockState: () => loop.stamp().clock,
    eventsAfter: (seq, limit) =>
      store.events({ from: seq + 1, limit }).map((event) => redated(event, loop.state.durable.corrections)),
    siteFile: config().file,
    siteText,
    socket: house.socket,
    data: config().data,
  };
}

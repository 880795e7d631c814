// All the wiring: config → store → engine → devices → ways out, started in that order and stopped in reverse.
// The program is this library with a thin `main`; every test of the whole uses it. Holds no rules of its own.

import { randomUUID } from 'node:crypto';
import { drivers, openModem } from '../drivers/index.ts';
import { formatFault } from './config/faults.ts';
import { loadConfig } from './config/load.ts';
import type { Config, Fault } from './config/types.ts';
import type { Control } from './control/server.ts';
import { longestPage, type Reach } from './control/types.ts';
import { nextOf } from './core/ladder-view.ts';
import { compile, type Model } from './core/model.ts';
import type { Event, Text } from './core/types.ts';
import type { Demo } from './demo.ts';
import { createDevices } from './devices/index.ts';
import type { Devices } from './devices/types.ts';
import type { Driver, Log } from './driver.ts';
import { type Clock, sleep, systemClock, type Timer } from './lib/clock.ts';
import { notifySystemd, watchdogMs } from './lib/notify-systemd.ts';
import { version } from './lib/version.ts';
import { createLoop, type Loop } from './loop.ts';
import { type Keeping, openState, recall } from './recall.ts';
import { levelsOf, namesOf, statusReport } from './report.ts';
import { watchSelf } from './self-checks.ts';
import { siteHash } from './store/site.ts';
import type { Store } from './store/types.ts';
import { noticesOf, openPeople, type People } from './tell-people.ts';
import { endChecksWithout, openWayOut, type WayOut } from './way-out.ts';

export { drivers };

/** The site file can't be run; every fault that it has. */
export class ConfigFaults extends Error {
  readonly faults: readonly Fault[];
  constructor(faults: readonly Fault[]) {
    super(faults.map(formatFault).join('\n'));
    this.name = 'ConfigFaults';
    this.faults = faults;
  }
}

export interface AppOptions {
  /** the site file; not needed by the demo, which brings its own */
  readonly file?: string;
  /** runs the built-in demo site */
  readonly demo: boolean;
  readonly log: Log;
  /** path of the local socket; default in the data folder */
  readonly socket?: string;
  readonly onEvent?: (event: Event) => void;
  readonly onLink?: (of: 'bus' | 'device', id: string, up: boolean, because: string) => void;
  /** what the demo does next */
  readonly onTell?: (text: Text) => void;
  /** seams */
  readonly clock?: Clock;
  readonly drivers?: readonly Driver[];
}

export interface App {
  /** Resolves when the site is watched: config good, state remembered, drivers being opened. */
  start(): Promise<void>;
  stop(because?: string): Promise<void>;
  /** Reads the site file again; with faults nothing changes. */
  reload(): Promise<{ ok: boolean; faults: readonly Fault[] }>;
  /** where a started app is reached */
  reach(): Reach;
}

/** How long the ways out wait for the first reading. */
const firstReadingWithinMs = 250;
export function createApp(options: AppOptions): App {
  const { log } = options;
  const clock = options.clock ?? systemClock();
  const driverList = options.drivers ?? drivers;
  const startedAtMs = clock.wallMs();
  const session = randomUUID();
  const followers = new Set<(event: Event) => void>();
  const warnings = new Set<string>();
  const cleanups: (() => Promise<void> | void)[] = [];
  const keeping: Keeping = { clock, log, warn: (said) => warnings.add(said) };
  let demo: Demo | undefined;
  let config: Config | undefined;
  let warned: readonly string[] = [];
  let loop: Loop;
  let store: Store;
  let devices: Devices;
  let control: Control | undefined;
  let wayOut: WayOut | undefined;
  let people: People | undefined;

  const read = (): Config => {
    const file = demo?.file ?? options.file;
    if (file === undefined) throw new Error('a site file is needed');
    const loaded = loadConfig(file, { drivers: driverList, ...(demo && { overrides: demo.overrides }) });
    if (!loaded.config) throw new ConfigFaults(loaded.faults.filter((fault) => fault.severity === 'fault'));
    const lines = loaded.faults.map(formatFault);
    // at a reload only those that are new, or the one that matters would drown
    for (const line of lines) if (!warned.includes(line)) log.warn({ code: 'CONFIG_WARNING' }, line);
    warned = lines;
    return loaded.config;
  };

  const start = async (): Promise<void> => {
    if (options.demo) {
      const { prepareDemo } = await import('./demo.ts');
      demo = await prepareDemo(log);
      cleanups.push(() => demo?.stop());
    }
    config = read();
    store = openState(config.data, keeping);
    cleanups.push(() => store.close());
    loop = goOn(config, compile(config.site));
    // Undone in reverse: the loop's last event still finds its way out, and the store is the last to go.
    cleanups.push(() => wayOut?.stop());
    cleanups.push(() => loop.stop('the daemon was stopped'));

    const guarding = new AbortController();
    devices = createDevices({
      drivers: driverList,
      clock,
      log,
      push(input) {
        if (input.type === 'link') options.onLink?.(input.of, input.id, input.up, input.because);
        if (input.type === 'reading') guarding.abort();
        loop.push(input);
      },
    });
    cleanups.push(() => devices.stop());
    await devices.use(config);
    loop.drive();

    // The first reading comes before the broker's library: loading that would hold it up.
    await sleep(clock, firstReadingWithinMs, guarding.signal);
    wayOut = await openWay(config);
    people = await openPeople({ clock, log, loop, openModem }, config);
    cleanups.push(() => people?.stop());
    control = await openControl(config);
    cleanups.push(() => control?.close());
    cleanups.push(feedWatchdog());
    const selfChecks = watchSelf({
      clock,
      data: config.data,
      failing: (check) => loop.state.durable.keys[`health:${check}`] !== undefined,
      health: (check, ok, because) => loop.push({ type: 'health', check, ok, because }),
    });
    cleanups.push(() => selfChecks.stop());
    void notifySystemd('ready');
    cleanups.push(() => void notifySystemd('stopping'));
    demo?.unfold(options.onTell ?? (() => {}));
  };

  /** The loop with the state that the store remembers, at the journal's end and under the site in force now. */
  const goOn = (given: Config, model: Model): Loop => {
    const { state, inForce, fresh, baseMs } = recall(store, given.site, model, keeping);
    const made = createLoop({
      clock,
      store,
      model: inForce,
      state,
      baseMs,
      log,
      outlets: {
        drive: (desired) => devices?.drive(desired),
        publish(events, points, incidents) {
          if (events.length > 0) wayOut?.events(events);
          // The packets of the events leave the process before anything else is made of this turn.
          process.nextTick(() => {
            wayOut?.changed(points, incidents);
            for (const event of events) for (const listener of followers) listener(event);
            if (options.onEvent) for (const event of events) options.onEvent(event);
          });
        },
        tell() {
          process.nextTick(() => {
            wayOut?.told();
            people?.changed();
          });
        },
      },
    });
    // First the process is new, then perhaps the site: what was on the wires is forgotten before rules are looked at.
    made.push({ type: 'started', because: `keepwatch ${version} started` });
    if (fresh || inForce !== model) made.reload(model, siteHash(given.site));
    return made;
  };

  const openWay = async (given: Config): Promise<WayOut | undefined> => {
    endChecksWithout(loop, given.mqtt);
    if (!given.mqtt) return undefined;
    const notices = noticesOf(loop, given, () => config ?? given);
    return openWayOut({
      ...(notices && { notices }),
      mqtt: given.mqtt,
      premises: given.premises.id,
      session,
      version,
      clock,
      log,
      store,
      loop,
    });
  };

  /** Opens the way out of a new configuration, or goes back to that of before. */
  const changeWay = async (before: Config, next: Config): Promise<Fault | undefined> => {
    await wayOut?.stop();
    wayOut = undefined;
    try {
      wayOut = await openWay(next);
      return undefined;
    } catch (error) {
      const what = `mqtt can't be opened: ${error instanceof Error ? error.message : String(error)}`;
      wayOut = await openWay(before).catch((again: Error) => {
        loop.push({ type: 'health', check: 'broker', ok: false, because: again.message });
        return undefined;
      });
      return faultOf(next, what, 'correct `mqtt:`; what was in force before goes on');
    }
  };

  /** The local socket; a disk that takes no writes holds none either, and is no reason not to guard. */
  const openControl = async (given: Config): Promise<Control | undefined> => {
    const { startControl } = await import('./control/server.ts');
    try {
      return await startControl({ folder: options.socket ?? given.data, host: controlHost(), log });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EROFS' && code !== 'ENOSPC') throw error;
      log.error({ code: 'CONTROL', hint: 'give --socket a path elsewhere' }, `no local socket: ${message}`);
      return undefined;
    }
  };

  const controlHost = () => ({
    status: () =>
      statusReport({
        config: config!,
        loop,
        session,
        version,
        startedAtMs,
        nowMs: clock.wallMs(),
        ...(wayOut && { mqtt: wayOut.state() }),
        buses: devices.figures(),
        warnings: [...warnings],
        channels: people?.state() ?? [],
      }),
    points: () => [...levelsOf(loop, { session, version }).points()],
    incidents: (all: boolean) =>
      all ? store.incidents({ limit: 1000 }) : Object.values(loop.state.durable.incidents).reverse(),
    command: loop.command,
    explain(given: string) {
      // an open one as it stands now: of what became of messages its row may learn later
      const isMeant = ({ id }: { id: string }): boolean => id === given || id.startsWith(`${given}_`);
      const incident =
        Object.values(loop.state.durable.incidents).find(isMeant) ??
        store.incident(given) ??
        store.incidents({ limit: 100_000 }).find(isMeant);
      if (incident === undefined) return { events: [] };
      const next = nextOf(incident, loop.model, loop.state.durable.timers, loop.stamp());
      return { incident, events: store.eventsOf(incident.id), next };
    },
    history: (range: { from: string; to: string; after?: number }) => store.history(range),
    names: () => namesOf(config!.site),
    journal: (afterId: number) => store.journal(afterId, longestPage),
    ...(demo && { demo: (scenario: string) => startScene(demo!, scenario) }),
    follow(listener: (event: Event) => void) {
      followers.add(listener);
      return () => void followers.delete(listener);
    },
  });

  /** systemd's watchdog is fed only when a whole turn of the loop has gone round. */
  const feedWatchdog = (): (() => void) => {
    const everyMs = watchdogMs();
    if (everyMs === undefined) return () => {};
    let timer: Timer;
    const feed = (): void => {
      timer = clock.after(everyMs, async () => {
        await loop.pulse();
        void notifySystemd('watchdog');
        feed();
      });
    };
    feed();
    return () => timer.cancel();
  };

  const reload = async (): Promise<{ ok: boolean; faults: readonly Fault[] }> => {
    const before = config!;
    let next: Config;
    try {
      next = read();
    } catch (error) {
      if (!(error instanceof ConfigFaults)) throw error;
      warnings.add('the site file has faults; the configuration of before is still in force');
      return { ok: false, faults: error.faults };
    }
    const fixed = unreloadable(before, next);
    if (fixed.length > 0) return { ok: false, faults: fixed };
    if (JSON.stringify(before.mqtt) !== JSON.stringify(next.mqtt)) {
      const fault = await changeWay(before, next);
      if (fault) return { ok: false, faults: [fault] };
    }
    warnings.clear();
    config = next;
    const hash = siteHash(next.site);
    if (hash !== siteHash(before.site)) loop.reload(compile(next.site), hash);
    await devices.use(next);
    await people?.use(next);
    loop.drive();
    log.info({ code: 'RELOADED' }, 'the configuration was reloaded');
    return { ok: true, faults: [] };
  };

  return {
    async start() {
      try {
        await start();
      } catch (error) {
        await cleanUp();
        throw error;
      }
    },
    stop: cleanUp,
    reload,
    reach: () => ({
      premises: config!.premises,
      socket: control?.path ?? '',
      data: config!.data,
      ...(wayOut?.listening && { broker: wayOut.listening }),
      ...(config!.mqtt && { prefix: config!.mqtt.prefix }),
      ...(demo && { scenarios: demo.scenarios }),
    }),
  };

  async function cleanUp(): Promise<void> {
    for (const cleanup of cleanups.splice(0).reverse()) {
      try {
        await cleanup();
      } catch (error) {
        log.error({ code: 'STOP_FAILED' }, error instanceof Error ? error.message : String(error));
      }
    }
  }
}

/** Begins a scene and comes back at once: it plays for many seconds. Rejects for one that there is none of. */
async function startScene(demo: Demo, scenario: string): Promise<void> {
  if (!demo.scenarios.includes(scenario)) {
    throw Object.assign(
      new Error(`no scene is called ${scenario}; there are: ${demo.scenarios.join(', ')}`),
      { code: 'notFound' },
    );
  }
  void demo.play(scenario);
}

function faultOf(config: Config, what: string, todo: string): Fault {
  return { severity: 'fault', file: config.file, line: 1, column: 1, what, todo };
}

/** What only a restart can change: the identity and the place of the state. */
function unreloadable(before: Config, next: Config): Fault[] {
  const fault = (what: string): Fault =>
    faultOf(next, `${what} can't be changed while running`, 'restart keepwatch, or put back what it was');
  return [
    ...(before.premises.id === next.premises.id ? [] : [fault(`premises.id (now ${before.premises.id})`)]),
    ...(before.data === next.data ? [] : [fault(`data (now ${before.data})`)]),
  ];
}

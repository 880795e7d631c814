// All the wiring: config → store → engine → devices → ways out, started in that order and stopped in reverse.
// The program is this library with a thin `main`; every test of the whole uses it. Holds no rules of its own.

import { randomUUID } from 'node:crypto';
import { drivers } from '../drivers/index.ts';
import { formatFault } from './config/faults.ts';
import { loadConfig } from './config/load.ts';
import type { Config, Fault } from './config/types.ts';
import type { Control } from './control/server.ts';
import type { Reach } from './control/types.ts';
import { createState } from './core/engine.ts';
import { compile, type Model } from './core/model.ts';
import type { Durable } from './core/state.ts';
import type { Event, Text } from './core/types.ts';
import type { Demo } from './demo.ts';
import { createDevices } from './devices/index.ts';
import type { Devices } from './devices/types.ts';
import type { Driver, Log } from './driver.ts';
import { engineTimeNote, engineTimeNow } from './engine-time.ts';
import { currentBoot } from './lib/boot.ts';
import { type Clock, sleep, systemClock, type Timer } from './lib/clock.ts';
import { notifySystemd, watchdogMs } from './lib/notify-systemd.ts';
import { version } from './lib/version.ts';
import { createLoop, type Loop, replayFacts } from './loop.ts';
import { levelsOf, statusReport } from './report.ts';
import { isOfDisk, lateStore } from './store/late.ts';
import { putAside } from './store/open.ts';
import { siteHash } from './store/site.ts';
import { newEpoch, openStore } from './store/store.ts';
import { type Store, StoreFault } from './store/types.ts';
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
  let demo: Demo | undefined;
  let config: Config | undefined;
  let loop: Loop;
  let store: Store;
  let devices: Devices;
  let control: Control | undefined;
  let wayOut: WayOut | undefined;

  const read = (): Config => {
    const file = demo?.file ?? options.file;
    if (file === undefined) throw new Error('a site file is needed');
    const loaded = loadConfig(file, { drivers: driverList, ...(demo && { overrides: demo.overrides }) });
    for (const fault of loaded.faults)
      if (fault.severity === 'warning') log.warn({ code: 'CONFIG_WARNING' }, formatFault(fault));
    if (!loaded.config) throw new ConfigFaults(loaded.faults.filter((fault) => fault.severity === 'fault'));
    return loaded.config;
  };

  const start = async (): Promise<void> => {
    if (options.demo) {
      const { prepareDemo } = await import('./demo.ts');
      demo = await prepareDemo(log);
      cleanups.push(() => demo?.stop());
    }
    config = read();
    store = openState(config.data);
    cleanups.push(() => store.close());
    loop = remember(config, compile(config.site));
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
    control = await openControl(config);
    cleanups.push(() => control?.close());
    cleanups.push(feedWatchdog());
    void notifySystemd('ready');
    cleanups.push(() => void notifySystemd('stopping'));
    demo?.unfold(options.onTell ?? (() => {}));
  };

  /**
   * Opens the data folder. Guarding now matters more than yesterday: a damaged file is set aside, and where the
   * disk takes no writes the state is kept in memory until it does.
   */
  const openState = (folder: string): Store => {
    const open = (epoch?: string): Store =>
      openStore(folder, { now: () => clock.wallMs(), log, ...(epoch !== undefined && { epoch }) });
    try {
      return open();
    } catch (error) {
      if (isOfDisk(error)) {
        const { message, hint } = error;
        log.error(
          { code: 'STATE_UNUSABLE', hint },
          `${message}; the state is kept in memory until it can be`,
        );
        const epoch = newEpoch();
        return lateStore(epoch, () => openLate(open, folder, epoch));
      }
      if (!(error instanceof StoreFault) || error.code !== 'damaged') throw error;
      const kept = putAside(folder, clock.wallMs());
      const said = `the stored state was damaged and set aside as ${kept}; a new one was begun`;
      log.error({ code: 'STATE_DAMAGED', hint: 'keep the file for support' }, said);
      warnings.add(said);
      return open();
    }
  };

  /** The disk takes writes again: what was begun in memory goes on; a state from before it is kept beside. */
  const openLate = (open: (epoch: string) => Store, folder: string, epoch: string): Store => {
    const opened = open(epoch);
    if (opened.epoch === epoch) return opened;
    opened.close();
    const kept = putAside(folder, clock.wallMs(), 'superseded');
    const said = `the state of before could not be used at the start and is kept as ${kept}`;
    log.warn({ code: 'STATE_SUPERSEDED' }, said);
    warnings.add(said);
    return open(epoch);
  };

  /** The loop with the state that the store remembers, at the journal's end and under the site in force now. */
  const remember = (given: Config, model: Model): Loop => {
    const remembered = store.remembered();
    const hash = siteHash(given.site);
    const lastSite = remembered.site;
    const lastModel = lastSite === undefined || siteHash(lastSite) === hash ? model : compile(lastSite);
    const durable =
      remembered.snapshot === undefined ? undefined : (JSON.parse(remembered.snapshot) as Durable);
    const state = createState(lastModel, store.epoch, durable);
    const inForce = replayFacts(state, remembered.facts, lastModel, (wanted) => {
      if (wanted === hash) return model;
      const site = store.site(wanted);
      return site && compile(site);
    });
    if (state.durable.seq < remembered.lastSeq) {
      log.error(
        { code: 'REPLAY_DIFFERS', replayed: state.durable.seq, stored: remembered.lastSeq },
        'the journal did not replay to its own end; numbers go on from what was stored',
      );
      state.durable.seq = remembered.lastSeq;
    }
    const boot = currentBoot();
    const nowMs = engineTimeNow(state.durable, store.note('engineTime'), boot, clock.wallMs());
    try {
      store.note('engineTime', engineTimeNote(nowMs, boot));
    } catch (error) {
      // the loop's first commit meets the same disk, and makes a trouble of it
      log.warn({ code: 'NOTE_FAILED' }, error instanceof Error ? error.message : String(error));
    }
    const made = createLoop({
      clock,
      store,
      model: inForce,
      state,
      baseMs: nowMs - clock.steadyMs(),
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
      },
    });
    // First the process is new, then perhaps the site: what was on the wires is forgotten before rules are looked at.
    made.push({ type: 'started', because: `keepwatch ${version} started` });
    if (remembered.snapshot === undefined || inForce !== model) made.reload(model, hash);
    return made;
  };

  const openWay = async (given: Config): Promise<WayOut | undefined> => {
    endChecksWithout(loop, given.mqtt);
    if (!given.mqtt) return undefined;
    return openWayOut({
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
      }),
    points: () => [...levelsOf(loop, { session, version }).points()],
    incidents: (all: boolean) =>
      all ? store.incidents({ limit: 1000 }) : Object.values(loop.state.durable.incidents).reverse(),
    command: loop.command,
    explain(given: string) {
      const id = store.incident(given)
        ? given
        : store.incidents({ limit: 100_000 }).find((one) => one.id.startsWith(`${given}_`))?.id;
      const incident = id === undefined ? undefined : store.incident(id);
      return incident ? { incident, events: store.eventsOf(incident.id) } : { events: [] };
    },
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

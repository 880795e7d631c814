// All the wiring: config → store → engine → devices → ways out, started in that order and stopped in reverse.
// The program is this library with a thin `main`; every test of the whole uses it. Holds no rules of its own.

import { randomUUID } from 'node:crypto';
import { drivers, lookAtGpio, openModem } from '../drivers/index.ts';
import { answersOf } from './answers.ts';
import { backupsOf, dropBackups, figuresOf } from './backups.ts';
import { type ClockFloor, openClockFloor } from './clock-floor.ts';
import { watchClock } from './clock-watch.ts';
import { formatFault } from './config/faults.ts';
import { loadConfig } from './config/load.ts';
import type { Config, Fault } from './config/types.ts';
import type { Control } from './control/server.ts';
import type { ControlHost, Reach, StatusReport } from './control/types.ts';
import { compile, type Model } from './core/model.ts';
import { isFailing, openChecks } from './core/troubles.ts';
import type { Event, Text } from './core/types.ts';
import type { Demo } from './demo.ts';
import { createDevices } from './devices/index.ts';
import type { LinkOpener } from './devices/link.ts';
import type { Devices } from './devices/types.ts';
import type { Driver, Log } from './driver.ts';
import { firstTurn } from './first-turn.ts';
import { type KeptConsole, keepConsole } from './keep-console.ts';
import { type KeptTelemetry, keepTelemetry } from './keep-telemetry.ts';
import { type Boot, currentBoot } from './lib/boot.ts';
import { atMost, type Clock, sleep, systemClock } from './lib/clock.ts';
import { drawnId } from './lib/drawn-id.ts';
import { machineIdentity } from './lib/machine-identity.ts';
import { notifySystemd } from './lib/notify-systemd.ts';
import { type Supervisor, supervise, type Watched } from './lib/supervisor.ts';
import { version } from './lib/version.ts';
import { createLoop, type Loop } from './loop.ts';
import { countOpened } from './metric-figures.ts';
import type { Connect } from './notify/connection.ts';
import { type Keeping, type Recalled, rebuildState, recall } from './recall.ts';
import { cannotOpen, faultOf, unreloadable } from './reload-faults.ts';
import { statusReport } from './report.ts';
import { type SelfChecks, type SpaceOf, watchSelf } from './self-checks.ts';
import { siteHash } from './store/site.ts';
import type { StoreOptions } from './store/store.ts';
import type { Store } from './store/types.ts';
import type { TrendRange } from './telemetry/types.ts';
import { noticesOf, openPeople, type People } from './tell-people.ts';
import { feedWatchdog } from './watchdog.ts';
import { keepWayOut } from './way-keeper.ts';
import { endChecksWithout, openWayOut, type WayOut } from './way-out.ts';

export { drivers, lookAtGpio };

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
  /** somebody wants it to be stopped and started; absent: it refuses */
  readonly onRestart?: () => void;
  /** seams */
  readonly clock?: Clock;
  readonly drivers?: readonly Driver[];
  readonly openLink?: LinkOpener;
  readonly connectBroker?: Connect;
  /** called before the disk is touched; what it throws is the disk's fault */
  readonly diskFault?: StoreOptions['fault'];
  /** 0…1, for every jitter, name and identity that is drawn */
  readonly random?: () => number;
  /** which boot of the machine this is */
  readonly boot?: () => Boot;
  /** which machine this is */
  readonly machine?: string;
  readonly space?: SpaceOf;
  /** false: no local socket */
  readonly control?: boolean;
  /** the command line's program, for what the console has made by it */
  readonly program?: string;
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
/** The status is answered once a minute, an attempt ends within half of one: standing still for longer is being stuck. */
const wayStillMs = 150_000;
/** What does not stop is left behind: the loop, the outputs and the store must still come to their turn. */
const stopWithinMs = 4000;

export function createApp(options: AppOptions): App {
  const { log } = options;
  const clock = options.clock ?? systemClock();
  const driverList = options.drivers ?? drivers;
  const startedAtMs = clock.wallMs();
  const boot = options.boot ?? currentBoot;
  const session = options.random ? drawnId(options.random) : randomUUID();
  const followers = new Set<(event: Event) => void>();
  const warnings = new Set<string>();
  const opened = countOpened();
  const cleanups: (() => Promise<void> | void)[] = [];
  const keeping: Keeping = {
    clock,
    log,
    boot,
    machine: options.machine ?? machineIdentity(),
    ...(options.random && { random: options.random }),
    ...(options.diskFault && { diskFault: options.diskFault }),
    warn: (said) => warnings.add(said),
    renewed: (said) => renew(said),
    site: () => loop.model.site,
    // the commit that found it comes first
    lost: (because) =>
      void setImmediate(() => loop.push({ type: 'health', check: 'state', ok: false, because })),
  };
  const way = keepWayOut({
    clock,
    open: (given) => openWay(given),
    lost: (because) => loop.push({ type: 'health', check: 'broker', ok: false, because }),
  });
  let demo: Demo | undefined;
  let config: Config | undefined;
  let warned: readonly string[] = [];
  let loop: Loop;
  let store: Store;
  let devices: Devices;
  let control: Control | undefined;
  let clockFloor: ClockFloor;
  let people: People | undefined;
  let telemetry: KeptTelemetry | undefined;
  let page: KeptConsole | undefined;
  let supervisor: Supervisor | undefined;

  const read = (): Config => {
    const file = demo?.file ?? options.file;
    if (file === undefined) throw new Error('a site file is needed');
    const loaded = loadConfig(file, {
      drivers: driverList,
      now: clock.wallMs(),
      ...(demo && { overrides: demo.overrides }),
    });
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
    const model = compile(config.site);
    const recalled = recall(
      { folder: config.data, mostBytes: config.storage.mostBytes },
      config.site,
      model,
      keeping,
    );
    store = recalled.store;
    dropBackups(config.data);
    cleanups.push(() => store.close());
    loop = goOn(config, model, recalled);
    clockFloor = openClockFloor({
      clock,
      note: (key, value) => store.note(key, value),
      // a clock of a test's has nothing to do with when the program was built
      ...(options.clock && { builtMs: 0 }),
    });
    const recorded = () => way.current()?.recorded();
    telemetry = keepTelemetry({ clock, log, loop, warn: keeping.warn, recorded }, config);
    cleanups.push(() => telemetry?.stop());
    // Undone in reverse: the loop's last event still finds its way out, and the store is the last to go.
    cleanups.push(() => way.stop());
    cleanups.push(() => {
      way.current()?.finish();
      loop.stop('the daemon was stopped');
    });

    const guarding = new AbortController();
    const ready = firstTurn(
      clock,
      loop,
      config.buses.map(({ id }) => id),
    );
    devices = createDevices({
      drivers: driverList,
      clock,
      log,
      ...(options.openLink && { openLink: options.openLink }),
      ...(options.random && { random: options.random }),
      push(input) {
        if (input.type === 'link') options.onLink?.(input.of, input.id, input.up, input.because);
        if (input.type === 'link' && input.of === 'bus') ready.said(input.id);
        if (input.type === 'reading') guarding.abort();
        loop.push(input);
      },
    });
    cleanups.push(() => devices.stop());
    await devices.use(config);
    loop.drive();

    // The first reading comes before the broker's library: loading that would hold it up.
    await sleep(clock, firstReadingWithinMs, guarding.signal);
    await way.use(config);
    people = await openPeople({ clock, log, loop, openModem }, config);
    cleanups.push(() => people?.stop());
    control = await openControl(config);
    cleanups.push(() => control?.close());
    const checks = {
      failing: (check: string) => isFailing(loop.state.durable, check),
      health: (check: string, ok: boolean, because: string) =>
        loop.push({ type: 'health', check, ok, because }),
    };
    const selfChecks = watchSelf({
      onLook: clockFloor.look,
      slowestCommitMs: loop.slowestCommitMs,
      clock,
      data: config.data,
      ...(options.space && { space: options.space }),
      ...checks,
    });
    cleanups.push(() => selfChecks.stop());
    supervisor = supervise({
      clock,
      log,
      watched: () => watched(selfChecks),
      open: () => openChecks(loop.state.durable),
      ...checks,
    });
    cleanups.push(() => supervisor?.stop());
    cleanups.push(feedWatchdog(clock, loop, supervisor));
    ready.begin();
    cleanups.push(() => {
      ready.end();
      void notifySystemd('stopping');
    });
    demo?.unfold(options.onTell ?? (() => {}));
    // last of all: the house guards while it is loaded
    page = keepConsole({
      ...{ clock, log, loop, store, session, version, opened },
      control: controlHost(),
      config: () => config!,
      socket: () => control?.path,
      ...(demo && { scenarios: demo.scenarios }),
      ...(options.program && { program: options.program }),
    });
    cleanups.push(() => page?.stop());
    await page.use(config);
    page.inForce();
  };

  /** The loop with the state that the store remembers, at the journal's end and under the site in force now. */
  const goOn = (given: Config, model: Model, recalled: Recalled): Loop => {
    const { state, inForce, fresh, baseMs, lost } = recalled;
    const clockWatch = watchClock({
      boot: boot().id,
      lastSeq: () => state.durable.seq,
      note: (key, value) => store.note(key, value),
      log,
      corrected: (corrections, because) => made.push({ type: 'clockSet', corrections, because }),
    });
    const made: Loop = createLoop({
      clock,
      onStamp: clockWatch.seen,
      store,
      model: inForce,
      state,
      baseMs,
      log,
      rebuild: (unstored, inForceNow) => rebuildState(store, unstored, inForceNow, log),
      outlets: {
        drive: (desired) => devices?.drive(desired),
        publish(events, points, incidents) {
          if (events.length > 0) way.current()?.events(events);
          // The packets of the events leave the process before anything else is made of this turn.
          process.nextTick(() => {
            way.current()?.changed(points, incidents);
            telemetry?.changed(points);
            opened.events(events);
            if (events.length > 0) page?.events(events);
            page?.changed(points, incidents);
            for (const event of events) for (const listener of followers) listener(event);
            if (options.onEvent) for (const event of events) options.onEvent(event);
          });
        },
        tell() {
          process.nextTick(() => {
            way.current()?.told();
            people?.changed();
          });
        },
      },
    });
    // First the process is new, then perhaps the site: what was on the wires is forgotten before rules are looked at.
    made.push({ type: 'started', because: `keepwatch ${version} started`, run: session.slice(0, 4) });
    if (fresh || inForce !== model) made.reload(model, siteHash(given.site));
    for (const because of lost) made.push({ type: 'health', check: 'state', ok: false, because });
    return made;
  };

  const openWay = async (given: Config): Promise<WayOut | undefined> => {
    endChecksWithout(loop, given.mqtt);
    if (!given.mqtt) return undefined;
    const notices = noticesOf(loop, given, () => config ?? given);
    return openWayOut({
      ...(notices && { notices }),
      ...(telemetry && given.telemetry?.publish && { telemetry: telemetry.backlog }),
      ...(options.connectBroker && { connect: options.connectBroker }),
      ...(options.random && { random: options.random }),
      mqtt: given.mqtt,
      rights: () => (config ?? given).commands,
      premises: given.premises.id,
      session,
      version,
      clock,
      clockFloor,
      log,
      store,
      loop,
    });
  };

  /** The local socket; a disk that takes no writes holds none either, and is no reason not to guard. */
  const openControl = async (given: Config): Promise<Control | undefined> => {
    if (options.control === false) return undefined;
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

  /** The data folder was deleted and is there again: the socket in it is not, and somebody should know. */
  const renew = (because: string): void => {
    log.error({ code: 'STATE_PUT_BACK', hint: 'find out what deletes files there' }, because);
    warnings.add(because);
    // the commit that found it comes first
    setImmediate(async () => {
      loop.push({ type: 'health', check: 'storage', ok: false, because });
      loop.push({ type: 'health', check: 'storage', ok: true, because });
      if (options.socket !== undefined || control === undefined) return;
      await control.close();
      control = await openControl(config!);
    });
  };

  const status = (): StatusReport =>
    statusReport({
      config: config!,
      loop,
      session,
      version,
      startedAtMs,
      nowMs: clock.wallMs(),
      figures: figuresOf(store),
      ...(way.current() && { mqtt: way.current()!.state() }),
      buses: devices.figures(),
      warnings: [...warnings],
      channels: people?.state() ?? [],
      telemetry: telemetry?.state(),
      parts: supervisor?.state() ?? [],
    });

  const controlHost = (): ControlHost => ({
    ...answersOf({ loop, store, self: { session, version }, site: () => config!.site }),
    status,
    ...backupsOf(() => ({ config: config!, store })),
    restart() {
      if (options.onRestart === undefined || demo !== undefined)
        throw Object.assign(new Error('this one can only be stopped and started'), { code: 'refused' });
      // with faults it would not begin again
      read();
      setImmediate(options.onRestart);
    },
    trend: (point: string, range: TrendRange) => telemetry!.trend(point, range),
    ...(demo && { demo: (scenario: string) => demo!.begin(scenario) }),
    follow(listener: (event: Event) => void) {
      followers.add(listener);
      return () => void followers.delete(listener);
    },
  });

  const watched = (selfChecks: SelfChecks): readonly Watched[] => [
    ...devices.watched(),
    {
      id: 'mqtt',
      progressMs: () => (config?.mqtt ? way.wentOnMs() : undefined),
      mostMs: wayStillMs,
      restart: way.restart,
    },
    ...(people?.watched() ?? []),
    selfChecks.watched,
  ];

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
    const wayOf = ({ mqtt, telemetry }: Config): string => JSON.stringify([mqtt, telemetry?.publish]);
    if (wayOf(before) !== wayOf(next)) {
      const error = await way.use(next);
      if (error) return { ok: false, faults: [cannotOpen(next, 'mqtt', error)] };
    }
    const noPage = await page?.use(next);
    if (noPage) {
      if (wayOf(before) !== wayOf(next)) await way.use(before);
      return { ok: false, faults: [cannotOpen(next, 'console', noPage)] };
    }
    const hash = siteHash(next.site);
    try {
      if (hash !== siteHash(before.site)) loop.reload(compile(next.site), hash);
    } catch (error) {
      log.error({ code: 'STEP_FAILED', input: 'reloaded', error }, 'the engine failed at the new site');
      if (wayOf(before) !== wayOf(next)) await way.use(before);
      await page?.use(before);
      const what = `the engine fails at this site: ${error instanceof Error ? error.message : String(error)}`;
      const todo = 'take back what was changed; what was in force before goes on';
      return { ok: false, faults: [faultOf(next, what, todo)] };
    }
    warnings.clear();
    config = next;
    await devices.use(next);
    telemetry?.use(next);
    await people?.use(next);
    page?.inForce();
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
      ...(way.current()?.listening && { broker: way.current()!.listening! }),
      ...(config!.mqtt && { prefix: config!.mqtt.prefix }),
      ...(page?.url() && { console: page.url()! }),
      ...(demo && { scenarios: demo.scenarios }),
    }),
  };

  async function cleanUp(): Promise<void> {
    for (const cleanup of cleanups.splice(0).reverse()) {
      try {
        if (!(await atMost(clock, stopWithinMs, cleanup())))
          log.error({ code: 'STOP_FAILED' }, `something did not stop within ${stopWithinMs / 1000} s`);
      } catch (error) {
        log.error({ code: 'STOP_FAILED' }, error instanceof Error ? error.message : String(error));
      }
    }
  }
}

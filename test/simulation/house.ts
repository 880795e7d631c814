// The real application on the four fakes, from start to stop, to kill, to the next start. A kill ends everything of a run
// at once, wherever it is: its timers, links and connections are void, its database is closed raw, and the next run
// begins on the files as they were. Holds no expectations.

import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type App, type AppOptions, createApp } from '../../src/app.ts';
import type { Event } from '../../src/core/types.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Loop } from '../../src/loop.ts';
import type { Broker } from './broker.ts';
import type { Chance } from './chance.ts';
import type { Lines } from './lines.ts';
import { tap } from './loop-tap.ts';
import { opened } from './sqlite.ts';
import type { WorldTime } from './time.ts';

export type DiskMood = 'well' | 'full' | 'failing';

export interface Run {
  readonly number: number;
  readonly app: App;
  readonly clock: Clock;
  readonly startedMs: number;
  /** there once the state was recalled */
  loop: Loop | undefined;
  ready: boolean;
  stopping: boolean;
  alive(): boolean;
}

export interface Logged {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface House {
  readonly run: Run | undefined;
  readonly siteFile: string;
  readonly dataFolder: string;
  disk: DiskMood;
  /** when its disk last turned well or ill, world ms */
  readonly diskTurnedMs: number;
  start(): void;
  stop(): Promise<void>;
  kill(): void;
  /** The run ends after so many more steps into it. */
  killAfter(entrances: number): void;
  /** Puts another site file in place. */
  write(text: string): void;
  /** entrances into the daemon since the beginning of the world */
  entrances(): number;
}

export interface HouseOptions {
  readonly folder: string;
  readonly siteText: string;
  readonly contactsText: string;
  readonly time: WorldTime;
  readonly chance: Chance;
  readonly lines: Lines;
  readonly broker: Broker;
  readonly boot: () => { id: string; uptimeMs: number };
  readonly freeBytes: () => number;
  readonly log: (entry: Logged) => void;
  readonly made: (run: Run, loop: Loop) => void;
  /** a bus or device was found by the daemon */
  readonly found: (id: string) => void;
  /** something is about to be handed out */
  readonly changed: (points: ReadonlySet<string>, loop: Loop) => void;
  /** events are on disk, and about to be handed out */
  readonly committed: (events: readonly Event[]) => void;
  readonly died: (run: Run, how: 'killed' | 'stopped') => void;
  readonly startFailed: (error: unknown) => void;
}

const diskBytes = 8 * 1024 ** 3;

export function createHouse(options: HouseOptions): House {
  const { time, chance, lines, broker, folder } = options;
  const siteFile = path.join(folder, 'keepwatch.yaml');
  const dataFolder = path.join(folder, 'data');
  mkdirSync(dataFolder, { recursive: true });
  writeFileSync(path.join(folder, 'contacts.yaml'), options.contactsText);
  writeFileSync(siteFile, options.siteText);
  let current: Run | undefined;
  let runs = 0;
  let disk: DiskMood = 'well';
  let diskTurnedMs = 0;
  let killIn = Number.POSITIVE_INFINITY;
  let entrances = 0;

  const kill = (): void => {
    const gone = current;
    if (gone === undefined) return;
    current = undefined;
    killIn = Number.POSITIVE_INFINITY;
    closeRaw(dataFolder);
    broker.abandon();
    options.died(gone, 'killed');
  };

  const entered = (): void => {
    entrances += 1;
    killIn -= 1;
    if (killIn <= 0) kill();
  };

  const house: House = {
    get run() {
      return current;
    },
    siteFile,
    dataFolder,
    get disk() {
      return disk;
    },
    set disk(mood) {
      disk = mood;
      diskTurnedMs = time.nowMs;
    },
    get diskTurnedMs() {
      return diskTurnedMs;
    },
    entrances: () => entrances,
    start() {
      if (current !== undefined) return;
      runs += 1;
      const run = {
        number: runs,
        startedMs: time.nowMs,
        loop: undefined,
        ready: false,
        stopping: false,
      } as Omit<Run, 'app' | 'clock'> as Run;
      const alive = (): boolean => current === run;
      const clock = time.clockOf(alive, entered);
      const drawn = chance.stream(`run ${runs}`);
      const log = (level: Logged['level']) => (fields: object, message: string) => {
        if (alive()) options.log({ level, fields: fields as Logged['fields'], message });
      };
      Object.assign(run, { alive, clock });
      const settings: AppOptions = {
        file: siteFile,
        demo: false,
        log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
        clock,
        openLink: lines.openerOf({ alive, entered, clock }),
        onLink: (of, id, up) => {
          if (up && alive()) options.found(`${of}:${id}`);
        },
        connectBroker: broker.connectOf({ alive, entered }),
        diskFault(operation) {
          if (!alive()) throw new Error('this process is gone');
          entered();
          if (!alive()) throw new Error('this process is gone');
          if (operation !== 'commit' || house.disk === 'well') return;
          const code = house.disk === 'full' ? 'SQLITE_FULL' : 'SQLITE_IOERR_WRITE';
          throw Object.assign(new Error(house.disk === 'full' ? 'disk is full' : 'disk I/O error'), { code });
        },
        random: drawn.next,
        boot: options.boot,
        space: async () => ({ bavail: options.freeBytes(), blocks: diskBytes, bsize: 1 }),
        control: false,
      };
      current = run;
      tap.made = (loop, { outlets }) => {
        if (!alive()) return;
        run.loop = loop;
        options.made(run, loop);
        const publish = outlets.publish;
        (outlets as { publish: typeof publish }).publish = (events, points, incidents) => {
          if (!alive()) return;
          if (points.size > 0 || incidents.size > 0 || events.length > 0) options.changed(points, loop);
          if (events.length > 0) options.committed(events);
          publish(events, points, incidents);
        };
      };
      const app = createApp(settings);
      Object.assign(run, { app });
      app.start().then(
        () => {
          run.ready = true;
        },
        (error: unknown) => {
          if (!alive()) return;
          current = undefined;
          closeRaw(dataFolder);
          options.startFailed(error);
        },
      );
    },
    async stop() {
      const going = current;
      if (going === undefined || going.stopping) return;
      going.stopping = true;
      await going.app.stop();
      if (!going.alive()) return;
      current = undefined;
      killIn = Number.POSITIVE_INFINITY;
      closeRaw(dataFolder);
      broker.abandon();
      options.died(going, 'stopped');
    },
    kill,
    killAfter(count) {
      killIn = count;
    },
    write(text) {
      writeFileSync(siteFile, text);
    },
  };
  return house;
}

/** As the end of a process does: what was committed stays as it lies, everything else is gone. */
function closeRaw(folder: string): void {
  if (opened.size === 0) return;
  const aside = `${folder}.aside`;
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside);
  for (const name of readdirSync(folder)) cpSync(path.join(folder, name), path.join(aside, name));
  for (const database of [...opened]) {
    opened.delete(database);
    database.close();
  }
  rmSync(folder, { recursive: true, force: true });
  cpSync(aside, folder, { recursive: true });
  rmSync(aside, { recursive: true, force: true });
}

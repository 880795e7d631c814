// One simulated world: the premises, the lines, the broker, the house, its people and its weather on one clock, and the
// invariants that look at all of it. Ends at the first that is broken, with the last of what happened.

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Event, Reply } from '../../src/core/types.ts';
import type { Loop } from '../../src/loop.ts';
import { createBroker, type Received } from './broker.ts';
import { base, createCentre, isEvent } from './centre.ts';
import { chanceOf } from './chance.ts';
import { createHearing } from './hearing.ts';
import { createHouse } from './house.ts';
import { setAside } from './invariants/events.ts';
import { allInvariants } from './invariants/index.ts';
import type { Fault, Invariant } from './invariants/types.ts';
import { createLines, type Lines, type SerialLine } from './lines.ts';
import { createOperators, type Sent } from './operators.ts';
import { readPremises } from './premises.ts';
import { countImmediates, settled, worldTime } from './time.ts';
import { atRest, createWeather, type Weather } from './weather.ts';
import { dayMs, type Figures, timeText, Violation, type World } from './world-types.ts';

const minuteMs = 60_000;
const lookMs = 60_000;
const mostTimeline = 60;
const startWallMs = Date.UTC(2026, 10, 22);

export async function simulate(options: {
  readonly seed: number;
  readonly days: number;
  /** in memory, best of all */
  readonly folder: string;
  readonly sites: string;
  readonly verbose?: boolean;
}): Promise<Figures> {
  countOnce();
  const sites = ['site-a.yaml', 'site-b.yaml'].map((name) =>
    readFileSync(path.join(options.sites, name), 'utf8'),
  );
  const folder = path.join(options.folder, `${process.pid}-${options.seed}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    return await live(options, sites, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

let counting = false;
function countOnce(): void {
  if (!counting) countImmediates();
  counting = true;
}

async function live(
  options: {
    readonly seed: number;
    readonly days: number;
    readonly sites: string;
    readonly verbose?: boolean;
  },
  sites: readonly string[],
  folder: string,
): Promise<Figures> {
  const chance = chanceOf(options.seed);
  const time = worldTime(startWallMs);
  const invariants = allInvariants();
  const timeline: string[] = [];
  const happened: Record<string, number> = {};
  const outSinceMs = new Map<string, number>();
  const enabledMs = new Map<string, number>();
  const foundMs = new Map<string, number>();
  let violation: Violation | undefined;
  let [checks, incidents, events, commands] = [0, 0, 0, 0];
  let site = 0;
  let [boots, bootedMs] = [1, 0];
  let [changedMs, storedSinceMs] = [0, 0 as number | undefined];
  let known: Loop['model'] | undefined;
  let restarts = true;

  const note = (what: string): void => {
    const line = `${timeText(time.nowMs)}  ${what}`;
    if (options.verbose) console.error(line);
    timeline.push(line);
    if (timeline.length > mostTimeline) timeline.shift();
  };
  const fail = (invariant: string, what: string): void => {
    violation ??= new Violation(invariant, what, time.nowMs, [...timeline]);
  };
  /** Puts something to all invariants. */
  const ask = (put: (invariant: Invariant) => Fault): void => {
    for (const invariant of invariants) {
      if (violation) return;
      checks += 1;
      let fault: Fault;
      try {
        fault = put(invariant);
      } catch (error) {
        fault = `it could not be judged: ${error instanceof Error ? error.stack : error}`;
      }
      if (fault !== undefined) fail(invariant.name, fault);
    }
  };

  const lineOf = (given: string): SerialLine => lines.all.get(given)!;
  const sketch = readPremises(path.join(options.sites, 'site-a.yaml'), () => {
    throw new Error('nothing is set yet');
  });
  const lines: Lines = createLines({
    time,
    chance: chance.stream('lines'),
    lines: sketch.lines,
    exchanged(exchange) {
      follow();
      hearing.took(exchange);
    },
    lost(lost) {
      outSinceMs.set(lost, time.nowMs);
      hearing.lineLost(lost);
    },
  });
  const premises = readPremises(
    path.join(options.sites, 'site-a.yaml'),
    (line, unit) => lineOf(line).slaves.get(unit)!,
  );
  const hearing = createHearing(() => time.nowMs, premises.sensors);
  const operators = createOperators(chance.stream('operators'));

  const took = (message: Received): void => {
    if (isEvent(message)) {
      const event = JSON.parse(message.payload) as Event;
      ask((one) => one.received?.(world, message));
      centre.received(event, setAside);
    } else {
      if (message.topic === `${base}/reply`) {
        const reply = JSON.parse(message.payload) as Reply;
        operators.answered(reply, time.nowMs);
      }
      ask((one) => one.received?.(world, message));
    }
  };
  const broker = createBroker({
    time,
    chance: chance.stream('broker'),
    received: took,
    willed: (message) => ask((one) => one.willed?.(world, message)),
  });
  const centre = createCentre(() => broker);

  /** The model that the hearing judges by is that of the daemon. */
  const follow = (): void => {
    const model = house.run?.loop?.model;
    if (model === undefined || model === known) return;
    known = model;
    hearing.use(model.site);
  };

  const house = createHouse({
    folder,
    siteText: sites[0]!,
    contactsText: readFileSync(path.join(options.sites, 'contacts.yaml'), 'utf8'),
    time,
    chance: chance.stream('house'),
    lines,
    broker,
    boot: () => ({ id: `boot ${boots}`, uptimeMs: time.nowMs - bootedMs }),
    freeBytes: () => world.freeBytes,
    log(entry) {
      const { level, message, fields } = entry;
      if (level === 'warn' || level === 'error') note(`${level}: ${message} ${brief(fields)}`);
      if (fields.code === 'STORE_FAILED') storedSinceMs = undefined;
      if (message.includes('whenever levels are published')) world.levelsPausedUntilMs = time.nowMs + 610_000;
      ask((one) => one.logged?.(world, entry));
    },
    found(id) {
      foundMs.set(id, time.nowMs);
    },
    made(run) {
      known = undefined;
      hearing.forget();
      note(`run ${run.number} has its state`);
    },
    changed(points, loop) {
      changedMs = time.nowMs;
      follow();
      for (const point of points) {
        const index = loop.model.index.get(point);
        const unheard = loop.state.live.unheard.has(index ?? -1);
        if (unheard) enabledMs.set(point, time.nowMs);
      }
    },
    committed(batch) {
      follow();
      events += batch.length;
      for (const event of batch) {
        if (event.type === 'incident.opened') incidents += 1;
        note(`${event.seq} ${event.type} ${event.incident?.id ?? event.output?.id ?? ''} ${event.because}`);
      }
      ask((one) => one.committed?.(world, batch));
    },
    died(run, how) {
      note(`run ${run.number} was ${how}`);
      hearing.forget();
      known = undefined;
      ask((one) => one.died?.(world, run, how));
      startAgain();
    },
    startFailed(error) {
      fail('theHouseStarts', error instanceof Error ? (error.stack ?? error.message) : String(error));
    },
  });

  const restart = chance.stream('restart');
  const startAgain = (): void => {
    if (!restarts) return;
    const afterMs = restart.weighed([
      [5, 200],
      [4, 5000],
      [2, minuteMs],
      [1, 12 * minuteMs],
    ]);
    time.after(restart.between(0.5, 1) * afterMs, () => {
      if (house.run === undefined && restarts) note('the house starts');
      if (restarts) house.start();
    });
  };

  const send = (sent: Sent | undefined): void => {
    if (sent === undefined) return;
    if (!broker.publish(`${base}/command`, sent.payload)) return;
    commands += 1;
    sent.deliveredMs.push(time.nowMs);
    note(`command ${sent.payload}`);
  };

  const world: World = {
    time,
    chance: chance.stream('weather'),
    premises,
    lines,
    broker,
    house,
    centre,
    hearing,
    operators,
    freeBytes: 4 * 1024 ** 3,
    foundMs,
    outSinceMs,
    enabledMs,
    levelsPausedUntilMs: 0,
    get boots() {
      return boots;
    },
    get changedMs() {
      return changedMs;
    },
    get storedSinceMs() {
      return storedSinceMs;
    },
    note,
    happened(what) {
      happened[what] = (happened[what] ?? 0) + 1;
    },
    act() {
      const loop = house.run?.ready ? house.run.loop : undefined;
      if (loop) send(operators.next(loop));
    },
    actAgain: () => send(operators.again()),
    reload(which) {
      const { run } = house;
      if (run?.loop === undefined || !run.ready || run.stopping) return;
      note(`reload: ${which}`);
      if (which === 'other') site = 1 - site;
      house.write(which === 'faulty' ? `${sites[site]}\nnonsense: true\n` : sites[site]!);
      const before = run.loop.model;
      run.app.reload().then(({ ok, faults }) => {
        if (!run.alive() || ok === (which !== 'faulty')) return;
        fail('reloadsAreJudged', `${which}: ok is ${ok}: ${JSON.stringify(faults)}`);
      });
      house.write(sites[site]!);
      if (which === 'faulty' && run.loop.model !== before)
        fail('reloadsAreJudged', 'a faulty site is in force');
    },
    reboot() {
      note('the machine boots');
      house.kill();
      boots += 1;
      bootedMs = time.nowMs;
    },
    setClockRight() {
      time.setWall(startWallMs + time.nowMs);
      time.synced = true;
    },
  };

  const look = (): void => {
    time.after(lookMs, look);
    for (const line of lines.all.values()) if (line.up) outSinceMs.delete(line.path);
    const { run } = house;
    if (run?.loop === undefined || !run.ready || run.stopping) {
      storedSinceMs = undefined;
      return;
    }
    if (!run.loop.storage().ok) storedSinceMs = undefined;
    else storedSinceMs ??= time.nowMs;
    follow();
    hearing.look();
    for (const index of run.loop.state.live.unheard)
      enabledMs.set(run.loop.model.points[index]!.id, time.nowMs);
    ask((one) => one.look?.(world, run));
  };

  const until = async (atMs: number): Promise<void> => {
    while (time.nowMs < atMs) {
      await time.runUntil(Math.min(atMs, time.nowMs + minuteMs));
      if (violation) throw violation;
    }
  };

  const weather: Weather = createWeather(world);
  for (const sensor of premises.sensors) premises.set(sensor, atRest(sensor));
  house.start();
  time.after(lookMs + 777, look);
  try {
    await until(minuteMs);
    weather.begin();
    await until(options.days * dayMs - 20 * minuteMs);
    note('it clears up');
    weather.clearUp();
    await until(options.days * dayMs);
    const { run } = house;
    if (run?.loop === undefined)
      throw new Violation('theHouseStarts', 'it does not run at the end', time.nowMs, timeline);
    ask((one) => one.atEnd?.(world, run));
    restarts = false;
    const stopping = house.stop();
    await until(time.nowMs + minuteMs);
    await stopping;
    if (violation) throw violation;
  } finally {
    restarts = false;
    house.kill();
    await settled();
  }
  return {
    happened: { ...happened, ...lines.faults, ...broker.faults },
    incidents,
    events,
    commands,
    checks,
    entrances: house.entrances(),
  };
}

function brief(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields, (_key, value: unknown) =>
    value instanceof Error ? (value.stack ?? value.message) : value,
  ).slice(0, 600);
}

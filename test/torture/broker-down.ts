// The broker is away while alarms trip and clear, beside the bare script and Node-RED in the same outage: (A) away
// only, (B) with kill -9 of the programs in the middle of it, (C) three times kill -9 with the broker there.

import { pause } from '../support/broker.ts';
import { type Mosquitto, mosquitto } from './broker.ts';
import { type Account, type Contender, contendersAt, polled } from './contenders.ts';
import type { Figure, Options } from './scenario.ts';

export const what =
  'A broker down, B and kill -9 meanwhile, C kill -9 alone; beside the bare script and Node-RED';

interface Times {
  readonly beforeMs: number;
  readonly outageMs: number;
  readonly afterMs: number;
}

/** half a second in alarm, half a second at rest */
const halfMs = 500;

export async function run(options: Options): Promise<readonly Figure[]> {
  const times = options.quick
    ? { beforeMs: 2000, outageMs: 10_000, afterMs: 3000 }
    : { beforeMs: 5000, outageMs: 30_000, afterMs: 10_000 };
  const parts = { A: outage, B: outageAndKill, C: kills } as const;
  const play = async (letter: keyof typeof parts): Promise<Figure[]> => {
    const figures = await course(letter, options, times, parts[letter]);
    options.tell(`${letter} is over`);
    return figures;
  };
  if (options.quick) {
    // each to its end, also where the other fails: what they stand on is taken away afterwards
    const courses = await Promise.allSettled((['A', 'B'] as const).map(play));
    return courses.flatMap((each) => {
      if (each.status === 'rejected') throw each.reason;
      return each.value;
    });
  }
  const figures: Figure[] = [];
  for (const letter of ['A', 'B', 'C'] as const) figures.push(...(await play(letter)));
  return figures;
}

type Course = (broker: Mosquitto, all: readonly Contender[], times: Times) => Promise<void>;

const outage: Course = async (broker, _all, { outageMs }) => {
  await broker.stop();
  await pause(outageMs);
  await broker.start();
};

const outageAndKill: Course = async (broker, all, { outageMs }) => {
  await broker.stop();
  await pause(outageMs / 2);
  await killAll(all);
  await pause(outageMs / 2);
  await broker.start();
};

const kills: Course = async (_broker, all, { outageMs }) => {
  for (let kill = 0; kill < 3; kill += 1) {
    await pause(outageMs / 3);
    await killAll(all);
  }
};

/** Each is started again at once, as a supervisor would. */
async function killAll(all: readonly Contender[]): Promise<void> {
  await Promise.all(
    all.map(async (each) => {
      await each.kill();
      each.begin();
    }),
  );
}

async function course(letter: string, options: Options, times: Times, play: Course): Promise<Figure[]> {
  const broker = await mosquitto();
  options.later(broker, () => broker.close());
  await broker.start();
  const all = await contendersAt(broker, options);
  await Promise.all(
    all.map(async (each) => {
      each.begin();
      await polled(each, 0);
    }),
  );
  // a connection to the broker comes a little after the first poll
  await pause(times.beforeMs);
  let ending = false;
  const tripping = all.map(async ({ detectors }) => {
    while (!ending) {
      const trip = detectors.trip(0, false);
      await pause(halfMs);
      detectors.clear(trip);
      await pause(halfMs);
    }
  });
  await pause(times.beforeMs);
  await play(broker, all, times);
  await pause(times.afterMs);
  ending = true;
  await Promise.all(tripping);
  const accounts = await Promise.all(all.map((each) => each.settle()));
  for (const each of all) await each.kill();
  return figuresOf(letter, all, accounts);
}

function figuresOf(letter: string, all: readonly Contender[], accounts: readonly Account[]): Figure[] {
  const [own] = accounts as [Account];
  const figures: Figure[] = [
    { figure: `${letter}: alarms answered`, keepwatch: own.answered, limit: 1, atLeast: true },
    { figure: `${letter}: alarms doubled in meaning`, keepwatch: own.doubled, limit: 0 },
    { figure: `${letter}: events missing, out of order or made up`, keepwatch: own.wrong, limit: 0 },
  ];
  const lost = { figure: `${letter}: alarms lost`, keepwatch: own.lost, limit: 0 };
  all.slice(1).forEach(({ name }, at) => {
    const { answered, lost: count, doubled } = accounts[at + 1]!;
    const note = `${name}: of ${answered} answered, ${doubled} told twice`;
    figures.push({ ...lost, peer: count, peerName: name, note });
  });
  if (all.length < 3) figures.push({ ...lost, peerName: 'Node-RED: not there' });
  return figures;
}

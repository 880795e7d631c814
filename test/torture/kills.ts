// The daemon killed outright at random moments, hundreds of times, while alarms trip and clear: during its start, in
// the middle of a commit, a replay, a reconnect; with the broker up, down, and coming and going.

import { pause, publish } from '../support/broker.ts';
import { base } from '../support/daemon.ts';
import { beginUnrest } from './detectors.ts';
import { chance, type Figure, type Options, quantile } from './scenario.ts';
import { type Stage, setStage } from './stage.ts';

export const what = 'kill -9 at random moments; broker up, down, flapping';

const detectors = 12;
/** From its start to its first question, ms; a limit for a machine that does other things as well. */
const pollLimitMs = 5000;

type Moment = 'start' | 'work' | 'replay' | 'reconnect';

export async function run(options: Options): Promise<readonly Figure[]> {
  const { quick, seed, tell, later } = options;
  const kills = quick ? 9 : 210;
  const random = chance(seed);
  const between = (least: number, most: number): number => least + random() * (most - least);
  const stage = await setStage(options, { count: detectors });
  const { broker } = stage;
  stage.begin();
  const unrest = beginUnrest({
    detectors: stage.detectors,
    count: detectors,
    random: chance(seed + 1),
    restMs: [50, 1500],
    briefPercent: 30,
    briefMs: [10, 250],
  });
  const flapping = { on: false, over: Promise.resolve() };
  later(flapping, async () => {
    flapping.on = false;
    await flapping.over;
  });

  const polls: number[] = [];
  const publishes: number[] = [];
  const moments: Record<Moment, number> = { start: 0, work: 0, replay: 0, reconnect: 0 };
  for (let kill = 0; kill < kills; kill += 1) {
    const third = Math.floor((3 * kill) / kills);
    if (third === 1 && broker.running() && !flapping.on) await broker.stop();
    if (third === 2 && !flapping.on) {
      flapping.on = true;
      flapping.over = flap(stage, flapping, between);
    }
    const moment = momentOf(random(), third === 1);
    moments[moment] += 1;
    // one of four is killed before it has come so far
    if (moment !== 'start') {
      polls.push(await stage.polled());
      if (third === 0 && random() < 0.5) publishes.push(await stage.published());
    }
    await meet(moment, stage, flapping.on, between);
    await stage.daemon.kill();
    if (kill % 30 === 29) tell(`${kill + 1} kills, ${stage.detectors.trips.length} trips`);
    stage.begin();
  }
  flapping.on = false;
  await flapping.over;
  if (!broker.running()) await broker.start();
  publishes.push(await stage.published());
  return [
    { figure: 'kills', keepwatch: kills, limit: kills, atLeast: true, note: said(moments) },
    ...(await stage.verdict(unrest)),
    { figure: 'start → first poll, p50', unit: 'ms', keepwatch: quantile(polls, 0.5) },
    { figure: 'start → first poll, p95', unit: 'ms', keepwatch: quantile(polls, 0.95), limit: pollLimitMs },
    { figure: 'start → first event at the witness, p50', unit: 'ms', keepwatch: quantile(publishes, 0.5) },
    { figure: 'start → first event at the witness, p95', unit: 'ms', keepwatch: quantile(publishes, 0.95) },
  ];
}

const said = (moments: Readonly<Record<Moment, number>>): string =>
  Object.entries(moments)
    .map(([moment, count]) => `${moment} ${count}`)
    .join(', ');

function momentOf(dice: number, brokerDown: boolean): Moment {
  if (dice < 0.25) return 'start';
  if (brokerDown || dice < 0.7) return 'work';
  return dice < 0.85 ? 'replay' : 'reconnect';
}

/** Waits for the moment of a kill. */
async function meet(
  moment: Moment,
  { broker, daemon, detectors: { trips } }: Stage,
  flapping: boolean,
  between: (least: number, most: number) => number,
): Promise<void> {
  if (moment === 'start') return pause(between(0, 700));
  if (moment === 'replay' && broker.running()) {
    const fields = { id: `replay-${daemon.pid}-${trips.length}`, by: 'centre', verb: 'replay', from: 1 };
    // a broker that goes down at this moment is as good a moment
    await publish(broker.port, `${base}/command`, JSON.stringify(fields)).catch(() => {});
    return pause(between(0, 150));
  }
  if (moment === 'reconnect') {
    if (!flapping) await broker.stop();
    else await cameTo(broker, false);
    await pause(between(0, 300));
    if (!flapping) await broker.start();
    else await cameTo(broker, true);
    return pause(between(0, 600));
  }
  const tripped = trips.length;
  await pause(between(0, 1500));
  // now and then right behind an alarm: the answer may still be on its way into the journal
  if (between(0, 1) < 0.3) {
    const endMs = performance.now() + 2000;
    const fresh = () => trips.slice(tripped).some((trip) => trip.alarm().atMs !== undefined);
    while (!fresh() && performance.now() < endMs) await pause(1);
  }
}

async function cameTo(broker: Stage['broker'], running: boolean): Promise<void> {
  while (broker.running() !== running) await pause(5);
}

async function flap(
  { broker }: Stage,
  flapping: { readonly on: boolean },
  between: (least: number, most: number) => number,
): Promise<void> {
  while (flapping.on) {
    if (broker.running()) await broker.stop();
    await pause(between(100, 1500));
    if (!broker.running()) await broker.start();
    await pause(between(300, 2500));
  }
}

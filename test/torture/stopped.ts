// The daemon stopped by the scheduler for long (SIGSTOP) and let on again: alarms that stand meanwhile are told once,
// what was due fires once, the broken connection is made anew.

import { pause, type Proxy as Relay, startProxy } from '../support/broker.ts';
import { eventually } from '../support/daemon.ts';
import { beginUnrest, nowMs } from './detectors.ts';
import { chance, type Figure, type Options, quantile } from './scenario.ts';
import { alarmFrom, plan } from './site.ts';
import { asked, delivered, type Stage, setStage } from './stage.ts';

export const what = 'SIGSTOP for longer than the keep-alive, then SIGCONT';

const detectors = 6;
/** the detector whose rule has to hold for a while */
const slow = detectors - 1;
const slowForMs = 2000;
/** one and a half times what the daemon announces: then the broker gives it up */
const keepaliveMs = 22_500;
/** From SIGCONT to the alarm at the witness: asking again, or making a new connection. */
const toldLimitMs = 10_000;

export async function run(options: Options): Promise<readonly Figure[]> {
  const stops = options.quick ? [4000] : [20_000, 40_000, 60_000];
  const rules = {
    [`r${slow}`]: {
      when: `panel.d${slow} > ${alarmFrom}.0`,
      for: `${slowForMs}ms`,
      plan,
      zone: `z${slow}`,
    },
  };
  let relay: Relay | undefined;
  const stage = await setStage(options, {
    count: detectors,
    more: { rules },
    async brokerPort({ port }) {
      const proxy = await startProxy(port);
      relay = options.later(proxy, () => proxy.close());
      return proxy.port;
    },
  });
  stage.begin();
  await stage.published();
  const unrest = beginUnrest({
    detectors: stage.detectors,
    count: detectors - 2,
    random: chance(options.seed),
    restMs: [100, 1000],
    briefPercent: 0,
    briefMs: [0, 0],
  });
  const toldMs: number[] = [];
  const reconnects: number[] = [];
  let troubles = 0;
  for (const stopMs of stops) {
    await pause(1000);
    const stop = await oneStop(stage, stopMs, options, relay!);
    toldMs.push(stop.standingMs);
    reconnects.push(stop.connections);
    troubles += stop.troubles;
  }
  const figures = await stage.verdict(unrest);
  return [
    { figure: `stops (${stops.map((ms) => ms / 1000).join(', ')} s)`, keepwatch: stops.length },
    ...figures,
    {
      figure: 'SIGCONT → an alarm that came meanwhile is at the witness, slowest',
      unit: 'ms',
      keepwatch: quantile(toldMs, 1),
      limit: toldLimitMs,
    },
    {
      figure: 'connections to the broker lost and made anew',
      keepwatch: reconnects.reduce((a, b) => a + b, 0),
      limit: options.quick ? 1 : stops.filter((ms) => ms > keepaliveMs).length,
      atLeast: true,
    },
    { figure: 'troubles that the stops brought', keepwatch: troubles },
  ];
}

async function oneStop(
  { daemon, detectors: all, told, place }: Stage,
  stopMs: number,
  { quick, tell }: Options,
  relay: Relay,
): Promise<{ standingMs: number; connections: number; troubles: number }> {
  const connected = (): number =>
    daemon.log.filter(({ message }) => message === 'connected to the broker').length;
  const troublesSoFar = (): string[] =>
    told()
      .filter(({ type, incident }) => type === 'incident.opened' && incident.category === 'trouble')
      .map(({ incident, because }) => `${incident.cause.rule}: ${because}`);
  const opened = (value: number): number =>
    told().filter(({ type, incident }) => type === 'incident.opened' && incident.cause.value === value)
      .length;
  const [before, troublesBefore] = [connected(), troublesSoFar().length];
  // its time passes while nobody counts
  const waiting = all.trip(slow, true);
  await eventually('the slow rule waits', waiting.alarm, ({ sureAtMs }) => sureAtMs !== undefined);
  daemon.signal('SIGSTOP');
  await pause(stopMs / 2);
  const standing = all.trip(slow - 1, true);
  // a long stop breaks the keep-alive by itself; here the broker's end of the line goes
  if (quick) relay.cut();
  await pause(stopMs / 2);
  daemon.signal('SIGCONT');
  const onMs = nowMs();
  await eventually(
    'the alarm that came meanwhile',
    () => opened(standing.value),
    (count) => count === 1,
    60_000,
  );
  const standingMs = nowMs() - onMs;
  await eventually(
    'the slow rule',
    () => opened(waiting.value),
    (count) => count === 1,
    30_000,
  );
  for (const trip of [standing, waiting]) {
    all.clear(trip);
    await eventually('at rest', trip.rest, ({ sureAtMs }) => sureAtMs !== undefined);
  }
  await asked(place, 'all is told', delivered);
  const fresh = troublesSoFar().slice(troublesBefore);
  for (const each of fresh) tell(`after ${stopMs / 1000} s: ${each}`);
  return { standingMs, connections: connected() - before, troubles: fresh.length };
}

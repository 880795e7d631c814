// Lines that go silent in both directions and stay open, as when a switch dies: first to the broker, then to the
// slave. The daemon must see it by itself, within its own bounds, make the line anew, and lose nothing.

import { pause, type Proxy as Relay, startProxy } from '../support/broker.ts';
import { eventually } from '../support/daemon.ts';
import { beginUnrest, nowMs } from './detectors.ts';
import { heardBy } from './judge.ts';
import { chance, type Figure, type Options } from './scenario.ts';
import { asked, delivered, type Stage, setStage } from './stage.ts';

export const what = 'half-open connections to the broker and to the slave';

const detectors = 6;
/** The daemon's own bound for an acknowledgement is 20 s, for an idle connection one and a half keep-alives of 15 s. */
const busyLimitMs = 24_000;
const idleLimitMs = 27_000;
/** Three questions of 500 ms without an answer, and the way to the witness. */
const slaveLimitMs = 5000;

export async function run(options: Options): Promise<readonly Figure[]> {
  let toBroker: Relay | undefined;
  let toSlave: Relay | undefined;
  const through = async (port: number): Promise<Relay> => {
    const proxy = await startProxy(port);
    return options.later(proxy, () => proxy.close());
  };
  const stage = await setStage(options, {
    count: detectors,
    async brokerPort({ port }) {
      toBroker = await through(port);
      return toBroker.port;
    },
    async busPort({ port }) {
      toSlave = await through(port);
      return toSlave.port;
    },
    // one who speaks to the broker twice a second would never be idle
    more: { panel: { timeout: '500ms' }, mqtt: { heartbeat: '60s' } },
  });
  stage.begin();
  await stage.published();
  const idle = options.quick ? undefined : await silentBroker(stage, toBroker!, idleLimitMs);
  const unrest = beginUnrest({
    detectors: stage.detectors,
    count: detectors,
    random: chance(options.seed),
    restMs: [100, 1000],
    briefPercent: 0,
    briefMs: [0, 0],
    known: heardBy(stage.seen),
  });
  const slave: number[] = [];
  for (let round = 0; round < (options.quick ? 1 : 5); round += 1)
    slave.push(await silentSlave(stage, toSlave!));
  const busy = await silentBroker(stage, toBroker!, busyLimitMs);
  const figures = await stage.verdict(unrest);
  const row = (figure: string, keepwatch: number, limit: number): Figure => ({
    figure,
    unit: 's',
    keepwatch,
    limit,
  });
  return [
    row('slave silent → trouble at the witness, slowest', Math.max(...slave) / 1000, slaveLimitMs / 1000),
    row('broker silent, alarms waiting → given up', busy / 1000, busyLimitMs / 1000),
    ...(idle === undefined
      ? []
      : [row('broker silent, nothing to say → given up', idle / 1000, idleLimitMs / 1000)]),
    ...figures,
  ];
}

/** ms until the daemon gives the connection up; afterwards it is there again. */
async function silentBroker({ daemon, place }: Stage, proxy: Relay, withinMs: number): Promise<number> {
  const lost = (): number =>
    daemon.log.filter(({ message }) => message === 'no connection to the broker').length;
  const before = lost();
  const beganMs = nowMs();
  proxy.stall(true);
  await eventually('the connection is given up', lost, (count) => count > before, withinMs + 10_000);
  const tookMs = nowMs() - beganMs;
  // it tries again into the silence before the silence ends
  await pause(2000);
  proxy.stall(false);
  await asked(place, 'connected again, and all is told', delivered);
  return tookMs;
}

/** ms until the witness has the trouble; afterwards the slave answers again. */
async function silentSlave({ told }: Stage, proxy: Relay): Promise<number> {
  const troubles = (type: string): number =>
    told().filter(
      (event) =>
        event.type === type &&
        event.incident.category === 'trouble' &&
        /^(?:device:panel|bus:line)$/.test(event.incident.cause.subject ?? ''),
    ).length;
  // a busy machine may have brought one by itself
  const opened = await eventually(
    'no trouble of the slave is open',
    () => troubles('incident.opened'),
    (count) => count === troubles('incident.closed'),
    60_000,
  );
  const closed = opened;
  const beganMs = nowMs();
  proxy.stall(true);
  await eventually(
    'the trouble',
    () => troubles('incident.opened'),
    (count) => count > opened,
    30_000,
  );
  const tookMs = nowMs() - beganMs;
  // what waits in a dead switch is never delivered
  proxy.cut();
  proxy.stall(false);
  await eventually(
    'the end of the trouble',
    () => troubles('incident.closed'),
    (count) => count > closed,
    60_000,
  );
  return tookMs;
}

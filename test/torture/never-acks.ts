// A broker that takes every message and acknowledges none; a real one later at the same address. What was not
// acknowledged was not delivered: it is kept, on the disk and not in memory, and people are told that nothing gets out.

import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { generate, parser } from 'mqtt-packet';
import { pause } from '../support/broker.ts';
import { eventually, type Place } from '../support/daemon.ts';
import { startRelay } from '../system/site.ts';
import { beginUnrest } from './detectors.ts';
import { chance, type Figure, type Options } from './scenario.ts';
import { setStage } from './stage.ts';

export const what = 'a broker that never acknowledges, then a real one';

const detectors = 12;
/** The daemon waits 20 s for an acknowledgement, and a broken line is a trouble after 30 s. */
const troubleLimitMs = 65_000;
const growthLimitMb = 40;

export async function run(options: Options): Promise<readonly Figure[]> {
  const deaf = await deafBroker();
  options.later(deaf, deaf.close);
  const relay = await startRelay(deaf.port);
  options.later(relay, () => relay.close());
  const stage = await setStage(options, { count: detectors, brokerPort: () => relay.port });
  const beganAtMs = Date.now();
  stage.begin();
  await stage.polled();
  const unrest = beginUnrest({
    detectors: stage.detectors,
    count: detectors,
    random: chance(options.seed),
    restMs: [50, options.quick ? 2000 : 500],
    briefPercent: 20,
    briefMs: [10, 250],
  });
  await eventually('the deaf broker is spoken to', deaf.published, (count) => count > 0, 20_000);
  await pause(options.quick ? 3000 : 20_000);
  const rssBefore = rssMb(stage.daemon.pid);
  const troubleMs = options.quick ? undefined : await brokerTrouble(stage.place, beganAtMs);
  // given up, and tried again
  await eventually('a further connection', deaf.connections, (count) => count > 1, 60_000);
  if (!options.quick) await pause(150_000);
  const { mqtt } = await stage.place.json('status');
  const growth = rssMb(stage.daemon.pid) - rssBefore;
  await relay.turn('pass', stage.broker.port);
  const ended = (): boolean =>
    stage.told().some(({ type, incident }) => type === 'incident.closed' && isBroker(incident));
  if (troubleMs !== undefined) await eventually('the end of the trouble', ended, (is) => is, 60_000);
  return [
    { figure: 'messages that the deaf broker took', keepwatch: deaf.published(), limit: 1, atLeast: true },
    { figure: 'connections to the deaf broker', keepwatch: deaf.connections() },
    { figure: 'events waiting on the disk', keepwatch: mqtt.waiting, limit: 1, atLeast: true },
    ...(troubleMs === undefined
      ? []
      : [
          {
            figure: 'from the start to the trouble of the broker',
            unit: 's',
            keepwatch: troubleMs / 1000,
            limit: troubleLimitMs / 1000,
          },
        ]),
    { figure: 'growth of resident memory meanwhile', unit: 'MB', keepwatch: growth, limit: growthLimitMb },
    ...(await stage.verdict(unrest)),
  ];
}

// biome-ignore lint/suspicious/noExplicitAny: the contract is checked from outside
const isBroker = (incident: any): boolean => incident.cause.rule === 'health_broker';

/** Resolves when the premises know; ms from `sinceMs` of the wall clock to its opening. */
async function brokerTrouble(place: Place, sinceMs: number): Promise<number> {
  const open = await eventually(
    'the trouble of the broker',
    async () => {
      await pause(250);
      return (await place.json('incidents')) as Parameters<typeof isBroker>[0][];
    },
    (incidents) => incidents.some(isBroker),
    troubleLimitMs + 15_000,
  );
  return Date.parse(open.find(isBroker).openedAt) - sinceMs;
}

function rssMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

/** Speaks MQTT 5 and 3.1.1 as far as connecting, subscribing and pinging go. */
async function deafBroker() {
  const sockets = new Set<Socket>();
  let [published, connections] = [0, 0];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let protocolVersion: 4 | 5 = 4;
    const reading = parser({});
    reading.on('packet', (packet) => {
      const say = (answer: Parameters<typeof generate>[0]): void =>
        void socket.write(generate(answer, { protocolVersion }));
      if (packet.cmd === 'connect') {
        connections += 1;
        protocolVersion = packet.protocolVersion === 5 ? 5 : 4;
        const code = protocolVersion === 5 ? { reasonCode: 0 } : { returnCode: 0 };
        say({ cmd: 'connack', sessionPresent: false, ...code });
      } else if (packet.cmd === 'subscribe') {
        say({ cmd: 'suback', messageId: packet.messageId!, granted: packet.subscriptions.map(() => 1) });
      } else if (packet.cmd === 'pingreq') say({ cmd: 'pingresp' });
      else if (packet.cmd === 'publish') published += 1;
    });
    socket.on('data', (bytes) => reading.parse(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    published: () => published,
    connections: () => connections,
    close(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

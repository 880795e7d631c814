// The whole daemon in one process against an imitated module over TCP: an interlock, a pattern, a person, and what
// a graceful stop and the next start make of the outputs. Real time, real sockets, a real journal.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startModbusServer, type UnitImage } from '../../drivers/simulator/modbus-server.ts';
import { type App, createApp } from '../../src/app.ts';
import { callDaemon } from '../../src/control/client.ts';
import { until } from './rig.ts';

let root: string;
let server: Awaited<ReturnType<typeof startModbusServer>>;
let unit: UnitImage;
let app: App | undefined;

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'keepwatch-stop-'));
  server = await startModbusServer({ port: 0 });
  unit = server.unit(1);
  for (const at of [0, 1]) {
    unit.coils.set(at, false);
    unit.discrete.set(at, false);
  }
});
afterEach(async () => {
  await app?.stop();
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

async function started(): Promise<App> {
  const file = path.join(root, 'site.yaml');
  writeFileSync(
    file,
    `premises: { id: a, name: A, timezone: UTC, language: en }
data: ${root}/data
buses: { m: { driver: modbus-tcp, host: 127.0.0.1, port: ${server.port} } }
devices: { io: { bus: m, unit: 1, every: 50ms, points: { smoke: { read: "discrete:0" }, gas: { read: "discrete:1" } } } }
outputs:
  siren: { bus: m, unit: 1, write: "coil:0", silenceable: true, pattern: [200ms, 200ms] }
  valve: { bus: m, unit: 1, write: "coil:1", normal: on }
rules: { r: { when: io.smoke, plan: fire, outputs: { siren: on } } }
interlocks: { shut: { never: valve on, while: io.gas } }
`,
  );
  app = createApp({ file, demo: false, log: quiet });
  await app.start();
  return app;
}

const coil = (at: number) => unit.coils.get(at) ?? false;

test('an interlock over TCP, a refusal, a pattern, a stop in its midst, and a start', async () => {
  const first = await started();
  const { socket } = first.reach();
  await until(() => coil(1));
  unit.discrete.set(1, true);
  await until(() => !coil(1));
  const refused = await callDaemon(socket, 'command', {
    command: { id: 'c1', verb: 'output', by: 'li', origin: 'cli', output: 'valve', value: 'on', for: '5m' },
  });
  expect(refused).toMatchObject({ ok: false, code: 'refused' });
  const status = await callDaemon(socket, 'status');
  expect(status.outputs.find(({ id }) => id === 'valve')).toMatchObject({
    desired: false,
    because: expect.stringMatching(/^held off by interlock shut: io\.gas .*; wanted on: at rest$/),
  });
  unit.discrete.set(1, false);
  await until(() => coil(1));

  unit.discrete.set(0, true);
  const edges: boolean[] = [];
  await until(() => {
    if (edges.at(-1) !== coil(0)) edges.push(coil(0));
    return edges.length > 5;
  });
  await until(() => coil(0));
  await first.stop();
  // no sound with nobody there to silence it, and a valve that stays as it was
  expect(coil(0)).toBe(false);
  expect(coil(1)).toBe(true);

  await started();
  await until(() => coil(0));
  await until(() => !coil(0));
  await until(() => coil(0));
});

// The device layer by itself with many Modbus TCP buses beside as many bare modbus-serial clients: processor time a
// reading and memory. `node test/bench/rtu-tcp-many.mjs [--count N] [--seconds N] [--only NAME] [--profile FOLDER]`.

import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { startSlave } from './slave.mjs';
import { end, folder, memoryOf, nowMs, peers, processorMs, setUp, sleep, start, tearDown } from './stage.mjs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '8' },
    only: { type: 'string' },
    profile: { type: 'string' },
  },
});
process.on('exit', tearDown);
setUp();
const layer = path.join(folder, 'many.mjs');
await build({
  entryPoints: [path.join(import.meta.dirname, 'rtu-tcp-many.ts')],
  outfile: layer,
  bundle: true,
  minify: values.profile === undefined,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'error',
});
const slave = await startSlave();
const environment = { PORT: String(slave.port), COUNT: values.count };
for (const [name, file] of [
  ['layer', layer],
  ['bare', path.join(peers, 'many.cjs')],
]) {
  if (values.only && values.only !== name) continue;
  const flags = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
  const child = start(process.execPath, [...flags, file], { environment, output: 'pipe' });
  const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const readings = async () => {
    child.stdin.write('\n');
    return Number((await said.next()).value);
  };
  await sleep(5000);
  const [before, usedMs, beganMs] = [await readings(), processorMs(child.pid), nowMs()];
  await sleep(Number(values.seconds) * 1000);
  const [count, tookMs] = [(await readings()) - before, nowMs() - beganMs];
  const cpuMs = processorMs(child.pid) - usedMs;
  console.log(
    `${name}: ${((count / tookMs) * 1000).toFixed(0)} readings a second, ${((1000 * cpuMs) / count).toFixed(1)} µs each, ` +
      `${((100 * cpuMs) / tookMs).toFixed(1)} % of a core, RSS ${memoryOf(child.pid).rssMb.toFixed(0)} MB`,
  );
  await end(child, values.profile ? 'SIGINT' : 'SIGKILL');
}
process.exit(0);

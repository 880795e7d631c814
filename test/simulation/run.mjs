// Bundles the simulation and runs it: `npm run sim -- --seed N --days D`. What it takes and prints is in run.ts.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const folder = path.join(root, '.cache', 'simulation', String(process.pid));
let status = 2;
try {
  const file = await bundle(folder);
  ({ status } = spawnSync(process.execPath, ['--enable-source-maps', file, ...process.argv.slice(2)], {
    stdio: 'inherit',
  }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = status ?? 2;

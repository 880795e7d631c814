#!/usr/bin/env node
// argv → command, no logic. `run` in its plain form goes straight to the daemon, so that starting it loads
// neither the parser nor any other command; everything else goes through the parser.

import { setFlagsFromString } from 'node:v8';
import { plainRun } from './commands/plain-run.ts';

// The burst of a start must not leave the young generation at 32 MB for the rest of a gateway's life.
setFlagsFromString('--semi-space-growth-factor=1');

const argv = process.argv.slice(2);
const daemon = plainRun(argv);
if (daemon) {
  const { run } = await import('./commands/run.ts');
  process.exitCode = await run(daemon);
} else {
  const { execute } = await import('./commands/index.ts');
  process.exitCode = await execute(argv);
}

#!/usr/bin/env node
// argv → command, no logic. `run` in its plain form goes straight to the daemon, so that starting it loads
// neither the parser nor any other command; everything else goes through the parser.

import { plainRun } from './commands/plain-run.ts';

const argv = process.argv.slice(2);
const daemon = plainRun(argv);
if (daemon) {
  const { run } = await import('./commands/run.ts');
  process.exitCode = await run(daemon);
} else {
  const { execute } = await import('./commands/index.ts');
  process.exitCode = await execute(argv);
}

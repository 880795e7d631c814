// `keepwatch run`: the daemon as a process, from its start to its exit code. What the daemon does is
// the app's, how it is told is the teller's.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { createApp } from '../app.ts';
import type { Fault } from '../config/types.ts';
import type { RunOptions } from './plain-run.ts';
import { catchTheUncaught, onHangUp, untilSignal } from './run-signals.ts';
import { showBanner, tellerFor } from './run-teller.ts';
import type { Define } from './verb.ts';

/** What may still hold the process open after a clean stop. */
const lingerMs = 1000;

export const define: Define = (command, act) => {
  // Its options are written out, not shared: see plain-run.ts, which knows the same ones.
  command
    .option('-c, --config <file>', 'site file; without it the built-in demo runs')
    .option('--socket <path>', 'where commands reach it; default: keepwatch.sock in the data folder')
    .addHelpText(
      'after',
      '\nExample:\n  keepwatch run -c /etc/keepwatch/keepwatch.yaml\n\nSIGHUP reloads the site file.',
    )
    .action(act((options: RunOptions) => run(options)));
};

/** Runs until SIGTERM or SIGINT; gives the exit code. */
export async function run(options: RunOptions): Promise<number> {
  const signals = untilSignal();
  const teller = await tellerFor(process.stdout.isTTY === true);
  const { log } = teller;
  catchTheUncaught(log);
  const reloads = onHangUp(teller, signals.stop);
  const { config: file, socket } = options;
  if (file === undefined && existsSync('keepwatch.yaml'))
    process.stderr.write('keepwatch: this is the demo; your site is `keepwatch run -c keepwatch.yaml`\n');
  for (let again = true; again; ) {
    let onRestart: () => void = () => {};
    const restart = new Promise<undefined>((resolve) => {
      onRestart = () => resolve(undefined);
    });
    const app = createApp({
      demo: file === undefined,
      ...(file === undefined ? {} : { file }),
      ...(socket === undefined ? {} : { socket: path.resolve(socket) }),
      log,
      onEvent: teller.event,
      onLink: teller.link,
      onTell: teller.tell,
      onRestart,
    });
    try {
      await app.start();
    } catch (error) {
      teller.view?.release();
      return startFault(error);
    }
    await showBanner(teller, app.reach(), file);
    reloads.begin(app);
    const signal = await Promise.race([signals.asked, restart]);
    again = signal === undefined;
    log.info({ code: again ? 'RESTARTING' : 'STOPPING', ...(signal && { signal }) }, 'stopping');
    await reloads.end();
    await app.stop(signal);
  }
  log.info({ code: 'STOPPED' }, 'stopped');
  setTimeout(() => process.exit(0), lingerMs).unref();
  return 0;
}

/** Says why it did not start: each fault of the site file on a line, or the reason and what to do. */
async function startFault(error: unknown): Promise<number> {
  const { message, hint, faults } = error as Error & { hint?: string; faults?: readonly Fault[] };
  if (faults) {
    const { formatFault } = await import('../config/faults.ts');
    for (const fault of faults) process.stderr.write(`${formatFault(fault)}\n`);
    process.stderr.write('keepwatch: not started; `keepwatch check` shows the same faults\n');
  } else {
    process.stderr.write(`keepwatch: not started: ${message}${hint ? `; ${hint}` : ''}\n`);
  }
  setTimeout(() => process.exit(1), lingerMs).unref();
  return 1;
}

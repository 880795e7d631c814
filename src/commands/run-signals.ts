// What the world does to the process that runs the daemon: signals to stop and to read the site file again, a
// terminal that goes away, and errors that nobody caught. Says when to stop; stopping is the caller's.

import { isatty } from 'node:tty';
import type { App } from '../app.ts';
import type { RootLog } from '../lib/log.ts';
import { notifySystemd } from '../lib/notify-systemd.ts';
import type { Teller } from './run-teller.ts';

/** sysexits.h: an internal fault. systemd starts the daemon again. */
const exitInternal = 70;
const exitInterrupted = 130;

/** The first SIGTERM or SIGINT stops in order; the second ends at once. `stop` asks without a signal. */
export function untilSignal(): { asked: Promise<string>; stop(why: string): void } {
  let stop: (why: string) => void = () => {};
  const asked = new Promise<string>((resolve) => {
    stop = resolve;
  });
  let times = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      times += 1;
      if (times > 1) process.exit(exitInterrupted);
      stop(signal);
    });
  }
  return { asked, stop };
}

/** SIGHUP reads the site file again, one reload at a time; where the terminal has gone it is the end. */
export function onHangUp(
  { log, view }: Teller,
  stop: (why: string) => void,
): { begin(app: App): void; end(): Promise<void> } {
  let running: App | undefined;
  let reloading = Promise.resolve();
  // Listened to from the start: a signal before the daemon is ready must not end it.
  process.on('SIGHUP', () => {
    if (view && !isatty(1)) stop('SIGHUP');
    else if (running) {
      const app = running;
      reloading = reloading.then(() => reload(app, log));
    }
  });
  return {
    begin(app) {
      running = app;
    },
    end() {
      running = undefined;
      return reloading;
    },
  };
}

async function reload(app: App, log: RootLog): Promise<void> {
  await notifySystemd('reloading');
  try {
    const { ok, faults } = await app.reload();
    for (const fault of faults) {
      const { file, line, column, todo, severity } = fault;
      log[severity === 'fault' ? 'error' : 'warn'](
        { code: 'CONFIG', file, line, column, hint: todo },
        fault.what,
      );
    }
    if (!ok) log.error({ code: 'NOT_RELOADED' }, 'the site file has faults: nothing changed');
  } catch (error) {
    log.error({ code: 'NOT_RELOADED', error }, 'the site file could not be read again: nothing changed');
  }
  await notifySystemd('ready');
}

export function catchTheUncaught(log: RootLog): void {
  const end = (code: string, error: unknown): void => {
    // Nothing is half done: what was not committed is read again or sent again after the restart.
    log.fatal({ code, error }, 'an error that nobody caught: ending, to be started again');
    process.exit(exitInternal);
  };
  process.on('uncaughtException', (error) => end('UNCAUGHT_EXCEPTION', error));
  process.on('unhandledRejection', (error) => end('UNHANDLED_REJECTION', error));
}

// All that an update asks of the machine and does to it, in one list: dpkg, systemd and the state. An update goes by this
// list alone, so that a test can cut it off at any line of it.

import { hasSite, look, wellWithin } from './health.ts';
import { lockIn } from './lock.ts';
import { examine, install, installed, repack } from './package.ts';
import { must, run } from './run.ts';
import { backUp, bringBack, formOf } from './state.ts';
import type { Installed, Look } from './types.ts';

export interface Limits {
  readonly withinMs: number;
  readonly steadyMs: number;
}

export interface Gateway {
  /** Gives how to let go. Throws Refused where another update has it. */
  lock(folder: string): Promise<() => void>;
  installed(): Promise<Installed>;
  /** Gives the version of a package file. Throws Refused for what can't be installed here. */
  examine(file: string, installed: string, olderToo: boolean): Promise<string>;
  /** Makes a package of what is installed. */
  repack(folder: string, version: string): Promise<string>;
  install(file: string): Promise<unknown>;
  look(): Promise<Look>;
  hasSite(): Promise<boolean>;
  /** What is missing to being as well as before; undefined: nothing. */
  missing(before: Look, limits: Limits): Promise<string | undefined>;
  stop(): Promise<unknown>;
  /** @param anew also where it runs already: with the files that lie there now */
  start(anew: boolean): Promise<unknown>;
  formOf(data: string): Promise<number | undefined>;
  backUp(copy: string): Promise<void>;
  bringBack(copy: string, data: string): Promise<void>;
}

const unit = 'keepwatch.service';

export const thisGateway: Gateway = {
  lock: lockIn,
  installed,
  examine,
  repack,
  install,
  look,
  hasSite,
  missing: async (before, limits) =>
    wellWithin(before, await must(['/usr/bin/keepwatch', '--version']), limits),
  stop: () => run(['systemctl', 'stop', unit]),
  async start(anew) {
    // restarts of what was there before say nothing of what is there now
    await run(['systemctl', 'reset-failed', unit]);
    await run(['systemctl', anew ? 'restart' : 'start', unit]);
  },
  formOf: async (data) => formOf(data),
  backUp,
  bringBack,
};

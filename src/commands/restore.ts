// `keepwatch restore`: puts a copy of state and config in place. Everything is checked before anything is changed, what
// was there is kept beside, and a running daemon begins again with it by itself.

import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { type PutBack, putConfig } from '../config-copy.ts';
import { callDaemon, DaemonRefused, NoDaemon } from '../control/client.ts';
import { socketName } from '../control/types.ts';
import { moduleFault } from '../lib/compiled-module.ts';
import { type ConfigFiles, configIn } from '../store/config-files.ts';
import { placeStaged, stageCopy, unstage } from '../store/copies.ts';
import type { Verdict } from '../store/types.ts';
import { dataFolder } from './data-folder.ts';
import { type Define, print, printJson, say, UsageFault, withExample } from './verb.ts';
import { countsOf } from './verify.ts';
import { siteFile } from './where.ts';

interface Options {
  readonly config?: string;
  readonly data?: string;
  readonly socket?: string;
  readonly json?: boolean;
}

/** A daemon on a slow card is back after some seconds. */
const backWithinMs = 60_000;
const askEveryMs = 100;

export const define: Define = (command, act) => {
  withExample(command, 'keepwatch restore /mnt/usb/keepwatch-2026-11-22.backup')
    .argument('<copy>', 'a file that `keepwatch backup` made')
    .option('--data <folder>', 'where the state goes; default: what the site file in the copy says')
    .option('-c, --config <place>', 'site file, or the folder of the site')
    .option('--socket <path>', "the daemon's socket, instead of looking it up in the data folder")
    .option('--json', 'print JSON for machines')
    .action(act(restore));
};

interface Outcome {
  readonly data: string;
  readonly verdict: Verdict;
  /** names of files of the site that were written */
  readonly written: readonly string[];
  /** epoch of the daemon that runs with it; undefined: none runs */
  readonly epoch?: string;
  readonly kept?: string;
}

async function restore(given: string, options: Options): Promise<number> {
  const copy = path.resolve(given);
  if (!existsSync(copy)) throw new UsageFault(`there is no such file: ${copy}`);
  const inCopy = filesIn(copy);
  const site = placeOfSite(inCopy, options);
  // the daemon that runs now is found by what the site file says before anything is changed
  const socket = options.socket ? path.resolve(options.socket) : socketNow(site, options);
  let put: PutBack = { written: [], undo() {} };
  let data: string | undefined;
  try {
    // the config first: it says where the state goes
    if (inCopy !== undefined && site !== undefined) {
      mkdirSync(path.dirname(site), { recursive: true });
      put = putConfig(inCopy, site, Date.now());
    }
    data = folderOf(site, options);
    mkdirSync(data, { recursive: true, mode: 0o750 });
    const verdict = stageCopy(copy, data);
    const begun = await beginAgain(data, socket ?? path.join(data, socketName));
    report(options, { data, verdict, written: put.written, ...begun });
    return 0;
  } catch (error) {
    if (error instanceof NotBack) throw error;
    put.undo();
    if (data !== undefined) unstage(data);
    throw error;
  }
}

/** The files of the site in the copy; a copy without any holds the state alone. Throws with a hint for what is none. */
function filesIn(copy: string): ConfigFiles | undefined {
  try {
    return configIn(copy);
  } catch (error) {
    const unfit = moduleFault(error);
    if (unfit !== undefined) throw Object.assign(new Error(unfit.message), { hint: unfit.hint });
    const hint = 'give a file that `keepwatch backup` made; nothing was changed';
    throw Object.assign(new Error(`this is not a copy of keepwatch, or it is damaged: ${copy}`), { hint });
  }
}

function placeOfSite(inCopy: ConfigFiles | undefined, options: Options): string | undefined {
  const { config } = options;
  if (config !== undefined)
    return path.resolve(
      /\.ya?ml$/.test(config) ? config : path.join(config, inCopy?.site ?? 'keepwatch.yaml'),
    );
  const site = siteFile(undefined);
  if (site === undefined && inCopy !== undefined)
    throw new UsageFault('there is no site file here; say where its files go: -c FOLDER');
  return site;
}

function socketNow(site: string | undefined, { data }: Options): string | undefined {
  if (site !== undefined && existsSync(site)) return path.join(dataFolder(site), socketName);
  return data === undefined ? undefined : path.join(path.resolve(data), socketName);
}

function folderOf(site: string | undefined, { data }: Options): string {
  if (data !== undefined) return path.resolve(data);
  if (site === undefined) throw new UsageFault('say where the state goes: --data FOLDER');
  return dataFolder(site);
}

/** A running daemon takes the copy over by itself; without one it is put in place here. */
async function beginAgain(data: string, socket: string): Promise<Pick<Outcome, 'epoch' | 'kept'>> {
  const running = await callDaemon(socket, 'status').catch((error: unknown) => {
    if (error instanceof NoDaemon) return undefined;
    throw error;
  });
  if (running === undefined) {
    const kept = placeStaged(data, Date.now());
    return kept ? { kept } : {};
  }
  try {
    await callDaemon(socket, 'restart');
  } catch (error) {
    if (error instanceof DaemonRefused) {
      const hint = 'nothing was changed: correct this, or stop the daemon and restore again';
      throw Object.assign(new Error(`the daemon can't begin with it: ${error.message}`), { hint });
    }
    // (it may be gone before its answer is read)
    if (!(error instanceof NoDaemon)) throw error;
  }
  return { epoch: await epochAfter(socket, running.session) };
}

/** The daemon was told, and has all that it begins with: nothing is taken back any more. */
class NotBack extends Error {
  readonly hint = 'look at its log; it takes the copy at its next start';
}

async function epochAfter(socket: string, before: string): Promise<string> {
  const endMs = performance.now() + backWithinMs;
  for (;;) {
    const now = await callDaemon(socket, 'status').catch((error: unknown) => {
      if (error instanceof NoDaemon) return undefined;
      throw error;
    });
    if (now !== undefined && now.session !== before) return now.epoch;
    if (performance.now() > endMs) throw new NotBack('the daemon did not come back');
    await new Promise((resolve) => setTimeout(resolve, askEveryMs));
  }
}

function report(options: Options, { data, verdict, written, epoch, kept }: Outcome): void {
  if (options.json) {
    printJson({ data, configFiles: written, facts: verdict.facts, events: verdict.events, epoch, kept });
    return;
  }
  print(`restored into ${data}: ${countsOf(verdict)}`);
  for (const name of written) print(`  ${name}: written; what was there is kept beside it`);
  if (kept !== undefined) print(`  the state of before is kept as ${kept}`);
  say(
    epoch === undefined
      ? 'keepwatch: no daemon runs; start it to go on from there'
      : `keepwatch: the daemon has begun again with it, under the new epoch ${epoch}`,
  );
}

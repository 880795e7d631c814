// `keepwatch backup`: copies state and config into one file, through the running daemon, or from its folder where none
// runs. The copy is checked before it gets its name; secrets are not in it.

import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { callDaemon, NoDaemon } from '../control/client.ts';
import type { Verdict } from '../store/types.ts';
import {
  type DaemonOptions,
  type Define,
  print,
  printJson,
  say,
  UsageFault,
  withDaemon,
  withExample,
} from './verb.ts';
import { countsOf } from './verify.ts';
import { daemonSocket, siteFile } from './where.ts';

/** A slow card copies half a gigabyte in some minutes. */
const withinMs = 1_800_000;

export const define: Define = (command, act) => {
  withExample(withDaemon(command), 'keepwatch backup /mnt/usb/keepwatch-2026-11-22.backup')
    .argument('<file>', 'where the copy goes')
    .option('--force', 'replace a file that is there')
    .action(act(backup));
};

interface Options extends DaemonOptions {
  readonly force?: boolean;
}

async function backup(given: string, options: Options): Promise<number> {
  const target = path.resolve(given);
  if (existsSync(target) && !statSync(target).isFile())
    throw new UsageFault(`${target} is not a file; give the name of one`);
  // it may be the only copy of what was before
  if (existsSync(target) && !options.force) {
    const hint = 'give another name, or --force to replace it';
    throw Object.assign(new Error(`${target} is there already`), { hint });
  }
  const fresh = `${target}.part`;
  try {
    const outside = await copyTo(fresh, options);
    const { syncFile, syncFolder } = await import('../lib/sync.ts');
    const verdict = await checked(fresh);
    const [bytes, files] = [statSync(fresh).size, await configCount(fresh)];
    syncFile(fresh);
    renameSync(fresh, target);
    syncFolder(path.dirname(target));
    report(options, { file: target, bytes, files, outside, verdict });
    return 0;
  } catch (error) {
    rmSync(fresh, { force: true });
    throw inWords(error, target);
  }
}

/** Gives back what of the site lies outside of its folder and is not in the copy. */
async function copyTo(fresh: string, options: DaemonOptions): Promise<readonly string[]> {
  const socket = await daemonSocket(options);
  try {
    const { file, outside } = await callDaemon(socket, 'backup', {}, withinMs);
    try {
      mustRead(file);
      copyFileSync(file, fresh);
      chmodSync(fresh, 0o640);
    } finally {
      await callDaemon(socket, 'backupTaken', { file });
    }
    return outside;
  } catch (error) {
    const site = siteFile(options.config);
    if (!(error instanceof NoDaemon) || options.socket !== undefined || site === undefined) throw error;
    return copyWithoutDaemon(site, fresh);
  }
}

function mustRead(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    const hint = "run this as the daemon's user, a member of its group, or with sudo";
    throw Object.assign(new Error(`the copy that the daemon made can't be read: ${file}`), {
      hint,
      cause: error,
    });
  }
}

async function copyWithoutDaemon(site: string, fresh: string): Promise<readonly string[]> {
  const [{ drivers }, { loadConfig }, { collectConfig, floorFiles }, { addConfig }, { copyFolder }] =
    await Promise.all([
      import('../app.ts'),
      import('../config/load.ts'),
      import('../config-copy.ts'),
      import('../store/config-files.ts'),
      import('../store/copies.ts'),
    ]);
  const { config } = loadConfig(site, { drivers });
  const { dataFolder } = await import('./data-folder.ts');
  copyFolder(config?.data ?? dataFolder(site), fresh);
  if (config === undefined)
    say(`keepwatch: ${site} has faults, so of the site's files only this one is in the copy`);
  const { outside, ...files } = collectConfig(
    site,
    config ? [...config.files, ...floorFiles(config)] : [site],
  );
  addConfig(fresh, files);
  return outside;
}

async function checked(fresh: string): Promise<Verdict> {
  const { verifyFile } = await import('../store/copies.ts');
  const verdict = verifyFile(fresh);
  if (verdict.intact) return verdict;
  const message = `what was copied is not as it was written: ${verdict.because}`;
  const hint = 'run `keepwatch verify`; the file of the daemon was changed or its disk is failing';
  throw Object.assign(new Error(message), { hint });
}

async function configCount(fresh: string): Promise<number> {
  const { configIn } = await import('../store/config-files.ts');
  return configIn(fresh)?.files.length ?? 0;
}

function report(
  options: DaemonOptions,
  made: { file: string; bytes: number; files: number; outside: readonly string[]; verdict: Verdict },
): void {
  const { file, bytes, files, outside, verdict } = made;
  if (options.json) {
    printJson({ file, bytes, configFiles: files, outside, head: verdict.head });
  } else {
    const size = `${(bytes / 1024 / 1024).toFixed(1)} MB`;
    print(`${file}: ${size}, ${countsOf(verdict)}, ${files} files of the site, head ${verdict.head}`);
  }
  for (const each of outside)
    say(`keepwatch: not in the copy, because it is outside of the site's folder: ${each}`);
}

/** What the system says of the place that the copy was to go to. */
function inWords(error: unknown, target: string): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined || typeof code !== 'string') return error;
  const hint = 'give the name of a file in a folder that exists, is writable and has room for the copy';
  return Object.assign(new Error(`the copy cannot be made: ${target} (${message})`), { hint });
}

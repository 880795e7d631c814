// `keepwatch verify`: walks the chain of the journal, of a running daemon, of its folder where none runs, or of a copy,
// and says whether every fact and event is as it was written. Changes nothing.

import { existsSync } from 'node:fs';
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
import { daemonSocket, siteFile } from './where.ts';

interface Options extends DaemonOptions {
  readonly file?: string;
  readonly head?: string;
}

/** A long history on a slow card takes its time, and the daemon goes on meanwhile. */
const withinMs = 600_000;

export const define: Define = (command, act) => {
  withExample(
    withDaemon(command),
    'keepwatch verify\n  keepwatch verify --file /mnt/usb/keepwatch.backup --head 128-64-9f86d0…',
  )
    .option('--file <copy>', 'a backup, or a copy of keepwatch.db, instead of the daemon')
    .option('--head <head>', 'one that was printed before: is all up to there still as it was?')
    .action(act(verify));
};

async function verify(options: Options): Promise<number> {
  if (options.file !== undefined && options.socket !== undefined)
    throw new UsageFault('--file is looked at without a daemon; leave out --socket');
  const verdict = await verdictOf(options);
  if (options.json) printJson(verdict);
  else if (verdict.intact) print(`intact: ${countsOf(verdict)}, head ${verdict.head}`);
  else say(`keepwatch: not intact: ${verdict.because}; ${countsOf(verdict)} before it fit`);
  return verdict.intact ? 0 : 1;
}

async function verdictOf({ file, head, ...options }: Options): Promise<Verdict> {
  const { verifyFile } = await import('../store/copies.ts');
  if (file !== undefined) return verifyFile(path.resolve(file), head);
  const socket = await daemonSocket(options);
  try {
    return await callDaemon(socket, 'verify', head === undefined ? {} : { head }, withinMs);
  } catch (error) {
    const site = siteFile(options.config);
    if (!(error instanceof NoDaemon) || options.socket !== undefined || site === undefined) throw error;
    const [{ dataFolder }, { storeFile }] = await Promise.all([
      import('./data-folder.ts'),
      import('../store/open.ts'),
    ]);
    const folder = dataFolder(site);
    if (!existsSync(storeFile(folder)))
      throw Object.assign(new Error(`there is no state in ${folder}`), {
        hint: 'keepwatch has not run with it yet',
      });
    return verifyFile(storeFile(folder), head);
  }
}

export function countsOf({ facts, events, unchained }: Verdict): string {
  const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  const counts = `${many(facts, 'fact')}, ${many(events, 'event')}`;
  if (unchained.facts + unchained.events === 0) return counts;
  return `${counts} (and ${many(unchained.facts, 'fact')}, ${many(unchained.events, 'event')} from before there was a chain)`;
}

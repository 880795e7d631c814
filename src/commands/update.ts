// `keepwatch update`: puts a signed package in the place of the one that is installed, and takes it back where the
// daemon is not as well with it as before; `--resume` finishes one that was interrupted. Everything it needs is loaded
// before the files are exchanged.

import { createLog, streamDestination } from '../lib/log.ts';
import { thisGateway } from '../update/gateway.ts';
import { resume } from '../update/resume.ts';
import type { Outcome, Resumed } from '../update/types.ts';
import { update } from '../update/update.ts';
import { dataFolder } from './data-folder.ts';
import { type Define, print, printJson, say, UsageFault, withExample } from './verb.ts';
import { siteFile } from './where.ts';

interface Options {
  readonly signature?: string;
  readonly keys: string;
  readonly within: string;
  readonly steady: string;
  readonly older?: boolean;
  readonly backup: boolean;
  readonly resume?: boolean;
  readonly json?: boolean;
}

const folder = '/var/lib/keepwatch-update';

export const define: Define = (command, act) => {
  withExample(command, 'sudo keepwatch update keepwatch_0.2.0_arm64.deb')
    .argument('[file]', 'the new package')
    .option('--signature <file>', 'its signature; default: the same name with .sig behind it')
    .option('--keys <folder>', 'public keys of those who may sign', '/etc/keepwatch/release-keys')
    .option('--within <duration>', 'the daemon must be as well as before in this time', '2m')
    .option('--steady <duration>', 'and for this long', '10s')
    .option('--older', 'also a version that is not newer than the one that is installed')
    .option('--no-backup', 'do not copy the state first')
    .option(
      '--resume',
      'finish an update that a power cut has interrupted; the unit keepwatch-update does it at a boot',
    )
    .option('--json', 'print JSON for machines')
    .action(act(updateOrResume));
};

/** 4: taken back, and all is as it was. 5: taken back, and somebody has to look. */
const exits = { updated: 0, nothing: 0, superseded: 0, rolledBack: 4, notHealthy: 5 };

async function updateOrResume(file: string | undefined, options: Options): Promise<number> {
  if (options.resume && file !== undefined)
    throw new UsageFault('--resume finishes the update that was begun: leave the package away');
  if (options.resume) return await resumeOne(options);
  if (file === undefined) throw new UsageFault('name the new package, such as keepwatch_0.2.0_arm64.deb');
  return await updateFrom(file, options);
}

/** A connection that drops half way must not leave a gateway half way. */
function mustBeRoot(): void {
  if (process.getuid?.() !== 0)
    throw Object.assign(new Error('only root may install a package'), { hint: 'run it with sudo' });
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
}

async function updateFrom(file: string, options: Options): Promise<number> {
  const withinMs = milliseconds('--within', options.within);
  const steadyMs = milliseconds('--steady', options.steady);
  mustBeRoot();
  const site = siteFile('/etc/keepwatch/keepwatch.yaml')!;
  const outcome = await update({
    file,
    signature: options.signature ?? `${file}.sig`,
    keys: options.keys,
    folder,
    data: dataOf(site),
    withinMs,
    steadyMs,
    older: options.older === true,
    backup: options.backup,
    tell: (text) => say(`keepwatch: ${text}`),
  });
  if (options.json) printJson(outcome);
  else print(wordsOf(outcome));
  return exits[outcome.result];
}

/** What is told goes to the journal, where the unit runs it. */
async function resumeOne(options: Options): Promise<number> {
  mustBeRoot();
  const log = createLog({ level: 'info', destination: streamDestination(process.stderr) });
  const outcome = await resume({
    folder,
    gateway: thisGateway,
    tell: (text) => log.info({ code: 'UPDATE_RESUMED' }, text),
  }).catch((error: Error & { hint?: string }) => {
    log.error({ code: 'UPDATE_NOT_WELL', hint: error.hint }, error.message);
    throw error;
  });
  const words = wordsOf(outcome);
  const { result, ...facts } = outcome;
  if (result === 'notHealthy') log.error({ code: 'UPDATE_NOT_WELL', ...facts }, words);
  else if (result === 'rolledBack') log.warn({ code: 'UPDATE_TAKEN_BACK', ...facts }, words);
  else if (result !== 'nothing') log.info({ code: 'UPDATE_FINISHED', ...facts }, words);
  else say(`keepwatch: ${words}`);
  if (options.json) printJson(outcome);
  return exits[result];
}

function dataOf(site: string): string {
  try {
    return dataFolder(site);
  } catch {
    return '/var/lib/keepwatch';
  }
}

function wordsOf(outcome: Outcome | Resumed): string {
  if (outcome.result === 'nothing') return 'no update was interrupted: there is nothing to finish';
  const { from, to } = outcome;
  if (outcome.result === 'superseded')
    return `${outcome.installed} was installed since the update from ${from} to ${to} was interrupted: it stays`;
  if (outcome.result === 'updated') return `updated from ${from} to ${to}: the daemon is as well as before`;
  const { because, state, still } = outcome;
  const kept = state === 'kept' ? 'the state is the same' : 'the state is the copy of before the update';
  const end = still === undefined ? `${from} runs again, ${kept}` : `${from} is back, but ${still}`;
  return `${to} was taken back: ${because}; ${end}`;
}

function milliseconds(option: string, text: string): number {
  const found = /^(\d{1,6})(s|m)$/.exec(text);
  if (found === null)
    throw new UsageFault(`${option} ${text} is not a duration; write one such as 90s or 2m`);
  return Number(found[1]) * (found[2] === 'm' ? 60_000 : 1000);
}
